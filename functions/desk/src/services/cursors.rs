//! Cursors of lists: sealed, so that none can be changed or moved to another tenant or list.

use std::time::Duration;

use confab_core::{Error, Kind, Result, Sealed, TenantId, after};
use serde::{Deserialize, Serialize};

use crate::{auth::TenantGrant, state::State};

/// How long a list may be continued.
const CURSOR_TTL: Duration = Duration::from_secs(24 * 3_600);
const DEFAULT_LIMIT: u16 = 25;
const MAX_LIMIT: u16 = 100;

/// Seals a cursor. It names the tenant and the list that it belongs to; `open_cursor` does not compare them.
pub(crate) async fn seal_cursor<T: Sealed>(state: &State, cursor: &T) -> Result<String> {
    let expires_at = after(state.clock.now(), CURSOR_TTL);
    state.sealer()?.seal(cursor, expires_at).await
}

/// Opens a cursor. Fails for a changed or expired one, or one of another kind.
pub(crate) async fn open_cursor<T: Sealed>(state: &State, text: &str) -> Result<T> {
    let opened = state.sealer()?.open(text).await;
    opened.map_err(|error| match error.kind() {
        Kind::Unauthenticated => bad_cursor(),
        _ => error,
    })
}

/// The error of a cursor that is not of this list.
pub(crate) fn bad_cursor() -> Error {
    Error::invalid(
        "bad_cursor",
        "This list cannot be continued. Load it from its beginning.",
    )
}

/// The place in a list whose rows have sort keys.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct ListCursor {
    /// `None` is a list of the platform.
    tenant: Option<TenantId>,
    /// The list with its filters.
    list: String,
    after: String,
}

impl Sealed for ListCursor {
    const PURPOSE: &'static str = "desk-list";
}

/// Seals the place in a list of one tenant. `list` names the list and all its filters.
pub(crate) async fn seal_place(
    state: &State,
    grant: Option<TenantGrant>,
    list: &str,
    after: impl Into<String>,
) -> Result<String> {
    let cursor = ListCursor {
        tenant: grant.map(TenantGrant::id),
        list: list.to_owned(),
        after: after.into(),
    };
    seal_cursor(state, &cursor).await
}

/// Opens the place in a list. Fails for one of another tenant, list or filter.
pub(crate) async fn open_place(
    state: &State,
    grant: Option<TenantGrant>,
    list: &str,
    text: &str,
) -> Result<String> {
    let cursor: ListCursor = open_cursor(state, text).await?;
    if cursor.tenant == grant.map(TenantGrant::id) && cursor.list == list {
        Ok(cursor.after)
    } else {
        Err(bad_cursor())
    }
}

/// Checks the `limit` of a list.
pub(crate) fn page_limit(limit: Option<u16>) -> Result<u16> {
    let limit = limit.unwrap_or(DEFAULT_LIMIT);
    if (1..=MAX_LIMIT).contains(&limit) {
        return Ok(limit);
    }
    let message = format!("A page has 1 to {MAX_LIMIT} items.");
    Err(Error::invalid("bad_limit", message))
}

/// A page of a list.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema), ts(rename = "Page"), schema(as = Page))]
pub(crate) struct ListPage<T> {
    pub(crate) items: Vec<T>,
    /// The cursor of the next page.
    pub(crate) next: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_have_one_to_a_hundred_items() {
        assert_eq!(page_limit(None).unwrap(), 25);
        assert_eq!(page_limit(Some(100)).unwrap(), 100);
        for limit in [0, 101] {
            assert_eq!(page_limit(Some(limit)).unwrap_err().code(), "bad_limit");
        }
    }
}
