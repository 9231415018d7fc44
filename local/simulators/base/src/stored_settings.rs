//! Settings of one simulator: saved in the store, and changed in part over its control API.

use std::sync::{Mutex, MutexGuard, PoisonError};

use anyhow::Result;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};

use crate::{
    context::SimulatorContext,
    problem::{Answer, Problem},
};

pub trait Settings: Clone + Default + Serialize + DeserializeOwned {
    /// Names the first value that is out of its range.
    fn check(&self) -> Result<(), String>;
}

#[derive(Debug)]
pub struct StoredSettings<T> {
    name: &'static str,
    current: Mutex<T>,
}

impl<T: Settings> StoredSettings<T> {
    pub fn open(context: &SimulatorContext, name: &'static str) -> Result<Self> {
        let current = Mutex::new(context.store().settings(name)?);
        Ok(Self { name, current })
    }

    pub fn get(&self) -> T {
        self.lock().clone()
    }

    /// Changes the settings that `changes` names and keeps the others. No transaction runs
    /// meanwhile.
    pub fn change(&self, context: &SimulatorContext, changes: Map<String, Value>) -> Answer<T> {
        let store = context.store();
        let settings = merged(&self.get(), changes)?;
        settings.check().map_err(Problem::Invalid)?;
        store.save_settings(self.name, &settings)?;
        *self.lock() = settings.clone();
        Ok(settings)
    }

    fn lock(&self) -> MutexGuard<'_, T> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn merged<T: Settings>(current: &T, changes: Map<String, Value>) -> Answer<T> {
    let invalid = |error: serde_json::Error| Problem::Invalid(error.to_string());
    let mut settings = serde_json::to_value(current).map_err(invalid)?;
    if let Some(settings) = settings.as_object_mut() {
        settings.extend(changes);
    }
    serde_json::from_value(settings).map_err(invalid)
}
