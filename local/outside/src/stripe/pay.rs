//! What happens to a payment: the person pays or fails to, the bank settles or does not, and disputes come and go.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    Desk,
    objects::{
        Charge, ChargeStatus, Dispute, DisputeStatus, Intent, IntentStatus, Object, Session, SessionPayment,
        SessionStatus, Settlement, Sort,
    },
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

const DECLINED: &str = "Your card was declined.";
const NOT_AUTHENTICATED: &str =
    "We are unable to authenticate your payment method. Please choose a different payment method and try again.";

pub(super) fn attempt(desk: &mut Desk<'_, '_>, session: &str, card: Card) -> Result<Outcome, Refusal> {
    let (mut session, mut intent) = opened(desk, session)?;
    match card {
        Card::Success => {
            succeed(desk, &mut intent)?;
            complete(desk, &mut session, SessionPayment::Paid)?;
            Ok(Outcome::Done)
        }
        Card::Declined => {
            fail(desk, &mut intent, "card_declined", Some("generic_decline"), DECLINED)?;
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

pub(super) fn authenticate(desk: &mut Desk<'_, '_>, session: &str, accept: bool) -> Result<Outcome, Refusal> {
    let (mut session, mut intent) = opened(desk, session)?;
    if intent.status != IntentStatus::RequiresAction {
        return Err(Refusal::bad("There is nothing to confirm. Choose how to pay first."));
    }
    if !accept {
        fail(desk, &mut intent, "payment_intent_authentication_failure", None, NOT_AUTHENTICATED)?;
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
        SessionStatus::Complete => return Err(Refusal::bad("This checkout has been paid already.")),
        SessionStatus::Expired => return Err(Refusal::bad("This checkout has expired.")),
    }
    if let Some(intent) = &session.payment_intent {
        let intent = desk.intent(intent)?;
        return Ok((session, intent));
    }
    let intent = Intent {
        id: ids::stripe("pi_3", 23),
        amount: session.amount_total,
        amount_received: 0,
        created: desk.seconds(),
        currency: session.currency.clone(),
        last_payment_error: None,
        latest_charge: None,
        livemode: false,
        metadata: session.backstage.payment_metadata.clone(),
        payment_method_types: session.payment_method_types.clone(),
        status: IntentStatus::RequiresPaymentMethod,
    };
    session.payment_intent = Some(intent.id.clone());
    desk.save(&session)?;
    desk.save(&intent)?;
    Ok((session, intent))
}

fn succeed(desk: &mut Desk<'_, '_>, intent: &mut Intent) -> Result<(), Refusal> {
    let charge = charge(desk, intent, None);
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
    intent.last_payment_error = Some(json!({"type": "card_error", "code": code, "decline_code": decline_code,
        "message": message, "charge": charge.id}));
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
        status: if paid { ChargeStatus::Succeeded } else { ChargeStatus::Failed },
    }
}

/// Whoever pays here. The real one tells as much of a person.
fn customer() -> Value {
    json!({"email": "dana@example.com", "name": "Dana Sample", "phone": null, "address": null})
}

fn complete(desk: &mut Desk<'_, '_>, session: &mut Session, paid: SessionPayment) -> Result<(), Refusal> {
    session.status = SessionStatus::Complete;
    session.payment_status = paid;
    session.customer_details = Some(customer());
    session.url = None;
    desk.save(&*session)?;
    desk.tell("checkout.session.completed", &*session, None)
}

/// What the clock does to a session.
pub(super) fn come_due(desk: &mut Desk<'_, '_>, session: &str) -> Result<(), Refusal> {
    let session = desk.session(session)?;
    match session.status {
        SessionStatus::Open => expire(desk, session),
        _ => settle(desk, session),
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
    let settlement = settlement.ok_or_else(|| Refusal::bad("This payment has nothing to settle."))?;
    let intent = session.payment_intent.as_deref().ok_or_else(Refusal::internal)?;
    let mut intent = desk.intent(intent)?;
    if settlement.succeeds {
        succeed(desk, &mut intent)?;
        session.payment_status = SessionPayment::Paid;
        desk.save(&session)?;
        return desk.tell("checkout.session.async_payment_succeeded", &session, None);
    }
    fail(desk, &mut intent, "payment_method_provider_decline", None, "The bank did not pay.")?;
    desk.save(&session)?;
    desk.tell("checkout.session.async_payment_failed", &session, None)
}

/// The person's bank takes the money back until it is settled who is right.
pub(super) fn dispute(
    desk: &mut Desk<'_, '_>,
    mut charge: Charge,
    amount: Option<i64>,
    reason: &str,
) -> Result<Dispute, Refusal> {
    let left = charge.amount - charge.amount_refunded;
    let amount = amount.unwrap_or(left);
    if charge.disputed || !(1..=left).contains(&amount) {
        return Err(Refusal::bad("There is not so much of this charge left to dispute, or it is disputed already."));
    }
    const WEEK: i64 = 7 * 24 * 60 * 60;
    let due_by = desk.seconds() + WEEK;
    charge.disputed = true;
    let dispute = Dispute {
        id: ids::stripe("du_1", 23),
        amount,
        charge: charge.id.clone(),
        created: desk.seconds(),
        currency: charge.currency.clone(),
        evidence_details: json!({"due_by": due_by, "has_evidence": false, "past_due": false, "submission_count": 0}),
        is_charge_refundable: false,
        livemode: false,
        metadata: Default::default(),
        payment_intent: charge.payment_intent.clone(),
        reason: reason.to_owned(),
        status: DisputeStatus::NeedsResponse,
    };
    desk.save(&charge)?;
    desk.save(&dispute)?;
    desk.tell("charge.dispute.created", &dispute, None)?;
    desk.tell("charge.dispute.funds_withdrawn", &dispute, None)?;
    Ok(dispute)
}

pub(super) fn close(desk: &mut Desk<'_, '_>, id: &str, won: bool) -> Result<Dispute, Refusal> {
    let mut dispute = desk.dispute(id)?;
    if dispute.status != DisputeStatus::NeedsResponse {
        return Err(Refusal::bad("This dispute is closed already."));
    }
    dispute.status = if won { DisputeStatus::Won } else { DisputeStatus::Lost };
    desk.save(&dispute)?;
    if won {
        desk.tell("charge.dispute.funds_reinstated", &dispute, None)?;
    }
    desk.tell("charge.dispute.closed", &dispute, Some(json!({"status": "needs_response"})))?;
    Ok(dispute)
}

/// A payment in one row: what was paid, and what of it went back.
pub(super) fn summary(desk: &Desk<'_, '_>, session: &Session) -> Result<Value, Refusal> {
    let db = desk.writer.db;
    let mut row = json!({
        "session": session.id, "title": session.backstage.title, "order_id": order_of(session),
        "amount": session.amount_total, "currency": session.currency, "status": session.status,
        "payment_status": session.payment_status, "settling": session.backstage.settlement.is_some(),
        "payment_intent": session.payment_intent, "charge": null, "refunded": 0, "failure": null, "refunds": [],
        "disputes": [], "created": session.created * 1_000, "url": session.url,
    });
    let Some(intent) = &session.payment_intent else { return Ok(row) };
    let intent = desk.intent(intent)?;
    if let Some(charge) = intent.latest_charge.as_deref().map(|id| desk.charge(id)).transpose()? {
        row["charge"] = charge.id.into();
        row["refunded"] = charge.amount_refunded.into();
        row["failure"] = charge.failure_code.into();
    }
    for (name, sort) in [("refunds", Sort::Refund), ("disputes", Sort::Dispute)] {
        let (found, _) = stripe::list(db, sort, Some(&intent.id), stripe::Cursor::Newest, 100)?;
        row[name] = found.iter().map(Object::wire).collect::<Result<Vec<_>, _>>()?.into();
    }
    Ok(row)
}

fn order_of(session: &Session) -> Option<&str> {
    session.metadata.get("order_id").or(session.client_reference_id.as_ref()).map(String::as_str)
}
