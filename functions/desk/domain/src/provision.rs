//! The setup of a tenant: a saga whose steps are repeated until each is done.
//!
//! Each step is a write that finds itself done, so that a step may be performed twice. The saga records what is done
//! and asks for what is next.

mod decide;
mod defaults;
mod run;

pub use decide::{ProvisionEvent, StepRequest, decide_provision};
pub use defaults::default_bot;
pub use run::{
    CompletedStep, MAX_STEP_TRIES, ProvisionProgress, ProvisionRun, ProvisionState, ProvisionStep,
};
