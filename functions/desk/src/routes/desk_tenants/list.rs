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
    services::{
        cursors::{ListPage, open_place, page_limit, seal_place},
        tenant_list::{self, TenantFilter},
    },
    state::State,
    store::{AuditActor, OperatorVisit},
};

#[derive(Deserialize)]
#[cfg_attr(test, derive(utoipa::IntoParams), into_params(parameter_in = Query))]
pub(crate) struct TenantQuery {
    status: Option<TenantStatus>,
    plan: Option<Plan>,
    limit: Option<u16>,
    after: Option<String>,
}

impl TenantQuery {
    fn filter(&self) -> TenantFilter {
        TenantFilter {
            status: self.status,
            plan: self.plan,
        }
    }

    /// The name of the list in its cursors.
    fn name(&self) -> String {
        format!("tenants {:?} {:?}", self.status, self.plan)
    }
}

#[cfg_attr(test, utoipa::path(
    get,
    path = "/tenants",
    operation_id = "list_tenants",
    tag = "Workspaces",
    params(TenantQuery),
    responses(
        (status = 200, description = "Workspaces, for operators of the platform.", body = ListPage<TenantSummary>),
        BadRequest,
        SignedInRefusals,
    ),
    security(("access_token" = []))
))]
pub(crate) async fn list_tenants(
    state: Arc<State>,
    operator: PlatformOperator,
    Query(query): Query<TenantQuery>,
    SourceIp(source): SourceIp,
    correlation_id: CorrelationId,
) -> Result<Response> {
    let limit = usize::from(page_limit(query.limit)?);
    let visit = OperatorVisit {
        actor: &AuditActor::Platform(operator.user),
        route: "GET /tenants",
        source: source.parse().ok(),
        correlation_id,
    };
    let store = state.store()?;
    store.record_list_visit(&visit, state.clock.now()).await?;
    let name = query.name();
    let place = match &query.after {
        Some(cursor) => Some(open_place(&state, None, &name, cursor).await?),
        None => None,
    };
    let page = tenant_list::list_tenants(store, query.filter(), place, limit).await?;
    let next = match page.next {
        Some(place) => Some(seal_place(&state, None, &name, place).await?),
        None => None,
    };
    let items = page.items;
    response::json(StatusCode::OK, &ListPage { items, next })
}

#[cfg(test)]
use crate::contract::{BadRequest, SignedInRefusals};
#[cfg(test)]
use crate::store::TenantSummary;
