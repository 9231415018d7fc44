//! Edits messages of the bot in place.

use serde_json::{Map, Value};

use crate::{
    album,
    api_error::ApiError,
    chats::Chat,
    files::MediaKind,
    keyboard::Markup,
    media::ReadyMedia,
    messages::{self, StoredMessage},
    params::Params,
    telegram::Telegram,
    text::Formatted,
    unit::Unit,
};

const NOT_MODIFIED: &str = "message is not modified: specified new message content and reply markup \
    are exactly the same as a current content and reply markup of the message";
/// Fields that are content, and that an edit may replace.
const TEXT: &[&str] = &["text", "entities"];
const CAPTION: &[&str] = &["caption", "caption_entities"];
const MEDIA: &[&str] = &["photo", "document", "caption", "caption_entities"];

pub(crate) fn text(telegram: &Telegram, params: &Params) -> Result<Value, ApiError> {
    let text = Formatted::text_of(params)?;
    let markup = Markup::of_edit(params)?;
    telegram.write(|unit| {
        let stored = own_message(unit, params)?;
        if stored.message.get("text").is_none() {
            return Err(ApiError::bad("there is no text in the message to edit"));
        }
        let mut content = Map::new();
        text.put(&mut content, "text", "entities");
        save(unit, stored, TEXT, content, markup)
    })
}

pub(crate) fn caption(telegram: &Telegram, params: &Params) -> Result<Value, ApiError> {
    let caption = Formatted::caption_of(params)?;
    let markup = Markup::of_edit(params)?;
    telegram.write(|unit| {
        let stored = own_message(unit, params)?;
        if kind_of(&stored).is_none() {
            return Err(ApiError::bad("there is no caption in the message to edit"));
        }
        let mut content = Map::new();
        caption.put(&mut content, "caption", "caption_entities");
        save(unit, stored, CAPTION, content, markup)
    })
}

pub(crate) fn reply_markup(telegram: &Telegram, params: &Params) -> Result<Value, ApiError> {
    let markup = Markup::of_edit(params)?;
    telegram.write(|unit| {
        let stored = own_message(unit, params)?;
        save(unit, stored, &[], Map::new(), markup)
    })
}

pub(crate) async fn media(telegram: &Telegram, params: &Params) -> Result<Value, ApiError> {
    let input = params.json("media")?.unwrap_or_default();
    let markup = Markup::of_edit(params)?;
    let caption = Formatted::caption_in(&input)?;
    let (kind, media) = album::input_media(telegram, params, &input).await?;
    telegram.write(|unit| {
        let stored = own_message(unit, params)?;
        check_media(&stored, kind)?;
        let content = media.save(unit, &caption)?;
        let is_same_file = matches!(media, ReadyMedia::Stored(_))
            && content.get(kind.name()) == stored.message.get(kind.name());
        let fields = if is_same_file { CAPTION } else { MEDIA };
        save(unit, stored, fields, content, markup)
    })
}

fn check_media(stored: &StoredMessage, kind: MediaKind) -> Result<(), ApiError> {
    let old =
        kind_of(stored).ok_or_else(|| ApiError::bad("there is no media in the message to edit"))?;
    let is_in_album = stored.message.get("media_group_id").is_some();
    if is_in_album && old != kind {
        let reason = "can't use the media of the specified type in the album";
        return Err(ApiError::bad(reason));
    }
    Ok(())
}

fn kind_of(stored: &StoredMessage) -> Option<MediaKind> {
    let has = |kind: &MediaKind| stored.message.get(kind.name()).is_some();
    [MediaKind::Photo, MediaKind::Document]
        .into_iter()
        .find(has)
}

fn own_message(unit: &Unit<'_>, params: &Params) -> Result<StoredMessage, ApiError> {
    let chat = Chat::of_call(unit.db, params)?;
    let id = params.integer("message_id");
    let id = id.ok_or_else(|| ApiError::bad("message identifier is not specified"))?;
    let stored = messages::get(unit.db, chat.id, id)?;
    let stored = stored.ok_or_else(|| ApiError::bad("message to edit not found"))?;
    if !stored.is_from_bot {
        return Err(ApiError::bad("message can't be edited"));
    }
    Ok(stored)
}

/// Replaces fields of a message and its inline keyboard. An edit without a keyboard removes it.
fn save(
    unit: &mut Unit<'_>,
    stored: StoredMessage,
    fields: &[&str],
    content: Map<String, Value>,
    markup: Option<Value>,
) -> Result<Value, ApiError> {
    let mut edited = stored.clone();
    if let Some(message) = edited.message.as_object_mut() {
        for field in fields {
            message.remove(*field);
        }
        message.extend(content);
        message.remove("reply_markup");
        if let Some(markup) = markup {
            message.insert("reply_markup".into(), markup);
        }
    }
    if edited.message == stored.message {
        return Err(ApiError::bad(NOT_MODIFIED));
    }
    edited.message["edit_date"] = unit.seconds().into();
    messages::put(unit, &edited)?;
    Ok(edited.message)
}
