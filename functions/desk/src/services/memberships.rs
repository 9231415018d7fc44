//! Changes of memberships, decided again as long as other changes come between.

use std::collections::BTreeSet;

use confab_core::{CorrelationId, Error, Result, Timestamp, UserId};
use confab_worker::SaveOutcome;
use desk_domain::{Action, Member, MembershipActor, MembershipChange, Role, TeamId};

use super::{socket_removals::SocketRemoval, tenant_changes::contended};
use crate::{
    auth::{Access, Caller},
    live_channels::{Party, SocketEnd},
    state::State,
    store::{AuditEntry, Authority, MemberOutcome, MembershipWrite, Tenant},
};

const MAX_CAS_ATTEMPTS: usize = 8;

/// What an admin changes of a member; what is absent stays.
#[derive(Debug, Clone, Default)]
pub(crate) struct MemberPatch {
    pub(crate) role: Option<Role>,
    pub(crate) teams: Option<BTreeSet<TeamId>>,
}

/// Returns the caller of a change of settings, members or security, if the stored role may do it: that of an access token
/// may be ten minutes old. The transaction of the change checks the role again, by the caller's entry of the audit.
pub(crate) async fn confirm_role(state: &State, access: Access, action: Action) -> Result<Access> {
    access.require(action)?;
    let Caller::Member { user, .. } = access.caller else {
        return Ok(access);
    };
    let member = require_acting_member(state.store()?.tenant(access.grant), user).await?;
    let confirmed = access.with_stored_role(member.role);
    confirmed.require(action)?;
    Ok(confirmed)
}

/// Returns the caller as one who changes memberships, with the stored role.
pub(crate) async fn find_actor(access: &Access, tenant: Tenant<'_>) -> Result<MembershipActor> {
    let Caller::Member { user, .. } = access.caller else {
        return Ok(MembershipActor::key());
    };
    let member = require_acting_member(tenant, user).await?;
    Ok(MembershipActor::member(&member))
}

async fn require_acting_member(tenant: Tenant<'_>, user: UserId) -> Result<Member> {
    let member = tenant.find_member(user).await?;
    member.ok_or_else(|| Error::forbidden("You are no member any more."))
}

/// Returns the role on which a change depends.
pub(crate) fn authority_of(actor: MembershipActor) -> Option<Authority> {
    let role = actor.role;
    actor.user.map(|user| Authority { user, role })
}

/// The answer to a change whose author got another role while it was made.
pub(crate) fn role_changed() -> Error {
    let message = "Your role was changed meanwhile. Load the page again.";
    Error::conflict("changed_meanwhile", message)
}

pub(crate) fn last_owner() -> Error {
    Error::conflict(
        "last_owner",
        "A workspace needs an owner. Make another member an owner first.",
    )
}

fn member_not_found() -> Error {
    Error::not_found("member")
}

/// Refuses teams that do not exist.
pub(crate) async fn require_teams(tenant: Tenant<'_>, teams: &BTreeSet<TeamId>) -> Result<()> {
    if teams.is_empty() {
        return Ok(());
    }
    let known = tenant.list_teams().await?;
    let is_known = |id: &TeamId| known.iter().any(|team| team.id == *id);
    if teams.iter().all(is_known) {
        Ok(())
    } else {
        Err(Error::invalid("bad_team", "There is no such team."))
    }
}

/// Gives a member another role or other teams.
pub(crate) async fn change_member(
    state: &State,
    access: &Access,
    user: UserId,
    patch: &MemberPatch,
    correlation_id: CorrelationId,
) -> Result<Member> {
    let tenant = state.store()?.tenant(access.grant);
    let entry = AuditEntry::new(access, "member.changed", user, correlation_id);
    for _ in 0..MAX_CAS_ATTEMPTS {
        let (before, record) = tokio::try_join!(tenant.find_member(user), tenant.require_tenant())?;
        let before = before.ok_or_else(member_not_found)?;
        let actor = find_actor(access, tenant).await?;
        let change = decide(&before, actor, patch, record.owners)?;
        let Some(after) = change.member.clone().filter(|after| *after != before) else {
            return Ok(before);
        };
        let loses_inbox = before.role >= Role::Agent && after.role < Role::Agent;
        let entry = entry.clone().with_authority(authority_of(actor));
        let audit = entry.with_change(Some(&before), Some(&after))?;
        let write = MembershipWrite {
            before: &before,
            change: &change,
            audit: &audit,
            ends_sockets: loses_inbox,
        };
        let now = state.clock.now();
        match tenant.save_role(&write, now).await? {
            MemberOutcome::Saved if loses_inbox => {
                close_sockets(state, access, user, now, correlation_id).await?;
                return Ok(after);
            }
            MemberOutcome::Saved => return Ok(after),
            MemberOutcome::LastOwner => return Err(last_owner()),
            MemberOutcome::Conflict => {}
        }
    }
    Err(contended())
}

fn decide(
    before: &Member,
    actor: MembershipActor,
    patch: &MemberPatch,
    owners: u64,
) -> Result<MembershipChange> {
    let mut change = match patch.role {
        Some(role) => before.change_role(role, actor.role, owners)?,
        None => MembershipChange {
            member: Some(before.clone()),
            owner_delta: 0,
            seat_delta: 0,
        },
    };
    if let (Some(member), Some(teams)) = (&change.member, &patch.teams) {
        change.member = Some(member.set_teams(teams.clone())?);
    }
    Ok(change)
}

/// Removes a member, closes their sockets, and takes the tenant from the person, whose next refresh finds no
/// membership.
pub(crate) async fn remove_member(
    state: &State,
    access: &Access,
    user: UserId,
    correlation_id: CorrelationId,
) -> Result<()> {
    let store = state.store()?;
    let tenant = store.tenant(access.grant);
    let entry = AuditEntry::new(access, "member.removed", user, correlation_id);
    for _ in 0..MAX_CAS_ATTEMPTS {
        let (before, record, person) = tokio::try_join!(
            tenant.find_member(user),
            tenant.require_tenant(),
            store.find_person(user)
        )?;
        let now = state.clock.now();
        let Some(before) = before else {
            // An earlier request may have removed the member and ended before the sockets were closed.
            close_sockets(state, access, user, now, correlation_id).await?;
            return Err(member_not_found());
        };
        let actor = find_actor(access, tenant).await?;
        let change = before.remove(actor, record.owners)?;
        let entry = entry.clone().with_authority(authority_of(actor));
        let audit = entry.with_change(Some(&before), None)?;
        let write = MembershipWrite {
            before: &before,
            change: &change,
            audit: &audit,
            ends_sockets: true,
        };
        match tenant.remove_member(&write, person.as_ref(), now).await? {
            MemberOutcome::Saved => {
                return close_sockets(state, access, user, now, correlation_id).await;
            }
            MemberOutcome::LastOwner => return Err(last_owner()),
            MemberOutcome::Conflict => {}
        }
    }
    Err(contended())
}

async fn close_sockets(
    state: &State,
    access: &Access,
    user: UserId,
    now: Timestamp,
    correlation_id: CorrelationId,
) -> Result<()> {
    let removal = SocketRemoval {
        tenant: access.grant.id(),
        party: Party::Agent(user),
        reason: SocketEnd::SignedOut,
    };
    removal
        .publish(state.broadcasts()?, now, correlation_id)
        .await
}

/// Changes what members decide themselves.
pub(crate) async fn change_own_membership(
    tenant: Tenant<'_>,
    user: UserId,
    change: impl Fn(&Member) -> Member,
) -> Result<Member> {
    for _ in 0..MAX_CAS_ATTEMPTS {
        let before = tenant.find_member(user).await?;
        let before = before.ok_or_else(member_not_found)?;
        let after = change(&before);
        if after == before {
            return Ok(before);
        }
        if tenant.save_member(&before, &after).await? == SaveOutcome::Saved {
            return Ok(after);
        }
    }
    Err(contended())
}
