//! How Stripe behaves: the delivery of its events, and faults in answering the app.

use std::sync::Arc;

use axum::{
    Json,
    extract::{State, rejection::JsonRejection},
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{refunds::Fate, version::Version};
use crate::{
    Outside,
    problem::{Answer, Problem, changed},
    settings::{Pace, Signature, in_range},
};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Settings {
    /// How often each event is delivered.
    pub(crate) copies: u32,
    pub(crate) reorder: bool,
    pub(crate) delay_ms: i64,
    pub(crate) signature: Signature,
    /// How many webhooks may be on their way at once.
    pub(crate) concurrency: usize,
    /// How many of a hundred events are never delivered. The list of events has them.
    pub(crate) drop_percent: u32,
    /// How long a payment takes that takes its time.
    pub(crate) settle_ms: i64,
    /// What becomes of refunds, and how long that takes.
    pub(crate) refunds: Fate,
    pub(crate) refund_ms: i64,
    /// What Stripe keeps of a charge: hundredths of a percent, and an amount beside it.
    pub(crate) fee_basis_points: i64,
    pub(crate) fee_fixed: i64,
    pub(crate) dispute_fee: i64,
    /// How long nobody knows what Stripe keeps of a charge.
    pub(crate) balance_ms: i64,
    /// That of our endpoint: events are written in it, and answers when nothing else is asked.
    pub(crate) api_version: Version,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            copies: 1,
            reorder: false,
            delay_ms: 0,
            signature: Signature::Good,
            concurrency: 20,
            drop_percent: 0,
            settle_ms: 30_000,
            refunds: Fate::Succeeds,
            refund_ms: 30_000,
            fee_basis_points: 290,
            fee_fixed: 30,
            dispute_fee: 1_500,
            balance_ms: 0,
            api_version: Version::LATEST,
        }
    }
}

impl Settings {
    pub(crate) fn pace(&self) -> Pace {
        let Self {
            copies,
            reorder,
            delay_ms,
            signature,
            concurrency,
            ..
        } = *self;
        Pace {
            copies,
            reorder,
            delay_ms,
            signature,
            batch: 1,
            concurrency,
        }
    }

    /// Rounded half up.
    pub(super) fn fee_of(&self, amount: i64) -> i64 {
        (amount * self.fee_basis_points + 5_000) / 10_000 + self.fee_fixed
    }

    fn check(&self) -> Result<(), String> {
        self.pace().check()?;
        in_range("drop_percent", self.drop_percent <= 100, "0 to 100")?;
        for (name, ms) in [
            ("settle_ms", self.settle_ms),
            ("refund_ms", self.refund_ms),
            ("balance_ms", self.balance_ms),
        ] {
            in_range(name, (0..=604_800_000).contains(&ms), "0 to 604800000")?;
        }
        in_range(
            "fee_basis_points",
            (0..=10_000).contains(&self.fee_basis_points),
            "0 to 10000",
        )?;
        for (name, fee) in [
            ("fee_fixed", self.fee_fixed),
            ("dispute_fee", self.dispute_fee),
        ] {
            in_range(name, (0..=99_999_999).contains(&fee), "0 to 99999999")?;
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
    /// Only calls of paths that begin so, such as `refunds`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) path: Option<String>,
    /// Refused with this status, and nothing is done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) http: Option<u16>,
    /// The refusal stands for the call's key, as Stripe's own failures do.
    pub(crate) kept: bool,
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
            kept: false,
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

    pub(crate) fn next(&mut self, path: &str) -> Option<Fault> {
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

pub(super) async fn settings(State(outside): State<Arc<Outside>>) -> Json<Settings> {
    Json(outside.store().stripe.clone())
}

pub(super) async fn set_settings(
    State(outside): State<Arc<Outside>>,
    changes: Result<Json<Map<String, Value>>, JsonRejection>,
) -> Answer<Json<Settings>> {
    let Json(changes) = changes?;
    let mut store = outside.store();
    let settings = changed(&store.stripe, changes)?;
    settings.check().map_err(Problem::Invalid)?;
    store.keep_stripe_settings(settings.clone())?;
    drop(store);
    outside.payment_work.notify_one();
    Ok(Json(settings))
}

pub(super) async fn faults(State(outside): State<Arc<Outside>>) -> Json<Faults> {
    Json(outside.store().stripe_faults.clone())
}

pub(super) async fn set_faults(
    State(outside): State<Arc<Outside>>,
    faults: Result<Json<Faults>, JsonRejection>,
) -> Answer<Json<Faults>> {
    let Json(faults) = faults?;
    faults.check().map_err(Problem::Invalid)?;
    outside.store().stripe_faults = faults.clone();
    Ok(Json(faults))
}
