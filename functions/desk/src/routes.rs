//! The routes of Desk, a file for each function.

pub mod desk_chatbots;
pub mod desk_contacts;
pub mod desk_conversations;
pub mod desk_health;
pub mod desk_login;
pub mod desk_members;
pub mod desk_messages;
pub mod desk_sessions;
pub mod desk_settings;
pub mod desk_tenants;
pub mod desk_trust;
pub mod desk_widget;
pub mod desk_ws_ticket;
