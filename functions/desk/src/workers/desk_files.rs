//! Checks uploads: pictures are decoded within bounds and encoded anew without metadata, PDF documents and texts are
//! compared with their announced type. Nothing is searched for malware.

use std::sync::Arc;

use confab_core::Result;
use confab_lambda::{QueueMessage, metrics};
use confab_pictures::{Kind, Picture, Refusal, Size, Wanted};
use desk_domain::{MAX_ATTACHMENT_BYTES, MediaType, Upload, UploadRefusal, UploadState};

use crate::{
    auth::TenantGrant,
    services::attachments::FileJob,
    state::{Part, State},
};

pub const PARTS: &[Part] = &[Part::Store, Part::Objects];

/// About four megapixels.
const PICTURE: Wanted = Wanted {
    shorter_side: 1,
    within: Size::square(2_048),
};
const JPEG_QUALITY: u8 = 85;
/// An upload that crashes the process is given up.
const MAX_RECEIVES: u32 = 3;

pub async fn handle(state: Arc<State>, job: QueueMessage<FileJob>) -> Result<()> {
    let (objects, file) = (state.objects()?, job.body);
    let tenant = state.store()?.tenant(TenantGrant::of_job(&file));
    let Some(upload) = tenant.find_upload(file.conversation, file.upload).await? else {
        return Ok(());
    };
    if upload.state != UploadState::Waiting {
        return objects.delete(&file.quarantine_key()).await;
    }
    let checked = if job.receives > MAX_RECEIVES {
        Err(UploadRefusal::Unreadable)
    } else {
        // Before the upload there is nothing to check. The client asks again.
        let Some(bytes) = objects.get(&file.quarantine_key()).await? else {
            return Ok(());
        };
        check(upload.file.mime, bytes)
    };
    let verdict = match checked {
        Ok(content) => {
            let CheckedFile { mime, bytes } = content;
            let length = bytes.len() as u64;
            objects.put(&file.file_key(), mime.name(), bytes).await?;
            upload.accept(mime, length)
        }
        Err(code) => refuse(&upload, code),
    };
    // A copy of the job that was faster has written the same verdict.
    tenant
        .save_upload(file.conversation, &verdict, upload.version)
        .await?;
    objects.delete(&file.quarantine_key()).await
}

fn refuse(upload: &Upload, code: UploadRefusal) -> Upload {
    let reason = match code {
        UploadRefusal::WrongType => "wrong_type",
        UploadRefusal::TooLarge => "too_large",
        UploadRefusal::Unreadable => "unreadable",
    };
    metrics::count("FileRefused", reason);
    upload.refuse(code)
}

/// Content that may be shown.
struct CheckedFile {
    mime: MediaType,
    bytes: Vec<u8>,
}

fn check(mime: MediaType, bytes: Vec<u8>) -> Result<CheckedFile, UploadRefusal> {
    if bytes.len() as u64 > MAX_ATTACHMENT_BYTES {
        return Err(UploadRefusal::TooLarge);
    }
    match mime {
        MediaType::Jpeg | MediaType::Png | MediaType::Webp => check_picture(mime, &bytes),
        MediaType::Pdf if Kind::of(&bytes) == Some(Kind::Pdf) => Ok(CheckedFile { mime, bytes }),
        MediaType::Text if is_text(&bytes) => Ok(CheckedFile { mime, bytes }),
        MediaType::Pdf | MediaType::Text => Err(UploadRefusal::WrongType),
    }
}

/// Drawings stay PNG, unless they are photos that would be huge.
fn check_picture(mime: MediaType, bytes: &[u8]) -> Result<CheckedFile, UploadRefusal> {
    let picture = Picture::read(bytes, &PICTURE).map_err(|refusal| match refusal {
        Refusal::TooManyPixels(_) => UploadRefusal::TooLarge,
        _ => UploadRefusal::WrongType,
    })?;
    if mime == MediaType::Png {
        let png = picture.png();
        if png.len() as u64 <= MAX_ATTACHMENT_BYTES {
            return Ok(CheckedFile { mime, bytes: png });
        }
    }
    Ok(CheckedFile {
        mime: MediaType::Jpeg,
        bytes: picture.jpeg(JPEG_QUALITY),
    })
}

/// A text is UTF-8 without control characters that no text has.
fn is_text(bytes: &[u8]) -> bool {
    let is_odd = |c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t' | '\u{c}');
    str::from_utf8(bytes).is_ok_and(|text| !text.contains(is_odd))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(mime: MediaType, bytes: &[u8]) -> UploadRefusal {
        check(mime, bytes.to_vec()).err().unwrap()
    }

    #[test]
    fn content_must_be_of_the_announced_type() {
        assert!(check(MediaType::Text, "שלום\n".into()).is_ok());
        assert!(check(MediaType::Pdf, b"%PDF-1.7 ..".to_vec()).is_ok());
        assert_eq!(refusal(MediaType::Pdf, b"<html>"), UploadRefusal::WrongType);
        assert_eq!(refusal(MediaType::Text, b"a\0b"), UploadRefusal::WrongType);
        assert_eq!(
            refusal(MediaType::Text, b"\xff\xfe"),
            UploadRefusal::WrongType
        );
        assert_eq!(
            refusal(MediaType::Png, b"%PDF-1.7"),
            UploadRefusal::WrongType
        );
        let large = vec![b'x'; MAX_ATTACHMENT_BYTES as usize + 1];
        assert_eq!(refusal(MediaType::Text, &large), UploadRefusal::TooLarge);
    }
}
