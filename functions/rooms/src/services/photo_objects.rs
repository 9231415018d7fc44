//! The objects of photos in the bucket, and the queue that has them analyzed.

use std::time::Duration;

use confab_aws::{Entry, Objects, Queue};
use confab_core::{CorrelationId, PhotoId, Result};
use rooms_domain::{PhotoJob, PhotoView};

/// How long a link to a photo is valid.
const LINK_TTL: Duration = Duration::from_secs(3600);

/// The key of an upload, which is never shown.
pub(crate) fn quarantine_key(photo: PhotoId) -> String {
    format!("quarantine/{photo}")
}

pub(crate) fn large_key(photo: PhotoId) -> String {
    format!("photos/{photo}/large.jpg")
}

pub(crate) fn small_key(photo: PhotoId) -> String {
    format!("photos/{photo}/small.jpg")
}

/// Presigns the links to a photo.
pub(crate) fn photo_view(
    objects: &Objects,
    photo: PhotoId,
    (width, height): (u32, u32),
    thumbhash: &str,
) -> Result<PhotoView> {
    Ok(PhotoView {
        url: objects.link(&large_key(photo), LINK_TTL)?,
        small_url: objects.link(&small_key(photo), LINK_TTL)?,
        width,
        height,
        thumbhash: thumbhash.to_owned(),
    })
}

/// Queues the analysis of an uploaded photo.
pub(crate) async fn queue_analysis(
    photos: &Queue,
    photo: PhotoId,
    correlation_id: CorrelationId,
) -> Result<()> {
    let job = PhotoJob::V1 { photo };
    photos.send(&[Entry::standard(&job, correlation_id)?]).await
}
