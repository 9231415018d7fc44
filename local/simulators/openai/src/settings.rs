//! Behaviour of the model.

use confab_simulator_base::{Settings, check_range};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct OpenAiSettings {
    /// Delay of each answer.
    pub(crate) latency_ms: u64,
    /// Percentage of calls that fail.
    pub(crate) fail_percent: u32,
    /// The quality of completions.
    pub(crate) answer: AnswerMode,
    /// Duration of the body of a slow answer.
    pub(crate) slow_ms: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum AnswerMode {
    Good,
    /// The model declines in a text of its own.
    Refusal,
    /// The completion fits the schema and is useless.
    Garbage,
    /// The completion is cut off.
    Short,
    /// The completion is good, and arrives in small parts.
    Slow,
    /// A carousel has a slide too few.
    WrongCount,
    /// A carousel is in another language.
    WrongLanguage,
    /// A carousel quotes a verse that the request does not have.
    UnknownVerse,
    /// A carousel has titles that are far too long.
    TooLong,
    /// A carousel says what the subject tells the model to say.
    Obedient,
    /// A carousel has a word that moderation flags.
    Flagged,
}

impl Default for OpenAiSettings {
    fn default() -> Self {
        Self {
            latency_ms: 0,
            fail_percent: 0,
            answer: AnswerMode::Good,
            slow_ms: 60_000,
        }
    }
}

impl Settings for OpenAiSettings {
    fn check(&self) -> Result<(), String> {
        check_range("fail_percent", self.fail_percent <= 100, "0 to 100")?;
        for (name, ms) in [("latency_ms", self.latency_ms), ("slow_ms", self.slow_ms)] {
            check_range(name, ms <= 600_000, "0 to 600000")?;
        }
        Ok(())
    }
}
