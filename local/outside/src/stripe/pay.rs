//! What happens to a payment: the person pays or fails to, and the bank settles or does not.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    Desk, balance,
    objects::{
        Charge, ChargeStatus, Intent, IntentStatus, Metadata, Object, Session, SessionPayment,
        SessionStatus, Settlement, Sort,
    },
    refunds,
    refusal::Refusal,
};
use crate::{ids, store::stripe};

/// Test cards by what they do. No number of a card is ever asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Card {
    Success,
    Declined,
    ThreeDSecure,
    AsyncSuccess,
    AsyncFailure,
}

/// What the person sees next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Outcome {
    Done,
    Declined(&'static str),
    /// The bank wants to know that it is really them.
    Authenticate,
}

pub(super) const MOST: i64 = 99_999_999;
const DECLINED: &str = "Your card was declined.";
const NOT_AUTHENTICATED: &str = "We are unable to authenticate your payment method. Please choose a different payment method and try again.";

pub(super) fn attempt(
    desk: &mut Desk<'_, '_>,
    session: &str,
    card: Card,
) -> Result<Outcome, Refusal> {
    let (mut session, mut intent) = opened(desk, session)?;
    match card {
        Card::Success => {
            succeed(desk, &mut intent)?;
            complete(desk, &mut session, SessionPayment::Paid)?;
            Ok(Outcome::Done)
        }
        Card::Declined => {
            fail(
                desk,
                &mut intent,
                "card_declined",
                Some("generic_decline"),
                DECLINED,
            )?;
            Ok(Outcome::Declined(DECLINED))
        }
        Card::ThreeDSecure => {
            intent.status = IntentStatus::RequiresAction;
            desk.save(&intent)?;
            desk.save(&session)?;
            Ok(Outcome::Authenticate)
        }
        Card::AsyncSuccess | Card::AsyncFailure => {
            let at = desk.now + desk.writer.stripe.settle_ms;
            let succeeds = card == Card::AsyncSuccess;
            intent.status = IntentStatus::Processing;
            desk.save(&intent)?;
            session.backstage.settlement = Some(Settlement { at, succeeds });
            complete(desk, &mut session, SessionPayment::Unpaid)?;
            Ok(Outcome::Done)
        }
    }
}

pub(super) fn authenticate(
    desk: &mut Desk<'_, '_>,
    session: &str,
    accept: bool,
) -> Result<Outcome, Refusal> {
    let (mut session, mut intent) = opened(desk, session)?;
    if intent.status != IntentStatus::RequiresAction {
        return Err(Refusal::bad(
            "There is nothing to confirm. Choose how to pay first.",
        ));
    }
    if !accept {
        fail(
            desk,
            &mut intent,
            "payment_intent_authentication_failure",
            None,
            NOT_AUTHENTICATED,
        )?;
        return Ok(Outcome::Declined(NOT_AUTHENTICATED));
    }
    succeed(desk, &mut intent)?;
    complete(desk, &mut session, SessionPayment::Paid)?;
    Ok(Outcome::Done)
}

/// A session that can still be paid, with its payment, which begins with the first attempt.
fn opened(desk: &mut Desk<'_, '_>, id: &str) -> Result<(Session, Intent), Refusal> {
    let mut session = desk.session(id)?;
    if session.status == SessionStatus::Open && session.expires_at <= desk.seconds() {
        return Err(Refusal::bad("This checkout has expired."));
    }
    match session.status {
        SessionStatus::Open => {}
        SessionStatus::Complete => {
            return Err(Refusal::bad("This checkout has been paid already."));
        }
        SessionStatus::Expired => return Err(Refusal::bad("This checkout has expired.")),
    }
    if let Some(intent) = &session.payment_intent {
        let intent = desk.intent(intent)?;
        return Ok((session, intent));
    }
    let metadata = session.backstage.payment_metadata.clone();
    let intent = intent(
        desk,
        session.amount_total,
        session.currency.clone(),
        metadata,
    );
    session.payment_intent = Some(intent.id.clone());
    desk.save(&session)?;
    desk.save(&intent)?;
    Ok((session, intent))
}

pub(super) fn intent(
    desk: &Desk<'_, '_>,
    amount: i64,
    currency: String,
    metadata: Metadata,
) -> Intent {
    Intent {
        id: ids::stripe("pi_3", 23),
        amount,
        amount_received: 0,
        created: desk.seconds(),
        currency,
        last_payment_error: None,
        latest_charge: None,
        livemode: false,
        metadata,
        payment_method_types: vec!["card".into()],
        status: IntentStatus::RequiresPaymentMethod,
    }
}

pub(super) fn succeed(desk: &mut Desk<'_, '_>, intent: &mut Intent) -> Result<(), Refusal> {
    let mut charge = charge(desk, intent, None);
    balance::comes_in(desk, &mut charge)?;
    intent.status = IntentStatus::Succeeded;
    intent.amount_received = intent.amount;
    intent.latest_charge = Some(charge.id.clone());
    intent.last_payment_error = None;
    desk.save(&charge)?;
    desk.save(&*intent)?;
    desk.tell("charge.succeeded", &charge, None)?;
    desk.tell("payment_intent.succeeded", &*intent, None)
}

fn fail(
    desk: &mut Desk<'_, '_>,
    intent: &mut Intent,
    code: &str,
    decline_code: Option<&str>,
    message: &str,
) -> Result<(), Refusal> {
    let charge = charge(desk, intent, Some((code, message)));
    intent.status = IntentStatus::RequiresPaymentMethod;
    intent.latest_charge = Some(charge.id.clone());
    intent.last_payment_error = Some(
        json!({"type": "card_error", "code": code, "decline_code": decline_code,
        "message": message, "charge": charge.id}),
    );
    desk.save(&charge)?;
    desk.save(&*intent)?;
    desk.tell("payment_intent.payment_failed", &*intent, None)
}

fn charge(desk: &Desk<'_, '_>, intent: &Intent, failure: Option<(&str, &str)>) -> Charge {
    let paid = failure.is_none();
    Charge {
        id: ids::stripe("ch_3", 23),
        amount: intent.amount,
        amount_captured: if paid { intent.amount } else { 0 },
        amount_refunded: 0,
        balance_transaction: None,
        billing_details: customer(),
        captured: paid,
        created: desk.seconds(),
        currency: intent.currency.clone(),
        disputed: false,
        failure_code: failure.map(|(code, _)| code.to_owned()),
        failure_message: failure.map(|(_, message)| message.to_owned()),
        livemode: false,
        metadata: intent.metadata.clone(),
        paid,
        payment_intent: intent.id.clone(),
        payment_method_details: json!({"type": "card", "card": {"brand": "visa", "last4": "4242"}}),
        refunded: false,
        status: if paid {
            ChargeStatus::Succeeded
        } else {
            ChargeStatus::Failed
        },
        balance_at: None,
    }
}

/// Whoever pays here. The real one tells as much of a person.
fn customer() -> Value {
    json!({"email": "dana@example.com", "name": "Dana Sample", "phone": null, "address": null})
}

pub(super) fn complete(
    desk: &mut Desk<'_, '_>,
    session: &mut Session,
    paid: SessionPayment,
) -> Result<(), Refusal> {
    session.status = SessionStatus::Complete;
    session.payment_status = paid;
    session.customer_details = Some(customer());
    session.url = None;
    desk.save(&*session)?;
    desk.tell("checkout.session.completed", &*session, None)
}

/// What the clock does.
pub(super) fn come_due(desk: &mut Desk<'_, '_>, id: &str) -> Result<(), Refusal> {
    match stripe::get(desk.writer.db, id)? {
        Some(Object::Session(session)) if session.status == SessionStatus::Open => {
            expire(desk, *session)
        }
        Some(Object::Session(session)) => settle(desk, *session),
        Some(Object::Refund(refund)) => refunds::come_due(desk, refund),
        Some(Object::Charge(charge)) => balance::come_due(desk, *charge),
        _ => Ok(()),
    }
}

pub(super) fn expire(desk: &mut Desk<'_, '_>, mut session: Session) -> Result<(), Refusal> {
    session.status = SessionStatus::Expired;
    session.url = None;
    desk.save(&session)?;
    if let Some(intent) = &session.payment_intent {
        let mut intent = desk.intent(intent)?;
        intent.status = IntentStatus::Canceled;
        desk.save(&intent)?;
    }
    desk.tell("checkout.session.expired", &session, None)
}

/// The bank's answer to a payment that took its time.
pub(super) fn settle(desk: &mut Desk<'_, '_>, mut session: Session) -> Result<(), Refusal> {
    let settlement = session.backstage.settlement.take();
    let settlement =
        settlement.ok_or_else(|| Refusal::bad("This payment has nothing to settle."))?;
    let intent = session
        .payment_intent
        .as_deref()
        .ok_or_else(Refusal::internal)?;
    let mut intent = desk.intent(intent)?;
    if settlement.succeeds {
        succeed(desk, &mut intent)?;
        session.payment_status = SessionPayment::Paid;
        desk.save(&session)?;
        return desk.tell("checkout.session.async_payment_succeeded", &session, None);
    }
    fail(
        desk,
        &mut intent,
        "payment_method_provider_decline",
        None,
        "The bank did not pay.",
    )?;
    desk.save(&session)?;
    desk.tell("checkout.session.async_payment_failed", &session, None)
}

/// A payment in one row: what was paid, and what of it went back. Not all of them have a session.
pub(super) fn summary(
    desk: &Desk<'_, '_>,
    session: Option<&Session>,
    intent: Option<&Intent>,
) -> Result<Value, Refusal> {
    let mut row = match (session, intent) {
        (Some(session), _) => json!({
            "session": session.id, "title": session.backstage.title, "order_id": order_of(session),
            "amount": session.amount_total, "currency": session.currency, "status": session.status,
            "payment_status": session.payment_status, "settling": session.backstage.settlement.is_some(),
            "created": session.created * 1_000, "url": session.url,
        }),
        (None, Some(intent)) => json!({
            "session": null, "title": "Dashboard", "order_id": intent.metadata.get("order_id"),
            "amount": intent.amount, "currency": intent.currency, "status": SessionStatus::Complete,
            "payment_status": SessionPayment::Paid, "settling": false, "created": intent.created * 1_000, "url": null,
        }),
        (None, None) => return Err(Refusal::internal()),
    };
    let charge = intent
        .and_then(|intent| intent.latest_charge.as_deref())
        .map(|id| desk.charge(id))
        .transpose()?;
    row["payment_intent"] = intent.map(|intent| intent.id.as_str()).into();
    row["charge"] = charge.as_ref().map(|charge| charge.id.as_str()).into();
    row["refunded"] = charge
        .as_ref()
        .map_or(0, |charge| charge.amount_refunded)
        .into();
    row["failure"] = charge.and_then(|charge| charge.failure_code).into();
    for (name, sort) in [("refunds", Sort::Refund), ("disputes", Sort::Dispute)] {
        let found = match intent {
            Some(intent) => {
                stripe::list(
                    desk.writer.db,
                    sort,
                    Some(&intent.id),
                    stripe::Cursor::Newest,
                    100,
                )?
                .0
            }
            None => Vec::new(),
        };
        row[name] = found
            .into_iter()
            .map(|object| desk.wire(object))
            .collect::<Result<Vec<_>, _>>()?
            .into();
    }
    Ok(row)
}

fn order_of(session: &Session) -> Option<&str> {
    session
        .metadata
        .get("order_id")
        .or(session.client_reference_id.as_ref())
        .map(String::as_str)
}
