//! `/audit`: who did what in a workspace.

use std::sync::Arc;

use confab_core::{Error, Result, Timestamp};
use confab_lambda::{Response, Router, extract::Query, response};
use desk_domain::{Action, UsageMonth};
use http::StatusCode;
use serde::Deserialize;

use crate::{
    auth::Access,
    services::cursors::{ListPage, bad_cursor, open_place, page_limit, seal_place},
    state::{Part, State},
    store::{AuditRecord, Tenant},
};

pub const PARTS: &[Part] = &[
    Part::Store,
    Part::TokenKeys,
    Part::Sealer,
    Part::DynamoDbConnection,
];

/// Entries that are read at once, and how often for one page. A filter that fits little leaves pages short.
const READ_BATCH: u16 = 100;
const MAX_READS: usize = 20;
const MAX_FILTER_BYTES: usize = 100;

#[derive(Deserialize)]
struct AuditQuery {
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

    fn fits(&self, record: &AuditRecord) -> bool {
        self.actor.as_ref().is_none_or(|id| record.actor.has_id(id))
            && self
                .action
                .as_ref()
                .is_none_or(|action| *action == record.action)
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

async fn list_audit(
    state: Arc<State>,
    access: Access,
    Query(query): Query<AuditQuery>,
) -> Result<Response> {
    access.require(Action::ReadAudit)?;
    query.check()?;
    let limit = usize::from(page_limit(query.limit)?);
    let name = query.name();
    let mut place = match &query.after {
        Some(cursor) => {
            let place = open_place(&state, Some(access.grant), &name, cursor).await?;
            Place::parse(&place).ok_or_else(bad_cursor)?
        }
        None => Place::latest(state.clock.now()),
    };
    let tenant = state.store()?.tenant(access.grant);
    let first_month = UsageMonth::of(tenant.require_tenant().await?.created_at);
    let (mut items, mut is_over) = (Vec::new(), false);
    for _ in 0..MAX_READS {
        let read = read_before(tenant, &mut place, &query, limit - items.len()).await?;
        match read {
            Some(found) => items.extend(found),
            None if place.month <= first_month => is_over = true,
            None => place = place.previous_month(),
        }
        if is_over || items.len() == limit {
            break;
        }
    }
    let next = if is_over {
        None
    } else {
        Some(seal_place(&state, Some(access.grant), &name, place.render()).await?)
    };
    response::json(StatusCode::OK, &ListPage { items, next })
}

/// Reads entries before a place, and moves it to the last one that was looked at. `None` is the end of the month.
async fn read_before(
    tenant: Tenant<'_>,
    place: &mut Place,
    query: &AuditQuery,
    most: usize,
) -> Result<Option<Vec<AuditRecord>>> {
    let before = place.before.as_deref();
    let read = tenant.audit_page(place.month, before, READ_BATCH).await?;
    if read.is_empty() {
        return Ok(None);
    }
    let mut found = Vec::new();
    for (sort_key, record) in read {
        place.before = Some(sort_key);
        if query.fits(&record) {
            found.push(record);
        }
        if found.len() == most {
            break;
        }
    }
    Ok(Some(found))
}

/// A place in the audit: a month, and the entry before which the list goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Place {
    month: UsageMonth,
    before: Option<String>,
}

impl Place {
    fn latest(now: Timestamp) -> Self {
        Self {
            month: UsageMonth::of(now),
            before: None,
        }
    }

    fn previous_month(&self) -> Self {
        Self {
            month: self.month.previous(),
            before: None,
        }
    }

    fn render(&self) -> String {
        let before = self.before.as_deref().unwrap_or_default();
        format!("{} {before}", self.month)
    }

    fn parse(text: &str) -> Option<Self> {
        let (month, before) = text.split_once(' ')?;
        Some(Self {
            month: UsageMonth::parse(month)?,
            before: Some(before.to_owned()).filter(|before| !before.is_empty()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_read_back_and_go_back_in_time() {
        let latest = Place::latest("2026-01-15T12:00:00Z".parse().unwrap());
        assert_eq!(Place::parse(&latest.render()), Some(latest.clone()));
        let within = Place {
            before: Some("0001#cor_1#team.created#x y".into()),
            ..latest.clone()
        };
        assert_eq!(Place::parse(&within.render()), Some(within.clone()));
        assert_eq!(within.previous_month().render(), "2025-12 ");
        for odd in ["", "2026-01", "2026 x", "monday x"] {
            assert_eq!(Place::parse(odd), None, "{odd}");
        }
    }
}
