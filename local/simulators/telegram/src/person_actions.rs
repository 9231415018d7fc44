//! What people do in chats: they write, send files, edit, delete, and tap buttons.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State, rejection::JsonRejection},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use confab_simulator_base::{Answer, Problem, ids};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::{
    chat_methods::{CALLBACKS, Callback},
    chats::{CHATS, Chat, Membership, Person},
    files::MediaKind,
    groups::{message_queue, person},
    media::ReadyMedia,
    messages::{self, NewMessage, StoredMessage},
    params::Upload,
    telegram::Telegram,
    text::{Formatted, MAX_CAPTION_CHARS, MAX_TEXT_CHARS, found_entities},
    unit::Unit,
    updates,
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PersonMessage {
    from: i64,
    #[serde(default)]
    text: String,
    /// A photo or document in base64.
    #[serde(default)]
    photo: Option<String>,
    #[serde(default)]
    document: Option<String>,
    #[serde(default)]
    file_name: Option<String>,
    #[serde(default)]
    reply_to: Option<i64>,
    /// Fields that go into the message as they are.
    #[serde(default)]
    raw: Map<String, Value>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Edit {
    from: i64,
    text: String,
}

/// A tap on a button, by its place or by its data.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Tap {
    from: i64,
    #[serde(default)]
    row: usize,
    #[serde(default)]
    column: usize,
    #[serde(default)]
    data: Option<String>,
}

fn invalid<T>(reason: &str) -> Answer<T> {
    Err(Problem::Invalid(reason.to_owned()))
}

pub(crate) async fn send(
    State(telegram): State<Arc<Telegram>>,
    Path(chat): Path<i64>,
    new: Result<Json<PersonMessage>, JsonRejection>,
) -> Answer<Json<Value>> {
    let Json(new) = new?;
    let media = media_of(&new).await?;
    let most = if media.is_some() {
        MAX_CAPTION_CHARS
    } else {
        MAX_TEXT_CHARS
    };
    if new.text.chars().count() > most {
        return invalid("The text is too long.");
    }
    if new.text.trim().is_empty() && media.is_none() && new.raw.is_empty() {
        return invalid("The message is empty.");
    }
    telegram.write(|unit| {
        let (mut chat, from) = chat_of(unit, chat, new.from)?;
        if chat.is_private() && chat.bot == Membership::Left {
            chat.bot = Membership::Member;
            CHATS.put(unit.db, chat.id, &chat)?;
        }
        let content = content_of(unit, &new, media.as_ref())?;
        let message = NewMessage {
            from: from.wire(),
            is_from_bot: false,
            content,
            reply_to: new.reply_to,
            inline_keyboard: None,
            keyboard: None,
        };
        let message = messages::add(unit, &chat, message)?;
        if is_seen_by_bot(unit, &chat, &message)? {
            updates::add(unit, &message_queue(chat.id), "message", &message)?;
        }
        Ok(Json(message))
    })
}

async fn media_of(new: &PersonMessage) -> Answer<Option<ReadyMedia>> {
    let (kind, data, name) = match (&new.photo, &new.document) {
        (Some(photo), None) => (MediaKind::Photo, photo, "photo.jpg"),
        (None, Some(document)) => (MediaKind::Document, document, "document.bin"),
        (None, None) => return Ok(None),
        (Some(_), Some(_)) => return invalid("A message has a photo or a document."),
    };
    let bytes = STANDARD.decode(data);
    let bytes = bytes.map_err(|_| Problem::Invalid("The file must be base64.".into()))?;
    let upload = Upload {
        file_name: new.file_name.clone().unwrap_or_else(|| name.into()),
        mime_type: None,
        bytes: bytes.into(),
    };
    let media = ReadyMedia::upload(kind, upload).await;
    media
        .map(Some)
        .map_err(|error| Problem::Invalid(error.description))
}

fn content_of(
    unit: &Unit<'_>,
    new: &PersonMessage,
    media: Option<&ReadyMedia>,
) -> rusqlite::Result<Map<String, Value>> {
    let text = Formatted {
        text: new.text.clone(),
        entities: found_entities(&new.text),
    };
    let mut content = Map::new();
    match media {
        Some(media) => content = media.save(unit, &text)?,
        None => text.put(&mut content, "text", "entities"),
    }
    content.extend(new.raw.clone());
    Ok(content)
}

/// Finds a chat in which a person may write.
fn chat_of(unit: &Unit<'_>, chat: i64, from: i64) -> Answer<(Chat, Person)> {
    let chat = CHATS.get(unit.db, chat)?.ok_or(Problem::NotFound("chat"))?;
    let from = person(unit, from)?;
    if !chat.members.contains(&from.id) {
        return invalid("This person is not in the chat.");
    }
    if chat.migrated_to.is_some() {
        return invalid("The group has become a supergroup.");
    }
    if chat.is_private() && chat.bot == Membership::Kicked {
        return invalid("This person has blocked the bot.");
    }
    Ok((chat, from))
}

/// Whether the bot receives a message: in groups it depends on its privacy mode.
fn is_seen_by_bot(unit: &Unit<'_>, chat: &Chat, message: &Value) -> rusqlite::Result<bool> {
    if chat.bot != Membership::Member {
        return Ok(false);
    }
    if chat.is_private() || !unit.telegram.settings.get().privacy {
        return Ok(true);
    }
    let replied = message["reply_to_message"]["message_id"].as_i64();
    let replied = messages::get(unit.db, chat.id, replied.unwrap_or_default())?;
    if replied.is_some_and(|replied| replied.is_from_bot) {
        return Ok(true);
    }
    let text = message["text"].as_str().or(message["caption"].as_str());
    let text = text.unwrap_or_default().to_lowercase();
    let name = format!("@{}", unit.telegram.account.username.to_lowercase());
    let first = text.split_whitespace().next().unwrap_or_default();
    let is_command = first.starts_with('/') && (!first.contains('@') || first.ends_with(&name));
    let is_mentioned = text
        .split_whitespace()
        .any(|word| word.trim_end_matches([',', '.', '!', '?']) == name);
    Ok(is_command || is_mentioned)
}

pub(crate) async fn edit(
    State(telegram): State<Arc<Telegram>>,
    Path((chat, id)): Path<(i64, i64)>,
    edit: Result<Json<Edit>, JsonRejection>,
) -> Answer<Json<Value>> {
    let Json(edit) = edit?;
    telegram.write(|unit| {
        let (chat, mut stored) = own_message(unit, chat, id, edit.from)?;
        let is_caption = stored.message.get("text").is_none();
        let (text, entities) = if is_caption {
            ("caption", "caption_entities")
        } else {
            ("text", "entities")
        };
        if let Some(message) = stored.message.as_object_mut() {
            message.remove(text);
            message.remove(entities);
            let formatted = Formatted {
                text: edit.text.clone(),
                entities: found_entities(&edit.text),
            };
            formatted.put(message, text, entities);
        }
        stored.message["edit_date"] = unit.seconds().into();
        messages::put(unit, &stored)?;
        if is_seen_by_bot(unit, &chat, &stored.message)? {
            let queue = message_queue(chat.id);
            updates::add(unit, &queue, "edited_message", &stored.message)?;
        }
        Ok(Json(stored.message))
    })
}

/// Deletes a message for everyone. Telegram tells a bot nothing of it.
pub(crate) async fn delete(
    State(telegram): State<Arc<Telegram>>,
    Path((chat, id)): Path<(i64, i64)>,
) -> Answer<Json<Value>> {
    telegram.write(|unit| {
        let stored = messages::get(unit.db, chat, id)?;
        let stored = stored.ok_or(Problem::NotFound("message"))?;
        messages::delete(unit, stored)?;
        Ok(Json(json!({})))
    })
}

fn own_message(unit: &Unit<'_>, chat: i64, id: i64, from: i64) -> Answer<(Chat, StoredMessage)> {
    let (chat, from) = chat_of(unit, chat, from)?;
    let stored = messages::get(unit.db, chat.id, id)?;
    let stored = stored.ok_or(Problem::NotFound("message"))?;
    if stored.is_from_bot || stored.message["from"]["id"] != from.id {
        return invalid("People edit only their own messages.");
    }
    Ok((chat, stored))
}

/// Taps a button. A button of a deleted message may still be on the person's screen.
pub(crate) async fn tap(
    State(telegram): State<Arc<Telegram>>,
    Path((chat, id)): Path<(i64, i64)>,
    tap: Result<Json<Tap>, JsonRejection>,
) -> Answer<Json<Value>> {
    let Json(tap) = tap?;
    telegram.write(|unit| {
        let (chat, from) = chat_of(unit, chat, tap.from)?;
        let stored = messages::get_even_deleted(unit.db, chat.id, id)?;
        let stored = stored.ok_or(Problem::NotFound("message"))?;
        let keyboard = &stored.message["reply_markup"]["inline_keyboard"];
        let button = &keyboard[tap.row][tap.column];
        let data = tap.data.as_deref().or(button["callback_data"].as_str());
        let Some(data) = data else {
            return match button {
                Value::Null => Err(Problem::NotFound("button")),
                button => Ok(Json(json!({"button": button}))),
            };
        };
        let callback = Callback {
            id: ids::digits(18),
            chat: chat.id,
            from: from.id,
            message_id: id,
            data: data.to_owned(),
            at: unit.now,
            answer: None,
        };
        CALLBACKS.put(unit.db, &callback.id, &callback)?;
        let query = json!({
            "id": callback.id, "from": from.wire(), "message": shown_message(unit, &chat, &stored)?,
            "chat_instance": chat_instance(chat.id), "data": data,
        });
        updates::add(
            unit,
            &format!("callback {}", from.id),
            "callback_query",
            &query,
        )?;
        Ok(Json(json!(callback)))
    })
}

/// Returns the message of a tap, which is an `InaccessibleMessage` once it is deleted.
fn shown_message(unit: &Unit<'_>, chat: &Chat, stored: &StoredMessage) -> rusqlite::Result<Value> {
    if !stored.is_deleted {
        return Ok(stored.message.clone());
    }
    let (chat, message_id) = (chat.wire(unit.db)?, stored.message_id());
    Ok(json!({"chat": chat, "message_id": message_id, "date": 0}))
}

fn chat_instance(chat: i64) -> String {
    (chat.wrapping_mul(-7_046_029_254_386_353_131)).to_string()
}
