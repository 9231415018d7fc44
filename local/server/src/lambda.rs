//! Lambda on a laptop: the real function binaries as processes, over the real Runtime API.

mod function;
mod poller;
mod process;
mod runtime_api;
mod runtimes;

pub(crate) use function::{Function, Functions, Outcome, SECRET_KEY, State};
pub(crate) use poller::correlation_of;
pub(crate) use poller::{Consuming, consume};
pub(crate) use runtimes::Folders;
