//! `/api/chats/{code}/join/`: suggests names, joins a room under one, and leaves it.

use std::sync::Arc;

use confab_aws::RateLimit;
use confab_core::{CorrelationId, Entropy, Error, Result, UserId};
use confab_lambda::{
    Response, Router,
    extract::{Json, Path, SourceIp},
    response,
};
use confab_worker::{Consistency, SaveOutcome};
use http::StatusCode;
use rooms_domain::{
    Membership, Person, RemovalReason, Room, RoomCode, RoomUpdate, Username, suggest_usernames,
};
use serde::{Deserialize, Serialize};
#[cfg(test)]
use ts_rs::TS;
#[cfg(test)]
use utoipa::ToSchema;

use crate::{
    extract::User,
    services::{
        room_access::{changed_meanwhile, last_seq},
        room_views::{publish_room, view_for},
    },
    state::{Part, State},
    store::{JoinOutcome, RoomForUser},
};

pub const PARTS: &[Part] = &[
    Part::Sessions,
    Part::Store,
    Part::Broadcasts,
    Part::Objects,
    Part::DynamoDbConnection,
];

/// Attempts at an access code.
const CODE_ATTEMPTS_PER_USER: u32 = 30;
const CODE_ATTEMPTS_PER_ADDRESS: u32 = 600;
/// Each name that a user had stays theirs.
const RENAMES_PER_USER: u32 = 10;
/// Each departure is broadcast.
const LEAVES_PER_USER: u32 = 60;
const MAX_CAS_ATTEMPTS: usize = 4;
const MAX_SUGGESTIONS: usize = 3;

#[derive(Deserialize)]
#[cfg_attr(test, derive(TS, ToSchema))]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, ts(rename = "Joining"))]
#[cfg_attr(test, schema(as = Joining))]
pub(crate) struct JoinRequest {
    #[cfg_attr(test, schema(min_length = 2, max_length = 24))]
    username: String,
    #[serde(default)]
    access_code: Option<String>,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(TS, ToSchema))]
#[cfg_attr(test, ts(rename = "Names"))]
#[cfg_attr(test, schema(as = Names))]
pub(crate) struct SuggestedNames {
    suggestions: Vec<Username>,
}

pub fn routes() -> Router<State> {
    Router::new()
        .route("GET /api/chats/{code}/join/", suggest_names)
        .route("POST /api/chats/{code}/join/", join_room)
        .route("DELETE /api/chats/{code}/join/", leave_room)
}

#[cfg_attr(test, utoipa::path(
    get,
    path = "/api/chats/{code}/join/",
    operation_id = "names",
    tag = "Rooms",
    params(("code" = RoomCode, Path)),
    responses(
        (status = 200, description = "Usernames that are available.", body = SuggestedNames),
        Unauthorized,
        NotFound,
    ),
    security(("session" = []))
))]
pub(crate) async fn suggest_names(
    state: Arc<State>,
    Path(code): Path<RoomCode>,
    User(user): User,
) -> Result<Response> {
    let store = state.store()?;
    store
        .load_room_for(code, Some(user), Consistency::Eventual)
        .await?;
    let names = suggest_usernames(state.entropy.bytes());
    let mut suggestions = store.available_names(code, names).await?;
    suggestions.truncate(MAX_SUGGESTIONS);
    response::json(StatusCode::OK, &SuggestedNames { suggestions })
}

#[cfg_attr(test, utoipa::path(
    post,
    path = "/api/chats/{code}/join/",
    operation_id = "joins",
    tag = "Rooms",
    params(("code" = RoomCode, Path)),
    request_body = JoinRequest,
    responses(
        (status = 200, description = "The room that was joined.", body = rooms_domain::RoomView),
        BadRequest,
        Unauthorized,
        Forbidden,
        NotFound,
        Conflict,
        RateLimited,
    ),
    security(("session" = []))
))]
pub(crate) async fn join_room(
    state: Arc<State>,
    Path(code): Path<RoomCode>,
    User(user): User,
    Json(join): Json<JoinRequest>,
    SourceIp(address): SourceIp,
    correlation_id: CorrelationId,
) -> Result<Response> {
    let store = state.store()?;
    let loaded = store
        .load_room_for(code, Some(user), Consistency::Strong)
        .await?;
    take_code_attempt(&state, &loaded, user, &address).await?;
    let access_code = join.access_code.as_deref();
    loaded
        .room
        .authorize_join(loaded.access, loaded.person.as_ref(), access_code)?;
    let person = joined_person(&state, &loaded, user, &join).await?;
    match store.join(code, loaded.person.as_ref(), &person).await? {
        JoinOutcome::Joined => {}
        JoinOutcome::NameTaken => {
            return Err(Error::conflict("name_taken", "This name is taken."));
        }
        JoinOutcome::Conflict => return Err(changed_meanwhile()),
    }
    let loaded = if loaded.room.host == user {
        rename_host(&state, code, &person, correlation_id).await?
    } else {
        loaded
    };
    let last_seq = last_seq(store, &loaded, correlation_id).await?;
    let joined = RoomForUser {
        access: loaded.room.access_level(Some(user), Some(&person)),
        person: Some(person),
        ..loaded
    };
    response::json(StatusCode::OK, &view_for(&state, &joined, last_seq)?)
}

/// Limits attempts at the access code of a private room. Members may join again freely.
async fn take_code_attempt(
    state: &State,
    loaded: &RoomForUser,
    user: UserId,
    address: &str,
) -> Result<()> {
    let is_member = loaded.person.as_ref().is_some_and(Person::is_member);
    if loaded.room.access_code.is_none() || is_member {
        return Ok(());
    }
    let (code, store) = (loaded.room.code, state.store()?);
    let (per_user, per_address) = (
        RateLimit::per_hour(CODE_ATTEMPTS_PER_USER),
        RateLimit::per_hour(CODE_ATTEMPTS_PER_ADDRESS),
    );
    store
        .take_token(per_user, &format!("join#{code}#{user}"))
        .await?;
    store
        .take_token(per_address, &format!("join#{code}#{address}"))
        .await
}

/// Returns the person as a member under the requested name. A new name takes a token.
async fn joined_person(
    state: &State,
    loaded: &RoomForUser,
    user: UserId,
    join: &JoinRequest,
) -> Result<Person> {
    let username = Username::parse(&join.username)?;
    let Some(was) = &loaded.person else {
        return Ok(Person::new(user, username, state.clock.now()));
    };
    if was.username != username {
        let key = format!("rename#{}#{user}", loaded.room.code);
        state
            .store()?
            .take_token(RateLimit::per_hour(RENAMES_PER_USER), &key)
            .await?;
    }
    Ok(Person {
        username,
        membership: Membership::Joined,
        ..was.clone()
    })
}

/// Writes the host's name into the room, and publishes the room. Published again on a retry: the first attempt may have
/// crashed before it did.
async fn rename_host(
    state: &State,
    code: RoomCode,
    host: &Person,
    correlation_id: CorrelationId,
) -> Result<RoomForUser> {
    let store = state.store()?;
    for _ in 0..MAX_CAS_ATTEMPTS {
        let mut loaded = store
            .load_room_for(code, Some(host.user_id), Consistency::Strong)
            .await?;
        if loaded.room.host_name != host.username {
            let room = Room {
                host_name: host.username.clone(),
                ..loaded.room.clone()
            };
            let saved = store.update_room(&room, loaded.version, false).await?;
            if saved == SaveOutcome::Conflict {
                continue;
            }
            loaded.room = room;
            loaded.version += 1;
        }
        let last_seq = last_seq(store, &loaded, correlation_id).await?;
        publish_room(state, &loaded, last_seq, correlation_id).await?;
        return Ok(loaded);
    }
    Err(changed_meanwhile())
}

#[cfg_attr(test, utoipa::path(
    delete,
    path = "/api/chats/{code}/join/",
    operation_id = "leaves",
    tag = "Rooms",
    params(("code" = RoomCode, Path)),
    responses(
        (status = 204, description = "The user has left."),
        Unauthorized,
        NotFound,
        RateLimited,
    ),
    security(("session" = []))
))]
pub(crate) async fn leave_room(
    state: Arc<State>,
    Path(code): Path<RoomCode>,
    User(user): User,
    correlation_id: CorrelationId,
) -> Result<Response> {
    let store = state.store()?;
    let loaded = store
        .load_room_for(code, Some(user), Consistency::Strong)
        .await?;
    if loaded.room.host == user {
        return Err(Error::conflict(
            "the_host",
            "The host cannot leave. Close the room instead.",
        ));
    }
    let may_leave = loaded
        .person
        .is_some_and(|person| person.membership != Membership::Banned);
    if may_leave {
        let limit = RateLimit::per_hour(LEAVES_PER_USER);
        store.take_token(limit, &format!("leave#{user}")).await?;
        let at = state.clock.now();
        store.remove_member(code, user, RemovalReason::Left).await?;
        let removed = RoomUpdate::Removed {
            user_id: Some(user),
            reason: RemovalReason::Left,
            at,
        };
        let key = format!("left#{code}#{user}#{correlation_id}");
        state
            .broadcasts()?
            .publish(code, &key, at, removed, correlation_id)
            .await?;
    }
    Ok(response::empty(StatusCode::NO_CONTENT))
}

#[cfg(test)]
use crate::contract::{BadRequest, Conflict, Forbidden, NotFound, RateLimited, Unauthorized};
