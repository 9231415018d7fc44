//! `GET /stats` and `GET /metrics`: counts, stages, funnel and alerts, for the operator.
//! `GET /`: the services of the carousel with their health.

mod prometheus;
mod services;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use carousel_domain::{
    Language, MAX_SLIDES, Template,
    analytics::{AlertState, FunnelRow, StageRow, Totals, Watch, day_of, funnel, stages},
};
use confab_contracts::operations::Severity;
use confab_core::{Error, Result, Timestamp, before};
use confab_lambda::{Operator, Response, Router, extract::Query, response};
use http::StatusCode;
use serde::{Deserialize, Serialize};

use crate::state::{Part, State};

pub const PARTS: &[Part] = &[Part::Journal, Part::OperatorKey, Part::Subscriptions];

const DEFAULT_HOURS: u32 = 24;
/// A week: each further day is ten more queries.
const MAX_HOURS: u32 = 168;
const HOUR: Duration = Duration::from_secs(3_600);

pub fn routes() -> Router<State> {
    Router::new()
        .route("GET /", list_services)
        .route("GET /stats", get_stats)
        .route("GET /metrics", get_metrics)
}

#[derive(Deserialize)]
struct Window {
    hours: Option<String>,
}

/// The keys up to `event_bus` are those of the first carousel.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Stats {
    service: &'static str,
    config: StatsConfig,
    event_bus: EventBus,
    hours: u32,
    counters: BTreeMap<String, u64>,
    stages: Vec<StageRow>,
    funnel: Vec<FunnelRow>,
    alerts: Vec<AlertView>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct StatsConfig {
    max_slides_per_carousel: usize,
    default_style: &'static str,
    supported_languages: Vec<&'static str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct EventBus {
    /// Events reach the journal.
    is_running: bool,
    total_subscriptions: usize,
    subscriptions_by_type: BTreeMap<String, usize>,
    total_events_processed: u64,
    event_counts_by_type: BTreeMap<String, u64>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AlertView {
    rule: String,
    severity: Severity,
    since: Timestamp,
    resolved_at: Option<Timestamp>,
    value: u64,
    limit: u64,
}

async fn get_stats(
    _: Operator,
    state: Arc<State>,
    Query(window): Query<Window>,
) -> Result<Response> {
    let hours = window.hours()?;
    let now = state.clock.now();
    let from = before(now, HOUR * (hours - 1));
    let (totals, watch) = read(&state, from, now).await?;
    let stats = Stats {
        service: "carousel",
        config: StatsConfig {
            max_slides_per_carousel: MAX_SLIDES,
            default_style: Template::Essay.name(),
            supported_languages: Language::ALL.map(Language::code).into(),
        },
        event_bus: event_bus(&state, &totals, &watch),
        hours,
        counters: totals.counters(),
        stages: stages(&totals),
        funnel: funnel(&totals),
        alerts: watch.alerts.into_iter().map(AlertView::from).collect(),
    };
    response::json(StatusCode::OK, &stats)
}

/// Counts since midnight (UTC): a counter that is reset is what Prometheus expects.
async fn get_metrics(_: Operator, state: Arc<State>) -> Result<Response> {
    let now = state.clock.now();
    let midnight = format!("{}T00:00:00Z", day_of(now)).parse().unwrap_or(now);
    let (totals, watch) = read(&state, midnight, now).await?;
    let text = prometheus::text(&totals, &watch, &day_of(now));
    Ok(response::text(StatusCode::OK, text))
}

async fn list_services(state: Arc<State>) -> Result<Response> {
    let watch = state.journal()?.watch().await?.watch;
    let services = services::list(watch.health.as_ref(), state.clock.now());
    response::json(StatusCode::OK, &services)
}

async fn read(state: &State, from: Timestamp, to: Timestamp) -> Result<(Totals, Watch)> {
    let journal = state.journal()?;
    let generation = journal.pointer().await?.current;
    let mut totals = journal.metrics(generation, from, to).await?;
    journal
        .add_people(&mut totals, generation, from, to)
        .await?;
    Ok((totals, journal.watch().await?.watch))
}

impl Window {
    fn hours(&self) -> Result<u32> {
        let Some(hours) = self.hours.as_deref().filter(|hours| !hours.is_empty()) else {
            return Ok(DEFAULT_HOURS);
        };
        let hours = hours
            .parse()
            .ok()
            .filter(|hours| (1..=MAX_HOURS).contains(hours));
        hours.ok_or_else(|| Error::invalid("bad_hours", "`hours` is a number from 1 to 168."))
    }
}

fn event_bus(state: &State, totals: &Totals, watch: &Watch) -> EventBus {
    let mut subscriptions_by_type = BTreeMap::new();
    for event_type in &state.subscriptions {
        *subscriptions_by_type.entry(event_type.clone()).or_default() += 1;
    }
    let event_counts_by_type = totals.event_counts();
    let lag = watch.alerts.get("journal_lag");
    EventBus {
        is_running: lag.is_none_or(|alert| alert.resolved_at.is_some()),
        total_subscriptions: state.subscriptions.len(),
        subscriptions_by_type,
        total_events_processed: event_counts_by_type.values().sum(),
        event_counts_by_type,
    }
}

impl From<(String, AlertState)> for AlertView {
    fn from((rule, alert): (String, AlertState)) -> Self {
        Self {
            rule,
            severity: alert.severity,
            since: alert.since,
            resolved_at: alert.resolved_at,
            value: alert.value,
            limit: alert.limit,
        }
    }
}
