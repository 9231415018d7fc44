//! Parses the vision model's response into room suggestions and a caption.

use std::collections::BTreeSet;

use confab_core::Private;
use confab_provider_base::lenient::{Lenient, LenientString, LenientVec};
use serde::Deserialize;

use crate::{ModelError, sanitize};

/// The sanitized description of a picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// Three to ten suggestions with distinct names and keys.
    pub suggestions: Vec<Suggestion>,
    pub caption: Caption,
    pub usage: Usage,
}

/// A suggested chat room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suggestion {
    /// 2 to 40 characters, without markup and addresses.
    pub name: String,
    /// Lower-case kebab, up to 48 characters.
    pub key: String,
    /// May be empty.
    pub description: String,
}

/// The caption of a picture. Each field may be empty and is untrusted: it may quote text in the
/// picture.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Caption {
    pub title: String,
    pub category: String,
    /// The text that is legible in the picture.
    pub visible_text: Private<String>,
    pub caption: String,
}

/// The tokens that are charged.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    pub prompt_tokens: u64,
    pub completion_tokens: u64,
}

pub(super) const MAX_SUGGESTIONS: usize = 10;
const MIN_SUGGESTIONS: usize = 3;
const MAX_DESCRIPTION_CHARS: usize = 160;
const MAX_TITLE_CHARS: usize = 80;
const MAX_CATEGORY_CHARS: usize = 40;
const MAX_VISIBLE_TEXT_CHARS: usize = 500;
const MAX_CAPTION_CHARS: usize = 400;

#[derive(Deserialize, Default)]
#[serde(default)]
struct Completion {
    choices: LenientVec<Choice>,
    usage: Lenient<UsageWire>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Choice {
    message: Lenient<Message>,
    finish_reason: LenientString,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Message {
    content: LenientString,
    refusal: LenientString,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct UsageWire {
    prompt_tokens: Lenient<u64>,
    completion_tokens: Lenient<u64>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Content {
    suggestions: LenientVec<SuggestionWire>,
    caption: Lenient<CaptionWire>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct SuggestionWire {
    name: LenientString,
    key: LenientString,
    description: LenientString,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct CaptionWire {
    title: LenientString,
    category: LenientString,
    visible_text: LenientString,
    caption: LenientString,
}

/// Parses a chat completion that answers the request of `Model::look`.
pub fn parse_seen(body: &[u8]) -> Result<Seen, ModelError> {
    let completion: Completion =
        serde_json::from_slice(body).map_err(|_| ModelError::Unusable("no completion"))?;
    let choice = completion
        .choices
        .items
        .into_iter()
        .next()
        .ok_or(ModelError::Unusable("no choice"))?;
    let message = choice.message.0.unwrap_or_default();
    let is_refused = message
        .refusal
        .get()
        .is_some_and(|refusal| !refusal.trim().is_empty());
    match choice.finish_reason.get() {
        _ if is_refused => return Err(ModelError::declined()),
        Some("content_filter") => return Err(ModelError::declined()),
        Some("length") => return Err(ModelError::Unusable("cut off")),
        _ => {}
    }
    let content = message
        .content
        .get()
        .and_then(json_object)
        .ok_or(ModelError::Unusable("no JSON"))?;
    let content: Content =
        serde_json::from_str(content).map_err(|_| ModelError::Unusable("no JSON"))?;
    let suggestions = valid_suggestions(content.suggestions.items);
    if suggestions.len() < MIN_SUGGESTIONS {
        return Err(ModelError::Unusable("too few suggestions"));
    }
    let usage = completion.usage.0.unwrap_or_default();
    Ok(Seen {
        suggestions,
        caption: content.caption.0.unwrap_or_default().read(),
        usage: Usage {
            prompt_tokens: usage.prompt_tokens.0.unwrap_or(0),
            completion_tokens: usage.completion_tokens.0.unwrap_or(0),
        },
    })
}

/// Extracts the JSON object: models that ignore the schema wrap it in words and fences.
fn json_object(content: &str) -> Option<&str> {
    content.get(content.find('{')?..=content.rfind('}')?)
}

fn valid_suggestions(suggestions: Vec<SuggestionWire>) -> Vec<Suggestion> {
    let (mut names, mut keys) = (BTreeSet::new(), BTreeSet::new());
    let mut valid = Vec::new();
    for wire in suggestions {
        let Some(name) = wire.name.get().and_then(sanitize::name) else {
            continue;
        };
        if !names.insert(name.to_lowercase()) {
            continue;
        }
        let proposed = [wire.key.get(), Some(name.as_str())]
            .into_iter()
            .flatten()
            .filter_map(sanitize::key);
        let fallbacks = (valid.len() + 1..).map(|number| format!("room-{number}"));
        let Some(key) = proposed.chain(fallbacks).find(|key| !keys.contains(key)) else {
            continue;
        };
        keys.insert(key.clone());
        let description = line(&wire.description, MAX_DESCRIPTION_CHARS);
        valid.push(Suggestion {
            name,
            key,
            description,
        });
        if valid.len() == MAX_SUGGESTIONS {
            break;
        }
    }
    valid
}

fn line(text: &LenientString, max_chars: usize) -> String {
    text.get()
        .map(|text| sanitize::line(text, max_chars))
        .unwrap_or_default()
}

impl CaptionWire {
    fn read(&self) -> Caption {
        Caption {
            title: line(&self.title, MAX_TITLE_CHARS),
            category: line(&self.category, MAX_CATEGORY_CHARS),
            visible_text: line(&self.visible_text, MAX_VISIBLE_TEXT_CHARS).into(),
            caption: line(&self.caption, MAX_CAPTION_CHARS),
        }
    }
}

#[cfg(test)]
mod tests;
