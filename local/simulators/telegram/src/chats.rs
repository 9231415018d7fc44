//! People, and chats with them and in groups.

use rusqlite::{Connection, Result};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::{
    api_error::ApiError,
    params::Params,
    tables::{self, Kind},
    unit::Unit,
};

pub(crate) const PEOPLE: Kind<Person> = Kind::new("person");
pub(crate) const CHATS: Kind<Chat> = Kind::new("chat");

/// Beyond 32 bits, as the ids of new accounts are.
const FIRST_PERSON: i64 = 5_200_000_001;
const FIRST_GROUP: i64 = 4_000_000_001;
const FIRST_SUPERGROUP: i64 = 1_002_000_000_001;

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Person {
    pub(crate) id: i64,
    #[serde(default)]
    pub(crate) is_deactivated: bool,
    #[serde(flatten)]
    pub(crate) profile: Profile,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Profile {
    pub(crate) first_name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) last_name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) username: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) language_code: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ChatType {
    Private,
    Group,
    Supergroup,
}

/// The bot's status in a chat.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Membership {
    /// Also in a private chat that the person has not started.
    Left,
    Member,
    /// In a private chat: blocked.
    Kicked,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Chat {
    pub(crate) id: i64,
    #[serde(rename = "type")]
    pub(crate) kind: ChatType,
    pub(crate) title: Option<String>,
    pub(crate) members: Vec<i64>,
    pub(crate) bot: Membership,
    pub(crate) migrated_to: Option<i64>,
}

impl Person {
    pub(crate) fn add(unit: &Unit<'_>, profile: Profile) -> Result<Self> {
        let id = tables::next(unit.db, "person", FIRST_PERSON)?;
        let person = Self {
            id,
            is_deactivated: false,
            profile,
        };
        PEOPLE.put(unit.db, id, &person)?;
        let chat = Chat {
            id,
            kind: ChatType::Private,
            title: None,
            members: vec![id],
            bot: Membership::Left,
            migrated_to: None,
        };
        CHATS.put(unit.db, id, &chat)?;
        Ok(person)
    }

    /// Returns the person as a `User`.
    pub(crate) fn wire(&self) -> Value {
        let mut user = json!({"id": self.id, "is_bot": false});
        if let (Some(user), Ok(Value::Object(profile))) =
            (user.as_object_mut(), serde_json::to_value(&self.profile))
        {
            user.extend(profile);
        }
        user
    }
}

impl Chat {
    pub(crate) fn add_group(
        unit: &Unit<'_>,
        kind: ChatType,
        title: &str,
        members: Vec<i64>,
    ) -> Result<Self> {
        let id = match kind {
            ChatType::Supergroup => -tables::next(unit.db, "supergroup", FIRST_SUPERGROUP)?,
            _ => -tables::next(unit.db, "group", FIRST_GROUP)?,
        };
        let chat = Self {
            id,
            kind,
            title: Some(title.to_owned()),
            members,
            bot: Membership::Member,
            migrated_to: None,
        };
        CHATS.put(unit.db, id, &chat)?;
        Ok(chat)
    }

    pub(crate) fn is_private(&self) -> bool {
        self.kind == ChatType::Private
    }

    /// Returns the chat as a `Chat` of the API.
    pub(crate) fn wire(&self, db: &Connection) -> Result<Value> {
        let mut wire = Map::new();
        wire.insert("id".into(), self.id.into());
        if self.is_private() {
            let person = PEOPLE.get(db, self.id)?;
            if let Some(Ok(Value::Object(mut profile))) =
                person.map(|person| serde_json::to_value(person.profile))
            {
                profile.remove("language_code");
                wire.extend(profile);
            }
        } else {
            wire.insert("title".into(), self.title.clone().into());
        }
        wire.insert("type".into(), json!(self.kind));
        Ok(Value::Object(wire))
    }

    /// Numbers the messages of the chat: a supergroup has numbers of its own.
    pub(crate) fn next_message_id(&self, db: &Connection) -> Result<i64> {
        match self.kind {
            ChatType::Supergroup => tables::next(db, &format!("messages {}", self.id), 1),
            ChatType::Private | ChatType::Group => tables::next(db, "messages", 1),
        }
    }

    /// Finds the chat that a call is about, and checks that the bot may act in it.
    pub(crate) fn of_call(db: &Connection, params: &Params) -> Result<Self, ApiError> {
        if params.text("chat_id").is_empty() {
            return Err(ApiError::bad("chat_id is empty"));
        }
        let unknown = || ApiError::bad("chat not found");
        let id = params.integer("chat_id").ok_or_else(unknown)?;
        let chat = CHATS.get(db, id)?.ok_or_else(unknown)?;
        if let Some(new) = chat.migrated_to {
            return Err(ApiError::migrated(new));
        }
        if chat.is_private()
            && PEOPLE
                .get(db, id)?
                .is_some_and(|person| person.is_deactivated)
        {
            return Err(ApiError::forbidden("user is deactivated"));
        }
        match (chat.bot, chat.kind) {
            (Membership::Member, _) => Ok(chat),
            (Membership::Left, ChatType::Private) => Err(unknown()),
            (Membership::Kicked, ChatType::Private) => {
                Err(ApiError::forbidden("bot was blocked by the user"))
            }
            (Membership::Kicked, ChatType::Group) => {
                Err(ApiError::forbidden("bot was kicked from the group chat"))
            }
            (Membership::Kicked, ChatType::Supergroup) => Err(ApiError::forbidden(
                "bot was kicked from the supergroup chat",
            )),
            (Membership::Left, ChatType::Group) => {
                Err(ApiError::forbidden("bot is not a member of the group chat"))
            }
            (Membership::Left, ChatType::Supergroup) => Err(ApiError::forbidden(
                "bot is not a member of the supergroup chat",
            )),
        }
    }
}
