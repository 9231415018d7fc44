//! Steps that several routes or workers share.

pub(crate) mod photo_objects;
pub(crate) mod post_message;
pub(crate) mod presence;
pub(crate) mod session_auth;
