//! Ids of carousels.

use std::{array, fmt, str::FromStr};

use confab_core::{EventId, Timestamp};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest, Sha256};

/// Names a carousel: 26 letters and digits that sort by the time of the request. It has no prefix,
/// because a button's data has 64 bytes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CarouselId(EventId);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CarouselIdError;

impl CarouselId {
    /// Derives the id from the request's idempotency key, so that copies of a request name one
    /// carousel.
    pub fn of_request(request: &str, requested_at: Timestamp) -> Self {
        let digest = Sha256::digest(request.as_bytes());
        let random: [u8; 10] = array::from_fn(|index| digest[index]);
        Self(EventId::new(requested_at, &|| random))
    }
}

impl fmt::Display for CarouselId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.0.to_string();
        f.write_str(text.rsplit('_').next().unwrap_or_default())
    }
}

impl fmt::Debug for CarouselId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for CarouselIdError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an id of 26 letters or digits is expected")
    }
}

impl std::error::Error for CarouselIdError {}

impl FromStr for CarouselId {
    type Err = CarouselIdError;

    fn from_str(text: &str) -> Result<Self, CarouselIdError> {
        let id = format!("{}_{text}", EventId::PREFIX).parse();
        id.map(Self).map_err(|_| CarouselIdError)
    }
}

impl Serialize for CarouselId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for CarouselId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn copies_of_a_request_name_one_carousel() {
        let id = CarouselId::of_request("tg7-900001", at(1_795_000_000));
        assert_eq!(id, CarouselId::of_request("tg7-900001", at(1_795_000_000)));
        assert_ne!(id, CarouselId::of_request("tg7-900002", at(1_795_000_000)));
    }

    #[test]
    fn ids_have_26_letters_and_sort_by_time() {
        let early = CarouselId::of_request("b", at(1_000)).to_string();
        let late = CarouselId::of_request("a", at(1_001)).to_string();
        assert_eq!(early.len(), 26);
        assert!(early < late);
        assert_eq!(early.parse::<CarouselId>().unwrap().to_string(), early);
    }

    #[test]
    fn ids_of_another_form_are_refused() {
        for text in [
            "",
            "1",
            "evt_01m7ym613fe0yvvhrd4bj8893d",
            "zzzzzzzzzzzzzzzzzzzzzzzzzz",
        ] {
            assert_eq!(text.parse::<CarouselId>(), Err(CarouselIdError), "{text}");
        }
        assert!("01m7ym613fe0yvvhrd4bj8893d".parse::<CarouselId>().is_ok());
    }
}
