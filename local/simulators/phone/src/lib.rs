//! Simulates people with phones: their chats, the messages that they send through Meta and Twilio,
//! and the settings of both.

mod new_message;
mod people;
mod phone;
mod provider_settings;
mod routes;
mod sent;
mod stream;

pub use phone::Phone;
pub use routes::routes;
