//! What a model says that it sees, as far as it can be used.

use std::collections::BTreeSet;

use confab_core::Private;
use serde::Deserialize;

use super::{ModelError, words};
use confab_provider_base::lenient::{Lenient, LenientString, LenientVec};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// Three to ten. No two have the same name or the same key.
    pub suggestions: Vec<Suggestion>,
    pub caption: Caption,
    pub usage: Usage,
}

/// A chat room that people at that place may want.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suggestion {
    /// 2 to 40 characters, without markup and addresses.
    pub name: String,
    /// In lower-case-kebab, up to 48 characters.
    pub key: String,
    /// Maybe nothing.
    pub description: String,
}

/// What is in the picture. Each of them may be empty, and none of them is to be trusted: they may be a stranger's words.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Caption {
    pub title: String,
    pub category: String,
    /// What can be read in the picture.
    pub visible_text: Private<String>,
    pub caption: String,
}

/// What it is paid by.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    pub prompt_tokens: u64,
    pub completion_tokens: u64,
}

pub(super) const MOST_SUGGESTIONS: usize = 10;
const FEWEST_SUGGESTIONS: usize = 3;
const LONGEST_DESCRIPTION: usize = 160;
const LONGEST_TITLE: usize = 80;
const LONGEST_CATEGORY: usize = 40;
const LONGEST_VISIBLE_TEXT: usize = 500;
const LONGEST_CAPTION: usize = 400;

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

/// Reads a chat completion that answers the question of `Model::look`.
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
        .is_some_and(|words| !words.trim().is_empty());
    match choice.finish_reason.get() {
        _ if is_refused => return Err(ModelError::declined()),
        Some("content_filter") => return Err(ModelError::declined()),
        Some("length") => return Err(ModelError::Unusable("it was cut off")),
        _ => {}
    }
    let content = message
        .content
        .get()
        .and_then(object)
        .ok_or(ModelError::Unusable("no JSON"))?;
    let content: Content =
        serde_json::from_str(content).map_err(|_| ModelError::Unusable("no JSON"))?;
    let suggestions = usable(content.suggestions.items);
    if suggestions.len() < FEWEST_SUGGESTIONS {
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

/// Models that keep to no schema put words and fences around it.
fn object(content: &str) -> Option<&str> {
    content.get(content.find('{')?..=content.rfind('}')?)
}

fn usable(suggestions: Vec<SuggestionWire>) -> Vec<Suggestion> {
    let (mut names, mut keys) = (BTreeSet::new(), BTreeSet::new());
    let mut usable = Vec::new();
    for wire in suggestions {
        let Some(name) = wire.name.get().and_then(words::name) else {
            continue;
        };
        if !names.insert(name.to_lowercase()) {
            continue;
        }
        let from_words = [wire.key.get(), Some(name.as_str())]
            .into_iter()
            .flatten()
            .filter_map(words::key);
        let numbered = (usable.len() + 1..).map(|number| format!("room-{number}"));
        let Some(key) = from_words.chain(numbered).find(|key| !keys.contains(key)) else {
            continue;
        };
        keys.insert(key.clone());
        let description = line(&wire.description, LONGEST_DESCRIPTION);
        usable.push(Suggestion {
            name,
            key,
            description,
        });
        if usable.len() == MOST_SUGGESTIONS {
            break;
        }
    }
    usable
}

fn line(text: &LenientString, most: usize) -> String {
    text.get()
        .map(|text| words::line(text, most))
        .unwrap_or_default()
}

impl CaptionWire {
    fn read(&self) -> Caption {
        Caption {
            title: line(&self.title, LONGEST_TITLE),
            category: line(&self.category, LONGEST_CATEGORY),
            visible_text: line(&self.visible_text, LONGEST_VISIBLE_TEXT).into(),
            caption: line(&self.caption, LONGEST_CAPTION),
        }
    }
}

#[cfg(test)]
#[path = "seen_tests.rs"]
mod tests;
