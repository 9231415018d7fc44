//! WhatsApp through Meta's Cloud API.

mod client;
mod parse;
mod webhook;
mod wire;

pub use client::{Meta, MetaConfig};
pub use parse::parse;
pub(crate) use webhook::decode_hex;
pub use webhook::{challenge, verify};
