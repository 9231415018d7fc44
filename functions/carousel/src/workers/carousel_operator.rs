//! Commands of the operator, which `confab` invokes with the operator's AWS permissions.
//!
//! `connect` registers the webhook at Telegram. The other steps count the rollups again from the journal: they read and
//! write the journal's table and do nothing else, so that a replay sends no message.

mod connect;

use std::sync::Arc;

use carousel_domain::analytics::{Difference, Totals};
use confab_core::{Error, Result, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{
    state::{Part, State},
    store::{Building, Journal},
};
use connect::{Connected, connect};

pub const PARTS: &[Part] = &[Part::Journal, Part::Telegram, Part::WebhookSecret];

/// Differences that are listed. All are counted.
const MAX_LISTED: usize = 20;

#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "step", rename_all = "snake_case", deny_unknown_fields)]
pub enum OperatorCommand {
    /// Registers the webhook and the menu of commands at Telegram.
    Connect { url: String },
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
pub enum OperatorAnswer {
    Connected(Connected),
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

pub async fn handle(state: Arc<State>, command: OperatorCommand) -> Result<OperatorAnswer> {
    let journal = state.journal()?;
    match command {
        OperatorCommand::Connect { url } => {
            connect(&state, &url).await.map(OperatorAnswer::Connected)
        }
        OperatorCommand::Days {} => Ok(OperatorAnswer::Days {
            generation: journal.pointer().await?.current,
            days: journal.days(),
        }),
        OperatorCommand::Compare { day } => {
            check_day(journal, &day)?;
            compare(journal, &day).await
        }
        OperatorCommand::Begin {} => Ok(begun(journal.begin_rebuild().await?)),
        OperatorCommand::Count { generation, day } => {
            check_day(journal, &day)?;
            let counted = journal.count_day(generation, &day).await?;
            Ok(OperatorAnswer::Counted {
                events: counted.events,
                unread: counted.unread,
            })
        }
        OperatorCommand::Finish { generation } => {
            journal.finish_rebuild(generation).await?;
            Ok(OperatorAnswer::Finished { generation })
        }
    }
}

fn check_day(journal: &Journal, day: &str) -> Result<()> {
    if journal.days().iter().any(|known| known == day) {
        return Ok(());
    }
    Err(Error::invalid("bad_day", "The journal has no such day."))
}

async fn compare(journal: &Journal, day: &str) -> Result<OperatorAnswer> {
    let noon = format!("{day}T12:00:00Z").parse::<Timestamp>();
    let noon = noon.map_err(|error| Error::internal("bad_day", error))?;
    let counted = journal.read_day(day, None).await?;
    let rollups = rollups_of(journal, day, noon).await?;
    let mut differences = counted.totals.differences(&rollups);
    let count = differences.len();
    differences.truncate(MAX_LISTED);
    Ok(OperatorAnswer::Compared {
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

fn begun(building: Building) -> OperatorAnswer {
    OperatorAnswer::Begun {
        generation: building.generation,
        ready_at: building.ready_at,
        days: building.days.into_iter().collect(),
    }
}
