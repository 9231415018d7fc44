//! The list of workspaces that operators see, a page at a time.

use confab_core::Result;
use desk_domain::{Plan, TenantStatus};

use crate::store::{Store, TenantSummary};

/// Rows that are read at once, and how often for one page. A rare status leaves pages short.
const READ_BATCH: u16 = 100;
const MAX_READS: usize = 10;

#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct TenantFilter {
    pub(crate) status: Option<TenantStatus>,
    pub(crate) plan: Option<Plan>,
}

/// Workspaces, and where the list goes on: after the last one that was looked at.
#[derive(Debug)]
pub(crate) struct TenantPage {
    pub(crate) items: Vec<TenantSummary>,
    pub(crate) next: Option<String>,
}

impl TenantFilter {
    fn fits(&self, tenant: &TenantSummary) -> bool {
        self.status.is_none_or(|status| status == tenant.status)
            && self.plan.is_none_or(|plan| plan == tenant.plan)
    }
}

/// Lists up to `limit` workspaces after a place, the newest first.
pub(crate) async fn list_tenants(
    store: &Store,
    filter: TenantFilter,
    mut place: Option<String>,
    limit: usize,
) -> Result<TenantPage> {
    let (mut items, mut is_over) = (Vec::new(), false);
    for _ in 0..MAX_READS {
        let read = store.list_tenants(place.as_deref(), READ_BATCH).await?;
        is_over = read.is_empty();
        let left = limit - items.len();
        let fitting = read.iter().filter(|tenant| filter.fits(tenant)).take(left);
        let found: Vec<_> = fitting.cloned().collect();
        let is_full = found.len() == left;
        // A full page ends at its last tenant, and others behind all that were read.
        let last = if is_full { found.last() } else { read.last() };
        place = last.map(|tenant| tenant.id.to_string()).or(place);
        items.extend(found);
        if is_over || is_full {
            break;
        }
    }
    Ok(TenantPage {
        items,
        next: place.filter(|_| !is_over),
    })
}
