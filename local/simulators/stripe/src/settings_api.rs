//! Control API of settings and faults.

use std::sync::Arc;

use axum::{
    Json,
    extract::{State, rejection::JsonRejection},
};
use confab_simulator_base::{Answer, Problem};
use serde_json::{Map, Value};

use crate::{faults::CallFaults, settings::StripeSettings, stripe::Stripe};

pub(crate) async fn settings(State(stripe): State<Arc<Stripe>>) -> Json<StripeSettings> {
    Json(stripe.settings.get())
}

pub(crate) async fn set_settings(
    State(stripe): State<Arc<Stripe>>,
    changes: Result<Json<Map<String, Value>>, JsonRejection>,
) -> Answer<Json<StripeSettings>> {
    let Json(changes) = changes?;
    let settings = stripe.settings.change(&stripe.context, changes)?;
    stripe.webhooks.wake();
    Ok(Json(settings))
}

pub(crate) async fn faults(State(stripe): State<Arc<Stripe>>) -> Json<CallFaults> {
    Json(stripe.faults().clone())
}

pub(crate) async fn set_faults(
    State(stripe): State<Arc<Stripe>>,
    faults: Result<Json<CallFaults>, JsonRejection>,
) -> Answer<Json<CallFaults>> {
    let Json(faults) = faults?;
    faults.check().map_err(Problem::Invalid)?;
    *stripe.faults() = faults.clone();
    Ok(Json(faults))
}
