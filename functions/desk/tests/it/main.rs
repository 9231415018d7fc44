//! In-process tests of the functions of Desk, a file for each. `world.rs` has the cloud.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a state that cannot start fails the test"
)]

mod authorization;
mod bots;
mod desk_chatbots;
mod desk_chatbots_deploy;
mod desk_chatbots_faults;
mod desk_contacts;
mod desk_conversations;
mod desk_conversations_faults;
mod desk_conversations_lists;
mod desk_due;
mod desk_files;
mod desk_login;
mod desk_mail;
mod desk_members;
mod desk_messages;
mod desk_operator;
mod desk_provision;
mod desk_sessions;
mod desk_settings;
mod desk_sweep;
mod desk_tenants;
mod desk_trust;
mod desk_widget;
mod desk_widget_sessions;
mod desk_ws_authorize;
mod desk_ws_broadcast;
mod desk_ws_hello;
mod desk_ws_message;
mod desk_ws_presence;
mod desk_ws_ticket;
mod docs;
mod people;
mod planted_bugs;
mod sockets;
mod talk;
mod tenant_isolation;
mod tenants;
mod workspace;
mod world;
