//! The balance: its movements, and Stripe's fees.

use serde_json::json;

use crate::{
    api_error::ApiError,
    ids,
    objects::{BalanceTransaction, Charge},
    unit_of_work::UnitOfWork,
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Movement {
    Charge,
    Refund,
    RefundFailure,
    Dispute,
    DisputeReversal,
}

impl Movement {
    fn kind(self) -> &'static str {
        match self {
            Self::Charge => "charge",
            Self::Refund => "refund",
            Self::RefundFailure => "refund_failure",
            Self::Dispute | Self::DisputeReversal => "adjustment",
        }
    }

    fn reporting_category(self) -> &'static str {
        match self {
            Self::Dispute => "dispute",
            Self::DisputeReversal => "dispute_reversal",
            _ => self.kind(),
        }
    }

    fn description(self, charge: &str) -> Option<String> {
        match self {
            Self::Charge => None,
            Self::Refund => Some("REFUND FOR CHARGE".into()),
            Self::RefundFailure => Some("REFUND FAILURE".into()),
            Self::Dispute => Some(format!("Chargeback withdrawal for {charge}")),
            Self::DisputeReversal => Some(format!("Chargeback reversal for {charge}")),
        }
    }

    fn fee(self, unit: &UnitOfWork<'_, '_>, amount: i64) -> (i64, &'static str) {
        let settings = &unit.settings;
        match self {
            Self::Charge => (settings.fee_of(amount), "Stripe processing fees"),
            Self::Dispute => (settings.dispute_fee, "Dispute fee"),
            _ => (0, ""),
        }
    }
}

/// Moves money of a charge. `amount` is positive towards our balance, and `source` caused the
/// movement.
pub(crate) fn move_money(
    unit: &mut UnitOfWork<'_, '_>,
    movement: Movement,
    amount: i64,
    charge: &Charge,
    source: &str,
) -> Result<BalanceTransaction, ApiError> {
    let (fee, what) = movement.fee(unit, amount);
    let currency = charge.currency.clone();
    let fee_details = match fee {
        0 => json!([]),
        _ => json!([{"amount": fee, "application": null, "currency": currency, "description": what,
            "type": "stripe_fee"}]),
    };
    let transaction = BalanceTransaction {
        id: ids::new_id("txn_3", 23),
        amount,
        available_on: unit.seconds(),
        balance_type: "payments".into(),
        created: unit.seconds(),
        currency,
        description: movement.description(&charge.id),
        exchange_rate: None,
        fee,
        fee_details,
        net: amount - fee,
        reporting_category: movement.reporting_category().into(),
        source: source.to_owned(),
        status: "available".into(),
        kind: movement.kind().into(),
    };
    unit.save(&transaction)?;
    Ok(transaction)
}

/// Books the charge at once, or after the delay of the settings.
pub(crate) fn book_charge(
    unit: &mut UnitOfWork<'_, '_>,
    charge: &mut Charge,
) -> Result<(), ApiError> {
    match unit.settings.balance_ms {
        0 => charge.balance_transaction = Some(create_charge_transaction(unit, charge)?),
        ms => charge.balance_at = Some(unit.now + ms),
    }
    Ok(())
}

/// Books a charge whose balance transaction was delayed.
pub(crate) fn come_due(unit: &mut UnitOfWork<'_, '_>, mut charge: Charge) -> Result<(), ApiError> {
    charge.balance_at = None;
    charge.balance_transaction = Some(create_charge_transaction(unit, &charge)?);
    unit.save(&charge)?;
    unit.emit(
        "charge.updated",
        &charge,
        Some(json!({"balance_transaction": null})),
    )
}

fn create_charge_transaction(
    unit: &mut UnitOfWork<'_, '_>,
    charge: &Charge,
) -> Result<String, ApiError> {
    Ok(move_money(unit, Movement::Charge, charge.amount, charge, &charge.id)?.id)
}
