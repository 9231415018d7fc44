//! Parses the vision model's response into room suggestions and a caption.

use std::collections::BTreeSet;

use confab_core::Private;
use confab_provider_base::lenient::{Lenient, LenientString, LenientVec};
use serde::Deserialize;

use crate::{
    Completion, CompletionOutcome, ModelError, Usage, completion::parse_completion, sanitize,
};

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

pub(super) const MAX_SUGGESTIONS: usize = 10;
const MIN_SUGGESTIONS: usize = 3;
const MAX_DESCRIPTION_CHARS: usize = 160;
const MAX_TITLE_CHARS: usize = 80;
const MAX_CATEGORY_CHARS: usize = 40;
const MAX_VISIBLE_TEXT_CHARS: usize = 500;
const MAX_CAPTION_CHARS: usize = 400;

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
    let Completion { outcome, usage } = parse_completion(body)?;
    let text = match outcome {
        CompletionOutcome::Text(text) => text,
        CompletionOutcome::CutOff => return Err(ModelError::Unusable("cut off")),
        CompletionOutcome::Declined => return Err(ModelError::declined()),
    };
    let content = json_object(&text).ok_or(ModelError::Unusable("no JSON"))?;
    let content: Content =
        serde_json::from_str(content).map_err(|_| ModelError::Unusable("no JSON"))?;
    let suggestions = valid_suggestions(content.suggestions.items);
    if suggestions.len() < MIN_SUGGESTIONS {
        return Err(ModelError::Unusable("too few suggestions"));
    }
    Ok(Seen {
        suggestions,
        caption: content.caption.0.unwrap_or_default().read(),
        usage: usage.unwrap_or_default(),
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
