//! Disputes: a bank asks, takes money back, and gives back all of it, a part or nothing.

use serde_json::{Value, json};

use super::{
    Desk,
    balance::{self, Movement},
    objects::{BalanceTransaction, Charge, Dispute, DisputeStatus, Object, Sort},
    refunds,
    refusal::Refusal,
};
use crate::{ids, store::stripe};

const WEEK: i64 = 7 * 24 * 60 * 60;

/// The whole charge when no amount is given, whatever was refunded of it. An inquiry takes no money.
pub(super) fn open(
    desk: &mut Desk<'_, '_>,
    charge: &Charge,
    amount: Option<i64>,
    reason: &str,
    is_inquiry: bool,
) -> Result<Dispute, Refusal> {
    let amount = amount.unwrap_or(charge.amount);
    if !(1..=charge.amount).contains(&amount) {
        return Err(Refusal::bad(
            "A dispute is about as much as was charged, or less.",
        ));
    }
    let mut dispute = Dispute {
        id: ids::stripe("du_1", 23),
        amount,
        balance_transactions: Vec::new(),
        charge: charge.id.clone(),
        created: desk.seconds(),
        currency: charge.currency.clone(),
        evidence_details: evidence(desk, 0),
        is_charge_refundable: true,
        livemode: false,
        metadata: Default::default(),
        payment_intent: charge.payment_intent.clone(),
        reason: reason.to_owned(),
        status: DisputeStatus::WarningNeedsResponse,
    };
    desk.save(&Charge {
        disputed: true,
        ..charge.clone()
    })?;
    if !is_inquiry {
        dispute.status = DisputeStatus::NeedsResponse;
        withdraw(desk, &mut dispute)?;
    }
    desk.save(&dispute)?;
    desk.tell("charge.dispute.created", &dispute, None)?;
    if !is_inquiry {
        desk.tell("charge.dispute.funds_withdrawn", &dispute, None)?;
    }
    Ok(dispute)
}

/// We have sent our evidence.
pub(super) fn respond(desk: &mut Desk<'_, '_>, id: &str) -> Result<Dispute, Refusal> {
    let mut dispute = desk.dispute(id)?;
    let before = json!({"status": dispute.status, "evidence_details": dispute.evidence_details});
    dispute.status = match dispute.status {
        DisputeStatus::NeedsResponse => DisputeStatus::UnderReview,
        DisputeStatus::WarningNeedsResponse => DisputeStatus::WarningUnderReview,
        _ => return Err(Refusal::bad("This dispute does not wait for a response.")),
    };
    dispute.evidence_details = evidence(desk, 1);
    desk.save(&dispute)?;
    desk.tell("charge.dispute.updated", &dispute, Some(before))?;
    Ok(dispute)
}

/// An inquiry becomes a dispute that takes the money.
pub(super) fn escalate(desk: &mut Desk<'_, '_>, id: &str) -> Result<Dispute, Refusal> {
    let mut dispute = desk.dispute(id)?;
    if !(dispute.status.is_inquiry() && dispute.status.is_open()) {
        return Err(Refusal::bad("Only an open inquiry can become a dispute."));
    }
    let before =
        json!({"status": dispute.status, "is_charge_refundable": true, "balance_transactions": []});
    dispute.status = DisputeStatus::NeedsResponse;
    dispute.evidence_details = evidence(desk, 0);
    withdraw(desk, &mut dispute)?;
    desk.save(&dispute)?;
    desk.tell("charge.dispute.updated", &dispute, Some(before))?;
    desk.tell("charge.dispute.funds_withdrawn", &dispute, None)?;
    Ok(dispute)
}

/// An inquiry ends without a winner. Of a lost dispute a part may come back.
pub(super) fn close(
    desk: &mut Desk<'_, '_>,
    id: &str,
    won: Option<bool>,
    returned: Option<i64>,
) -> Result<Dispute, Refusal> {
    let mut dispute = desk.dispute(id)?;
    if !dispute.status.is_open() {
        return Err(Refusal::bad("This dispute is closed already."));
    }
    let before = json!({"status": dispute.status});
    let (status, back) = match (dispute.status.is_inquiry(), won, returned) {
        (true, None, None) => (DisputeStatus::WarningClosed, 0),
        (true, ..) => return Err(Refusal::bad("An inquiry is neither won nor lost.")),
        (false, Some(true), None) => (DisputeStatus::Won, dispute.amount),
        (false, Some(false), None) => (DisputeStatus::Lost, 0),
        (false, Some(false), Some(back)) if (1..dispute.amount).contains(&back) => {
            (DisputeStatus::Lost, back)
        }
        (false, Some(_), _) => {
            return Err(Refusal::bad(
                "Only of a lost dispute a part comes back, and never all.",
            ));
        }
        (false, None, _) => return Err(Refusal::bad("A dispute is won or lost.")),
    };
    dispute.status = status;
    dispute.is_charge_refundable = status != DisputeStatus::Lost;
    if back > 0 {
        let taken = json!({"balance_transactions": dispute.balance_transactions});
        let returned = moved(desk, &dispute, Movement::DisputeReversal, back)?;
        dispute.balance_transactions.push(Object::Balance(returned));
        desk.save(&dispute)?;
        desk.tell("charge.dispute.funds_reinstated", &dispute, Some(taken))?;
    }
    desk.save(&dispute)?;
    desk.tell("charge.dispute.closed", &dispute, Some(before))?;
    Ok(dispute)
}

/// While a bank has the money, or keeps it, none can be given back.
pub(super) fn forbids_refunds(desk: &Desk<'_, '_>, charge: &Charge) -> Result<bool, Refusal> {
    let payment = Some(charge.payment_intent.as_str());
    let (found, _) = stripe::list(
        desk.writer.db,
        Sort::Dispute,
        payment,
        stripe::Cursor::Newest,
        100,
    )?;
    let forbids = |object: &Object| match object {
        Object::Dispute(dispute) => dispute.charge == charge.id && !dispute.is_charge_refundable,
        _ => false,
    };
    Ok(found.iter().any(forbids))
}

fn withdraw(desk: &mut Desk<'_, '_>, dispute: &mut Dispute) -> Result<(), Refusal> {
    refunds::fail_pending(desk, &dispute.charge, &dispute.payment_intent)?;
    let taken = moved(desk, dispute, Movement::Dispute, -dispute.amount)?;
    dispute.balance_transactions.push(Object::Balance(taken));
    dispute.is_charge_refundable = false;
    Ok(())
}

fn moved(
    desk: &mut Desk<'_, '_>,
    dispute: &Dispute,
    movement: Movement,
    amount: i64,
) -> Result<BalanceTransaction, Refusal> {
    let charge = desk.charge(&dispute.charge)?;
    balance::moved(desk, movement, amount, &charge, &dispute.id)
}

fn evidence(desk: &Desk<'_, '_>, submissions: u8) -> Value {
    json!({"due_by": desk.seconds() + WEEK, "has_evidence": submissions > 0, "past_due": false,
        "submission_count": submissions})
}
