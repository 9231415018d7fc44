//! WhatsApp through Twilio.

mod client;
mod parse;
mod signature;
mod wire;

pub use client::{Twilio, TwilioConfig};
pub use parse::{form, parse, parse_json};
pub use signature::{sign, verify};
pub use wire::ContentSids;

/// A webhook's answer that says nothing: replies go through the API.
pub fn twiml_ack() -> &'static str {
    r#"<?xml version="1.0" encoding="UTF-8"?><Response/>"#
}
