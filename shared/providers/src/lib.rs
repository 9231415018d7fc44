//! Meta and Twilio on the wire: webhook verifiers and parsers, and clients that send and fetch media.
//! Everything is translated to and from `confab_kernel::messaging`; no rule lives here.

mod download;
mod http;
mod loose;
pub mod meta;
mod parsed;
#[cfg(test)]
mod samples;
mod send;
#[cfg(test)]
mod servers;
pub mod twilio;

pub use download::{File, MediaError};
pub use http::http_client;
pub use parsed::Parsed;
pub use send::{Accepted, SendError};
