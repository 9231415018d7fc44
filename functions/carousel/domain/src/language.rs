//! Languages of the bot and of slides, and the scripts that slides can be set in.

use serde::{Deserialize, Serialize};

/// A language that the bot speaks. Its texts exist in all of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum UiLanguage {
    En,
    Ru,
    He,
    Hi,
    Ar,
}

impl UiLanguage {
    pub const ALL: [Self; 5] = [Self::En, Self::Ru, Self::He, Self::Hi, Self::Ar];

    pub fn code(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Ru => "ru",
            Self::He => "he",
            Self::Hi => "hi",
            Self::Ar => "ar",
        }
    }

    /// Returns the language of an IETF tag, such as Telegram's `language_code`. Unknown languages are English.
    pub fn of_tag(tag: &str) -> Self {
        let primary = tag.split(['-', '_']).next().unwrap_or_default();
        let is_primary = |language: &Self| {
            let old_hebrew = *language == Self::He && primary.eq_ignore_ascii_case("iw");
            old_hebrew || primary.eq_ignore_ascii_case(language.code())
        };
        Self::ALL.into_iter().find(is_primary).unwrap_or(Self::En)
    }

    pub fn is_right_to_left(self) -> bool {
        matches!(self, Self::He | Self::Ar)
    }
}

/// A writing system that slides can be set in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Script {
    Latin,
    Cyrillic,
    Greek,
    Hebrew,
    Devanagari,
    Arabic,
    Han,
}

impl Script {
    /// Returns the script of a letter. Digits, punctuation, marks and emoji have none, and neither have letters of
    /// scripts that slides cannot be set in.
    pub fn of(letter: char) -> Option<Self> {
        if !letter.is_alphabetic() {
            return None;
        }
        match letter {
            'A'..='Z'
            | 'a'..='z'
            | '\u{aa}'
            | '\u{ba}'
            | '\u{c0}'..='\u{24f}'
            | '\u{1e00}'..='\u{1eff}' => Some(Self::Latin),
            '\u{370}'..='\u{3ff}' | '\u{1f00}'..='\u{1fff}' => Some(Self::Greek),
            '\u{400}'..='\u{52f}' | '\u{1c80}'..='\u{1c8f}' => Some(Self::Cyrillic),
            '\u{590}'..='\u{5ff}' | '\u{fb1d}'..='\u{fb4f}' => Some(Self::Hebrew),
            '\u{600}'..='\u{6ff}'
            | '\u{750}'..='\u{77f}'
            | '\u{8a0}'..='\u{8ff}'
            | '\u{fb50}'..='\u{fdff}'
            | '\u{fe70}'..='\u{feff}' => Some(Self::Arabic),
            '\u{900}'..='\u{97f}' | '\u{a8e0}'..='\u{a8ff}' => Some(Self::Devanagari),
            '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' => {
                Some(Self::Han)
            }
            _ => None,
        }
    }

    pub fn is_right_to_left(self) -> bool {
        matches!(self, Self::Hebrew | Self::Arabic)
    }
}

/// A language that slides are written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    En,
    Ru,
    He,
    Hi,
    Ar,
    De,
    El,
    Es,
    Fa,
    Fr,
    It,
    Pt,
    Sa,
    Uk,
    Ur,
    Zh,
}

impl Language {
    pub const ALL: [Self; 16] = [
        Self::En,
        Self::Ru,
        Self::He,
        Self::Hi,
        Self::Ar,
        Self::De,
        Self::El,
        Self::Es,
        Self::Fa,
        Self::Fr,
        Self::It,
        Self::Pt,
        Self::Sa,
        Self::Uk,
        Self::Ur,
        Self::Zh,
    ];

    pub fn code(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Ru => "ru",
            Self::He => "he",
            Self::Hi => "hi",
            Self::Ar => "ar",
            Self::De => "de",
            Self::El => "el",
            Self::Es => "es",
            Self::Fa => "fa",
            Self::Fr => "fr",
            Self::It => "it",
            Self::Pt => "pt",
            Self::Sa => "sa",
            Self::Uk => "uk",
            Self::Ur => "ur",
            Self::Zh => "zh",
        }
    }

    pub fn of_code(code: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|language| language.code() == code)
    }

    pub fn script(self) -> Script {
        match self {
            Self::En | Self::De | Self::Es | Self::Fr | Self::It | Self::Pt => Script::Latin,
            Self::Ru | Self::Uk => Script::Cyrillic,
            Self::El => Script::Greek,
            Self::He => Script::Hebrew,
            Self::Hi | Self::Sa => Script::Devanagari,
            Self::Ar | Self::Fa | Self::Ur => Script::Arabic,
            Self::Zh => Script::Han,
        }
    }

    pub fn is_right_to_left(self) -> bool {
        self.script().is_right_to_left()
    }
}

impl From<UiLanguage> for Language {
    fn from(language: UiLanguage) -> Self {
        match language {
            UiLanguage::En => Self::En,
            UiLanguage::Ru => Self::Ru,
            UiLanguage::He => Self::He,
            UiLanguage::Hi => Self::Hi,
            UiLanguage::Ar => Self::Ar,
        }
    }
}
