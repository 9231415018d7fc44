//! Control API of settings and faults.

use std::sync::Arc;

use axum::{
    Json,
    extract::{State, rejection::JsonRejection},
};
use confab_simulator_base::{Answer, Problem};
use serde_json::{Map, Value};

use crate::{
    call_counts::EndpointCount, faults::CallFaults, openai::OpenAi, settings::OpenAiSettings,
};

pub(crate) async fn settings(State(openai): State<Arc<OpenAi>>) -> Json<OpenAiSettings> {
    Json(openai.settings.get())
}

pub(crate) async fn set_settings(
    State(openai): State<Arc<OpenAi>>,
    changes: Result<Json<Map<String, Value>>, JsonRejection>,
) -> Answer<Json<OpenAiSettings>> {
    let Json(changes) = changes?;
    let settings = openai.settings.change(&openai.context, changes)?;
    Ok(Json(settings))
}

pub(crate) async fn faults(State(openai): State<Arc<OpenAi>>) -> Json<CallFaults> {
    Json(openai.faults().clone())
}

pub(crate) async fn set_faults(
    State(openai): State<Arc<OpenAi>>,
    faults: Result<Json<CallFaults>, JsonRejection>,
) -> Answer<Json<CallFaults>> {
    let Json(faults) = faults?;
    faults.check().map_err(Problem::Invalid)?;
    *openai.faults() = faults.clone();
    Ok(Json(faults))
}

/// Counts calls by endpoint since the start.
pub(crate) async fn call_counts(State(openai): State<Arc<OpenAi>>) -> Json<Vec<EndpointCount>> {
    let counts = openai.call_counts().clone();
    Json(
        counts
            .into_iter()
            .map(|(endpoint, count)| EndpointCount { endpoint, count })
            .collect(),
    )
}
