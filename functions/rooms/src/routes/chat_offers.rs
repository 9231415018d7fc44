//! `/api/chats/{code}/offers/`, `../pins/`, `../tips/` and `../back-room/`: what may be paid for in a room. Nothing is
//! given here: it is when its money has come.

use std::{sync::Arc, time::Duration};

use confab_contracts::payments::Offer;
use confab_core::{Clock, Error, Kind, Money, OrderId, Result, Timestamp, UserId, after};
use confab_lambda::{ApiRequest, Response, response};
use confab_pay_links::{PayLink, SEAL_TTL};
use confab_worker::{Consistency, SaveOutcome};
use http::{Method, StatusCode};
use rooms_domain::{Goods, Person, Room, RoomCode, Standing, TIPS, Tier, Username};
use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;

use crate::{
    PAY_SEAL, Shop,
    services::session_auth::place,
    store::{Became, Visited},
};

/// Another pin may be bought meanwhile, so that an offer is shorter than a link of payments.
const OFFER_TTL: Duration = Duration::from_secs(3600);

#[derive(Deserialize, TS, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WantedPin {
    seq: u64,
    #[schema(example = 500)]
    tier: u32,
}

#[derive(Deserialize, TS, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WantedTip {
    #[schema(example = 300)]
    amount: u32,
}

#[derive(Deserialize, TS, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WantedEntrance {}

#[derive(Serialize, TS, ToSchema)]
pub(crate) struct Offers {
    pins: Vec<OfferedPin>,
    tips: Vec<OfferedTip>,
    back_room: Option<OfferedEntrance>,
}

/// High enough to be at the top now.
#[derive(Serialize, TS, ToSchema)]
pub(crate) struct OfferedPin {
    tier: Tier,
    minutes: u32,
    price: Money,
}

#[derive(Serialize, TS, ToSchema)]
pub(crate) struct OfferedTip {
    amount: u32,
    price: Money,
}

#[derive(Serialize, TS, ToSchema)]
pub(crate) struct OfferedEntrance {
    price: Money,
}

#[derive(Serialize, TS, ToSchema)]
pub(crate) struct ToPay {
    order_id: OrderId,
    pay_url: String,
    price: Money,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    minutes: Option<u32>,
    /// Until then the way to pay can be taken.
    expires_at: Timestamp,
}

#[derive(Serialize, TS, ToSchema)]
pub(crate) struct Entered {
    code: RoomCode,
}

#[derive(Serialize, TS, ToSchema)]
pub(crate) struct Tips {
    totals: Vec<Money>,
    tips: Vec<Tip>,
}

#[derive(Serialize, TS, ToSchema)]
pub(crate) struct Tip {
    username: Option<Username>,
    price: Money,
    at: Timestamp,
    is_returned: bool,
}

pub async fn handle(deps: Arc<Shop>, call: ApiRequest) -> Result<Response> {
    let (code, rest) = place(&call)?;
    match (call.request.method(), rest.as_slice()) {
        (&Method::GET, ["offers"]) => offers(&deps, &call, code).await,
        (&Method::POST, ["pins"]) => pin(&deps, &call, code).await,
        (&Method::POST, ["tips"]) => tip(&deps, &call, code).await,
        (&Method::GET, ["tips"]) => tips(&deps, &call, code).await,
        (&Method::POST, ["back-room"]) => back_room(&deps, &call, code).await,
        _ => Err(Error::not_found("route")),
    }
}

async fn offers(deps: &Shop, call: &ApiRequest, code: RoomCode) -> Result<Response> {
    let user = deps.lobby.rooms.doorman.guest(call).await?;
    let visited = deps
        .lobby
        .rooms
        .store
        .visit(code, user, Consistency::Eventual)
        .await?;
    visited.room.lets_read(visited.standing)?;
    let price = |item: &str| deps.price(item).ok();
    let lowest = visited.room.lowest_tier(deps.lobby.rooms.clock.now());
    let pins = Tier::all()
        .filter(|tier| lowest.is_some_and(|lowest| *tier >= lowest))
        .filter_map(|tier| {
            Some(OfferedPin {
                tier,
                minutes: tier.minutes(),
                price: price(&tier.item())?,
            })
        });
    let tips = TIPS.into_iter().filter_map(|amount| {
        Some(OfferedTip {
            amount,
            price: price(&Goods::Tip { amount }.item())?,
        })
    });
    // Its host wants to know before opening it.
    let has_entrance = visited.room.back_room.is_some() || visited.standing == Standing::Host;
    let entrance = price(&Goods::BackRoom.item()).filter(|_| has_entrance);
    let back_room = entrance.map(|price| OfferedEntrance { price });
    response::json(
        StatusCode::OK,
        &Offers {
            pins: pins.collect(),
            tips: tips.collect(),
            back_room,
        },
    )
}

async fn pin(deps: &Shop, call: &ApiRequest, code: RoomCode) -> Result<Response> {
    let user = deps.lobby.rooms.doorman.caller(call).await?;
    let WantedPin { seq, tier } = call.json()?;
    let tier = Tier::parse(tier)?;
    let visited = deps.visit(code, user).await?;
    visited
        .room
        .lets_write(visited.standing, visited.person.as_ref())?;
    let message = deps
        .lobby
        .rooms
        .store
        .message(code, seq)
        .await?
        .filter(|message| !message.is_deleted);
    if message.is_none() {
        return Err(Error::not_found("message"));
    }
    if visited
        .room
        .lowest_tier(deps.lobby.rooms.clock.now())
        .is_none_or(|lowest| tier < lowest)
    {
        return Err(Error::conflict(
            "outbid",
            "Another pin is as high. Take a higher tier, or wait.",
        ));
    }
    let title = format!(
        "{}: a message at the top for {} minutes",
        visited.room.name.as_str(),
        tier.minutes()
    );
    deps.sells(&visited, user, Goods::Pin { seq, tier }, title)
        .await
}

async fn tip(deps: &Shop, call: &ApiRequest, code: RoomCode) -> Result<Response> {
    let user = deps.lobby.rooms.doorman.caller(call).await?;
    let WantedTip { amount } = call.json()?;
    if !TIPS.contains(&amount) {
        return Err(Error::invalid(
            "bad_amount",
            "A tip has one of the amounts that the room's offers list.",
        ));
    }
    let visited = deps.visit(code, user).await?;
    visited.room.lets_give(visited.standing)?;
    let title = format!(
        "{}: a tip for {}",
        visited.room.name.as_str(),
        visited.room.host_name.as_str()
    );
    deps.sells(&visited, user, Goods::Tip { amount }, title)
        .await
}

/// What the host was given.
async fn tips(deps: &Shop, call: &ApiRequest, code: RoomCode) -> Result<Response> {
    let user = deps.lobby.rooms.doorman.caller(call).await?;
    let visited = deps.visit(code, user).await?;
    visited.room.lets_host(visited.standing)?;
    let mut totals = Vec::<Money>::new();
    let mut tips = Vec::new();
    for paid in deps
        .lobby
        .rooms
        .store
        .all_paid(code, call.correlation_id)
        .await?
    {
        if !matches!(paid.goods, Goods::Tip { .. }) || paid.became == Became::NotGiven {
            continue;
        }
        let is_returned = paid.became == Became::Returned;
        tips.push(Tip {
            username: paid.username,
            price: paid.price,
            at: paid.at,
            is_returned,
        });
        if is_returned {
            continue;
        }
        let overflow = |e| Error::internal("too_much_money", e);
        match totals
            .iter_mut()
            .find(|total| total.currency == paid.price.currency)
        {
            Some(total) => *total = total.plus(paid.price).map_err(overflow)?,
            None => totals.push(paid.price),
        }
    }
    tips.sort_by_key(|tip| std::cmp::Reverse(tip.at));
    response::json(StatusCode::OK, &Tips { totals, tips })
}

/// Its host opens it; who has paid is told where it is; others may pay.
async fn back_room(deps: &Shop, call: &ApiRequest, code: RoomCode) -> Result<Response> {
    let user = deps.lobby.rooms.doorman.caller(call).await?;
    let WantedEntrance {} = call.json()?;
    let visited = deps.visit(code, user).await?;
    let is_let_in = visited
        .person
        .as_ref()
        .is_some_and(|person| person.is_inside() && person.entrance.is_some());
    match visited.room.back_room {
        Some(code) if is_let_in || visited.standing == Standing::Host => {
            response::json(StatusCode::OK, &Entered { code })
        }
        None if visited.standing == Standing::Host => open(deps, call, visited, user).await,
        None => {
            visited.room.lets_read(visited.standing)?;
            Err(Error::not_found("back_room"))
        }
        Some(_) => {
            visited.room.lets_give(visited.standing)?;
            let title = format!("{}: the way into the back room", visited.room.name.as_str());
            deps.sells(&visited, user, Goods::BackRoom, title).await
        }
    }
}

async fn open(deps: &Shop, call: &ApiRequest, front: Visited, host: UserId) -> Result<Response> {
    if front.room.front.is_some() {
        return Err(Error::conflict(
            "behind_another",
            "There is nothing behind a back room.",
        ));
    }
    let rooms = &deps.lobby.rooms;
    let now = rooms.clock.now();
    let back = Room {
        code: RoomCode::new(&rooms.entropy),
        created_at: now,
        access_code: None,
        is_public: false,
        is_read_only: false,
        pins: Vec::new(),
        back_room: None,
        front: Some(front.room.code),
        ..front.room.clone()
    };
    let person = Person::new(host, front.room.host_name.clone(), now);
    if rooms.store.open_back_room(&front, &back, &person).await? == SaveOutcome::Conflict {
        return Err(Error::conflict(
            "changed_meanwhile",
            "The room was changed meanwhile. Try again.",
        ));
    }
    let room = Room {
        back_room: Some(back.code),
        ..front.room
    };
    let last_seq = rooms
        .store
        .latest(
            room.code,
            front.reserved,
            Consistency::Eventual,
            call.correlation_id,
        )
        .await?
        .last_seq;
    deps.lobby
        .announces(
            &Visited {
                room,
                version: front.version + 1,
                ..front
            },
            last_seq,
            call,
        )
        .await?;
    response::json(StatusCode::CREATED, &Entered { code: back.code })
}

impl Shop {
    async fn visit(&self, code: RoomCode, user: UserId) -> Result<Visited> {
        self.lobby
            .rooms
            .store
            .visit(code, Some(user), Consistency::Strong)
            .await
    }

    fn price(&self, item: &str) -> Result<Money> {
        let unpriced = || Error::new(Kind::Unprocessable, "not_for_sale", "This is not for sale.");
        self.prices
            .find(item)
            .map(|item| item.price)
            .ok_or_else(unpriced)
    }

    /// Stores an offer at payments, and answers with the link to pay.
    async fn sells(
        &self,
        visited: &Visited,
        payer: UserId,
        goods: Goods,
        title: String,
    ) -> Result<Response> {
        let rooms = &self.lobby.rooms;
        let now = rooms.clock.now();
        let order_id = OrderId::new(now, &rooms.entropy);
        let price = self.price(&goods.item())?;
        let purchase = goods.purchase(visited.room.code, payer);
        let (return_url, expires_at) = (self.pay_links.return_url(), Some(after(now, OFFER_TTL)));
        let offer = Offer {
            order_id,
            purchase,
            title,
            phone: None,
            return_url,
            expires_at,
        };
        let sealed = rooms
            .doorman
            .keys
            .seal(PAY_SEAL, &offer, after(now, SEAL_TTL))
            .await?;
        let PayLink { url, expires_at } = self.pay_links.store(order_id, sealed).await?;
        let minutes = match goods {
            Goods::Pin { tier, .. } => Some(tier.minutes()),
            Goods::Tip { .. } | Goods::BackRoom => None,
        };
        response::json(
            StatusCode::CREATED,
            &ToPay {
                order_id,
                pay_url: url,
                price,
                minutes,
                expires_at,
            },
        )
    }
}
