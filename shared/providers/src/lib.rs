//! Providers on the wire: webhook verifiers and parsers, and clients. Messages are translated to and from
//! `confab_kernel::messaging`, payments to notices and plain objects; no rule lives here.

pub mod astria;
mod download;
pub mod generic;
mod http;
mod loose;
pub mod meta;
pub mod model;
mod parsed;
mod pay_links;
#[cfg(test)]
mod samples;
mod secrets;
mod send;
#[cfg(test)]
mod servers;
pub mod stripe;
pub mod sumit;
mod timestamped;
pub mod twilio;

pub use download::{File, MediaError};
pub use http::{http_client, http_client_within};
pub use parsed::Parsed;
pub use pay_links::{PayLink, PayLinks, SEAL_TTL};
pub use send::{Accepted, SendError};
