//! `/api/chats/create/`, `/api/chats/mine/` and `/api/chats/{code}/`: rooms.

use std::sync::Arc;

use confab_kernel::{
    Clock, Error, Result,
    worker::{Read, Saved},
};
use confab_lambda::{Call, Reply, reply};
use http::{Method, StatusCode};
use rooms_domain::{
    AccessCode, Change, Live, News, Person, Place, Reason, Room, RoomCode, RoomName, RoomView, Username, description,
};
use serde::{Deserialize, Serialize};

use crate::{Rooms, doorman::place, speaking::tell, store::Visited};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct In {
    name: String,
    #[serde(default)]
    description: String,
    username: String,
    #[serde(default)]
    is_private: bool,
    #[serde(default)]
    access_code: Option<String>,
    #[serde(default = "yes")]
    is_public: bool,
}

fn yes() -> bool {
    true
}

#[derive(Serialize)]
struct Mine {
    rooms: Vec<RoomView>,
}

pub async fn handle(deps: Arc<Rooms>, call: Call) -> Result<Reply> {
    match (call.request.method(), call.last_segment()) {
        (&Method::POST, "create") => create(&deps, &call).await,
        (&Method::GET, "mine") => mine(&deps, &call).await,
        (&Method::GET, _) => show(&deps, &call).await,
        (&Method::PATCH, _) => change(&deps, &call).await,
        (&Method::DELETE, _) => close(&deps, &call).await,
        _ => Err(Error::not_found("route")),
    }
}

async fn create(deps: &Rooms, call: &Call) -> Result<Reply> {
    let host = deps.doorman.caller(call).await?;
    let wanted: In = call.json()?;
    let access_code = match (wanted.is_private, &wanted.access_code) {
        (false, None) => None,
        (true, Some(code)) => Some(AccessCode::parse(code)?),
        (true, None) => return Err(Error::invalid("bad_access_code", "A private room has an access code.")),
        (false, Some(_)) => {
            return Err(Error::invalid("bad_access_code", "A room that is not private has no access code."));
        }
    };
    let now = deps.clock.now();
    let username = Username::parse(&wanted.username)?;
    let mut room = Room {
        code: RoomCode::new(&deps.entropy),
        name: RoomName::parse(&wanted.name)?,
        description: description(&wanted.description)?,
        host,
        host_name: username.clone(),
        created_at: now,
        is_public: wanted.is_public && access_code.is_none(),
        access_code,
        is_read_only: false,
    };
    let person = Person { user_id: host, username, joined_at: now, place: Place::Inside, is_muted: false };
    while deps.store.create(&room, &person).await? == Saved::Raced {
        room.code = RoomCode::new(&deps.entropy);
    }
    let standing = room.standing(Some(host), Some(&person));
    reply::json(StatusCode::CREATED, &room.view(Some((standing, Some(&person))), Live::default()))
}

async fn mine(deps: &Rooms, call: &Call) -> Result<Reply> {
    let user = deps.doorman.caller(call).await?;
    let codes = deps.store.mine(user).await?;
    let mut visits = deps.store.visits(&codes, user).await?;
    visits.sort_by_key(|visited| std::cmp::Reverse(visited.person.as_ref().map(|person| person.joined_at)));
    let rooms = visits.iter().map(|visited| view(visited, visited.reserved)).collect();
    reply::json(StatusCode::OK, &Mine { rooms })
}

async fn show(deps: &Rooms, call: &Call) -> Result<Reply> {
    let (code, user) = (place(call)?.0, deps.doorman.guest(call).await?);
    let visited = deps.store.visit(code, user, Read::MayLag).await?;
    if visited.standing == rooms_domain::Standing::Banned {
        return Err(Error::not_found("room"));
    }
    let last_seq = deps.store.latest(code, visited.reserved, Read::MayLag).await?.last_seq;
    reply::json(StatusCode::OK, &view(&visited, last_seq))
}

/// Whoever shows it to everybody leaves `you` out.
pub(crate) fn view(visited: &Visited, last_seq: u64) -> RoomView {
    let live = Live { last_seq, online: visited.online };
    visited.room.view(Some((visited.standing, visited.person.as_ref())), live)
}

async fn change(deps: &Rooms, call: &Call) -> Result<Reply> {
    let (code, user) = (place(call)?.0, deps.doorman.caller(call).await?);
    let visited = deps.store.visit(code, Some(user), Read::Latest).await?;
    visited.room.lets_host(visited.standing)?;
    let change: Change = call.json()?;
    let room = visited.room.clone().changed(&change)?;
    if !deps.store.change(&room, visited.version).await? {
        return Err(Error::conflict("changed_meanwhile", "The room was changed meanwhile. Look again."));
    }
    let last_seq = deps.store.latest(code, visited.reserved, Read::MayLag).await?.last_seq;
    let changed = Visited { room, ..visited };
    let everybodys = changed.room.view(None, Live { last_seq, online: changed.online });
    let once = format!("room#{code}#{}", changed.version + 1);
    tell(
        &deps.broadcasts,
        code,
        &once,
        deps.clock.now(),
        News::Room { room: Box::new(everybodys) },
        call.correlation_id,
    )
    .await?;
    reply::json(StatusCode::OK, &view(&changed, last_seq))
}

/// Everybody is shown out first: the sockets' rows say who is there.
async fn close(deps: &Rooms, call: &Call) -> Result<Reply> {
    let (code, user) = (place(call)?.0, deps.doorman.caller(call).await?);
    let visited = deps.store.visit(code, Some(user), Read::Latest).await?;
    visited.room.lets_host(visited.standing)?;
    let out = News::ShownOut { user_id: None, reason: Reason::Closed };
    tell(&deps.broadcasts, code, &format!("closed#{code}"), deps.clock.now(), out, call.correlation_id).await?;
    deps.store.close(code).await?;
    Ok(reply::empty(StatusCode::NO_CONTENT))
}
