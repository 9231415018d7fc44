//! Stripe: webhooks are verified and parsed into notices of what changed; the API supplies the
//! current state.

mod client;
mod error;
mod objects;
mod parse;
mod webhook;
mod wire;

pub use client::{EventQuery, Page, Stripe, StripeConfig};
pub use error::{Again, StripeError};
pub use objects::{
    Charge, ChargeStatus, Checkout, CheckoutPayment, CheckoutStatus, Dispute, DisputeStatus,
    Payment, PaymentStatus, Refund, RefundStatus,
};
pub use parse::{Notice, Subject, parse};
pub use webhook::{sign, verify};
pub use wire::NewCheckout;
