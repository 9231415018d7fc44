//! What one service tells the others. One Rust type and one sample (in `events/contracts`) each.

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{CorrelationId, Error, EventId, OrderId, PhotoId, Result, TenantId, Timestamp, UserId};

/// The data of one type of event. A change that old readers cannot read is a new `VERSION`.
pub trait Contract: Serialize + DeserializeOwned {
    const TYPE: &'static str;
    const VERSION: u16;
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event<D> {
    pub id: EventId,
    #[serde(rename = "type")]
    pub event_type: String,
    pub version: u16,
    pub occurred_at: Timestamp,
    pub source: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant_id: Option<TenantId>,
    pub correlation_id: CorrelationId,
    pub causation_id: String,
    pub data: D,
}

/// A person wrote to a product. The text stays with the product that has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserMessageReceived {
    pub user_id: UserId,
    pub message_id: String,
    pub channel: crate::messaging::Channel,
    pub kind: String,
}

impl Contract for UserMessageReceived {
    const TYPE: &'static str = "user_message_received";
    const VERSION: u16 = 1;
}

/// A photo that a person sent was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageProcessed {
    pub user_id: UserId,
    pub photo_id: PhotoId,
    pub is_good: bool,
}

impl Contract for ImageProcessed {
    const TYPE: &'static str = "image_processed";
    const VERSION: u16 = 1;
}

/// The photos of an order are being made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TuneCreated {
    pub user_id: UserId,
    pub order_id: OrderId,
    /// Its maker's id of what learns the person.
    pub tune_id: i64,
}

impl Contract for TuneCreated {
    const TYPE: &'static str = "tune_created";
    const VERSION: u16 = 1;
}

/// There is a new picture of what a pack makes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackImagesUpdated {
    pub pack_id: i64,
    /// Whom it shows, such as `woman`.
    pub class: String,
}

impl Contract for PackImagesUpdated {
    const TYPE: &'static str = "pack_images_updated";
    const VERSION: u16 = 1;
}

/// What nobody needs any more is to be deleted, or in a dry run counted. The event's id is that of the run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CleanupDue {
    pub dry_run: bool,
}

impl Contract for CleanupDue {
    const TYPE: &'static str = "cleanup_due";
    const VERSION: u16 = 1;
}

/// What a service found that nobody needs any more. It is deleted, unless it was a dry run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CleanupFinished {
    pub run: EventId,
    pub dry_run: bool,
    /// By what it was, such as `messages`.
    pub found: std::collections::BTreeMap<String, u64>,
}

impl Contract for CleanupFinished {
    const TYPE: &'static str = "cleanup_finished";
    const VERSION: u16 = 1;
}

impl<D: Contract> Event<D> {
    /// A version that nobody knows is not guessed at.
    pub fn of_known_version(self) -> Result<Self> {
        match self.version == D::VERSION {
            true => Ok(self),
            false => Err(Error::internal("unknown_version", format!("{} {}", self.event_type, self.version))),
        }
    }

    pub fn new(
        id: EventId,
        occurred_at: Timestamp,
        source: &str,
        correlation_id: CorrelationId,
        causation_id: impl Into<String>,
        data: D,
    ) -> Self {
        Self {
            id,
            event_type: D::TYPE.to_owned(),
            version: D::VERSION,
            occurred_at,
            source: source.to_owned(),
            tenant_id: None,
            correlation_id,
            causation_id: causation_id.into(),
            data,
        }
    }
}
