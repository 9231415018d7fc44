//! The ledger: rows that are only ever added, each to one account. A balance is the sum of its account's rows.

use confab_core::Money;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Money came in.
    Charge,
    /// Money went back.
    Refund,
    /// Money that was taken back by a bank, came back from it, or came back from a refund that failed;
    /// credits that were taken back because their money was.
    Reversal,
    /// What the provider keeps for itself.
    Fee,
    /// Credits were granted.
    Credit,
    /// Credits were used.
    Spend,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "account", rename_all = "snake_case")]
pub enum Account {
    /// What was paid for one order and not given back.
    Order,
    /// What the provider kept of it.
    Fees,
    /// What a person may spend at a product.
    Credits { product: String, payer: String },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Row {
    Money {
        kind: Kind,
        amount: Money,
    },
    Credits {
        kind: Kind,
        product: String,
        payer: String,
        credits: i64,
    },
}

impl Row {
    pub fn kind(&self) -> Kind {
        match self {
            Self::Money { kind, .. } | Self::Credits { kind, .. } => *kind,
        }
    }

    pub fn account(&self) -> Account {
        match self {
            Self::Money {
                kind: Kind::Fee, ..
            } => Account::Fees,
            Self::Money { .. } => Account::Order,
            Self::Credits { product, payer, .. } => Account::Credits {
                product: product.clone(),
                payer: payer.clone(),
            },
        }
    }

    /// With its sign: minor units, or credits.
    pub fn amount(&self) -> i64 {
        match self {
            Self::Money { amount, .. } => amount.minor,
            Self::Credits { credits, .. } => *credits,
        }
    }
}
