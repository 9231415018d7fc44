//! The carousel: a webhook verifies and queues, one worker decides about a chat and talks to
//! Telegram, others write texts and draw slides.

pub mod config;
pub mod routes;
mod services;
pub mod state;
mod store;
pub mod workers;

pub use state::{Part, State};
