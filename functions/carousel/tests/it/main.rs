//! In-process tests of the functions of the carousel, a file for each.
//!
//! `world.rs` has the cloud, Telegram and the queues, `model.rs` the model, and `invariants.rs` what always holds of the service.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a world that is broken fails the test"
)]

mod carousel_conversation;
mod carousel_events;
mod carousel_health;
mod carousel_journal;
mod carousel_operator;
mod carousel_render;
mod carousel_stats;
mod carousel_sweep;
mod carousel_webhook;
mod carousel_write;
mod carousel_write_charges;
mod carousel_write_faults;
mod carousel_write_money;
mod carousel_write_twice;
mod carousels;
mod invariants;
mod journal;
mod model;
mod planted_bugs;
mod receiver;
mod telegram_received;
mod test_carousel;
mod whole_carousel;
mod world;
