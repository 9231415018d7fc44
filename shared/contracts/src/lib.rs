//! Domain events on the bus: one module for each service that produces them, one type and one sample in
//! `events/contracts` for each event.
//!
//! Architecture invariant: this crate does no I/O and knows no AWS type.

pub mod carousel;
pub mod maintenance;
pub mod operations;
pub mod payments;
pub mod studio;

use confab_core::{CorrelationId, Error, EventId, Result, TenantId, Timestamp};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

/// The data of one event type. A change that old readers cannot read needs a new `VERSION`.
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

impl<D: Contract> Event<D> {
    /// Returns the event, or an error if its version is unknown to this build.
    pub fn of_known_version(self) -> Result<Self> {
        match self.version == D::VERSION {
            true => Ok(self),
            false => Err(Error::internal(
                "unknown_version",
                format!("{} {}", self.event_type, self.version),
            )),
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
