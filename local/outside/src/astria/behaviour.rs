//! How Astria behaves: how long it takes, how its callbacks go out, and faults in answering the app.

use std::sync::Arc;

use axum::{
    Json,
    extract::{State, rejection::JsonRejection},
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{
    Outside,
    problem::{Answer, Problem, changed},
    settings::{Pace, Signature, in_range},
};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Settings {
    /// How often each callback goes out.
    pub(crate) copies: u32,
    pub(crate) reorder: bool,
    pub(crate) delay_ms: i64,
    /// How many callbacks may be on their way at once.
    pub(crate) concurrency: usize,
    /// How many of a hundred callbacks never go out.
    pub(crate) drop_percent: u32,
    pub(crate) shape: Shape,
    pub(crate) train_ms: i64,
    /// How long all prompts of a batch take.
    pub(crate) prompt_ms: i64,
    /// How many of a hundred prompts end without images.
    pub(crate) fail_percent: u32,
    /// What becomes of tunes that are made from then on.
    pub(crate) training_fails: Fate,
    /// Does a title stand for one tune? Astria's customers choose.
    pub(crate) idempotency: bool,
    pub(crate) reuse: Reuse,
}

/// What the body of a callback looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Shape {
    /// `{"tune":{}}`, `{"prompt":{}}`, `[{}]`, as it was seen.
    Documented,
    /// `{}`, `{}`, `[{}]`, by the letter of the documentation.
    Bare,
    /// `{"tune":{}}`, `{"prompt":{}}`, `{"prompts":[{}]}`.
    Wrapped,
    /// Instead of a list, a call for each prompt: `{"prompt":{}}`.
    Each,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Fate {
    #[serde(rename = "no")]
    Trains,
    Fails,
    Hangs,
}

/// What is answered when a tune is used again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Reuse {
    /// That tune.
    Tune,
    /// `{"status":201,"message":"Prompts created"}`.
    Message,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            copies: 1,
            reorder: false,
            delay_ms: 0,
            concurrency: 20,
            drop_percent: 0,
            shape: Shape::Documented,
            train_ms: 20_000,
            prompt_ms: 3_000,
            fail_percent: 0,
            training_fails: Fate::Trains,
            idempotency: false,
            reuse: Reuse::Tune,
        }
    }
}

impl Settings {
    pub(crate) fn pace(&self) -> Pace {
        let Self {
            copies,
            reorder,
            delay_ms,
            concurrency,
            ..
        } = *self;
        Pace {
            copies,
            reorder,
            delay_ms,
            signature: Signature::Good,
            batch: 1,
            concurrency,
        }
    }

    fn check(&self) -> Result<(), String> {
        self.pace().check()?;
        for (name, percent) in [
            ("drop_percent", self.drop_percent),
            ("fail_percent", self.fail_percent),
        ] {
            in_range(name, percent <= 100, "0 to 100")?;
        }
        for (name, ms) in [("train_ms", self.train_ms), ("prompt_ms", self.prompt_ms)] {
            in_range(name, (0..=604_800_000).contains(&ms), "0 to 604800000")?;
        }
        Ok(())
    }
}

/// What goes wrong with the next calls of the app, used up in order.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Faults {
    pub(crate) calls: Vec<Fault>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Fault {
    pub(crate) times: u32,
    /// Only calls of paths that begin so, such as `p/`. Pictures have only such faults: `media/`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) path: Option<String>,
    /// Answered with this status, and nothing is done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) http: Option<u16>,
    /// It is done all the same.
    pub(crate) after: bool,
    /// The answer takes this long. What is done is done before that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) hang_ms: Option<u64>,
    /// The connection is lost before anything was done.
    pub(crate) drop_before: bool,
    /// The connection is lost before the answer.
    pub(crate) drop_after: bool,
}

impl Default for Fault {
    fn default() -> Self {
        Self {
            times: 1,
            path: None,
            http: None,
            after: false,
            hang_ms: None,
            drop_before: false,
            drop_after: false,
        }
    }
}

pub(super) const MEDIA: &str = "media/";

impl Faults {
    fn check(&self) -> Result<(), String> {
        let status = |fault: &Fault| fault.http.is_none_or(|http| (400..=599).contains(&http));
        in_range("http", self.calls.iter().all(status), "400 to 599")
    }

    pub(super) fn next(&mut self, path: &str) -> Option<Fault> {
        let fits = |fault: &Fault| match &fault.path {
            Some(start) => path.starts_with(start.as_str()),
            None => !path.starts_with(MEDIA),
        };
        let at = self
            .calls
            .iter()
            .position(|fault| fault.times > 0 && fits(fault))?;
        let fault = self.calls[at].clone();
        self.calls[at].times -= 1;
        self.calls.retain(|fault| fault.times > 0);
        Some(fault)
    }
}

pub(super) async fn settings(State(outside): State<Arc<Outside>>) -> Json<Settings> {
    Json(outside.store().astria.clone())
}

pub(super) async fn set_settings(
    State(outside): State<Arc<Outside>>,
    changes: Result<Json<Map<String, Value>>, JsonRejection>,
) -> Answer<Json<Settings>> {
    let Json(changes) = changes?;
    let mut store = outside.store();
    let settings = changed(&store.astria, changes)?;
    settings.check().map_err(Problem::Invalid)?;
    store.keep_astria_settings(settings.clone())?;
    drop(store);
    outside.tune_work.notify_one();
    Ok(Json(settings))
}

pub(super) async fn faults(State(outside): State<Arc<Outside>>) -> Json<Faults> {
    Json(outside.store().astria_faults.clone())
}

pub(super) async fn set_faults(
    State(outside): State<Arc<Outside>>,
    faults: Result<Json<Faults>, JsonRejection>,
) -> Answer<Json<Faults>> {
    let Json(faults) = faults?;
    faults.check().map_err(Problem::Invalid)?;
    outside.store().astria_faults = faults.clone();
    Ok(Json(faults))
}
