//! The environment variables of maintenance.

use confab_aws::AwsConfig;
use confab_core::{Env, EnvError};
use confab_lambda::environment;

/// The configuration of one function, read once at start.
#[derive(Debug)]
pub struct Config(Env);

impl Config {
    /// Wraps the given variables, for tests.
    pub fn new(env: Env) -> Self {
        Self(env)
    }

    pub fn from_environment() -> Self {
        Self(environment())
    }

    /// Region, credentials and endpoint of AWS.
    pub fn aws(&self) -> Result<AwsConfig, EnvError> {
        AwsConfig::from_env(&self.0)
    }

    /// Name of the event bus.
    pub fn event_bus(&self) -> Result<&str, EnvError> {
        self.0.required("CONFAB_EVENT_BUS")
    }
}
