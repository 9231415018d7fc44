//! Control API of how Meta and Twilio deliver and fail.

use std::sync::Arc;

use axum::{
    Json,
    extract::{State, rejection::JsonRejection},
};
use confab_simulator_base::{Answer, Problem};
use confab_simulator_chat::{ChatSettings, SendFaults};
use confab_simulator_meta::verify_webhook;
use serde_json::{Map, Value, json};

use crate::phone::Phone;

pub(crate) async fn settings(State(phone): State<Arc<Phone>>) -> Json<ChatSettings> {
    Json(phone.chat.settings.get())
}

pub(crate) async fn set_settings(
    State(phone): State<Arc<Phone>>,
    changes: Result<Json<Map<String, Value>>, JsonRejection>,
) -> Answer<Json<ChatSettings>> {
    let Json(changes) = changes?;
    let settings = phone.chat.settings.change(&phone.context, changes)?;
    phone.chat.webhooks.wake();
    Ok(Json(settings))
}

pub(crate) async fn faults(State(phone): State<Arc<Phone>>) -> Json<SendFaults> {
    Json(phone.chat.faults().clone())
}

pub(crate) async fn set_faults(
    State(phone): State<Arc<Phone>>,
    faults: Result<Json<SendFaults>, JsonRejection>,
) -> Answer<Json<SendFaults>> {
    let Json(faults) = faults?;
    faults.check().map_err(Problem::Invalid)?;
    *phone.chat.faults() = faults.clone();
    Ok(Json(faults))
}

/// Counts the webhooks that are still owed.
pub(crate) async fn pending(State(phone): State<Arc<Phone>>) -> Json<Value> {
    Json(json!({"webhooks": phone.chat.webhooks.len()}))
}

/// Registers the app's webhook address with Meta, which asks the app for its challenge.
pub(crate) async fn verify(State(phone): State<Arc<Phone>>) -> Json<Value> {
    let (ok, status) = verify_webhook(&phone.meta).await;
    Json(json!({"ok": ok, "status": status}))
}
