//! Slides whose sizes are decided, and what identifies their pictures.

use std::sync::LazyLock;

use carousel_domain::{Language, Look, Slide, SlideKind};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::page::Page;
use crate::scale::Scale;
use crate::text::Cut;

/// Sizes in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TextSizes {
    /// Of the title, or of a quote's words.
    pub title: u32,
    pub body: u32,
}

impl TextSizes {
    pub(crate) fn greatest(scale: Scale) -> Self {
        Self {
            title: scale.title,
            body: scale.body,
        }
    }

    pub(crate) fn min(self, other: Self) -> Self {
        Self {
            title: self.title.min(other.title),
            body: self.body.min(other.body),
        }
    }
}

/// The sizes of a carousel. All its content slides share one, so that pages do not jump.
///
/// Keep them with the carousel: a slide that is edited later is planned with them and leaves the others unchanged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sizes {
    pub cover: TextSizes,
    pub content: TextSizes,
    pub quote: TextSizes,
}

impl Sizes {
    pub fn of(&self, kind: SlideKind) -> TextSizes {
        match kind {
            SlideKind::Title => self.cover,
            SlideKind::Quote => self.quote,
            SlideKind::Principle | SlideKind::Concept | SlideKind::Summary => self.content,
        }
    }

    pub(crate) fn of_mut(&mut self, kind: SlideKind) -> &mut TextSizes {
        match kind {
            SlideKind::Title => &mut self.cover,
            SlideKind::Quote => &mut self.quote,
            SlideKind::Principle | SlideKind::Concept | SlideKind::Summary => &mut self.content,
        }
    }
}

/// One slide of a carousel and its place there.
#[derive(Debug, Clone, Copy)]
pub struct SlideRequest<'a> {
    pub slide: &'a Slide,
    pub look: &'a Look,
    pub language: Language,
    /// From 1.
    pub number: usize,
    pub count: usize,
    pub sizes: Sizes,
}

/// A slide that can be drawn.
#[derive(Debug, Clone)]
pub struct PlannedSlide {
    pub(crate) page: Page,
    pub(crate) cuts: Vec<Cut>,
    pub(crate) uncovered: Vec<char>,
}

impl PlannedSlide {
    /// Texts that did not fit in any size.
    pub fn cuts(&self) -> &[Cut] {
        &self.cuts
    }

    /// Characters that no font of the pack has. They are left out.
    pub fn uncovered(&self) -> &[char] {
        &self.uncovered
    }

    /// The sizes of this slide: the carousel's, or smaller ones when it needs them.
    pub fn sizes(&self) -> TextSizes {
        self.page.sizes
    }
}

/// Names the version of everything that decides a picture. Changes with every edit of these sources.
pub fn version() -> &'static str {
    static VERSION: LazyLock<String> = LazyLock::new(|| {
        let sources = [
            include_str!("color.rs"),
            include_str!("fit.rs"),
            include_str!("page.rs"),
            include_str!("palette.rs"),
            include_str!("scale.rs"),
            include_str!("script.rs"),
            include_str!("style.rs"),
            include_str!("templates.rs"),
            include_str!("text.rs"),
        ];
        let templates = hex_digest(&sources.map(str::as_bytes));
        format!(
            "templates {} fonts {} {RENDERER_VERSION}",
            &templates[..16],
            carousel_fonts::VERSION
        )
    });
    &VERSION
}

/// Equals the versions that Cargo.toml pins.
pub const RENDERER_VERSION: &str = "takumi 2.19.0 takumi-pdf 0.19.0";

fn hex_digest(parts: &[&[u8]]) -> String {
    let mut digest = Sha256::new();
    for part in parts {
        digest.update(part);
    }
    digest
        .finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The carousel names its files by this version without linking fonts. After a change of what decides pixels, write
    /// the left value into the domain.
    #[test]
    fn carousels_name_their_files_by_this_version() {
        let version = hex_digest(&[version().as_bytes()]);
        assert_eq!(version[..16], *carousel_domain::RENDERER_VERSION);
    }

    #[test]
    fn renderer_version_is_the_pinned_one() {
        let manifest = include_str!("../../../../Cargo.toml");
        for part in RENDERER_VERSION.split(" takumi-pdf ") {
            let number = part.trim_start_matches("takumi ");
            assert!(
                manifest.contains(&format!("version = \"={number}\"")),
                "{number}"
            );
        }
    }
}
