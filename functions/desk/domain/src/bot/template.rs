//! Built-in drafts that a new bot begins with.

use confab_core::Result;
use serde::{Deserialize, Serialize};

use super::{
    BUILT_IN_LANGUAGES, BotSettings, HandoffHours, InvalidSettings, PrechatField, PrechatType,
    QuickReplies, Rule, RuleCondition, RuleEffect, phrases::Phrases, settings::MAX_LANGUAGES,
};
use crate::{LanguageTag, Priority};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "contract", derive(ts_rs::TS, utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum BotTemplate {
    /// Greets, and people answer.
    Blank,
    /// Sorts questions to a help desk.
    Support,
    /// Takes the address of people who want to buy.
    Sales,
}

impl BotTemplate {
    pub const ALL: [Self; 3] = [Self::Blank, Self::Support, Self::Sales];

    /// Returns the draft of a new bot. Its phrases are in its first language, and it speaks every language that has
    /// built-in texts.
    pub fn settings(
        self,
        name: &str,
        language: LanguageTag,
    ) -> Result<BotSettings, InvalidSettings> {
        let phrases = Phrases::of(&language);
        let settings = speak_all(BotSettings::new(name, language));
        let settings = match self {
            Self::Blank => settings,
            Self::Support => support(settings, phrases),
            Self::Sales => sales(settings, phrases),
        };
        settings.validated()
    }
}

/// Adds the languages with built-in texts to the bot's own one, as far as there is room.
fn speak_all(mut settings: BotSettings) -> BotSettings {
    for tag in BUILT_IN_LANGUAGES {
        let Ok(language) = LanguageTag::parse(tag) else {
            continue;
        };
        let mut known = settings.languages.iter();
        let is_known = known.any(|each| each.is_same_language(&language));
        if !is_known && settings.languages.len() < MAX_LANGUAGES {
            settings.languages.push(language);
        }
    }
    settings
}

fn strings(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

fn field(key: &str, label: &str, kind: PrechatType, required: bool) -> PrechatField {
    PrechatField {
        key: key.to_owned(),
        label: label.to_owned(),
        kind,
        required,
        options: Vec::new(),
    }
}

fn support(mut settings: BotSettings, phrases: &Phrases) -> BotSettings {
    settings.persona =
        "A patient colleague at the help desk. Short sentences, no jargon.".to_owned();
    settings.csat = true;
    settings.handoff.hours = HandoffHours::Business;
    settings.quick_replies = QuickReplies {
        opening: strings(&[phrases.order, phrases.returns, phrases.broken]),
        followup: strings(&[phrases.person]),
        handoff: strings(&[phrases.person]),
    };
    settings.rules = vec![Rule {
        name: "Refunds come first".to_owned(),
        when: RuleCondition {
            words: strings(&["refund", "refunds", "money back"]),
            ..RuleCondition::default()
        },
        then: vec![
            RuleEffect::Tag {
                tag: "refund".to_owned(),
            },
            RuleEffect::Priority {
                priority: Priority::High,
            },
            RuleEffect::HandOff { team: None },
        ],
    }];
    settings
}

fn sales(mut settings: BotSettings, phrases: &Phrases) -> BotSettings {
    settings.persona = "A friendly adviser who listens first and never pushes.".to_owned();
    settings.handoff.hours = HandoffHours::Business;
    settings.prechat = vec![
        field("name", phrases.name, PrechatType::Text, true),
        field("email", phrases.email, PrechatType::Email, true),
    ];
    settings.quick_replies = QuickReplies {
        opening: strings(&[phrases.price, phrases.demo, phrases.sales]),
        followup: strings(&[phrases.demo, phrases.sales]),
        handoff: strings(&[phrases.demo, phrases.sales]),
    };
    settings.rules = vec![Rule {
        name: "Prices".to_owned(),
        when: RuleCondition {
            words: strings(&["price", "prices", "cost"]),
            ..RuleCondition::default()
        },
        then: vec![
            RuleEffect::Tag {
                tag: "pricing".to_owned(),
            },
            RuleEffect::HandOff { team: None },
        ],
    }];
    settings
}
