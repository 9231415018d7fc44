//! Money back: all of a charge, or parts of it until nothing is left. It may take its time, and come back to us.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    Desk,
    balance::{self, Movement},
    disputes,
    form::Form,
    objects::{Charge, ChargeStatus, Metadata, Object, Refund, RefundStatus, Settlement, Sort},
    refusal::Refusal,
};
use crate::{ids, store::stripe};

/// What becomes of a refund. What happens later can also be made to happen now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Fate {
    Succeeds,
    /// It succeeds, and fails later.
    Fails,
    /// It is pending, and succeeds later.
    Waits,
    WaitsAndFails,
}

const KNOWN: [&str; 6] = [
    "payment_intent",
    "charge",
    "amount",
    "reason",
    "metadata",
    "expand",
];
const REASONS: [&str; 3] = ["duplicate", "fraudulent", "requested_by_customer"];
const FAILURES: [&str; 7] = [
    "lost_or_stolen_card",
    BY_ITSELF,
    BY_DISPUTE,
    "insufficient_funds",
    "declined",
    "merchant_request",
    "unknown",
];
pub(super) const BY_ITSELF: &str = "expired_or_canceled_card";
const BY_DISPUTE: &str = "charge_for_pending_refund_disputed";

pub(super) fn create(desk: &mut Desk<'_, '_>, form: &Form) -> Result<Value, Refusal> {
    form.check_names(&KNOWN)?;
    let charge = match (form.text(&["payment_intent"]), form.text(&["charge"])) {
        (Some(intent), None) => charge_of(desk, intent)?,
        (None, Some(charge)) => desk.charge(charge)?,
        _ => {
            let message = "One of the following params should be provided for this request: payment_intent or charge.";
            return Err(Refusal::bad(message).code("parameter_missing"));
        }
    };
    let reason = form.text(&["reason"]).map(str::to_owned);
    if reason
        .as_ref()
        .is_some_and(|reason| !REASONS.contains(&reason.as_str()))
    {
        return Err(Refusal::bad("Invalid reason.").param("reason"));
    }
    let metadata = form.metadata(&["metadata"])?;
    let fate = desk.writer.stripe.refunds;
    let refund = refund(
        desk,
        charge,
        form.integer(&["amount"])?,
        reason,
        metadata,
        fate,
    )?;
    desk.wire(&refund)
}

/// The charge that a payment succeeded with.
pub(super) fn charge_of(desk: &Desk<'_, '_>, intent: &str) -> Result<Charge, Refusal> {
    let intent = desk.intent(intent)?;
    let charge = intent
        .latest_charge
        .as_deref()
        .map(|id| desk.charge(id))
        .transpose()?;
    charge
        .filter(|charge| charge.status == ChargeStatus::Succeeded)
        .ok_or_else(|| {
            let message = format!(
                "This PaymentIntent ({}) does not have a successful charge to refund.",
                intent.id
            );
            Refusal::bad(message).param("payment_intent")
        })
}

pub(super) fn refund(
    desk: &mut Desk<'_, '_>,
    mut charge: Charge,
    amount: Option<i64>,
    reason: Option<String>,
    metadata: Metadata,
    fate: Fate,
) -> Result<Refund, Refusal> {
    if charge.status != ChargeStatus::Succeeded {
        return Err(Refusal::bad(format!(
            "Charge {} has not succeeded.",
            charge.id
        )));
    }
    if disputes::forbids_refunds(desk, &charge)? {
        let message = format!(
            "Charge {} has been charged back; cannot issue a refund.",
            charge.id
        );
        return Err(Refusal::bad(message).code("charge_disputed").kept());
    }
    let left = charge.amount - charge.amount_refunded;
    if left == 0 {
        let message = format!("Charge {} has already been refunded.", charge.id);
        return Err(Refusal::bad(message).code("charge_already_refunded").kept());
    }
    let amount = amount.unwrap_or(left);
    if amount < 1 {
        return Err(Refusal::bad("Invalid positive integer")
            .code("parameter_invalid_integer")
            .param("amount"));
    }
    if amount > left {
        let message = format!(
            "Refund amount ({amount}) is greater than unrefunded amount on charge ({left})"
        );
        return Err(Refusal::bad(message)
            .code("amount_too_large")
            .param("amount")
            .kept());
    }
    let id = ids::stripe("re_3", 23);
    let transaction = balance::moved(desk, Movement::Refund, -amount, &charge, &id)?;
    let waits = matches!(fate, Fate::Waits | Fate::WaitsAndFails);
    let at = desk.now + desk.writer.stripe.refund_ms;
    let refund = Refund {
        id,
        amount,
        balance_transaction: Some(transaction.id),
        charge: charge.id.clone(),
        created: desk.seconds(),
        currency: charge.currency.clone(),
        destination_details: json!({"type": "card", "card": {"type": "refund", "reference_status": "pending"}}),
        failure_balance_transaction: None,
        failure_reason: None,
        metadata,
        payment_intent: charge.payment_intent.clone(),
        pending_reason: waits.then(|| "processing".into()),
        reason,
        status: if waits {
            RefundStatus::Pending
        } else {
            RefundStatus::Succeeded
        },
        settlement: (fate != Fate::Succeeds).then_some(Settlement {
            at,
            succeeds: fate == Fate::Waits,
        }),
    };
    let before = json!({"amount_refunded": charge.amount_refunded, "refunded": false});
    charge.amount_refunded += amount;
    charge.refunded = charge.amount_refunded == charge.amount;
    desk.save(&charge)?;
    desk.save(&refund)?;
    desk.tell("refund.created", &refund, None)?;
    desk.tell("charge.refunded", &charge, Some(before))?;
    if waits {
        return Ok(refund);
    }
    // The bank's reference comes a moment later.
    let before = json!({"destination_details": refund.destination_details});
    let refund = Refund {
        destination_details: referred(),
        ..refund
    };
    desk.save(&refund)?;
    desk.tell("refund.updated", &refund, Some(before))?;
    Ok(refund)
}

pub(super) fn come_due(desk: &mut Desk<'_, '_>, refund: Refund) -> Result<(), Refusal> {
    match refund.settlement {
        Some(Settlement { succeeds: true, .. }) => succeed(desk, refund).map(drop),
        _ => fail(desk, refund, BY_ITSELF).map(drop),
    }
}

/// What was on its way has come to the person.
pub(super) fn succeed(desk: &mut Desk<'_, '_>, mut refund: Refund) -> Result<Refund, Refusal> {
    if refund.status != RefundStatus::Pending {
        return Err(Refusal::bad("This refund is not on its way."));
    }
    let before = json!({"status": refund.status, "pending_reason": refund.pending_reason,
        "destination_details": refund.destination_details});
    refund.status = RefundStatus::Succeeded;
    refund.pending_reason = None;
    refund.settlement = None;
    refund.destination_details = referred();
    desk.save(&refund)?;
    desk.tell("charge.refund.updated", &refund, Some(before.clone()))?;
    desk.tell("refund.updated", &refund, Some(before))?;
    Ok(refund)
}

/// The person's bank did not take it: the money is back with us, also after it seemed to have come to them.
pub(super) fn fail(
    desk: &mut Desk<'_, '_>,
    mut refund: Refund,
    reason: &str,
) -> Result<Refund, Refusal> {
    if !FAILURES.contains(&reason) {
        return Err(Refusal::bad(format!(
            "A refund fails with one of {}.",
            FAILURES.join(", ")
        )));
    }
    if refund.status == RefundStatus::Failed {
        return Err(Refusal::bad("This refund has failed already."));
    }
    let mut charge = desk.charge(&refund.charge)?;
    let transaction = balance::moved(
        desk,
        Movement::RefundFailure,
        refund.amount,
        &charge,
        &refund.id,
    )?;
    let mut before = json!({"status": refund.status, "failure_balance_transaction": null, "failure_reason": null});
    if let Some(pending_reason) = refund.pending_reason.take() {
        before["pending_reason"] = pending_reason.into();
    }
    refund.status = RefundStatus::Failed;
    refund.failure_reason = Some(reason.to_owned());
    refund.failure_balance_transaction = Some(transaction.id);
    refund.settlement = None;
    charge.amount_refunded -= refund.amount;
    charge.refunded = false;
    desk.save(&charge)?;
    desk.save(&refund)?;
    for kind in ["charge.refund.updated", "refund.updated", "refund.failed"] {
        desk.tell(kind, &refund, Some(before.clone()))?;
    }
    Ok(refund)
}

/// A bank that takes the money back does not wait for refunds that are on their way.
pub(super) fn fail_pending(
    desk: &mut Desk<'_, '_>,
    charge: &str,
    payment: &str,
) -> Result<(), Refusal> {
    let (found, _) = stripe::list(
        desk.writer.db,
        Sort::Refund,
        Some(payment),
        stripe::Cursor::Newest,
        100,
    )?;
    for object in found {
        match object {
            Object::Refund(refund)
                if refund.charge == charge && refund.status == RefundStatus::Pending =>
            {
                drop(fail(desk, refund, BY_DISPUTE)?);
            }
            _ => {}
        }
    }
    Ok(())
}

fn referred() -> Value {
    json!({"type": "card", "card": {"type": "refund", "reference_status": "available",
        "reference": ids::stripe("arn", 11)}})
}
