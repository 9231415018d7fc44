//! `/api/chats/create/`, `/api/chats/mine/` and `/api/chats/{code}/`: rooms.

use std::sync::Arc;

use confab_aws::RateLimit;
use confab_contracts::Event;
use confab_core::{Clock, Error, EventId, PhotoId, Result, UserId};
use confab_lambda::{ApiRequest, Response, response};
use confab_worker::{Consistency, SaveOutcome};
use http::{Method, StatusCode};
use rooms_domain::{
    AccessCode, Analysis, Change, Found, Live, News, PRODUCT, Person, Room, RoomClosed, RoomCode,
    RoomName, RoomPhoto, RoomView, Traits, Username, description,
};
use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;

use crate::{
    Lobby,
    services::photo_objects as pictures,
    services::post_message::{everybody_out, tell},
    services::session_auth::place,
    store::Visited,
};

#[derive(Deserialize, TS, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewRoom {
    #[schema(min_length = 2, max_length = 60)]
    name: String,
    #[schema(max_length = 300)]
    #[serde(default)]
    description: String,
    #[serde(default)]
    photo_id: Option<PhotoId>,
    #[schema(min_length = 2, max_length = 24)]
    username: String,
    #[serde(default)]
    is_private: bool,
    #[serde(default)]
    access_code: Option<String>,
    #[serde(default = "yes")]
    is_public: bool,
}

/// More than anybody talks in.
const NEW_PER_PERSON: u32 = 30;

fn yes() -> bool {
    true
}

#[derive(Serialize, TS, ToSchema)]
pub(crate) struct Mine {
    rooms: Vec<RoomView>,
}

pub async fn handle(deps: Arc<Lobby>, call: ApiRequest) -> Result<Response> {
    match (call.request.method(), call.last_segment()) {
        (&Method::POST, "create") => create(&deps, &call).await,
        (&Method::GET, "mine") => mine(&deps, &call).await,
        (&Method::GET, _) => show(&deps, &call).await,
        (&Method::PATCH, _) => change(&deps, &call).await,
        (&Method::DELETE, _) => close(&deps, &call).await,
        _ => Err(Error::not_found("route")),
    }
}

async fn create(deps: &Lobby, call: &ApiRequest) -> Result<Response> {
    let host = deps.rooms.doorman.caller(call).await?;
    let wanted: NewRoom = call.json()?;
    RateLimit::per_hour(NEW_PER_PERSON)
        .take(
            &deps.rooms.store.table,
            &format!("room#{host}"),
            deps.rooms.clock.now(),
        )
        .await?;
    let access_code = match (wanted.is_private, &wanted.access_code) {
        (false, None) => None,
        (true, Some(code)) => Some(AccessCode::parse(code)?),
        (true, None) => {
            return Err(Error::invalid(
                "bad_access_code",
                "A private room has an access code.",
            ));
        }
        (false, Some(_)) => {
            return Err(Error::invalid(
                "bad_access_code",
                "A room that is not private has no access code.",
            ));
        }
    };
    let now = deps.rooms.clock.now();
    let username = Username::parse(&wanted.username)?;
    let mut room = Room {
        code: RoomCode::new(&deps.rooms.entropy),
        name: RoomName::parse(&wanted.name)?,
        description: description(&wanted.description)?,
        host,
        host_name: username.clone(),
        created_at: now,
        is_public: wanted.is_public && access_code.is_none(),
        access_code,
        is_read_only: false,
        photo: None,
        pins: Vec::new(),
        back_room: None,
        front: None,
        closed_at: None,
    };
    let traits = match wanted.photo_id {
        Some(photo) => Some(with_photo(deps, host, &mut room, photo).await?),
        None => None,
    };
    let person = Person::new(host, username, now);
    while deps.rooms.store.create(&room, &person).await? == SaveOutcome::Conflict {
        room.code = RoomCode::new(&deps.rooms.entropy);
    }
    if let (Some(photo), Some(traits), true) = (wanted.photo_id, &traits, room.is_public) {
        deps.rooms.store.tell_of(room.code, photo, traits).await?;
    }
    let standing = room.standing(Some(host), Some(&person));
    let view = room.view(Some((standing, Some(&person))), Live::default());
    response::json(StatusCode::CREATED, &deps.with_photo(&room, view)?)
}

/// A photo is its owner's to begin a room with.
async fn with_photo(deps: &Lobby, host: UserId, room: &mut Room, photo: PhotoId) -> Result<Traits> {
    let missing = || Error::not_found("photo");
    let analysis = deps
        .rooms
        .store
        .photo(photo)
        .await?
        .filter(|photo| photo.owner.is_none_or(|owner| owner == host));
    let Analysis { until, found, .. } = analysis.ok_or_else(missing)?;
    let Found {
        width,
        height,
        thumbhash,
        traits,
        ..
    } = found.ok_or_else(missing)?;
    // Whoever sees the room learns what the photo is called: from now on it is somebody's.
    if !deps.rooms.store.adopt_photo(photo, host).await? {
        return Err(missing());
    }
    room.photo = Some(RoomPhoto {
        photo_id: photo,
        width,
        height,
        thumbhash,
        until,
    });
    Ok(traits)
}

impl Lobby {
    fn with_photo(&self, room: &Room, view: RoomView) -> Result<RoomView> {
        let photo = room
            .photo
            .as_ref()
            .filter(|photo| view.host.is_some() && photo.until > self.rooms.clock.now());
        let view_of = |photo: &RoomPhoto| {
            pictures::view(
                &self.objects,
                photo.photo_id,
                (photo.width, photo.height),
                &photo.thumbhash,
            )
        };
        Ok(RoomView {
            photo: photo.map(view_of).transpose()?,
            ..view
        })
    }

    /// As whoever visits sees it.
    pub(crate) fn shows(&self, visited: &Visited, last_seq: u64) -> Result<RoomView> {
        let live = Live {
            at: self.rooms.clock.now(),
            last_seq,
            online: visited.online,
        };
        let view = visited
            .room
            .view(Some((visited.standing, visited.person.as_ref())), live);
        self.with_photo(&visited.room, view)
    }

    /// Everybody hears that a room has changed. What was told of a version is told once.
    pub(crate) async fn announces(
        &self,
        changed: &Visited,
        last_seq: u64,
        call: &ApiRequest,
    ) -> Result<()> {
        let (code, at) = (changed.room.code, self.rooms.clock.now());
        let view = changed.room.view(
            None,
            Live {
                at,
                last_seq,
                online: changed.online,
            },
        );
        let news = News::Room {
            room: Box::new(self.with_photo(&changed.room, view)?),
        };
        let once = format!("room#{code}#{}", changed.version);
        tell(
            &self.rooms.broadcasts,
            code,
            &once,
            at,
            news,
            call.correlation_id,
        )
        .await
    }
}

async fn mine(deps: &Lobby, call: &ApiRequest) -> Result<Response> {
    let user = deps.rooms.doorman.caller(call).await?;
    let codes = deps.rooms.store.mine(user).await?;
    let mut visits = deps.rooms.store.visits(&codes, user).await?;
    visits.sort_by_key(|visited| {
        std::cmp::Reverse(visited.person.as_ref().map(|person| person.joined_at))
    });
    let latest = visits.iter().map(|visited| {
        deps.rooms
            .store
            .last_seq(visited.room.code, call.correlation_id)
    });
    let latest = futures::future::try_join_all(latest).await?;
    let mut rooms = Vec::new();
    for (mut visited, last_seq) in visits.into_iter().zip(latest) {
        // Where nothing is kept nothing is left to read.
        if let (None, Some(person)) = (last_seq, &mut visited.person) {
            person.read_seq = person.read_seq.map(|_| visited.reserved);
        }
        rooms.push(deps.shows(&visited, last_seq.unwrap_or(visited.reserved))?);
    }
    response::json(StatusCode::OK, &Mine { rooms })
}

async fn show(deps: &Lobby, call: &ApiRequest) -> Result<Response> {
    let (code, user) = (place(call)?.0, deps.rooms.doorman.guest(call).await?);
    let visited = deps
        .rooms
        .store
        .visit(code, user, Consistency::Eventual)
        .await?;
    if visited.standing == rooms_domain::Standing::Banned {
        return Err(Error::not_found("room"));
    }
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
    response::json(StatusCode::OK, &deps.shows(&visited, last_seq)?)
}

async fn change(deps: &Lobby, call: &ApiRequest) -> Result<Response> {
    let (code, user) = (place(call)?.0, deps.rooms.doorman.caller(call).await?);
    let visited = deps
        .rooms
        .store
        .visit(code, Some(user), Consistency::Strong)
        .await?;
    visited.room.lets_host(visited.standing)?;
    let change: Change = call.json()?;
    let room = visited.room.clone().changed(&change)?;
    let closes_to_readers =
        (change.is_public.is_some() || change.access_code.is_some()) && !room.has_readers();
    if !deps
        .rooms
        .store
        .change(&room, visited.version, closes_to_readers)
        .await?
    {
        return Err(Error::conflict(
            "changed_meanwhile",
            "The room was changed meanwhile. Look again.",
        ));
    }
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
    let changed = Visited {
        room,
        version: visited.version + 1,
        ..visited
    };
    deps.announces(&changed, last_seq, call).await?;
    // Said again whoever tries again: who asked for it may have died before it was told.
    if closes_to_readers {
        let (at, once) = (
            deps.rooms.clock.now(),
            format!("members#{code}#{}", changed.version),
        );
        tell(
            &deps.rooms.broadcasts,
            code,
            &once,
            at,
            News::MembersOnly { at },
            call.correlation_id,
        )
        .await?;
    }
    response::json(StatusCode::OK, &deps.shows(&changed, last_seq)?)
}

/// It is told before it is done: whoever hears of it does what is left of it, so that it happens whole even if this
/// process dies.
async fn close(deps: &Lobby, call: &ApiRequest) -> Result<Response> {
    let (code, user) = (place(call)?.0, deps.rooms.doorman.caller(call).await?);
    let visited = deps
        .rooms
        .store
        .visit_even_closed(code, Some(user), Consistency::Strong)
        .await?;
    visited.room.lets_host(visited.standing)?;
    if visited.room.front.is_some() {
        return Err(Error::conflict(
            "behind_another",
            "A back room closes with the room in front of it.",
        ));
    }
    let now = deps.rooms.clock.now();
    let cause = format!("closed#{code}");
    let closed = RoomClosed { code };
    let event = Event::new(
        EventId::of_event(&cause),
        now,
        PRODUCT,
        call.correlation_id,
        cause,
        closed,
    );
    deps.rooms.bus.publish(&[event]).await?;
    if visited.room.closed_at.is_none() {
        // When it was changed meanwhile, whoever hears of it closes it.
        deps.rooms
            .store
            .close(&visited.room, visited.version, now)
            .await?;
    }
    everybody_out(
        &deps.rooms.broadcasts,
        &visited.room,
        now,
        call.correlation_id,
    )
    .await?;
    Ok(response::empty(StatusCode::NO_CONTENT))
}
