//! Locales and time zones, as text that is known to be valid.

use std::sync::LazyLock;

use confab_core::{Error, Result};
use jiff::tz::{TimeZone, TimeZoneDatabase};
use serde::{Deserialize, Serialize};

const MAX_LOCALE_LETTERS: usize = 16;

/// The zones that are compiled in: no file is read.
static ZONES: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

/// A language with an optional script and region: `he`, `pt-BR`, `zh-Hant-TW`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Locale(String);

impl Locale {
    /// Reads the part of BCP 47 that people use, in any case, and writes it in the usual one.
    pub fn parse(text: &str) -> Result<Self> {
        let refused = || Error::invalid("bad_locale", "A locale such as en or pt-BR is expected.");
        if text.len() > MAX_LOCALE_LETTERS {
            return Err(refused());
        }
        let mut parts = text.split('-');
        let language = parts.next().unwrap_or_default();
        if !is_letters(language, 2) && !is_letters(language, 3) {
            return Err(refused());
        }
        let mut locale = language.to_ascii_lowercase();
        let mut next = parts.next();
        if let Some(script) = next.filter(|part| is_letters(part, 4)) {
            locale.push('-');
            locale.push_str(&script[..1].to_ascii_uppercase());
            locale.push_str(&script[1..].to_ascii_lowercase());
            next = parts.next();
        }
        if let Some(region) = next {
            let is_code = region.len() == 3 && region.bytes().all(|byte| byte.is_ascii_digit());
            if !is_letters(region, 2) && !is_code {
                return Err(refused());
            }
            locale.push('-');
            locale.push_str(&region.to_ascii_uppercase());
        }
        if parts.next().is_some() {
            return Err(refused());
        }
        Ok(Self(locale))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for Locale {
    fn default() -> Self {
        Self("en".into())
    }
}

fn is_letters(part: &str, count: usize) -> bool {
    part.len() == count && part.bytes().all(|byte| byte.is_ascii_alphabetic())
}

/// The IANA name of a time zone, such as `Asia/Jerusalem`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TimeZoneName(String);

impl TimeZoneName {
    pub fn parse(text: &str) -> Result<Self> {
        let zone = ZONES.get(text).ok();
        let name = zone.as_ref().and_then(TimeZone::iana_name);
        let message = "A time zone such as Europe/Berlin is expected.";
        let name = name.ok_or_else(|| Error::invalid("bad_timezone", message))?;
        Ok(Self(name.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the zone, or UTC if it is not known any more.
    pub fn zone(&self) -> TimeZone {
        ZONES.get(&self.0).unwrap_or(TimeZone::UTC)
    }
}

impl Default for TimeZoneName {
    fn default() -> Self {
        Self("UTC".into())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn locales_are_read_in_any_case() {
        for (text, expected) in [
            ("en", "en"),
            ("HE", "he"),
            ("pt-br", "pt-BR"),
            ("ZH-hANT-tw", "zh-Hant-TW"),
            ("sr-Latn", "sr-Latn"),
            ("es-419", "es-419"),
            ("fil", "fil"),
        ] {
            assert_eq!(Locale::parse(text).unwrap().as_str(), expected);
        }
        for odd in [
            "", "e", "english", "en_US", "en-", "-US", "en-US-x", "e1", "en-U1", "日本",
        ] {
            assert_eq!(
                Locale::parse(odd).unwrap_err().code(),
                "bad_locale",
                "{odd}"
            );
        }
    }

    #[test]
    fn time_zones_are_those_of_the_database() {
        let zone = TimeZoneName::parse("asia/jerusalem").unwrap();
        assert_eq!(zone.as_str(), "Asia/Jerusalem");
        assert_eq!(zone.zone().iana_name(), Some("Asia/Jerusalem"));
        assert_eq!(TimeZoneName::parse("UTC").unwrap(), TimeZoneName::default());
        for odd in ["", "Mars/Olympus", "+02:00", "../etc/passwd"] {
            assert_eq!(
                TimeZoneName::parse(odd).unwrap_err().code(),
                "bad_timezone",
                "{odd}"
            );
        }
        assert_eq!(TimeZoneName("Gone/Away".into()).zone(), TimeZone::UTC);
    }

    proptest! {
        #[test]
        fn no_text_breaks_the_parsers(text in ".{0,20}") {
            if let Ok(locale) = Locale::parse(&text) {
                prop_assert_eq!(Locale::parse(locale.as_str()).unwrap(), locale);
            }
            if let Ok(zone) = TimeZoneName::parse(&text) {
                prop_assert_eq!(TimeZoneName::parse(zone.as_str()).unwrap(), zone);
            }
        }
    }
}
