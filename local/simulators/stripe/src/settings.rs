//! Behaviour of payments, refunds and event delivery.

use confab_simulator_base::{DeliverySettings, Settings, SignatureMode, check_range};
use serde::{Deserialize, Serialize};

use crate::version::Version;

/// The outcome of a refund. The control API can bring the later part forward.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RefundOutcome {
    Succeeds,
    /// The refund succeeds, and fails later.
    Fails,
    /// The refund is pending, and succeeds later.
    Waits,
    WaitsAndFails,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct StripeSettings {
    /// How often each event is delivered.
    pub(crate) copies: u32,
    pub(crate) reorder: bool,
    pub(crate) delay_ms: i64,
    pub(crate) signature: SignatureMode,
    /// Maximum webhooks in flight.
    pub(crate) concurrency: usize,
    /// Percentage of events that are never delivered. The list of events has them.
    pub(crate) drop_percent: u32,
    /// Delay until a pending payment settles.
    pub(crate) settle_ms: i64,
    /// The outcome of refunds, and the delay of its later part.
    pub(crate) refunds: RefundOutcome,
    pub(crate) refund_ms: i64,
    /// The fee of a charge: hundredths of a percent, plus a fixed amount.
    pub(crate) fee_basis_points: i64,
    pub(crate) fee_fixed: i64,
    pub(crate) dispute_fee: i64,
    /// Delay until the balance transaction of a charge exists.
    pub(crate) balance_ms: i64,
    /// The version of events, and of answers to requests that name none.
    pub(crate) api_version: Version,
}

impl Default for StripeSettings {
    fn default() -> Self {
        Self {
            copies: 1,
            reorder: false,
            delay_ms: 0,
            signature: SignatureMode::Valid,
            concurrency: 20,
            drop_percent: 0,
            settle_ms: 30_000,
            refunds: RefundOutcome::Succeeds,
            refund_ms: 30_000,
            fee_basis_points: 290,
            fee_fixed: 30,
            dispute_fee: 1_500,
            balance_ms: 0,
            api_version: Version::LATEST,
        }
    }
}

impl StripeSettings {
    pub(crate) fn delivery(&self) -> DeliverySettings {
        let Self {
            copies,
            reorder,
            delay_ms,
            signature,
            concurrency,
            ..
        } = *self;
        DeliverySettings {
            copies,
            reorder,
            delay_ms,
            signature,
            batch: 1,
            concurrency,
        }
    }

    /// Returns the fee of a charge, rounded half up.
    pub(crate) fn fee_of(&self, amount: i64) -> i64 {
        (amount * self.fee_basis_points + 5_000) / 10_000 + self.fee_fixed
    }
}

impl Settings for StripeSettings {
    fn check(&self) -> Result<(), String> {
        self.delivery().check()?;
        check_range("drop_percent", self.drop_percent <= 100, "0 to 100")?;
        for (name, ms) in [
            ("settle_ms", self.settle_ms),
            ("refund_ms", self.refund_ms),
            ("balance_ms", self.balance_ms),
        ] {
            check_range(name, (0..=604_800_000).contains(&ms), "0 to 604800000")?;
        }
        check_range(
            "fee_basis_points",
            (0..=10_000).contains(&self.fee_basis_points),
            "0 to 10000",
        )?;
        for (name, fee) in [
            ("fee_fixed", self.fee_fixed),
            ("dispute_fee", self.dispute_fee),
        ] {
            check_range(name, (0..=99_999_999).contains(&fee), "0 to 99999999")?;
        }
        Ok(())
    }
}
