//! What calls return.

use confab_provider_base::lenient::{Lenient, LenientVec};
use serde::Deserialize;

/// A message of ours.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "SentMessage")]
pub struct Sent {
    pub message_id: i64,
    /// The id of its photo or document, with which the file is sent again without an upload.
    pub file_id: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Edited {
    Changed(Sent),
    /// The message already looked like this: an earlier attempt has succeeded.
    Unchanged,
}

/// The bot itself.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Bot {
    pub id: i64,
    pub first_name: String,
    pub username: String,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct WebhookInfo {
    /// Empty without a webhook.
    pub url: String,
    pub has_custom_certificate: bool,
    pub pending_update_count: i64,
    pub ip_address: Option<String>,
    /// In Unix seconds.
    pub last_error_date: Option<i64>,
    pub last_error_message: Option<String>,
    pub max_connections: Option<i64>,
    pub allowed_updates: Vec<String>,
}

#[derive(Deserialize)]
pub(crate) struct FileLocation {
    pub(crate) file_path: Option<String>,
    pub(crate) file_size: Option<u64>,
}

#[derive(Deserialize)]
struct SentMessage {
    message_id: i64,
    #[serde(default)]
    photo: LenientVec<SentFile>,
    #[serde(default)]
    document: Lenient<SentFile>,
}

#[derive(Deserialize)]
struct SentFile {
    file_id: String,
    #[serde(default)]
    width: u64,
    #[serde(default)]
    height: u64,
}

impl From<SentMessage> for Sent {
    fn from(message: SentMessage) -> Self {
        let photo = message.photo.items.into_iter();
        let largest = photo.max_by_key(|size| size.width.saturating_mul(size.height));
        let file = largest.or(message.document.0);
        Self {
            message_id: message.message_id,
            file_id: file.map(|file| file.file_id),
        }
    }
}
