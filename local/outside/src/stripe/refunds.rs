//! Money back: all of a charge, or parts of it until nothing is left.

use serde_json::{Value, json};

use super::{
    Desk,
    form::Form,
    objects::{Charge, ChargeStatus, Metadata, Object, Refund, RefundStatus},
    refusal::Refusal,
};
use crate::ids;

const KNOWN: [&str; 6] = ["payment_intent", "charge", "amount", "reason", "metadata", "expand"];
const REASONS: [&str; 3] = ["duplicate", "fraudulent", "requested_by_customer"];

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
    if reason.as_ref().is_some_and(|reason| !REASONS.contains(&reason.as_str())) {
        return Err(Refusal::bad("Invalid reason.").param("reason"));
    }
    let metadata = form.metadata(&["metadata"])?;
    let refund = refund(desk, charge, form.integer(&["amount"])?, reason, metadata)?;
    Ok(Object::Refund(refund).wire()?)
}

/// The charge that a payment succeeded with.
pub(super) fn charge_of(desk: &Desk<'_, '_>, intent: &str) -> Result<Charge, Refusal> {
    let intent = desk.intent(intent)?;
    let charge = intent.latest_charge.as_deref().map(|id| desk.charge(id)).transpose()?;
    charge.filter(|charge| charge.status == ChargeStatus::Succeeded).ok_or_else(|| {
        let message = format!("This PaymentIntent ({}) does not have a successful charge to refund.", intent.id);
        Refusal::bad(message).param("payment_intent")
    })
}

pub(super) fn refund(
    desk: &mut Desk<'_, '_>,
    mut charge: Charge,
    amount: Option<i64>,
    reason: Option<String>,
    metadata: Metadata,
) -> Result<Refund, Refusal> {
    if charge.status != ChargeStatus::Succeeded {
        return Err(Refusal::bad(format!("Charge {} has not succeeded.", charge.id)));
    }
    if charge.disputed {
        let message = format!("Charge {} has been charged back; cannot issue a refund.", charge.id);
        return Err(Refusal::bad(message).code("charge_disputed").kept());
    }
    let left = charge.amount - charge.amount_refunded;
    if left == 0 {
        let message = format!("Charge {} has already been refunded.", charge.id);
        return Err(Refusal::bad(message).code("charge_already_refunded").kept());
    }
    let amount = amount.unwrap_or(left);
    if amount < 1 {
        return Err(Refusal::bad("Invalid positive integer").code("parameter_invalid_integer").param("amount"));
    }
    if amount > left {
        let message = format!("Refund amount ({amount}) is greater than unrefunded amount on charge ({left})");
        return Err(Refusal::bad(message).code("amount_too_large").param("amount").kept());
    }
    let refund = Refund {
        id: ids::stripe("re_3", 23),
        amount,
        charge: charge.id.clone(),
        created: desk.seconds(),
        currency: charge.currency.clone(),
        destination_details: json!({"type": "card", "card": {"type": "refund", "reference_status": "pending"}}),
        metadata,
        payment_intent: charge.payment_intent.clone(),
        reason,
        status: RefundStatus::Succeeded,
    };
    let before = json!({"amount_refunded": charge.amount_refunded, "refunded": false});
    charge.amount_refunded += amount;
    charge.refunded = charge.amount_refunded == charge.amount;
    desk.save(&charge)?;
    desk.save(&refund)?;
    desk.tell("refund.created", &refund, None)?;
    desk.tell("charge.refunded", &charge, Some(before))?;
    // The bank's reference comes a moment later.
    let before = json!({"destination_details": refund.destination_details});
    let details = json!({"type": "card", "card": {"type": "refund", "reference_status": "available",
        "reference": ids::stripe("arn", 11)}});
    let refund = Refund { destination_details: details, ..refund };
    desk.save(&refund)?;
    desk.tell("refund.updated", &refund, Some(before))?;
    Ok(refund)
}
