//! Functions behind queues and schedules, one module each.

pub mod studio_cleanup;
pub mod studio_conversation;
pub mod studio_erase;
pub mod studio_make;
pub mod studio_packs;
pub mod studio_photos;
pub mod studio_status;
pub mod studio_sweep;
