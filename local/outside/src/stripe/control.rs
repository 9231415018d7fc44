//! What a person at the dashboard would do, and what tests count. See API.md of `local`.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    Json,
    extract::{Path, State, rejection::JsonRejection},
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    Desk,
    objects::{Charge, ChargeStatus, DisputeStatus, Object, Sort},
    pay, refunds,
    refusal::Refusal,
};
use crate::{
    Outside,
    problem::{Answer, Problem},
    store::stripe,
};

/// Newest first.
pub(super) async fn payments(State(outside): State<Arc<Outside>>) -> Answer<Json<Value>> {
    let rows = at_desk(&outside, |desk| {
        let sessions = stripe::all(desk.writer.db, Sort::Session)?;
        let sessions = sessions.iter().rev().filter_map(|object| match object {
            Object::Session(session) => Some(session),
            _ => None,
        });
        sessions.map(|session| pay::summary(desk, session)).collect::<Result<Vec<_>, _>>()
    })?;
    Ok(Json(rows.into()))
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct NewRefund {
    amount: Option<i64>,
}

pub(super) async fn refund(
    State(outside): State<Arc<Outside>>,
    Path(id): Path<String>,
    new: Result<Json<NewRefund>, JsonRejection>,
) -> Answer<Json<Value>> {
    let Json(NewRefund { amount }) = new?;
    let refund = at_desk(&outside, |desk| {
        let charge = charge(desk, &id)?;
        let refund = refunds::refund(desk, charge, amount, None, Default::default())?;
        Ok(Object::Refund(refund).wire()?)
    })?;
    Ok(Json(refund))
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct NewDispute {
    amount: Option<i64>,
    reason: Option<String>,
}

pub(super) async fn dispute(
    State(outside): State<Arc<Outside>>,
    Path(id): Path<String>,
    new: Result<Json<NewDispute>, JsonRejection>,
) -> Answer<Json<Value>> {
    let Json(NewDispute { amount, reason }) = new?;
    let dispute = at_desk(&outside, |desk| {
        let charge = charge(desk, &id)?;
        let dispute = pay::dispute(desk, charge, amount, reason.as_deref().unwrap_or("fraudulent"))?;
        Ok(Object::Dispute(dispute).wire()?)
    })?;
    Ok(Json(dispute))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Verdict {
    won: bool,
}

pub(super) async fn close_dispute(
    State(outside): State<Arc<Outside>>,
    Path(id): Path<String>,
    verdict: Result<Json<Verdict>, JsonRejection>,
) -> Answer<Json<Value>> {
    let Json(Verdict { won }) = verdict?;
    let dispute = at_desk(&outside, |desk| Ok(Object::Dispute(pay::close(desk, &id, won)?).wire()?))?;
    Ok(Json(dispute))
}

/// Without waiting for the clock.
pub(super) async fn settle(State(outside): State<Arc<Outside>>, Path(id): Path<String>) -> Answer<Json<Value>> {
    let session = at_desk(&outside, |desk| {
        let session = session_of(desk, &id)?;
        pay::settle(desk, desk.session(&session)?)?;
        Ok(desk.get(Sort::Session, &session)?.wire()?)
    })?;
    Ok(Json(session))
}

/// An event goes out once more, whatever became of it before.
pub(super) async fn resend(State(outside): State<Arc<Outside>>, Path(id): Path<String>) -> Answer<Json<Value>> {
    at_desk(&outside, |desk| {
        let event = stripe::event(desk.writer.db, &id)?.ok_or_else(|| Refusal::missing("event", &id))?;
        desk.owe(&id, &event, None)
    })?;
    Ok(Json(json!({"id": id})))
}

/// How many webhooks are still owed, and how many events the app has never taken.
pub(super) async fn pending(State(outside): State<Arc<Outside>>) -> Answer<Json<Value>> {
    let store = outside.store();
    let undelivered = stripe::undelivered(&store.db)?;
    Ok(Json(json!({"webhooks": store.payments.len(), "undelivered_events": undelivered})))
}

#[derive(Debug, Default, Serialize)]
struct Total {
    payments: u64,
    paid: i64,
    refunded: i64,
    /// Taken back by disputes that are open or lost.
    disputed: i64,
    lost: i64,
}

/// What this Stripe holds of each order. A ledger that differs is wrong.
pub(super) async fn totals(State(outside): State<Arc<Outside>>) -> Answer<Json<Value>> {
    let store = outside.store();
    let (charges, disputes) = (stripe::all(&store.db, Sort::Charge)?, stripe::all(&store.db, Sort::Dispute)?);
    drop(store);
    let charges = charges.into_iter().filter_map(|object| match object {
        Object::Charge(charge) if charge.status == ChargeStatus::Succeeded => Some((charge.id.clone(), charge)),
        _ => None,
    });
    let charges: BTreeMap<String, Box<Charge>> = charges.collect();
    let mut totals: BTreeMap<(Option<String>, String), Total> = BTreeMap::new();
    let key = |charge: &Charge| (charge.metadata.get("order_id").cloned(), charge.currency.clone());
    for charge in charges.values() {
        let total = totals.entry(key(charge)).or_default();
        total.payments += 1;
        total.paid += charge.amount;
        total.refunded += charge.amount_refunded;
    }
    for object in disputes {
        let Object::Dispute(dispute) = object else { continue };
        let Some(charge) = charges.get(&dispute.charge) else { continue };
        let total = totals.entry(key(charge)).or_default();
        match dispute.status {
            DisputeStatus::NeedsResponse => total.disputed += dispute.amount,
            DisputeStatus::Lost => {
                total.disputed += dispute.amount;
                total.lost += dispute.amount;
            }
            DisputeStatus::Won => {}
        }
    }
    let rows = totals.iter().map(|((order_id, currency), total)| {
        json!({"order_id": order_id, "currency": currency, "payments": total.payments, "paid": total.paid,
            "refunded": total.refunded, "disputed": total.disputed, "lost": total.lost})
    });
    Ok(Json(rows.collect()))
}

fn at_desk<T>(outside: &Outside, work: impl FnOnce(&mut Desk<'_, '_>) -> Result<T, Refusal>) -> Result<T, Problem> {
    let done = outside.store().write(|writer| work(&mut Desk::new(writer, outside)))?;
    outside.payment_work.notify_one();
    Ok(done)
}

/// By the id of the session or of the payment intent.
fn charge(desk: &Desk<'_, '_>, id: &str) -> Result<Charge, Refusal> {
    if id.starts_with("pi_") {
        return refunds::charge_of(desk, id);
    }
    let session = desk.session(id)?;
    let intent = session.payment_intent.ok_or_else(|| Refusal::bad("This checkout has not been paid."))?;
    refunds::charge_of(desk, &intent)
}

fn session_of(desk: &Desk<'_, '_>, id: &str) -> Result<String, Refusal> {
    if !id.starts_with("pi_") {
        return Ok(id.to_owned());
    }
    let (found, _) = stripe::list(desk.writer.db, Sort::Session, Some(id), stripe::Cursor::Newest, 1)?;
    found.first().map(|session| session.id().to_owned()).ok_or_else(|| Refusal::missing("payment_intent", id))
}
