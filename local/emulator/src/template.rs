//! Reads a SAM template and its nested stacks. Anything unknown is an error with file and line.

mod check;
mod intrinsics;
mod model;
mod places;
mod policies;
mod properties;
mod reader;
mod resources;
mod sockets;
mod source;
mod stacks;
#[cfg(test)]
mod tests;
mod yaml;

pub use model::{
    Authorizer, Bucket, Bus, Consumer, Cors, Function, HttpApi, INTEGRATION_TIMEOUT,
    IdentitySource, Policy, Queue, Redrive, Route, Rule, Runtime, Schedule, SocketApi, SocketRoute,
    Statement, Table, Target, Template,
};
pub(crate) use model::{DEFAULT_ROUTE, matches_pattern};
pub use places::Places;
pub use reader::nested_files;
pub use source::normalized;
pub use yaml::read as read_yaml;
