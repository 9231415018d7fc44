//! Payments: attempts, authentication, expiry and settlement.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    api_error::ApiError,
    balance, ids,
    objects::{
        Charge, ChargeStatus, Intent, IntentStatus, Metadata, Object, ObjectKind, Session,
        SessionPayment, SessionStatus, Settlement,
    },
    refunds, tables,
    unit_of_work::UnitOfWork,
};

/// Test cards by outcome. Card numbers are never used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Card {
    Success,
    Declined,
    ThreeDSecure,
    AsyncSuccess,
    AsyncFailure,
}

/// The next step of the pay page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum AttemptOutcome {
    Done,
    Declined(&'static str),
    /// The bank requires authentication.
    Authenticate,
}

pub(crate) const MAX_AMOUNT: i64 = 99_999_999;
const DECLINED: &str = "Your card was declined.";
const NOT_AUTHENTICATED: &str = "We are unable to authenticate your payment method. Please choose a different payment method and try again.";

pub(crate) fn attempt(
    unit: &mut UnitOfWork<'_, '_>,
    session: &str,
    card: Card,
) -> Result<AttemptOutcome, ApiError> {
    let (mut session, mut intent) = payable(unit, session)?;
    match card {
        Card::Success => {
            succeed(unit, &mut intent)?;
            complete(unit, &mut session, SessionPayment::Paid)?;
            Ok(AttemptOutcome::Done)
        }
        Card::Declined => {
            fail(
                unit,
                &mut intent,
                "card_declined",
                Some("generic_decline"),
                DECLINED,
            )?;
            Ok(AttemptOutcome::Declined(DECLINED))
        }
        Card::ThreeDSecure => {
            intent.status = IntentStatus::RequiresAction;
            unit.save(&intent)?;
            unit.save(&session)?;
            Ok(AttemptOutcome::Authenticate)
        }
        Card::AsyncSuccess | Card::AsyncFailure => {
            let at = unit.now + unit.settings.settle_ms;
            let succeeds = card == Card::AsyncSuccess;
            intent.status = IntentStatus::Processing;
            unit.save(&intent)?;
            session.internals.settlement = Some(Settlement { at, succeeds });
            complete(unit, &mut session, SessionPayment::Unpaid)?;
            Ok(AttemptOutcome::Done)
        }
    }
}

pub(crate) fn authenticate(
    unit: &mut UnitOfWork<'_, '_>,
    session: &str,
    accept: bool,
) -> Result<AttemptOutcome, ApiError> {
    let (mut session, mut intent) = payable(unit, session)?;
    if intent.status != IntentStatus::RequiresAction {
        return Err(ApiError::bad(
            "There is nothing to confirm. Choose how to pay first.",
        ));
    }
    if !accept {
        fail(
            unit,
            &mut intent,
            "payment_intent_authentication_failure",
            None,
            NOT_AUTHENTICATED,
        )?;
        return Ok(AttemptOutcome::Declined(NOT_AUTHENTICATED));
    }
    succeed(unit, &mut intent)?;
    complete(unit, &mut session, SessionPayment::Paid)?;
    Ok(AttemptOutcome::Done)
}

/// Finds a session that can still be paid, and its payment, which the first attempt creates.
fn payable(unit: &mut UnitOfWork<'_, '_>, id: &str) -> Result<(Session, Intent), ApiError> {
    let mut session = unit.session(id)?;
    if session.status == SessionStatus::Open && session.expires_at <= unit.seconds() {
        return Err(ApiError::bad("This checkout has expired."));
    }
    match session.status {
        SessionStatus::Open => {}
        SessionStatus::Complete => {
            return Err(ApiError::bad("This checkout has been paid already."));
        }
        SessionStatus::Expired => return Err(ApiError::bad("This checkout has expired.")),
    }
    if let Some(intent) = &session.payment_intent {
        let intent = unit.intent(intent)?;
        return Ok((session, intent));
    }
    let metadata = session.internals.payment_metadata.clone();
    let intent = intent(
        unit,
        session.amount_total,
        session.currency.clone(),
        metadata,
    );
    session.payment_intent = Some(intent.id.clone());
    unit.save(&session)?;
    unit.save(&intent)?;
    Ok((session, intent))
}

pub(crate) fn intent(
    unit: &UnitOfWork<'_, '_>,
    amount: i64,
    currency: String,
    metadata: Metadata,
) -> Intent {
    Intent {
        id: ids::new_id("pi_3", 23),
        amount,
        amount_received: 0,
        created: unit.seconds(),
        currency,
        last_payment_error: None,
        latest_charge: None,
        livemode: false,
        metadata,
        payment_method_types: vec!["card".into()],
        status: IntentStatus::RequiresPaymentMethod,
    }
}

pub(crate) fn succeed(unit: &mut UnitOfWork<'_, '_>, intent: &mut Intent) -> Result<(), ApiError> {
    let mut charge = charge(unit, intent, None);
    balance::book_charge(unit, &mut charge)?;
    intent.status = IntentStatus::Succeeded;
    intent.amount_received = intent.amount;
    intent.latest_charge = Some(charge.id.clone());
    intent.last_payment_error = None;
    unit.save(&charge)?;
    unit.save(&*intent)?;
    unit.emit("charge.succeeded", &charge, None)?;
    unit.emit("payment_intent.succeeded", &*intent, None)
}

fn fail(
    unit: &mut UnitOfWork<'_, '_>,
    intent: &mut Intent,
    code: &str,
    decline_code: Option<&str>,
    message: &str,
) -> Result<(), ApiError> {
    let charge = charge(unit, intent, Some((code, message)));
    intent.status = IntentStatus::RequiresPaymentMethod;
    intent.latest_charge = Some(charge.id.clone());
    intent.last_payment_error = Some(
        json!({"type": "card_error", "code": code, "decline_code": decline_code,
        "message": message, "charge": charge.id}),
    );
    unit.save(&charge)?;
    unit.save(&*intent)?;
    unit.emit("payment_intent.payment_failed", &*intent, None)
}

fn charge(unit: &UnitOfWork<'_, '_>, intent: &Intent, failure: Option<(&str, &str)>) -> Charge {
    let paid = failure.is_none();
    Charge {
        id: ids::new_id("ch_3", 23),
        amount: intent.amount,
        amount_captured: if paid { intent.amount } else { 0 },
        amount_refunded: 0,
        balance_transaction: None,
        billing_details: customer(),
        captured: paid,
        created: unit.seconds(),
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

/// Builds the details of an invented payer, with the fields that Stripe returns.
fn customer() -> Value {
    json!({"email": "dana@example.com", "name": "Dana Sample", "phone": null, "address": null})
}

pub(crate) fn complete(
    unit: &mut UnitOfWork<'_, '_>,
    session: &mut Session,
    paid: SessionPayment,
) -> Result<(), ApiError> {
    session.status = SessionStatus::Complete;
    session.payment_status = paid;
    session.customer_details = Some(customer());
    session.url = None;
    unit.save(&*session)?;
    unit.emit("checkout.session.completed", &*session, None)
}

/// Does the work of one object that is due.
pub(crate) fn come_due(unit: &mut UnitOfWork<'_, '_>, id: &str) -> Result<(), ApiError> {
    match tables::get(unit.tx.db, id)? {
        Some(Object::Session(session)) if session.status == SessionStatus::Open => {
            expire(unit, *session)
        }
        Some(Object::Session(session)) => settle(unit, *session),
        Some(Object::Refund(refund)) => refunds::come_due(unit, refund),
        Some(Object::Charge(charge)) => balance::come_due(unit, *charge),
        _ => Ok(()),
    }
}

pub(crate) fn expire(unit: &mut UnitOfWork<'_, '_>, mut session: Session) -> Result<(), ApiError> {
    session.status = SessionStatus::Expired;
    session.url = None;
    unit.save(&session)?;
    if let Some(intent) = &session.payment_intent {
        let mut intent = unit.intent(intent)?;
        intent.status = IntentStatus::Canceled;
        unit.save(&intent)?;
    }
    unit.emit("checkout.session.expired", &session, None)
}

/// Settles a pending payment as its card decided.
pub(crate) fn settle(unit: &mut UnitOfWork<'_, '_>, mut session: Session) -> Result<(), ApiError> {
    let settlement = session.internals.settlement.take();
    let settlement =
        settlement.ok_or_else(|| ApiError::bad("This payment has nothing to settle."))?;
    let intent = session
        .payment_intent
        .as_deref()
        .ok_or_else(ApiError::internal)?;
    let mut intent = unit.intent(intent)?;
    if settlement.succeeds {
        succeed(unit, &mut intent)?;
        session.payment_status = SessionPayment::Paid;
        unit.save(&session)?;
        return unit.emit("checkout.session.async_payment_succeeded", &session, None);
    }
    fail(
        unit,
        &mut intent,
        "payment_method_provider_decline",
        None,
        "The bank did not pay.",
    )?;
    unit.save(&session)?;
    unit.emit("checkout.session.async_payment_failed", &session, None)
}

/// Renders a payment as one row: paid, refunded and disputed amounts. A session is optional.
pub(crate) fn summary(
    unit: &UnitOfWork<'_, '_>,
    session: Option<&Session>,
    intent: Option<&Intent>,
) -> Result<Value, ApiError> {
    let mut row = match (session, intent) {
        (Some(session), _) => json!({
            "session": session.id, "title": session.internals.title, "order_id": order_of(session),
            "amount": session.amount_total, "currency": session.currency, "status": session.status,
            "payment_status": session.payment_status, "settling": session.internals.settlement.is_some(),
            "created": session.created * 1_000, "url": session.url,
        }),
        (None, Some(intent)) => json!({
            "session": null, "title": "Dashboard", "order_id": intent.metadata.get("order_id"),
            "amount": intent.amount, "currency": intent.currency, "status": SessionStatus::Complete,
            "payment_status": SessionPayment::Paid, "settling": false, "created": intent.created * 1_000, "url": null,
        }),
        (None, None) => return Err(ApiError::internal()),
    };
    let charge = intent
        .and_then(|intent| intent.latest_charge.as_deref())
        .map(|id| unit.charge(id))
        .transpose()?;
    row["payment_intent"] = intent.map(|intent| intent.id.as_str()).into();
    row["charge"] = charge.as_ref().map(|charge| charge.id.as_str()).into();
    row["refunded"] = charge
        .as_ref()
        .map_or(0, |charge| charge.amount_refunded)
        .into();
    row["failure"] = charge.and_then(|charge| charge.failure_code).into();
    for (name, sort) in [
        ("refunds", ObjectKind::Refund),
        ("disputes", ObjectKind::Dispute),
    ] {
        let found = match intent {
            Some(intent) => {
                tables::list(
                    unit.tx.db,
                    sort,
                    Some(&intent.id),
                    tables::Cursor::Newest,
                    100,
                )?
                .0
            }
            None => Vec::new(),
        };
        row[name] = found
            .into_iter()
            .map(|object| unit.wire(object))
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
