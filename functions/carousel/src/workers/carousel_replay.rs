//! Counts the rollups again from the journal, step by step, for `confab replay --events`.
//!
//! It reads and writes the journal's table and may do nothing else: a replay sends no message.

use std::sync::Arc;

use carousel_domain::analytics::{Difference, Totals};
use confab_core::{Error, Result, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{
    state::{Part, State},
    store::{Building, Journal},
};

pub const PARTS: &[Part] = &[Part::Journal];

/// Differences that are listed. All are counted.
const MAX_LISTED: usize = 20;

#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "step", rename_all = "snake_case", deny_unknown_fields)]
pub enum ReplayCommand {
    /// Lists the days of the journal.
    Days {},
    /// Compares a day of the journal with the rollups, and changes nothing.
    Compare { day: String },
    /// Begins a new generation of rollups.
    Begin {},
    /// Counts a day into the new generation.
    Count { generation: u64, day: String },
    /// Lets the new generation be read.
    Finish { generation: u64 },
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum ReplayAnswer {
    Days {
        generation: u64,
        days: Vec<String>,
    },
    Compared {
        events: u64,
        /// Events whose data this release cannot read. They count as events alone.
        unread: u64,
        count: usize,
        differences: Vec<Difference>,
    },
    Begun {
        generation: u64,
        ready_at: Timestamp,
        days: Vec<String>,
    },
    Counted {
        events: u64,
        unread: u64,
    },
    Finished {
        generation: u64,
    },
}

pub async fn handle(state: Arc<State>, command: ReplayCommand) -> Result<ReplayAnswer> {
    let journal = state.journal()?;
    match command {
        ReplayCommand::Days {} => Ok(ReplayAnswer::Days {
            generation: journal.pointer().await?.current,
            days: journal.days(),
        }),
        ReplayCommand::Compare { day } => {
            check_day(journal, &day)?;
            compare(journal, &day).await
        }
        ReplayCommand::Begin {} => Ok(begun(journal.begin_rebuild().await?)),
        ReplayCommand::Count { generation, day } => {
            check_day(journal, &day)?;
            let counted = journal.count_day(generation, &day).await?;
            Ok(ReplayAnswer::Counted {
                events: counted.events,
                unread: counted.unread,
            })
        }
        ReplayCommand::Finish { generation } => {
            journal.finish_rebuild(generation).await?;
            Ok(ReplayAnswer::Finished { generation })
        }
    }
}

fn check_day(journal: &Journal, day: &str) -> Result<()> {
    if journal.days().iter().any(|known| known == day) {
        return Ok(());
    }
    Err(Error::invalid("bad_day", "The journal has no such day."))
}

async fn compare(journal: &Journal, day: &str) -> Result<ReplayAnswer> {
    let noon = format!("{day}T12:00:00Z").parse::<Timestamp>();
    let noon = noon.map_err(|error| Error::internal("bad_day", error))?;
    let counted = journal.read_day(day, None).await?;
    let rollups = rollups_of(journal, day, noon).await?;
    let mut differences = counted.totals.differences(&rollups);
    let count = differences.len();
    differences.truncate(MAX_LISTED);
    Ok(ReplayAnswer::Compared {
        events: counted.events,
        unread: counted.unread,
        count,
        differences,
    })
}

async fn rollups_of(journal: &Journal, day: &str, noon: Timestamp) -> Result<Totals> {
    let generation = journal.pointer().await?.current;
    let half = std::time::Duration::from_secs(12 * 3_600);
    let midnight = confab_core::before(noon, half);
    let end = confab_core::after(midnight, 2 * half - std::time::Duration::from_millis(1));
    let mut rollups = journal.metrics(generation, midnight, end).await?;
    journal
        .add_people(&mut rollups, generation, midnight, end)
        .await?;
    debug_assert!(
        rollups
            .metrics
            .keys()
            .all(|(hour, _)| hour.starts_with(day))
    );
    Ok(rollups)
}

fn begun(building: Building) -> ReplayAnswer {
    ReplayAnswer::Begun {
        generation: building.generation,
        ready_at: building.ready_at,
        days: building.days.into_iter().collect(),
    }
}
