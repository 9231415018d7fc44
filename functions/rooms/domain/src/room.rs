//! A room, and what each access level may do in it.

use confab_core::{Error, Kind, Money, PhotoId, Private, Result, Timestamp, UserId, length};
use serde::{Deserialize, Serialize};
#[cfg(feature = "contract")]
use ts_rs::TS;
#[cfg(feature = "contract")]
use utoipa::ToSchema;

use crate::{PaidPin, Person, RoomCode, RoomName, Username, name::normalize, person::Membership};

const MAX_DESCRIPTION_CHARS: usize = 300;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Room {
    pub code: RoomCode,
    pub name: RoomName,
    #[serde(default)]
    pub description: String,
    pub host: UserId,
    pub host_name: Username,
    pub created_at: Timestamp,
    /// Required to join a private room.
    #[serde(default)]
    pub access_code: Option<AccessCode>,
    /// Non-members may read it, unless it is private.
    #[serde(default)]
    pub is_public: bool,
    #[serde(default)]
    pub is_read_only: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub photo: Option<RoomPhoto>,
    /// All paid pins; the highest is shown, the others are covered.
    #[serde(default)]
    pub pins: Vec<PaidPin>,
    /// The back room of this room, entered by paying.
    #[serde(default)]
    pub back_room: Option<RoomCode>,
    /// The front room, if this is a back room.
    #[serde(default)]
    pub front: Option<RoomCode>,
    /// A closed room is not found any more, and its rows are being deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed_at: Option<Timestamp>,
}

/// The photo that a room was created with, until it expires.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RoomPhoto {
    pub photo_id: PhotoId,
    pub width: u32,
    pub height: u32,
    pub thumbhash: String,
    pub until: Timestamp,
}

/// The access code of a private room, compared case-sensitively after normalization.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AccessCode(String);

impl std::fmt::Debug for AccessCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("AccessCode(..)")
    }
}

impl AccessCode {
    pub fn parse(text: &str) -> Result<Self> {
        let code = normalize(text);
        if !(4..=40).contains(&length(&code)) {
            return Err(Error::invalid(
                "bad_access_code",
                "An access code needs 4 to 40 characters.",
            ));
        }
        Ok(Self(code))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What a user may do in a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccessLevel {
    Host,
    Member,
    /// May read without being a member.
    Reader,
    Stranger,
    Banned,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "contract", derive(TS, ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Role {
    Host,
    Member,
    Reader,
    Stranger,
}

/// What its host changes about a room; what is absent stays.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[cfg_attr(feature = "contract", derive(TS, ToSchema))]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(feature = "contract", ts(rename = "Change"))]
#[cfg_attr(feature = "contract", schema(as = Change))]
pub struct RoomChange {
    pub name: Option<String>,
    pub description: Option<String>,
    pub is_read_only: Option<bool>,
    pub is_public: Option<bool>,
    /// An empty one opens the room.
    pub access_code: Option<String>,
}

pub fn parse_description(text: &str) -> Result<String> {
    let text = normalize(text);
    if length(&text) > MAX_DESCRIPTION_CHARS {
        return Err(Error::invalid(
            "too_long",
            "A description can have at most 300 characters.",
        ));
    }
    Ok(text)
}

impl Room {
    pub fn access_level(&self, user: Option<UserId>, person: Option<&Person>) -> AccessLevel {
        let is_member = person.is_some_and(Person::is_member);
        match user {
            _ if person.is_some_and(|person| person.membership == Membership::Banned) => {
                AccessLevel::Banned
            }
            Some(user) if user == self.host && is_member => AccessLevel::Host,
            Some(_) if is_member => AccessLevel::Member,
            _ if self.is_open_to_readers() => AccessLevel::Reader,
            _ => AccessLevel::Stranger,
        }
    }

    /// Returns 404 rather than 403, so that a private room's existence is not disclosed.
    pub fn authorize_read(&self, access: AccessLevel) -> Result<()> {
        match access {
            AccessLevel::Host | AccessLevel::Member | AccessLevel::Reader => Ok(()),
            AccessLevel::Stranger | AccessLevel::Banned => Err(Error::not_found("room")),
        }
    }

    pub fn authorize_host(&self, access: AccessLevel) -> Result<()> {
        match access {
            AccessLevel::Host => Ok(()),
            AccessLevel::Member | AccessLevel::Reader => {
                Err(Error::forbidden("Only the host can do this."))
            }
            AccessLevel::Stranger | AccessLevel::Banned => Err(Error::not_found("room")),
        }
    }

    /// Allows the host to post even where members may not.
    pub fn authorize_write(&self, access: AccessLevel, person: Option<&Person>) -> Result<()> {
        match access {
            AccessLevel::Host => Ok(()),
            AccessLevel::Stranger | AccessLevel::Banned => Err(Error::not_found("room")),
            AccessLevel::Reader => forbidden("not_a_member", "Join the room to post messages."),
            AccessLevel::Member if person.is_some_and(|person| person.is_muted) => {
                forbidden("muted", "The host has muted you.")
            }
            AccessLevel::Member if self.is_read_only => {
                forbidden("read_only", "Only the host can post in this room now.")
            }
            AccessLevel::Member => Ok(()),
        }
    }

    /// Allows muted members to pay, and refuses hosts, who would pay themselves.
    pub fn authorize_payment(&self, access: AccessLevel) -> Result<()> {
        match access {
            AccessLevel::Member => Ok(()),
            AccessLevel::Host => Err(Error::conflict("the_host", "You are the host.")),
            AccessLevel::Reader => forbidden("not_a_member", "Join the room first."),
            AccessLevel::Stranger | AccessLevel::Banned => Err(Error::not_found("room")),
        }
    }

    pub fn is_private(&self) -> bool {
        self.access_code.is_some() || self.front.is_some()
    }

    /// Whether non-members may read the room.
    pub fn is_open_to_readers(&self) -> bool {
        self.is_public && !self.is_private()
    }

    /// Checks the access code, or the paid entrance of a back room, which admits again after leaving.
    pub fn authorize_join(
        &self,
        access: AccessLevel,
        person: Option<&Person>,
        access_code: Option<&str>,
    ) -> Result<()> {
        let has_paid = person.is_some_and(|person| person.back_room_order.is_some());
        match (access, &self.access_code) {
            (AccessLevel::Banned, _) => forbidden("banned", "You have been banned from this room."),
            (AccessLevel::Stranger, _) if self.front.is_some() && !has_paid => {
                forbidden("not_paid", "Pay for the entrance in the front room first.")
            }
            (AccessLevel::Host | AccessLevel::Member, _) | (_, None) => Ok(()),
            (_, Some(expected))
                if access_code.is_some_and(|given| {
                    constant_time_eq(&normalize(given), expected.as_str())
                }) =>
            {
                Ok(())
            }
            _ => forbidden("wrong_access_code", "The access code is wrong."),
        }
    }

    pub fn with_change(mut self, change: &RoomChange) -> Result<Self> {
        if self.front.is_some() && (change.is_public == Some(true) || change.access_code.is_some())
        {
            return Err(Error::invalid(
                "paid_entrance",
                "A back room can only be entered by paying.",
            ));
        }
        if let Some(name) = &change.name {
            self.name = RoomName::parse(name)?;
        }
        if let Some(text) = &change.description {
            self.description = parse_description(text)?;
        }
        if let Some(access_code) = &change.access_code {
            self.access_code = if access_code.is_empty() {
                None
            } else {
                Some(AccessCode::parse(access_code)?)
            };
        }
        self.is_read_only = change.is_read_only.unwrap_or(self.is_read_only);
        self.is_public = change.is_public.unwrap_or(self.is_public);
        Ok(self)
    }

    pub fn view(
        &self,
        access: Option<(AccessLevel, Option<&Person>)>,
        live: RoomActivity,
    ) -> RoomView {
        let is_readable = access.is_none_or(|(access, _)| self.authorize_read(access).is_ok());
        let may_enter_back_room = access.is_some_and(|(access, person)| {
            access == AccessLevel::Host
                || person
                    .is_some_and(|person| person.back_room_order.is_some() && person.is_member())
        });
        let if_readable = |text: &str| {
            if is_readable {
                text.to_owned()
            } else {
                String::new()
            }
        };
        RoomView {
            code: self.code,
            name: self.name.as_str().to_owned(),
            description: if_readable(&self.description),
            host: is_readable.then(|| HostView {
                user_id: self.host,
                username: self.host_name.clone(),
            }),
            created_at: is_readable.then_some(self.created_at),
            is_private: self.is_private(),
            is_public: self.is_public,
            is_read_only: self.is_read_only,
            last_seq: if is_readable { live.last_seq } else { 0 },
            online: if is_readable { live.online } else { 0 },
            photo: None,
            pin: self.pin_view(live.at).filter(|_| is_readable),
            back_room: self.back_room.filter(|_| is_readable).map(|code| BackRoom {
                code: may_enter_back_room.then_some(code),
            }),
            front: self.front,
            you: access.map(|(access, person)| Viewer::of(access, person)),
        }
    }
}

fn forbidden(code: &'static str, message: &'static str) -> Result<()> {
    Err(Error::new(Kind::Forbidden, code, message))
}

/// Compares in time that does not depend on where the texts differ.
fn constant_time_eq(given: &str, expected: &str) -> bool {
    let (given, expected) = (given.as_bytes(), expected.as_bytes());
    let differences = (0..expected.len()).fold(0, |seen, i| {
        seen | (expected[i] ^ given.get(i).copied().unwrap_or(!expected[i]))
    });
    given.len() == expected.len() && differences == 0
}

/// What a room's view shows of the moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RoomActivity {
    pub at: Timestamp,
    pub last_seq: u64,
    pub online: u32,
}

/// A room as clients see it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "contract", derive(TS, ToSchema))]
pub struct RoomView {
    pub code: RoomCode,
    pub name: String,
    pub description: String,
    pub host: Option<HostView>,
    pub created_at: Option<Timestamp>,
    pub is_private: bool,
    pub is_public: bool,
    pub is_read_only: bool,
    pub last_seq: u64,
    pub online: u32,
    pub photo: Option<PhotoView>,
    pub pin: Option<Pin>,
    #[serde(default)]
    pub back_room: Option<BackRoom>,
    /// The room whose members may buy the entrance, for users who may not enter yet.
    #[serde(default)]
    pub front: Option<RoomCode>,
    /// The user who requested the view. Missing in broadcasts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "contract", ts(optional))]
    pub you: Option<Viewer>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "contract", derive(TS, ToSchema))]
pub struct HostView {
    pub user_id: UserId,
    pub username: Username,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "contract", derive(TS, ToSchema))]
pub struct PhotoView {
    pub url: String,
    pub small_url: String,
    pub width: u32,
    pub height: u32,
    pub thumbhash: String,
}

/// A message that a user paid to keep at the top.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "contract", derive(TS, ToSchema))]
pub struct Pin {
    pub seq: u64,
    pub username: Username,
    pub text: Private<String>,
    pub until: Timestamp,
    pub price: Money,
    pub next_price: Option<Money>,
}

/// The back room. Its code is shown to users who may enter.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "contract", derive(TS, ToSchema))]
pub struct BackRoom {
    pub code: Option<RoomCode>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "contract", derive(TS, ToSchema))]
#[cfg_attr(feature = "contract", ts(rename = "You"))]
#[cfg_attr(feature = "contract", schema(as = You))]
pub struct Viewer {
    pub role: Role,
    pub username: Option<Username>,
    pub is_muted: bool,
    /// The highest message number that the user's devices have shown.
    #[serde(default)]
    pub read_seq: Option<u64>,
}

impl Viewer {
    fn of(access: AccessLevel, person: Option<&Person>) -> Self {
        let role = match access {
            AccessLevel::Host => Role::Host,
            AccessLevel::Member => Role::Member,
            AccessLevel::Reader => Role::Reader,
            AccessLevel::Stranger | AccessLevel::Banned => Role::Stranger,
        };
        let member = person.filter(|person| person.is_member());
        Self {
            role,
            username: member.map(|person| person.username.clone()),
            is_muted: member.is_some_and(|person| person.is_muted),
            read_seq: member.and_then(|person| person.read_seq),
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    fn user(number: u8) -> UserId {
        UserId::new(Timestamp::UNIX_EPOCH, &move || [number; 10])
    }

    fn person(number: u8, membership: Membership) -> Person {
        let username = Username::parse("Dana").unwrap();
        Person {
            membership,
            ..Person::new(user(number), username, Timestamp::UNIX_EPOCH)
        }
    }

    pub(crate) fn room() -> Room {
        Room {
            code: RoomCode::new(&|| [1; 10]),
            name: RoomName::parse("Roof at dusk").unwrap(),
            description: "Above the market".into(),
            host: user(1),
            host_name: Username::parse("Omer").unwrap(),
            created_at: Timestamp::UNIX_EPOCH,
            access_code: None,
            is_public: true,
            is_read_only: false,
            photo: None,
            pins: vec![],
            back_room: None,
            front: None,
            closed_at: None,
        }
    }

    fn code(error: Result<()>) -> String {
        error.map_or_else(|error| error.code().to_owned(), |()| "yes".into())
    }

    /// For each room and person: may they read, write, host?
    #[test]
    fn access_levels_decide_who_reads_writes_and_hosts() {
        let public = room();
        let private = Room {
            access_code: Some(AccessCode::parse("open sesame").unwrap()),
            ..room()
        };
        let hidden = Room {
            is_public: false,
            ..room()
        };
        let read_only = Room {
            is_read_only: true,
            ..room()
        };
        let (joined, left, banned) = (Membership::Joined, Membership::Left, Membership::Banned);
        for (room, number, membership, expected) in [
            (&public, 1, Some(joined), ["yes", "yes", "yes"]),
            (&public, 2, Some(joined), ["yes", "yes", "forbidden"]),
            (&public, 2, Some(left), ["yes", "not_a_member", "forbidden"]),
            (&public, 2, None, ["yes", "not_a_member", "forbidden"]),
            (
                &public,
                2,
                Some(banned),
                ["room_not_found", "room_not_found", "room_not_found"],
            ),
            (&private, 2, Some(joined), ["yes", "yes", "forbidden"]),
            (
                &private,
                2,
                None,
                ["room_not_found", "room_not_found", "room_not_found"],
            ),
            (
                &hidden,
                2,
                None,
                ["room_not_found", "room_not_found", "room_not_found"],
            ),
            (&read_only, 1, Some(joined), ["yes", "yes", "yes"]),
            (
                &read_only,
                2,
                Some(joined),
                ["yes", "read_only", "forbidden"],
            ),
        ] {
            let person = membership.map(|membership| person(number, membership));
            let access = room.access_level(Some(user(number)), person.as_ref());
            let found = [
                room.authorize_read(access),
                room.authorize_write(access, person.as_ref()),
                room.authorize_host(access),
            ];
            assert_eq!(
                found.map(code),
                expected,
                "{number} {membership:?} {access:?}"
            );
        }
        let muted = Person {
            is_muted: true,
            ..person(2, joined)
        };
        let access = public.access_level(Some(user(2)), Some(&muted));
        assert_eq!(code(public.authorize_write(access, Some(&muted))), "muted");
        assert_eq!(public.access_level(None, None), AccessLevel::Reader);
    }

    #[test]
    fn private_rooms_are_joined_with_the_exact_access_code() {
        let private = Room {
            access_code: Some(AccessCode::parse("open sesame").unwrap()),
            ..room()
        };
        let join_with = |code| private.authorize_join(AccessLevel::Stranger, None, code);
        assert!(join_with(Some(" open sesame ")).is_ok());
        for wrong in [
            None,
            Some(""),
            Some("open"),
            Some("open sesamE"),
            Some("open sesame!"),
        ] {
            assert_eq!(code(join_with(wrong)), "wrong_access_code", "{wrong:?}");
        }
        assert!(
            private
                .authorize_join(AccessLevel::Member, None, None)
                .is_ok(),
            "members do not need the code"
        );
        assert_eq!(
            code(private.authorize_join(AccessLevel::Banned, None, Some("open sesame"))),
            "banned"
        );
    }

    #[test]
    fn strangers_see_only_the_name_of_a_private_room() {
        let private = Room {
            access_code: Some(AccessCode::parse("open sesame").unwrap()),
            ..room()
        };
        let live = RoomActivity {
            last_seq: 7,
            online: 3,
            ..RoomActivity::default()
        };
        let view = private.view(Some((AccessLevel::Stranger, None)), live);
        assert_eq!(
            (
                view.description.as_str(),
                view.host,
                view.last_seq,
                view.online
            ),
            ("", None, 0, 0)
        );
        let view = private.view(
            Some((AccessLevel::Host, Some(&person(1, Membership::Joined)))),
            live,
        );
        assert_eq!((view.last_seq, view.you.unwrap().role), (7, Role::Host));
        assert!(
            !serde_json::to_string(&private.view(None, live))
                .unwrap()
                .contains("sesame")
        );
    }

    #[test]
    fn an_invalid_change_changes_nothing() {
        let wrong = RoomChange {
            name: Some("x".into()),
            is_read_only: Some(true),
            ..RoomChange::default()
        };
        assert!(room().with_change(&wrong).is_err());
        let right = RoomChange {
            access_code: Some("1234".into()),
            is_public: Some(false),
            ..RoomChange::default()
        };
        let changed = room().with_change(&right).unwrap();
        assert!(changed.access_code.is_some() && !changed.is_public && changed.name == room().name);
        let open = RoomChange {
            access_code: Some(String::new()),
            ..RoomChange::default()
        };
        assert_eq!(changed.with_change(&open).unwrap().access_code, None);
    }

    #[test]
    fn back_rooms_are_entered_by_paying_only() {
        let back = Room {
            front: Some(RoomCode::new(&|| [2; 10])),
            ..room()
        };
        let stranger = back.access_level(Some(user(2)), None);
        assert_eq!(
            stranger,
            AccessLevel::Stranger,
            "even if it is marked public"
        );
        assert_eq!(code(back.authorize_join(stranger, None, None)), "not_paid");
        let order = confab_core::OrderId::new(Timestamp::UNIX_EPOCH, &|| [3; 10]);
        let left = Person {
            back_room_order: Some(order),
            ..person(2, Membership::Left)
        };
        assert!(
            back.authorize_join(AccessLevel::Stranger, Some(&left), None)
                .is_ok()
        );
        assert_eq!(
            code(back.authorize_join(AccessLevel::Banned, Some(&left), None)),
            "banned"
        );
        for opened in [
            RoomChange {
                is_public: Some(true),
                ..RoomChange::default()
            },
            RoomChange {
                access_code: Some("1234".into()),
                ..RoomChange::default()
            },
        ] {
            assert!(back.clone().with_change(&opened).is_err());
        }
        let front = Room {
            back_room: Some(back.code),
            ..room()
        };
        let shown_code = |who: &Person| {
            let access = front.access_level(Some(who.user_id), Some(who));
            front
                .view(Some((access, Some(who))), RoomActivity::default())
                .back_room
                .unwrap()
                .code
        };
        assert_eq!(
            shown_code(&person(1, Membership::Joined)),
            Some(back.code),
            "the host"
        );
        assert_eq!(shown_code(&person(2, Membership::Joined)), None);
        assert_eq!(
            shown_code(&Person {
                membership: Membership::Joined,
                ..left
            }),
            Some(back.code)
        );
        assert_eq!(
            front.view(None, RoomActivity::default()).back_room,
            Some(BackRoom { code: None })
        );
    }
}
