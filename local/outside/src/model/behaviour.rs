//! How the model behaves: how long it takes, what its answers are like, and faults in answering the app.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    Json,
    extract::{State, rejection::JsonRejection},
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{
    Outside,
    problem::{Answer, Problem, changed},
    settings::in_range,
};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Settings {
    /// How long each answer takes.
    pub(crate) latency_ms: u64,
    /// How many of a hundred calls fail.
    pub(crate) fail_percent: u32,
    /// What completions are like.
    pub(crate) answer: Manner,
    /// How long the body of a slow answer takes, once it has begun.
    pub(crate) slow_ms: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Manner {
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

impl Default for Settings {
    fn default() -> Self {
        Self {
            latency_ms: 0,
            fail_percent: 0,
            answer: Manner::Good,
            slow_ms: 60_000,
        }
    }
}

impl Settings {
    fn check(&self) -> Result<(), String> {
        in_range("fail_percent", self.fail_percent <= 100, "0 to 100")?;
        for (name, ms) in [("latency_ms", self.latency_ms), ("slow_ms", self.slow_ms)] {
            in_range(name, ms <= 600_000, "0 to 600000")?;
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
    /// Only calls of paths that begin so, such as `embeddings`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) path: Option<String>,
    /// Answered with this status, and nothing is done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) http: Option<u16>,
    /// The code in that answer, such as `insufficient_quota`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) code: Option<String>,
    /// The answer takes this long, after it was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) hang_ms: Option<u64>,
    /// The connection is lost before anything was done.
    pub(crate) drop_before: bool,
    /// The connection is lost before the answer, which is paid for.
    pub(crate) drop_after: bool,
}

impl Default for Fault {
    fn default() -> Self {
        Self {
            times: 1,
            path: None,
            http: None,
            code: None,
            hang_ms: None,
            drop_before: false,
            drop_after: false,
        }
    }
}

impl Faults {
    fn check(&self) -> Result<(), String> {
        let status = |fault: &Fault| fault.http.is_none_or(|http| (400..=599).contains(&http));
        in_range("http", self.calls.iter().all(status), "400 to 599")
    }

    pub(super) fn next(&mut self, path: &str) -> Option<Fault> {
        let fits = |fault: &Fault| {
            fault
                .path
                .as_ref()
                .is_none_or(|start| path.starts_with(start.as_str()))
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

/// Calls by endpoint, since the start.
pub(crate) type Calls = BTreeMap<&'static str, Count>;

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Count {
    pub(crate) count: u64,
    pub(crate) errors: u64,
    pub(crate) prompt_tokens: u64,
    pub(crate) completion_tokens: u64,
}

#[derive(Debug, Serialize)]
pub(super) struct Counted {
    endpoint: &'static str,
    #[serde(flatten)]
    count: Count,
}

pub(super) async fn calls(State(outside): State<Arc<Outside>>) -> Json<Vec<Counted>> {
    let calls = outside.store().model_calls.clone();
    Json(
        calls
            .into_iter()
            .map(|(endpoint, count)| Counted { endpoint, count })
            .collect(),
    )
}

pub(super) async fn settings(State(outside): State<Arc<Outside>>) -> Json<Settings> {
    Json(outside.store().model.clone())
}

pub(super) async fn set_settings(
    State(outside): State<Arc<Outside>>,
    changes: Result<Json<Map<String, Value>>, JsonRejection>,
) -> Answer<Json<Settings>> {
    let Json(changes) = changes?;
    let mut store = outside.store();
    let settings = changed(&store.model, changes)?;
    settings.check().map_err(Problem::Invalid)?;
    store.keep_model_settings(settings.clone())?;
    Ok(Json(settings))
}

pub(super) async fn faults(State(outside): State<Arc<Outside>>) -> Json<Faults> {
    Json(outside.store().model_faults.clone())
}

pub(super) async fn set_faults(
    State(outside): State<Arc<Outside>>,
    faults: Result<Json<Faults>, JsonRejection>,
) -> Answer<Json<Faults>> {
    let Json(faults) = faults?;
    faults.check().map_err(Problem::Invalid)?;
    outside.store().model_faults = faults.clone();
    Ok(Json(faults))
}
