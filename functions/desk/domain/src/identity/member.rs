//! Members of a tenant: their roles, and the rule that an owner always remains.

use std::collections::BTreeSet;

use confab_core::{Error, Result, Timestamp, UserId};
use serde::{Deserialize, Serialize};

use super::role::Role;
use crate::TeamId;

/// Maximum teams of one member.
const MAX_TEAMS: usize = 20;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "contract", derive(ts_rs::TS, utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Availability {
    Online,
    /// No new conversation is assigned.
    #[default]
    Away,
}

/// What a member is notified of outside of an open inbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "contract", derive(ts_rs::TS, utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NotificationSettings {
    pub mail: bool,
    pub push: bool,
}

impl Default for NotificationSettings {
    fn default() -> Self {
        Self {
            mail: true,
            push: true,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    pub user: UserId,
    pub role: Role,
    pub teams: BTreeSet<TeamId>,
    #[serde(default)]
    pub availability: Availability,
    #[serde(default)]
    pub notify: NotificationSettings,
    pub joined_at: Timestamp,
    pub version: u64,
}

/// Who changes memberships.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MembershipActor {
    /// `None` is an API key.
    pub user: Option<UserId>,
    pub role: Role,
}

impl MembershipActor {
    pub fn member(member: &Member) -> Self {
        Self {
            user: Some(member.user),
            role: member.role,
        }
    }

    /// An API key changes what admins change.
    pub fn key() -> Self {
        Self {
            user: None,
            role: Role::Admin,
        }
    }
}

/// A change of a membership, with what it adds to the tenant's counts in the same transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MembershipChange {
    /// The member afterwards; `None` is removed.
    pub member: Option<Member>,
    pub owner_delta: i64,
    pub seat_delta: i64,
}

impl MembershipChange {
    pub(super) fn between(before: Option<&Member>, after: Option<Member>) -> Self {
        let owners = |member: Option<&Member>| {
            i64::from(member.is_some_and(|member| member.role == Role::Owner))
        };
        Self {
            owner_delta: owners(after.as_ref()) - owners(before),
            seat_delta: i64::from(after.is_some()) - i64::from(before.is_some()),
            member: after,
        }
    }

    /// Returns the number of owners that the write demands beforehand. The condition in the write is what keeps two
    /// owners from removing each other at once.
    pub fn least_owners(&self) -> u64 {
        if self.owner_delta < 0 { 2 } else { 0 }
    }
}

fn last_owner() -> Error {
    Error::conflict(
        "last_owner",
        "A workspace needs an owner. Make another member an owner first.",
    )
}

fn forbidden() -> Error {
    Error::forbidden("Only an owner can change owners, and only admins can change members.")
}

impl Member {
    /// Returns the change by which a person becomes a member.
    pub fn join(
        user: UserId,
        role: Role,
        teams: BTreeSet<TeamId>,
        now: Timestamp,
    ) -> MembershipChange {
        let member = Self {
            user,
            role,
            teams,
            availability: Availability::default(),
            notify: NotificationSettings::default(),
            joined_at: now,
            version: 1,
        };
        MembershipChange::between(None, Some(member))
    }

    /// Gives the member another role. `owners` is the tenant's number of owners.
    pub fn change_role(&self, to: Role, actor: Role, owners: u64) -> Result<MembershipChange> {
        if !actor.may_assign(Some(self.role), Some(to)) {
            return Err(forbidden());
        }
        let mut changed = self.clone();
        if changed.role != to {
            changed.role = to;
            changed.version += 1;
        }
        let change = MembershipChange::between(Some(self), Some(changed));
        self.keep_an_owner(change, owners)
    }

    /// Removes the member. Everyone may remove themselves.
    pub fn remove(&self, actor: MembershipActor, owners: u64) -> Result<MembershipChange> {
        let is_self = actor.user == Some(self.user);
        if !is_self && !actor.role.may_assign(Some(self.role), None) {
            return Err(forbidden());
        }
        self.keep_an_owner(MembershipChange::between(Some(self), None), owners)
    }

    fn keep_an_owner(&self, change: MembershipChange, owners: u64) -> Result<MembershipChange> {
        if owners < change.least_owners() {
            return Err(last_owner());
        }
        Ok(change)
    }

    /// Puts the member into teams.
    pub fn set_teams(&self, teams: BTreeSet<TeamId>) -> Result<Self> {
        if teams.len() > MAX_TEAMS {
            let message = format!("A member is in at most {MAX_TEAMS} teams.");
            return Err(Error::invalid("too_many_teams", message));
        }
        let mut changed = self.clone();
        if changed.teams != teams {
            changed.teams = teams;
            changed.version += 1;
        }
        Ok(changed)
    }

    /// Changes what members decide themselves.
    #[must_use]
    pub fn set_presence(&self, availability: Availability, notify: NotificationSettings) -> Self {
        let mut changed = self.clone();
        if (changed.availability, changed.notify) != (availability, notify) {
            changed.availability = availability;
            changed.notify = notify;
            changed.version += 1;
        }
        changed
    }
}

#[cfg(test)]
mod tests;
