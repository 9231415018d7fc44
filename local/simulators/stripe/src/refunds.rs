//! Refunds of all or parts of a charge. They may be pending, and may fail after they succeeded.

use serde_json::{Value, json};

use crate::{
    api_error::ApiError,
    balance::{self, Movement},
    form::Form,
    ids,
    objects::{
        Charge, ChargeStatus, Metadata, Object, ObjectKind, Refund, RefundStatus, Settlement,
    },
    settings::RefundOutcome,
    tables,
    unit_of_work::UnitOfWork,
};

const KNOWN_FIELDS: [&str; 6] = [
    "payment_intent",
    "charge",
    "amount",
    "reason",
    "metadata",
    "expand",
];
const REFUND_REASONS: [&str; 3] = ["duplicate", "fraudulent", "requested_by_customer"];
const FAILURE_REASONS: [&str; 7] = [
    "lost_or_stolen_card",
    DEFAULT_FAILURE_REASON,
    DISPUTE_FAILURE_REASON,
    "insufficient_funds",
    "declined",
    "merchant_request",
    "unknown",
];
pub(crate) const DEFAULT_FAILURE_REASON: &str = "expired_or_canceled_card";
const DISPUTE_FAILURE_REASON: &str = "charge_for_pending_refund_disputed";

pub(crate) fn create(unit: &mut UnitOfWork<'_, '_>, form: &Form) -> Result<Value, ApiError> {
    form.check_names(&KNOWN_FIELDS)?;
    let charge = match (form.text(&["payment_intent"]), form.text(&["charge"])) {
        (Some(intent), None) => charge_of(unit, intent)?,
        (None, Some(charge)) => unit.charge(charge)?,
        _ => {
            let message = "One of the following params should be provided for this request: payment_intent or charge.";
            return Err(ApiError::bad(message).code("parameter_missing"));
        }
    };
    let reason = form.text(&["reason"]).map(str::to_owned);
    if reason
        .as_ref()
        .is_some_and(|reason| !REFUND_REASONS.contains(&reason.as_str()))
    {
        return Err(ApiError::bad("Invalid reason.").param("reason"));
    }
    let metadata = form.metadata(&["metadata"])?;
    let outcome = unit.settings.refunds;
    let refund = refund(
        unit,
        charge,
        form.integer(&["amount"])?,
        reason,
        metadata,
        outcome,
    )?;
    unit.wire(&refund)
}

/// Whether the bank holds the money, which rules out refunds.
fn is_held_by_bank(unit: &UnitOfWork<'_, '_>, charge: &Charge) -> Result<bool, ApiError> {
    let payment = Some(charge.payment_intent.as_str());
    let (found, _) = tables::list(
        unit.tx.db,
        ObjectKind::Dispute,
        payment,
        tables::Cursor::Newest,
        100,
    )?;
    let holds = |object: &Object| match object {
        Object::Dispute(dispute) => dispute.charge == charge.id && !dispute.is_charge_refundable,
        _ => false,
    };
    Ok(found.iter().any(holds))
}

/// Finds the successful charge of a payment.
pub(crate) fn charge_of(unit: &UnitOfWork<'_, '_>, intent: &str) -> Result<Charge, ApiError> {
    let intent = unit.intent(intent)?;
    let charge = intent
        .latest_charge
        .as_deref()
        .map(|id| unit.charge(id))
        .transpose()?;
    charge
        .filter(|charge| charge.status == ChargeStatus::Succeeded)
        .ok_or_else(|| {
            let message = format!(
                "This PaymentIntent ({}) does not have a successful charge to refund.",
                intent.id
            );
            ApiError::bad(message).param("payment_intent")
        })
}

pub(crate) fn refund(
    unit: &mut UnitOfWork<'_, '_>,
    mut charge: Charge,
    amount: Option<i64>,
    reason: Option<String>,
    metadata: Metadata,
    outcome: RefundOutcome,
) -> Result<Refund, ApiError> {
    if charge.status != ChargeStatus::Succeeded {
        return Err(ApiError::bad(format!(
            "Charge {} has not succeeded.",
            charge.id
        )));
    }
    if is_held_by_bank(unit, &charge)? {
        let message = format!(
            "Charge {} has been charged back; cannot issue a refund.",
            charge.id
        );
        return Err(ApiError::bad(message).code("charge_disputed").kept());
    }
    let left = charge.amount - charge.amount_refunded;
    if left == 0 {
        let message = format!("Charge {} has already been refunded.", charge.id);
        return Err(ApiError::bad(message)
            .code("charge_already_refunded")
            .kept());
    }
    let amount = amount.unwrap_or(left);
    if amount < 1 {
        return Err(ApiError::bad("Invalid positive integer")
            .code("parameter_invalid_integer")
            .param("amount"));
    }
    if amount > left {
        let message = format!(
            "Refund amount ({amount}) is greater than unrefunded amount on charge ({left})"
        );
        return Err(ApiError::bad(message)
            .code("amount_too_large")
            .param("amount")
            .kept());
    }
    let id = ids::new_id("re_3", 23);
    let transaction = balance::move_money(unit, Movement::Refund, -amount, &charge, &id)?;
    let waits = matches!(outcome, RefundOutcome::Waits | RefundOutcome::WaitsAndFails);
    let at = unit.now + unit.settings.refund_ms;
    let refund = Refund {
        id,
        amount,
        balance_transaction: Some(transaction.id),
        charge: charge.id.clone(),
        created: unit.seconds(),
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
        settlement: (outcome != RefundOutcome::Succeeds).then_some(Settlement {
            at,
            succeeds: outcome == RefundOutcome::Waits,
        }),
    };
    let before = json!({"amount_refunded": charge.amount_refunded, "refunded": false});
    charge.amount_refunded += amount;
    charge.refunded = charge.amount_refunded == charge.amount;
    unit.save(&charge)?;
    unit.save(&refund)?;
    unit.emit("refund.created", &refund, None)?;
    unit.emit("charge.refunded", &charge, Some(before))?;
    if waits {
        return Ok(refund);
    }
    // The bank's reference is added by a later update.
    let before = json!({"destination_details": refund.destination_details});
    let refund = Refund {
        destination_details: bank_reference(),
        ..refund
    };
    unit.save(&refund)?;
    unit.emit("refund.updated", &refund, Some(before))?;
    Ok(refund)
}

pub(crate) fn come_due(unit: &mut UnitOfWork<'_, '_>, refund: Refund) -> Result<(), ApiError> {
    match refund.settlement {
        Some(Settlement { succeeds: true, .. }) => succeed(unit, refund).map(drop),
        _ => fail(unit, refund, DEFAULT_FAILURE_REASON).map(drop),
    }
}

/// Completes a pending refund.
pub(crate) fn succeed(
    unit: &mut UnitOfWork<'_, '_>,
    mut refund: Refund,
) -> Result<Refund, ApiError> {
    if refund.status != RefundStatus::Pending {
        return Err(ApiError::bad("This refund is not on its way."));
    }
    let before = json!({"status": refund.status, "pending_reason": refund.pending_reason,
        "destination_details": refund.destination_details});
    refund.status = RefundStatus::Succeeded;
    refund.pending_reason = None;
    refund.settlement = None;
    refund.destination_details = bank_reference();
    unit.save(&refund)?;
    unit.emit("charge.refund.updated", &refund, Some(before.clone()))?;
    unit.emit("refund.updated", &refund, Some(before))?;
    Ok(refund)
}

/// Fails a refund, even one that succeeded: the money returns to our balance.
pub(crate) fn fail(
    unit: &mut UnitOfWork<'_, '_>,
    mut refund: Refund,
    reason: &str,
) -> Result<Refund, ApiError> {
    if !FAILURE_REASONS.contains(&reason) {
        return Err(ApiError::bad(format!(
            "A refund fails with one of {}.",
            FAILURE_REASONS.join(", ")
        )));
    }
    if refund.status == RefundStatus::Failed {
        return Err(ApiError::bad("This refund has failed already."));
    }
    let mut charge = unit.charge(&refund.charge)?;
    let transaction = balance::move_money(
        unit,
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
    unit.save(&charge)?;
    unit.save(&refund)?;
    for kind in ["charge.refund.updated", "refund.updated", "refund.failed"] {
        unit.emit(kind, &refund, Some(before.clone()))?;
    }
    Ok(refund)
}

/// Fails pending refunds of a charge whose money the bank withdraws.
pub(crate) fn fail_pending(
    unit: &mut UnitOfWork<'_, '_>,
    charge: &str,
    payment: &str,
) -> Result<(), ApiError> {
    let (found, _) = tables::list(
        unit.tx.db,
        ObjectKind::Refund,
        Some(payment),
        tables::Cursor::Newest,
        100,
    )?;
    for object in found {
        match object {
            Object::Refund(refund)
                if refund.charge == charge && refund.status == RefundStatus::Pending =>
            {
                drop(fail(unit, refund, DISPUTE_FAILURE_REASON)?);
            }
            _ => {}
        }
    }
    Ok(())
}

fn bank_reference() -> Value {
    json!({"type": "card", "card": {"type": "refund", "reference_status": "available",
        "reference": ids::new_id("arn", 11)}})
}
