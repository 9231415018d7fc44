//! The cloud on a laptop. Reads template.yaml and runs it: the function binaries as processes, queues, tables, objects,
//! the event bus, schedules, the HTTP API and the WebSocket API, with the providers that the products talk to. Loopback only.

mod aws;
mod bus;
mod clock;
mod cloud;
mod control;
mod dynamo;
mod gateway;
mod guard;
mod lambda;
mod latency;
mod objects;
mod record;
mod run;
mod schedule;
mod services;
mod simulators;
mod sockets;
mod sqs;
pub mod template;
mod watch;

pub use run::{Settings, outside, run};
