//! Simulated conversations: people, their messages and media, and how messages fail. The messaging
//! providers read and write them over their wire formats, and the phone shows them.

mod chat;
mod conversation;
mod delivery;
mod faults;
mod image_copy;
pub mod media;
pub mod messages;
pub mod people;
mod settings;

pub use chat::Chat;
pub use conversation::{
    Button, Content, ListRow, ListSection, Message, MessageStatus, Person, Sender,
};
pub use delivery::{RETRY_WINDOW_MS, mark_abandoned, mark_delivered};
pub use faults::{SendFault, SendFaults};
pub use image_copy::keep_image;
pub use media::Media;
pub use messages::{SendOptions, StoredMessage};
pub use people::NewPerson;
pub use settings::ChatSettings;
