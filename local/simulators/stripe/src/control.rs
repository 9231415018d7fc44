//! Control API: actions of the dashboard, and totals for tests. See docs/simulators.md.

use std::{cmp::Reverse, collections::BTreeMap, sync::Arc};

use axum::{
    Json,
    extract::{Path, State, rejection::JsonRejection},
};
use confab_simulator_base::{Answer, Problem};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    api_error::ApiError,
    disputes,
    external_payments::{self, NewPayment},
    objects::{Charge, ChargeStatus, Dispute, DisputeStatus, Intent, Object, ObjectKind},
    pay, refunds,
    settings::RefundOutcome,
    stripe::Stripe,
    tables,
    unit_of_work::UnitOfWork,
};

/// Lists all payments, newest first.
pub(crate) async fn payments(State(stripe): State<Arc<Stripe>>) -> Answer<Json<Value>> {
    let mut rows = in_transaction(&stripe, |unit| {
        let (sessions, intents) = (
            tables::all(unit.tx.db, ObjectKind::Session)?,
            tables::all(unit.tx.db, ObjectKind::Intent)?,
        );
        let mut intents: BTreeMap<String, Box<Intent>> = intents
            .into_iter()
            .filter_map(|object| match object {
                Object::Intent(intent) => Some((intent.id.clone(), intent)),
                _ => None,
            })
            .collect();
        let mut rows = Vec::new();
        for object in sessions {
            let Object::Session(session) = object else {
                continue;
            };
            let intent = session
                .payment_intent
                .as_ref()
                .and_then(|id| intents.remove(id));
            rows.push(pay::summary(unit, Some(&session), intent.as_deref())?);
        }
        for intent in intents.values() {
            rows.push(pay::summary(unit, None, Some(intent))?);
        }
        Ok(rows)
    })?;
    rows.reverse();
    rows.sort_by_key(|row| Reverse(row["created"].as_i64()));
    Ok(Json(rows.into()))
}

/// Pays without the app's checkout.
pub(crate) async fn create_external_payment(
    State(stripe): State<Arc<Stripe>>,
    new: Result<Json<NewPayment>, JsonRejection>,
) -> Answer<Json<Value>> {
    let Json(new) = new?;
    let row = in_transaction(&stripe, |unit| {
        let (session, intent) = external_payments::pay(unit, new)?;
        pay::summary(unit, session.as_ref(), Some(&intent))
    })?;
    Ok(Json(row))
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct NewRefund {
    amount: Option<i64>,
    /// The default comes from the settings.
    fate: Option<RefundOutcome>,
}

pub(crate) async fn refund(
    State(stripe): State<Arc<Stripe>>,
    Path(id): Path<String>,
    new: Result<Json<NewRefund>, JsonRejection>,
) -> Answer<Json<Value>> {
    let Json(NewRefund { amount, fate }) = new?;
    let refund = in_transaction(&stripe, |unit| {
        let charge = charge(unit, &id)?;
        let fate = fate.unwrap_or(unit.settings.refunds);
        let refund = refunds::refund(unit, charge, amount, None, Default::default(), fate)?;
        unit.wire(&refund)
    })?;
    Ok(Json(refund))
}

pub(crate) async fn succeed_refund(
    State(stripe): State<Arc<Stripe>>,
    Path(id): Path<String>,
) -> Answer<Json<Value>> {
    let refund = in_transaction(&stripe, |unit| {
        let refund = refunds::succeed(unit, unit.refund(&id)?)?;
        unit.wire(&refund)
    })?;
    Ok(Json(refund))
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct RefundFailure {
    reason: Option<String>,
}

pub(crate) async fn fail_refund(
    State(stripe): State<Arc<Stripe>>,
    Path(id): Path<String>,
    failure: Result<Json<RefundFailure>, JsonRejection>,
) -> Answer<Json<Value>> {
    let Json(RefundFailure { reason }) = failure?;
    let refund = in_transaction(&stripe, |unit| {
        let reason = reason.as_deref().unwrap_or(refunds::DEFAULT_FAILURE_REASON);
        let refund = refunds::fail(unit, unit.refund(&id)?, reason)?;
        unit.wire(&refund)
    })?;
    Ok(Json(refund))
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct NewDispute {
    amount: Option<i64>,
    reason: Option<String>,
    inquiry: bool,
}

pub(crate) async fn dispute(
    State(stripe): State<Arc<Stripe>>,
    Path(id): Path<String>,
    new: Result<Json<NewDispute>, JsonRejection>,
) -> Answer<Json<Value>> {
    let Json(NewDispute {
        amount,
        reason,
        inquiry,
    }) = new?;
    let reason = reason.as_deref().unwrap_or("fraudulent");
    change_dispute(&stripe, |unit| {
        disputes::open(unit, &charge(unit, &id)?, amount, reason, inquiry)
    })
}

pub(crate) async fn respond(
    State(stripe): State<Arc<Stripe>>,
    Path(id): Path<String>,
) -> Answer<Json<Value>> {
    change_dispute(&stripe, |unit| disputes::respond(unit, &id))
}

pub(crate) async fn escalate(
    State(stripe): State<Arc<Stripe>>,
    Path(id): Path<String>,
) -> Answer<Json<Value>> {
    change_dispute(&stripe, |unit| disputes::escalate(unit, &id))
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Verdict {
    won: Option<bool>,
    /// The amount that comes back although the dispute is lost.
    returned: Option<i64>,
}

pub(crate) async fn close_dispute(
    State(stripe): State<Arc<Stripe>>,
    Path(id): Path<String>,
    verdict: Result<Json<Verdict>, JsonRejection>,
) -> Answer<Json<Value>> {
    let Json(Verdict { won, returned }) = verdict?;
    change_dispute(&stripe, |unit| disputes::close(unit, &id, won, returned))
}

fn change_dispute(
    stripe: &Stripe,
    work: impl FnOnce(&mut UnitOfWork<'_, '_>) -> Result<Dispute, ApiError>,
) -> Answer<Json<Value>> {
    let dispute = in_transaction(stripe, |unit| {
        let dispute = work(unit)?;
        unit.wire(&dispute)
    })?;
    Ok(Json(dispute))
}

/// Settles a pending payment at once.
pub(crate) async fn settle(
    State(stripe): State<Arc<Stripe>>,
    Path(id): Path<String>,
) -> Answer<Json<Value>> {
    let session = in_transaction(&stripe, |unit| {
        let session = session_of(unit, &id)?;
        pay::settle(unit, unit.session(&session)?)?;
        unit.wire(unit.get(ObjectKind::Session, &session)?)
    })?;
    Ok(Json(session))
}

/// Delivers an event again.
pub(crate) async fn resend(
    State(stripe): State<Arc<Stripe>>,
    Path(id): Path<String>,
) -> Answer<Json<Value>> {
    in_transaction(&stripe, |unit| {
        let event =
            tables::event(unit.tx.db, &id)?.ok_or_else(|| ApiError::missing("event", &id))?;
        unit.enqueue_event(&id, &event, None)
    })?;
    Ok(Json(json!({"id": id})))
}

/// Counts the webhooks that are still owed, and the events that the app never accepted.
pub(crate) async fn pending(State(stripe): State<Arc<Stripe>>) -> Answer<Json<Value>> {
    let store = stripe.context.store();
    let undelivered = tables::undelivered(&store.db)?;
    Ok(Json(
        json!({"webhooks": stripe.webhooks.len(), "undelivered_events": undelivered}),
    ))
}

#[derive(Debug, Default, Serialize)]
struct Total {
    payments: u64,
    paid: i64,
    refunded: i64,
    /// The amounts of disputes that are open or lost.
    disputed: i64,
    lost: i64,
    /// Net amount that banks withhold.
    withheld: i64,
    /// All fees.
    fees: i64,
    /// The part of the fees that disputes caused.
    dispute_fees: i64,
}

impl Total {
    fn count_charge(&mut self, charge: &Charge, fee: i64) {
        self.payments += 1;
        self.paid += charge.amount;
        self.refunded += charge.amount_refunded;
        self.fees += fee;
    }

    fn count_dispute(&mut self, dispute: &Dispute) {
        if dispute.status.is_taken() {
            self.disputed += dispute.amount;
        }
        if dispute.status == DisputeStatus::Lost {
            self.lost += dispute.amount;
        }
        for movement in dispute.movements() {
            self.withheld -= movement.amount;
            self.fees += movement.fee;
            self.dispute_fees += movement.fee;
        }
    }
}

#[derive(Debug, Serialize)]
struct Row<'a> {
    order_id: Option<&'a str>,
    currency: &'a str,
    #[serde(flatten)]
    total: &'a Total,
}

/// Sums up the money of each order. A ledger that disagrees is wrong.
pub(crate) async fn totals(State(stripe): State<Arc<Stripe>>) -> Answer<Json<Value>> {
    let store = stripe.context.store();
    let fees: BTreeMap<String, i64> = tables::all(&store.db, ObjectKind::Balance)?
        .into_iter()
        .filter_map(|object| match object {
            Object::Balance(transaction) => Some((transaction.id, transaction.fee)),
            _ => None,
        })
        .collect();
    let (charges, disputes) = (
        tables::all(&store.db, ObjectKind::Charge)?,
        tables::all(&store.db, ObjectKind::Dispute)?,
    );
    drop(store);
    let charges = charges.into_iter().filter_map(|object| match object {
        Object::Charge(charge) if charge.status == ChargeStatus::Succeeded => {
            Some((charge.id.clone(), charge))
        }
        _ => None,
    });
    let charges: BTreeMap<String, Box<Charge>> = charges.collect();
    let mut totals: BTreeMap<(Option<&str>, &str), Total> = BTreeMap::new();
    for charge in charges.values() {
        let fee = charge
            .balance_transaction
            .as_ref()
            .and_then(|id| fees.get(id));
        totals
            .entry(key(charge))
            .or_default()
            .count_charge(charge, fee.copied().unwrap_or(0));
    }
    for object in &disputes {
        let Object::Dispute(dispute) = object else {
            continue;
        };
        let Some(charge) = charges.get(&dispute.charge) else {
            continue;
        };
        totals
            .entry(key(charge))
            .or_default()
            .count_dispute(dispute);
    }
    let rows: Vec<_> = totals
        .iter()
        .map(|((order_id, currency), total)| Row {
            order_id: *order_id,
            currency,
            total,
        })
        .collect();
    Ok(Json(
        serde_json::to_value(rows).map_err(anyhow::Error::from)?,
    ))
}

fn key(charge: &Charge) -> (Option<&str>, &str) {
    (
        charge.metadata.get("order_id").map(String::as_str),
        &charge.currency,
    )
}

fn in_transaction<T>(
    stripe: &Stripe,
    work: impl FnOnce(&mut UnitOfWork<'_, '_>) -> Result<T, ApiError>,
) -> Result<T, Problem> {
    let done = stripe
        .context
        .store()
        .write(|tx| work(&mut UnitOfWork::new(tx, stripe)))?;
    stripe.webhooks.wake();
    Ok(done)
}

/// Finds a charge by the id of its session or its payment intent.
fn charge(unit: &UnitOfWork<'_, '_>, id: &str) -> Result<Charge, ApiError> {
    if id.starts_with("pi_") {
        return refunds::charge_of(unit, id);
    }
    let session = unit.session(id)?;
    let intent = session
        .payment_intent
        .ok_or_else(|| ApiError::bad("This checkout has not been paid."))?;
    refunds::charge_of(unit, &intent)
}

fn session_of(unit: &UnitOfWork<'_, '_>, id: &str) -> Result<String, ApiError> {
    if !id.starts_with("pi_") {
        return Ok(id.to_owned());
    }
    let (found, _) = tables::list(
        unit.tx.db,
        ObjectKind::Session,
        Some(id),
        tables::Cursor::Newest,
        1,
    )?;
    found
        .first()
        .map(|session| session.id().to_owned())
        .ok_or_else(|| ApiError::missing("payment_intent", id))
}
