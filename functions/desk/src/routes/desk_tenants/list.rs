//! The list of workspaces, for operators of the platform.

use std::sync::Arc;

use confab_core::{CorrelationId, Result};
use confab_lambda::{
    Response,
    extract::{Query, SourceIp},
    response,
};
use desk_domain::{Plan, TenantStatus};
use http::StatusCode;
use serde::Deserialize;

use crate::{
    auth::PlatformOperator,
    services::cursors::{ListPage, open_place, page_limit, seal_place},
    state::State,
    store::{OperatorVisit, TenantSummary},
};

/// Rows that are read at once, and how often for one page. A rare status leaves pages short.
const READ_BATCH: u16 = 100;
const MAX_READS: usize = 10;

#[derive(Deserialize)]
pub(super) struct TenantQuery {
    status: Option<TenantStatus>,
    plan: Option<Plan>,
    limit: Option<u16>,
    after: Option<String>,
}

impl TenantQuery {
    fn fits(&self, tenant: &TenantSummary) -> bool {
        self.status.is_none_or(|status| status == tenant.status)
            && self.plan.is_none_or(|plan| plan == tenant.plan)
    }

    /// The name of the list in its cursors.
    fn name(&self) -> String {
        format!("tenants {:?} {:?}", self.status, self.plan)
    }
}

pub(super) async fn list_tenants(
    state: Arc<State>,
    operator: PlatformOperator,
    Query(query): Query<TenantQuery>,
    SourceIp(source): SourceIp,
    correlation_id: CorrelationId,
) -> Result<Response> {
    let limit = usize::from(page_limit(query.limit)?);
    let visit = OperatorVisit {
        user: operator.user,
        route: "GET /tenants",
        source: source.parse().ok(),
        correlation_id,
    };
    let store = state.store()?;
    store.record_list_visit(&visit, state.clock.now()).await?;
    let name = query.name();
    let mut place = match &query.after {
        Some(cursor) => Some(open_place(&state, None, &name, cursor).await?),
        None => None,
    };
    let (mut items, mut is_over) = (Vec::new(), false);
    for _ in 0..MAX_READS {
        let read = store.list_tenants(place.as_deref(), READ_BATCH).await?;
        is_over = read.is_empty();
        let left = limit - items.len();
        let fitting = read.iter().filter(|tenant| query.fits(tenant)).take(left);
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
    let next = match place {
        Some(place) if !is_over => Some(seal_place(&state, None, &name, place).await?),
        _ => None,
    };
    response::json(StatusCode::OK, &ListPage { items, next })
}
