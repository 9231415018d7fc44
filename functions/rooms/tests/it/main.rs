//! In-process tests of the functions of rooms, a file for each. `world.rs` has the cloud, the users and their rooms.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a state that cannot start fails the test"
)]

mod chat_join;
mod chat_messages;
mod chat_offers;
mod chat_people;
mod chats;
mod invariants;
mod model;
mod payments;
mod photo_analysis;
mod photo_look;
mod photo_upload;
mod planted_bugs;
mod rooms_health;
mod rooms_paid;
mod rooms_sessions;
mod scenario;
mod sockets;
mod world;
mod ws_authorize;
mod ws_broadcast;
mod ws_connect;
mod ws_disconnect;
mod ws_message;
mod ws_ticket;
