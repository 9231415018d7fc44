//! An order, and where it stands at the provider.

use std::collections::{BTreeMap, BTreeSet};

use confab_contracts::payments::Purchase;
use confab_core::{CorrelationId, Money, OrderId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::Refund;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Provider {
    Stripe,
    Sumit,
    Generic,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Offered; nobody was asked for money yet.
    Created,
    /// The person may pay, or has paid and the bank takes its time.
    Pending,
    Paid,
    Failed,
    Expired,
    Refunded,
    /// The person's bank has taken the money back, for now or for good.
    Disputed,
}

impl State {
    /// Nothing more is expected to happen by itself; what happens all the same is booked.
    pub fn is_settled(self) -> bool {
        !matches!(self, Self::Created | Self::Pending)
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    pub id: OrderId,
    pub purchase: Purchase,
    pub price: Money,
    pub credits: u32,
    pub provider: Provider,
    pub state: State,
    pub created_at: Timestamp,
    pub correlation_id: CorrelationId,
    /// The provider's id of the page where it is paid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checkout: Option<String>,
    /// The provider's id of the payment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payment: Option<String>,
    /// All that was booked, in minor units of the price's currency. None of them is ever negative.
    #[serde(default)]
    pub received: i64,
    #[serde(default)]
    pub refunded: i64,
    #[serde(default)]
    pub disputed: i64,
    #[serde(default)]
    pub fees: i64,
    /// The product was told that a payment is on its way.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub told_pending: bool,
    /// The product was told to grant, which happens once.
    #[serde(default)]
    pub granted: bool,
    #[serde(default)]
    pub taken_back: bool,
    /// The product has said that what was bought was delivered: what becomes of its credits was decided.
    #[serde(default)]
    pub used: bool,
    /// A product asked for the money to go back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refund: Option<Refund>,
    /// Why a person has to look at a payment, by the provider's id of it. A flag ends when its own payment is in order.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub flags: BTreeMap<String, Flag>,
    /// Refused payments that were returned, at providers that cannot be asked: an older claim raises no flag again.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub returned: BTreeSet<String>,
}

impl Order {
    pub fn new(
        id: OrderId,
        purchase: Purchase,
        price: Money,
        credits: u32,
        now: Timestamp,
        correlation_id: CorrelationId,
    ) -> Self {
        Self {
            id,
            purchase,
            price,
            credits,
            provider: Provider::Stripe,
            state: State::Created,
            created_at: now,
            correlation_id,
            checkout: None,
            payment: None,
            received: 0,
            refunded: 0,
            disputed: 0,
            fees: 0,
            told_pending: false,
            granted: false,
            taken_back: false,
            used: false,
            refund: None,
            flags: BTreeMap::new(),
            returned: BTreeSet::new(),
        }
    }

    /// Returns the payment that has a flag now and did not have it before, with the flag.
    pub fn newly_flagged(&self, before: &Self) -> Option<(&str, Flag)> {
        let mut flags = self.flags.iter();
        flags
            .find(|(payment, flag)| before.flags.get(*payment) != Some(flag))
            .map(|(payment, flag)| (payment.as_str(), *flag))
    }

    /// Sets or ends the flag of one payment and leaves the flags of all others.
    pub(crate) fn flag_payment(&mut self, payment: Option<&str>, flag: Option<Flag>) {
        let payment = payment.unwrap_or_default();
        match flag {
            Some(flag) => drop(self.flags.insert(payment.to_owned(), flag)),
            None => drop(self.flags.remove(payment)),
        }
    }

    /// What was paid for it and not given back. A bank may take back what was refunded before: then it is below zero.
    pub fn balance(&self) -> i64 {
        self.received - self.refunded - self.disputed
    }
}

/// What the provider says of an order's payment, all at once: what it is now, not what changed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Standing {
    /// Whose word it is; none for our own.
    pub provider: Option<Provider>,
    /// The provider's id of the payment.
    pub payment: Option<String>,
    /// It is another order's, or was not made on this order's page.
    pub is_foreign: bool,
    /// None: in a currency that is none of ours.
    pub received: Option<Money>,
    pub refunded: i64,
    /// What banks have taken back and not returned.
    pub disputed: i64,
    /// What the provider keeps, where it says so in the order's currency.
    pub fees: Option<i64>,
    /// Paid, and the money is on its way.
    pub is_underway: bool,
    /// Nobody can pay it any more.
    pub is_closed: bool,
    /// The last attempt failed for good.
    pub has_failed: bool,
    /// All of it was refunded, whatever its currency.
    pub is_returned: bool,
}

/// Why a person has to look at a payment. All but the last three: nothing of it was booked or granted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Flag {
    /// There is no order of ours behind it.
    UnknownOrder,
    /// It is attached to another order than the one that it was found under, or was not made on the order's page.
    ForeignOrder,
    WrongAmount,
    WrongCurrency,
    /// It was paid already, by another payment.
    PaidTwice,
    /// More went back than had come in. Such refunds are not booked; what a bank takes is.
    Overdrawn,
    /// Money is here after all, for what the product has taken back: a dispute was won, or a refund failed.
    CameBack,
    /// A product asked for a refund that nobody but a person can make.
    RefundByHand,
}
