//! Sends single messages.

use serde_json::{Map, Value};

use crate::{
    api_error::ApiError,
    chats::Chat,
    files::MediaKind,
    keyboard::Markup,
    media::ReadyMedia,
    messages::{self, NewMessage},
    params::Params,
    telegram::Telegram,
    text::Formatted,
    unit::Unit,
};

pub(crate) fn message(telegram: &Telegram, params: &Params) -> Result<Value, ApiError> {
    let text = Formatted::text_of(params)?;
    let mut content = Map::new();
    text.put(&mut content, "text", "entities");
    let markup = Markup::of_send(params)?;
    telegram.write(|unit| add(unit, params, content, markup))
}

pub(crate) async fn media(
    telegram: &Telegram,
    params: &Params,
    kind: MediaKind,
) -> Result<Value, ApiError> {
    let caption = Formatted::caption_of(params)?;
    let markup = Markup::of_send(params)?;
    let reference = params.text(kind.name());
    let media = ReadyMedia::read(telegram, params, kind, kind.name(), &reference).await?;
    telegram.write(|unit| {
        let content = media.save(unit, &caption)?;
        add(unit, params, content, markup)
    })
}

fn add(
    unit: &mut Unit<'_>,
    params: &Params,
    content: Map<String, Value>,
    markup: Markup,
) -> Result<Value, ApiError> {
    let chat = Chat::of_call(unit.db, params)?;
    let new = NewMessage {
        from: unit.telegram.account.user(),
        is_from_bot: true,
        content,
        reply_to: reply_to(unit, &chat, params)?,
        inline_keyboard: markup.inline,
        keyboard: markup.other,
    };
    unit.telegram.live().signs.remove(&chat.id);
    Ok(messages::add(unit, &chat, new)?)
}

/// Finds the message that a call replies to.
pub(crate) fn reply_to(
    unit: &Unit<'_>,
    chat: &Chat,
    params: &Params,
) -> Result<Option<i64>, ApiError> {
    let reply = params.json("reply_parameters")?.unwrap_or_default();
    let id = reply["message_id"].as_i64();
    let Some(id) = id.or_else(|| params.integer("reply_to_message_id")) else {
        return Ok(None);
    };
    if messages::get(unit.db, chat.id, id)?.is_some() {
        return Ok(Some(id));
    }
    let is_optional = reply["allow_sending_without_reply"]
        .as_bool()
        .unwrap_or_else(|| params.flag("allow_sending_without_reply"));
    if is_optional {
        return Ok(None);
    }
    Err(ApiError::bad("message to be replied not found"))
}
