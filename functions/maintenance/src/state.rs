//! The state of a function: the parts of maintenance that it uses.

use confab_aws::Bus;
use confab_core::Result;
use confab_lambda::{Platform, StartError, started};

use crate::config::Config;

/// Parts of the service's state. A function names those that it uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    Bus,
}

#[derive(Debug)]
pub struct State {
    bus: Option<Bus>,
}

impl State {
    /// Starts the named parts from the environment of the process.
    pub async fn start(parts: &[Part]) -> Result<Self, StartError> {
        Self::new(Platform::of_process()?, parts).await
    }

    /// Builds the named parts.
    #[expect(clippy::unused_async, reason = "services start the same way")]
    pub async fn new(platform: Platform, parts: &[Part]) -> Result<Self, StartError> {
        let config = Config::new(platform.env);
        let mut bus = None;
        if parts.contains(&Part::Bus) {
            bus = Some(Bus::new(&platform.aws, config.event_bus()?));
        }
        Ok(Self { bus })
    }

    pub(crate) fn bus(&self) -> Result<&Bus> {
        started(self.bus.as_ref(), "bus")
    }
}
