//! `/api/chats/{code}/people/`: lists the people of a room, and lets the host moderate them.

use std::{collections::BTreeSet, sync::Arc};

use confab_core::{CorrelationId, Error, Result, UserId};
use confab_lambda::{
    Response, Router,
    extract::{Json, Path, PathPair},
    response,
};
use confab_worker::Consistency;
use http::StatusCode;
use rooms_domain::{
    AccessLevel, Person, RemovalReason, Role, Room, RoomCode, RoomUpdate, Username,
};
use serde::{Deserialize, Serialize};
#[cfg(test)]
use ts_rs::TS;
#[cfg(test)]
use utoipa::ToSchema;

use crate::{
    extract::{OptionalUser, PersonId, User},
    services::room_access::authorize_read,
    state::{Part, State},
};

pub const PARTS: &[Part] = &[
    Part::Sessions,
    Part::Store,
    Part::Broadcasts,
    Part::DynamoDbConnection,
];

const MAX_PEOPLE_SHOWN: usize = 200;
/// Pages of connections read for a list; users of later pages count as offline.
const MAX_CONNECTION_PAGES: usize = 10;

#[derive(Deserialize)]
#[cfg_attr(test, derive(TS, ToSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct Moderation {
    act: ModerationAction,
}

#[derive(Deserialize, Clone, Copy, PartialEq)]
#[cfg_attr(test, derive(TS, ToSchema))]
#[serde(rename_all = "snake_case")]
#[cfg_attr(test, ts(rename = "Act"))]
#[cfg_attr(test, schema(as = Act))]
pub(crate) enum ModerationAction {
    Mute,
    Unmute,
    Kick,
    Ban,
    Unban,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(TS, ToSchema))]
pub(crate) struct People {
    online: usize,
    people: Vec<PersonView>,
    /// The host's alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    banned: Option<Vec<BannedPerson>>,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(TS, ToSchema))]
pub(crate) struct BannedPerson {
    user_id: UserId,
    username: Username,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(TS, ToSchema))]
#[cfg_attr(test, ts(rename = "PersonHere"))]
#[cfg_attr(test, schema(as = PersonHere))]
pub(crate) struct PersonView {
    user_id: UserId,
    username: Username,
    role: Role,
    is_online: bool,
    is_muted: bool,
}

pub fn routes() -> Router<State> {
    Router::new()
        .route("GET /api/chats/{code}/people/", list_people)
        .route("POST /api/chats/{code}/people/{user}/", moderate_person)
}

#[cfg_attr(test, utoipa::path(
    get,
    path = "/api/chats/{code}/people/",
    operation_id = "people",
    tag = "Rooms",
    params(("code" = RoomCode, Path)),
    responses(
        (status = 200, description = "Members, connected ones first.", body = People),
        Unauthorized,
        NotFound,
    ),
    security((), ("session" = []))
))]
pub(crate) async fn list_people(
    state: Arc<State>,
    Path(code): Path<RoomCode>,
    OptionalUser(user): OptionalUser,
    correlation_id: CorrelationId,
) -> Result<Response> {
    let store = state.store()?;
    let loaded = store
        .load_room_for(code, user, Consistency::Eventual)
        .await?;
    authorize_read(&loaded)?;
    let banned = async {
        if loaded.access == AccessLevel::Host {
            store.list_banned(code, correlation_id).await.map(Some)
        } else {
            Ok(None)
        }
    };
    let read = Consistency::Eventual;
    let (mut people, online, banned) = tokio::try_join!(
        store.list_people(code, correlation_id),
        store
            .connections
            .users(&code, MAX_CONNECTION_PAGES, read, correlation_id),
        banned
    )?;
    let missing = missing_users(&people, &online);
    let others = store.find_people(code, &missing, read, correlation_id);
    people.extend(others.await?);
    let list = People {
        online: online.len(),
        people: render_people(people, &online, &loaded.room),
        banned: banned.map(render_banned),
    };
    response::json(StatusCode::OK, &list)
}

/// Returns connected users who are not among the first people of the room.
fn missing_users(people: &[Person], online: &BTreeSet<UserId>) -> Vec<UserId> {
    let known: BTreeSet<_> = people.iter().map(|person| person.user_id).collect();
    let missing = online.difference(&known);
    missing.take(MAX_PEOPLE_SHOWN).copied().collect()
}

/// Renders the members of a room: those who are online first, then by name.
fn render_people(people: Vec<Person>, online: &BTreeSet<UserId>, room: &Room) -> Vec<PersonView> {
    let mut views: Vec<_> = people
        .into_iter()
        .filter(Person::is_member)
        .map(|person| PersonView {
            user_id: person.user_id,
            role: if person.user_id == room.host {
                Role::Host
            } else {
                Role::Member
            },
            is_online: online.contains(&person.user_id),
            is_muted: person.is_muted,
            username: person.username,
        })
        .collect();
    views.sort_by_key(|view| (!view.is_online, view.username.as_str().to_lowercase()));
    views.truncate(MAX_PEOPLE_SHOWN);
    views
}

fn render_banned(people: Vec<Person>) -> Vec<BannedPerson> {
    people
        .into_iter()
        .map(|person| BannedPerson {
            user_id: person.user_id,
            username: person.username,
        })
        .collect()
}

#[cfg_attr(test, utoipa::path(
    post,
    path = "/api/chats/{code}/people/{user}/",
    operation_id = "moderates",
    tag = "Rooms",
    params(("code" = RoomCode, Path), ("user" = UserId, Path)),
    request_body = Moderation,
    responses(
        (status = 204, description = "The moderation was applied."),
        BadRequest,
        Unauthorized,
        Forbidden,
        NotFound,
        Conflict,
    ),
    security(("session" = []))
))]
pub(crate) async fn moderate_person(
    state: Arc<State>,
    PathPair(code, PersonId(person)): PathPair<RoomCode, PersonId>,
    User(user): User,
    Json(Moderation { act }): Json<Moderation>,
    correlation_id: CorrelationId,
) -> Result<Response> {
    let store = state.store()?;
    let loaded = store
        .load_room_for(code, Some(user), Consistency::Strong)
        .await?;
    loaded.room.authorize_host(loaded.access)?;
    if person == user {
        return Err(Error::conflict(
            "the_host",
            "You are the host. Close the room instead.",
        ));
    }
    match act {
        ModerationAction::Mute | ModerationAction::Unmute => {
            let is_muted = act == ModerationAction::Mute;
            mute_person(&state, code, person, is_muted, correlation_id).await?;
        }
        ModerationAction::Kick => kick_person(&state, code, person, correlation_id).await?,
        ModerationAction::Ban => {
            ban_person(&state, &loaded.room, person, correlation_id).await?;
        }
        ModerationAction::Unban => {
            if let Some(back) = loaded.room.back_room {
                store.unban(back, person).await?;
            }
            require_found(store.unban(code, person).await?)?;
        }
    }
    Ok(response::empty(StatusCode::NO_CONTENT))
}

fn require_found(is_found: bool) -> Result<()> {
    if is_found {
        Ok(())
    } else {
        Err(Error::not_found("person"))
    }
}

async fn mute_person(
    state: &State,
    code: RoomCode,
    person: UserId,
    is_muted: bool,
    correlation_id: CorrelationId,
) -> Result<()> {
    require_found(state.store()?.set_muted(code, person, is_muted).await?)?;
    let muted = RoomUpdate::Muted {
        user_id: person,
        is_muted,
    };
    let key = format!("muted#{code}#{person}#{correlation_id}");
    state
        .broadcasts()?
        .publish(code, &key, state.clock.now(), muted, correlation_id)
        .await
}

/// Kicks a person. One who has left may still be connected as a reader.
async fn kick_person(
    state: &State,
    code: RoomCode,
    person: UserId,
    correlation_id: CorrelationId,
) -> Result<()> {
    let (store, reason) = (state.store()?, RemovalReason::Kicked);
    require_found(store.remove_member(code, person, reason).await?)?;
    publish_removed(state, code, person, reason, correlation_id).await
}

/// Bans a person from a room and its back room. Both bans are stored before either is published, so that a failure in
/// between leaves no room open to them.
async fn ban_person(
    state: &State,
    room: &Room,
    person: UserId,
    correlation_id: CorrelationId,
) -> Result<()> {
    let (store, reason) = (state.store()?, RemovalReason::Banned);
    require_found(store.remove_member(room.code, person, reason).await?)?;
    let mut banned_from = vec![room.code];
    if let Some(back) = room.back_room
        && store.remove_member(back, person, reason).await?
    {
        banned_from.push(back);
    }
    for code in banned_from {
        publish_removed(state, code, person, reason, correlation_id).await?;
    }
    Ok(())
}

async fn publish_removed(
    state: &State,
    code: RoomCode,
    person: UserId,
    reason: RemovalReason,
    correlation_id: CorrelationId,
) -> Result<()> {
    let at = state.clock.now();
    let removed = RoomUpdate::Removed {
        user_id: Some(person),
        reason,
        at,
    };
    let key = format!("out#{code}#{person}#{correlation_id}");
    state
        .broadcasts()?
        .publish(code, &key, at, removed, correlation_id)
        .await
}

#[cfg(test)]
use crate::contract::{BadRequest, Conflict, Forbidden, NotFound, Unauthorized};
