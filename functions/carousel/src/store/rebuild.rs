//! A new generation of rollups, counted from the journal.
//!
//! While a generation is counted, new events add to it as well, and are marked as counted in it. The count begins when
//! every worker knows of the generation, and leaves out the marked events: none is lost and none counts twice.

use std::{collections::BTreeSet, time::Duration};

use carousel_domain::analytics::{Totals, contribution};
use confab_aws::{Condition, Row, Table, number, text};
use confab_contracts::Event;
use confab_core::{Error, Result, Timestamp, after, before};
use confab_worker::Consistency;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    journal::{DAY_SECONDS, Journal, RETENTION_DAYS, SHARDS, day_pk, expiry},
    rollups::{BASE, Pointer, days, person_key, rollup_key, step_set},
};

/// Longer than an invocation of the worker: after it, no worker still counts without the new generation.
pub(crate) const SETTLING_TIME: Duration = Duration::from_secs(60);

/// A generation that is being counted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Building {
    pub(crate) generation: u64,
    /// When counting may begin.
    pub(crate) ready_at: Timestamp,
    /// Days that are not counted yet.
    pub(crate) days: BTreeSet<String>,
}

/// What the journal has of a day.
#[derive(Debug, Default)]
pub(crate) struct DayCount {
    pub(crate) events: u64,
    /// Events whose data could not be read. They count as events alone.
    pub(crate) unread: u64,
    pub(crate) totals: Totals,
}

#[derive(Deserialize)]
struct CountedRow {
    envelope: String,
    generations: Vec<u64>,
}

fn superseded() -> Error {
    Error::conflict("superseded", "Another rebuild has begun or finished.")
}

impl Journal {
    /// Returns the days that the journal may have events of. Clocks may differ, so tomorrow is one.
    pub(crate) fn days(&self) -> Vec<String> {
        let day = Duration::from_secs(DAY_SECONDS.unsigned_abs());
        let now = self.clock.now();
        days(
            before(now, day * RETENTION_DAYS.unsigned_abs() as u32),
            after(now, day),
        )
    }

    /// Begins a new generation. One that was not finished is given up.
    pub(crate) async fn begin_rebuild(&self) -> Result<Building> {
        let pointer = self.pointer().await?;
        let building = Building {
            generation: pointer.latest + 1,
            ready_at: after(self.clock.now(), SETTLING_TIME),
            days: self.days().into_iter().collect(),
        };
        let next = Pointer {
            latest: building.generation,
            building: Some(building.clone()),
            ..pointer
        };
        self.move_pointer(next).await?;
        Ok(building)
    }

    /// Counts a day into the new generation, and returns what it had. Again is as once.
    pub(crate) async fn count_day(&self, generation: u64, day: &str) -> Result<DayCount> {
        let pointer = self.pointer().await?;
        let mut building = pointer.building.clone().ok_or_else(superseded)?;
        if building.generation != generation {
            return Err(superseded());
        }
        if self.clock.now() < building.ready_at {
            let message = format!("Counting may begin at {}.", building.ready_at);
            return Err(Error::conflict("not_ready", message));
        }
        let counted = self.read_day(day, Some(generation)).await?;
        self.put_base(generation, day, &counted.totals).await?;
        if building.days.remove(day) {
            let building = Some(building);
            self.move_pointer(Pointer {
                building,
                ..pointer
            })
            .await?;
        }
        Ok(counted)
    }

    /// Lets the new generation be read. Refuses while a day is not counted.
    pub(crate) async fn finish_rebuild(&self, generation: u64) -> Result<()> {
        let pointer = self.pointer().await?;
        if pointer.current == generation {
            return Ok(());
        }
        let building = pointer.building.as_ref().ok_or_else(superseded)?;
        if building.generation != generation {
            return Err(superseded());
        }
        if let Some(day) = building.days.first() {
            let message = format!("{} days are not counted, first {day}.", building.days.len());
            return Err(Error::conflict("not_counted", message));
        }
        self.move_pointer(Pointer {
            current: generation,
            building: None,
            ..pointer
        })
        .await
    }

    /// Adds up the events of a day, without those that count in `generation` already.
    pub(crate) async fn read_day(&self, day: &str, without: Option<u64>) -> Result<DayCount> {
        let mut count = DayCount::default();
        for shard in 0..SHARDS {
            let mut cursor = None;
            loop {
                let keys = Condition::expression("pk = :pk").value(":pk", text(day_pk(day, shard)));
                let read = Consistency::Strong;
                let page = self
                    .table
                    .query_page(keys, "envelope, generations", cursor, read);
                let page = page.await?;
                for row in page.rows {
                    count.add(row, without)?;
                }
                cursor = page.next;
                if cursor.is_none() {
                    break;
                }
            }
        }
        Ok(count)
    }

    /// Writes the totals of a day to the split that belongs to the rebuild.
    async fn put_base(&self, generation: u64, day: &str, totals: &Totals) -> Result<()> {
        for ((hour, metric), fields) in &totals.metrics {
            let mut row = rollup_key(generation, hour, metric, BASE);
            row.extend(
                fields
                    .iter()
                    .map(|(field, count)| (field.clone(), number(count))),
            );
            self.put_expiring(row, day).await?;
        }
        for ((of, person), steps) in &totals.people {
            let mut row = person_key(generation, of, person, BASE);
            row.insert("steps".to_owned(), step_set(steps));
            self.put_expiring(row, day).await?;
        }
        Ok(())
    }

    async fn put_expiring(&self, mut row: Row, day: &str) -> Result<()> {
        let end = format!("{day}T23:59:59Z").parse::<Timestamp>();
        let end =
            end.map_err(|e| Error::invalid("bad_day", "A day is as 2026-11-29.").with_source(e))?;
        row.insert("expires_at".to_owned(), number(expiry(end)));
        self.table.put(row, Condition::none()).await.map(drop)
    }

    async fn move_pointer(&self, next: Pointer) -> Result<()> {
        let held = Condition::version(next.version);
        let next = Pointer {
            version: next.version + 1,
            ..next
        };
        let row = Table::to_row("POINTER", "POINTER", &next)?;
        if self.table.put(row, held).await? {
            return Ok(());
        }
        // After a lost reply the row is the one that was written.
        if self.pointer().await? == next {
            Ok(())
        } else {
            Err(superseded())
        }
    }
}

impl DayCount {
    fn add(&mut self, row: Row, without: Option<u64>) -> Result<()> {
        let row: CountedRow = Table::from_row(row)?;
        if without.is_some_and(|generation| row.generations.contains(&generation)) {
            return Ok(());
        }
        let event: Event<Value> = serde_json::from_str(&row.envelope)
            .map_err(|e| Error::internal("unreadable_row", e))?;
        let added = contribution(&event);
        self.totals.add(&added);
        self.unread += u64::from(added.unread.is_some());
        self.events += 1;
        Ok(())
    }
}
