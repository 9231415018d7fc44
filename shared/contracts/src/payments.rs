//! Events and sealed requests between payments and the products.

mod price;

use std::time::Duration;

use confab_core::{Money, OrderId, Phone, Sealed, SpendId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::Contract;

pub use price::{Item, PriceList, PriceListError};

/// How long a pay link is valid. The checkout that it leads to is open for another day.
pub const LINK_TTL: Duration = Duration::from_secs(24 * 3600);

/// An offer of a product to a person, sealed by the product. The price list has the price.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Offer {
    /// Idempotency key: one offer is one order, however often it is taken.
    pub order_id: OrderId,
    pub purchase: Purchase,
    /// The title on the checkout.
    pub title: String,
    /// The payer's number, for a provider that identifies payers by it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<Phone>,
    /// Where the person goes on after paying, or with `cancelled=1` in the query after changing their mind.
    pub return_url: String,
    /// When a link to it stops leading to a checkout, if that is sooner than `LINK_TTL`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
}

/// A stored offer. Its pay link ends in the order's id and holds no personal data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfferStored {
    pub order_id: OrderId,
    pub expires_at: Timestamp,
}

impl Sealed for Offer {
    const PURPOSE: &'static str = "offer";
}

/// The item, its payer, and the object that it is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Purchase {
    /// `studio`, `rooms`
    pub product: String,
    /// The item of the price list, such as `studio.standard`.
    pub item: String,
    /// The product's id of the payer.
    pub payer: String,
    /// The product's id of the object, such as a message to pin.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reference: String,
}

/// A request to spend a person's credits, sealed by the product.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spend {
    /// Idempotency key: one spend takes credits once.
    pub id: SpendId,
    pub product: String,
    pub payer: String,
    pub credits: u32,
}

impl Sealed for Spend {
    const PURPOSE: &'static str = "spend";
}

/// A payment was accepted but has not settled; a bank debit takes days. `PaymentReceived` or `PaymentFailed` follows,
/// and may arrive before this event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentPending {
    pub order_id: OrderId,
    #[serde(flatten)]
    pub purchase: Purchase,
    /// The amount that will settle.
    pub amount: Money,
}

impl Contract for PaymentPending {
    const TYPE: &'static str = "payment_pending";
    const VERSION: u16 = 1;
}

/// An order was paid, once an order. The product fulfills the purchase.
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

/// Money was refunded. After a full refund the product revokes the purchase.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentRefunded {
    pub order_id: OrderId,
    #[serde(flatten)]
    pub purchase: Purchase,
    /// The total returned for the order, so that copies and reordering do not matter.
    pub returned: Money,
    pub is_all: bool,
    pub reason: ReturnReason,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReturnReason {
    Refund,
    /// The payer's bank reversed the payment.
    Dispute,
}

impl Contract for PaymentRefunded {
    const TYPE: &'static str = "payment_refunded";
    const VERSION: u16 = 1;
}

/// The order can no longer be paid.
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
    /// The bank declined, at once or later.
    Declined,
}

impl Contract for PaymentFailed {
    const TYPE: &'static str = "payment_failed";
    const VERSION: u16 = 1;
}

/// A product cannot fulfill a purchase. The payment is refunded now, or when it settles.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefundRequested {
    pub order_id: OrderId,
    /// The product that the order belongs to.
    pub product: String,
    /// A short reason for the operator, without personal data.
    pub reason: String,
}

impl Contract for RefundRequested {
    const TYPE: &'static str = "refund_requested";
    const VERSION: u16 = 1;
}

/// A purchase was delivered, and the credits that came with it are spent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreditUsed {
    pub order_id: OrderId,
    /// The product that the order belongs to.
    pub product: String,
}

impl Contract for CreditUsed {
    const TYPE: &'static str = "credit_used";
    const VERSION: u16 = 1;
}
