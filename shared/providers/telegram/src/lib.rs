//! Telegram's Bot API.
//!
//! It has no idempotency key and cannot be asked whether a message was sent: see
//! [`TelegramError::Unknown`].

mod album;
mod client;
mod error;
mod html;
mod keyboard;
mod method;
mod objects;
mod request;
mod update;
mod webhook;

pub use album::{MAX_ALBUM_ITEMS, album_sizes};
pub use client::{
    BotCommand, CallbackAnswer, ChatAction, MessageRef, NewAlbum, NewFile, NewMessage, Telegram,
    TelegramConfig, bot_id,
};
pub use error::TelegramError;
pub use html::{Html, MAX_CAPTION_CHARS, MAX_TEXT_CHARS, escape_html};
pub use keyboard::{Action, Button, ForceReply, InlineKeyboard, ReplyMarkup, fits_copy_button};
pub use method::Method;
pub use objects::{Bot, Edited, Sent, WebhookInfo};
pub use request::{InputFile, Media, MediaKind, Upload};
pub use update::{
    Attachment, CallbackMessage, CallbackQuery, Chat, ChatKind, Command, MemberChange, Message,
    Person, Picture, Update, UpdateKind, parse,
};
pub use webhook::{SECRET_HEADER, is_valid_secret, verify};

/// The largest file that Telegram lets bots download.
pub const MAX_DOWNLOAD_BYTES: usize = 20 * 1024 * 1024;
