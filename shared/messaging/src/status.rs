//! Delivery statuses, and the reference by which they find their message.

use confab_core::{CorrelationId, EffectId, Timestamp, UserId};
use serde::{Deserialize, Serialize};

use crate::Address;

/// A delivery report of a message that we sent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StatusUpdate {
    /// The provider's id of our message.
    pub message_id: String,
    /// The reference that we attached to the message, if the provider returns it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<Reference>,
    pub to: Address,
    pub stage: DeliveryStatus,
    pub at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<MessagePrice>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<DeliveryFailure>,
}

/// The status of a sent message. It only moves forward, whatever the order of the reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryStatus {
    /// An attempt may have begun; its outcome is unknown.
    Sending,
    Sent,
    /// Below delivered, because one device may fail after another received the message.
    Failed,
    Delivered,
    Read,
}

impl DeliveryStatus {
    pub fn rank(self) -> u8 {
        self as u8
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessagePrice {
    pub billable: bool,
    pub category: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliveryFailure {
    pub code: i64,
    pub title: String,
}

/// Attached to a message and returned with its statuses: `usr_... eff_... cor_...`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reference {
    pub user_id: UserId,
    pub effect_id: EffectId,
    pub correlation_id: CorrelationId,
}

impl std::fmt::Display for Reference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{} {} {}",
            self.user_id, self.effect_id, self.correlation_id
        )
    }
}

impl std::str::FromStr for Reference {
    type Err = confab_core::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let unknown =
            || confab_core::Error::invalid("unknown_reference", "This is not a reference of ours.");
        let mut parts = text.split(' ');
        let mut next = || parts.next().ok_or_else(unknown);
        let (user, effect, correlation) = (next()?, next()?, next()?);
        Ok(Self {
            user_id: user.parse().map_err(|_| unknown())?,
            effect_id: effect.parse().map_err(|_| unknown())?,
            correlation_id: correlation.parse().map_err(|_| unknown())?,
        })
    }
}
