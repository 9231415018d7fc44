//! What a person at the dashboard would do, and what tests count. See API.md of `local`.

use std::{cmp::Reverse, collections::BTreeMap, sync::Arc};

use axum::{
    Json,
    extract::{Path, State, rejection::JsonRejection},
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    Desk, disputes,
    foreign::{self, NewPayment},
    objects::{Charge, ChargeStatus, Dispute, DisputeStatus, Intent, Object, Sort},
    pay,
    refunds::{self, Fate},
    refusal::Refusal,
};
use crate::{
    Outside,
    problem::{Answer, Problem},
    store::stripe,
};

/// Newest first.
pub(super) async fn payments(State(outside): State<Arc<Outside>>) -> Answer<Json<Value>> {
    let mut rows = at_desk(&outside, |desk| {
        let (sessions, intents) = (
            stripe::all(desk.writer.db, Sort::Session)?,
            stripe::all(desk.writer.db, Sort::Intent)?,
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
            rows.push(pay::summary(desk, Some(&session), intent.as_deref())?);
        }
        for intent in intents.values() {
            rows.push(pay::summary(desk, None, Some(intent))?);
        }
        Ok(rows)
    })?;
    rows.reverse();
    rows.sort_by_key(|row| Reverse(row["created"].as_i64()));
    Ok(Json(rows.into()))
}

/// What somebody pays without our checkout.
pub(super) async fn foreign(
    State(outside): State<Arc<Outside>>,
    new: Result<Json<NewPayment>, JsonRejection>,
) -> Answer<Json<Value>> {
    let Json(new) = new?;
    let row = at_desk(&outside, |desk| {
        let (session, intent) = foreign::pay(desk, new)?;
        pay::summary(desk, session.as_ref(), Some(&intent))
    })?;
    Ok(Json(row))
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct NewRefund {
    amount: Option<i64>,
    /// As the settings say when it is not said.
    fate: Option<Fate>,
}

pub(super) async fn refund(
    State(outside): State<Arc<Outside>>,
    Path(id): Path<String>,
    new: Result<Json<NewRefund>, JsonRejection>,
) -> Answer<Json<Value>> {
    let Json(NewRefund { amount, fate }) = new?;
    let refund = at_desk(&outside, |desk| {
        let charge = charge(desk, &id)?;
        let fate = fate.unwrap_or(desk.writer.stripe.refunds);
        let refund = refunds::refund(desk, charge, amount, None, Default::default(), fate)?;
        desk.wire(&refund)
    })?;
    Ok(Json(refund))
}

pub(super) async fn succeed_refund(
    State(outside): State<Arc<Outside>>,
    Path(id): Path<String>,
) -> Answer<Json<Value>> {
    let refund = at_desk(&outside, |desk| {
        let refund = refunds::succeed(desk, desk.refund(&id)?)?;
        desk.wire(&refund)
    })?;
    Ok(Json(refund))
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Failure {
    reason: Option<String>,
}

pub(super) async fn fail_refund(
    State(outside): State<Arc<Outside>>,
    Path(id): Path<String>,
    failure: Result<Json<Failure>, JsonRejection>,
) -> Answer<Json<Value>> {
    let Json(Failure { reason }) = failure?;
    let refund = at_desk(&outside, |desk| {
        let reason = reason.as_deref().unwrap_or(refunds::BY_ITSELF);
        let refund = refunds::fail(desk, desk.refund(&id)?, reason)?;
        desk.wire(&refund)
    })?;
    Ok(Json(refund))
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct NewDispute {
    amount: Option<i64>,
    reason: Option<String>,
    inquiry: bool,
}

pub(super) async fn dispute(
    State(outside): State<Arc<Outside>>,
    Path(id): Path<String>,
    new: Result<Json<NewDispute>, JsonRejection>,
) -> Answer<Json<Value>> {
    let Json(NewDispute {
        amount,
        reason,
        inquiry,
    }) = new?;
    let reason = reason.as_deref().unwrap_or("fraudulent");
    in_dispute(&outside, |desk| {
        disputes::open(desk, &charge(desk, &id)?, amount, reason, inquiry)
    })
}

pub(super) async fn respond(
    State(outside): State<Arc<Outside>>,
    Path(id): Path<String>,
) -> Answer<Json<Value>> {
    in_dispute(&outside, |desk| disputes::respond(desk, &id))
}

pub(super) async fn escalate(
    State(outside): State<Arc<Outside>>,
    Path(id): Path<String>,
) -> Answer<Json<Value>> {
    in_dispute(&outside, |desk| disputes::escalate(desk, &id))
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Verdict {
    won: Option<bool>,
    /// What comes back although it is lost.
    returned: Option<i64>,
}

pub(super) async fn close_dispute(
    State(outside): State<Arc<Outside>>,
    Path(id): Path<String>,
    verdict: Result<Json<Verdict>, JsonRejection>,
) -> Answer<Json<Value>> {
    let Json(Verdict { won, returned }) = verdict?;
    in_dispute(&outside, |desk| disputes::close(desk, &id, won, returned))
}

fn in_dispute(
    outside: &Outside,
    work: impl FnOnce(&mut Desk<'_, '_>) -> Result<Dispute, Refusal>,
) -> Answer<Json<Value>> {
    let dispute = at_desk(outside, |desk| {
        let dispute = work(desk)?;
        desk.wire(&dispute)
    })?;
    Ok(Json(dispute))
}

/// Without waiting for the clock.
pub(super) async fn settle(
    State(outside): State<Arc<Outside>>,
    Path(id): Path<String>,
) -> Answer<Json<Value>> {
    let session = at_desk(&outside, |desk| {
        let session = session_of(desk, &id)?;
        pay::settle(desk, desk.session(&session)?)?;
        desk.wire(desk.get(Sort::Session, &session)?)
    })?;
    Ok(Json(session))
}

/// An event goes out once more, whatever became of it before.
pub(super) async fn resend(
    State(outside): State<Arc<Outside>>,
    Path(id): Path<String>,
) -> Answer<Json<Value>> {
    at_desk(&outside, |desk| {
        let event =
            stripe::event(desk.writer.db, &id)?.ok_or_else(|| Refusal::missing("event", &id))?;
        desk.owe(&id, &event, None)
    })?;
    Ok(Json(json!({"id": id})))
}

/// How many webhooks are still owed, and how many events the app has never taken.
pub(super) async fn pending(State(outside): State<Arc<Outside>>) -> Answer<Json<Value>> {
    let store = outside.store();
    let undelivered = stripe::undelivered(&store.db)?;
    Ok(Json(
        json!({"webhooks": store.payments.len(), "undelivered_events": undelivered}),
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
    /// What banks have taken and not given back, to the last unit.
    withheld: i64,
    /// All that Stripe keeps.
    fees: i64,
    /// Of it for disputes.
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

/// What this Stripe holds of each order. A ledger that differs is wrong.
pub(super) async fn totals(State(outside): State<Arc<Outside>>) -> Answer<Json<Value>> {
    let store = outside.store();
    let fees: BTreeMap<String, i64> = stripe::all(&store.db, Sort::Balance)?
        .into_iter()
        .filter_map(|object| match object {
            Object::Balance(transaction) => Some((transaction.id, transaction.fee)),
            _ => None,
        })
        .collect();
    let (charges, disputes) = (
        stripe::all(&store.db, Sort::Charge)?,
        stripe::all(&store.db, Sort::Dispute)?,
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

fn at_desk<T>(
    outside: &Outside,
    work: impl FnOnce(&mut Desk<'_, '_>) -> Result<T, Refusal>,
) -> Result<T, Problem> {
    let done = outside
        .store()
        .write(|writer| work(&mut Desk::new(writer, outside)))?;
    outside.payment_work.notify_one();
    Ok(done)
}

/// By the id of the session or of the payment intent.
fn charge(desk: &Desk<'_, '_>, id: &str) -> Result<Charge, Refusal> {
    if id.starts_with("pi_") {
        return refunds::charge_of(desk, id);
    }
    let session = desk.session(id)?;
    let intent = session
        .payment_intent
        .ok_or_else(|| Refusal::bad("This checkout has not been paid."))?;
    refunds::charge_of(desk, &intent)
}

fn session_of(desk: &Desk<'_, '_>, id: &str) -> Result<String, Refusal> {
    if !id.starts_with("pi_") {
        return Ok(id.to_owned());
    }
    let (found, _) = stripe::list(
        desk.writer.db,
        Sort::Session,
        Some(id),
        stripe::Cursor::Newest,
        1,
    )?;
    found
        .first()
        .map(|session| session.id().to_owned())
        .ok_or_else(|| Refusal::missing("payment_intent", id))
}
