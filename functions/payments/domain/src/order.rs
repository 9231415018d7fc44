//! An order: its price, the totals that were booked for it, and the flags of its payments.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use confab_contracts::payments::Purchase;
use confab_core::{CorrelationId, Money, OrderId, Timestamp, after};
use serde::{Deserialize, Serialize};

use crate::Refund;

/// Lifetime of a checkout page, from the order's creation. Stripe accepts at most 24 hours, and
/// keeps an idempotency key as long.
pub const CHECKOUT_TTL: Duration = Duration::from_secs(23 * 3600);
/// Age after which an order gets no checkout page: Stripe requires one to last at least 30 minutes.
const MAX_AGE_TO_OPEN_CHECKOUT: Duration = Duration::from_secs(22 * 3600);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Provider {
    Stripe,
    Sumit,
    Generic,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderState {
    /// Has no checkout page yet.
    Created,
    /// Can be paid, or is paid by a bank debit that has not cleared.
    Pending,
    Paid,
    Failed,
    Expired,
    Refunded,
    /// The payer's bank has withdrawn the money, for now or for good.
    Disputed,
}

impl OrderState {
    /// Returns whether no further change is expected. Changes that come anyway are booked.
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
    pub state: OrderState,
    pub created_at: Timestamp,
    pub correlation_id: CorrelationId,
    /// The provider's id of the checkout page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checkout: Option<String>,
    /// The provider's id of the payment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payment: Option<String>,
    /// Booked totals in minor units of the price's currency, never negative.
    #[serde(default)]
    pub received: i64,
    #[serde(default)]
    pub refunded: i64,
    #[serde(default)]
    pub disputed: i64,
    #[serde(default)]
    pub fees: i64,
    /// `payment_pending` was published.
    #[serde(
        rename = "told_pending",
        default,
        skip_serializing_if = "std::ops::Not::not"
    )]
    pub is_pending_announced: bool,
    /// `payment_received` was published, which happens once.
    #[serde(rename = "granted", default)]
    pub is_granted: bool,
    /// All the money was returned at some time, and the credits were taken back.
    #[serde(rename = "taken_back", default)]
    pub is_revoked: bool,
    /// The product has delivered, and the credits that came with the order were taken or found
    /// missing.
    #[serde(rename = "used", default)]
    pub is_used: bool,
    /// The refund that the product requested.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refund: Option<Refund>,
    /// Open flags by the provider's id of the payment. A flag ends when a snapshot of that payment
    /// clears it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub flags: BTreeMap<String, Flag>,
    /// Refused payments that were returned, at providers without an API: an older report does not
    /// flag them again.
    #[serde(
        rename = "returned",
        default,
        skip_serializing_if = "BTreeSet::is_empty"
    )]
    pub returned_payments: BTreeSet<String>,
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
            state: OrderState::Created,
            created_at: now,
            correlation_id,
            checkout: None,
            payment: None,
            received: 0,
            refunded: 0,
            disputed: 0,
            fees: 0,
            is_pending_announced: false,
            is_granted: false,
            is_revoked: false,
            is_used: false,
            refund: None,
            flags: BTreeMap::new(),
            returned_payments: BTreeSet::new(),
        }
    }

    /// Returns the money that was received and not returned. Negative when a bank withdraws money
    /// after a refund.
    pub fn balance(&self) -> i64 {
        self.received - self.refunded - self.disputed
    }

    /// Returns whether the order can still be paid. A payment in progress counts as paid.
    pub fn needs_payment(&self) -> bool {
        !self.state.is_settled() && self.payment.is_none()
    }

    /// Returns whether a checkout page may be opened. An order whose refund is requested is not
    /// sold.
    pub fn may_open_checkout(&self, now: Timestamp) -> bool {
        let deadline = after(self.created_at, MAX_AGE_TO_OPEN_CHECKOUT);
        self.needs_payment() && self.refund.is_none() && now < deadline
    }

    /// Returns whether a product sold the order. A product decides about its own orders only.
    pub fn is_sold_by(&self, product: &str) -> bool {
        self.purchase.product == product
    }

    /// Decides what happens to the order's credits when the product has delivered.
    pub fn credit_use(&self) -> CreditUse {
        if self.is_used || self.credits == 0 {
            CreditUse::Nothing
        } else if self.is_revoked {
            CreditUse::Revoked
        } else if self.is_granted {
            CreditUse::Take
        } else {
            CreditUse::NotGranted
        }
    }

    /// Returns the payment whose flag differs from the one in `before`, with its flag.
    pub fn newly_flagged(&self, before: &Self) -> Option<(&str, Flag)> {
        let (payment, flag) = self
            .flags
            .iter()
            .find(|(payment, flag)| before.flags.get(*payment) != Some(flag))?;
        Some((payment.as_str(), *flag))
    }

    /// Sets or ends the flag of one payment and leaves the flags of all others.
    pub(crate) fn set_flag(&mut self, payment: Option<&str>, flag: Option<Flag>) {
        let payment = payment.unwrap_or_default();
        match flag {
            Some(flag) => drop(self.flags.insert(payment.to_owned(), flag)),
            None => drop(self.flags.remove(payment)),
        }
    }

    /// Returns the flag that the balance alone requires.
    pub(crate) fn balance_flag(&self) -> Option<Flag> {
        let balance = self.balance();
        if balance < 0 {
            return Some(Flag::Overdrawn);
        }
        let has_money_after_revocation = balance > 0 && self.is_revoked;
        if has_money_after_revocation && !self.is_refund_due() {
            return Some(Flag::FundsCameBack);
        }
        None
    }
}

/// What happens to the credits of an order when it is delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CreditUse {
    Take,
    /// The order has no credits, or they were dealt with before.
    Nothing,
    /// The credits were taken back with the money.
    Revoked,
    /// The order was never paid.
    NotGranted,
}

/// Why an operator has to look at a payment. Nothing of it was booked or granted, except with the
/// last three.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Flag {
    /// The notice names an order that does not exist.
    UnknownOrder,
    /// The payment is attached to another order, or was not made on the order's checkout page.
    ForeignOrder,
    WrongAmount,
    WrongCurrency,
    /// Another payment has paid the order.
    PaidTwice,
    /// More was returned than received. Such refunds are not booked, disputes are.
    Overdrawn,
    /// Money arrived after the order was revoked: a dispute was won, or a refund failed.
    #[serde(rename = "came_back")]
    FundsCameBack,
    /// A product requested a refund that only an operator can make.
    #[serde(rename = "refund_by_hand")]
    ManualRefund,
}

#[cfg(test)]
mod tests {
    use confab_core::Currency;

    use super::*;
    use crate::RefundStep;

    fn order() -> Order {
        let now = Timestamp::UNIX_EPOCH;
        let purchase = Purchase {
            product: "studio".into(),
            item: "studio.lite".into(),
            payer: "usr_1".into(),
            reference: String::new(),
        };
        Order::new(
            OrderId::new(now, &|| [1; 10]),
            purchase,
            Money::new(2_900, Currency::Usd),
            1,
            now,
            CorrelationId::new(now, &|| [2; 10]),
        )
    }

    #[test]
    fn checkout_opens_within_22_hours_of_an_unpaid_order() {
        let last = Timestamp::from_second(22 * 3600 - 1).unwrap();
        assert!(order().may_open_checkout(last));
        assert!(!order().may_open_checkout(after(last, Duration::from_secs(1))));
        let paying = Order {
            payment: Some("pi_1".into()),
            ..order()
        };
        assert!(!paying.needs_payment() && !paying.may_open_checkout(last));
        let refunding = Order {
            refund: Some(Refund {
                reason: String::new(),
                step: RefundStep::Requested,
            }),
            ..order()
        };
        assert!(refunding.needs_payment() && !refunding.may_open_checkout(last));
        for state in [OrderState::Failed, OrderState::Expired, OrderState::Paid] {
            assert!(!Order { state, ..order() }.needs_payment(), "{state:?}");
        }
    }

    #[test]
    fn credits_of_an_order_are_taken_once_and_only_while_granted() {
        assert_eq!(order().credit_use(), CreditUse::NotGranted);
        let granted = Order {
            is_granted: true,
            ..order()
        };
        assert_eq!(granted.credit_use(), CreditUse::Take);
        let revoked = Order {
            is_revoked: true,
            ..granted.clone()
        };
        assert_eq!(revoked.credit_use(), CreditUse::Revoked);
        let used = Order {
            is_used: true,
            ..revoked
        };
        assert_eq!(used.credit_use(), CreditUse::Nothing);
        let without_credits = Order {
            credits: 0,
            ..granted
        };
        assert_eq!(without_credits.credit_use(), CreditUse::Nothing);
    }

    #[test]
    fn order_belongs_to_the_product_that_sold_it() {
        assert!(order().is_sold_by("studio"));
        assert!(!order().is_sold_by("rooms"));
    }

    #[test]
    fn stored_names_of_an_order_do_not_change() {
        let mut order = Order {
            is_pending_announced: true,
            is_granted: true,
            is_revoked: true,
            is_used: true,
            ..order()
        };
        order.flags.insert("pi_1".into(), Flag::FundsCameBack);
        order.flags.insert("pi_2".into(), Flag::ManualRefund);
        order.returned_payments.insert("p-1".into());
        let json = serde_json::to_value(&order).unwrap();
        for name in ["told_pending", "granted", "taken_back", "used"] {
            assert_eq!(json[name], true, "{name}");
        }
        assert_eq!(json["returned"], serde_json::json!(["p-1"]));
        assert_eq!(
            json["flags"],
            serde_json::json!({ "pi_1": "came_back", "pi_2": "refund_by_hand" })
        );
        assert_eq!(serde_json::from_value::<Order>(json).unwrap(), order);
    }
}
