//! WhatsApp through Meta's Cloud API.

mod client;
mod parse;
mod webhook;
mod wire;

pub use client::{Meta, MetaConfig};
pub use parse::parse;
pub use webhook::{challenge, verify};
