//! What the passing of time does to a tenant: its trial ends, and a deleted one is erased after its grace.

use confab_core::{CorrelationId, Result, TenantId, Timestamp};
use desk_domain::{LifecycleEvent, Tenant as TenantRecord};
use tokio::time::Instant;

use super::{setup::resume_setup, tenant_changes::change_tenant};
use crate::{
    auth::TenantGrant,
    state::State,
    store::{AuditActor, AuditEntry},
};

const FUNCTION: &str = "desk-due";

/// Does what is due for a tenant. Returns `false` when the deadline came first.
pub(crate) async fn run_due_tenant(
    state: &State,
    grant: TenantGrant,
    deadline: Instant,
    correlation_id: CorrelationId,
) -> Result<bool> {
    let now = state.clock.now();
    let Some(tenant) = state.store()?.tenant(grant).find_tenant().await? else {
        return Ok(true);
    };
    if tenant.lifecycle.is_erasable(now) {
        return erase_tenant(state, grant, deadline).await;
    }
    let is_setup_due = tenant.setup_due_at.is_some_and(|at| at <= now);
    let is_setup_over = if is_setup_due {
        Some(resume_setup(state, grant, correlation_id).await?)
    } else {
        None
    };
    let actor = AuditActor::System(FUNCTION.to_owned());
    let entry = AuditEntry::of_actor(actor, "tenant.checked", grant.id(), correlation_id);
    let check = |tenant: &TenantRecord, now: Timestamp| {
        let checked = tenant.apply(&LifecycleEvent::CheckTrial, now)?;
        Ok(match is_setup_over {
            Some(is_over) => checked.with_setup(is_over, now),
            None => checked,
        })
    };
    change_tenant(state, grant, &entry, check).await?;
    Ok(true)
}

/// Erases a tenant whose grace is over: its objects, its rows, and every pointer to it. Returns `false` when the
/// deadline came first; another call goes on. A tenant that was restored meanwhile stays.
pub(crate) async fn erase_tenant(
    state: &State,
    grant: TenantGrant,
    deadline: Instant,
) -> Result<bool> {
    let (tenant, now) = (state.store()?.tenant(grant), state.clock.now());
    let Some(record) = tenant.find_tenant().await? else {
        return Ok(true);
    };
    if !record.lifecycle.is_erasable(now) {
        return Ok(true);
    }
    if !erase_objects(state, grant.id(), deadline).await? {
        return Ok(false);
    }
    tenant.erase(&record, now, deadline).await
}

/// Deletes the attachments of a tenant.
async fn erase_objects(state: &State, tenant: TenantId, deadline: Instant) -> Result<bool> {
    let (objects, prefix) = (state.objects()?, format!("t/{tenant}/"));
    loop {
        let keys = objects.list(&prefix, None).await?;
        if keys.is_empty() {
            return Ok(true);
        }
        for key in keys {
            if Instant::now() >= deadline {
                return Ok(false);
            }
            objects.delete(&key).await?;
        }
    }
}
