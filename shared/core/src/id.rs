//! Typed ids with a prefix (`usr_`, `evt_`) that sort by creation time.

use std::fmt;

// For the types that `typed_id!` declares in other crates.
pub use serde;
use sha2::{Digest, Sha256};

use crate::Timestamp;

/// The source of randomness, injected so that tests are deterministic.
pub trait Entropy: Send + Sync {
    fn bytes(&self) -> [u8; 10];
}

impl<F: Fn() -> [u8; 10] + Send + Sync> Entropy for F {
    fn bytes(&self) -> [u8; 10] {
        self()
    }
}

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("an id of the form {prefix}_ and 26 letters or digits is expected")]
pub struct IdError {
    pub prefix: &'static str,
}

/// Maps an unparsable id in a path to 404.
impl From<IdError> for crate::Error {
    fn from(error: IdError) -> Self {
        Self::not_found("id").with_source(error)
    }
}

/// Declares a type of ids with a prefix, in the crate of the product that names its things by it.
#[macro_export]
macro_rules! typed_id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(u128);

        impl $name {
            pub const PREFIX: &str = $prefix;

            pub fn new(now: $crate::Timestamp, entropy: &dyn $crate::Entropy) -> Self {
                Self($crate::id::time_ordered(now, entropy.bytes()))
            }

            /// Returns the creation time, to the millisecond.
            pub fn made_at(self) -> $crate::Timestamp {
                $crate::id::made_at(self.0)
            }
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.write_str(concat!($prefix, "_"))?;
                $crate::id::write_base32(self.0, f)
            }
        }

        impl ::std::fmt::Debug for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                ::std::fmt::Display::fmt(self, f)
            }
        }

        impl ::std::str::FromStr for $name {
            type Err = $crate::id::IdError;

            fn from_str(text: &str) -> ::std::result::Result<Self, $crate::id::IdError> {
                text.strip_prefix(concat!($prefix, "_"))
                    .and_then($crate::id::read_base32)
                    .map(Self)
                    .ok_or($crate::id::IdError { prefix: $prefix })
            }
        }

        impl $crate::id::serde::Serialize for $name {
            fn serialize<S: $crate::id::serde::Serializer>(
                &self,
                serializer: S,
            ) -> ::std::result::Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> $crate::id::serde::Deserialize<'de> for $name {
            fn deserialize<D: $crate::id::serde::Deserializer<'de>>(
                deserializer: D,
            ) -> ::std::result::Result<Self, D::Error> {
                let text = <String as $crate::id::serde::Deserialize>::deserialize(deserializer)?;
                text.parse().map_err($crate::id::serde::de::Error::custom)
            }
        }
    };
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        typed_id!($(#[$doc])* $name, $prefix);

        #[cfg(feature = "contract")]
        crate::describe_as_string!($name, concat!("^", $prefix, "_[0-7][0-9a-hjkmnp-tv-z]{25}$"));
    };
}

id!(UserId, "usr");
id!(TenantId, "ten");
id!(EventId, "evt");
id!(MessageId, "msg");
id!(OrderId, "ord");
id!(
    /// A row of the ledger.
    RowId,
    "row"
);
id!(SpendId, "spe");
id!(PhotoId, "pho");
id!(TicketId, "tkt");
id!(
    /// Created at the edge and carried through queues, provider metadata and callbacks into every log line.
    CorrelationId,
    "cor"
);
id!(
    /// An effect on the outside world, such as one message sent.
    EffectId,
    "eff"
);

impl EventId {
    /// Derives the id of the event that an effect publishes, so that copies have the same id.
    pub fn of_effect(effect: EffectId) -> Self {
        Self(effect.0)
    }

    /// Derives the id from a provider's event id, so that copies have the same id. Not ordered by time.
    pub fn of_event(event: &str) -> Self {
        Self(u128::from_be_bytes(digest_of(event)))
    }
}

fn digest_of(text: &str) -> [u8; 16] {
    let digest = Sha256::digest(text.as_bytes());
    std::array::from_fn(|index| digest[index])
}

impl SpendId {
    /// Derives the id from an order, so that its credits are spent once.
    pub fn of_order(order: OrderId) -> Self {
        Self(order.0)
    }
}

impl CorrelationId {
    /// Derives the id from a provider's event id, so that copies of a delivery share one trace.
    /// Not ordered by time, because not every provider sends one.
    pub fn of_event(event: &str) -> Self {
        Self::of_digest(digest_of(event))
    }

    pub fn of_digest(digest: [u8; 16]) -> Self {
        Self(u128::from_be_bytes(digest))
    }
}

pub fn time_ordered(now: Timestamp, random: [u8; 10]) -> u128 {
    let millis = u64::try_from(now.as_millisecond()).unwrap_or(0);
    uuid::Builder::from_unix_timestamp_millis(millis, &random)
        .into_uuid()
        .as_u128()
}

pub fn made_at(id: u128) -> Timestamp {
    let millis = i64::try_from(id >> 80).unwrap_or(i64::MAX);
    Timestamp::from_millisecond(millis).unwrap_or(Timestamp::MAX)
}

const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
const LETTERS: u32 = 26;

pub fn write_base32(value: u128, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    use fmt::Write;
    for place in (0..LETTERS).rev() {
        let digit = usize::try_from((value >> (place * 5)) & 31).unwrap_or(0);
        f.write_char(char::from(ALPHABET[digit]))?;
    }
    Ok(())
}

pub fn read_base32(text: &str) -> Option<u128> {
    // 26 letters hold 130 bits, so the first letter uses three bits only.
    if text.len() != LETTERS as usize || text.as_bytes()[0] > b'7' {
        return None;
    }
    text.bytes().try_fold(0u128, |value, byte| {
        let digit = ALPHABET.iter().position(|letter| *letter == byte)?;
        Some((value << 5) | digit as u128)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millisecond(millis).unwrap()
    }

    #[test]
    fn ids_sort_by_creation_time() {
        let early = UserId::new(at(1_000), &|| [255; 10]).to_string();
        let late = UserId::new(at(1_001), &|| [0; 10]).to_string();
        assert!(early < late, "{early} {late}");
        assert!(early.starts_with("usr_"));
        assert_eq!(UserId::new(at(1_001), &|| [0; 10]).made_at(), at(1_001));
    }

    #[test]
    fn ids_with_another_prefix_are_refused() {
        let user = UserId::new(at(5), &|| [7; 10]).to_string();
        assert!(user.parse::<EventId>().is_err());
        assert!("usr_".parse::<UserId>().is_err());
        assert!("usr_zzzzzzzzzzzzzzzzzzzzzzzzzz".parse::<UserId>().is_err());
    }

    proptest! {
        #[test]
        fn text_and_back(value: u128) {
            let id = UserId(value);
            prop_assert_eq!(id.to_string().parse::<UserId>(), Ok(id));
        }
    }
}
