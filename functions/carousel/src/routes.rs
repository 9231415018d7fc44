//! Functions behind API Gateway, one module each.

pub mod carousel_events;
pub mod carousel_health;
pub mod carousel_stats;
pub mod carousels;
pub mod telegram_received;
pub mod test_carousel;
