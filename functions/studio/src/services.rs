//! Parts that several routes or workers share.

pub(crate) mod astria;
pub(crate) mod catalog;
pub(crate) mod channels;
pub(crate) mod conversation_queue;
pub(crate) mod pack_refresh;
