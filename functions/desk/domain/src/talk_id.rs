//! Ids of desk: the ids of core with prefixes of their own.

use std::{fmt, str::FromStr};

use confab_core::{Entropy, EventId, Timestamp};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A text that is no id of the expected kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TalkIdError {
    prefix: &'static str,
}

impl fmt::Display for TalkIdError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let prefix = self.prefix;
        write!(
            f,
            "an id of the form {prefix}_ and 26 letters or digits is expected"
        )
    }
}

impl std::error::Error for TalkIdError {}

/// Maps an unparsable id in a path to 404.
impl From<TalkIdError> for confab_core::Error {
    fn from(error: TalkIdError) -> Self {
        Self::not_found("id").with_source(error)
    }
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(EventId);

        impl $name {
            pub const PREFIX: &str = $prefix;

            pub fn new(now: Timestamp, entropy: &dyn Entropy) -> Self {
                Self(EventId::new(now, entropy))
            }

            /// Returns the creation time, to the millisecond.
            pub fn made_at(self) -> Timestamp {
                self.0.made_at()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let text = self.0.to_string();
                let letters = text.rsplit('_').next().unwrap_or_default();
                write!(f, concat!($prefix, "_{}"), letters)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = TalkIdError;

            fn from_str(text: &str) -> Result<Self, TalkIdError> {
                let error = TalkIdError { prefix: $prefix };
                let letters = text.strip_prefix(concat!($prefix, "_")).ok_or(error)?;
                let id = format!("{}_{letters}", EventId::PREFIX).parse();
                id.map(Self).map_err(|_| error)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

id!(BotId, "bot");
id!(ConversationId, "cnv");
id!(
    /// A visitor of a site with a bot. Agents see the same record as a contact.
    VisitorId,
    "vis"
);
id!(TeamId, "team");
id!(AvatarId, "avt");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_keep_their_prefix_and_time() {
        let at = Timestamp::from_second(1_795_000_000).unwrap();
        let id = BotId::new(at, &|| [7; 10]);
        assert!(id.to_string().starts_with("bot_"));
        assert_eq!(id.to_string().len(), 30);
        assert_eq!(id.to_string().parse::<BotId>(), Ok(id));
        assert_eq!(id.made_at(), at);
    }

    #[test]
    fn ids_of_another_kind_are_refused() {
        let bot = BotId::new(Timestamp::UNIX_EPOCH, &|| [7; 10]).to_string();
        for text in ["", "bot_", "evt_01m7ym613fe0yvvhrd4bj8893d", bot.as_str()] {
            assert!(text.parse::<VisitorId>().is_err(), "{text}");
        }
        assert!(bot.to_uppercase().parse::<BotId>().is_err());
    }
}
