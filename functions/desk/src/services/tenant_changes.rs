//! Changes of a tenant's row, under its version and with an entry of the audit.

use confab_core::{Error, Result, Timestamp};
use confab_worker::SaveOutcome;
use desk_domain::Tenant as TenantRecord;

use crate::{auth::TenantGrant, state::State, store::AuditEntry};

/// Attempts against other changes of the tenant. Members who come and go change its row, too.
const MAX_CAS_ATTEMPTS: usize = 8;

/// Decides and saves a change, and returns the tenant afterwards. A change that changes nothing writes nothing.
pub(crate) async fn change_tenant(
    state: &State,
    grant: TenantGrant,
    entry: &AuditEntry,
    decide: impl Fn(&TenantRecord, Timestamp) -> Result<TenantRecord>,
) -> Result<TenantRecord> {
    let tenant = state.store()?.tenant(grant);
    for _ in 0..MAX_CAS_ATTEMPTS {
        let (before, now) = (tenant.require_tenant().await?, state.clock.now());
        let after = decide(&before, now)?;
        if after == before {
            return Ok(before);
        }
        let audit = entry.clone().with_change(Some(&before), Some(&after))?;
        let saved = tenant.save_tenant(&before, &after, &audit, now).await?;
        if saved == SaveOutcome::Saved {
            return Ok(after);
        }
    }
    Err(contended())
}

/// The error of a row that others changed at each attempt.
pub(crate) fn contended() -> Error {
    Error::unavailable("contended", "the row was changed at each attempt")
}
