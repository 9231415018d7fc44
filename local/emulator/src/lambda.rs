//! Lambda on a laptop: the real function binaries as processes, over the real Runtime API.

mod function;
mod poller;
mod process;
mod runtime_api;
mod runtimes;

pub use function::{Function, Functions, Outcome, SECRET_KEY, State};
pub use poller::correlation_of;
pub use poller::{Consuming, consume};
pub use runtimes::Folders;
