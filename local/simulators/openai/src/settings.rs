//! How the model behaves: how long it takes, what its answers are like, and faults in answering the app.

use confab_simulator_base::{Settings, check_range};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct OpenAiSettings {
    /// How long each answer takes.
    pub(crate) latency_ms: u64,
    /// How many of a hundred calls fail.
    pub(crate) fail_percent: u32,
    /// What completions are like.
    pub(crate) answer: AnswerMode,
    /// How long the body of a slow answer takes, once it has begun.
    pub(crate) slow_ms: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum AnswerMode {
    Good,
    /// It declines, in words of its own.
    Refusal,
    /// Nothing that the app could use.
    Garbage,
    /// It is cut off in the middle.
    Short,
    /// It is good, and comes in small pieces.
    Slow,
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
