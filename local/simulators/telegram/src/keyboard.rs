//! Reply markup: inline keyboards with their limits, and what only people see.

use serde_json::{Value, json};

use crate::{api_error::ApiError, params::Params};

const MAX_DATA_BYTES: usize = 64;
const MAX_COPY_CHARS: usize = 256;
const MAX_BUTTONS: usize = 100;
/// What a button may do, apart from callback data, addresses and copying.
const OTHER_ACTIONS: [&str; 4] = [
    "web_app",
    "switch_inline_query",
    "switch_inline_query_current_chat",
    "login_url",
];

#[derive(Debug, Default)]
pub(crate) struct Markup {
    pub(crate) inline: Option<Value>,
    /// A reply keyboard, its removal, or a forced reply.
    pub(crate) other: Option<Value>,
}

impl Markup {
    pub(crate) fn of_send(params: &Params) -> Result<Self, ApiError> {
        let Some(markup) = params.json("reply_markup")? else {
            return Ok(Self::default());
        };
        if !markup.is_object() {
            return Err(ApiError::bad("object expected as reply markup"));
        }
        if let Some(rows) = markup.get("inline_keyboard") {
            return Ok(Self {
                inline: inline(rows)?,
                other: None,
            });
        }
        let is_known = ["keyboard", "remove_keyboard", "force_reply"]
            .iter()
            .any(|name| markup.get(name).is_some());
        Ok(Self {
            inline: None,
            other: is_known.then_some(markup),
        })
    }

    /// Reads the markup of an edited message, which can only be an inline keyboard.
    pub(crate) fn of_edit(params: &Params) -> Result<Option<Value>, ApiError> {
        let markup = Self::of_send(params)?;
        if markup.other.is_some() {
            return Err(ApiError::bad("inline keyboard expected"));
        }
        Ok(markup.inline)
    }
}

fn inline(rows: &Value) -> Result<Option<Value>, ApiError> {
    let rows = rows.as_array();
    let rows =
        rows.ok_or_else(|| ApiError::bad("field \"inline_keyboard\" must be of type Array"))?;
    let mut keyboard: Vec<Vec<Value>> = Vec::new();
    for row in rows {
        let row = row.as_array();
        let row = row
            .ok_or_else(|| ApiError::bad("field \"inline_keyboard\" must be an Array of Arrays"))?;
        let buttons: Vec<Value> = row.iter().map(button).collect::<Result<_, _>>()?;
        if !buttons.is_empty() {
            keyboard.push(buttons);
        }
    }
    if keyboard.iter().map(Vec::len).sum::<usize>() > MAX_BUTTONS {
        return Err(ApiError::bad("reply markup is too long"));
    }
    Ok((!keyboard.is_empty()).then(|| json!({"inline_keyboard": keyboard})))
}

fn button(button: &Value) -> Result<Value, ApiError> {
    let refused =
        |reason: &str| ApiError::bad(format!("can't parse inline keyboard button: {reason}"));
    let text = button["text"].as_str();
    let text = text.ok_or_else(|| refused("Can't find field \"text\""))?;
    if text.trim().is_empty() {
        return Err(ApiError::bad("BUTTON_TEXT_INVALID"));
    }
    let mut wire = json!({"text": text});
    if let Some(data) = button["callback_data"].as_str() {
        if !(1..=MAX_DATA_BYTES).contains(&data.len()) {
            return Err(ApiError::bad("BUTTON_DATA_INVALID"));
        }
        wire["callback_data"] = data.into();
    } else if let Some(url) = button["url"].as_str() {
        if !["https://", "http://", "tg://"]
            .iter()
            .any(|scheme| url.starts_with(scheme))
        {
            return Err(ApiError::bad("BUTTON_URL_INVALID"));
        }
        wire["url"] = url.into();
    } else if let Some(copied) = button["copy_text"]["text"].as_str() {
        if !(1..=MAX_COPY_CHARS).contains(&copied.chars().count()) {
            return Err(ApiError::bad("BUTTON_COPY_TEXT_INVALID"));
        }
        wire["copy_text"] = json!({"text": copied});
    } else if let Some(action) = OTHER_ACTIONS
        .iter()
        .find(|name| button.get(**name).is_some())
    {
        wire[*action] = button[*action].clone();
    } else {
        return Err(refused("Text buttons are unallowed in the inline keyboard"));
    }
    Ok(wire)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(button: Value) -> String {
        inline(&json!([[button]])).unwrap_err().description
    }

    #[test]
    fn callback_data_has_up_to_64_bytes() {
        let data = |data: String| json!({"text": "a", "callback_data": data});
        assert!(inline(&json!([[data("x".repeat(64))]])).is_ok());
        for bad in [String::new(), "x".repeat(65), "я".repeat(33)] {
            assert_eq!(refusal(data(bad)), "Bad Request: BUTTON_DATA_INVALID");
        }
    }

    #[test]
    fn buttons_need_an_action_within_its_limits() {
        let copied = json!({"text": "a", "copy_text": {"text": "x".repeat(257)}});
        assert_eq!(refusal(copied), "Bad Request: BUTTON_COPY_TEXT_INVALID");
        let link = json!({"text": "a", "url": "javascript:1"});
        assert_eq!(refusal(link), "Bad Request: BUTTON_URL_INVALID");
        assert!(refusal(json!({"text": "a"})).ends_with("unallowed in the inline keyboard"));
    }

    #[test]
    fn empty_rows_disappear() {
        assert_eq!(inline(&json!([[], []])).unwrap(), None);
    }
}
