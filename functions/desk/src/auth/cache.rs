//! The status of tenants, read at most every 30 seconds by a process.

use std::sync::Arc;

use confab_core::{Clock, Error, Kind, Result, TenantId};
use desk_domain::{Limit, LimitName, Plan, Tenant as TenantRecord, TenantAccess, TenantStatus};

use super::TenantGrant;
use crate::{
    age_bounded_cache::{AgeBoundedCache, MAX_SETTINGS_AGE},
    store::Store,
};

const MAX_TENANTS: usize = 1_000;

/// What every request of a tenant needs to know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TenantState {
    pub(crate) plan: Plan,
    pub(crate) status: TenantStatus,
    pub(crate) access: TenantAccess,
    /// Of open sockets.
    pub(crate) sockets: Limit,
}

impl TenantState {
    pub(crate) fn of(tenant: &TenantRecord) -> Self {
        Self {
            plan: tenant.plan,
            status: tenant.lifecycle.status(),
            access: tenant.lifecycle.access(),
            sockets: *tenant.entitlements().limit(LimitName::Sockets),
        }
    }

    /// Refuses requests to a suspended tenant, and writes to one that is read-only.
    pub(crate) fn check(self, is_write: bool) -> Result<()> {
        match self.access {
            TenantAccess::Full => Ok(()),
            TenantAccess::ReadOnly if !is_write => Ok(()),
            TenantAccess::ReadOnly => Err(Error::payment_required(
                "payment_needed",
                "This workspace is read-only until it has a plan.",
            )),
            TenantAccess::Closed => Err(Error::new(
                Kind::Forbidden,
                "suspended",
                "This workspace is suspended.",
            )),
        }
    }
}

#[derive(Debug)]
pub(crate) struct TenantCache {
    clock: Arc<dyn Clock>,
    known: AgeBoundedCache<TenantId, TenantState>,
}

impl TenantCache {
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            known: AgeBoundedCache::new(MAX_SETTINGS_AGE, MAX_TENANTS),
        }
    }

    /// Returns the state of a tenant, not older than half a minute.
    pub(crate) async fn state(&self, store: &Store, grant: TenantGrant) -> Result<TenantState> {
        let now = self.clock.now();
        if let Some(known) = self.known.get(&grant.id(), now) {
            return Ok(known);
        }
        let tenant = store.tenant(grant).require_tenant().await?;
        let state = TenantState::of(&tenant);
        self.known.put(grant.id(), now, state);
        Ok(state)
    }
}
