//! API of the pay page: the amount, and the choice of a test card.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State, rejection::JsonRejection},
};
use confab_simulator_base::Answer;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    api_error::ApiError,
    objects::{Session, SessionStatus},
    pay::{self, AttemptOutcome, Card},
    stripe::Stripe,
    unit_of_work::UnitOfWork,
};

pub(crate) async fn show(
    State(stripe): State<Arc<Stripe>>,
    Path(id): Path<String>,
) -> Answer<Json<Value>> {
    let session = stripe
        .context
        .store()
        .write(|tx| UnitOfWork::new(tx, &stripe).session(&id))?;
    Ok(Json(shown(&session, stripe.context.now())))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CardChoice {
    card: Card,
}

pub(crate) async fn pay(
    State(stripe): State<Arc<Stripe>>,
    Path(id): Path<String>,
    choice: Result<Json<CardChoice>, JsonRejection>,
) -> Answer<Json<Value>> {
    let Json(CardChoice { card }) = choice?;
    act(&stripe, &id, |unit| pay::attempt(unit, &id, card))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Confirmation {
    accept: bool,
}

pub(crate) async fn authenticate(
    State(stripe): State<Arc<Stripe>>,
    Path(id): Path<String>,
    confirmation: Result<Json<Confirmation>, JsonRejection>,
) -> Answer<Json<Value>> {
    let Json(Confirmation { accept }) = confirmation?;
    act(&stripe, &id, |unit| pay::authenticate(unit, &id, accept))
}

fn act(
    stripe: &Stripe,
    id: &str,
    act: impl FnOnce(&mut UnitOfWork<'_, '_>) -> Result<AttemptOutcome, ApiError>,
) -> Answer<Json<Value>> {
    let (outcome, session) = stripe.context.store().write(|tx| {
        let mut unit = UnitOfWork::new(tx, stripe);
        let outcome = act(&mut unit)?;
        Ok::<_, ApiError>((outcome, unit.session(id)?))
    })?;
    stripe.webhooks.wake();
    Ok(Json(match outcome {
        AttemptOutcome::Done => json!({"next": "done", "url": success_url(&session)}),
        AttemptOutcome::Declined(message) => json!({"next": "declined", "message": message}),
        AttemptOutcome::Authenticate => json!({"next": "authenticate"}),
    }))
}

fn shown(session: &Session, now: i64) -> Value {
    // The clock may have passed the expiry before the due work ran.
    let expired = session.status == SessionStatus::Open && session.expires_at * 1_000 <= now;
    let status = if expired {
        SessionStatus::Expired
    } else {
        session.status
    };
    json!({
        "id": session.id, "title": session.internals.title, "amount": session.amount_total,
        "currency": session.currency, "status": status, "payment_status": session.payment_status,
        "expires_at": session.expires_at * 1_000, "cancel_url": session.cancel_url,
        "success_url": (status == SessionStatus::Complete).then(|| success_url(session)),
    })
}

fn success_url(session: &Session) -> String {
    session
        .success_url
        .replace("{CHECKOUT_SESSION_ID}", &session.id)
}
