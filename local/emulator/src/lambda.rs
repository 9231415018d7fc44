//! Lambda: the real function binaries as processes, over the real Runtime API.

mod async_queue;
mod function;
mod functions;
mod launch;
mod outcome;
mod poller;
mod process;
mod program;
mod runtime_api;

pub(crate) use async_queue::{AsyncInvoker, queues_of};
pub use function::{Function, FunctionSnapshot, FunctionState};
pub use functions::Functions;
pub use outcome::{Failure, Outcome};
pub(crate) use poller::{EventSourceMapping, start_pollers};
pub use program::CodeFolders;
