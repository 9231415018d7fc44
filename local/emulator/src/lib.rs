//! AWS on one machine: runs any SAM template. Function binaries are processes behind queues, tables, objects, the event
//! bus, schedules, the HTTP API and the WebSocket API. Loopback only; it knows no product.

pub mod aws;
pub mod bus;
pub mod clock;
pub mod cloud;
pub mod dynamo;
pub mod gateway;
pub mod guard;
pub mod lambda;
pub mod latency;
pub mod objects;
pub mod record;
pub mod schedule;
pub mod sockets;
pub mod sqs;
pub mod template;
