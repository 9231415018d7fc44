//! The pay page's API: what is to be paid, and the person's choice of a test card.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State, rejection::JsonRejection},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    Desk,
    objects::{Session, SessionStatus},
    pay::{self, Card, Outcome},
    refusal::Refusal,
};
use crate::{Outside, problem::Answer};

pub(super) async fn show(
    State(outside): State<Arc<Outside>>,
    Path(id): Path<String>,
) -> Answer<Json<Value>> {
    let session = outside
        .store()
        .write(|writer| Desk::new(writer, &outside).session(&id))?;
    Ok(Json(shown(&session, outside.now())))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Choice {
    card: Card,
}

pub(super) async fn pay(
    State(outside): State<Arc<Outside>>,
    Path(id): Path<String>,
    choice: Result<Json<Choice>, JsonRejection>,
) -> Answer<Json<Value>> {
    let Json(Choice { card }) = choice?;
    act(&outside, &id, |desk| pay::attempt(desk, &id, card))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Confirmation {
    accept: bool,
}

pub(super) async fn authenticate(
    State(outside): State<Arc<Outside>>,
    Path(id): Path<String>,
    confirmation: Result<Json<Confirmation>, JsonRejection>,
) -> Answer<Json<Value>> {
    let Json(Confirmation { accept }) = confirmation?;
    act(&outside, &id, |desk| pay::authenticate(desk, &id, accept))
}

fn act(
    outside: &Outside,
    id: &str,
    act: impl FnOnce(&mut Desk<'_, '_>) -> Result<Outcome, Refusal>,
) -> Answer<Json<Value>> {
    let (outcome, session) = outside.store().write(|writer| {
        let mut desk = Desk::new(writer, outside);
        let outcome = act(&mut desk)?;
        Ok::<_, Refusal>((outcome, desk.session(id)?))
    })?;
    outside.payment_work.notify_one();
    Ok(Json(match outcome {
        Outcome::Done => json!({"next": "done", "url": success_url(&session)}),
        Outcome::Declined(message) => json!({"next": "declined", "message": message}),
        Outcome::Authenticate => json!({"next": "authenticate"}),
    }))
}

fn shown(session: &Session, now: i64) -> Value {
    // The clock may be ahead of what it has done.
    let expired = session.status == SessionStatus::Open && session.expires_at * 1_000 <= now;
    let status = if expired {
        SessionStatus::Expired
    } else {
        session.status
    };
    json!({
        "id": session.id, "title": session.backstage.title, "amount": session.amount_total,
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
