//! Plans, and the table of what each includes.

use serde::{Deserialize, Serialize};

use super::limit::{LimitName, LimitPolicy};

/// Ordered by what they include.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "contract", derive(ts_rs::TS, utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Plan {
    Trial,
    Starter,
    Team,
    Business,
}

/// Where a tenant's data is. It is chosen before there is data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "contract", derive(ts_rs::TS, utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Isolation {
    /// In the table of all tenants.
    Pooled,
    /// In a table of its own.
    Table,
    /// In a stack of its own, which an operator deploys.
    Stack,
}

impl Plan {
    pub const ALL: [Self; 4] = [Self::Trial, Self::Starter, Self::Team, Self::Business];

    /// Returns how much the plan includes.
    pub(super) fn amount(self, name: LimitName) -> u64 {
        let [trial, starter, team, business] = match name {
            LimitName::Seats => [3, 3, 15, 50],
            LimitName::Bots => [2, 3, 10, 50],
            LimitName::Sockets => [50, 200, 2_000, 10_000],
            LimitName::Conversations => [500, 2_000, 20_000, 200_000],
            LimitName::AiAnswers => [300, 1_000, 10_000, 100_000],
            LimitName::Documents => [50, 200, 2_000, 10_000],
            LimitName::Chunks => [2_000, 5_000, 20_000, 50_000],
            LimitName::ApiKeys => [50, 50, 50, 50],
        };
        match self {
            Self::Trial => trial,
            Self::Starter => starter,
            Self::Team => team,
            Self::Business => business,
        }
    }

    /// Returns what happens beyond that amount. On trial everything is hard, because there is no card to charge. A
    /// paying tenant's visitors are never turned away.
    pub(super) fn policy(self, name: LimitName) -> LimitPolicy {
        match name {
            _ if self == Self::Trial => LimitPolicy::Hard,
            LimitName::Conversations => LimitPolicy::Soft,
            LimitName::AiAnswers => LimitPolicy::Metered,
            _ => LimitPolicy::Hard,
        }
    }

    /// Returns the longest retention that a tenant may set, in days.
    pub(super) fn max_retention_days(self) -> u16 {
        match self {
            Self::Trial => 30,
            Self::Starter => 365,
            Self::Team => 3 * 365,
            Self::Business => 3_650,
        }
    }

    pub(super) fn has_own_table(self) -> bool {
        self == Self::Business
    }

    pub(super) fn has_saml(self) -> bool {
        self > Self::Trial
    }
}
