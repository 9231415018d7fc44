//! What several functions of the carousel share.

pub(crate) mod books;
pub(crate) mod conversation_queue;
pub(crate) mod operator;
pub(crate) mod telegram;
pub(crate) mod watched_queues;
