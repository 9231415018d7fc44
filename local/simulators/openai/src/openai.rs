//! State of the simulator.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::Result;
use confab_simulator_base::{SimulatorContext, StoredSettings};

use crate::{call_counts::CallCounts, faults::CallFaults, settings::OpenAiSettings};

const SETTINGS_NAME: &str = "model";

#[derive(Debug)]
pub struct OpenAi {
    pub(crate) context: Arc<SimulatorContext>,
    pub(crate) settings: StoredSettings<OpenAiSettings>,
    faults: Mutex<CallFaults>,
    call_counts: Mutex<CallCounts>,
}

impl OpenAi {
    pub fn open(context: Arc<SimulatorContext>) -> Result<Arc<Self>> {
        let settings = StoredSettings::open(&context, SETTINGS_NAME)?;
        Ok(Arc::new(Self {
            context,
            settings,
            faults: Mutex::default(),
            call_counts: Mutex::default(),
        }))
    }

    pub(crate) fn faults(&self) -> MutexGuard<'_, CallFaults> {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn call_counts(&self) -> MutexGuard<'_, CallCounts> {
        self.call_counts
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}
