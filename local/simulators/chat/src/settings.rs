//! How the messaging providers deliver webhooks.

use confab_simulator_base::{DeliverySettings, Settings, SignatureMode};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ChatSettings {
    /// How often each webhook is delivered.
    pub copies: u32,
    pub reorder: bool,
    pub delay_ms: i64,
    pub signature: SignatureMode,
    /// Whether statuses of the app's messages go out.
    pub statuses: bool,
    /// Maximum updates that Meta may put into one webhook.
    pub batch: usize,
    /// Maximum webhooks in flight.
    pub concurrency: usize,
}

impl Default for ChatSettings {
    fn default() -> Self {
        Self {
            copies: 1,
            reorder: false,
            delay_ms: 0,
            signature: SignatureMode::Valid,
            statuses: true,
            batch: 1,
            concurrency: 20,
        }
    }
}

impl ChatSettings {
    pub(crate) fn delivery(&self) -> DeliverySettings {
        DeliverySettings {
            copies: self.copies,
            reorder: self.reorder,
            delay_ms: self.delay_ms,
            signature: self.signature,
            batch: self.batch,
            concurrency: self.concurrency,
        }
    }
}

impl Settings for ChatSettings {
    fn check(&self) -> Result<(), String> {
        self.delivery().check()
    }
}
