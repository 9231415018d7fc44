//! What payments tells the products, and what a product asks payments to sell, to give back and to use up.

mod price;

use std::time::Duration;

use confab_core::{Money, OrderId, Phone, Sealed, SpendId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::Contract;

pub use price::{Item, PriceList, PriceListError};

/// A link to pay is good for a day. The page that it leads to is good for another.
pub const LINK_TTL: Duration = Duration::from_secs(24 * 3600);

/// A thing that a product offers to somebody. Sealed by the product; the price is the price list's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Offer {
    /// The same offer is the same order, however often it is taken.
    pub order_id: OrderId,
    pub purchase: Purchase,
    /// What is paid for, as the person reads it.
    pub title: String,
    /// The number of who pays, for a payment page that knows people by theirs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<Phone>,
    /// Where the person goes on after paying, or with `cancelled=1` in the query after changing their mind.
    pub return_url: String,
    /// When a link to it stops leading to a checkout, if that is sooner than `LINK_LASTS`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
}

/// An offer that payments keeps: the link to pay ends in the order's id, and holds nothing else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfferStored {
    pub order_id: OrderId,
    pub expires_at: Timestamp,
}

impl Sealed for Offer {
    const PURPOSE: &'static str = "offer";
}

/// What is bought, by whom, and for what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Purchase {
    /// `studio`, `rooms`
    pub product: String,
    /// What the price list calls it, such as `studio.standard`.
    pub item: String,
    /// The product's id of who pays.
    pub payer: String,
    /// The product's id of what it is for, such as a message to pin.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reference: String,
}

/// Credits that a product takes from what a person has. Sealed by the product.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spend {
    /// The same spend takes credits once, however often it is asked for.
    pub id: SpendId,
    pub product: String,
    pub payer: String,
    pub credits: u32,
}

impl Sealed for Spend {
    const PURPOSE: &'static str = "spend";
}

/// A payment was accepted and its money is not here yet: a bank debit takes days. The money, or news that there will be
/// none, follows, and may be faster than this.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentPending {
    pub order_id: OrderId,
    #[serde(flatten)]
    pub purchase: Purchase,
    /// What is to come.
    pub amount: Money,
}

impl Contract for PaymentPending {
    const TYPE: &'static str = "payment_pending";
    const VERSION: u16 = 1;
}

/// Once an order: the product grants what was bought.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentReceived {
    pub order_id: OrderId,
    #[serde(flatten)]
    pub purchase: Purchase,
    pub amount: Money,
    pub credits: u32,
}

impl Contract for PaymentReceived {
    const TYPE: &'static str = "payment_received";
    const VERSION: u16 = 1;
}

/// Money went back. When all of it did, the product takes back what it granted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentRefunded {
    pub order_id: OrderId,
    #[serde(flatten)]
    pub purchase: Purchase,
    /// Of the order, in all: copies and any order of events come to the same.
    pub returned: Money,
    pub is_all: bool,
    pub reason: ReturnReason,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReturnReason {
    Refund,
    /// The person's bank took it back.
    Dispute,
}

impl Contract for PaymentRefunded {
    const TYPE: &'static str = "payment_refunded";
    const VERSION: u16 = 1;
}

/// The order will not be paid any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentFailed {
    pub order_id: OrderId,
    #[serde(flatten)]
    pub purchase: Purchase,
    pub reason: FailureReason,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureReason {
    /// The person did not pay in time.
    Expired,
    /// The bank said no, at once or later.
    Declined,
}

impl Contract for PaymentFailed {
    const TYPE: &'static str = "payment_failed";
    const VERSION: u16 = 1;
}

/// A product cannot give what was bought: the money goes back, now or when it is here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefundRequested {
    pub order_id: OrderId,
    /// Whose order it is.
    pub product: String,
    /// For the operator, in a few words that tell nothing of the person.
    pub reason: String,
}

impl Contract for RefundRequested {
    const TYPE: &'static str = "refund_requested";
    const VERSION: u16 = 1;
}

/// What was bought was delivered: the credits that came with the order are used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreditUsed {
    pub order_id: OrderId,
    /// Whose order it is.
    pub product: String,
}

impl Contract for CreditUsed {
    const TYPE: &'static str = "credit_used";
    const VERSION: u16 = 1;
}
