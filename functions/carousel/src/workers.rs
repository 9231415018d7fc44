//! Functions behind queues and schedules, one module each.

pub mod carousel_conversation;
pub mod carousel_journal;
pub mod carousel_render;
pub mod carousel_replay;
pub mod carousel_sweep;
pub mod carousel_write;
