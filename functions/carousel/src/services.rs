//! What several functions of the carousel share.

pub(crate) mod books;
pub(crate) mod carousel_view;
pub(crate) mod conversation_queue;
pub(crate) mod model;
pub(crate) mod render_jobs;
pub(crate) mod requests;
pub(crate) mod telegram;
pub(crate) mod watched_queues;
pub(crate) mod webhook_receiver;
