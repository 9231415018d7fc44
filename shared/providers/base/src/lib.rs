//! Shared parts of the provider crates: HTTPS client, bounded downloads, lenient JSON, timestamped
//! signatures, signed webhooks and send outcomes.
//! Nothing here knows a provider or a business rule.

pub mod download;
pub mod generic;
pub mod http;
pub mod lenient;
pub mod parsed;
pub mod secrets;
pub mod send;
pub mod signature;
pub mod standard_webhooks;

pub use download::{File, MediaError};
pub use http::{http_client, http_client_within};
pub use parsed::Parsed;
pub use send::{Accepted, SendError};
