//! Versions of Stripe's API, and the differences between them that matter here.

use serde::{Deserialize, Deserializer, Serialize, de::Error};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) struct Version(&'static str);

/// All named versions. They begin with their date, so that they sort as text.
const KNOWN: [&str; 26] = [
    "2024-09-30.acacia",
    "2024-10-28.acacia",
    "2024-11-20.acacia",
    "2024-12-18.acacia",
    "2025-01-27.acacia",
    "2025-02-24.acacia",
    "2025-03-31.basil",
    "2025-04-30.basil",
    "2025-05-28.basil",
    "2025-06-30.basil",
    "2025-07-30.basil",
    "2025-08-27.basil",
    "2025-09-30.clover",
    "2025-10-29.clover",
    "2025-11-17.clover",
    "2025-12-15.clover",
    "2026-01-28.clover",
    "2026-02-25.clover",
    "2026-03-25.dahlia",
    "2026-04-22.dahlia",
    "2026-05-27.dahlia",
    "2026-06-24.dahlia",
    "2026-07-29.dahlia",
    "2026-08-26.dahlia",
    "2026-09-30.endive",
    "2026-10-28.endive",
];
const DAHLIA: Version = Version("2026-03-25.dahlia");
const ENDIVE: Version = Version("2026-09-30.endive");

impl Version {
    pub(crate) const LATEST: Self = Self("2026-10-28.endive");

    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let known = KNOWN.into_iter().find(|known| *known == text);
        known
            .map(Self)
            .ok_or_else(|| format!("Invalid Stripe API version: {text}"))
    }

    pub(crate) fn text(self) -> &'static str {
        self.0
    }

    /// Returns the name of the hosted page in sessions.
    pub(crate) fn ui_mode(self) -> &'static str {
        if self < DAHLIA {
            "hosted"
        } else {
            "hosted_page"
        }
    }

    /// Whether a session may list its payment methods.
    pub(crate) fn takes_payment_method_types(self) -> bool {
        self < ENDIVE
    }
}

impl<'de> Deserialize<'de> for Version {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_sort_by_date() {
        assert!(KNOWN.is_sorted());
        assert_eq!(KNOWN.last(), Some(&Version::LATEST.text()));
        for known in [DAHLIA, ENDIVE] {
            assert_eq!(Version::parse(known.text()), Ok(known));
        }
        for unknown in ["", "2026-10-28", "2026-10-28.endive ", "2099-01-01.fern"] {
            assert!(Version::parse(unknown).is_err());
        }
    }
}
