//! The table of messages.

use confab_simulator_base::json_column;
use rusqlite::{Connection, OptionalExtension, Result, params};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::{chats::Chat, unit::Unit};

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct StoredMessage {
    /// The message as the API gives it.
    pub(crate) message: Value,
    pub(crate) is_from_bot: bool,
    #[serde(default)]
    pub(crate) is_deleted: bool,
    /// A reply keyboard, its removal, or a forced reply, which only people see.
    #[serde(default)]
    pub(crate) keyboard: Option<Value>,
}

/// A message before it has a number.
#[derive(Debug)]
pub(crate) struct NewMessage {
    pub(crate) from: Value,
    pub(crate) is_from_bot: bool,
    /// Text, photo, caption and the like.
    pub(crate) content: Map<String, Value>,
    pub(crate) reply_to: Option<i64>,
    pub(crate) inline_keyboard: Option<Value>,
    pub(crate) keyboard: Option<Value>,
}

pub(crate) fn add(unit: &mut Unit<'_>, chat: &Chat, new: NewMessage) -> Result<Value> {
    let message_id = chat.next_message_id(unit.db)?;
    let mut message = Map::new();
    message.insert("message_id".into(), message_id.into());
    message.insert("from".into(), new.from);
    message.insert("chat".into(), chat.wire(unit.db)?);
    message.insert("date".into(), unit.seconds().into());
    if let Some(id) = new.reply_to
        && let Some(replied) = get(unit.db, chat.id, id)?
    {
        let mut replied = replied.message;
        if let Some(replied) = replied.as_object_mut() {
            replied.remove("reply_to_message");
        }
        message.insert("reply_to_message".into(), replied);
    }
    message.extend(new.content);
    if let Some(keyboard) = new.inline_keyboard {
        message.insert("reply_markup".into(), keyboard);
    }
    let stored = StoredMessage {
        message: Value::Object(message),
        is_from_bot: new.is_from_bot,
        is_deleted: false,
        keyboard: new.keyboard,
    };
    put(unit, &stored)?;
    Ok(stored.message)
}

/// Saves a new or changed message and shows it on open pages.
pub(crate) fn put(unit: &mut Unit<'_>, stored: &StoredMessage) -> Result<()> {
    let sql =
        "INSERT INTO telegram_messages VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE SET body = ?3";
    let body = json_column::write(stored)?;
    unit.db
        .prepare_cached(sql)?
        .execute(params![stored.chat_id(), stored.message_id(), body])?;
    unit.show(
        "message",
        json!({"chat": stored.chat_id(), "message": stored.view()}),
    );
    Ok(())
}

/// Returns a message that was not deleted.
pub(crate) fn get(db: &Connection, chat: i64, message: i64) -> Result<Option<StoredMessage>> {
    Ok(get_even_deleted(db, chat, message)?.filter(|stored| !stored.is_deleted))
}

pub(crate) fn get_even_deleted(
    db: &Connection,
    chat: i64,
    message: i64,
) -> Result<Option<StoredMessage>> {
    let sql = "SELECT body FROM telegram_messages WHERE chat_id = ? AND message_id = ?";
    db.prepare_cached(sql)?
        .query_row([chat, message], |row| json_column::read(row, 0))
        .optional()
}

/// Returns the messages of a chat that were not deleted, oldest first.
pub(crate) fn of_chat(db: &Connection, chat: i64) -> Result<Vec<StoredMessage>> {
    let sql = "SELECT body FROM telegram_messages WHERE chat_id = ? ORDER BY message_id";
    let stored: Vec<StoredMessage> = db
        .prepare_cached(sql)?
        .query_map([chat], |row| json_column::read(row, 0))?
        .collect::<Result<_>>()?;
    Ok(stored
        .into_iter()
        .filter(|stored| !stored.is_deleted)
        .collect())
}

/// Deletes a message for everyone. Its row remains, because a button of it may still be tapped.
pub(crate) fn delete(unit: &mut Unit<'_>, stored: StoredMessage) -> Result<()> {
    put(
        unit,
        &StoredMessage {
            is_deleted: true,
            ..stored
        },
    )
}

impl StoredMessage {
    pub(crate) fn chat_id(&self) -> i64 {
        self.message["chat"]["id"].as_i64().unwrap_or_default()
    }

    pub(crate) fn message_id(&self) -> i64 {
        self.message["message_id"].as_i64().unwrap_or_default()
    }

    /// Returns the message with what only people see.
    pub(crate) fn view(&self) -> Value {
        let mut view = self.message.clone();
        view["is_from_bot"] = self.is_from_bot.into();
        if self.is_deleted {
            view["is_deleted"] = true.into();
        }
        if let Some(keyboard) = &self.keyboard {
            view["keyboard"] = keyboard.clone();
        }
        view
    }
}
