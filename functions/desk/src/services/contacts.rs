//! What agents change of contacts: fields, merges and blocks.

use confab_core::{CorrelationId, Error, Result, Timestamp};
use confab_worker::SaveOutcome;
use desk_domain::{Command, Contact, ContactChange, VisitorId, merge_contacts};
use futures::{StreamExt, TryStreamExt, stream};

use super::{
    conversation_access::staff_author, conversations::apply_over, inbox::read_history,
    socket_removals::SocketRemoval,
};
use crate::{
    auth::Access,
    live_channels::{Party, SocketEnd},
    state::State,
    store::{AuditEntry, Tenant},
};

const MAX_CAS_ATTEMPTS: usize = 4;
/// Conversations of a blocked visitor that are marked: the newest. The others refuse by the contact.
const MAX_MARKED: u16 = 100;
const MARK_CONCURRENCY: usize = 8;

fn contended() -> Error {
    Error::unavailable("contended", "the contact changed at each attempt")
}

pub(crate) async fn require_contact(tenant: Tenant<'_>, id: VisitorId) -> Result<Contact> {
    let contact = tenant.find_contact(id).await?;
    contact.ok_or_else(|| Error::not_found("contact"))
}

/// Changes fields of the version that the agent saw.
pub(crate) async fn change(
    state: &State,
    tenant: Tenant<'_>,
    access: &Access,
    id: VisitorId,
    (version, change): (u64, &ContactChange),
    correlation_id: CorrelationId,
) -> Result<Contact> {
    let before = require_contact(tenant, id).await?;
    let after = before.with_change(version, change)?;
    if after == before {
        return Ok(before);
    }
    let audit = AuditEntry::new(access, "contact.changed", id, correlation_id)
        .with_change(Some(&before), Some(&after))?;
    let now = state.clock.now();
    let saved = tenant.save_changed_contact(&after, before.version, &audit, now);
    match saved.await? {
        SaveOutcome::Saved => Ok(after),
        SaveOutcome::Conflict => Err(Error::conflict(
            "changed_meanwhile",
            "The contact has been changed meanwhile.",
        )),
    }
}

/// Merges a contact into another one. Repeated, it changes nothing.
pub(crate) async fn merge(
    state: &State,
    tenant: Tenant<'_>,
    access: &Access,
    (from, into): (VisitorId, VisitorId),
    correlation_id: CorrelationId,
) -> Result<Contact> {
    for _ in 0..MAX_CAS_ATTEMPTS {
        let (source, target) =
            tokio::try_join!(require_contact(tenant, from), require_contact(tenant, into))?;
        let merge = merge_contacts(&source, &target)?;
        if merge.from == source && merge.into == target {
            return Ok(target);
        }
        let target_name = format!("{from} {into}");
        let audit = AuditEntry::new(access, "contact.merged", target_name, correlation_id)
            .with_change(Some(&target), Some(&merge.into))?;
        let (versions, now) = ((source.version, target.version), state.clock.now());
        let saved = tenant.save_merge(&merge, versions, &audit, now).await?;
        if saved == SaveOutcome::Saved {
            return Ok(merge.into);
        }
    }
    Err(contended())
}

/// Blocks a visitor with all that were merged into the contact, or lifts the block. Repeated, it goes on where an
/// attempt that died has stopped.
pub(crate) async fn block(
    state: &State,
    tenant: Tenant<'_>,
    access: &Access,
    id: VisitorId,
    is_blocked: bool,
    correlation_id: CorrelationId,
) -> Result<Contact> {
    let contact = require_contact(tenant, id).await?;
    let visitors = contact.all_visitors();
    for visitor in &visitors {
        block_one(state, tenant, access, *visitor, is_blocked, correlation_id).await?;
    }
    let author = staff_author(state, access).await?;
    let newest = read_history(tenant, &visitors, None, MAX_MARKED).await?;
    let command = [Command::Block { is_blocked }];
    let heads = newest.heads.into_iter();
    let marks: Vec<_> = heads
        .filter(|head| head.visitor.is_blocked != is_blocked)
        .map(|head| apply_over(state, tenant, head, &command, &author, correlation_id))
        .collect();
    stream::iter(marks)
        .buffer_unordered(MARK_CONCURRENCY)
        .map_ok(drop)
        .try_collect::<()>()
        .await?;
    require_contact(tenant, id).await
}

async fn block_one(
    state: &State,
    tenant: Tenant<'_>,
    access: &Access,
    id: VisitorId,
    is_blocked: bool,
    correlation_id: CorrelationId,
) -> Result<()> {
    let action = if is_blocked {
        "contact.blocked"
    } else {
        "contact.unblocked"
    };
    for _ in 0..MAX_CAS_ATTEMPTS {
        let Some(before) = tenant.find_contact(id).await? else {
            return Ok(());
        };
        let now = state.clock.now();
        let after = before.with_block(is_blocked, now);
        if after != before {
            let audit = AuditEntry::new(access, action, id, correlation_id)
                .with_change(Some(&before), Some(&after))?;
            let saved = tenant
                .save_block(&after, before.version, &audit, now)
                .await?;
            if saved == SaveOutcome::Conflict {
                continue;
            }
        }
        // Published again on a retry: the first attempt may have died before it did.
        if let Some(blocked_at) = after.blocked_at {
            close_sockets(state, tenant, id, blocked_at, correlation_id).await?;
        }
        return Ok(());
    }
    Err(contended())
}

async fn close_sockets(
    state: &State,
    tenant: Tenant<'_>,
    id: VisitorId,
    blocked_at: Timestamp,
    correlation_id: CorrelationId,
) -> Result<()> {
    let removal = SocketRemoval {
        tenant: tenant.id(),
        party: Party::Visitor(id),
        reason: SocketEnd::Blocked,
    };
    removal
        .publish(state.broadcasts()?, blocked_at, correlation_id)
        .await
}
