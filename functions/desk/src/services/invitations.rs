//! Invitations: created with a reserved seat, mailed, and withdrawn.

use std::collections::BTreeSet;

use confab_core::{CorrelationId, Error, Result, Timestamp, UserId};
use confab_worker::SaveOutcome;
use desk_domain::{
    CountedBy, EmailAddress, Invitation, InvitationId, InviteToken, LimitName, Role, TeamId,
    Tenant as TenantRecord, invitation_rates,
};

use super::{
    idempotency::Attempt,
    limits::limit_reached,
    mails::{MailContent, MailJob},
    memberships::{authority_of, find_actor, require_teams, role_changed},
    tenant_changes::contended,
};
use crate::{
    auth::Access,
    state::State,
    store::{AuditEntry, InvitationOutcome, Tenant},
};

const MAX_ATTEMPTS: usize = 8;

/// Whom an admin invites, and as what.
#[derive(Debug, Clone)]
pub(crate) struct InvitationRequest {
    pub(crate) email: EmailAddress,
    pub(crate) role: Role,
    pub(crate) teams: BTreeSet<TeamId>,
}

/// Creates an invitation and mails its link. The same invitation again mails the link again.
pub(crate) async fn invite(
    state: &State,
    access: &Access,
    request: &InvitationRequest,
    attempt: Attempt,
    correlation_id: CorrelationId,
) -> Result<Invitation> {
    let tenant = state.store()?.tenant(access.grant);
    let actor = find_actor(access, tenant).await?;
    let by = access.responsible_user();
    let invitation = Invitation::new(
        InvitationId::new(attempt.started_at, &attempt),
        request.email.clone(),
        request.role,
        request.teams.clone(),
        actor,
        by,
        state.clock.now(),
    )?;
    require_teams(tenant, &request.teams).await?;
    require_no_member(state, tenant, &request.email).await?;
    take_mail_tokens(state, access, &request.email).await?;
    let record = tenant.require_tenant().await?;
    let entry = AuditEntry::new(access, "invitation.created", invitation.id, correlation_id)
        .with_authority(authority_of(actor))
        .with_change(None, Some(&invitation))?;
    let stored = store(state, tenant, &record, &invitation, &entry).await?;
    send_link(state, &record, &stored, by, correlation_id).await?;
    Ok(stored)
}

async fn require_no_member(state: &State, tenant: Tenant<'_>, email: &EmailAddress) -> Result<()> {
    let person = state.store()?.find_person_by_email(&email.key()).await?;
    let is_member = person.is_some_and(|person| person.tenants.contains(&tenant.id()));
    if is_member {
        let message = "This person is a member already.";
        return Err(Error::conflict("already_member", message));
    }
    Ok(())
}

/// Limits the mails of a tenant and those to an address. The address has a bucket of its own, so that invitations never
/// keep its owner from signing in.
async fn take_mail_tokens(state: &State, access: &Access, email: &EmailAddress) -> Result<()> {
    for rate in invitation_rates(access.tenant.plan) {
        let key = match rate.by {
            CountedBy::Address => format!("invite#{}", email.key().as_str()),
            _ => format!("invite#{}", access.grant.id()),
        };
        state.store()?.take_token(rate, &key).await?;
    }
    Ok(())
}

/// Stores an invitation, or finds the same one. Expired invitations make room for it.
async fn store(
    state: &State,
    tenant: Tenant<'_>,
    record: &TenantRecord,
    invitation: &Invitation,
    entry: &AuditEntry,
) -> Result<Invitation> {
    let entitlements = record.entitlements();
    let seats = entitlements.limit(LimitName::Seats);
    for _ in 0..MAX_ATTEMPTS {
        let now = state.clock.now();
        let outcome = tenant.create_invitation(invitation, seats, entry, now);
        match outcome.await? {
            InvitationOutcome::Created => return Ok(invitation.clone()),
            InvitationOutcome::Exists => {
                let known = tenant.find_invitation(invitation.id).await?;
                return known.ok_or_else(|| Error::not_found("invitation"));
            }
            InvitationOutcome::AddressInvited => {
                let known = tenant.find_invitation_of(&invitation.email.key()).await?;
                if let Some(known) = known.filter(|known| known.is_open(now)) {
                    return require_same(known, invitation);
                }
                close_expired(tenant, now).await?;
            }
            InvitationOutcome::NoSeat => {
                if close_expired(tenant, now).await? == 0 {
                    return Err(limit_reached(LimitName::Seats));
                }
            }
            InvitationOutcome::Conflict => return Err(role_changed()),
        }
    }
    Err(contended())
}

fn require_same(known: Invitation, wanted: &Invitation) -> Result<Invitation> {
    if (known.role, &known.teams) == (wanted.role, &wanted.teams) {
        return Ok(known);
    }
    let message = "This address has an open invitation. Withdraw it first.";
    Err(Error::conflict("already_invited", message))
}

/// Gives back the seats of invitations whose time is over. Returns how many.
async fn close_expired(tenant: Tenant<'_>, now: Timestamp) -> Result<usize> {
    let mut closed = 0;
    for invitation in tenant.list_invitations().await? {
        if let Some(expired) = invitation.expire(now) {
            // In a conflict, another request has closed it.
            tenant.close_invitation(&expired, None, now).await?;
            closed += 1;
        }
    }
    Ok(closed)
}

async fn send_link(
    state: &State,
    record: &TenantRecord,
    invitation: &Invitation,
    by: UserId,
    correlation_id: CorrelationId,
) -> Result<()> {
    let inviter = state.store()?.find_person(by).await?;
    let token = InviteToken::new(record.id, invitation);
    // Not longer than the invitation itself: a link that is mailed again has less time.
    let token = state.sealer()?.seal(&token, invitation.expires_at).await?;
    let link = format!("{}/invitation#token={token}", state.console_url()?);
    let job = MailJob {
        to: invitation.email.clone(),
        language: Some(record.settings.locale.clone()),
        content: MailContent::Invite {
            link: link.into(),
            tenant_name: record.settings.name.clone(),
            inviter_name: inviter.map(|person| person.name).unwrap_or_default(),
        },
    };
    state.mails()?.send(&job, correlation_id).await
}

/// Withdraws an invitation and gives its seat back. Repeated, it changes nothing.
pub(crate) async fn revoke_invitation(
    state: &State,
    access: &Access,
    id: InvitationId,
    correlation_id: CorrelationId,
) -> Result<()> {
    let tenant = state.store()?.tenant(access.grant);
    for _ in 0..MAX_ATTEMPTS {
        let before = tenant.find_invitation(id).await?;
        let before = before.ok_or_else(|| Error::not_found("invitation"))?;
        let actor = find_actor(access, tenant).await?;
        if !actor.role.may_assign(None, Some(before.role)) {
            return Err(Error::forbidden(
                "Only an owner can withdraw this invitation.",
            ));
        }
        let now = state.clock.now();
        let revoked = before.revoke(now)?;
        if revoked == before {
            return Ok(());
        }
        let entry = AuditEntry::new(access, "invitation.revoked", id, correlation_id);
        let entry = entry.with_authority(authority_of(actor));
        let entry = entry.with_change(Some(&before), Some(&revoked))?;
        let closed = tenant.close_invitation(&revoked, Some(&entry), now).await?;
        if closed == SaveOutcome::Saved {
            return Ok(());
        }
    }
    Err(contended())
}
