//! The type scale: how large a template sets its texts, and how far they may shrink.

use carousel_domain::{SlideKind, Template};

/// Sizes of titles are multiples of this, in pixels.
pub(crate) const TITLE_STEP: u32 = 4;
pub(crate) const BODY_STEP: u32 = 2;
/// Least size of a body, and of a quote's words, in pixels.
pub(crate) const MIN_BODY: u32 = 34;
/// Titles shrink to this part of their greatest size, in percent, before bodies shrink.
const MIN_TITLE_PERCENT: u32 = 60;
pub(crate) const MAX_TITLE_LINES: u32 = 5;
/// Pixels of a column that stay empty.
pub(crate) const MIN_AIR: u32 = 64;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Scale {
    /// Greatest size of the title, or of a quote's words.
    pub(crate) title: u32,
    pub(crate) body: u32,
    /// Hundredths of the size.
    pub(crate) title_line: u32,
    pub(crate) body_line: u32,
    /// Thousandths of an em.
    pub(crate) tracking: i32,
    pub(crate) is_quote: bool,
}

impl Scale {
    pub(crate) fn of(template: Template, kind: SlideKind) -> Self {
        let (cover, title, quote) = match template {
            Template::Essay => (124, 104, 72),
            Template::Night => (112, 92, 68),
            Template::Swiss => (120, 96, 72),
            Template::Verse => (96, 80, 68),
            Template::Bento => (104, 88, 64),
            Template::Bold => (132, 132, 84),
        };
        let (body, title_line, body_line, tracking) = match template {
            Template::Essay => (42, 108, 150, -10),
            Template::Night => (42, 112, 150, -20),
            Template::Swiss => (40, 104, 145, -30),
            Template::Verse => (40, 122, 150, 0),
            Template::Bento => (40, 110, 145, -20),
            Template::Bold => (44, 100, 140, -35),
        };
        let scale = Self {
            title,
            body,
            title_line,
            body_line,
            tracking,
            is_quote: false,
        };
        match kind {
            SlideKind::Title => Self {
                title: cover,
                ..scale
            },
            SlideKind::Quote => Self {
                title: quote,
                title_line: 134,
                tracking: tracking / 3,
                is_quote: true,
                ..scale
            },
            SlideKind::Principle | SlideKind::Concept | SlideKind::Summary => scale,
        }
    }

    /// Least size of the title, on the grid of steps.
    pub(crate) fn min_title(&self) -> u32 {
        let least = (self.title * MIN_TITLE_PERCENT / 100).next_multiple_of(TITLE_STEP);
        if self.is_quote {
            least.min(MIN_BODY.next_multiple_of(TITLE_STEP))
        } else {
            least
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_lie_on_the_grid_of_steps() {
        for template in Template::ALL {
            for kind in [SlideKind::Title, SlideKind::Principle, SlideKind::Quote] {
                let scale = Scale::of(template, kind);
                assert_eq!(scale.title % TITLE_STEP, 0, "{template:?}");
                assert!(
                    scale.min_title() < scale.title && scale.min_title() >= MIN_BODY,
                    "{template:?}"
                );
                assert_eq!((scale.body - MIN_BODY) % BODY_STEP, 0, "{template:?}");
            }
        }
    }
}
