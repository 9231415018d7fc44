//! Functions behind API Gateway, one module each.

pub mod pack_tune_received;
pub mod sms_received;
pub mod studio_cleanups;
pub mod studio_health;
pub mod studio_ratings;
pub mod update_images;
