//! What Telegram saw: calls of the bot, and breaches of good manners.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    api_error::ApiError, method::Method, params::Params, tables, tables::Kind, telegram::Telegram,
    unit::Unit,
};

pub(crate) const CALLS: Kind<SeenCall> = Kind::new("call");
pub(crate) const VIOLATIONS: Kind<Violation> = Kind::new("violation");
const KEPT: i64 = 5_000;

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct SeenCall {
    pub(crate) id: i64,
    pub(crate) at: i64,
    pub(crate) method: String,
    pub(crate) chat: Option<i64>,
    /// Messages that the call sent or changed.
    pub(crate) message_ids: Vec<i64>,
    pub(crate) code: u16,
    pub(crate) description: Option<String>,
    /// Whether the bot got the answer.
    pub(crate) answered: bool,
    pub(crate) uploads: usize,
    pub(crate) reused_files: u32,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Violation {
    pub(crate) at: i64,
    pub(crate) kind: String,
    pub(crate) about: Value,
}

pub(crate) fn add_violation(unit: &mut Unit<'_>, kind: &str, about: Value) -> rusqlite::Result<()> {
    let violation = Violation {
        at: unit.now,
        kind: kind.to_owned(),
        about,
    };
    let id = tables::next(unit.db, "violation", 1)?;
    VIOLATIONS.put(unit.db, id, &violation)?;
    VIOLATIONS.trim(unit.db, KEPT)?;
    unit.show("violation", json!(violation));
    Ok(())
}

/// Saves a call that has ended. Losing the record must not change the answer.
pub(crate) fn add(
    telegram: &Telegram,
    method: Method,
    params: &Params,
    result: Result<&Value, &ApiError>,
    answered: bool,
) {
    let saved: rusqlite::Result<()> = telegram.write(|unit| {
        let call = SeenCall {
            id: tables::next(unit.db, "call", 1)?,
            at: unit.now,
            method: method.name().to_owned(),
            chat: params.integer("chat_id"),
            message_ids: result.map(message_ids).unwrap_or_default(),
            code: result.map_or_else(|error| error.code, |_| 200),
            description: result.err().map(|error| error.description.clone()),
            answered,
            uploads: params.files.len(),
            reused_files: params.reused_files(),
        };
        CALLS.put(unit.db, call.id, &call)?;
        CALLS.trim(unit.db, KEPT)?;
        unit.show("call", json!(call));
        Ok(())
    });
    drop(saved);
}

fn message_ids(result: &Value) -> Vec<i64> {
    let one = std::slice::from_ref(result);
    let messages = result.as_array().map_or(one, Vec::as_slice);
    let id = |message: &Value| message["message_id"].as_i64();
    messages.iter().filter_map(id).collect()
}
