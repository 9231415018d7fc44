//! Disputes: a bank inquires, withdraws money, and returns all, a part or none of it.

use serde_json::{Value, json};

use crate::{
    api_error::ApiError,
    balance::{self, Movement},
    ids,
    objects::{BalanceTransaction, Charge, Dispute, DisputeStatus, Object},
    refunds,
    unit_of_work::UnitOfWork,
};

const EVIDENCE_WINDOW_S: i64 = 7 * 24 * 60 * 60;

/// Opens a dispute, by default about the whole charge, refunded or not. An inquiry withdraws no
/// money.
pub(crate) fn open(
    unit: &mut UnitOfWork<'_, '_>,
    charge: &Charge,
    amount: Option<i64>,
    reason: &str,
    is_inquiry: bool,
) -> Result<Dispute, ApiError> {
    let amount = amount.unwrap_or(charge.amount);
    if !(1..=charge.amount).contains(&amount) {
        return Err(ApiError::bad(
            "A dispute is about as much as was charged, or less.",
        ));
    }
    let mut dispute = Dispute {
        id: ids::new_id("du_1", 23),
        amount,
        balance_transactions: Vec::new(),
        charge: charge.id.clone(),
        created: unit.seconds(),
        currency: charge.currency.clone(),
        evidence_details: evidence(unit, 0),
        is_charge_refundable: true,
        livemode: false,
        metadata: Default::default(),
        payment_intent: charge.payment_intent.clone(),
        reason: reason.to_owned(),
        status: DisputeStatus::WarningNeedsResponse,
    };
    unit.save(&Charge {
        disputed: true,
        ..charge.clone()
    })?;
    if !is_inquiry {
        dispute.status = DisputeStatus::NeedsResponse;
        withdraw(unit, &mut dispute)?;
    }
    unit.save(&dispute)?;
    unit.emit("charge.dispute.created", &dispute, None)?;
    if !is_inquiry {
        unit.emit("charge.dispute.funds_withdrawn", &dispute, None)?;
    }
    Ok(dispute)
}

/// Submits evidence.
pub(crate) fn respond(unit: &mut UnitOfWork<'_, '_>, id: &str) -> Result<Dispute, ApiError> {
    let mut dispute = unit.dispute(id)?;
    let before = json!({"status": dispute.status, "evidence_details": dispute.evidence_details});
    dispute.status = match dispute.status {
        DisputeStatus::NeedsResponse => DisputeStatus::UnderReview,
        DisputeStatus::WarningNeedsResponse => DisputeStatus::WarningUnderReview,
        _ => return Err(ApiError::bad("This dispute does not wait for a response.")),
    };
    dispute.evidence_details = evidence(unit, 1);
    unit.save(&dispute)?;
    unit.emit("charge.dispute.updated", &dispute, Some(before))?;
    Ok(dispute)
}

/// Turns an inquiry into a dispute, which withdraws the money.
pub(crate) fn escalate(unit: &mut UnitOfWork<'_, '_>, id: &str) -> Result<Dispute, ApiError> {
    let mut dispute = unit.dispute(id)?;
    if !(dispute.status.is_inquiry() && dispute.status.is_open()) {
        return Err(ApiError::bad("Only an open inquiry can become a dispute."));
    }
    let before =
        json!({"status": dispute.status, "is_charge_refundable": true, "balance_transactions": []});
    dispute.status = DisputeStatus::NeedsResponse;
    dispute.evidence_details = evidence(unit, 0);
    withdraw(unit, &mut dispute)?;
    unit.save(&dispute)?;
    unit.emit("charge.dispute.updated", &dispute, Some(before))?;
    unit.emit("charge.dispute.funds_withdrawn", &dispute, None)?;
    Ok(dispute)
}

/// Closes a dispute. An inquiry has no winner, and a part of a lost dispute may come back.
pub(crate) fn close(
    unit: &mut UnitOfWork<'_, '_>,
    id: &str,
    won: Option<bool>,
    returned: Option<i64>,
) -> Result<Dispute, ApiError> {
    let mut dispute = unit.dispute(id)?;
    if !dispute.status.is_open() {
        return Err(ApiError::bad("This dispute is closed already."));
    }
    let before = json!({"status": dispute.status});
    let (status, back) = match (dispute.status.is_inquiry(), won, returned) {
        (true, None, None) => (DisputeStatus::WarningClosed, 0),
        (true, ..) => return Err(ApiError::bad("An inquiry is neither won nor lost.")),
        (false, Some(true), None) => (DisputeStatus::Won, dispute.amount),
        (false, Some(false), None) => (DisputeStatus::Lost, 0),
        (false, Some(false), Some(back)) if (1..dispute.amount).contains(&back) => {
            (DisputeStatus::Lost, back)
        }
        (false, Some(_), _) => {
            return Err(ApiError::bad(
                "Only of a lost dispute a part comes back, and never all.",
            ));
        }
        (false, None, _) => return Err(ApiError::bad("A dispute is won or lost.")),
    };
    dispute.status = status;
    dispute.is_charge_refundable = status != DisputeStatus::Lost;
    if back > 0 {
        let taken = json!({"balance_transactions": dispute.balance_transactions});
        let returned = move_money(unit, &dispute, Movement::DisputeReversal, back)?;
        dispute.balance_transactions.push(Object::Balance(returned));
        unit.save(&dispute)?;
        unit.emit("charge.dispute.funds_reinstated", &dispute, Some(taken))?;
    }
    unit.save(&dispute)?;
    unit.emit("charge.dispute.closed", &dispute, Some(before))?;
    Ok(dispute)
}

fn withdraw(unit: &mut UnitOfWork<'_, '_>, dispute: &mut Dispute) -> Result<(), ApiError> {
    refunds::fail_pending(unit, &dispute.charge, &dispute.payment_intent)?;
    let taken = move_money(unit, dispute, Movement::Dispute, -dispute.amount)?;
    dispute.balance_transactions.push(Object::Balance(taken));
    dispute.is_charge_refundable = false;
    Ok(())
}

fn move_money(
    unit: &mut UnitOfWork<'_, '_>,
    dispute: &Dispute,
    movement: Movement,
    amount: i64,
) -> Result<BalanceTransaction, ApiError> {
    let charge = unit.charge(&dispute.charge)?;
    balance::move_money(unit, movement, amount, &charge, &dispute.id)
}

fn evidence(unit: &UnitOfWork<'_, '_>, submissions: u8) -> Value {
    json!({"due_by": unit.seconds() + EVIDENCE_WINDOW_S, "has_evidence": submissions > 0, "past_due": false,
        "submission_count": submissions})
}
