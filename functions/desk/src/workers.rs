//! Workers of queues, sockets and schedules, a file for each function.

pub mod desk_due;
pub mod desk_files;
pub mod desk_mail;
pub mod desk_operator;
pub mod desk_provision;
pub mod desk_sweep;
pub mod desk_ws_authorize;
pub mod desk_ws_broadcast;
pub mod desk_ws_message;
pub mod desk_ws_presence;
