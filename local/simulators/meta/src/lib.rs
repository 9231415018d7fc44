//! Simulates the Graph API of Meta, as much of it as the Cloud API for WhatsApp needs.

mod access;
mod account;
mod api_error;
pub mod ids;
mod media;
mod meta;
mod routes;
mod send;
mod send_request;
mod sender;
mod verification;
pub mod webhook;

pub use account::MetaAccount;
pub use meta::Meta;
pub use routes::routes;
pub use verification::verify_webhook;
pub use webhook::PROVIDER;
