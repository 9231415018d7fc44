//! Control API of settings and faults.

use std::sync::Arc;

use axum::{
    Json,
    extract::{State, rejection::JsonRejection},
};
use confab_simulator_base::{Answer, Problem};
use serde_json::{Map, Value};

use crate::{astria::Astria, faults::CallFaults, settings::AstriaSettings};

pub(crate) async fn settings(State(astria): State<Arc<Astria>>) -> Json<AstriaSettings> {
    Json(astria.settings.get())
}

pub(crate) async fn set_settings(
    State(astria): State<Arc<Astria>>,
    changes: Result<Json<Map<String, Value>>, JsonRejection>,
) -> Answer<Json<AstriaSettings>> {
    let Json(changes) = changes?;
    let settings = astria.settings.change(&astria.context, changes)?;
    astria.webhooks.wake();
    Ok(Json(settings))
}

pub(crate) async fn faults(State(astria): State<Arc<Astria>>) -> Json<CallFaults> {
    Json(astria.faults().clone())
}

pub(crate) async fn set_faults(
    State(astria): State<Arc<Astria>>,
    faults: Result<Json<CallFaults>, JsonRejection>,
) -> Answer<Json<CallFaults>> {
    let Json(faults) = faults?;
    faults.check().map_err(Problem::Invalid)?;
    *astria.faults() = faults.clone();
    Ok(Json(faults))
}
