//! The provider simulators, if a service wants any, and their call records on the timeline.

use std::{path::Path, sync::Arc};

use anyhow::Result;
use confab_emulator::{
    Clock,
    recorder::{EntryKind, Recorder},
};
use confab_simulators::{CallRecord, Options, SimulatorSettings, Simulators};

/// Opens the simulators, or returns `None` when no service wants one.
pub(crate) fn open(
    data: &Path,
    base_url: &str,
    settings: &SimulatorSettings,
    clock: Arc<Clock>,
    recorder: Option<Arc<Recorder>>,
) -> Result<Option<Arc<Simulators>>> {
    if settings.is_empty() {
        return Ok(None);
    }
    let options = Options {
        clock: Arc::new(move || clock.now()),
        call_records: Arc::new(move |call| {
            if let Some(recorder) = &recorder {
                add_to_timeline(recorder, call);
            }
        }),
        ..Options::new(data.to_owned(), base_url.to_owned(), settings)?
    };
    Simulators::open(options).map(Some)
}

fn add_to_timeline(recorder: &Recorder, call: CallRecord) {
    let Some(correlation_id) = call.correlation_id else {
        return;
    };
    recorder
        .entry(
            EntryKind::Provider,
            call.provider,
            &correlation_id,
            call.text,
        )
        .at(call.at)
        .failed_if(!call.ok)
        .took(call.duration_ms)
        .reference(call.reference)
        .add();
}
