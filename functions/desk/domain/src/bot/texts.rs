//! Texts that a bot says and its widget shows. An admin may replace each of them in each language.

use serde::{Deserialize, Serialize};

use super::{BotSettings, checker::Checker};
use crate::LanguageTag;

const MAX_TEXT_CHARS: usize = 300;

/// Replaced texts of one language.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(
    feature = "contract",
    derive(ts_rs::TS, utoipa::ToSchema),
    ts(optional_fields)
)]
#[serde(deny_unknown_fields, default)]
pub struct WidgetTexts {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub greeting: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prechat: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unknown: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub handoff: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub away: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ask_address: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address_saved: Option<String>,
}

/// A text that a bot says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BotText {
    Title,
    Greeting,
    /// Asks to fill in the form.
    Prechat,
    Unknown,
    Handoff,
    /// No people are there now.
    Away,
    AskAddress,
    AddressSaved,
}

impl BotText {
    pub const ALL: [Self; 8] = [
        Self::Title,
        Self::Greeting,
        Self::Prechat,
        Self::Unknown,
        Self::Handoff,
        Self::Away,
        Self::AskAddress,
        Self::AddressSaved,
    ];

    fn replaced(self, texts: &WidgetTexts) -> Option<&String> {
        match self {
            Self::Title => texts.title.as_ref(),
            Self::Greeting => texts.greeting.as_ref(),
            Self::Prechat => texts.prechat.as_ref(),
            Self::Unknown => texts.unknown.as_ref(),
            Self::Handoff => texts.handoff.as_ref(),
            Self::Away => texts.away.as_ref(),
            Self::AskAddress => texts.ask_address.as_ref(),
            Self::AddressSaved => texts.address_saved.as_ref(),
        }
    }
}

impl WidgetTexts {
    /// Cleans texts and notes those that are too long. An empty one is removed.
    pub(super) fn check(&mut self, path: &str, checker: &mut Checker) {
        let fields = [
            ("title", &mut self.title),
            ("greeting", &mut self.greeting),
            ("prechat", &mut self.prechat),
            ("unknown", &mut self.unknown),
            ("handoff", &mut self.handoff),
            ("away", &mut self.away),
            ("ask_address", &mut self.ask_address),
            ("address_saved", &mut self.address_saved),
        ];
        for (name, field) in fields {
            if let Some(text) = field {
                checker.text(&format!("{path}.{name}"), text, MAX_TEXT_CHARS);
            }
            if field.as_ref().is_some_and(String::is_empty) {
                *field = None;
            }
        }
    }
}

impl BotSettings {
    /// Returns a text of the admin's in the visitor's language, else in the bot's first language, else the built-in text
    /// in the visitor's language.
    pub fn bot_text(&self, text: BotText, language: Option<&LanguageTag>) -> &str {
        let strings = &self.appearance.strings;
        let exact = language.and_then(|tag| strings.get(tag));
        let related = language.and_then(|wanted| {
            let mut others = strings
                .iter()
                .filter(|(tag, _)| tag.is_same_language(wanted));
            others.next().map(|(_, texts)| texts)
        });
        let first = self.languages.first().and_then(|tag| strings.get(tag));
        let candidates = [exact, related, first].into_iter().flatten();
        let mut replaced = candidates.filter_map(|texts| text.replaced(texts));
        let built_in = text.built_in(language.or(self.languages.first()));
        replaced.next().map_or(built_in, String::as_str)
    }
}
