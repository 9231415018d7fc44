//! Wire form of updates, read leniently: a malformed field counts as absent.

use confab_provider_base::lenient::{Lenient, LenientString, LenientVec};
use serde::Deserialize;

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Message {
    pub(super) message_id: Lenient<i64>,
    pub(super) chat: Lenient<Chat>,
    pub(super) from: Lenient<User>,
    /// Zero in an `InaccessibleMessage`.
    pub(super) date: Lenient<i64>,
    pub(super) text: LenientString,
    pub(super) entities: LenientVec<Entity>,
    pub(super) caption: LenientString,
    pub(super) caption_entities: LenientVec<Entity>,
    pub(super) photo: LenientVec<PhotoSize>,
    pub(super) document: Lenient<Document>,
    pub(super) reply_to_message: Lenient<RepliedMessage>,
    pub(super) migrate_to_chat_id: Lenient<i64>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Chat {
    pub(super) id: Lenient<i64>,
    #[serde(rename = "type")]
    pub(super) kind: LenientString,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct User {
    pub(super) id: Lenient<i64>,
    pub(super) is_bot: Lenient<bool>,
    pub(super) first_name: LenientString,
    pub(super) language_code: LenientString,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct RepliedMessage {
    pub(super) message_id: Lenient<i64>,
}

/// A range of a text, in UTF-16 units.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Entity {
    #[serde(rename = "type")]
    pub(super) kind: LenientString,
    pub(super) offset: Lenient<usize>,
    pub(super) length: Lenient<usize>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct PhotoSize {
    pub(super) file_id: LenientString,
    pub(super) width: Lenient<u32>,
    pub(super) height: Lenient<u32>,
    pub(super) file_size: Lenient<u64>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Document {
    pub(super) file_id: LenientString,
    pub(super) mime_type: LenientString,
    pub(super) file_size: Lenient<u64>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct CallbackQuery {
    pub(super) id: LenientString,
    pub(super) from: Lenient<User>,
    pub(super) message: Lenient<Message>,
    pub(super) data: LenientString,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct MemberChange {
    pub(super) chat: Lenient<Chat>,
    pub(super) from: Lenient<User>,
    pub(super) date: Lenient<i64>,
    pub(super) old_chat_member: Lenient<Member>,
    pub(super) new_chat_member: Lenient<Member>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Member {
    pub(super) status: LenientString,
    /// Set for a restricted member only.
    pub(super) is_member: Lenient<bool>,
}
