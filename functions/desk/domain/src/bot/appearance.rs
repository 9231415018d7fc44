//! How a widget looks. One colour makes a theme in which every text can be read.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::WidgetTexts;
use crate::LanguageTag;

/// The least contrast between a text and what is behind it (WCAG 2, level AA).
pub const MIN_CONTRAST: f64 = 4.5;
const WHITE: Color = Color {
    red: 255,
    green: 255,
    blue: 255,
};
const BLACK: Color = Color {
    red: 0,
    green: 0,
    blue: 0,
};
/// Backgrounds of the widget in its light and its dark theme.
const LIGHT_BACKGROUND: Color = WHITE;
const DARK_BACKGROUND: Color = Color {
    red: 0x16,
    green: 0x18,
    blue: 0x1d,
};

/// An opaque sRGB colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Color {
    pub red: u8,
    pub green: u8,
    pub blue: u8,
}

#[cfg(feature = "contract")]
confab_core::describe_as_string!(Color, "^#[0-9A-Fa-f]{6}$");

impl Color {
    /// Parses `#1f6feb`.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix('#')?;
        if digits.len() != 6 || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return None;
        }
        let channel = |at: usize| u8::from_str_radix(digits.get(at..at + 2)?, 16).ok();
        Some(Self {
            red: channel(0)?,
            green: channel(2)?,
            blue: channel(4)?,
        })
    }

    /// Relative luminance, 0 for black to 1 for white.
    fn luminance(self) -> f64 {
        let linear = |channel: u8| {
            let value = f64::from(channel) / 255.0;
            if value <= 0.040_45 {
                value / 12.92
            } else {
                ((value + 0.055) / 1.055).powf(2.4)
            }
        };
        0.2126 * linear(self.red) + 0.7152 * linear(self.green) + 0.0722 * linear(self.blue)
    }

    /// Returns the colour, moved towards another one by `step` of 32 parts.
    fn mixed(self, other: Self, step: u16) -> Self {
        let mix = |from: u8, to: u8| {
            let sum = u16::from(from) * (32 - step) + u16::from(to) * step;
            u8::try_from(sum / 32).unwrap_or(u8::MAX)
        };
        Self {
            red: mix(self.red, other.red),
            green: mix(self.green, other.green),
            blue: mix(self.blue, other.blue),
        }
    }

    /// Returns the nearest colour, towards `to`, that can be read on a background.
    fn readable_on(self, background: Self, to: Self) -> Self {
        let steps = (0..=32).map(|step| self.mixed(to, step));
        let mut readable = steps.filter(|color| contrast(*color, background) >= MIN_CONTRAST);
        readable.next().unwrap_or(to)
    }
}

/// Returns the contrast of two colours, from 1 to 21.
pub fn contrast(one: Color, other: Color) -> f64 {
    let (one, other) = (one.luminance(), other.luminance());
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

impl TryFrom<String> for Color {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, &'static str> {
        Self::parse(&text).ok_or("a colour such as #1f6feb is expected")
    }
}

impl From<Color> for String {
    fn from(Color { red, green, blue }: Color) -> Self {
        format!("#{red:02x}{green:02x}{blue:02x}")
    }
}

/// The colour of texts on the bot's colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "contract", derive(ts_rs::TS, utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum TextColor {
    Light,
    Dark,
}

/// Colours of a widget, each readable where it is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "contract", derive(ts_rs::TS, utoipa::ToSchema))]
pub struct Theme {
    /// The launcher and the visitor's bubbles.
    pub accent: Color,
    /// White or black, whichever has more contrast: one of them always has at least 4.58.
    pub on_accent: TextColor,
    /// Links and outlines in the light theme.
    pub accent_on_light: Color,
    /// Links and outlines in the dark theme.
    pub accent_on_dark: Color,
}

impl Theme {
    pub fn of(accent: Color) -> Self {
        let is_light = contrast(accent, WHITE) >= contrast(accent, BLACK);
        Self {
            accent,
            on_accent: if is_light {
                TextColor::Light
            } else {
                TextColor::Dark
            },
            accent_on_light: accent.readable_on(LIGHT_BACKGROUND, BLACK),
            accent_on_dark: accent.readable_on(DARK_BACKGROUND, WHITE),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "contract", derive(ts_rs::TS, utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Position {
    Left,
    #[default]
    Right,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "contract", derive(ts_rs::TS, utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum LauncherIcon {
    #[default]
    Bubble,
    Question,
    Wave,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "contract", derive(ts_rs::TS, utoipa::ToSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Appearance {
    pub color: Color,
    pub position: Position,
    pub launcher: LauncherIcon,
    /// Texts of the bot by language. A missing one is the built-in text.
    pub strings: BTreeMap<LanguageTag, WidgetTexts>,
}

impl Default for Appearance {
    fn default() -> Self {
        Self {
            color: Color {
                red: 0x1f,
                green: 0x6f,
                blue: 0xeb,
            },
            position: Position::default(),
            launcher: LauncherIcon::default(),
            strings: BTreeMap::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn color(text: &str) -> Color {
        Color::parse(text).unwrap()
    }

    #[test]
    fn contrast_is_that_of_wcag() {
        assert!((contrast(BLACK, WHITE) - 21.0).abs() < 1e-9);
        assert!((contrast(WHITE, WHITE) - 1.0).abs() < 1e-9);
        assert!((contrast(color("#767676"), WHITE) - 4.54).abs() < 0.01);
    }

    #[test]
    fn texts_on_the_accent_are_light_or_dark() {
        for (accent, text) in [
            ("#1f6feb", TextColor::Light),
            ("#000000", TextColor::Light),
            ("#ffe600", TextColor::Dark),
            ("#ffffff", TextColor::Dark),
        ] {
            assert_eq!(Theme::of(color(accent)).on_accent, text, "{accent}");
        }
        assert_eq!(
            Theme::of(color("#0b57d0")).accent_on_light,
            color("#0b57d0"),
            "kept"
        );
    }

    #[test]
    fn colours_have_six_digits() {
        assert_eq!(String::from(color("#1F6FEB")), "#1f6feb");
        for text in [
            "", "1f6feb", "#fff", "#1f6feb0", "#1f6fe", "#gggggg", "#ééé", "red",
        ] {
            assert_eq!(Color::parse(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_colour_makes_a_readable_theme(red: u8, green: u8, blue: u8) {
            let accent = Color { red, green, blue };
            let theme = Theme::of(accent);
            let text = if theme.on_accent == TextColor::Light { WHITE } else { BLACK };
            prop_assert!(contrast(accent, text) >= MIN_CONTRAST);
            prop_assert!(contrast(theme.accent_on_light, LIGHT_BACKGROUND) >= MIN_CONTRAST);
            prop_assert!(contrast(theme.accent_on_dark, DARK_BACKGROUND) >= MIN_CONTRAST);
        }
    }
}
