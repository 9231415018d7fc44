//! Inline keyboards and the reply prompt.

use confab_core::{Private, length};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::TelegramError;

const MAX_CALLBACK_BYTES: usize = 64;
const MAX_COPY_UNITS: usize = 256;
const MAX_PLACEHOLDER_CHARS: usize = 64;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReplyMarkup {
    Keyboard(InlineKeyboard),
    ForceReply(ForceReply),
}

/// Buttons below a message. One without rows removes them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct InlineKeyboard {
    pub rows: Vec<Vec<Button>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Button {
    pub label: String,
    pub action: Action,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// At most 64 bytes that come back in a callback query.
    Callback(String),
    /// A link; it may be signed, so the log does not show it.
    Url(Private<String>),
    /// A text for the clipboard: see [`fits_copy_button`].
    CopyText(Private<String>),
}

/// Opens the person's reply to the message.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ForceReply {
    /// At most 64 characters in the empty input field.
    pub placeholder: Option<String>,
    /// In a group, only the author of the message that is replied to sees the prompt.
    pub is_selective: bool,
}

/// Tells whether a text fits into a button that copies it.
/// It counts UTF-16 units, the strictest reading of "256 characters".
pub fn fits_copy_button(text: &str) -> bool {
    (1..=MAX_COPY_UNITS).contains(&text.encode_utf16().count())
}

impl Button {
    pub fn callback(label: impl Into<String>, data: impl Into<String>) -> Self {
        Self::new(label, Action::Callback(data.into()))
    }

    pub fn url(label: impl Into<String>, url: impl Into<String>) -> Self {
        Self::new(label, Action::Url(Private(url.into())))
    }

    pub fn copy(label: impl Into<String>, text: impl Into<String>) -> Self {
        Self::new(label, Action::CopyText(Private(text.into())))
    }

    fn new(label: impl Into<String>, action: Action) -> Self {
        let label = label.into();
        Self { label, action }
    }

    fn json(&self) -> Result<Value, TelegramError> {
        let label = self.label.trim();
        if label.is_empty() {
            return Err(TelegramError::invalid("a button has no label"));
        }
        match &self.action {
            Action::Callback(data) => {
                if !(1..=MAX_CALLBACK_BYTES).contains(&data.len()) {
                    return Err(TelegramError::invalid("callback data has 1 to 64 bytes"));
                }
                Ok(json!({ "text": label, "callback_data": data }))
            }
            Action::Url(url) => Ok(json!({ "text": label, "url": url })),
            Action::CopyText(text) => {
                if !fits_copy_button(text.as_str()) {
                    return Err(TelegramError::invalid(
                        "a copied text has 1 to 256 characters",
                    ));
                }
                Ok(json!({ "text": label, "copy_text": { "text": text } }))
            }
        }
    }
}

impl InlineKeyboard {
    pub(crate) fn json(&self) -> Result<Value, TelegramError> {
        let row = |row: &Vec<Button>| row.iter().map(Button::json).collect();
        let rows: Vec<Vec<Value>> = self.rows.iter().map(row).collect::<Result<_, _>>()?;
        Ok(json!({ "inline_keyboard": rows }))
    }
}

impl ForceReply {
    fn json(&self) -> Result<Value, TelegramError> {
        let mut json = json!({ "force_reply": true, "selective": self.is_selective });
        if let Some(placeholder) = &self.placeholder {
            if !(1..=MAX_PLACEHOLDER_CHARS).contains(&length(placeholder)) {
                return Err(TelegramError::invalid(
                    "a placeholder has 1 to 64 characters",
                ));
            }
            json["input_field_placeholder"] = placeholder.as_str().into();
        }
        Ok(json)
    }
}

impl ReplyMarkup {
    pub(crate) fn json(&self) -> Result<Value, TelegramError> {
        match self {
            Self::Keyboard(keyboard) => keyboard.json(),
            Self::ForceReply(prompt) => prompt.json(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keyboard(button: Button) -> InlineKeyboard {
        InlineKeyboard {
            rows: vec![vec![button]],
        }
    }

    #[test]
    fn buttons_are_encoded_as_telegram_reads_them() {
        let rows = vec![
            vec![
                Button::callback(" Edit slide ", "c1:ed:01m7ym613fe0yvvhrd4bj8893d:12:4"),
                Button::url("Open", "https://a.example/?signature=s3cret"),
            ],
            vec![Button::copy("Copy caption", "Rest is work too")],
        ];
        let expected = json!({ "inline_keyboard": [
            [
                { "text": "Edit slide", "callback_data": "c1:ed:01m7ym613fe0yvvhrd4bj8893d:12:4" },
                { "text": "Open", "url": "https://a.example/?signature=s3cret" },
            ],
            [{ "text": "Copy caption", "copy_text": { "text": "Rest is work too" } }],
        ]});
        let keyboard = InlineKeyboard { rows };
        assert_eq!(keyboard.json().unwrap(), expected);
        let shown = format!("{keyboard:?}");
        assert!(
            !shown.contains("s3cret") && !shown.contains("Rest"),
            "{shown}"
        );
        let kept = serde_json::to_string(&keyboard).unwrap();
        assert_eq!(
            serde_json::from_str::<InlineKeyboard>(&kept).unwrap(),
            keyboard
        );
        let removed = InlineKeyboard::default().json().unwrap();
        assert_eq!(removed, json!({ "inline_keyboard": [] }));
    }

    #[test]
    fn buttons_are_refused_when_they_are_beyond_telegrams_limits() {
        for (button, is_valid) in [
            (Button::callback("x", "d".repeat(64)), true),
            (Button::callback("x", "d".repeat(65)), false),
            (Button::callback("x", "ש".repeat(32)), true),
            (Button::callback("x", "ש".repeat(33)), false),
            (Button::callback("x", ""), false),
            (Button::callback(" ", "d"), false),
            (Button::copy("x", "t".repeat(256)), true),
            (Button::copy("x", "t".repeat(257)), false),
            (Button::copy("x", "😀".repeat(128)), true),
            (Button::copy("x", "😀".repeat(129)), false),
            (Button::copy("x", ""), false),
        ] {
            assert_eq!(
                keyboard(button.clone()).json().is_ok(),
                is_valid,
                "{button:?}"
            );
        }
    }

    #[test]
    fn force_reply_has_a_bounded_placeholder() {
        let prompt = |placeholder: Option<&str>| ForceReply {
            placeholder: placeholder.map(str::to_owned),
            is_selective: true,
        };
        let plain = ReplyMarkup::ForceReply(prompt(None)).json().unwrap();
        assert_eq!(plain, json!({ "force_reply": true, "selective": true }));
        let titled = prompt(Some("New text")).json().unwrap();
        assert_eq!(titled["input_field_placeholder"], "New text");
        prompt(Some("")).json().unwrap_err();
        prompt(Some(&"x".repeat(65))).json().unwrap_err();
    }
}
