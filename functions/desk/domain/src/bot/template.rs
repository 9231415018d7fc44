//! Built-in drafts that a new bot begins with.

use confab_core::Result;
use serde::{Deserialize, Serialize};

use super::{
    BotSettings, HandoffHours, InvalidSettings, PrechatField, PrechatType, QuickReplies, Rule,
    RuleCondition, RuleEffect,
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

    /// Returns the draft of a new bot. Its texts are English; the language is the bot's.
    pub fn settings(
        self,
        name: &str,
        language: LanguageTag,
    ) -> Result<BotSettings, InvalidSettings> {
        let settings = BotSettings::new(name, language);
        let settings = match self {
            Self::Blank => settings,
            Self::Support => support(settings),
            Self::Sales => sales(settings),
        };
        settings.validated()
    }
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

fn support(mut settings: BotSettings) -> BotSettings {
    settings.persona =
        "A patient colleague at the help desk. Short sentences, no jargon.".to_owned();
    settings.csat = true;
    settings.handoff.hours = HandoffHours::Business;
    settings.quick_replies = QuickReplies {
        opening: strings(&[
            "Where is my order?",
            "Returns and refunds",
            "Something is broken",
        ]),
        followup: strings(&["Talk to a person"]),
        handoff: strings(&["Talk to a person"]),
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

fn sales(mut settings: BotSettings) -> BotSettings {
    settings.persona = "A friendly adviser who listens first and never pushes.".to_owned();
    settings.handoff.hours = HandoffHours::Business;
    settings.prechat = vec![
        field("name", "Your name", PrechatType::Text, true),
        field("email", "Work email", PrechatType::Email, true),
    ];
    settings.quick_replies = QuickReplies {
        opening: strings(&["What does it cost?", "Book a demo", "Talk to sales"]),
        followup: strings(&["Book a demo", "Talk to sales"]),
        handoff: strings(&["Book a demo", "Talk to sales"]),
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
