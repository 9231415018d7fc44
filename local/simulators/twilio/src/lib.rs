//! Simulates the Messages API of Twilio, as much of it as WhatsApp needs.

mod access;
mod account;
mod api_error;
pub mod ids;
mod media;
mod messages;
mod routes;
mod sender;
mod twilio;
pub mod webhook;

pub use account::TwilioAccount;
pub use routes::routes;
pub use twilio::Twilio;
pub use webhook::PROVIDER;
