//! A room: what it is called, whose it is, and who may do what in it.

use confab_core::{Error, Money, PhotoId, Private, Result, Timestamp, UserId, length};
use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;

use crate::{PaidPin, Person, RoomCode, RoomName, Username, name::tidy, person::Place};

const LONGEST_DESCRIPTION: usize = 300;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Room {
    pub code: RoomCode,
    pub name: RoomName,
    #[serde(default)]
    pub description: String,
    pub host: UserId,
    pub host_name: Username,
    pub created_at: Timestamp,
    /// Who wants in needs the access code.
    #[serde(default)]
    pub access_code: Option<AccessCode>,
    /// Whoever is not in it may read it.
    #[serde(default)]
    pub is_public: bool,
    #[serde(default)]
    pub is_read_only: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub photo: Option<RoomPhoto>,
    /// Those of which one is at the top, and those that wait behind it.
    #[serde(default)]
    pub pins: Vec<PaidPin>,
    /// The room behind this one, which people pay to enter.
    #[serde(default)]
    pub back_room: Option<RoomCode>,
    /// The room that this one is behind.
    #[serde(default)]
    pub front: Option<RoomCode>,
    /// Since then nobody finds it any more, and what is left of it goes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed_at: Option<Timestamp>,
}

/// The photo that a room began with, as long as it is kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RoomPhoto {
    pub photo_id: PhotoId,
    pub width: u32,
    pub height: u32,
    pub thumbhash: String,
    pub until: Timestamp,
}

/// What opens a private room. Compared as it was written, apart from spaces around it.
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
        let code = tidy(text);
        match (4..=40).contains(&length(&code)) {
            true => Ok(Self(code)),
            false => Err(Error::invalid(
                "bad_access_code",
                "An access code has 4 to 40 characters.",
            )),
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What somebody is in a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    Host,
    Member,
    /// Not in it, and may look.
    Reader,
    Stranger,
    Banned,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    Host,
    Member,
    Reader,
    Stranger,
}

/// What its host changes about a room; what is absent stays.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, TS, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Change {
    pub name: Option<String>,
    pub description: Option<String>,
    pub is_read_only: Option<bool>,
    pub is_public: Option<bool>,
    /// An empty one opens the room.
    pub access_code: Option<String>,
}

pub fn description(text: &str) -> Result<String> {
    let text = tidy(text);
    match length(&text) <= LONGEST_DESCRIPTION {
        true => Ok(text),
        false => Err(Error::invalid(
            "too_long",
            "A description has at most 300 characters.",
        )),
    }
}

impl Room {
    pub fn standing(&self, user: Option<UserId>, person: Option<&Person>) -> Standing {
        let is_inside = person.is_some_and(Person::is_inside);
        match user {
            _ if person.is_some_and(|person| person.place == Place::Banned) => Standing::Banned,
            Some(user) if user == self.host && is_inside => Standing::Host,
            Some(_) if is_inside => Standing::Member,
            _ if self.has_readers() => Standing::Reader,
            _ => Standing::Stranger,
        }
    }

    /// Whoever may not know what is in a room is told the same as of a room that does not exist.
    pub fn lets_read(&self, standing: Standing) -> Result<()> {
        match standing {
            Standing::Host | Standing::Member | Standing::Reader => Ok(()),
            Standing::Stranger | Standing::Banned => Err(Error::not_found("room")),
        }
    }

    pub fn lets_host(&self, standing: Standing) -> Result<()> {
        match standing {
            Standing::Host => Ok(()),
            Standing::Member | Standing::Reader => {
                Err(Error::forbidden("Only the host may do this."))
            }
            Standing::Stranger | Standing::Banned => Err(Error::not_found("room")),
        }
    }

    /// The host speaks where nobody else may.
    pub fn lets_write(&self, standing: Standing, person: Option<&Person>) -> Result<()> {
        let no = |code, message: &'static str| {
            Err(Error::new(confab_core::Kind::Forbidden, code, message))
        };
        match standing {
            Standing::Host => Ok(()),
            Standing::Stranger | Standing::Banned => Err(Error::not_found("room")),
            Standing::Reader => no("not_a_member", "Join the room to write in it."),
            Standing::Member if person.is_some_and(|person| person.is_muted) => {
                no("muted", "The host has muted you.")
            }
            Standing::Member if self.is_read_only => {
                no("read_only", "Only the host writes here now.")
            }
            Standing::Member => Ok(()),
        }
    }

    /// Whoever may not write may give all the same; nobody gives to themselves.
    pub fn lets_give(&self, standing: Standing) -> Result<()> {
        match standing {
            Standing::Member => Ok(()),
            Standing::Host => Err(Error::conflict("the_host", "You are the host.")),
            Standing::Reader => Err(Error::new(
                confab_core::Kind::Forbidden,
                "not_a_member",
                "Join the room first.",
            )),
            Standing::Stranger | Standing::Banned => Err(Error::not_found("room")),
        }
    }

    pub fn is_private(&self) -> bool {
        self.access_code.is_some() || self.front.is_some()
    }

    /// Whether whoever is not in it may read it.
    pub fn has_readers(&self) -> bool {
        self.is_public && !self.is_private()
    }

    /// Whether somebody with this code may come in. Whoever has paid for it may come back.
    pub fn lets_in(
        &self,
        standing: Standing,
        person: Option<&Person>,
        access_code: Option<&str>,
    ) -> Result<()> {
        let no = |code, message: &'static str| {
            Err(Error::new(confab_core::Kind::Forbidden, code, message))
        };
        let has_paid = person.is_some_and(|person| person.entrance.is_some());
        match (standing, &self.access_code) {
            (Standing::Banned, _) => no("banned", "You may not come back to this room."),
            (Standing::Stranger, _) if self.front.is_some() && !has_paid => no(
                "not_paid",
                "Pay the entrance in the room in front of this one.",
            ),
            (Standing::Host | Standing::Member, _) | (_, None) => Ok(()),
            (_, Some(wanted))
                if access_code.is_some_and(|told| is_same(&tidy(told), wanted.as_str())) =>
            {
                Ok(())
            }
            _ => no("wrong_access_code", "The access code is not right."),
        }
    }

    pub fn changed(mut self, change: &Change) -> Result<Self> {
        if self.front.is_some() && (change.is_public == Some(true) || change.access_code.is_some())
        {
            return Err(Error::invalid(
                "paid_entrance",
                "A back room is entered by paying.",
            ));
        }
        if let Some(name) = &change.name {
            self.name = RoomName::parse(name)?;
        }
        if let Some(text) = &change.description {
            self.description = description(text)?;
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

    pub fn view(&self, standing: Option<(Standing, Option<&Person>)>, live: Live) -> RoomView {
        let is_open = standing.is_none_or(|(standing, _)| self.lets_read(standing).is_ok());
        let enters = standing.is_some_and(|(standing, person)| {
            standing == Standing::Host
                || person.is_some_and(|person| person.entrance.is_some() && person.is_inside())
        });
        let shown = |text: &str| {
            if is_open {
                text.to_owned()
            } else {
                String::new()
            }
        };
        RoomView {
            code: self.code,
            name: self.name.as_str().to_owned(),
            description: shown(&self.description),
            host: is_open.then(|| HostView {
                user_id: self.host,
                username: self.host_name.clone(),
            }),
            created_at: is_open.then_some(self.created_at),
            is_private: self.is_private(),
            is_public: self.is_public,
            is_read_only: self.is_read_only,
            last_seq: if is_open { live.last_seq } else { 0 },
            online: if is_open { live.online } else { 0 },
            photo: None,
            pin: self.shown_pin(live.at).filter(|_| is_open),
            back_room: self.back_room.filter(|_| is_open).map(|code| BackRoom {
                code: enters.then_some(code),
            }),
            front: self.front,
            you: standing.map(|(standing, person)| You::of(standing, person)),
        }
    }
}

/// In a time that tells nothing of how much of it was right.
fn is_same(told: &str, wanted: &str) -> bool {
    let (told, wanted) = (told.as_bytes(), wanted.as_bytes());
    let differences = (0..wanted.len()).fold(0, |seen, i| {
        seen | (wanted[i] ^ told.get(i).copied().unwrap_or(!wanted[i]))
    });
    told.len() == wanted.len() && differences == 0
}

/// How a room is at the moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Live {
    pub at: Timestamp,
    pub last_seq: u64,
    pub online: u32,
}

/// A room as clients see it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS, ToSchema)]
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
    /// Whoever may not come in yet is told where the entrance is.
    #[serde(default)]
    pub front: Option<RoomCode>,
    /// Whoever looks; missing in what goes to everybody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub you: Option<You>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS, ToSchema)]
pub struct HostView {
    pub user_id: UserId,
    pub username: Username,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS, ToSchema)]
pub struct PhotoView {
    pub url: String,
    pub small_url: String,
    pub width: u32,
    pub height: u32,
    pub thumbhash: String,
}

/// A message that somebody pays to keep at the top.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS, ToSchema)]
pub struct Pin {
    pub seq: u64,
    pub username: Username,
    pub text: Private<String>,
    pub until: Timestamp,
    pub price: Money,
    pub next_price: Option<Money>,
}

/// There is a room behind this one; who may enter is told where.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS, ToSchema)]
pub struct BackRoom {
    pub code: Option<RoomCode>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS, ToSchema)]
pub struct You {
    pub role: Role,
    pub username: Option<Username>,
    pub is_muted: bool,
    /// The last message that they have seen, as far as their clients told.
    #[serde(default)]
    pub read_seq: Option<u64>,
}

impl You {
    fn of(standing: Standing, person: Option<&Person>) -> Self {
        let role = match standing {
            Standing::Host => Role::Host,
            Standing::Member => Role::Member,
            Standing::Reader => Role::Reader,
            Standing::Stranger | Standing::Banned => Role::Stranger,
        };
        let inside = person.filter(|person| person.is_inside());
        Self {
            role,
            username: inside.map(|person| person.username.clone()),
            is_muted: inside.is_some_and(|person| person.is_muted),
            read_seq: inside.and_then(|person| person.read_seq),
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    fn user(number: u8) -> UserId {
        UserId::new(Timestamp::UNIX_EPOCH, &move || [number; 10])
    }

    fn person(number: u8, place: Place) -> Person {
        let username = Username::parse("Dana").unwrap();
        Person {
            place,
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

    /// Who, in which room: may read, write, host.
    #[test]
    fn who_may_do_what() {
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
        let (inside, left, banned) = (Place::Inside, Place::Left, Place::Banned);
        for (room, who, place, expected) in [
            (&public, 1, Some(inside), ["yes", "yes", "yes"]),
            (&public, 2, Some(inside), ["yes", "yes", "forbidden"]),
            (&public, 2, Some(left), ["yes", "not_a_member", "forbidden"]),
            (&public, 2, None, ["yes", "not_a_member", "forbidden"]),
            (
                &public,
                2,
                Some(banned),
                ["room_not_found", "room_not_found", "room_not_found"],
            ),
            (&private, 2, Some(inside), ["yes", "yes", "forbidden"]),
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
            (&read_only, 1, Some(inside), ["yes", "yes", "yes"]),
            (
                &read_only,
                2,
                Some(inside),
                ["yes", "read_only", "forbidden"],
            ),
        ] {
            let person = place.map(|place| person(who, place));
            let standing = room.standing(Some(user(who)), person.as_ref());
            let found = [
                room.lets_read(standing),
                room.lets_write(standing, person.as_ref()),
                room.lets_host(standing),
            ];
            assert_eq!(found.map(code), expected, "{who} {place:?} {standing:?}");
        }
        let muted = Person {
            is_muted: true,
            ..person(2, inside)
        };
        let standing = public.standing(Some(user(2)), Some(&muted));
        assert_eq!(code(public.lets_write(standing, Some(&muted))), "muted");
        assert_eq!(public.standing(None, None), Standing::Reader);
    }

    #[test]
    fn a_private_room_opens_to_its_code_alone() {
        let private = Room {
            access_code: Some(AccessCode::parse("open sesame").unwrap()),
            ..room()
        };
        let told = |code| private.lets_in(Standing::Stranger, None, code);
        assert!(told(Some(" open sesame ")).is_ok());
        for wrong in [
            None,
            Some(""),
            Some("open"),
            Some("open sesamE"),
            Some("open sesame!"),
        ] {
            assert_eq!(code(told(wrong)), "wrong_access_code", "{wrong:?}");
        }
        assert!(
            private.lets_in(Standing::Member, None, None).is_ok(),
            "who is in it need not know it"
        );
        assert_eq!(
            code(private.lets_in(Standing::Banned, None, Some("open sesame"))),
            "banned"
        );
    }

    #[test]
    fn a_stranger_sees_that_it_is_there_and_no_more() {
        let private = Room {
            access_code: Some(AccessCode::parse("open sesame").unwrap()),
            ..room()
        };
        let live = Live {
            last_seq: 7,
            online: 3,
            ..Live::default()
        };
        let view = private.view(Some((Standing::Stranger, None)), live);
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
            Some((Standing::Host, Some(&person(1, Place::Inside)))),
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
    fn a_change_that_is_not_right_changes_nothing() {
        let wrong = Change {
            name: Some("x".into()),
            is_read_only: Some(true),
            ..Change::default()
        };
        assert!(room().changed(&wrong).is_err());
        let right = Change {
            access_code: Some("1234".into()),
            is_public: Some(false),
            ..Change::default()
        };
        let changed = room().changed(&right).unwrap();
        assert!(changed.access_code.is_some() && !changed.is_public && changed.name == room().name);
        let open = Change {
            access_code: Some(String::new()),
            ..Change::default()
        };
        assert_eq!(changed.changed(&open).unwrap().access_code, None);
    }

    #[test]
    fn a_back_room_is_entered_by_paying_and_no_other_way() {
        let back = Room {
            front: Some(RoomCode::new(&|| [2; 10])),
            ..room()
        };
        let stranger = back.standing(Some(user(2)), None);
        assert_eq!(stranger, Standing::Stranger, "even of a public one");
        assert_eq!(code(back.lets_in(stranger, None, None)), "not_paid");
        let order = confab_core::OrderId::new(Timestamp::UNIX_EPOCH, &|| [3; 10]);
        let left = Person {
            entrance: Some(order),
            ..person(2, Place::Left)
        };
        assert!(back.lets_in(Standing::Stranger, Some(&left), None).is_ok());
        assert_eq!(
            code(back.lets_in(Standing::Banned, Some(&left), None)),
            "banned"
        );
        for opened in [
            Change {
                is_public: Some(true),
                ..Change::default()
            },
            Change {
                access_code: Some("1234".into()),
                ..Change::default()
            },
        ] {
            assert!(back.clone().changed(&opened).is_err());
        }
        let front = Room {
            back_room: Some(back.code),
            ..room()
        };
        let seen = |who: &Person| {
            let standing = front.standing(Some(who.user_id), Some(who));
            front
                .view(Some((standing, Some(who))), Live::default())
                .back_room
                .unwrap()
                .code
        };
        assert_eq!(seen(&person(1, Place::Inside)), Some(back.code), "its host");
        assert_eq!(seen(&person(2, Place::Inside)), None);
        assert_eq!(
            seen(&Person {
                place: Place::Inside,
                ..left
            }),
            Some(back.code)
        );
        assert_eq!(
            front.view(None, Live::default()).back_room,
            Some(BackRoom { code: None })
        );
    }
}
