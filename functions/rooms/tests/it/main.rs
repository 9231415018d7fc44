//! In-process tests of the functions of rooms, a file for each. `world.rs` has the cloud and the users.

mod chat_messages;
mod world;
