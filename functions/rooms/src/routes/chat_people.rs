//! `/api/chats/{code}/people/`: who is in a room, and what its host does about somebody.

use std::sync::Arc;

use confab_core::{Clock, Error, Result, UserId};
use confab_lambda::{ApiRequest, Response, response};
use confab_worker::Consistency;
use http::{Method, StatusCode};
use rooms_domain::{News, Person, Reason, Role, RoomCode, Standing, Username};
use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;

use crate::{Rooms, services::post_message::tell, services::session_auth::place};

const MOST_SHOWN: usize = 200;
/// Sockets that are looked at for a list: whoever comes later counts as away.
const MOST_PAGES: usize = 10;

#[derive(Deserialize, TS, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Moderation {
    act: Act,
}

#[derive(Deserialize, Clone, Copy, PartialEq, TS, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Act {
    Mute,
    Unmute,
    Kick,
    Ban,
    Unban,
}

#[derive(Serialize, TS, ToSchema)]
pub(crate) struct People {
    online: usize,
    people: Vec<PersonHere>,
    /// The host's alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    banned: Option<Vec<BannedPerson>>,
}

#[derive(Serialize, TS, ToSchema)]
pub(crate) struct BannedPerson {
    user_id: UserId,
    username: Username,
}

#[derive(Serialize, TS, ToSchema)]
pub(crate) struct PersonHere {
    user_id: UserId,
    username: Username,
    role: Role,
    is_online: bool,
    is_muted: bool,
}

pub async fn handle(deps: Arc<Rooms>, call: ApiRequest) -> Result<Response> {
    let (code, rest) = place(&call)?;
    match (call.request.method(), rest.as_slice()) {
        (&Method::GET, _) => list(&deps, &call, code).await,
        (&Method::POST, [_, user]) => {
            let user = user.parse().map_err(|_| Error::not_found("person"))?;
            act(&deps, &call, code, user).await
        }
        _ => Err(Error::not_found("route")),
    }
}

async fn list(deps: &Rooms, call: &ApiRequest, code: RoomCode) -> Result<Response> {
    let (user, trace) = (deps.doorman.guest(call).await?, call.correlation_id);
    let visited = deps.store.visit(code, user, Consistency::Eventual).await?;
    visited.room.lets_read(visited.standing)?;
    let banned = async {
        match visited.standing {
            Standing::Host => deps.store.banned(code, trace).await.map(Some),
            _ => Ok(None),
        }
    };
    let (mut found, here, banned) = tokio::try_join!(
        deps.store.first_people(code, trace),
        deps.store
            .here(code, MOST_PAGES, Consistency::Eventual, trace),
        banned
    )?;
    let missing = here
        .iter()
        .filter(|user| !found.iter().any(|person| person.user_id == **user));
    let missing: Vec<_> = missing.take(MOST_SHOWN).copied().collect();
    found.extend(
        deps.store
            .people(code, &missing, Consistency::Eventual, trace)
            .await?,
    );
    let mut people: Vec<_> = found
        .into_iter()
        .filter(Person::is_inside)
        .map(|person| PersonHere {
            user_id: person.user_id,
            role: if person.user_id == visited.room.host {
                Role::Host
            } else {
                Role::Member
            },
            is_online: here.contains(&person.user_id),
            is_muted: person.is_muted,
            username: person.username,
        })
        .collect();
    people.sort_by_key(|person| (!person.is_online, person.username.as_str().to_lowercase()));
    people.truncate(MOST_SHOWN);
    let shown = |person: Person| BannedPerson {
        user_id: person.user_id,
        username: person.username,
    };
    let banned = banned.map(|people| people.into_iter().map(shown).collect());
    response::json(
        StatusCode::OK,
        &People {
            online: here.len(),
            people,
            banned,
        },
    )
}

async fn act(deps: &Rooms, call: &ApiRequest, code: RoomCode, whom: UserId) -> Result<Response> {
    let user = deps.doorman.caller(call).await?;
    let Moderation { act } = call.json()?;
    let visited = deps
        .store
        .visit(code, Some(user), Consistency::Strong)
        .await?;
    visited.room.lets_host(visited.standing)?;
    if whom == user {
        return Err(Error::conflict(
            "the_host",
            "The host stays. Close the room instead.",
        ));
    }
    let is_done = match act {
        Act::Mute | Act::Unmute => deps.store.set_muted(code, whom, act == Act::Mute).await?,
        // A person who has left may be connected as a reader.
        Act::Kick => deps.store.remove_person(code, whom, Reason::Kicked).await?,
        Act::Unban => {
            if let Some(back) = visited.room.back_room {
                deps.store.unban(back, whom).await?;
            }
            deps.store.unban(code, whom).await?
        }
        Act::Ban => deps.store.remove_person(code, whom, Reason::Banned).await?,
    };
    if !is_done {
        return Err(Error::not_found("person"));
    }
    // Both rooms are closed to a banned person before anything is told: a failure in between would leave one open.
    let banned_from = match (act, visited.room.back_room) {
        (Act::Ban, Some(back)) => deps
            .store
            .remove_person(back, whom, Reason::Banned)
            .await?
            .then_some(back),
        _ => None,
    };
    let reason = match act {
        Act::Kick => Some(Reason::Kicked),
        Act::Ban => Some(Reason::Banned),
        Act::Mute | Act::Unmute | Act::Unban => None,
    };
    if let Some(reason) = reason {
        shown_out(deps, call, code, whom, reason).await?;
    }
    if let Act::Mute | Act::Unmute = act {
        let muted = News::Muted {
            user_id: whom,
            is_muted: act == Act::Mute,
        };
        let once = format!("muted#{code}#{whom}#{}", call.correlation_id);
        tell(
            &deps.broadcasts,
            code,
            &once,
            deps.clock.now(),
            muted,
            call.correlation_id,
        )
        .await?;
    }
    if let Some(back) = banned_from {
        shown_out(deps, call, back, whom, Reason::Banned).await?;
    }
    Ok(response::empty(StatusCode::NO_CONTENT))
}

async fn shown_out(
    deps: &Rooms,
    call: &ApiRequest,
    code: RoomCode,
    whom: UserId,
    reason: Reason,
) -> Result<()> {
    let at = deps.clock.now();
    let out = News::ShownOut {
        user_id: Some(whom),
        reason,
        at,
    };
    let once = format!("out#{code}#{whom}#{}", call.correlation_id);
    tell(&deps.broadcasts, code, &once, at, out, call.correlation_id).await
}
