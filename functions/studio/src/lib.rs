//! The WhatsApp photo studio: webhooks verify and queue, one worker decides about a conversation,
//! others review selfies, make photos and clean up.

pub mod config;
pub mod routes;
mod services;
pub mod state;
mod store;
pub mod workers;

pub use state::{Part, State};
