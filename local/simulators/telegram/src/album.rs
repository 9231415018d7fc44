//! Sends albums. One may fail in the middle, and then its first messages are in the chat.

use confab_simulator_base::ids;
use serde_json::{Value, json};

use crate::{
    api_error::ApiError,
    calls,
    chats::Chat,
    faults::CallFault,
    files::MediaKind,
    media::ReadyMedia,
    messages::{self, NewMessage},
    params::Params,
    send,
    telegram::Telegram,
    text::Formatted,
    unit::Unit,
};

const MIN_ITEMS: usize = 2;
const MAX_ITEMS: usize = 10;
/// Seconds in the inner refusal of half an album, when the fault names none.
const RETRY_AFTER: i64 = 5;

struct Item {
    media: ReadyMedia,
    caption: Formatted,
}

pub(crate) async fn send(
    telegram: &Telegram,
    params: &Params,
    fault: Option<&CallFault>,
) -> Result<Value, ApiError> {
    let list = params.json("media")?.unwrap_or_default();
    let list = list
        .as_array()
        .ok_or_else(|| ApiError::bad("media must be an Array"))?;
    check_count(list.len())?;
    let mut items = Vec::new();
    let mut kinds = Vec::new();
    for input in list {
        let (kind, item) = read(telegram, params, input).await?;
        kinds.push(kind);
        items.push(item);
    }
    if kinds.iter().any(|kind| *kind != kinds[0]) {
        let reason = "documents can't be mixed with other media types";
        return Err(ApiError::bad(reason));
    }
    // A failure in the middle keeps what was sent, so it is no error of the transaction.
    telegram.write(|unit| add(unit, params, &items, fault))?
}

fn check_count(count: usize) -> Result<(), ApiError> {
    if count == 0 {
        return Err(ApiError::bad("there are no messages to send"));
    }
    if count < MIN_ITEMS {
        return Err(ApiError::bad("too few messages to send as an album"));
    }
    if count > MAX_ITEMS {
        return Err(ApiError::bad("too many messages to send as an album"));
    }
    Ok(())
}

async fn read(
    telegram: &Telegram,
    params: &Params,
    input: &Value,
) -> Result<(MediaKind, Item), ApiError> {
    let (kind, media) = input_media(telegram, params, input).await?;
    let caption = Formatted::caption_in(input)?;
    Ok((kind, Item { media, caption }))
}

/// Reads the file of an `InputMedia`.
pub(crate) async fn input_media(
    telegram: &Telegram,
    params: &Params,
    input: &Value,
) -> Result<(MediaKind, ReadyMedia), ApiError> {
    let unparsed = |reason: &str| ApiError::bad(format!("can't parse InputMedia: {reason}"));
    let kind = input["type"].as_str().and_then(MediaKind::from_name);
    let kind = kind.ok_or_else(|| unparsed("Unsupported type specified"))?;
    let reference = input["media"].as_str().filter(|media| !media.is_empty());
    let reference = reference.ok_or_else(|| unparsed("Media not found"))?;
    let media = ReadyMedia::read(telegram, params, kind, reference, reference).await?;
    Ok((kind, media))
}

fn add(
    unit: &mut Unit<'_>,
    params: &Params,
    items: &[Item],
    fault: Option<&CallFault>,
) -> Result<Result<Value, ApiError>, ApiError> {
    let chat = Chat::of_call(unit.db, params)?;
    let reply_to = send::reply_to(unit, &chat, params)?;
    if params.has("reply_markup") {
        let about = json!({"chat": chat.id});
        calls::add_violation(unit, "reply_markup_in_album", about)?;
    }
    let group = ids::digits(17);
    let arriving = fault.and_then(|fault| fault.album_items);
    let arriving = arriving.unwrap_or(items.len()).min(items.len());
    let mut sent = Vec::new();
    for item in &items[..arriving] {
        let mut content = item.media.save(unit, &item.caption)?;
        content.insert("media_group_id".into(), group.clone().into());
        let new = NewMessage {
            from: unit.telegram.account.user(),
            is_from_bot: true,
            content,
            reply_to,
            inline_keyboard: None,
            keyboard: None,
        };
        sent.push(messages::add(unit, &chat, new)?);
    }
    unit.telegram.live().signs.remove(&chat.id);
    if arriving < items.len() {
        let seconds = fault
            .and_then(|fault| fault.retry_after)
            .unwrap_or(RETRY_AFTER);
        return Ok(Err(ApiError::half_album(arriving + 1, seconds)));
    }
    Ok(Ok(sent.into()))
}
