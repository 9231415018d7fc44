//! `/api/chats/{code}/join/`: coming in under a name, and leaving.

use std::sync::Arc;

use confab_aws::RateLimit;
use confab_core::{Clock, Entropy, Error, Result, UserId};
use confab_lambda::{ApiRequest, Response, response};
use confab_worker::Consistency;
use http::{Method, StatusCode};
use rooms_domain::{News, Person, Place, Reason, Room, RoomCode, Username, suggestions};
use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;

use crate::{
    Lobby,
    services::post_message::tell,
    services::session_auth::place,
    store::{Joined, Visited},
};

/// Codes that somebody may try, and that all behind one address may.
const TRIES: u32 = 30;
const TRIES_PER_ADDRESS: u32 = 600;
/// A name that somebody had stays theirs.
const RENAMES: u32 = 10;
/// Each is told to everybody.
const LEAVES: u32 = 60;
const RACES: usize = 4;
const SUGGESTED: usize = 3;

#[derive(Deserialize, TS, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Joining {
    #[schema(min_length = 2, max_length = 24)]
    username: String,
    #[serde(default)]
    access_code: Option<String>,
}

#[derive(Serialize, TS, ToSchema)]
pub(crate) struct Names {
    suggestions: Vec<Username>,
}

pub async fn handle(deps: Arc<Lobby>, call: ApiRequest) -> Result<Response> {
    let (code, user) = (place(&call)?.0, deps.rooms.doorman.caller(&call).await?);
    match *call.request.method() {
        Method::GET => {
            deps.rooms
                .store
                .visit(code, Some(user), Consistency::Eventual)
                .await?;
            let mut free = deps
                .rooms
                .store
                .free_names(code, suggestions(deps.rooms.entropy.bytes()))
                .await?;
            free.truncate(SUGGESTED);
            response::json(StatusCode::OK, &Names { suggestions: free })
        }
        Method::DELETE => {
            let visited = deps
                .rooms
                .store
                .visit(code, Some(user), Consistency::Strong)
                .await?;
            if visited.room.host == user {
                return Err(Error::conflict(
                    "the_host",
                    "The host stays. Close the room instead.",
                ));
            }
            let rooms = &deps.rooms;
            if visited
                .person
                .is_some_and(|person| person.place != Place::Banned)
            {
                let now = rooms.clock.now();
                RateLimit::per_hour(LEAVES)
                    .take(&rooms.store.table, &format!("leave#{user}"), now)
                    .await?;
                rooms.store.remove_person(code, user, Reason::Left).await?;
                let left = News::ShownOut {
                    user_id: Some(user),
                    reason: Reason::Left,
                    at: now,
                };
                let once = format!("left#{code}#{user}#{}", call.correlation_id);
                tell(
                    &rooms.broadcasts,
                    code,
                    &once,
                    now,
                    left,
                    call.correlation_id,
                )
                .await?;
            }
            Ok(response::empty(StatusCode::NO_CONTENT))
        }
        _ => {
            let wanted: Joining = call.json()?;
            let visited = deps
                .rooms
                .store
                .visit(code, Some(user), Consistency::Strong)
                .await?;
            join(&deps, &call, visited, user, &wanted).await
        }
    }
}

async fn join(
    deps: &Lobby,
    call: &ApiRequest,
    visited: Visited,
    user: UserId,
    wanted: &Joining,
) -> Result<Response> {
    let (code, now) = (visited.room.code, deps.rooms.clock.now());
    let table = &deps.rooms.store.table;
    let is_inside = visited.person.as_ref().is_some_and(Person::is_inside);
    if visited.room.access_code.is_some() && !is_inside {
        RateLimit::per_hour(TRIES)
            .take(table, &format!("join#{code}#{user}"), now)
            .await?;
        RateLimit::per_hour(TRIES_PER_ADDRESS)
            .take(table, &format!("join#{code}#{}", call.source_ip()), now)
            .await?;
    }
    visited.room.lets_in(
        visited.standing,
        visited.person.as_ref(),
        wanted.access_code.as_deref(),
    )?;
    let username = Username::parse(&wanted.username)?;
    let was = visited.person.clone();
    let person = match was.clone() {
        Some(was) => Person {
            username,
            place: Place::Inside,
            ..was
        },
        None => Person::new(user, username, now),
    };
    let renames = was
        .as_ref()
        .is_some_and(|was| was.username != person.username);
    if renames {
        RateLimit::per_hour(RENAMES)
            .take(table, &format!("rename#{code}#{user}"), now)
            .await?;
    }
    match deps.rooms.store.join(code, was.as_ref(), &person).await? {
        Joined::Yes => {}
        Joined::NameTaken => return Err(Error::conflict("name_taken", "The name is taken.")),
        Joined::Raced => return Err(Error::conflict("changed_meanwhile", "Try again.")),
    }
    let visited = match visited.room.host == user && visited.room.host_name != person.username {
        true => renames_host(deps, call, code, &person).await?,
        false => visited,
    };
    let last_seq = deps
        .rooms
        .store
        .latest(
            code,
            visited.reserved,
            Consistency::Eventual,
            call.correlation_id,
        )
        .await?
        .last_seq;
    let standing = visited.room.standing(Some(user), Some(&person));
    let visited = Visited {
        person: Some(person),
        standing,
        ..visited
    };
    response::json(StatusCode::OK, &deps.shows(&visited, last_seq)?)
}

/// Everybody sees who the host is.
async fn renames_host(
    deps: &Lobby,
    call: &ApiRequest,
    code: RoomCode,
    host: &Person,
) -> Result<Visited> {
    for _ in 0..RACES {
        let visited = deps
            .rooms
            .store
            .visit(code, Some(host.user_id), Consistency::Strong)
            .await?;
        let room = Room {
            host_name: host.username.clone(),
            ..visited.room.clone()
        };
        if deps
            .rooms
            .store
            .change(&room, visited.version, false)
            .await?
        {
            let last_seq = deps
                .rooms
                .store
                .latest(
                    code,
                    visited.reserved,
                    Consistency::Eventual,
                    call.correlation_id,
                )
                .await?
                .last_seq;
            let renamed = Visited {
                room,
                version: visited.version + 1,
                ..visited
            };
            deps.announces(&renamed, last_seq, call).await?;
            return Ok(renamed);
        }
    }
    Err(Error::conflict("changed_meanwhile", "Try again."))
}
