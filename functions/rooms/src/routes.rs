//! One module for each function of the HTTP API.

pub mod chat_join;
pub mod chat_messages;
pub mod chat_offers;
pub mod chat_people;
pub mod chats;
pub mod photo_analysis;
pub mod photo_upload;
pub mod rooms_health;
pub mod rooms_sessions;
pub mod ws_ticket;
