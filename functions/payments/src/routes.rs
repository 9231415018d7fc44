pub mod payment_received;
pub mod payments_checkout;
pub mod payments_health;
pub mod payments_ledger;
pub mod payments_orders;
pub mod payments_pay;
pub mod payments_spend;
