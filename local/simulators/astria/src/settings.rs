//! Behaviour of training, prompts and callbacks.

use confab_simulator_base::{DeliverySettings, Settings, SignatureMode, check_range};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct AstriaSettings {
    /// How often each callback is sent.
    pub(crate) copies: u32,
    pub(crate) reorder: bool,
    pub(crate) delay_ms: i64,
    /// Maximum callbacks in flight.
    pub(crate) concurrency: usize,
    /// Percentage of callbacks that are never sent.
    pub(crate) drop_percent: u32,
    pub(crate) shape: CallbackShape,
    pub(crate) train_ms: i64,
    /// Duration of all prompts of a batch.
    pub(crate) prompt_ms: i64,
    /// Percentage of prompts that end without images.
    pub(crate) fail_percent: u32,
    /// The outcome of the training of tunes that are created from now on.
    pub(crate) training_fails: TrainingOutcome,
    /// Whether a title identifies one tune, which is an option of Astria's accounts.
    pub(crate) idempotency: bool,
    pub(crate) reuse: ReuseReply,
}

/// The body of a callback.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum CallbackShape {
    /// `{"tune":{}}`, `{"prompt":{}}`, `[{}]`, as observed.
    Documented,
    /// `{}`, `{}`, `[{}]`, as documented.
    Bare,
    /// `{"tune":{}}`, `{"prompt":{}}`, `{"prompts":[{}]}`.
    Wrapped,
    /// `{"prompt":{}}` for each prompt, instead of one list.
    Each,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum TrainingOutcome {
    #[serde(rename = "no")]
    Trains,
    Fails,
    Hangs,
}

/// The reply to a request that reuses a tune.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ReuseReply {
    /// The tune.
    Tune,
    /// `{"status":201,"message":"Prompts created"}`.
    Message,
}

impl Default for AstriaSettings {
    fn default() -> Self {
        Self {
            copies: 1,
            reorder: false,
            delay_ms: 0,
            concurrency: 20,
            drop_percent: 0,
            shape: CallbackShape::Documented,
            train_ms: 20_000,
            prompt_ms: 3_000,
            fail_percent: 0,
            training_fails: TrainingOutcome::Trains,
            idempotency: false,
            reuse: ReuseReply::Tune,
        }
    }
}

impl AstriaSettings {
    pub(crate) fn delivery(&self) -> DeliverySettings {
        let Self {
            copies,
            reorder,
            delay_ms,
            concurrency,
            ..
        } = *self;
        DeliverySettings {
            copies,
            reorder,
            delay_ms,
            signature: SignatureMode::Valid,
            batch: 1,
            concurrency,
        }
    }
}

impl Settings for AstriaSettings {
    fn check(&self) -> Result<(), String> {
        self.delivery().check()?;
        for (name, percent) in [
            ("drop_percent", self.drop_percent),
            ("fail_percent", self.fail_percent),
        ] {
            check_range(name, percent <= 100, "0 to 100")?;
        }
        for (name, ms) in [("train_ms", self.train_ms), ("prompt_ms", self.prompt_ms)] {
            check_range(name, (0..=604_800_000).contains(&ms), "0 to 604800000")?;
        }
        Ok(())
    }
}
