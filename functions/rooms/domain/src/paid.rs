//! What is sold in a room: a message at the top for a while, a tip for the host, and the way into the back room.

use std::time::Duration;

use confab_contracts::{
    Event,
    payments::{PaymentReceived, PaymentRefunded, Purchase},
};
use confab_core::{Error, Money, OrderId, Private, Result, Timestamp, UserId, after, clip};
use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;

use crate::{Message, Pin, Room, RoomClosed, RoomCode, Username};

/// What payments and the bus know rooms as.
pub const PRODUCT: &str = "rooms";
/// What may be given to a host, as the price list names it.
pub const TIPS: [u32; 4] = [100, 300, 500, 1_000];
/// A pin is one look.
const LONGEST_PINNED: usize = 200;

/// As the price list names it, and for how many minutes a message is at the top for it. The lowest first.
const TIERS: [(u32, u32); 6] = [
    (100, 10),
    (200, 15),
    (500, 20),
    (1_000, 30),
    (1_500, 45),
    (2_000, 60),
];

/// How high a pin is. Who outbids is higher.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, TS, ToSchema,
)]
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

    pub fn lasts(self) -> Duration {
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
    /// What the price list calls it.
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

    /// Where, by whom and what. None when it is not one of ours.
    pub fn of(purchase: &Purchase) -> Option<(RoomCode, UserId, Self)> {
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

/// What is told on the bus of what was bought in rooms, and of rooms that closed, as EventBridge puts it on a queue.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "detail-type", content = "detail", rename_all = "snake_case")]
pub enum PaidJob {
    PaymentReceived(Event<PaymentReceived>),
    PaymentRefunded(Event<PaymentRefunded>),
    RoomClosed(Event<RoomClosed>),
}

/// A pin that was paid for and was not given back. Its time runs while a higher one is before it.
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
    /// Whether whoever takes it down owes its money: who had most of its time has had what was paid for.
    pub fn is_owed(&self, at: Timestamp) -> bool {
        after(at, self.tier.lasts() / 2) < self.until
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
            text: clip(message.text.as_str(), LONGEST_PINNED).into(),
            until: after(at, tier.lasts()),
            price: price.0,
            next_price: price.1,
        }
    }
}

/// Why somebody does not get what they paid for: the money goes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NotGiven {
    RoomClosed,
    Outbid,
    MessageGone,
    NotInTheRoom,
    NoBackRoom,
    /// Another order of theirs has let them in.
    TwiceLetIn,
}

impl NotGiven {
    /// For the operator.
    pub fn reason(self) -> &'static str {
        match self {
            Self::RoomClosed => "the room is closed",
            Self::Outbid => "another pin was as high",
            Self::MessageGone => "the message is gone",
            Self::NotInTheRoom => "the payer may not be in the room",
            Self::NoBackRoom => "the room has no back room",
            Self::TwiceLetIn => "they were let in before",
        }
    }
}

impl Room {
    /// The one at the top: the highest of those whose time is not over.
    pub fn top(&self, at: Timestamp) -> Option<&PaidPin> {
        self.pins
            .iter()
            .filter(|pin| pin.until > at)
            .max_by_key(|pin| pin.tier)
    }

    /// What it takes to be at the top; None when nobody can be higher.
    pub fn lowest_tier(&self, at: Timestamp) -> Option<Tier> {
        match self.top(at) {
            Some(top) => top.tier.next(),
            None => Tier::all().next(),
        }
    }

    /// Whoever pays for a pin is at the top, or gets the money back.
    pub fn pinned(mut self, pin: PaidPin, at: Timestamp) -> std::result::Result<Self, NotGiven> {
        if self.top(at).is_some_and(|top| pin.tier <= top.tier) {
            return Err(NotGiven::Outbid);
        }
        self.pins.retain(|pin| pin.until > at);
        self.pins.push(pin);
        Ok(self)
    }

    /// Without the pin of an order. None when it has none.
    pub fn unpinned(&self, order: OrderId) -> Option<Self> {
        self.without(|pin| pin.order == order)
    }

    /// Without the pins of a message. None when it has none.
    pub fn with_message_unpinned(&self, seq: u64) -> Option<Self> {
        self.without(|pin| pin.seq == seq)
    }

    fn without(&self, is_out: impl Fn(&PaidPin) -> bool) -> Option<Self> {
        let mut room = self.clone();
        room.pins.retain(|pin| !is_out(pin));
        (room.pins.len() < self.pins.len()).then_some(room)
    }

    pub fn shown_pin(&self, at: Timestamp) -> Option<Pin> {
        self.top(at).map(|pin| Pin {
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
    fn what_is_bought_is_found_again_in_its_order() {
        let (room, payer) = (room().code, UserId::new(Timestamp::UNIX_EPOCH, &|| [3; 10]));
        let tier = Tier::parse(500).unwrap();
        for (goods, item) in [
            (Goods::Pin { seq: 7, tier }, "rooms.pin_500"),
            (Goods::Tip { amount: 300 }, "rooms.tip_300"),
            (Goods::BackRoom, "rooms.back_room"),
        ] {
            let purchase = goods.purchase(room, payer);
            assert_eq!(
                (purchase.item.as_str(), Goods::of(&purchase)),
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
            assert_eq!(Goods::of(&odd), None, "{odd:?}");
        }
    }

    #[test]
    fn tiers_rise_in_price_and_time() {
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
    fn who_outbids_is_at_the_top_and_who_was_there_comes_back() {
        let room = room()
            .pinned(pin(1, 1_000, 0), at(0))
            .unwrap()
            .pinned(pin(2, 1_500, 1), at(1))
            .unwrap();
        assert_eq!(room.top(at(2)).unwrap().order, order(2));
        assert_eq!(room.lowest_tier(at(2)), Some(Tier::parse(2_000).unwrap()));
        let back = room.unpinned(order(2)).unwrap();
        assert_eq!(back.top(at(2)).unwrap().order, order(1));
        assert_eq!(back.top(at(30)), None, "its time ran meanwhile");
        assert_eq!(back.unpinned(order(2)), None);
        assert_eq!(room.with_message_unpinned(2), Some(back));
    }

    #[test]
    fn as_high_is_not_higher() {
        let pinned = room().pinned(pin(1, 500, 0), at(0)).unwrap();
        for tier in [100, 500] {
            assert_eq!(
                pinned.clone().pinned(pin(2, tier, 1), at(1)),
                Err(NotGiven::Outbid)
            );
        }
        assert!(
            pinned.pinned(pin(2, 100, 20), at(20)).is_ok(),
            "its time is over"
        );
        let highest = room().pinned(pin(1, 2_000, 0), at(0)).unwrap();
        assert_eq!(highest.lowest_tier(at(1)), None);
        assert_eq!(highest.lowest_tier(at(60)), Some(Tier::parse(100).unwrap()));
    }

    proptest! {
        /// Whatever is paid and paid back in whatever order: the top is the highest of what was given and not returned,
        /// and whoever paid for it was at the top then.
        #[test]
        fn the_top_is_the_highest_that_was_given(
            steps in prop::collection::vec((0..6_usize, 0..3_i64, any::<bool>()), 0..40),
        ) {
            let (mut room, mut now, mut given) = (room(), 0, Vec::<PaidPin>::new());
            for (number, (tier, minutes, is_returned)) in (0..).zip(steps) {
                now += minutes;
                if is_returned && !given.is_empty() {
                    let back = given.remove(tier % given.len());
                    room = room.unpinned(back.order).unwrap_or(room);
                }
                let new = pin(number, Tier::all().nth(tier).unwrap().number(), now);
                match room.clone().pinned(new.clone(), at(now)) {
                    Ok(changed) => {
                        room = changed;
                        prop_assert_eq!(room.top(at(now)), Some(&new));
                        given.push(new);
                    }
                    Err(_) => prop_assert!(given.iter().any(|pin| pin.until > at(now) && pin.tier >= new.tier)),
                }
                let highest = given.iter().filter(|pin| pin.until > at(now)).max_by_key(|pin| pin.tier);
                prop_assert_eq!(room.top(at(now)), highest);
                prop_assert!(room.pins.len() <= TIERS.len());
            }
        }
    }
}
