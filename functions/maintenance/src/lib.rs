//! Maintenance: scheduled work of all services. It publishes that work is due; each service knows
//! its own data.

mod config;
mod state;
pub mod workers;

pub use state::{Part, State};
