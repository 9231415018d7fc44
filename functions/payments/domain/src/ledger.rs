//! The ledger: append-only entries, each in one account. A balance is the sum of an account's
//! entries.

use confab_core::Money;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EntryKind {
    /// Money received.
    Charge,
    /// Money refunded.
    Refund,
    /// Money withdrawn or returned by a bank, or returned by a failed refund; credits taken back
    /// with their money.
    Reversal,
    /// The provider's fee.
    Fee,
    /// Credits granted.
    Credit,
    /// Credits used.
    Spend,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "account", rename_all = "snake_case")]
pub enum Account {
    /// The money of one order.
    Order,
    /// The provider's fees of one order.
    Fees,
    /// The credits of a payer at a product.
    Credits { product: String, payer: String },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LedgerEntry {
    Money {
        kind: EntryKind,
        amount: Money,
    },
    Credits {
        kind: EntryKind,
        product: String,
        payer: String,
        credits: i64,
    },
}

impl LedgerEntry {
    pub fn kind(&self) -> EntryKind {
        match self {
            Self::Money { kind, .. } | Self::Credits { kind, .. } => *kind,
        }
    }

    pub fn account(&self) -> Account {
        match self {
            Self::Money {
                kind: EntryKind::Fee,
                ..
            } => Account::Fees,
            Self::Money { .. } => Account::Order,
            Self::Credits { product, payer, .. } => Account::Credits {
                product: product.clone(),
                payer: payer.clone(),
            },
        }
    }

    /// Returns the signed amount: minor units, or credits.
    pub fn amount(&self) -> i64 {
        match self {
            Self::Money { amount, .. } => amount.minor,
            Self::Credits { credits, .. } => *credits,
        }
    }
}
