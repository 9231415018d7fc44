//! Samples for unit tests.

use confab_core::{CorrelationId, Timestamp, UserId};
use rooms_domain::{Person, Room, RoomCode, RoomName, Username};

use crate::store::RoomForUser;

pub(crate) fn user(number: u8) -> UserId {
    UserId::new(Timestamp::UNIX_EPOCH, &move || [number; 10])
}

pub(crate) fn correlation_id() -> CorrelationId {
    CorrelationId::new(Timestamp::UNIX_EPOCH, &|| [7; 10])
}

pub(crate) fn code() -> RoomCode {
    RoomCode::new(&|| [1; 10])
}

pub(crate) fn person(number: u8) -> Person {
    let username = Username::parse(&format!("Person {number}")).unwrap();
    Person::new(user(number), username, Timestamp::UNIX_EPOCH)
}

/// A public room that the first user hosts.
pub(crate) fn room() -> Room {
    Room {
        code: code(),
        name: RoomName::parse("Roof at dusk").unwrap(),
        description: String::new(),
        host: user(1),
        host_name: person(1).username,
        created_at: Timestamp::UNIX_EPOCH,
        access_code: None,
        is_public: true,
        is_read_only: false,
        photo: None,
        pins: Vec::new(),
        back_room: None,
        front: None,
        closed_at: None,
    }
}

/// A loaded room, for a person whose membership decides their access.
pub(crate) fn loaded_for(room: Room, person: Option<Person>) -> RoomForUser {
    let user = person.as_ref().map(|person| person.user_id);
    RoomForUser {
        access: room.access_level(user, person.as_ref()),
        room,
        version: 1,
        reserved_seq: 0,
        online: 0,
        counted_at_ms: 0,
        person,
    }
}
