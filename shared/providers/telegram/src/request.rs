//! Encodes a call: as JSON, or as a multipart form when it uploads files.

use std::fmt;

use reqwest::{
    RequestBuilder,
    header::CONTENT_TYPE,
    multipart::{Form, Part},
};
use serde_json::{Map, Value, json};

use crate::{Html, Method, ReplyMarkup, TelegramError};

/// A file to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InputFile {
    /// The id of a file that this bot has sent or received. It cannot become another kind of file.
    Id(String),
    Upload(Upload),
}

#[derive(Clone, PartialEq, Eq)]
pub struct Upload {
    /// The name that a document has for the person.
    pub file_name: String,
    pub mime_type: String,
    pub bytes: Vec<u8>,
}

/// A photo or document with its caption.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Media {
    pub file: InputFile,
    /// Empty for none.
    pub caption: Html,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MediaKind {
    Photo,
    Document,
}

const MAX_PHOTO_BYTES: usize = 10 * 1024 * 1024;
const MAX_DOCUMENT_BYTES: usize = 50 * 1024 * 1024;

impl fmt::Debug for Upload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Upload({}, {} bytes)", self.mime_type, self.bytes.len())
    }
}

impl MediaKind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Photo => "photo",
            Self::Document => "document",
        }
    }

    fn check(self, file: &InputFile) -> Result<(), TelegramError> {
        let max_bytes = match self {
            Self::Photo => MAX_PHOTO_BYTES,
            Self::Document => MAX_DOCUMENT_BYTES,
        };
        match file {
            InputFile::Id(id) if !is_file_id(id) => {
                Err(TelegramError::WrongFileId("not a file id".into()))
            }
            InputFile::Upload(upload) if !(1..=max_bytes).contains(&upload.bytes.len()) => {
                let reason = format!("a {} has 1 to {max_bytes} bytes", self.name());
                Err(TelegramError::invalid(reason))
            }
            _ => Ok(()),
        }
    }
}

/// Telegram reads a text with a dot as a URL, and one with a scheme as a path or an attachment.
pub(crate) fn is_file_id(id: &str) -> bool {
    let is_allowed = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
    !id.is_empty() && id.bytes().all(is_allowed)
}

pub(crate) struct Call {
    pub(crate) method: Method,
    fields: Map<String, Value>,
    uploads: Vec<(String, Upload)>,
}

impl Call {
    pub(crate) fn new(method: Method) -> Self {
        Self {
            method,
            fields: Map::new(),
            uploads: Vec::new(),
        }
    }

    pub(crate) fn is_upload(&self) -> bool {
        !self.uploads.is_empty()
    }

    pub(crate) fn field(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.fields.insert(name.to_owned(), value.into());
        self
    }

    pub(crate) fn text(
        self,
        name: &str,
        text: &Html,
        max_chars: usize,
    ) -> Result<Self, TelegramError> {
        text.check(max_chars)?;
        Ok(self.field(name, text.as_str()).field("parse_mode", "HTML"))
    }

    pub(crate) fn markup(self, markup: Option<&ReplyMarkup>) -> Result<Self, TelegramError> {
        Ok(match markup {
            Some(markup) => self.field("reply_markup", markup.json()?),
            None => self,
        })
    }

    /// Replies to a message, or to none when it was deleted.
    pub(crate) fn reply_to(self, message_id: Option<i64>) -> Self {
        match message_id {
            Some(id) => {
                let reply = json!({ "message_id": id, "allow_sending_without_reply": true });
                self.field("reply_parameters", reply)
            }
            None => self,
        }
    }

    /// Adds a file under the name of its kind.
    pub(crate) fn file(self, kind: MediaKind, file: InputFile) -> Result<Self, TelegramError> {
        kind.check(&file)?;
        Ok(match file {
            InputFile::Id(id) => self.field(kind.name(), id),
            InputFile::Upload(upload) => self.upload(kind.name().to_owned(), upload),
        })
    }

    /// Adds a file and returns the `InputMedia` that refers to it.
    pub(crate) fn media(
        self,
        kind: MediaKind,
        media: Media,
    ) -> Result<(Self, Value), TelegramError> {
        kind.check(&media.file)?;
        media.caption.check(crate::MAX_CAPTION_CHARS)?;
        let (call, reference) = match media.file {
            InputFile::Id(id) => (self, id),
            InputFile::Upload(upload) => {
                let name = format!("s{}", self.uploads.len() + 1);
                let reference = format!("attach://{name}");
                (self.upload(name, upload), reference)
            }
        };
        let mut input = json!({ "type": kind.name(), "media": reference });
        if !media.caption.is_empty() {
            input["caption"] = media.caption.as_str().into();
            input["parse_mode"] = "HTML".into();
        }
        Ok((call, input))
    }

    fn upload(mut self, name: String, upload: Upload) -> Self {
        self.uploads.push((name, upload));
        self
    }

    /// Puts the parameters into a request.
    pub(crate) fn encode(self, request: RequestBuilder) -> Result<RequestBuilder, TelegramError> {
        if self.uploads.is_empty() {
            let body = Value::Object(self.fields).to_string();
            return Ok(request.header(CONTENT_TYPE, "application/json").body(body));
        }
        let mut form = Form::new();
        for (name, value) in self.fields {
            let text = match value {
                Value::String(text) => text,
                value => value.to_string(),
            };
            form = form.text(name, text);
        }
        for (name, upload) in self.uploads {
            let part = Part::bytes(upload.bytes)
                .file_name(file_name(&upload.file_name))
                .mime_str(&upload.mime_type)
                .map_err(|_| TelegramError::invalid("not a media type"))?;
            form = form.part(name, part);
        }
        Ok(request.multipart(form))
    }
}

/// Replaces what Telegram's form parser takes for the end of a file name. Without any name the part
/// would be a text field.
fn file_name(name: &str) -> String {
    let is_unsafe = |c: char| c.is_control() || matches!(c, '"' | ';' | '\\' | '/');
    let name = name.replace(is_unsafe, "_");
    if name.trim().is_empty() {
        return "file".to_owned();
    }
    name
}
