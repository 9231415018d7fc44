//! Rooms: live chat rooms that start from a photo. Routes read and change rooms, `ws-message` posts messages, and
//! `ws-broadcast` delivers updates to all connections of a room.

mod config;
#[cfg(test)]
mod contract;
mod extract;
mod room_channels;
pub mod routes;
mod services;
mod state;
mod store;
#[cfg(test)]
mod testing;
pub mod workers;

pub use state::{Part, State};
