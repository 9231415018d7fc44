//! Parses updates. Unknown fields and types are tolerated, and a malformed field counts as absent.

use std::collections::BTreeMap;

use confab_core::{Error, Private, Result, Timestamp};
use confab_provider_base::{
    lenient::{Lenient, LenientString},
    parsed::{id, label, line, text},
};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{
    Attachment, CallbackMessage, CallbackQuery, Chat, ChatKind, Command, MemberChange, Message,
    Person, Picture, Update, UpdateKind, wire,
};
use crate::MAX_DOWNLOAD_BYTES;

/// A text of 4,096 escaped emoji in a message and in the one that it replies to takes half of it.
const MAX_UPDATE_BYTES: usize = 256 * 1024;

type Fields<'a> = BTreeMap<String, &'a RawValue>;

/// Parses one update; `now` replaces a date that is missing or malformed.
pub fn parse(raw_body: &[u8], now: Timestamp) -> Result<Update> {
    if raw_body.len() > MAX_UPDATE_BYTES {
        return Err(Error::too_large("An update can have at most 256 KB."));
    }
    let not_json = || Error::invalid("bad_json", "The body is not a JSON object.");
    let body = std::str::from_utf8(raw_body).map_err(|error| not_json().with_source(error))?;
    let fields: Fields<'_> =
        serde_json::from_str(body).map_err(|error| not_json().with_source(error))?;
    let id = fields
        .get("update_id")
        .and_then(|raw| read(raw))
        .ok_or_else(|| Error::invalid("no_update_id", "The update has no id."))?;
    let kind = kind(&fields, now);
    Ok(Update { id, kind })
}

fn read<'a, T: Deserialize<'a>>(raw: &'a RawValue) -> Option<T> {
    serde_json::from_str(raw.get()).ok()
}

/// Each update has one field besides its id, named after its type.
fn kind(fields: &Fields<'_>, now: Timestamp) -> UpdateKind {
    for (name, raw) in fields {
        let kind = match name.as_str() {
            "message" => {
                let message = read(raw).and_then(|message| read_message(&message, now));
                message.map(|message| UpdateKind::Message(Box::new(message)))
            }
            "edited_message" => Some(UpdateKind::EditedMessage),
            "callback_query" => read(raw)
                .and_then(|query| read_callback_query(&query))
                .map(UpdateKind::CallbackQuery),
            "my_chat_member" => read(raw)
                .and_then(|change| read_member_change(&change, now))
                .map(UpdateKind::MyChatMember),
            _ => continue,
        };
        return kind.unwrap_or_else(|| other(format!("broken:{name}")));
    }
    let name = fields.keys().find(|name| *name != "update_id");
    let name = label(name.map_or("none", String::as_str));
    other(if name.is_empty() {
        "unnamed".to_owned()
    } else {
        name
    })
}

fn other(name: String) -> UpdateKind {
    UpdateKind::Other { name }
}

fn read_message(message: &wire::Message, now: Timestamp) -> Option<Message> {
    let is_text = message.text.get().is_some();
    let (body, entities) = if is_text {
        (&message.text, &message.entities)
    } else {
        (&message.caption, &message.caption_entities)
    };
    let body = body.get().filter(|body| !body.is_empty());
    let reply_to = message.reply_to_message.0.as_ref();
    Some(Message {
        id: message.message_id.0?,
        chat: read_chat(&message.chat)?,
        from: read_person(&message.from),
        sent_at: read_date(&message.date).unwrap_or(now),
        text: body.map(text),
        command: body.and_then(|body| Command::read(body, &entities.items)),
        reply_to: reply_to.and_then(|replied| replied.message_id.0),
        attachment: read_photo(message).or_else(|| read_document(message)),
        migrate_to_chat_id: message.migrate_to_chat_id.0,
    })
}

fn read_chat(chat: &Lenient<wire::Chat>) -> Option<Chat> {
    let chat = chat.0.as_ref()?;
    let kind = match chat.kind.get() {
        Some("private") => ChatKind::Private,
        Some("group") => ChatKind::Group,
        Some("supergroup") => ChatKind::Supergroup,
        Some("channel") => ChatKind::Channel,
        _ => ChatKind::Other,
    };
    Some(Chat {
        id: chat.id.0?,
        kind,
    })
}

fn read_person(user: &Lenient<wire::User>) -> Option<Person> {
    let user = user.0.as_ref()?;
    let language = user.language_code.get().map(label);
    Some(Person {
        id: user.id.0?,
        is_bot: user.is_bot.0.unwrap_or(false),
        first_name: Private(line(user.first_name.get().unwrap_or_default())),
        language: language.filter(|language| !language.is_empty()),
    })
}

fn read_date(date: &Lenient<i64>) -> Option<Timestamp> {
    Timestamp::from_second(date.0.filter(|second| *second > 0)?).ok()
}

fn read_photo(message: &wire::Message) -> Option<Attachment> {
    let mut largest = None;
    for size in &message.photo.items {
        let Some(picture) = read_picture(&size.file_id, &size.file_size) else {
            continue;
        };
        let side = |side: &Lenient<u32>| u64::from(side.0.unwrap_or(0));
        let rank = (
            is_downloadable(&picture),
            side(&size.width) * side(&size.height),
        );
        if largest.as_ref().is_none_or(|(best, _)| rank > *best) {
            largest = Some((rank, picture));
        }
    }
    let (_, picture) = largest?;
    Some(attachment(picture))
}

/// SVG is left out: it is a document with scripts and references.
fn read_document(message: &wire::Message) -> Option<Attachment> {
    let document = message.document.0.as_ref()?;
    let mime_type = document.mime_type.get()?.to_ascii_lowercase();
    if !mime_type.starts_with("image/") || mime_type.starts_with("image/svg") {
        return None;
    }
    read_picture(&document.file_id, &document.file_size).map(attachment)
}

fn read_picture(file_id: &LenientString, size: &Lenient<u64>) -> Option<Picture> {
    Some(Picture {
        file_id: id(file_id.get()?)?,
        size: size.0,
    })
}

fn is_downloadable(picture: &Picture) -> bool {
    picture
        .size
        .is_none_or(|size| size <= MAX_DOWNLOAD_BYTES as u64)
}

fn attachment(picture: Picture) -> Attachment {
    if is_downloadable(&picture) {
        Attachment::Picture(picture)
    } else {
        Attachment::TooLarge
    }
}

fn read_callback_query(query: &wire::CallbackQuery) -> Option<CallbackQuery> {
    let message = query.message.0.as_ref();
    Some(CallbackQuery {
        id: id(query.id.get()?)?,
        from: read_person(&query.from)?,
        message: message.and_then(|message| {
            Some(CallbackMessage {
                id: message.message_id.0?,
                chat: read_chat(&message.chat)?,
                is_accessible: message.date.0 != Some(0),
            })
        }),
        data: query.data.get().and_then(id),
    })
}

fn read_member_change(change: &wire::MemberChange, now: Timestamp) -> Option<MemberChange> {
    let is_member = |member: &Lenient<wire::Member>| {
        let member = member.0.as_ref()?;
        Some(match member.status.get()? {
            "creator" | "administrator" | "member" => true,
            "restricted" => member.is_member.0.unwrap_or(false),
            _ => false,
        })
    };
    Some(MemberChange {
        chat: read_chat(&change.chat)?,
        from: read_person(&change.from)?,
        at: read_date(&change.date).unwrap_or(now),
        was_member: is_member(&change.old_chat_member).unwrap_or(false),
        is_member: is_member(&change.new_chat_member)?,
    })
}
