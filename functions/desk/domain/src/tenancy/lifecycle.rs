//! The life of a tenant: trial, subscription, suspension and deletion.
//!
//! The status is derived from facts that are independent of each other. So a payment does not lift what an operator
//! suspended, and facts that arrive late or twice lead to the same status.

use std::{collections::BTreeMap, time::Duration};

use confab_core::{Error, Result, Timestamp, after};
use serde::{Deserialize, Serialize};

use crate::text::parse_paragraphs;

pub const TRIAL_LENGTH: Duration = Duration::from_secs(14 * 86_400);
/// Time from the request to delete a tenant until its data is erased.
pub const DELETION_DELAY: Duration = Duration::from_secs(30 * 86_400);
const MAX_REASON_CHARS: usize = 500;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "contract", derive(ts_rs::TS, utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum TenantStatus {
    Trial,
    Active,
    Suspended,
    Deleting,
}

/// What a tenant's people, keys and widgets may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TenantAccess {
    Full,
    /// People read and pay, and the widget says that the team is away.
    ReadOnly,
    /// Requests are refused with `suspended`. Nothing is lost.
    Closed,
}

/// Why a tenant is suspended. There may be several reasons at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "contract", derive(ts_rs::TS, utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum HoldReason {
    TrialEnded,
    Unpaid,
    /// An operator of the platform suspended the tenant.
    Platform,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TenantHold {
    pub since: Timestamp,
    /// The operator's reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum TenantStanding {
    Trial { ends_at: Timestamp },
    Subscribed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TenantDeletion {
    pub requested_at: Timestamp,
    pub erase_at: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lifecycle {
    pub standing: TenantStanding,
    #[serde(default)]
    pub holds: BTreeMap<HoldReason, TenantHold>,
    #[serde(default)]
    pub deletion: Option<TenantDeletion>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LifecycleEvent {
    /// A subscription is paid, or in its grace period.
    Subscribe,
    /// The subscription is unpaid or ended.
    Unsubscribe,
    /// The time of the trial may be over.
    CheckTrial,
    Suspend {
        reason: String,
    },
    /// Lifts an operator's suspension, and no other.
    Resume,
    Delete,
    /// Takes a deletion back before the data is erased.
    Restore,
}

impl Lifecycle {
    pub fn start_trial(now: Timestamp) -> Self {
        let ends_at = after(now, TRIAL_LENGTH);
        Self {
            standing: TenantStanding::Trial { ends_at },
            holds: BTreeMap::new(),
            deletion: None,
        }
    }

    pub fn status(&self) -> TenantStatus {
        if self.deletion.is_some() {
            return TenantStatus::Deleting;
        }
        if !self.holds.is_empty() {
            return TenantStatus::Suspended;
        }
        match self.standing {
            TenantStanding::Trial { .. } => TenantStatus::Trial,
            TenantStanding::Subscribed => TenantStatus::Active,
        }
    }

    pub fn access(&self) -> TenantAccess {
        if self.holds.contains_key(&HoldReason::Platform) {
            return TenantAccess::Closed;
        }
        match self.status() {
            TenantStatus::Trial | TenantStatus::Active => TenantAccess::Full,
            TenantStatus::Suspended | TenantStatus::Deleting => TenantAccess::ReadOnly,
        }
    }

    /// Returns when the passing of time changes something: the end of the trial, or the erasure.
    pub fn due_at(&self) -> Option<Timestamp> {
        let trial_end = match self.standing {
            TenantStanding::Trial { ends_at } => Some(ends_at),
            TenantStanding::Subscribed => None,
        };
        let is_ended = self.holds.contains_key(&HoldReason::TrialEnded);
        let trial_end = trial_end.filter(|_| !is_ended);
        let erasure = self.deletion.map(|deletion| deletion.erase_at);
        trial_end.into_iter().chain(erasure).min()
    }

    /// Returns whether the data may be erased now.
    pub fn is_erasable(&self, now: Timestamp) -> bool {
        self.deletion
            .is_some_and(|deletion| deletion.erase_at <= now)
    }

    /// Applies an event. Repeated events change nothing, and the first time of a hold or deletion counts.
    pub fn apply(&self, event: &LifecycleEvent, now: Timestamp) -> Result<Self> {
        let mut next = self.clone();
        match event {
            LifecycleEvent::Subscribe => next.subscribe(),
            LifecycleEvent::Unsubscribe if next.standing == TenantStanding::Subscribed => {
                next.hold(HoldReason::Unpaid, None, now);
            }
            // A trial has no subscription that could end.
            LifecycleEvent::Unsubscribe => {}
            LifecycleEvent::CheckTrial => next.check_trial(now),
            LifecycleEvent::Suspend { reason } => {
                let note = parse_paragraphs(reason, MAX_REASON_CHARS)?;
                let message = "Say why the workspace is suspended.";
                let note = note.ok_or_else(|| Error::invalid("reason_missing", message))?;
                next.hold(HoldReason::Platform, Some(note), now);
            }
            LifecycleEvent::Resume => drop(next.holds.remove(&HoldReason::Platform)),
            LifecycleEvent::Delete => next.delete(now),
            LifecycleEvent::Restore => next.restore(now)?,
        }
        Ok(next)
    }

    fn subscribe(&mut self) {
        self.standing = TenantStanding::Subscribed;
        self.holds.remove(&HoldReason::TrialEnded);
        self.holds.remove(&HoldReason::Unpaid);
    }

    fn check_trial(&mut self, now: Timestamp) {
        if let TenantStanding::Trial { ends_at } = self.standing
            && ends_at <= now
        {
            self.hold(HoldReason::TrialEnded, None, ends_at);
        }
    }

    fn hold(&mut self, reason: HoldReason, note: Option<String>, since: Timestamp) {
        self.holds
            .entry(reason)
            .or_insert(TenantHold { since, note });
    }

    fn delete(&mut self, now: Timestamp) {
        let deletion = TenantDeletion {
            requested_at: now,
            erase_at: after(now, DELETION_DELAY),
        };
        self.deletion.get_or_insert(deletion);
    }

    fn restore(&mut self, now: Timestamp) -> Result<()> {
        if self.is_erasable(now) {
            let message = "The 30 days are over, and the data is being erased.";
            return Err(Error::conflict("already_erased", message));
        }
        self.deletion = None;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
