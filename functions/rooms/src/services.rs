//! Steps that several routes or workers share.

pub(crate) mod broadcasts;
pub(crate) mod checkout;
pub(crate) mod gap_repair;
pub(crate) mod photo_model;
pub(crate) mod photo_objects;
pub(crate) mod post_message;
pub(crate) mod presence;
pub(crate) mod refunds;
pub(crate) mod room_access;
pub(crate) mod room_views;
pub(crate) mod session_auth;
pub(crate) mod tickets;
