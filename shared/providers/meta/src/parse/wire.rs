//! Wire form of Meta's webhooks, read leniently: a malformed field counts as absent.

use confab_provider_base::lenient::{Lenient, LenientString, LenientVec};
use serde::Deserialize;

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Envelope {
    pub(super) object: LenientString,
    pub(super) entry: LenientVec<Entry>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Entry {
    pub(super) changes: LenientVec<Change>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Change {
    pub(super) field: LenientString,
    pub(super) value: Lenient<ChangeValue>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct ChangeValue {
    pub(super) metadata: Lenient<Metadata>,
    pub(super) contacts: LenientVec<Contact>,
    pub(super) messages: LenientVec<Message>,
    pub(super) statuses: LenientVec<MessageStatus>,
    pub(super) errors: LenientVec<ApiError>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Metadata {
    pub(super) phone_number_id: LenientString,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Contact {
    pub(super) profile: Lenient<Profile>,
    pub(super) wa_id: LenientString,
    pub(super) user_id: LenientString,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Profile {
    pub(super) name: LenientString,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Message {
    pub(super) id: LenientString,
    pub(super) from: LenientString,
    pub(super) from_user_id: LenientString,
    pub(super) timestamp: LenientString,
    #[serde(rename = "type")]
    pub(super) kind: LenientString,
    pub(super) context: Lenient<Context>,
    pub(super) text: Lenient<TextBody>,
    pub(super) image: Lenient<FileBody>,
    pub(super) video: Lenient<FileBody>,
    pub(super) audio: Lenient<FileBody>,
    pub(super) document: Lenient<FileBody>,
    pub(super) sticker: Lenient<FileBody>,
    pub(super) button: Lenient<TemplateButton>,
    pub(super) interactive: Lenient<Interactive>,
    pub(super) reaction: Lenient<Reaction>,
    pub(super) system: Lenient<System>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Context {
    pub(super) id: LenientString,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct TextBody {
    pub(super) body: LenientString,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct FileBody {
    pub(super) id: LenientString,
    pub(super) mime_type: LenientString,
    pub(super) sha256: LenientString,
    pub(super) caption: LenientString,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct TemplateButton {
    pub(super) payload: LenientString,
    pub(super) text: LenientString,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Interactive {
    #[serde(rename = "type")]
    pub(super) kind: LenientString,
    pub(super) button_reply: Lenient<Reply>,
    pub(super) list_reply: Lenient<Reply>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Reply {
    pub(super) id: LenientString,
    pub(super) title: LenientString,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Reaction {
    pub(super) message_id: LenientString,
    pub(super) emoji: LenientString,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct System {
    #[serde(rename = "type")]
    pub(super) kind: LenientString,
    pub(super) wa_id: LenientString,
    pub(super) new_wa_id: LenientString,
    pub(super) user_id: LenientString,
}

/// A delivery status of one of our messages.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct MessageStatus {
    pub(super) id: LenientString,
    pub(super) status: LenientString,
    pub(super) timestamp: LenientString,
    pub(super) recipient_id: LenientString,
    pub(super) recipient_user_id: LenientString,
    pub(super) biz_opaque_callback_data: LenientString,
    pub(super) pricing: Lenient<Pricing>,
    pub(super) errors: LenientVec<ApiError>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Pricing {
    pub(super) billable: Lenient<bool>,
    pub(super) category: LenientString,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct ApiError {
    pub(super) code: LenientString,
    pub(super) title: LenientString,
    pub(super) message: LenientString,
}
