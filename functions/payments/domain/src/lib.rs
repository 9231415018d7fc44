//! The rules of payments: the life of an order, the entries that the ledger books for it, refunds
//! and flags.
//!
//! Architecture invariant: pure. No AWS, no network, no clock; times and ids are arguments.

mod book;
mod ledger;
mod notice;
mod order;
mod reconcile;
mod refund;
mod snapshot;
mod sumit;

pub use book::{Booking, OutboxEvent, book};
pub use ledger::{Account, EntryKind, LedgerEntry};
pub use notice::{Job, Notice, PaymentReport, message_group};
pub use order::{CHECKOUT_TTL, CreditUse, Flag, Order, OrderState, Provider};
pub use reconcile::{Comparison, compare};
pub use refund::{Refund, RefundStep};
pub use snapshot::ProviderSnapshot;
pub use sumit::item_from_title;
