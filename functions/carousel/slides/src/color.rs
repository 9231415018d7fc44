//! Colour arithmetic: WCAG contrast, and OKLCH for moving a colour's lightness while its hue stays.

use carousel_domain::Color;

/// Least contrast of text below 48 px.
pub const TEXT_CONTRAST: f64 = 4.5;
/// Least contrast of text from 48 px.
pub const LARGE_TEXT_CONTRAST: f64 = 3.0;

/// Steps of lightness while a colour moves.
const STEP: f64 = 0.004;

pub(crate) const WHITE: Color = hex(0xFF_FFFF);
pub(crate) const BLACK: Color = hex(0x00_0000);

pub(crate) const fn hex(rgb: u32) -> Color {
    let [_, red, green, blue] = rgb.to_be_bytes();
    Color { red, green, blue }
}

pub(crate) fn css(color: Color) -> String {
    String::from(color)
}

/// Returns the contrast ratio of two colours, from 1 to 21.
pub fn contrast(one: Color, other: Color) -> f64 {
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

/// Returns `over` with this opacity, in percent, on `under`.
pub(crate) fn blend(over: Color, under: Color, percent: u8) -> Color {
    let channel = |over: u8, under: u8| {
        let sum =
            u32::from(over) * u32::from(percent) + u32::from(under) * u32::from(100 - percent);
        u8::try_from((sum + 50) / 100).unwrap_or(u8::MAX)
    };
    Color {
        red: channel(over.red, under.red),
        green: channel(over.green, under.green),
        blue: channel(over.blue, under.blue),
    }
}

/// Moves the lightness of `ink` away from that of `papers` until it has this contrast with each of them. Returns
/// black or white, whichever is further, when the hue cannot hold it.
pub(crate) fn readable(ink: Color, papers: &[Color], ratio: f64) -> Color {
    let holds = |color: Color| papers.iter().all(|paper| contrast(color, *paper) >= ratio);
    if holds(ink) {
        return ink;
    }
    let worst = |color: Color| {
        papers
            .iter()
            .map(|paper| contrast(color, *paper))
            .fold(f64::INFINITY, f64::min)
    };
    let extreme = if worst(WHITE) >= worst(BLACK) {
        WHITE
    } else {
        BLACK
    };
    moved(ink, extreme == WHITE, holds).unwrap_or(extreme)
}

/// Moves `paper` away from `ink`, by at most `limit` of lightness, until both have this contrast.
pub(crate) fn receding(paper: Color, ink: Color, ratio: f64, limit: f64) -> Color {
    let holds = |color: Color| contrast(color, ink) >= ratio;
    if holds(paper) {
        return paper;
    }
    let lighter = luminance(paper) > luminance(ink);
    let start = Oklch::of(paper).lightness;
    let near = |color: Color| holds(color) && (Oklch::of(color).lightness - start).abs() <= limit;
    moved(paper, lighter, near).unwrap_or(paper)
}

fn moved(color: Color, lighter: bool, accepts: impl Fn(Color) -> bool) -> Option<Color> {
    let mut at = Oklch::of(color);
    let step = if lighter { STEP } else { -STEP };
    while (0.0..=1.0).contains(&at.lightness) {
        let candidate = at.color();
        if accepts(candidate) {
            return Some(candidate);
        }
        at.lightness += step;
    }
    let extreme = if lighter { WHITE } else { BLACK };
    accepts(extreme).then_some(extreme)
}

/// Returns a light colour of the hue of `color`, or a dark one, for backgrounds.
pub(crate) fn tinted(color: Color, lightness: f64, chroma: f64) -> Color {
    let hue = Oklch::of(color);
    Oklch {
        lightness,
        chroma: chroma.min(hue.chroma),
        hue: hue.hue,
    }
    .color()
}

fn luminance(color: Color) -> f64 {
    let [red, green, blue] = linear(color);
    0.2126 * red + 0.7152 * green + 0.0722 * blue
}

fn linear(color: Color) -> [f64; 3] {
    [color.red, color.green, color.blue].map(|channel| {
        let value = f64::from(channel) / 255.0;
        if value <= 0.040_45 {
            value / 12.92
        } else {
            ((value + 0.055) / 1.055).powf(2.4)
        }
    })
}

/// A colour as lightness (0 to 1), chroma and hue in radians.
#[derive(Debug, Clone, Copy)]
struct Oklch {
    lightness: f64,
    chroma: f64,
    hue: f64,
}

impl Oklch {
    fn of(color: Color) -> Self {
        let [red, green, blue] = linear(color);
        let long =
            (0.412_221_470_8 * red + 0.536_332_536_3 * green + 0.051_445_992_9 * blue).cbrt();
        let medium =
            (0.211_903_498_2 * red + 0.680_699_545_1 * green + 0.107_396_956_6 * blue).cbrt();
        let short =
            (0.088_302_461_9 * red + 0.281_718_837_6 * green + 0.629_978_700_5 * blue).cbrt();
        let lightness = 0.210_454_255_3 * long + 0.793_617_785_0 * medium - 0.004_072_046_8 * short;
        let a = 1.977_998_495_1 * long - 2.428_592_205_0 * medium + 0.450_593_709_9 * short;
        let b = 0.025_904_037_1 * long + 0.782_771_766_2 * medium - 0.808_675_766_0 * short;
        Self {
            lightness,
            chroma: a.hypot(b),
            hue: b.atan2(a),
        }
    }

    /// Returns the colour, with as much of the chroma as sRGB has at this lightness and hue.
    fn color(self) -> Color {
        let mut chroma = self.chroma;
        loop {
            let channels = Self { chroma, ..self }.linear();
            let fits = channels
                .iter()
                .all(|channel| (-0.000_5..=1.000_5).contains(channel));
            if fits || chroma < 0.001 {
                let [red, green, blue] = channels.map(encode);
                return Color { red, green, blue };
            }
            chroma *= 0.97;
        }
    }

    fn linear(self) -> [f64; 3] {
        let (a, b) = (self.chroma * self.hue.cos(), self.chroma * self.hue.sin());
        let long = (self.lightness + 0.396_337_777_4 * a + 0.215_803_757_3 * b).powi(3);
        let medium = (self.lightness - 0.105_561_345_8 * a - 0.063_854_172_8 * b).powi(3);
        let short = (self.lightness - 0.089_484_177_5 * a - 1.291_485_548_0 * b).powi(3);
        [
            4.076_741_662_1 * long - 3.307_711_591_3 * medium + 0.230_969_929_2 * short,
            -1.268_438_004_6 * long + 2.609_757_401_1 * medium - 0.341_319_396_5 * short,
            -0.004_196_086_3 * long - 0.703_418_614_7 * medium + 1.707_614_701_0 * short,
        ]
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the value is clamped to a byte"
)]
fn encode(channel: f64) -> u8 {
    let channel = channel.clamp(0.0, 1.0);
    let value = if channel <= 0.003_130_8 {
        channel * 12.92
    } else {
        1.055 * channel.powf(1.0 / 2.4) - 0.055
    };
    (value * 255.0).round() as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contrast_of_black_and_white_is_21() {
        assert!((contrast(BLACK, WHITE) - 21.0).abs() < 1e-9);
    }

    #[test]
    fn contrast_matches_published_values() {
        for (ink, paper, expected) in [(0x6D_4AFF, 0xFF_FFFF, 5.1), (0xA8_4A22, 0xF6_F1E7, 5.1)] {
            let measured = contrast(hex(ink), hex(paper));
            assert!(
                (measured - expected).abs() < 0.1,
                "{ink:06X} on {paper:06X}: {measured}"
            );
        }
    }

    #[test]
    fn oklch_returns_every_color_unchanged() {
        for rgb in (0..0x100_0000).step_by(4_099) {
            let color = hex(rgb);
            assert_eq!(Oklch::of(color).color(), color, "{rgb:06X}");
        }
    }

    #[test]
    fn readable_ink_holds_on_any_paper() {
        for paper in (0..0x100_0000).step_by(65_003) {
            for ink in (0..0x100_0000).step_by(131_009) {
                let moved = readable(hex(ink), &[hex(paper)], TEXT_CONTRAST);
                assert!(
                    contrast(moved, hex(paper)) >= TEXT_CONTRAST,
                    "{ink:06X} on {paper:06X}"
                );
            }
        }
    }

    #[test]
    fn readable_ink_stays_when_it_holds() {
        assert_eq!(
            readable(hex(0x1F_1B16), &[WHITE], TEXT_CONTRAST),
            hex(0x1F_1B16)
        );
    }

    #[test]
    fn readable_ink_keeps_its_hue() {
        let moved = Oklch::of(readable(hex(0xFF_D400), &[WHITE], TEXT_CONTRAST));
        assert!((moved.hue - Oklch::of(hex(0xFF_D400)).hue).abs() < 0.05);
    }

    #[test]
    fn receding_paper_moves_no_further_than_its_limit() {
        let paper = hex(0xF6_F1E7);
        let moved = receding(paper, hex(0xC0_6020), TEXT_CONTRAST, 0.05);
        let distance = (Oklch::of(moved).lightness - Oklch::of(paper).lightness).abs();
        assert!(distance <= 0.05, "{distance}");
    }
}
