//! What several functions of the carousel share.

pub(crate) mod books;
pub(crate) mod conversation_queue;
pub(crate) mod model;
pub(crate) mod telegram;
