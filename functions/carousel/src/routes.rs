//! Functions behind API Gateway, one module each.

pub mod carousel_health;
pub mod telegram_received;
