//! AWS as our functions use it. What knows no product and knows AWS lives here.
//!
//! Architecture invariant: every client is made from one [`Aws`], so that a process has one connection pool and one
//! TLS configuration; the check in `scripts/check-links` keeps other stacks out.

mod aws;
mod inbox;
mod queue;
mod secrets;
mod signed;
mod table;

pub use aws::{Aws, AwsConfig};
pub use inbox::Inbox;
pub use queue::{Entry, Queue};
pub use secrets::Secrets;
pub use table::{Cancelled, Row, Table, cancelled, failed};
