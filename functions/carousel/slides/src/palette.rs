//! The colours of a slide: the template's, with the brand's colour in place of the accent.

use carousel_domain::{Color, SlideKind, Template};

use crate::color::{
    BLACK, LARGE_TEXT_CONTRAST, TEXT_CONTRAST, WHITE, blend, contrast, hex, readable, receding,
    tinted,
};

/// The colours of one slide. Every ink holds its contrast on every surface that it is set on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Palette {
    pub paper: Color,
    /// The other end of a gradient, or the card on the paper.
    pub surface: Color,
    /// Titles.
    pub ink: Color,
    /// Bodies.
    pub text: Color,
    /// Names, handles and numbers.
    pub meta: Color,
    /// Shapes: the brand's colour as given.
    pub accent: Color,
    /// The accent as small text on paper and surface.
    pub accent_text: Color,
    /// The accent as text from 48 px.
    pub accent_large: Color,
    /// Text on the accent.
    pub on_accent: Color,
    /// A second shape: tile or disc.
    pub second: Color,
    /// Text on it.
    pub on_second: Color,
    /// Lights behind the card of Night, which `surface` is the brightest sum of.
    pub lights: [Color; 2],
}

/// How far paper may move in lightness before the accent's text moves instead.
const PAPER_LIMIT: f64 = 0.04;

const INK_ON_LIGHT: Color = hex(0x1B_0B06);
const INK_ON_DARK: Color = hex(0xFF_F6EE);

impl Palette {
    pub fn of(template: Template, kind: SlideKind, brand: Option<Color>) -> Self {
        let palette = match template {
            Template::Essay => essay(kind),
            Template::Night => night(brand),
            Template::Swiss => swiss(kind),
            Template::Verse => verse(),
            Template::Bento => bento(kind),
            Template::Bold => return bold(kind, brand),
        };
        palette.with_accent(brand).checked()
    }

    fn with_accent(self, brand: Option<Color>) -> Self {
        let Some(accent) = brand else { return self };
        let paper = receding(self.paper, accent, TEXT_CONTRAST, PAPER_LIMIT);
        let surface = if self.surface == self.paper {
            paper
        } else {
            self.surface
        };
        Self {
            paper,
            surface,
            accent,
            ..self
        }
    }

    /// Moves inks until their contrast holds.
    fn checked(self) -> Self {
        let papers = [self.paper, self.surface];
        let ink = readable(self.ink, &papers, TEXT_CONTRAST);
        Self {
            ink,
            text: readable(self.text, &papers, TEXT_CONTRAST),
            meta: readable(self.meta, &papers, TEXT_CONTRAST),
            accent_text: readable(self.accent, &papers, TEXT_CONTRAST),
            accent_large: readable(self.accent, &papers, LARGE_TEXT_CONTRAST),
            on_accent: on(self.accent, self.on_accent),
            on_second: on(self.second, self.on_second),
            ..self
        }
    }

    /// The pairs that a slide sets text in: ink, surface and the least contrast.
    pub fn pairs(&self) -> Vec<(Color, Color, f64)> {
        let inks = [
            (self.ink, TEXT_CONTRAST),
            (self.text, TEXT_CONTRAST),
            (self.meta, TEXT_CONTRAST),
            (self.accent_text, TEXT_CONTRAST),
            (self.accent_large, LARGE_TEXT_CONTRAST),
        ];
        let on_papers = inks
            .into_iter()
            .flat_map(|(ink, ratio)| [(ink, self.paper, ratio), (ink, self.surface, ratio)]);
        let on_shapes = [
            (self.on_accent, self.accent, TEXT_CONTRAST),
            (self.on_second, self.second, TEXT_CONTRAST),
        ];
        on_papers.chain(on_shapes).collect()
    }
}

/// Returns the wanted ink if it holds on this shape, else the better of our dark and light inks, moved until it does.
fn on(shape: Color, wanted: Color) -> Color {
    let candidates = [wanted, INK_ON_DARK, INK_ON_LIGHT];
    let holds = candidates
        .into_iter()
        .find(|ink| contrast(*ink, shape) >= TEXT_CONTRAST);
    holds.unwrap_or_else(|| readable(wanted, &[shape], TEXT_CONTRAST))
}

/// A palette whose shapes follow from its accent.
fn base(paper: u32, ink: u32, text: u32, meta: u32, accent: u32) -> Palette {
    Palette {
        paper: hex(paper),
        surface: hex(paper),
        ink: hex(ink),
        text: hex(text),
        meta: hex(meta),
        accent: hex(accent),
        accent_text: hex(accent),
        accent_large: hex(accent),
        on_accent: WHITE,
        second: hex(ink),
        on_second: hex(paper),
        lights: [BLACK, BLACK],
    }
}

fn essay(kind: SlideKind) -> Palette {
    match kind {
        SlideKind::Summary => base(0x24_1F19, 0xF6_F1E7, 0xD8_CFC0, 0xB3_A896, 0xE0_8A5F),
        _ => base(0xF6_F1E7, 0x1F_1B16, 0x46_3F36, 0x6F_6557, 0xA8_4A22),
    }
}

fn night(brand: Option<Color>) -> Palette {
    let paper = hex(0x0B_1020);
    let first = brand.map_or(hex(0x63_66F1), |color| tinted(color, 0.55, 0.2));
    let lights = [first, hex(0x10_B981)];
    let brightest = blend(WHITE, blend(first, paper, 55), 6);
    Palette {
        surface: brightest,
        lights,
        on_accent: paper,
        second: hex(0xA5_B4FC),
        on_second: paper,
        ..base(0x0B_1020, 0xF8_FAFC, 0xE2_E8F0, 0xCB_D5E1, 0xA5_B4FC)
    }
}

fn swiss(kind: SlideKind) -> Palette {
    match kind {
        SlideKind::Summary => base(0x0A_0A0A, 0xFF_FFFF, 0xD4_D4D4, 0xFF_FFFF, 0xE5_322D),
        _ => base(0xFF_FFFF, 0x0A_0A0A, 0x3A_3A3A, 0x0A_0A0A, 0xE5_322D),
    }
}

fn verse() -> Palette {
    Palette {
        surface: hex(0x0D_241F),
        on_accent: hex(0x0D_241F),
        ..base(0x17_443A, 0xF4_EBD7, 0xE3_DCC8, 0xC3_C8B5, 0xD6_B262)
    }
}

fn bento(kind: SlideKind) -> Palette {
    let second = hex(0xFF_D36E);
    let light = Palette {
        surface: WHITE,
        second,
        on_second: hex(0x24_1A3E),
        ..base(0xF3_EEFF, 0x24_1A3E, 0x51_4772, 0x5F_5580, 0x6D_4AFF)
    };
    match kind {
        SlideKind::Summary => Palette {
            surface: hex(0x24_1A3E),
            paper: hex(0x17_1029),
            ink: WHITE,
            text: hex(0xDD_D6F3),
            meta: hex(0xC9_BFEA),
            accent: hex(0x8F_75FF),
            on_accent: hex(0x17_1029),
            ..light
        },
        _ => light,
    }
}

/// Bold's paper is the accent, so that a brand's colour is the paper and the inks move.
fn bold(kind: SlideKind, brand: Option<Color>) -> Palette {
    let paper = brand.unwrap_or(hex(0xC9_3A17));
    let (paper, accent) = match kind {
        SlideKind::Summary => (INK_ON_LIGHT, paper),
        _ => (paper, on(paper, INK_ON_DARK)),
    };
    let ink = on(paper, INK_ON_DARK);
    let disc = if kind == SlideKind::Summary {
        accent
    } else {
        opposite(ink)
    };
    Palette {
        paper,
        surface: paper,
        ink,
        text: ink,
        meta: ink,
        accent,
        accent_text: readable(accent, &[paper], TEXT_CONTRAST),
        accent_large: readable(accent, &[paper], LARGE_TEXT_CONTRAST),
        on_accent: on(accent, INK_ON_LIGHT),
        second: disc,
        on_second: on(disc, INK_ON_DARK),
        lights: [BLACK, BLACK],
    }
}

fn opposite(ink: Color) -> Color {
    if contrast(ink, BLACK) > contrast(ink, WHITE) {
        INK_ON_LIGHT
    } else {
        INK_ON_DARK
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KINDS: [SlideKind; 5] = [
        SlideKind::Title,
        SlideKind::Principle,
        SlideKind::Quote,
        SlideKind::Concept,
        SlideKind::Summary,
    ];

    #[track_caller]
    fn assert_contrast(template: Template, brand: Option<Color>) {
        for kind in KINDS {
            for (ink, paper, least) in Palette::of(template, kind, brand).pairs() {
                let ratio = contrast(ink, paper);
                assert!(
                    ratio >= least,
                    "{template:?} {kind:?} {brand:?}: {ink:?} on {paper:?} has {ratio:.2}"
                );
            }
        }
    }

    #[test]
    fn contrast_holds_in_every_template() {
        for template in Template::ALL {
            assert_contrast(template, None);
        }
    }

    #[test]
    fn contrast_holds_with_every_brand_color() {
        for rgb in (0..0x100_0000).step_by(149_993) {
            for template in Template::ALL {
                assert_contrast(template, Some(hex(rgb)));
            }
        }
    }

    #[test]
    fn brand_color_is_kept_in_shapes() {
        let brand = hex(0x1F_6FEB);
        for template in Template::ALL {
            let palette = Palette::of(template, SlideKind::Principle, Some(brand));
            assert!(
                palette.accent == brand || palette.paper == brand,
                "{template:?}"
            );
        }
    }

    #[test]
    fn paper_moves_before_the_accent_does() {
        let brand = hex(0xB0_5A30);
        let palette = Palette::of(Template::Essay, SlideKind::Principle, Some(brand));
        assert_eq!(palette.accent_text, brand);
        assert_ne!(
            palette.paper,
            Palette::of(Template::Essay, SlideKind::Principle, None).paper
        );
    }
}
