//! In-process tests of the functions of payments, a file for each. `world.rs` has the cloud, Stripe
//! and a product that sells; `invariants.rs` has what always holds.

#![expect(
    clippy::unwrap_used,
    reason = "a helper that cannot arrange a test fails it"
)]

mod invariants;
mod payment_received;
mod payments_book;
mod payments_checkout;
mod payments_health;
mod payments_ledger;
mod payments_orders;
mod payments_pay;
mod payments_reconcile;
mod payments_requests;
mod payments_spend;
mod planted_bugs;
mod world;
