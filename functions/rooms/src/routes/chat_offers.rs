//! `/api/chats/{code}/offers/`, `../pins/`, `../tips/` and `../back-room/`: offers of a room, and links to pay for them.
//! Purchases are fulfilled on payment, never at checkout.

use std::{cmp::Reverse, sync::Arc};

use confab_core::{CorrelationId, Error, Money, OrderId, Result, Timestamp, UserId};
use confab_lambda::{
    Response, Router,
    extract::{Json, Path},
    response,
};
use confab_worker::{Consistency, SaveOutcome};
use http::StatusCode;
use rooms_domain::{AccessLevel, Goods, Person, Room, RoomCode, TIP_AMOUNTS, Tier, Username};
use serde::{Deserialize, Serialize};
#[cfg(test)]
use ts_rs::TS;
#[cfg(test)]
use utoipa::ToSchema;

use crate::{
    extract::{OptionalUser, User},
    services::{
        checkout::Checkout,
        room_access::{authorize_read, authorize_write, changed_meanwhile, last_seq},
        room_views::publish_room,
    },
    state::{Part, State},
    store::{FulfillmentStatus, PurchaseRecord, RoomForUser},
};

pub const PARTS: &[Part] = &[
    Part::Sessions,
    Part::Store,
    Part::Broadcasts,
    Part::Objects,
    Part::Checkout,
    Part::DynamoDbConnection,
];

#[derive(Deserialize)]
#[cfg_attr(test, derive(TS, ToSchema))]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, ts(rename = "WantedPin"))]
#[cfg_attr(test, schema(as = WantedPin))]
pub(crate) struct PinRequest {
    seq: u64,
    #[cfg_attr(test, schema(example = 500))]
    tier: u32,
}

#[derive(Deserialize)]
#[cfg_attr(test, derive(TS, ToSchema))]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, ts(rename = "WantedTip"))]
#[cfg_attr(test, schema(as = WantedTip))]
pub(crate) struct TipRequest {
    #[cfg_attr(test, schema(example = 300))]
    amount: u32,
}

#[derive(Deserialize)]
#[cfg_attr(test, derive(TS, ToSchema))]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, ts(rename = "WantedEntrance"))]
#[cfg_attr(test, schema(as = WantedEntrance))]
pub(crate) struct BackRoomRequest {}

#[derive(Serialize)]
#[cfg_attr(test, derive(TS, ToSchema))]
pub(crate) struct Offers {
    pins: Vec<OfferedPin>,
    tips: Vec<OfferedTip>,
    back_room: Option<OfferedEntrance>,
}

/// High enough to be at the top now.
#[derive(Serialize)]
#[cfg_attr(test, derive(TS, ToSchema))]
pub(crate) struct OfferedPin {
    tier: Tier,
    minutes: u32,
    price: Money,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(TS, ToSchema))]
pub(crate) struct OfferedTip {
    amount: u32,
    price: Money,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(TS, ToSchema))]
pub(crate) struct OfferedEntrance {
    price: Money,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(TS, ToSchema))]
#[cfg_attr(test, ts(rename = "ToPay"))]
#[cfg_attr(test, schema(as = ToPay))]
pub(crate) struct CheckoutLink {
    order_id: OrderId,
    pay_url: String,
    price: Money,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    minutes: Option<u32>,
    /// Until then the way to pay can be taken.
    expires_at: Timestamp,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(TS, ToSchema))]
#[cfg_attr(test, ts(rename = "Entered"))]
#[cfg_attr(test, schema(as = Entered))]
pub(crate) struct BackRoomCode {
    code: RoomCode,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(TS, ToSchema))]
#[cfg_attr(test, ts(rename = "Tips"))]
#[cfg_attr(test, schema(as = Tips))]
pub(crate) struct ReceivedTips {
    totals: Vec<Money>,
    tips: Vec<ReceivedTip>,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(TS, ToSchema))]
#[cfg_attr(test, ts(rename = "Tip"))]
#[cfg_attr(test, schema(as = Tip))]
pub(crate) struct ReceivedTip {
    username: Option<Username>,
    price: Money,
    at: Timestamp,
    is_returned: bool,
}

pub fn routes() -> Router<State> {
    Router::new()
        .route("GET /api/chats/{code}/offers/", list_offers)
        .route("POST /api/chats/{code}/pins/", buy_pin)
        .route("POST /api/chats/{code}/tips/", give_tip)
        .route("GET /api/chats/{code}/tips/", list_tips)
        .route("POST /api/chats/{code}/back-room/", enter_back_room)
}

#[cfg_attr(test, utoipa::path(
    get,
    path = "/api/chats/{code}/offers/",
    operation_id = "offers",
    tag = "Paid",
    params(("code" = RoomCode, Path)),
    responses(
        (status = 200, description = "Goods that the user can buy now.", body = Offers),
        Unauthorized,
        NotFound,
    ),
    security((), ("session" = []))
))]
pub(crate) async fn list_offers(
    state: Arc<State>,
    Path(code): Path<RoomCode>,
    OptionalUser(user): OptionalUser,
) -> Result<Response> {
    let (store, checkout) = (state.store()?, state.checkout()?);
    let loaded = store
        .load_room_for(code, user, Consistency::Eventual)
        .await?;
    authorize_read(&loaded)?;
    let lowest = loaded.room.lowest_available_tier(state.clock.now());
    // The host sees the price of the entrance before opening a back room.
    let shows_entrance = loaded.room.back_room.is_some() || loaded.access == AccessLevel::Host;
    let entrance = checkout
        .find_price(Goods::BackRoom)
        .filter(|_| shows_entrance);
    let offers = Offers {
        pins: offered_pins(checkout, lowest),
        tips: offered_tips(checkout),
        back_room: entrance.map(|price| OfferedEntrance { price }),
    };
    response::json(StatusCode::OK, &offers)
}

/// Returns the tiers that outbid the shown pin and have a price.
fn offered_pins(checkout: &Checkout, lowest: Option<Tier>) -> Vec<OfferedPin> {
    let Some(lowest) = lowest else {
        return Vec::new();
    };
    let mut pins = Vec::new();
    for tier in Tier::all().filter(|tier| *tier >= lowest) {
        // The number of the message does not change the price.
        if let Some(price) = checkout.find_price(Goods::Pin { seq: 0, tier }) {
            pins.push(OfferedPin {
                tier,
                minutes: tier.minutes(),
                price,
            });
        }
    }
    pins
}

fn offered_tips(checkout: &Checkout) -> Vec<OfferedTip> {
    let mut tips = Vec::new();
    for amount in TIP_AMOUNTS {
        if let Some(price) = checkout.find_price(Goods::Tip { amount }) {
            tips.push(OfferedTip { amount, price });
        }
    }
    tips
}

#[cfg_attr(test, utoipa::path(
    post,
    path = "/api/chats/{code}/pins/",
    operation_id = "pins",
    tag = "Paid",
    params(("code" = RoomCode, Path)),
    request_body = PinRequest,
    responses(
        (status = 201, description = "The address of the checkout.", body = CheckoutLink),
        BadRequest,
        Unauthorized,
        Forbidden,
        NotFound,
        Conflict,
        NotForSale,
    ),
    security(("session" = []))
))]
pub(crate) async fn buy_pin(
    state: Arc<State>,
    Path(code): Path<RoomCode>,
    User(user): User,
    Json(PinRequest { seq, tier }): Json<PinRequest>,
) -> Result<Response> {
    let tier = Tier::parse(tier)?;
    let loaded = load_room(&state, code, user).await?;
    authorize_write(&loaded)?;
    let message = state.store()?.find_message(code, seq).await?;
    if message.is_none_or(|message| message.is_deleted) {
        return Err(Error::not_found("message"));
    }
    let lowest = loaded.room.lowest_available_tier(state.clock.now());
    if lowest.is_none_or(|lowest| tier < lowest) {
        return Err(Error::conflict(
            "outbid",
            "Another pin is at least as high. Choose a higher one, or wait until it ends.",
        ));
    }
    let title = format!(
        "{}: a message at the top for {} minutes",
        loaded.room.name.as_str(),
        tier.minutes()
    );
    let goods = Goods::Pin { seq, tier };
    create_checkout_link(&state, code, user, goods, title).await
}

#[cfg_attr(test, utoipa::path(
    post,
    path = "/api/chats/{code}/tips/",
    operation_id = "tips",
    tag = "Paid",
    params(("code" = RoomCode, Path)),
    request_body = TipRequest,
    responses(
        (status = 201, description = "The address of the checkout.", body = CheckoutLink),
        BadRequest,
        Unauthorized,
        Forbidden,
        NotFound,
        Conflict,
        NotForSale,
    ),
    security(("session" = []))
))]
pub(crate) async fn give_tip(
    state: Arc<State>,
    Path(code): Path<RoomCode>,
    User(user): User,
    Json(TipRequest { amount }): Json<TipRequest>,
) -> Result<Response> {
    if !TIP_AMOUNTS.contains(&amount) {
        return Err(Error::invalid(
            "bad_amount",
            "Choose one of the amounts that the room offers.",
        ));
    }
    let loaded = load_room(&state, code, user).await?;
    loaded.room.authorize_payment(loaded.access)?;
    let title = format!(
        "{}: a tip for {}",
        loaded.room.name.as_str(),
        loaded.room.host_name.as_str()
    );
    create_checkout_link(&state, code, user, Goods::Tip { amount }, title).await
}

#[cfg_attr(test, utoipa::path(
    get,
    path = "/api/chats/{code}/tips/",
    operation_id = "given",
    tag = "Paid",
    params(("code" = RoomCode, Path)),
    responses(
        (status = 200, description = "Tips that the host received.", body = ReceivedTips),
        Unauthorized,
        Forbidden,
        NotFound,
    ),
    security(("session" = []))
))]
pub(crate) async fn list_tips(
    state: Arc<State>,
    Path(code): Path<RoomCode>,
    User(user): User,
    correlation_id: CorrelationId,
) -> Result<Response> {
    let loaded = load_room(&state, code, user).await?;
    loaded.room.authorize_host(loaded.access)?;
    let mut purchases = state.store()?.list_purchases(code, correlation_id).await?;
    purchases.retain(|purchase| {
        matches!(purchase.goods, Goods::Tip { .. })
            && purchase.status != FulfillmentStatus::RefundDue
    });
    let totals = total_by_currency(&purchases)?;
    let mut tips: Vec<_> = purchases
        .into_iter()
        .map(|purchase| ReceivedTip {
            username: purchase.username,
            price: purchase.price,
            at: purchase.at,
            is_returned: purchase.status == FulfillmentStatus::Refunded,
        })
        .collect();
    tips.sort_by_key(|tip| Reverse(tip.at));
    response::json(StatusCode::OK, &ReceivedTips { totals, tips })
}

/// Adds up tips that were not refunded.
fn total_by_currency(tips: &[PurchaseRecord]) -> Result<Vec<Money>> {
    let overflow = |e| Error::internal("too_much_money", e);
    let mut totals = Vec::<Money>::new();
    for tip in tips {
        if tip.status == FulfillmentStatus::Refunded {
            continue;
        }
        match totals
            .iter_mut()
            .find(|total| total.currency == tip.price.currency)
        {
            Some(total) => *total = total.plus(tip.price).map_err(overflow)?,
            None => totals.push(tip.price),
        }
    }
    Ok(totals)
}

#[cfg_attr(test, utoipa::path(
    post,
    path = "/api/chats/{code}/back-room/",
    operation_id = "enters",
    tag = "Paid",
    params(("code" = RoomCode, Path)),
    request_body = BackRoomRequest,
    responses(
        (status = 200, description = "The code of the back room.", body = BackRoomCode),
        (status = 201, description = "A back room that the host opened, or the address of the checkout.", body = BackRoomAnswer),
        BadRequest,
        Unauthorized,
        Forbidden,
        NotFound,
        Conflict,
        NotForSale,
    ),
    security(("session" = []))
))]
pub(crate) async fn enter_back_room(
    state: Arc<State>,
    Path(code): Path<RoomCode>,
    User(user): User,
    Json(BackRoomRequest {}): Json<BackRoomRequest>,
    correlation_id: CorrelationId,
) -> Result<Response> {
    let loaded = load_room(&state, code, user).await?;
    let is_host = loaded.access == AccessLevel::Host;
    let has_paid = loaded
        .person
        .as_ref()
        .is_some_and(|person| person.is_member() && person.back_room_order.is_some());
    match loaded.room.back_room {
        Some(code) if has_paid || is_host => {
            if is_host {
                announce_back_room(&state, &loaded, correlation_id).await?;
            }
            response::json(StatusCode::OK, &BackRoomCode { code })
        }
        Some(_) => {
            loaded.room.authorize_payment(loaded.access)?;
            let title = format!("{}: entrance to the back room", loaded.room.name.as_str());
            create_checkout_link(&state, code, user, Goods::BackRoom, title).await
        }
        None if is_host => open_back_room(&state, loaded, user, correlation_id).await,
        None => {
            authorize_read(&loaded)?;
            Err(Error::not_found("back_room"))
        }
    }
}

async fn open_back_room(
    state: &State,
    front: RoomForUser,
    host: UserId,
    correlation_id: CorrelationId,
) -> Result<Response> {
    if front.room.front.is_some() {
        return Err(Error::conflict(
            "behind_another",
            "A back room cannot have a back room.",
        ));
    }
    let (store, now) = (state.store()?, state.clock.now());
    let back = back_room_of(&front.room, RoomCode::new(&state.entropy), now);
    let person = Person::new(host, front.room.host_name.clone(), now);
    let created = store.create_back_room(&front, &back, &person).await?;
    if created == SaveOutcome::Conflict {
        return Err(changed_meanwhile());
    }
    let changed = RoomForUser {
        room: Room {
            back_room: Some(back.code),
            ..front.room
        },
        version: front.version + 1,
        ..front
    };
    announce_back_room(state, &changed, correlation_id).await?;
    response::json(StatusCode::CREATED, &BackRoomCode { code: back.code })
}

/// Publishes a room that has a back room. Published again when its host enters: the attempt that opened the back room
/// may have crashed before it did.
async fn announce_back_room(
    state: &State,
    front: &RoomForUser,
    correlation_id: CorrelationId,
) -> Result<()> {
    let last_seq = last_seq(state.store()?, front, correlation_id).await?;
    publish_room(state, front, last_seq, correlation_id).await
}

fn back_room_of(front: &Room, code: RoomCode, now: Timestamp) -> Room {
    Room {
        code,
        created_at: now,
        access_code: None,
        is_public: false,
        is_read_only: false,
        pins: Vec::new(),
        back_room: None,
        front: Some(front.code),
        ..front.clone()
    }
}

async fn load_room(state: &State, code: RoomCode, user: UserId) -> Result<RoomForUser> {
    state
        .store()?
        .load_room_for(code, Some(user), Consistency::Strong)
        .await
}

/// Stores an offer at payments, and answers with the link to pay for it.
async fn create_checkout_link(
    state: &State,
    room: RoomCode,
    payer: UserId,
    goods: Goods,
    title: String,
) -> Result<Response> {
    let (checkout, now) = (state.checkout()?, state.clock.now());
    let order_id = OrderId::new(now, &state.entropy);
    let price = checkout.price(goods)?;
    let purchase = goods.purchase(room, payer);
    let link = checkout.create_link(order_id, purchase, title, now).await?;
    let minutes = match goods {
        Goods::Pin { tier, .. } => Some(tier.minutes()),
        Goods::Tip { .. } | Goods::BackRoom => None,
    };
    let link = CheckoutLink {
        order_id,
        pay_url: link.url,
        price,
        minutes,
        expires_at: link.expires_at,
    };
    response::json(StatusCode::CREATED, &link)
}

#[cfg(test)]
use crate::contract::{
    BackRoomAnswer, BadRequest, Conflict, Forbidden, NotForSale, NotFound, Unauthorized,
};

#[cfg(test)]
mod tests {
    use confab_core::Currency;

    use super::*;
    use crate::testing::user;

    #[test]
    fn refunded_tips_are_not_in_the_totals() {
        let tip = |number: u8, minor: i64, currency, status| PurchaseRecord {
            order: OrderId::new(Timestamp::UNIX_EPOCH, &move || [number; 10]),
            payer: user(2),
            username: None,
            goods: Goods::Tip { amount: 300 },
            price: Money::new(minor, currency),
            at: Timestamp::UNIX_EPOCH,
            status,
            refund_reason: None,
            tip_seq: None,
        };
        let tips = [
            tip(1, 300, Currency::Usd, FulfillmentStatus::Fulfilled),
            tip(2, 500, Currency::Usd, FulfillmentStatus::Refunded),
            tip(3, 900, Currency::Ils, FulfillmentStatus::Fulfilled),
            tip(4, 100, Currency::Usd, FulfillmentStatus::Fulfilled),
        ];
        let totals = [
            Money::new(400, Currency::Usd),
            Money::new(900, Currency::Ils),
        ];
        assert_eq!(total_by_currency(&tips).unwrap(), totals);
    }
}
