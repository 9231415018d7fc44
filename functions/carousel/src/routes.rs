//! Functions behind API Gateway, one module each.

pub mod carousel_events;
pub mod carousel_health;
pub mod carousel_stats;
pub mod telegram_received;
