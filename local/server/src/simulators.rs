//! The simulated providers, where the services want any, and what the timeline sees of them.

use std::{path::Path, sync::Arc};

use anyhow::Result;
use confab_emulator::{
    Clock,
    recorder::{EntryKind, Recorder},
};
use confab_outside::{Options, Outside, Sighting};

use crate::services::SimulatorSettings;

/// None when no service wants a simulator.
pub(crate) fn open(
    data: &Path,
    home: &str,
    simulators: &SimulatorSettings,
    clock: Arc<Clock>,
    recorder: Option<Arc<Recorder>>,
) -> Result<Option<Arc<Outside>>> {
    if simulators.is_empty() {
        return Ok(None);
    }
    let options = Options {
        clock: Arc::new(move || clock.now()),
        sightings: Arc::new(move |sighting| {
            if let Some(recorder) = &recorder {
                note(recorder, sighting);
            }
        }),
        ..Options::new(data.to_owned(), home.to_owned(), simulators)?
    };
    Outside::open(options).map(Some)
}

fn note(recorder: &Recorder, sighting: Sighting) {
    let Some(correlation_id) = sighting.correlation_id else {
        return;
    };
    recorder
        .entry(
            EntryKind::Provider,
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
