//! The rules of Desk: tenants and their plans, people and their roles, sessions, and the setup of a tenant.
//!
//! Architecture invariant: pure. No AWS, no network, no clock; times and randomness are arguments.

pub mod id;
pub mod identity;
pub mod provision;
mod secret;
pub mod session;
pub mod tenancy;
mod text;
pub mod throttle;

pub use secret::Secret;
