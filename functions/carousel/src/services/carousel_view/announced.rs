//! What the operator's server is told of a finished carousel: no chat, no owner and no cost.

use carousel_domain::CarouselId;
use confab_core::{Timestamp, after};
use serde::Serialize;

use super::{Detail, LINK_VALIDITY, PageView};

/// A finished carousel with links to its pictures.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AnnouncedCarousel {
    id: CarouselId,
    revision: u32,
    title: Option<String>,
    caption: Option<String>,
    hashtags: Vec<String>,
    language: &'static str,
    template: &'static str,
    format: &'static str,
    slides: Vec<AnnouncedSlide>,
    links_end_at: Timestamp,
}

#[derive(Debug, Serialize)]
struct AnnouncedSlide {
    number: u8,
    alt: String,
    png: Option<String>,
    jpg: Option<String>,
}

impl Detail {
    /// Returns what is announced. The links were made at `linked_at`.
    pub(crate) fn announced(self, linked_at: Timestamp) -> AnnouncedCarousel {
        let end = after(linked_at, LINK_VALIDITY);
        // S3 counts whole seconds.
        let end = Timestamp::from_second(end.as_second()).unwrap_or(end);
        AnnouncedCarousel {
            id: self.card.id,
            revision: self.card.revision,
            title: self.card.title,
            caption: self.caption,
            hashtags: self.hashtags,
            language: self.card.language,
            template: self.card.template,
            format: self.card.format,
            slides: self.pages.into_iter().map(AnnouncedSlide::from).collect(),
            links_end_at: end,
        }
    }
}

impl From<PageView> for AnnouncedSlide {
    fn from(page: PageView) -> Self {
        Self {
            number: page.number,
            alt: page.alt,
            png: page.png,
            jpg: page.jpg,
        }
    }
}
