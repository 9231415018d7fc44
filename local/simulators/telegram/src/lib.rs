//! Simulates Telegram: its Bot API as a server answers it, its webhooks with their queues and
//! retries, and the people and groups that write to the bot.

mod account;
mod album;
mod api;
mod api_error;
mod calls;
mod chat_methods;
mod chats;
mod connect;
mod control;
mod control_settings;
mod delivery;
mod download;
mod edit;
mod faults;
mod files;
mod flood;
mod groups;
mod html;
mod keyboard;
mod media;
mod messages;
mod method;
mod params;
mod person_actions;
mod photo_sizes;
mod routes;
mod send;
mod settings;
mod stream;
mod tables;
mod telegram;
mod text;
mod unit;
mod updates;
mod webhook;

pub use account::TelegramAccount;
pub use delivery::run_delivery;
pub use routes::routes;
pub use telegram::Telegram;
