//! `GET /events`: the journal, for the operator. The latest events come first; those of one
//! correlation id come in causal order.

use std::sync::Arc;

use confab_core::{CorrelationId, Error, Result, Timestamp, after, before};
use confab_lambda::{Operator, Response, Router, extract::Query, response};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    state::{Part, State},
    store::{EventQuery, JournaledEvent},
};

pub const PARTS: &[Part] = &[Part::Journal, Part::OperatorKey];

const DEFAULT_LIMIT: usize = 50;
const MAX_LIMIT: usize = 1_000;
const DAY: std::time::Duration = std::time::Duration::from_secs(24 * 3_600);
/// Days that are searched without `from`.
const DEFAULT_DAYS: u32 = 7;
/// Days that the journal keeps.
const MAX_DAYS: u32 = 90;

pub fn routes() -> Router<State> {
    Router::new().route("GET /events", list_events)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Filter {
    #[serde(rename = "type")]
    event_type: Option<String>,
    correlation_id: Option<String>,
    from: Option<String>,
    /// Not included.
    to: Option<String>,
    /// `next` of the page before.
    after: Option<String>,
    limit: Option<String>,
}

#[derive(Serialize)]
struct EventList {
    events: Vec<EventView>,
    next: Option<String>,
}

/// An event as clients of the first carousel know it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct EventView {
    id: String,
    #[serde(rename = "type")]
    event_type: String,
    timestamp: Timestamp,
    source: String,
    version: String,
    data: Value,
    metadata: Value,
    correlation_id: CorrelationId,
    causation_id: String,
}

async fn list_events(
    _: Operator,
    state: Arc<State>,
    Query(filter): Query<Filter>,
) -> Result<Response> {
    let correlation_id = filter.correlation_id()?;
    let query = filter.query(state.clock.now(), correlation_id.is_some())?;
    let journal = state.journal()?;
    let page = match correlation_id {
        Some(id) => journal.chain(id, &query).await?,
        None => journal.newest(&query).await?,
    };
    let list = EventList {
        events: page.events.into_iter().map(EventView::from).collect(),
        next: page.next.map(|next| next.as_str().to_owned()),
    };
    response::json(StatusCode::OK, &list)
}

impl Filter {
    fn correlation_id(&self) -> Result<Option<CorrelationId>> {
        let id = self.correlation_id.as_deref().filter(|id| !id.is_empty());
        let refused =
            |_| Error::invalid("bad_correlation_id", "A correlation id is as cor_01m7...");
        id.map(str::parse).transpose().map_err(refused)
    }

    /// Reads the rest of the filter. An empty value is none, as a form sends it.
    fn query(self, now: Timestamp, is_chain: bool) -> Result<EventQuery> {
        let given = |text: Option<String>| text.filter(|text| !text.is_empty());
        let (from, to, after_id) = (given(self.from), given(self.to), given(self.after));
        // Clocks may differ.
        let to = time(to)?.unwrap_or_else(|| after(now, DAY));
        let earliest = before(now, DAY * MAX_DAYS);
        let default = if is_chain {
            earliest
        } else {
            before(to, DAY * DEFAULT_DAYS)
        };
        let from = time(from)?.unwrap_or(default).max(earliest);
        if from >= to {
            return Err(Error::invalid(
                "bad_range",
                "`from` must be before `to`, and within 90 days.",
            ));
        }
        Ok(EventQuery {
            from,
            to: to.min(after(now, DAY * MAX_DAYS)),
            event_type: given(self.event_type),
            after: after_id.map(|cursor| cursor.parse()).transpose()?,
            limit: limit(given(self.limit))?,
        })
    }
}

fn time(text: Option<String>) -> Result<Option<Timestamp>> {
    let refused = |_| Error::invalid("bad_time", "A time is as 2026-11-29T12:00:00Z.");
    text.map(|text| text.parse()).transpose().map_err(refused)
}

fn limit(text: Option<String>) -> Result<usize> {
    let Some(text) = text else {
        return Ok(DEFAULT_LIMIT);
    };
    let limit = text
        .parse()
        .ok()
        .filter(|limit| (1..=MAX_LIMIT).contains(limit));
    limit.ok_or_else(|| Error::invalid("bad_limit", "`limit` is a number from 1 to 1000."))
}

impl From<JournaledEvent> for EventView {
    fn from(found: JournaledEvent) -> Self {
        let JournaledEvent {
            event,
            journaled_at,
        } = found;
        Self {
            id: event.id.to_string(),
            event_type: event.event_type,
            timestamp: event.occurred_at,
            source: event.source,
            version: event.version.to_string(),
            data: event.data,
            metadata: json!({ "journaledAt": journaled_at }),
            correlation_id: event.correlation_id,
            causation_id: event.causation_id,
        }
    }
}
