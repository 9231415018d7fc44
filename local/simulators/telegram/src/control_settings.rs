//! Control API of settings and faults.

use std::sync::Arc;

use axum::{
    Json,
    extract::{State, rejection::JsonRejection},
};
use confab_simulator_base::{Answer, Problem};
use serde_json::{Map, Value};

use crate::{faults::CallFaults, settings::TelegramSettings, telegram::Telegram};

pub(crate) async fn settings(State(telegram): State<Arc<Telegram>>) -> Json<TelegramSettings> {
    Json(telegram.settings.get())
}

pub(crate) async fn set_settings(
    State(telegram): State<Arc<Telegram>>,
    changes: Result<Json<Map<String, Value>>, JsonRejection>,
) -> Answer<Json<TelegramSettings>> {
    let Json(changes) = changes?;
    let settings = telegram.settings.change(&telegram.context, changes)?;
    telegram.reseed();
    telegram.work.notify_one();
    Ok(Json(settings))
}

pub(crate) async fn faults(State(telegram): State<Arc<Telegram>>) -> Json<CallFaults> {
    Json(telegram.live().faults.clone())
}

pub(crate) async fn set_faults(
    State(telegram): State<Arc<Telegram>>,
    faults: Result<Json<CallFaults>, JsonRejection>,
) -> Answer<Json<CallFaults>> {
    let Json(faults) = faults?;
    faults.check().map_err(Problem::Invalid)?;
    telegram.live().faults = faults.clone();
    Ok(Json(faults))
}
