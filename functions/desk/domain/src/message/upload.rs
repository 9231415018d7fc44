//! Uploaded files: checked before they are attached, attached to one message, and seen by its readers.

use std::time::Duration;

use confab_core::{Error, Kind, Result, Timestamp, after};
use serde::{Deserialize, Serialize};

use super::{Attachment, Author, MediaType};
use crate::UploadId;

/// How long an upload may wait for its message.
pub const UPLOAD_TTL: Duration = Duration::from_secs(2 * 86_400);

/// Why a file is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "contract", derive(ts_rs::TS, utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum UploadRefusal {
    /// The content is not of the type that was announced.
    WrongType,
    /// A picture with too many pixels.
    TooLarge,
    /// The check failed at each attempt.
    Unreadable,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "contract", derive(ts_rs::TS, utoipa::ToSchema))]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum UploadState {
    /// It is uploaded, or not yet checked.
    Waiting,
    Ready,
    Refused {
        code: UploadRefusal,
    },
}

/// The message that a file belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct UploadMessage {
    pub seq: u64,
    pub is_note: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Upload {
    pub id: UploadId,
    /// The key of the author who uploads it.
    pub author: String,
    pub file: Attachment,
    pub state: UploadState,
    #[serde(default)]
    pub message: Option<UploadMessage>,
    pub created_at: Timestamp,
    pub version: u64,
}

impl Upload {
    /// Announces a file.
    pub fn new(
        id: UploadId,
        (name, mime, bytes): (&str, &str, u64),
        author: &Author,
        now: Timestamp,
    ) -> Result<Self> {
        Ok(Self {
            id,
            author: author.key(),
            file: Attachment::parse(&id.to_string(), name, mime, bytes)?,
            state: UploadState::Waiting,
            message: None,
            created_at: now,
            version: 1,
        })
    }

    /// Records that the content was found good. It may have been encoded anew.
    pub fn accept(&self, mime: MediaType, bytes: u64) -> Self {
        if self.state != UploadState::Waiting {
            return self.clone();
        }
        let file = Attachment {
            mime,
            bytes,
            ..self.file.clone()
        };
        Self {
            file,
            state: UploadState::Ready,
            version: self.version + 1,
            ..self.clone()
        }
    }

    pub fn refuse(&self, code: UploadRefusal) -> Self {
        if self.state != UploadState::Waiting {
            return self.clone();
        }
        Self {
            state: UploadState::Refused { code },
            version: self.version + 1,
            ..self.clone()
        }
    }

    /// Returns the attachment of a new message by an author. A file belongs to one message.
    pub fn attachment_for(&self, author: &Author) -> Result<Attachment> {
        if self.author != author.key() {
            return Err(Error::not_found("file"));
        }
        if self.message.is_some() {
            let message = "This file belongs to another message.";
            return Err(Error::conflict("file_used", message));
        }
        match self.state {
            UploadState::Ready => Ok(self.file.clone()),
            UploadState::Waiting => Err(Error::conflict(
                "file_not_ready",
                "This file is still being checked.",
            )),
            UploadState::Refused { .. } => Err(Error::new(
                Kind::Unprocessable,
                "file_refused",
                "This file cannot be attached.",
            )),
        }
    }

    /// Attaches the file to the message that is posted with it.
    pub fn attach(&self, author: &Author, message: UploadMessage) -> Result<Self> {
        self.attachment_for(author)?;
        Ok(Self {
            message: Some(message),
            version: self.version + 1,
            ..self.clone()
        })
    }

    /// Whether a reader of the conversation sees the file: its author, and those who see its message.
    pub fn is_seen_by(&self, reader: &Author) -> bool {
        let is_visitor = matches!(reader, Author::Visitor { .. });
        let is_shown = |message: UploadMessage| !(message.is_note && is_visitor);
        self.author == reader.key() || self.message.is_some_and(is_shown)
    }

    /// Returns when a file without a message is deleted.
    pub fn expires_at(&self) -> Option<Timestamp> {
        let is_attached = self.message.is_some();
        (!is_attached).then(|| after(self.created_at, UPLOAD_TTL))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conversation::tests::{agent, at, visitor};

    fn upload() -> Upload {
        let id = UploadId::new(at(0), &|| [5; 10]);
        Upload::new(id, ("bill.png", "image/png", 900), &visitor(), at(0)).unwrap()
    }

    fn code<T>(outcome: Result<T>) -> String {
        let error = outcome.err().unwrap();
        error.code().to_owned()
    }

    #[test]
    fn file_is_attached_once_by_its_author_after_the_check() {
        let message = UploadMessage {
            seq: 3,
            is_note: false,
        };
        let waiting = upload();
        assert_eq!(code(waiting.attach(&visitor(), message)), "file_not_ready");
        let ready = waiting.accept(MediaType::Jpeg, 700);
        assert_eq!((ready.file.mime, ready.file.bytes), (MediaType::Jpeg, 700));
        assert_eq!(code(ready.attach(&agent(1), message)), "file_not_found");
        let attached = ready.attach(&visitor(), message).unwrap();
        assert_eq!(attached.version, ready.version + 1);
        assert_eq!(code(attached.attach(&visitor(), message)), "file_used");
        let refused = waiting.refuse(UploadRefusal::WrongType);
        assert_eq!(code(refused.attachment_for(&visitor())), "file_refused");
    }

    #[test]
    fn first_verdict_counts() {
        let ready = upload().accept(MediaType::Png, 900);
        assert_eq!(ready.refuse(UploadRefusal::TooLarge), ready);
        let refused = upload().refuse(UploadRefusal::TooLarge);
        assert_eq!(refused.accept(MediaType::Png, 900), refused);
    }

    #[test]
    fn files_are_seen_with_their_messages_and_expire_without_one() {
        let note = UploadMessage {
            seq: 3,
            is_note: true,
        };
        let id = UploadId::new(at(0), &|| [5; 10]);
        let file = ("bill.pdf", "application/pdf", 900);
        let upload = Upload::new(id, file, &agent(1), at(0)).unwrap();
        let ready = upload.accept(MediaType::Pdf, 900);
        assert!(ready.is_seen_by(&agent(1)));
        assert!(!ready.is_seen_by(&agent(2)) && !ready.is_seen_by(&visitor()));
        assert_eq!(ready.expires_at(), Some(at(2 * 86_400)));
        let noted = ready.attach(&agent(1), note).unwrap();
        assert!(noted.is_seen_by(&agent(2)) && !noted.is_seen_by(&visitor()));
        assert_eq!(noted.expires_at(), None);
        let message = UploadMessage {
            is_note: false,
            ..note
        };
        let posted = ready.attach(&agent(1), message).unwrap();
        assert!(posted.is_seen_by(&visitor()));
    }

    #[test]
    fn stored_upload_is_read_back() {
        let stored = serde_json::to_value(upload().refuse(UploadRefusal::WrongType)).unwrap();
        assert_eq!(stored["state"]["code"], "wrong_type");
        let read: Upload = serde_json::from_value(stored).unwrap();
        assert_eq!(read, upload().refuse(UploadRefusal::WrongType));
    }
}
