//! The journal's table. `events`, `rollups`, `rebuild` and `alerts` read and write it, too:
//!
//! | pk | sk | row |
//! |---|---|---|
//! | `DAY#2026-11-29#07` | `001795953600000-02-evt_..` | an event, under its time, rank and id; index `ByCorrelation` |
//! | `ROLLUP#1#2026-11-29#2` | `2026-11-29T12#requested` | counts of generation 1, in one of four splits or in `base` |
//! | `PEOPLE#1#2026-11-29#2` | `6b86b273..` | what a person did in a day |
//! | `POINTER` | `POINTER` | the generation that is read, and the one that is being counted |
//! | `WATCH` | `WATCH` | what the sweep remembers |
//!
//! Rollups are grouped by day, so that one query reads the hours of a split.

use std::sync::Arc;

use aws_sdk_dynamodb::types::TransactWriteItem;
use carousel_domain::analytics::{Contribution, contribution, day_of, event_rank};
use confab_aws::{Condition, Row, Table, number};
use confab_contracts::Event;
use confab_core::{Clock, CorrelationId, Error, Result, Timestamp};
use confab_lambda::{metrics, warn};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::rollups::{person_key, rollup_key, step_set};

/// Journal rows and rollups live so long after their events.
pub(super) const RETENTION_DAYS: i64 = 90;
pub(super) const DAY_SECONDS: i64 = 24 * 3_600;

/// Partitions of a day.
pub(super) const SHARDS: u8 = 16;
/// Rows of a rollup, because transactions on one row conflict.
pub(super) const SPLITS: u8 = 4;

/// A longer event is a mistake. Pages of events stay below the megabyte of a query.
const MAX_ENVELOPE_BYTES: usize = 16 * 1024;

#[derive(Clone)]
pub(crate) struct Journal {
    pub(super) table: Table,
    pub(super) clock: Arc<dyn Clock>,
}

impl std::fmt::Debug for Journal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.table.fmt(f)
    }
}

#[derive(Debug, Serialize, Deserialize)]
struct JournalRow {
    correlation_id: CorrelationId,
    /// The event as JSON, so that it stays exactly as it came.
    envelope: String,
    journaled_at: Timestamp,
    /// Generations of rollups that count the event.
    generations: Vec<u64>,
    expires_at: i64,
}

/// An event with the time at which the journal got it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct JournaledEvent {
    pub(crate) event: Event<Value>,
    pub(crate) journaled_at: Timestamp,
}

/// Whether an event was new.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RecordOutcome {
    Recorded,
    Copy,
}

impl Journal {
    pub(crate) fn new(table: Table, clock: Arc<dyn Clock>) -> Self {
        Self { table, clock }
    }

    /// Writes an event and what it adds to the rollups in one transaction. A copy adds nothing.
    pub(crate) async fn record(&self, event: &Event<Value>) -> Result<RecordOutcome> {
        let added = contribution(event);
        let generations = self.pointer().await?.counted_generations();
        let mut writes = vec![self.put_event(event, &generations)?];
        for generation in generations {
            writes.extend(self.add(generation, event, &added)?);
        }
        // Only the event has a condition.
        match self.table.try_transact(writes).await? {
            None => {
                if let Some(error) = &added.unread {
                    warn("event_not_read", &error.to_string(), event.correlation_id);
                    metrics::count("EventNotRead", "counted_alone");
                }
                Ok(RecordOutcome::Recorded)
            }
            Some(_) => Ok(RecordOutcome::Copy),
        }
    }

    fn put_event(&self, event: &Event<Value>, generations: &[u64]) -> Result<TransactWriteItem> {
        let envelope =
            serde_json::to_string(event).map_err(|e| Error::internal("render_failed", e))?;
        if envelope.len() > MAX_ENVELOPE_BYTES {
            let size = format!("{} has {} bytes", event.id, envelope.len());
            return Err(Error::internal("event_too_large", size));
        }
        let row = JournalRow {
            correlation_id: event.correlation_id,
            envelope,
            journaled_at: self.clock.now(),
            generations: generations.to_vec(),
            expires_at: expiry(event.occurred_at),
        };
        let shard = part_of(&event.id.to_string(), SHARDS);
        let pk = day_pk(&day_of(event.occurred_at), shard);
        let row = Table::to_row(pk, event_sk(event), &row)?;
        self.table.transact_put(row, Condition::not_exists())
    }

    /// Returns the additions of an event to a generation: one for each row.
    fn add(
        &self,
        generation: u64,
        event: &Event<Value>,
        added: &Contribution,
    ) -> Result<Vec<TransactWriteItem>> {
        let split = part_of(&event.id.to_string(), SPLITS).to_string();
        let expires_at = number(expiry(event.occurred_at));
        let mut writes = Vec::new();
        for (metric, fields) in &added.metrics {
            let mut values = Condition::none().value(":expires_at", expires_at.clone());
            let mut additions = Vec::new();
            for (index, (field, count)) in fields.iter().enumerate() {
                values = values
                    .name_attribute(&format!("#f{index}"), field)
                    .value(&format!(":f{index}"), number(count));
                additions.push(format!("#f{index} :f{index}"));
            }
            let update = format!("SET expires_at = :expires_at ADD {}", additions.join(", "));
            let key = rollup_key(generation, &added.hour, metric, &split);
            writes.push(self.table.transact_update(key, &update, values)?);
        }
        if let Some(person) = &added.person {
            let values = Condition::none()
                .value(":expires_at", expires_at)
                .value(":steps", step_set(&person.steps));
            let update = "SET expires_at = :expires_at ADD steps :steps";
            // A person has one row, whatever the event.
            let split = part_of(&person.person, SPLITS).to_string();
            let key = person_key(generation, &person.day, &person.person, &split);
            writes.push(self.table.transact_update(key, update, values)?);
        }
        Ok(writes)
    }
}

pub(super) fn day_pk(day: &str, shard: u8) -> String {
    format!("DAY#{day}#{shard:02}")
}

/// Sorts by time, then in the order of the pipeline: events of one decision have one time.
fn event_sk(event: &Event<Value>) -> String {
    let (millis, rank) = (millis_of(event.occurred_at), event_rank(&event.event_type));
    format!("{millis}-{rank:02}-{}", event.id)
}

/// Returns milliseconds as a text that sorts. Times before 1970 count as 1970.
pub(super) fn millis_of(at: Timestamp) -> String {
    format!("{:015}", at.as_millisecond().max(0))
}

/// Returns one of `count` parts for an id, always the same.
fn part_of(id: &str, count: u8) -> u8 {
    Sha256::digest(id.as_bytes())[0] % count
}

pub(super) fn expiry(occurred_at: Timestamp) -> i64 {
    occurred_at.as_second() + RETENTION_DAYS * DAY_SECONDS
}

pub(super) fn journaled(row: Row) -> Result<JournaledEvent> {
    let row: JournalRow = Table::from_row(row)?;
    let event = serde_json::from_str(&row.envelope);
    Ok(JournaledEvent {
        event: event.map_err(|e| Error::internal("unreadable_row", e))?,
        journaled_at: row.journaled_at,
    })
}
