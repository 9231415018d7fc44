//! One module for each function that a queue or the WebSocket API invokes.

pub mod photo_look;
pub mod rooms_paid;
pub mod ws_authorize;
pub mod ws_broadcast;
pub mod ws_connect;
pub mod ws_disconnect;
pub mod ws_message;
