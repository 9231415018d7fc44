//! Desk: tenants put a widget on their sites, and their people answer the visitors.
//!
//! `auth` says who asks and for which tenant. It alone grants access to a tenant's rows, which `store` keeps.

mod age_bounded_cache;
mod auth;
mod config;
#[cfg(test)]
mod contract;
mod extract;
mod live_channels;
pub mod routes;
mod services;
mod state;
mod store;
pub mod workers;

pub use state::{Part, State};
