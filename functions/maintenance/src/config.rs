//! The environment variables of maintenance.

use confab_core::{Env, EnvError};

/// The configuration of one function, read once at start.
#[derive(Debug)]
pub(crate) struct Config(Env);

impl Config {
    pub(crate) fn new(env: Env) -> Self {
        Self(env)
    }

    /// Name of the event bus.
    pub(crate) fn event_bus(&self) -> Result<&str, EnvError> {
        self.0.required("CONFAB_EVENT_BUS")
    }
}
