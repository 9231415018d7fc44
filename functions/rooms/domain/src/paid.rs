//! Purchases in a room: a pinned message, a tip for the host, and the entrance to the back room.

use std::time::Duration;

use confab_contracts::{
    Event,
    payments::{PaymentReceived, PaymentRefunded, Purchase},
};
use confab_core::{Error, Money, OrderId, Private, Result, Timestamp, UserId, after, clip};
use serde::{Deserialize, Serialize};
#[cfg(feature = "contract")]
use ts_rs::TS;
#[cfg(feature = "contract")]
use utoipa::ToSchema;

use crate::{Message, Pin, Room, RoomClosed, RoomCode, Username};

/// The product's name in payments and on the bus.
pub const PRODUCT: &str = "rooms";
/// Amounts of tips; `rooms.tip_{amount}` is the price list's item.
pub const TIP_AMOUNTS: [u32; 4] = [100, 300, 500, 1_000];
/// Characters of a message that its pin shows.
const MAX_PIN_CHARS: usize = 200;

/// The tiers of pins, lowest first: the number in the price list's item, and how many minutes the pin lasts.
const TIERS: [(u32, u32); 6] = [
    (100, 10),
    (200, 15),
    (500, 20),
    (1_000, 30),
    (1_500, 45),
    (2_000, 60),
];

/// The tier of a pin. A pin outbids those of lower tiers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "contract", derive(TS, ToSchema))]
#[serde(transparent)]
pub struct Tier(u32);

impl Tier {
    pub fn all() -> impl Iterator<Item = Self> {
        TIERS.iter().map(|(tier, _)| Self(*tier))
    }

    pub fn parse(tier: u32) -> Result<Self> {
        let unknown = || {
            Error::invalid(
                "bad_tier",
                "A pin has one of the tiers that the room's offers list.",
            )
        };
        Self::all()
            .find(|known| known.0 == tier)
            .ok_or_else(unknown)
    }

    pub fn number(self) -> u32 {
        self.0
    }

    pub fn duration(self) -> Duration {
        Duration::from_secs(60 * u64::from(self.minutes()))
    }

    pub fn minutes(self) -> u32 {
        TIERS
            .iter()
            .find(|(tier, _)| *tier == self.0)
            .map_or(0, |(_, minutes)| *minutes)
    }

    pub fn next(self) -> Option<Self> {
        Self::all().find(|tier| *tier > self)
    }

    pub fn item(self) -> String {
        format!("{PRODUCT}.pin_{}", self.0)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "goods", rename_all = "snake_case")]
pub enum Goods {
    Pin { seq: u64, tier: Tier },
    Tip { amount: u32 },
    BackRoom,
}

impl Goods {
    /// The price list's item.
    pub fn item(self) -> String {
        match self {
            Self::Pin { tier, .. } => tier.item(),
            Self::Tip { amount } => format!("{PRODUCT}.tip_{amount}"),
            Self::BackRoom => format!("{PRODUCT}.back_room"),
        }
    }

    pub fn purchase(self, room: RoomCode, payer: UserId) -> Purchase {
        let reference = match self {
            Self::Pin { seq, .. } => format!("{room} {seq}"),
            Self::Tip { .. } | Self::BackRoom => room.to_string(),
        };
        Purchase {
            product: PRODUCT.to_owned(),
            item: self.item(),
            payer: payer.to_string(),
            reference,
        }
    }

    /// Returns the room, the payer and the goods. `None` when rooms do not sell the item.
    pub fn from_purchase(purchase: &Purchase) -> Option<(RoomCode, UserId, Self)> {
        let item = purchase.item.strip_prefix(PRODUCT)?.strip_prefix('.')?;
        let (room, seq) = purchase
            .reference
            .split_once(' ')
            .unwrap_or((&purchase.reference, ""));
        let goods = match item.split_once('_') {
            Some(("pin", tier)) => Self::Pin {
                seq: seq.parse().ok()?,
                tier: Tier::parse(tier.parse().ok()?).ok()?,
            },
            Some(("tip", amount)) => Self::Tip {
                amount: amount.parse().ok()?,
            },
            _ if item == "back_room" => Self::BackRoom,
            _ => return None,
        };
        Some((room.parse().ok()?, purchase.payer.parse().ok()?, goods))
    }
}

/// Bus events about purchases and closed rooms, as EventBridge puts them on the queue.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "detail-type", content = "detail", rename_all = "snake_case")]
pub enum PurchaseJob {
    PaymentReceived(Event<PaymentReceived>),
    PaymentRefunded(Event<PaymentRefunded>),
    RoomClosed(Event<RoomClosed>),
}

/// A pin that was paid for and not refunded. Its time also runs while a higher pin covers it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PaidPin {
    pub order: OrderId,
    pub payer: UserId,
    pub tier: Tier,
    pub seq: u64,
    pub username: Username,
    pub text: Private<String>,
    pub until: Timestamp,
    pub price: Money,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_price: Option<Money>,
}

impl PaidPin {
    /// Whether removing the pin makes a refund due: more than half of its time is left.
    pub fn is_refundable(&self, at: Timestamp) -> bool {
        after(at, self.tier.duration() / 2) < self.until
    }

    pub fn new(
        order: (OrderId, UserId),
        tier: Tier,
        message: &Message,
        price: (Money, Option<Money>),
        at: Timestamp,
    ) -> Self {
        Self {
            order: order.0,
            payer: order.1,
            tier,
            seq: message.seq,
            username: message.username.clone(),
            text: clip(message.text.as_str(), MAX_PIN_CHARS).into(),
            until: after(at, tier.duration()),
            price: price.0,
            next_price: price.1,
        }
    }
}

/// Why a purchase is refunded instead of fulfilled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefundReason {
    RoomClosed,
    Outbid,
    #[serde(rename = "message_gone")]
    MessageDeleted,
    #[serde(rename = "not_in_the_room")]
    NotAMember,
    NoBackRoom,
    /// An earlier order of the payer admitted them.
    #[serde(rename = "twice_let_in")]
    AlreadyAdmitted,
}

impl RefundReason {
    /// The reason that the operator reads.
    pub fn reason(self) -> &'static str {
        match self {
            Self::RoomClosed => "the room is closed",
            Self::Outbid => "another pin was as high",
            Self::MessageDeleted => "the message was deleted",
            Self::NotAMember => "the payer is not allowed to have it in this room",
            Self::NoBackRoom => "the room has no back room",
            Self::AlreadyAdmitted => "the payer was admitted before",
        }
    }
}

impl Room {
    /// Returns the shown pin: the highest one that has not expired.
    pub fn top_pin(&self, at: Timestamp) -> Option<&PaidPin> {
        self.pins
            .iter()
            .filter(|pin| pin.until > at)
            .max_by_key(|pin| pin.tier)
    }

    /// Returns the lowest tier that outbids the shown pin. `None` when the highest tier is taken.
    pub fn lowest_available_tier(&self, at: Timestamp) -> Option<Tier> {
        match self.top_pin(at) {
            Some(top) => top.tier.next(),
            None => Tier::all().next(),
        }
    }

    /// Adds a pin, which must outbid the shown one, and drops expired ones.
    pub fn with_pin(
        mut self,
        pin: PaidPin,
        at: Timestamp,
    ) -> std::result::Result<Self, RefundReason> {
        if self.top_pin(at).is_some_and(|top| pin.tier <= top.tier) {
            return Err(RefundReason::Outbid);
        }
        self.pins.retain(|pin| pin.until > at);
        self.pins.push(pin);
        Ok(self)
    }

    /// Removes the pin of an order. `None` when there is none.
    pub fn without_pin_of(&self, order: OrderId) -> Option<Self> {
        self.without(|pin| pin.order == order)
    }

    /// Removes all pins of a message. `None` when there are none.
    pub fn without_pins_of_message(&self, seq: u64) -> Option<Self> {
        self.without(|pin| pin.seq == seq)
    }

    fn without(&self, is_removed: impl Fn(&PaidPin) -> bool) -> Option<Self> {
        let mut room = self.clone();
        room.pins.retain(|pin| !is_removed(pin));
        if room.pins.len() == self.pins.len() {
            return None;
        }
        Some(room)
    }

    pub fn pin_view(&self, at: Timestamp) -> Option<Pin> {
        self.top_pin(at).map(|pin| Pin {
            seq: pin.seq,
            username: pin.username.clone(),
            text: pin.text.clone(),
            until: pin.until,
            price: pin.price,
            next_price: pin.next_price,
        })
    }
}

#[cfg(test)]
mod tests {
    use confab_core::Currency;
    use proptest::prelude::*;

    use super::*;
    use crate::room::tests::room;

    fn order(number: u8) -> OrderId {
        OrderId::new(Timestamp::UNIX_EPOCH, &move || [number; 10])
    }

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_second(60 * minute).unwrap()
    }

    fn pin(number: u8, tier: u32, minute: i64) -> PaidPin {
        let tier = Tier::parse(tier).unwrap();
        PaidPin {
            order: order(number),
            payer: UserId::new(Timestamp::UNIX_EPOCH, &|| [3; 10]),
            tier,
            seq: u64::from(number),
            username: Username::parse("Dana").unwrap(),
            text: "hello".into(),
            until: at(minute + i64::from(tier.minutes())),
            price: Money::new(i64::from(tier.number()), Currency::Usd),
            next_price: None,
        }
    }

    #[test]
    fn goods_survive_the_round_trip_through_a_purchase() {
        let (room, payer) = (room().code, UserId::new(Timestamp::UNIX_EPOCH, &|| [3; 10]));
        let tier = Tier::parse(500).unwrap();
        for (goods, item) in [
            (Goods::Pin { seq: 7, tier }, "rooms.pin_500"),
            (Goods::Tip { amount: 300 }, "rooms.tip_300"),
            (Goods::BackRoom, "rooms.back_room"),
        ] {
            let purchase = goods.purchase(room, payer);
            assert_eq!(
                (purchase.item.as_str(), Goods::from_purchase(&purchase)),
                (item, Some((room, payer, goods)))
            );
        }
        let good = Goods::Pin { seq: 7, tier }.purchase(room, payer);
        for odd in [
            Purchase {
                item: "rooms.pin_501".into(),
                ..good.clone()
            },
            Purchase {
                item: "studio.lite".into(),
                ..good.clone()
            },
            Purchase {
                item: "rooms.parade".into(),
                ..good.clone()
            },
            Purchase {
                reference: room.to_string(),
                ..good.clone()
            },
            Purchase {
                payer: "guest".into(),
                ..good.clone()
            },
            Purchase {
                reference: "elsewhere 7".into(),
                ..good
            },
        ] {
            assert_eq!(Goods::from_purchase(&odd), None, "{odd:?}");
        }
    }

    #[test]
    fn higher_tiers_last_longer() {
        let tiers: Vec<_> = Tier::all().collect();
        assert!(
            tiers
                .windows(2)
                .all(|pair| pair[0] < pair[1] && pair[0].minutes() < pair[1].minutes())
        );
        assert!(tiers.windows(2).all(|pair| pair[0].next() == Some(pair[1])));
        assert_eq!(tiers.last().unwrap().next(), None);
        assert!(Tier::parse(0).is_err() && Tier::parse(501).is_err());
    }

    #[test]
    fn a_removed_pin_uncovers_the_pin_that_it_outbid() {
        let room = room()
            .with_pin(pin(1, 1_000, 0), at(0))
            .unwrap()
            .with_pin(pin(2, 1_500, 1), at(1))
            .unwrap();
        assert_eq!(room.top_pin(at(2)).unwrap().order, order(2));
        assert_eq!(
            room.lowest_available_tier(at(2)),
            Some(Tier::parse(2_000).unwrap())
        );
        let back = room.without_pin_of(order(2)).unwrap();
        assert_eq!(back.top_pin(at(2)).unwrap().order, order(1));
        assert_eq!(back.top_pin(at(30)), None, "it expired while covered");
        assert_eq!(back.without_pin_of(order(2)), None);
        assert_eq!(room.without_pins_of_message(2), Some(back));
    }

    #[test]
    fn a_pin_of_the_same_tier_does_not_outbid() {
        let pinned = room().with_pin(pin(1, 500, 0), at(0)).unwrap();
        for tier in [100, 500] {
            assert_eq!(
                pinned.clone().with_pin(pin(2, tier, 1), at(1)),
                Err(RefundReason::Outbid)
            );
        }
        assert!(
            pinned.with_pin(pin(2, 100, 20), at(20)).is_ok(),
            "the first pin has expired"
        );
        let highest = room().with_pin(pin(1, 2_000, 0), at(0)).unwrap();
        assert_eq!(highest.lowest_available_tier(at(1)), None);
        assert_eq!(
            highest.lowest_available_tier(at(60)),
            Some(Tier::parse(100).unwrap())
        );
    }

    proptest! {
        /// Holds for any order of purchases and refunds.
        #[test]
        fn the_shown_pin_is_the_highest_one_not_refunded(
            steps in prop::collection::vec((0..6_usize, 0..3_i64, any::<bool>()), 0..40),
        ) {
            let (mut room, mut now, mut given) = (room(), 0, Vec::<PaidPin>::new());
            for (number, (tier, minutes, is_returned)) in (0..).zip(steps) {
                now += minutes;
                if is_returned && !given.is_empty() {
                    let back = given.remove(tier % given.len());
                    room = room.without_pin_of(back.order).unwrap_or(room);
                }
                let new = pin(number, Tier::all().nth(tier).unwrap().number(), now);
                match room.clone().with_pin(new.clone(), at(now)) {
                    Ok(changed) => {
                        room = changed;
                        prop_assert_eq!(room.top_pin(at(now)), Some(&new));
                        given.push(new);
                    }
                    Err(_) => prop_assert!(given.iter().any(|pin| pin.until > at(now) && pin.tier >= new.tier)),
                }
                let highest = given.iter().filter(|pin| pin.until > at(now)).max_by_key(|pin| pin.tier);
                prop_assert_eq!(room.top_pin(at(now)), highest);
                prop_assert!(room.pins.len() <= TIERS.len());
            }
        }
    }
}
