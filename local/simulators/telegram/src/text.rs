//! Texts and captions: parsed, trimmed and measured.

use serde_json::{Map, Value, json};

use crate::{api_error::ApiError, html, params::Params};

pub(crate) const MAX_TEXT_CHARS: usize = 4_096;
pub(crate) const MAX_CAPTION_CHARS: usize = 1_024;

#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Formatted {
    pub(crate) text: String,
    pub(crate) entities: Vec<Value>,
}

impl Formatted {
    /// Reads the text of a message, which is required.
    pub(crate) fn text_of(params: &Params) -> Result<Self, ApiError> {
        let text = Self::read(
            &params.text("text"),
            &params.text("parse_mode"),
            params.json("entities")?,
        )?;
        if text.text.is_empty() {
            return Err(ApiError::bad("message text is empty"));
        }
        text.check(MAX_TEXT_CHARS, "message is too long")
    }

    pub(crate) fn caption_of(params: &Params) -> Result<Self, ApiError> {
        let entities = params.json("caption_entities")?;
        Self::caption(
            &params.text("caption"),
            &params.text("parse_mode"),
            entities,
        )
    }

    /// Reads the caption of an `InputMedia`.
    pub(crate) fn caption_in(media: &Value) -> Result<Self, ApiError> {
        let text = |name: &str| media[name].as_str().unwrap_or_default();
        let entities = media.get("caption_entities").cloned();
        Self::caption(text("caption"), text("parse_mode"), entities)
    }

    fn caption(text: &str, parse_mode: &str, entities: Option<Value>) -> Result<Self, ApiError> {
        Self::read(text, parse_mode, entities)?
            .check(MAX_CAPTION_CHARS, "message caption is too long")
    }

    fn read(text: &str, parse_mode: &str, entities: Option<Value>) -> Result<Self, ApiError> {
        let (text, entities) = match parse_mode.to_ascii_lowercase().as_str() {
            "" => {
                let entities = entities.and_then(|list| list.as_array().cloned());
                (text.to_owned(), entities.unwrap_or_default())
            }
            "html" => html::parse(text)
                .map_err(|reason| ApiError::bad(format!("can't parse entities: {reason}")))?,
            _ => return Err(ApiError::bad("unsupported parse_mode")),
        };
        let text = text.trim_end();
        let length = html::utf16_length(text) as u64;
        let fits = |entity: &Value| entity["offset"].as_u64().is_some_and(|at| at < length);
        let mut entities: Vec<Value> = entities.into_iter().filter(fits).collect();
        for entity in &mut entities {
            let left = length - entity["offset"].as_u64().unwrap_or_default();
            entity["length"] = entity["length"]
                .as_u64()
                .unwrap_or_default()
                .min(left)
                .into();
        }
        Ok(Self {
            text: text.to_owned(),
            entities,
        })
    }

    fn check(self, max_chars: usize, reason: &str) -> Result<Self, ApiError> {
        if self.text.chars().count() > max_chars {
            return Err(ApiError::bad(reason));
        }
        Ok(self)
    }

    /// Adds the text to a message under the given names, or nothing when it is empty.
    pub(crate) fn put(&self, content: &mut Map<String, Value>, text: &str, entities: &str) {
        if self.text.is_empty() {
            return;
        }
        content.insert(text.into(), self.text.clone().into());
        if !self.entities.is_empty() {
            content.insert(entities.into(), self.entities.clone().into());
        }
    }
}

/// Returns the entities that Telegram finds in a person's text.
pub(crate) fn found_entities(text: &str) -> Vec<Value> {
    let mut entities = Vec::new();
    let mut offset = 0;
    for word in text.split_inclusive(char::is_whitespace) {
        let trimmed = word.trim_end();
        if is_command(trimmed) {
            let length = html::utf16_length(trimmed);
            entities.push(json!({"type": "bot_command", "offset": offset, "length": length}));
        }
        offset += html::utf16_length(word);
    }
    entities
}

fn is_command(word: &str) -> bool {
    let is_name = |name: &str| {
        !name.is_empty()
            && name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    };
    let Some(rest) = word.strip_prefix('/') else {
        return false;
    };
    match rest.split_once('@') {
        Some((command, bot)) => is_name(command) && is_name(bot),
        None => is_name(rest),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_found_with_the_bot_they_name() {
        let found = found_entities("🙂 /go@some_bot x /a/b /");
        assert_eq!(
            found,
            [json!({"type": "bot_command", "offset": 3, "length": 12})]
        );
    }

    #[test]
    fn length_counts_what_is_left_of_the_markup() {
        let markup = format!("<b>{}</b>", "я".repeat(MAX_CAPTION_CHARS));
        let media = json!({"caption": markup, "parse_mode": "HTML"});
        assert_eq!(
            Formatted::caption_in(&media).unwrap().entities[0]["length"],
            1_024
        );
        let media = json!({"caption": markup});
        let error = Formatted::caption_in(&media).unwrap_err();
        assert_eq!(
            error.description,
            "Bad Request: message caption is too long"
        );
    }

    #[test]
    fn entities_end_with_the_trimmed_text() {
        let media = json!({"caption": "<b>a  </b>  ", "parse_mode": "HTML"});
        let caption = Formatted::caption_in(&media).unwrap();
        assert_eq!(caption.text, "a");
        assert_eq!(
            caption.entities,
            [json!({"type": "bold", "offset": 0, "length": 1})]
        );
    }
}
