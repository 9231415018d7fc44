//! What slides look like: template, format and brand.

use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Template {
    Essay,
    Night,
    Swiss,
    Verse,
    Bento,
    Bold,
}

impl Template {
    pub const ALL: [Self; 6] = [
        Self::Essay,
        Self::Night,
        Self::Swiss,
        Self::Verse,
        Self::Bento,
        Self::Bold,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::Essay => "essay",
            Self::Night => "night",
            Self::Swiss => "swiss",
            Self::Verse => "verse",
            Self::Bento => "bento",
            Self::Bold => "bold",
        }
    }

    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|template| template.name() == name)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// 1080x1350, 4:5.
    Portrait,
    /// 1080x1080.
    Square,
    /// 1080x1920, 9:16.
    Story,
}

impl Format {
    pub const ALL: [Self; 3] = [Self::Portrait, Self::Square, Self::Story];
    pub const WIDTH: u32 = 1080;

    pub fn height(self) -> u32 {
        match self {
            Self::Portrait => 1350,
            Self::Square => 1080,
            Self::Story => 1920,
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Portrait => "portrait",
            Self::Square => "square",
            Self::Story => "story",
        }
    }

    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.name() == name)
    }
}

/// An opaque sRGB colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Color {
    pub red: u8,
    pub green: u8,
    pub blue: u8,
}

impl Color {
    /// Parses `#RRGGBB` and `RRGGBB`.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix('#').unwrap_or(text);
        if digits.len() != 6 || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return None;
        }
        let channel = |at: usize| u8::from_str_radix(&digits[at..at + 2], 16).ok();
        Some(Self {
            red: channel(0)?,
            green: channel(2)?,
            blue: channel(4)?,
        })
    }
}

impl TryFrom<String> for Color {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Self::parse(&text).ok_or_else(|| format!("{text} is not a colour such as #1F6FEB"))
    }
}

impl From<Color> for String {
    fn from(Color { red, green, blue }: Color) -> Self {
        format!("#{red:02X}{green:02X}{blue:02X}")
    }
}

/// Which families a template's titles and texts are set in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FontPair {
    /// The pair of the template.
    #[default]
    Template,
    Sans,
    Serif,
}

/// What a person's slides carry besides their text.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Brand {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// With its `@`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handle: Option<String>,
    /// Replaces the template's accent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub color: Option<Color>,
    /// Object key of the logo, which is at most 512 pixels wide and high. It names the content.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logo: Option<String>,
    #[serde(default)]
    pub fonts: FontPair,
}

/// What all slides of a carousel share.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Look {
    pub template: Template,
    pub format: Format,
    #[serde(default)]
    pub brand: Brand,
}
