//! In-process tests of the functions of rooms, a file for each. `world.rs` has the cloud and the users.

#![expect(
    clippy::unwrap_used,
    reason = "a state that cannot start fails the test"
)]

mod chat_messages;
mod world;
