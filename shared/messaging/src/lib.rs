//! Messages of any channel: inbound messages, outbound messages and delivery statuses.
//! Provider crates translate between these types and their wire formats.

use confab_core::{Phone, Private};
use serde::{Deserialize, Serialize};

mod inbound;
mod limits;
mod outbound;
mod status;

pub use inbound::{Content, Inbound, Media, Update};
pub use limits::LimitError;
pub use outbound::{Body, Button, ListRow, ListSection, Outbound};
pub use status::{DeliveryFailure, DeliveryStatus, MessagePrice, Reference, StatusUpdate};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// WhatsApp through Meta's Cloud API.
    Meta,
    /// WhatsApp through Twilio.
    Twilio,
}

impl Channel {
    pub fn name(self) -> &'static str {
        match self {
            Self::Meta => "meta",
            Self::Twilio => "twilio",
        }
    }
}

/// A channel's ids of a person. At least one is present; the phone number of a person with a username may be hidden.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Identity {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<Phone>,
    /// Meta's business-scoped user id, `US.1349...`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scoped_id: Option<Private<String>>,
}

impl Identity {
    pub fn is_empty(&self) -> bool {
        self.phone.is_none() && self.scoped_id.is_none()
    }
}

/// The two ends of a conversation.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Address {
    pub channel: Channel,
    /// Our own end: Meta's phone number id, or the number that Twilio sends from.
    pub business: String,
    pub person: Identity,
}

#[cfg(test)]
mod tests;
