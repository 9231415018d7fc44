//! The draft of a bot as admins send it, and its limits.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{
    Appearance, InvalidSettings, OriginPattern, PrechatField, Rule, RuleEffect, checker::Checker,
    prechat::check_fields, rule::check_rules,
};
use crate::{AvatarId, LanguageTag, ReopenPolicy, TeamId};

const MAX_NAME_CHARS: usize = 60;
const MAX_PERSONA_CHARS: usize = 500;
const MAX_INSTRUCTIONS_CHARS: usize = 4_000;
const MAX_MODEL_CHARS: usize = 100;
pub(super) const MAX_LANGUAGES: usize = 8;
const MAX_ORIGINS: usize = 20;
const MAX_HANDOFF_WORDS: usize = 50;
const MAX_QUICK_REPLIES: usize = 6;
const MAX_QUICK_REPLY_CHARS: usize = 60;
const MAX_TURNS: u8 = 50;
const MAX_UNKNOWN: u8 = 5;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "contract", derive(ts_rs::TS, utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum AnswerMode {
    /// The bot answers visitors.
    #[default]
    Auto,
    /// The bot suggests answers to agents, and people answer.
    Suggest,
    Off,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "contract", derive(ts_rs::TS, utoipa::ToSchema))]
#[serde(deny_unknown_fields, default)]
pub struct AnswerSettings {
    pub mode: AnswerMode,
    /// Messages of the bot before it hands over.
    pub max_turns: u8,
    /// The least score of a passage, in percent. `None` is the measured default.
    pub floor: Option<u8>,
}

impl Default for AnswerSettings {
    fn default() -> Self {
        Self {
            mode: AnswerMode::Auto,
            max_turns: 10,
            floor: None,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "contract", derive(ts_rs::TS, utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum HandoffHours {
    /// People answer at any time.
    #[default]
    Always,
    /// Outside the tenant's business hours the bot says so.
    Business,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "contract", derive(ts_rs::TS, utoipa::ToSchema))]
#[serde(deny_unknown_fields, default)]
pub struct HandoffSettings {
    /// Phrases with which a visitor asks for a person.
    pub words: Vec<String>,
    /// Questions without an answer, one after the other, before the bot hands over.
    pub on_unknown: u8,
    pub on_sentiment: bool,
    pub hours: HandoffHours,
    pub team: Option<TeamId>,
}

impl Default for HandoffSettings {
    fn default() -> Self {
        let words = ["human", "person", "agent", "real person", "talk to someone"];
        Self {
            words: words.map(str::to_owned).to_vec(),
            on_unknown: 2,
            on_sentiment: false,
            hours: HandoffHours::Always,
            team: None,
        }
    }
}

/// Texts that a visitor sends with one tap.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "contract", derive(ts_rs::TS, utoipa::ToSchema))]
#[serde(deny_unknown_fields, default)]
pub struct QuickReplies {
    /// Below the greeting.
    pub opening: Vec<String>,
    /// Below an answer, and when the bot has none.
    pub followup: Vec<String>,
    /// Each of them asks for a person.
    pub handoff: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "contract", derive(ts_rs::TS, utoipa::ToSchema))]
#[serde(deny_unknown_fields, default)]
pub struct IdentitySettings {
    /// Only visitors whom the site vouches for may chat.
    pub required: bool,
}

/// Everything that admins set. Values are checked by `validated`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "contract", derive(ts_rs::TS, utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct BotSettings {
    pub name: String,
    #[serde(default)]
    pub persona: String,
    #[serde(default)]
    pub instructions: String,
    pub languages: Vec<LanguageTag>,
    #[serde(default)]
    pub model: Option<String>,
    #[serde(default)]
    pub answer: AnswerSettings,
    #[serde(default)]
    pub handoff: HandoffSettings,
    #[serde(default)]
    pub prechat: Vec<PrechatField>,
    #[serde(default)]
    pub csat: bool,
    #[serde(default)]
    pub quick_replies: QuickReplies,
    #[serde(default)]
    pub appearance: Appearance,
    #[serde(default)]
    pub origins: Vec<OriginPattern>,
    #[serde(default)]
    pub identity: IdentitySettings,
    #[serde(default)]
    pub avatar_id: Option<AvatarId>,
    #[serde(default)]
    pub rules: Vec<Rule>,
    /// Whether visitors may go on in a conversation that has ended.
    #[serde(default)]
    pub reopening: ReopenPolicy,
}

impl BotSettings {
    /// Settings with every default.
    pub fn new(name: impl Into<String>, language: LanguageTag) -> Self {
        Self {
            name: name.into(),
            persona: String::new(),
            instructions: String::new(),
            languages: vec![language],
            model: None,
            answer: AnswerSettings::default(),
            handoff: HandoffSettings::default(),
            prechat: Vec::new(),
            csat: false,
            quick_replies: QuickReplies::default(),
            appearance: Appearance::default(),
            origins: Vec::new(),
            identity: IdentitySettings::default(),
            avatar_id: None,
            rules: Vec::new(),
            reopening: ReopenPolicy::default(),
        }
    }

    /// Cleans texts and checks every limit.
    pub fn validated(mut self) -> Result<Self, InvalidSettings> {
        let mut checker = Checker::default();
        checker.line("name", &mut self.name, 1, MAX_NAME_CHARS);
        checker.text("persona", &mut self.persona, MAX_PERSONA_CHARS);
        checker.text(
            "instructions",
            &mut self.instructions,
            MAX_INSTRUCTIONS_CHARS,
        );
        if let Some(model) = &mut self.model {
            checker.line("model", model, 1, MAX_MODEL_CHARS);
        }
        self.check_languages(&mut checker);
        checker.between("answer.max_turns", self.answer.max_turns, 1, MAX_TURNS);
        checker.between(
            "answer.floor",
            self.answer.floor.unwrap_or_default(),
            0,
            100,
        );
        let words = &mut self.handoff.words;
        checker.lines(
            "handoff.words",
            words,
            MAX_HANDOFF_WORDS,
            MAX_QUICK_REPLY_CHARS,
        );
        checker.between(
            "handoff.on_unknown",
            self.handoff.on_unknown,
            1,
            MAX_UNKNOWN,
        );
        check_fields(&mut self.prechat, &mut checker);
        let QuickReplies {
            opening,
            followup,
            handoff,
        } = &mut self.quick_replies;
        for (name, replies) in [
            ("opening", opening),
            ("followup", followup),
            ("handoff", handoff),
        ] {
            let path = format!("quick_replies.{name}");
            checker.lines(&path, replies, MAX_QUICK_REPLIES, MAX_QUICK_REPLY_CHARS);
        }
        self.check_origins(&mut checker);
        check_rules(&mut self.rules, &mut checker);
        checker.finish()?;
        Ok(self)
    }

    /// Returns the teams that conversations are handed to.
    pub fn teams(&self) -> BTreeSet<TeamId> {
        let effects = self.rules.iter().flat_map(|rule| &rule.then);
        let of_rules = effects.filter_map(|effect| match effect {
            RuleEffect::HandOff { team } => *team,
            _ => None,
        });
        of_rules.chain(self.handoff.team).collect()
    }

    fn check_languages(&mut self, checker: &mut Checker) {
        checker.count("languages", self.languages.len(), MAX_LANGUAGES);
        if self.languages.is_empty() {
            checker.refuse(
                "languages",
                "required",
                "A chatbot speaks at least one language.",
            );
        }
        let distinct: BTreeSet<_> = self.languages.iter().collect();
        if distinct.len() < self.languages.len() {
            checker.refuse("languages", "duplicate", "A language is there twice.");
        }
        for (language, texts) in &mut self.appearance.strings {
            let path = format!("appearance.strings.{}", language.as_str());
            if !self.languages.contains(language) {
                checker.refuse(
                    path.as_str(),
                    "unknown_language",
                    "The chatbot does not speak this language.",
                );
            }
            texts.check(&path, checker);
        }
    }

    fn check_origins(&mut self, checker: &mut Checker) {
        let mut kept = Vec::new();
        for origin in self.origins.drain(..) {
            if !kept.contains(&origin) {
                kept.push(origin);
            }
        }
        checker.count("origins", kept.len(), MAX_ORIGINS);
        self.origins = kept;
    }
}
