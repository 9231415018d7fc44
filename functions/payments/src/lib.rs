//! Payments: one ledger for every product.
//!
//! A webhook verifies a provider's notice and queues it. A worker reads the provider's snapshot of
//! the order, books it, and publishes events for the products.

mod config;
pub mod routes;
mod services;
mod state;
mod store;
pub mod workers;

pub use state::{Part, State};
