//! The rules of payments: what things cost, what an order becomes, and what the ledger books for it.
//!
//! Architecture invariant: pure. No AWS, no network, no clock; time and ids come in.

mod book;
mod job;
mod ledger;
mod order;
mod refund;
mod sumit;

pub use book::{Booked, Tell, book};
pub use job::{Claim, Job, Notice, group_of};
pub use ledger::{Account, Kind, Row};
pub use order::{Flag, Order, Provider, Standing, State};
pub use refund::{Refund, RefundStep};
pub use sumit::item_of_title;
