//! `/audit`: who did what in a workspace.

use std::sync::Arc;

use confab_core::{Error, Result};
use confab_lambda::{Response, Router, extract::Query, response};
use desk_domain::Action;
use http::StatusCode;
use serde::Deserialize;

use crate::{
    auth::{Access, Caller},
    services::{
        audit_list::{self, AuditFilter, AuditPlace},
        cursors::{ListPage, bad_cursor, open_place, page_limit, seal_place},
    },
    state::{Part, State},
};

pub const PARTS: &[Part] = &[
    Part::Store,
    Part::TokenKeys,
    Part::Sealer,
    Part::DynamoDbConnection,
];

const MAX_FILTER_BYTES: usize = 100;

#[derive(Deserialize)]
#[cfg_attr(test, derive(utoipa::IntoParams), into_params(parameter_in = Query))]
pub(crate) struct AuditQuery {
    /// The id of a person or key.
    actor: Option<String>,
    /// Such as `member.removed`.
    action: Option<String>,
    limit: Option<u16>,
    after: Option<String>,
}

impl AuditQuery {
    /// Refuses filters that fit nothing, and would not fit into a cursor.
    fn check(&self) -> Result<()> {
        let filters = [&self.actor, &self.action];
        if filters
            .into_iter()
            .flatten()
            .all(|filter| filter.len() <= MAX_FILTER_BYTES)
        {
            return Ok(());
        }
        Err(Error::invalid(
            "bad_query",
            "There is no such actor or action.",
        ))
    }

    fn filter(&self, access: &Access) -> AuditFilter<'_> {
        AuditFilter {
            actor: self.actor.as_deref(),
            action: self.action.as_deref(),
            since: None,
            shows_operators: matches!(access.caller, Caller::Platform { .. }),
        }
    }

    /// The name of the list in its cursors.
    fn name(&self) -> String {
        format!("audit {:?} {:?}", self.actor, self.action)
    }
}

pub fn routes() -> Router<State> {
    Router::new()
        .page_origin(State::console_origin)
        .route("GET /audit", list_audit)
}

#[cfg_attr(test, utoipa::path(
    get,
    path = "/audit",
    operation_id = "list_audit",
    tag = "Workspaces",
    params(AuditQuery),
    responses(
        (status = 200, description = "What was done, the latest first.", body = ListPage<AuditRecord>),
        BadRequest,
        ReadRefusals,
    ),
    security(("access_token" = []))
))]
pub(crate) async fn list_audit(
    state: Arc<State>,
    access: Access,
    Query(query): Query<AuditQuery>,
) -> Result<Response> {
    access.require(Action::ReadAudit)?;
    query.check()?;
    let limit = usize::from(page_limit(query.limit)?);
    let name = query.name();
    let place = match &query.after {
        Some(cursor) => {
            let place = open_place(&state, Some(access.grant), &name, cursor).await?;
            AuditPlace::parse(&place).ok_or_else(bad_cursor)?
        }
        None => AuditPlace::latest(state.clock.now()),
    };
    let tenant = state.store()?.tenant(access.grant);
    let page = audit_list::list_audit(tenant, place, query.filter(&access), limit).await?;
    let next = match page.next {
        Some(place) => Some(seal_place(&state, Some(access.grant), &name, place.render()).await?),
        None => None,
    };
    let items = page.items;
    response::json(StatusCode::OK, &ListPage { items, next })
}

#[cfg(test)]
use crate::contract::{BadRequest, ReadRefusals};
#[cfg(test)]
use crate::store::AuditRecord;
