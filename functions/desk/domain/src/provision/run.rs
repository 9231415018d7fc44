//! The record of one setup: its steps, and how far it is.

use confab_core::{TenantId, Timestamp, UserId};
use serde::{Deserialize, Serialize};

use crate::{Isolation, ProvisionRunId};

/// Tries of one step before the setup fails. The queue delivers more often than that, so that the failure is recorded.
pub const MAX_STEP_TRIES: u32 = 60;

/// The steps in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "contract", derive(ts_rs::TS, utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ProvisionStep {
    /// The tenant exists, and its plan allows the isolation.
    Validated,
    /// Its creator is the owner.
    Identity,
    /// A table of its own.
    Table,
    /// A place for its search indexes.
    Search,
    /// The customer at the payment provider.
    Customer,
    /// Roles, business hours and the demo bot.
    Defaults,
    /// The index of the demo bot's documents.
    Index,
    /// The tenant is told to be ready.
    Ready,
}

impl ProvisionStep {
    pub const ALL: [Self; 8] = [
        Self::Validated,
        Self::Identity,
        Self::Table,
        Self::Search,
        Self::Customer,
        Self::Defaults,
        Self::Index,
        Self::Ready,
    ];

    /// Returns whether an isolation needs the step. A pooled tenant shares what these steps would make, and becomes a
    /// customer with its first subscription.
    pub fn is_needed(self, isolation: Isolation) -> bool {
        let is_shared = matches!(self, Self::Table | Self::Search | Self::Customer);
        !(is_shared && isolation == Isolation::Pooled)
    }

    pub(super) fn of(isolation: Isolation) -> impl Iterator<Item = Self> {
        Self::ALL
            .into_iter()
            .filter(move |step| step.is_needed(isolation))
    }

    pub(super) fn first() -> Self {
        Self::Validated
    }

    /// Returns the next needed step.
    pub(super) fn next(self, isolation: Isolation) -> Option<Self> {
        Self::of(isolation).find(|step| *step > self)
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "contract", derive(ts_rs::TS, utoipa::ToSchema))]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum ProvisionState {
    Running,
    Ready,
    /// The current step was given up. Another request continues there.
    Failed {
        code: String,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "contract", derive(ts_rs::TS, utoipa::ToSchema))]
pub struct CompletedStep {
    pub step: ProvisionStep,
    pub at: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProvisionRun {
    pub id: ProvisionRunId,
    pub tenant: TenantId,
    pub isolation: Isolation,
    #[serde(flatten)]
    pub state: ProvisionState,
    /// The step that is performed or was given up; after the last, `ProvisionStep::Ready`.
    pub step: ProvisionStep,
    /// Tries of the current step that were begun.
    pub tries: u32,
    /// Grows with each request that continues a failed run, so that its messages are no copies of older ones.
    pub round: u32,
    /// The code of the latest failed try of the current step.
    #[serde(default)]
    pub last_code: Option<String>,
    /// What was made, for operators and for the removal of a tenant.
    pub completed: Vec<CompletedStep>,
    pub requested_by: UserId,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub version: u64,
}

/// The provisioning part of `GET /tenants/{id}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "contract", derive(ts_rs::TS, utoipa::ToSchema))]
pub struct ProvisionProgress {
    #[serde(flatten)]
    pub state: ProvisionState,
    /// The name of the current step.
    pub current: ProvisionStep,
    /// Steps that are done, of all needed ones.
    pub step: usize,
    pub of: usize,
}

impl ProvisionRun {
    /// Returns whether a step is to be performed now.
    pub fn awaits(&self, step: ProvisionStep) -> bool {
        self.state == ProvisionState::Running && self.step == step
    }

    pub fn has_completed(&self, step: ProvisionStep) -> bool {
        self.completed
            .iter()
            .any(|completed| completed.step == step)
    }

    pub fn progress(&self) -> ProvisionProgress {
        ProvisionProgress {
            state: self.state.clone(),
            current: self.step,
            step: self.completed.len(),
            of: ProvisionStep::of(self.isolation).count(),
        }
    }
}
