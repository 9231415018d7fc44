//! In-process tests of the functions of the studio, a file for each.
//!
//! `world.rs` has the cloud, the users and the queues, `simulators.rs` the providers, and `invariants.rs` what always
//! holds of the service.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a world that is broken fails the test"
)]

mod invariants;
mod pack_tune_received;
mod planted_bugs;
mod simulators;
mod sms_received;
mod studio_cleanup;
mod studio_cleanups;
mod studio_conversation;
mod studio_erase;
mod studio_health;
mod studio_make;
mod studio_packs;
mod studio_photos;
mod studio_ratings;
mod studio_status;
mod studio_sweep;
mod update_images;
mod world;
