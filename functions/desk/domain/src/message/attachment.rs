//! Files of a message. They are uploaded before the message is posted.

use confab_core::{Error, Kind, Result, length};
use serde::{Deserialize, Serialize};

use crate::text::clean_line;

pub const MAX_ATTACHMENTS: usize = 5;
pub const MAX_ATTACHMENT_BYTES: u64 = 10 * 1024 * 1024;
const MAX_FILE_NAME_CHARS: usize = 120;
const MAX_UPLOAD_ID_CHARS: usize = 64;

/// Media types that may be attached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "contract", derive(ts_rs::TS, utoipa::ToSchema))]
pub enum MediaType {
    #[serde(rename = "image/jpeg")]
    Jpeg,
    #[serde(rename = "image/png")]
    Png,
    #[serde(rename = "image/webp")]
    Webp,
    #[serde(rename = "application/pdf")]
    Pdf,
    #[serde(rename = "text/plain")]
    Text,
}

impl MediaType {
    pub const ALL: [Self; 5] = [Self::Jpeg, Self::Png, Self::Webp, Self::Pdf, Self::Text];

    pub fn name(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::Webp => "image/webp",
            Self::Pdf => "application/pdf",
            Self::Text => "text/plain",
        }
    }

    /// Parses a media type without its parameters, such as the charset.
    pub fn parse(text: &str) -> Option<Self> {
        let name = text.split(';').next().unwrap_or_default().trim();
        Self::ALL
            .into_iter()
            .find(|mime| mime.name().eq_ignore_ascii_case(name))
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "contract", derive(ts_rs::TS, utoipa::ToSchema))]
pub struct Attachment {
    /// Names the uploaded object.
    pub upload_id: String,
    pub name: String,
    pub mime: MediaType,
    pub bytes: u64,
}

impl Attachment {
    pub fn parse(upload_id: &str, name: &str, mime: &str, bytes: u64) -> Result<Self> {
        let is_plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-');
        if !(1..=MAX_UPLOAD_ID_CHARS).contains(&upload_id.len()) || !upload_id.bytes().all(is_plain)
        {
            return Err(Error::invalid(
                "bad_upload_id",
                "The upload id is not valid.",
            ));
        }
        let mime = MediaType::parse(mime).ok_or_else(|| {
            let message = "Images, PDF documents and plain text can be attached.";
            Error::new(Kind::Unprocessable, "bad_media_type", message)
        })?;
        if bytes == 0 {
            return Err(Error::invalid(
                "empty_file",
                "An attached file cannot be empty.",
            ));
        }
        if bytes > MAX_ATTACHMENT_BYTES {
            return Err(Error::too_large("An attached file can have at most 10 MB."));
        }
        Ok(Self {
            upload_id: upload_id.to_owned(),
            name: parse_file_name(name)?,
            mime,
            bytes,
        })
    }
}

/// Keeps the last part of a path, because browsers may send the folder too.
fn parse_file_name(text: &str) -> Result<String> {
    let line = clean_line(text);
    let name = line.rsplit(['/', '\\']).next().unwrap_or_default().trim();
    let is_dots = name.bytes().all(|b| b == b'.');
    if is_dots || length(name) > MAX_FILE_NAME_CHARS {
        return Err(Error::invalid(
            "bad_file_name",
            "A file name has 1 to 120 characters.",
        ));
    }
    Ok(name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(upload_id: &str, name: &str, mime: &str, bytes: u64) -> String {
        Attachment::parse(upload_id, name, mime, bytes)
            .unwrap_err()
            .code()
            .to_owned()
    }

    #[test]
    fn file_names_lose_their_folders_and_direction_marks() {
        let name = |text| {
            Attachment::parse("u1", text, "text/plain; charset=utf-8", 1)
                .unwrap()
                .name
        };
        assert_eq!(name("../../etc/passwd"), "passwd");
        assert_eq!(name("C:\\fakepath\\bill.pdf"), "bill.pdf");
        assert_eq!(name("gpj\u{202e}.exe"), "gpj.exe");
    }

    #[test]
    fn files_of_other_types_and_sizes_are_refused() {
        assert!(Attachment::parse("u-1_A", "a.png", "IMAGE/PNG", MAX_ATTACHMENT_BYTES).is_ok());
        assert_eq!(code("u1", "a.svg", "image/svg+xml", 1), "bad_media_type");
        assert_eq!(code("u1", "a.html", "text/html", 1), "bad_media_type");
        assert_eq!(code("u1", "a.png", "image/png", 0), "empty_file");
        assert_eq!(
            code("u1", "a.png", "image/png", MAX_ATTACHMENT_BYTES + 1),
            "too_large"
        );
        assert_eq!(code("../u1", "a.png", "image/png", 1), "bad_upload_id");
        assert_eq!(code("", "a.png", "image/png", 1), "bad_upload_id");
        for name in ["", " ", "..", "a/", &"x".repeat(121)] {
            assert_eq!(code("u1", name, "image/png", 1), "bad_file_name", "{name}");
        }
    }

    #[test]
    fn media_types_keep_their_names_on_the_wire() {
        for mime in MediaType::ALL {
            assert_eq!(serde_json::to_value(mime).unwrap(), mime.name());
        }
    }
}
