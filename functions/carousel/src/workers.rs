//! Functions behind queues, schedules and operators, one module each.

pub mod carousel_conversation;
pub mod carousel_journal;
pub mod carousel_operator;
pub mod carousel_render;
pub mod carousel_sweep;
pub mod carousel_webhook;
pub mod carousel_write;
