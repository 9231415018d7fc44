//! `/api/chats/create/`, `/api/chats/mine/` and `/api/chats/{code}/`: rooms.

use std::{cmp::Reverse, sync::Arc};

use confab_aws::RateLimit;
use confab_contracts::Event;
use confab_core::{CorrelationId, Error, EventId, PhotoId, Result, UserId};
use confab_lambda::{
    Response, Router,
    extract::{Json, Path},
    response,
};
use confab_worker::{Consistency, SaveOutcome};
use futures::future::try_join_all;
use http::StatusCode;
use rooms_domain::{
    AccessCode, AccessLevel, PRODUCT, Person, PhotoFeatures, Room, RoomChange, RoomClosed,
    RoomCode, RoomName, RoomPhoto, RoomUpdate, RoomView, Username, parse_description,
};
use serde::{Deserialize, Serialize};
#[cfg(test)]
use ts_rs::TS;
#[cfg(test)]
use utoipa::ToSchema;

use crate::{
    extract::{OptionalUser, User},
    services::{
        room_access::last_seq,
        room_views::{publish_room, view_for},
    },
    state::{Part, State},
    store::RoomForUser,
};

pub const PARTS: &[Part] = &[
    Part::Sessions,
    Part::Store,
    Part::Broadcasts,
    Part::Bus,
    Part::Objects,
    Part::DynamoDbConnection,
];

const NEW_ROOMS_PER_USER: u32 = 30;

#[derive(Deserialize)]
#[cfg_attr(test, derive(TS, ToSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct NewRoom {
    #[cfg_attr(test, schema(min_length = 2, max_length = 60))]
    name: String,
    #[cfg_attr(test, schema(max_length = 300))]
    #[serde(default)]
    description: String,
    #[serde(default)]
    photo_id: Option<PhotoId>,
    #[cfg_attr(test, schema(min_length = 2, max_length = 24))]
    username: String,
    #[serde(default)]
    is_private: bool,
    #[serde(default)]
    access_code: Option<String>,
    #[serde(default = "default_is_public")]
    is_public: bool,
}

fn default_is_public() -> bool {
    true
}

#[derive(Serialize)]
#[cfg_attr(test, derive(TS, ToSchema))]
#[cfg_attr(test, ts(rename = "Mine"))]
#[cfg_attr(test, schema(as = Mine))]
pub(crate) struct MyRooms {
    rooms: Vec<RoomView>,
}

pub fn routes() -> Router<State> {
    Router::new()
        .route("POST /api/chats/create/", create_room)
        .route("GET /api/chats/mine/", list_my_rooms)
        .route("GET /api/chats/{code}/", show_room)
        .route("PATCH /api/chats/{code}/", change_room)
        .route("DELETE /api/chats/{code}/", close_room)
}

#[cfg_attr(test, utoipa::path(
    post,
    path = "/api/chats/create/",
    operation_id = "creates",
    tag = "Rooms",
    request_body = NewRoom,
    responses(
        (status = 201, description = "The new room. Its creator is the host.", body = RoomView),
        BadRequest,
        Unauthorized,
        NotFound,
        Conflict,
        RateLimited,
    ),
    security(("session" = []))
))]
pub(crate) async fn create_room(
    state: Arc<State>,
    User(host): User,
    Json(new): Json<NewRoom>,
) -> Result<Response> {
    let store = state.store()?;
    store
        .take_token(
            RateLimit::per_hour(NEW_ROOMS_PER_USER),
            &format!("room#{host}"),
        )
        .await?;
    let mut room = new_room(&state, host, &new)?;
    let features = match new.photo_id {
        Some(photo) => Some(attach_photo(&state, &mut room, photo).await?),
        None => None,
    };
    let person = Person::new(host, room.host_name.clone(), room.created_at);
    while store.create_room(&room, &person).await? == SaveOutcome::Conflict {
        room.code = RoomCode::new(&state.entropy);
    }
    if let (Some(photo), Some(features), true) = (new.photo_id, &features, room.is_public) {
        store.index_recent_room(room.code, photo, features).await?;
    }
    let created = RoomForUser {
        access: room.access_level(Some(host), Some(&person)),
        room,
        version: 1,
        reserved_seq: 0,
        online: 0,
        counted_at_ms: 0,
        person: Some(person),
    };
    response::json(StatusCode::CREATED, &view_for(&state, &created, 0)?)
}

fn new_room(state: &State, host: UserId, new: &NewRoom) -> Result<Room> {
    let access_code = parse_access_code(new)?;
    let host_name = Username::parse(&new.username)?;
    Ok(Room {
        code: RoomCode::new(&state.entropy),
        name: RoomName::parse(&new.name)?,
        description: parse_description(&new.description)?,
        host,
        host_name,
        created_at: state.clock.now(),
        is_public: new.is_public && access_code.is_none(),
        access_code,
        is_read_only: false,
        photo: None,
        pins: Vec::new(),
        back_room: None,
        front: None,
        closed_at: None,
    })
}

fn parse_access_code(new: &NewRoom) -> Result<Option<AccessCode>> {
    match (new.is_private, &new.access_code) {
        (false, None) => Ok(None),
        (true, Some(code)) => AccessCode::parse(code).map(Some),
        (true, None) => Err(Error::invalid(
            "bad_access_code",
            "A private room needs an access code.",
        )),
        (false, Some(_)) => Err(Error::invalid(
            "bad_access_code",
            "Only a private room can have an access code.",
        )),
    }
}

/// Attaches an analyzed photo to a new room. The host becomes the owner of a photo without one, because everyone who
/// sees the room learns the photo's id.
async fn attach_photo(state: &State, room: &mut Room, photo: PhotoId) -> Result<PhotoFeatures> {
    let missing = || Error::not_found("photo");
    let (store, host) = (state.store()?, room.host);
    let analysis = store
        .find_analysis(photo)
        .await?
        .filter(|analysis| analysis.owner.is_none_or(|owner| owner == host))
        .ok_or_else(missing)?;
    let findings = analysis.findings.ok_or_else(missing)?;
    if !store.set_photo_owner(photo, host).await? {
        return Err(missing());
    }
    room.photo = Some(RoomPhoto {
        photo_id: photo,
        width: findings.width,
        height: findings.height,
        thumbhash: findings.thumbhash,
        until: analysis.until,
    });
    Ok(findings.features)
}

#[cfg_attr(test, utoipa::path(
    get,
    path = "/api/chats/mine/",
    operation_id = "lists_mine",
    tag = "Rooms",
    responses((status = 200, description = "The user's rooms, latest first.", body = MyRooms), Unauthorized),
    security(("session" = []))
))]
pub(crate) async fn list_my_rooms(
    state: Arc<State>,
    User(user): User,
    correlation_id: CorrelationId,
) -> Result<Response> {
    let store = state.store()?;
    let codes = store.list_rooms_of(user).await?;
    let mut loaded = store.find_rooms_for(&codes, user).await?;
    loaded.sort_by_key(|loaded| Reverse(loaded.person.as_ref().map(|person| person.joined_at)));
    let newest = loaded
        .iter()
        .map(|loaded| store.newest_seq(loaded.room.code, correlation_id));
    let newest = try_join_all(newest).await?;
    let mut rooms = Vec::new();
    for (mut loaded, newest) in loaded.into_iter().zip(newest) {
        // Once all messages have expired, none is left to read.
        if let (None, Some(person)) = (newest, &mut loaded.person) {
            person.read_seq = person.read_seq.map(|_| loaded.reserved_seq);
        }
        let last_seq = newest.unwrap_or(loaded.reserved_seq);
        rooms.push(view_for(&state, &loaded, last_seq)?);
    }
    response::json(StatusCode::OK, &MyRooms { rooms })
}

#[cfg_attr(test, utoipa::path(
    get,
    path = "/api/chats/{code}/",
    operation_id = "shows",
    tag = "Rooms",
    params(("code" = RoomCode, Path)),
    responses(
        (status = 200, description = "The room, as far as the user may see it.", body = RoomView),
        Unauthorized,
        NotFound,
    ),
    security((), ("session" = []))
))]
pub(crate) async fn show_room(
    state: Arc<State>,
    Path(code): Path<RoomCode>,
    OptionalUser(user): OptionalUser,
    correlation_id: CorrelationId,
) -> Result<Response> {
    let store = state.store()?;
    let loaded = store
        .load_room_for(code, user, Consistency::Eventual)
        .await?;
    // A stranger learns the room's name, to enter its access code. A banned user learns nothing.
    if loaded.access == AccessLevel::Banned {
        return Err(Error::not_found("room"));
    }
    let last_seq = last_seq(store, &loaded, correlation_id).await?;
    response::json(StatusCode::OK, &view_for(&state, &loaded, last_seq)?)
}

#[cfg_attr(test, utoipa::path(
    patch,
    path = "/api/chats/{code}/",
    operation_id = "changes",
    tag = "Rooms",
    params(("code" = RoomCode, Path)),
    request_body = RoomChange,
    responses(
        (status = 200, description = "The changed room.", body = RoomView),
        BadRequest,
        Unauthorized,
        Forbidden,
        NotFound,
        Conflict,
    ),
    security(("session" = []))
))]
pub(crate) async fn change_room(
    state: Arc<State>,
    Path(code): Path<RoomCode>,
    User(user): User,
    Json(change): Json<RoomChange>,
    correlation_id: CorrelationId,
) -> Result<Response> {
    let store = state.store()?;
    let loaded = store
        .load_room_for(code, Some(user), Consistency::Strong)
        .await?;
    loaded.room.authorize_host(loaded.access)?;
    let room = loaded.room.clone().with_change(&change)?;
    let restricts = change.is_public.is_some() || change.access_code.is_some();
    let removes_readers = restricts && !room.is_open_to_readers();
    let saved = store
        .update_room(&room, loaded.version, removes_readers)
        .await?;
    if saved == SaveOutcome::Conflict {
        return Err(Error::conflict(
            "changed_meanwhile",
            "The room has changed in the meantime. Reload it and try again.",
        ));
    }
    let changed = RoomForUser {
        room,
        version: loaded.version + 1,
        ..loaded
    };
    let last_seq = last_seq(store, &changed, correlation_id).await?;
    publish_room(&state, &changed, last_seq, correlation_id).await?;
    if removes_readers {
        publish_readers_removed(&state, &changed, correlation_id).await?;
    }
    response::json(StatusCode::OK, &view_for(&state, &changed, last_seq)?)
}

/// Removes all users who are not members. Also published when a retried change restricts nothing more, because the
/// first attempt may have crashed before it published.
async fn publish_readers_removed(
    state: &State,
    changed: &RoomForUser,
    correlation_id: CorrelationId,
) -> Result<()> {
    let (code, at) = (changed.room.code, state.clock.now());
    let key = format!("members#{code}#{}", changed.version);
    state
        .broadcasts()?
        .publish(
            code,
            &key,
            at,
            RoomUpdate::ReadersRemoved { at },
            correlation_id,
        )
        .await
}

#[cfg_attr(test, utoipa::path(
    delete,
    path = "/api/chats/{code}/",
    operation_id = "closes",
    tag = "Rooms",
    params(("code" = RoomCode, Path)),
    responses(
        (status = 204, description = "The room is closed."),
        Unauthorized,
        Forbidden,
        NotFound,
        Conflict,
    ),
    security(("session" = []))
))]
pub(crate) async fn close_room(
    state: Arc<State>,
    Path(code): Path<RoomCode>,
    User(user): User,
    correlation_id: CorrelationId,
) -> Result<Response> {
    let store = state.store()?;
    let loaded = store
        .load_room_even_closed(code, Some(user), Consistency::Strong)
        .await?;
    loaded.room.authorize_host(loaded.access)?;
    if loaded.room.front.is_some() {
        return Err(Error::conflict(
            "behind_another",
            "A back room closes together with its front room.",
        ));
    }
    // The event comes first: its worker completes the closing even if this process crashes.
    let now = state.clock.now();
    let cause = format!("closed#{code}");
    let event = Event::new(
        EventId::of_event(&cause),
        now,
        PRODUCT,
        correlation_id,
        cause,
        RoomClosed { code },
    );
    state.bus()?.publish(&[event]).await?;
    if loaded.room.closed_at.is_none() {
        // After a conflict, the worker closes the room.
        store.close_room(&loaded.room, loaded.version, now).await?;
    }
    state
        .broadcasts()?
        .publish_room_closed(&loaded.room, now, correlation_id)
        .await?;
    Ok(response::empty(StatusCode::NO_CONTENT))
}

#[cfg(test)]
use crate::contract::{BadRequest, Conflict, Forbidden, NotFound, RateLimited, Unauthorized};
