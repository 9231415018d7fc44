//! The simulated providers, where the services want any, and what the timeline sees of them.

use std::{path::Path, sync::Arc};

use anyhow::Result;
use confab_emulator::{
    clock::Clock,
    record::{Kind, Record},
};
use confab_outside::{Options, Outside, Sighting};

use crate::services::Simulators;

/// None when no service wants a simulator.
pub(crate) fn open(
    data: &Path,
    home: &str,
    simulators: &Simulators,
    clock: Arc<Clock>,
    record: Option<Arc<Record>>,
) -> Result<Option<Arc<Outside>>> {
    if simulators.is_empty() {
        return Ok(None);
    }
    let options = Options {
        clock: Arc::new(move || clock.now()),
        sightings: Arc::new(move |sighting| {
            if let Some(record) = &record {
                note(record, sighting);
            }
        }),
        ..Options::new(data.to_owned(), home.to_owned(), simulators)?
    };
    Outside::open(options).map(Some)
}

fn note(record: &Record, sighting: Sighting) {
    let Some(correlation_id) = sighting.correlation_id else {
        return;
    };
    record
        .entry(
            Kind::Provider,
            sighting.provider,
            &correlation_id,
            sighting.text,
        )
        .at(sighting.at)
        .failed_if(!sighting.ok)
        .took(sighting.duration_ms)
        .reference(sighting.reference)
        .add();
}
