//! Time zones by their IANA names.

use std::sync::LazyLock;

use confab_core::{Error, Result};
use jiff::tz::{TimeZone, TimeZoneDatabase};
use serde::{Deserialize, Serialize};

/// The zones that are compiled in: no file is read.
static ZONES: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

/// The IANA name of a time zone, such as `Asia/Jerusalem`. Reading JSON does not check it, because a zone may be
/// dropped from the database after a row was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TimeZoneName(String);

#[cfg(feature = "contract")]
confab_core::describe_as_string!(TimeZoneName, "^[A-Za-z0-9_+/-]+$");

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
        fn no_text_breaks_the_parser(text in ".{0,20}") {
            if let Ok(zone) = TimeZoneName::parse(&text) {
                prop_assert_eq!(TimeZoneName::parse(zone.as_str()).unwrap(), zone);
            }
        }
    }
}
