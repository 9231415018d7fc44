//! What the crates of providers share: one HTTPS client, bounded downloads, lenient JSON, signatures over a time and a
//! body, and the outcome of a send. No provider and no rule is known here.

pub mod download;
pub mod generic;
pub mod http;
pub mod loose;
pub mod parsed;
pub mod secrets;
pub mod send;
pub mod timestamped;

pub use download::{File, MediaError};
pub use http::{http_client, http_client_within};
pub use parsed::Parsed;
pub use send::{Accepted, SendError};
