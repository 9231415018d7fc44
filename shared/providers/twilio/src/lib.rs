//! WhatsApp through Twilio.

mod client;
mod parse;
mod signature;
mod wire;

pub use client::{Twilio, TwilioConfig};
pub use parse::{form, parse, parse_json};
pub use signature::{sign, verify};
pub use wire::ContentSids;

/// Returns the empty TwiML response to a webhook: replies go through the API instead.
pub fn twiml_ack() -> &'static str {
    r#"<?xml version="1.0" encoding="UTF-8"?><Response/>"#
}
