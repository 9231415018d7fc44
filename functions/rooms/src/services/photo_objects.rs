//! Where pictures lie, and addresses of them.

use std::time::Duration;

use confab_aws::Objects;
use confab_core::{PhotoId, Result};
use rooms_domain::PhotoView;

/// As long as a page is looked at.
const LINKS_LAST: Duration = Duration::from_secs(3600);

/// As it came from a stranger: nobody is shown it.
pub(crate) fn quarantine(photo: PhotoId) -> String {
    format!("quarantine/{photo}")
}

pub(crate) fn large(photo: PhotoId) -> String {
    format!("photos/{photo}/large.jpg")
}

pub(crate) fn small(photo: PhotoId) -> String {
    format!("photos/{photo}/small.jpg")
}

pub(crate) fn view(
    objects: &Objects,
    photo: PhotoId,
    size: (u32, u32),
    thumbhash: &str,
) -> Result<PhotoView> {
    Ok(PhotoView {
        url: objects.link(&large(photo), LINKS_LAST)?,
        small_url: objects.link(&small(photo), LINKS_LAST)?,
        width: size.0,
        height: size.1,
        thumbhash: thumbhash.to_owned(),
    })
}
