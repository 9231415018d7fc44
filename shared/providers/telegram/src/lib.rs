//! Telegram's Bot API.

mod update;
mod webhook;

pub use update::{
    Attachment, CallbackMessage, CallbackQuery, Chat, ChatKind, Command, MemberChange, Message,
    Person, Picture, Update, UpdateKind, parse,
};
pub use webhook::{SECRET_HEADER, is_valid_secret, verify};

/// The largest file that Telegram lets bots download.
pub const MAX_DOWNLOAD_BYTES: usize = 20 * 1024 * 1024;
