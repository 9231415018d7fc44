//! Methods around messages: deletion, answers to taps, signs of life, commands and files.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    api_error::ApiError,
    chats::{Chat, ChatType},
    files, messages,
    params::Params,
    tables::Kind,
    telegram::{Sign, Telegram},
    text::Formatted,
    unit::Unit,
    updates::CALLBACK_TTL_MS,
};

pub(crate) const CALLBACKS: Kind<Callback> = Kind::new("callback");
const COMMANDS: Kind<Value> = Kind::new("commands");

const ACTIONS: [&str; 11] = [
    "typing",
    "upload_photo",
    "record_video",
    "upload_video",
    "record_voice",
    "upload_voice",
    "upload_document",
    "choose_sticker",
    "find_location",
    "record_video_note",
    "upload_video_note",
];
const ACTION_MS: i64 = 5_000;
const DRAFT_MS: i64 = 30_000;
const DELETABLE_SECONDS: i64 = 48 * 60 * 60;
const MAX_DELETED: usize = 100;
const MAX_COMMANDS: usize = 100;
const MAX_DOWNLOAD_BYTES: i64 = 20 * 1024 * 1024;

/// A tap on a button that waits for its answer.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Callback {
    pub(crate) id: String,
    pub(crate) chat: i64,
    pub(crate) from: i64,
    pub(crate) message_id: i64,
    pub(crate) data: String,
    pub(crate) at: i64,
    /// `{"text":"..","show_alert":false}`
    pub(crate) answer: Option<Value>,
}

pub(crate) fn delete(
    telegram: &Telegram,
    params: &Params,
    is_list: bool,
) -> Result<Value, ApiError> {
    let list = params.json("message_ids")?.unwrap_or_default();
    telegram.write(|unit| {
        let chat = Chat::of_call(unit.db, params)?;
        if !is_list {
            let id = params.integer("message_id").unwrap_or_default();
            return delete_one(unit, &chat, id).map(|()| true.into());
        }
        let ids: Vec<i64> = list
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_i64)
            .collect();
        if ids.is_empty() {
            return Err(ApiError::bad("message identifiers are not specified"));
        }
        if ids.len() > MAX_DELETED {
            return Err(ApiError::bad("too many message identifiers specified"));
        }
        for id in ids {
            // Messages that are gone or not deletable are skipped.
            drop(delete_one(unit, &chat, id));
        }
        Ok(true.into())
    })
}

fn delete_one(unit: &mut Unit<'_>, chat: &Chat, id: i64) -> Result<(), ApiError> {
    let stored = messages::get(unit.db, chat.id, id)?;
    let stored = stored.ok_or_else(|| ApiError::bad("message to delete not found"))?;
    let age = unit.seconds() - stored.message["date"].as_i64().unwrap_or_default();
    if age > DELETABLE_SECONDS {
        return Err(ApiError::bad("message can't be deleted for everyone"));
    }
    if !stored.is_from_bot && !chat.is_private() {
        return Err(ApiError::bad("message can't be deleted"));
    }
    Ok(messages::delete(unit, stored)?)
}

pub(crate) fn answer_callback(telegram: &Telegram, params: &Params) -> Result<Value, ApiError> {
    let text = params.text("text");
    if text.chars().count() > 200 {
        return Err(ApiError::bad("MESSAGE_TOO_LONG"));
    }
    let too_old =
        || ApiError::bad("query is too old and response timeout expired or query ID is invalid");
    telegram.write(|unit| {
        let callback = CALLBACKS.get(unit.db, params.text("callback_query_id"))?;
        let mut callback = callback.ok_or_else(too_old)?;
        if unit.now - callback.at > CALLBACK_TTL_MS {
            return Err(too_old());
        }
        // The person's app takes the first answer only.
        if callback.answer.is_none() {
            callback.answer = Some(json!({"text": text, "show_alert": params.flag("show_alert")}));
            CALLBACKS.put(unit.db, &callback.id, &callback)?;
            unit.show("callback", json!(callback));
        }
        Ok(true.into())
    })
}

pub(crate) fn chat_action(telegram: &Telegram, params: &Params) -> Result<Value, ApiError> {
    let action = params.text("action");
    if !ACTIONS.contains(&action.as_str()) {
        return Err(ApiError::bad("wrong parameter action in request"));
    }
    telegram.write(|unit| {
        let chat = Chat::of_call(unit.db, params)?;
        show_sign(unit, chat.id, json!({"action": action}), ACTION_MS);
        Ok(true.into())
    })
}

pub(crate) fn draft(telegram: &Telegram, params: &Params) -> Result<Value, ApiError> {
    if params.integer("draft_id").unwrap_or_default() == 0 {
        return Err(ApiError::bad("draft identifier must be non-zero"));
    }
    let text = match params.text("text").as_str() {
        "" => Formatted::default(),
        _ => Formatted::text_of(params)?,
    };
    telegram.write(|unit| {
        let chat = Chat::of_call(unit.db, params)?;
        if chat.kind != ChatType::Private {
            return Err(ApiError::bad("message drafts are for private chats only"));
        }
        show_sign(unit, chat.id, json!({"draft": text.text}), DRAFT_MS);
        Ok(true.into())
    })
}

fn show_sign(unit: &mut Unit<'_>, chat: i64, body: Value, ms: i64) {
    let sign = Sign {
        body: body.clone(),
        until: unit.now + ms,
    };
    unit.telegram.live().signs.insert(chat, sign);
    unit.show("sign", json!({"chat": chat, "sign": body, "ms": ms}));
}

pub(crate) fn set_commands(telegram: &Telegram, params: &Params) -> Result<Value, ApiError> {
    let commands = params.json("commands")?.unwrap_or_default();
    let list = commands
        .as_array()
        .ok_or_else(|| ApiError::bad("commands must be an Array"))?;
    if list.len() > MAX_COMMANDS {
        return Err(ApiError::bad("BOT_COMMANDS_TOO_MUCH"));
    }
    for command in list {
        check_command(command)?;
    }
    let key = commands_key(params)?;
    telegram.write(|unit| {
        COMMANDS.put(unit.db, key, &commands)?;
        unit.show("commands", json!({}));
        Ok(true.into())
    })
}

fn check_command(command: &Value) -> Result<(), ApiError> {
    let text = |name: &str| command[name].as_str().unwrap_or_default();
    let (name, description) = (text("command"), text("description"));
    let is_allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
    if !(1..=32).contains(&name.len()) || !name.bytes().all(is_allowed) {
        return Err(ApiError::bad("BOT_COMMAND_INVALID"));
    }
    if !(1..=256).contains(&description.chars().count()) {
        return Err(ApiError::bad("BOT_COMMAND_DESCRIPTION_INVALID"));
    }
    Ok(())
}

pub(crate) fn commands(telegram: &Telegram, params: &Params) -> Result<Value, ApiError> {
    let found = COMMANDS.get(&telegram.context.store().db, commands_key(params)?)?;
    Ok(found.unwrap_or_else(|| json!([])))
}

/// Returns the commands that a person of this language sees.
pub(crate) fn shown_commands(telegram: &Telegram, language: &str) -> rusqlite::Result<Value> {
    let store = telegram.context.store();
    for language in [language, ""] {
        if let Some(commands) = COMMANDS.get(&store.db, format!("default {language}"))? {
            return Ok(commands);
        }
    }
    Ok(json!([]))
}

fn commands_key(params: &Params) -> Result<String, ApiError> {
    let scope = params.json("scope")?.unwrap_or_default();
    let scope = scope["type"].as_str().unwrap_or("default").to_owned();
    let language = params.text("language_code");
    if !matches!(language.len(), 0 | 2) {
        return Err(ApiError::bad("invalid language code specified"));
    }
    Ok(format!("{scope} {language}"))
}

pub(crate) fn get_file(telegram: &Telegram, params: &Params) -> Result<Value, ApiError> {
    let bot = telegram.account.bot_id();
    telegram.write(|unit| {
        let found = files::link(unit, bot, &params.text("file_id"))?;
        let (body, path) = found.ok_or_else(|| ApiError::bad("invalid file_id"))?;
        if body["file_size"].as_i64().unwrap_or_default() > MAX_DOWNLOAD_BYTES {
            return Err(ApiError::bad("file is too big"));
        }
        Ok(json!({
            "file_id": body["file_id"], "file_unique_id": body["file_unique_id"],
            "file_size": body["file_size"], "file_path": path,
        }))
    })
}
