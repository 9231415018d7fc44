//! AWS clients and the few types over them. Nothing here knows a product.
//!
//! Architecture invariant: every client is made from one [`Aws`], so that a process has one connection pool and one
//! TLS configuration; `tests/tests/e2e/house.rs` keeps other stacks out.

mod aws;
mod bus;
mod https;
mod inbox;
mod keyring;
mod mailer;
mod objects;
mod queue;
mod rate;
mod secrets;
mod signed;
mod sockets;
mod table;

pub use aws::{Aws, AwsConfig};
pub use bus::Bus;
pub use inbox::Inbox;
pub use keyring::{Keyring, SecretName, parse_secrets};
pub use mailer::{Mail, Mailer};
pub use objects::{Objects, UploadForm};
pub use queue::{DeadLetter, Entry, PeekedMessage, Queue};
pub use rate::RateLimit;
pub use sockets::{FrameDelivery, Sockets};
pub use table::{Condition, Row, Table, WriteConflict, number, store_error, text};
