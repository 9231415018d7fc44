//! Messages of a room, ordered by number.

use std::collections::BTreeMap;

use confab_core::{Error, Money, OrderId, Private, Result, Timestamp, UserId, clip, length};
use serde::{Deserialize, Serialize};
#[cfg(feature = "contract")]
use ts_rs::TS;
use unicode_normalization::char::is_combining_mark;
#[cfg(feature = "contract")]
use utoipa::ToSchema;

use crate::{
    Username,
    name::{is_invisible, limit_marks},
};

const MAX_TEXT_CHARS: usize = 2_000;
const MAX_QUOTE_CHARS: usize = 120;
const MIN_ID_CHARS: usize = 8;
const MAX_ID_CHARS: usize = 64;
/// Different emoji on one message.
pub const MAX_EMOJI_PER_MESSAGE: usize = 12;
/// Users whose ids are sent with a reaction; the others are only counted.
const MAX_NAMED_USERS: usize = 20;
/// A flag of a region, the longest emoji, has 28 bytes.
const MAX_EMOJI_BYTES: usize = 40;
/// Users stored for one emoji of a message; bounds the row.
pub const MAX_USERS_PER_EMOJI: usize = 200;

/// The text of a message: keeps line breaks, drops invisible characters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MessageText(Private<String>);

impl MessageText {
    pub fn parse(text: &str) -> Result<Self> {
        // Unlike in names, joiners and direction marks stay: emoji and right-to-left text need them.
        let is_kept = |c: &char| {
            matches!(
                c,
                '\n' | '\t' | '\u{200c}' | '\u{200d}' | '\u{200e}' | '\u{200f}'
            ) || !is_invisible(*c)
        };
        let text = limit_marks(text.chars().filter(|c| is_kept(c) && *c != '\r'));
        let text = text.trim();
        if !(1..=MAX_TEXT_CHARS).contains(&length(text)) {
            return Err(Error::invalid(
                "too_long",
                "A message can have 1 to 2,000 characters.",
            ));
        }
        Ok(Self(text.into()))
    }

    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

/// The client's id of a message, which every retry repeats.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "contract", derive(ts_rs::TS, utoipa::ToSchema))]
#[serde(transparent)]
pub struct ClientMessageId(String);

impl ClientMessageId {
    pub fn parse(text: &str) -> Result<Self> {
        let is_plain = text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
        if !is_plain || !(MIN_ID_CHARS..=MAX_ID_CHARS).contains(&text.len()) {
            return Err(Error::invalid(
                "bad_client_msg_id",
                "A client_msg_id has 8 to 64 letters, digits, dashes or underscores.",
            ));
        }
        Ok(Self(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A message before it has a number.
#[derive(Debug, Clone, PartialEq)]
pub struct Draft {
    pub client_msg_id: ClientMessageId,
    pub text: MessageText,
    pub reply_to: Option<u64>,
    pub tip: Option<Money>,
}

impl Draft {
    /// The message of a tip: without text, with the order as its id, so that retries are duplicates.
    pub fn tip(order: OrderId, tip: Money) -> Result<Self> {
        let client_msg_id = ClientMessageId::parse(&order.to_string())?;
        Ok(Self {
            client_msg_id,
            text: MessageText(String::new().into()),
            reply_to: None,
            tip: Some(tip),
        })
    }

    pub fn parse(client_msg_id: &str, text: &str, reply_to: Option<u64>) -> Result<Self> {
        Ok(Self {
            client_msg_id: ClientMessageId::parse(client_msg_id)?,
            text: MessageText::parse(text)?,
            reply_to,
            tip: None,
        })
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "contract", derive(TS, ToSchema))]
pub struct Message {
    pub seq: u64,
    pub at: Timestamp,
    pub user_id: UserId,
    pub username: Username,
    pub text: Private<String>,
    pub client_msg_id: ClientMessageId,
    pub reply_to: Option<Quote>,
    pub is_deleted: bool,
    pub reactions: Vec<Reaction>,
    /// Incremented by each change; the higher revision is current.
    pub rev: u64,
    /// The tip that the host received with the message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "contract", ts(optional))]
    pub tip: Option<Money>,
}

/// A copy of the message that another one answers, made when it was posted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "contract", derive(TS, ToSchema))]
pub struct Quote {
    pub seq: u64,
    pub username: Username,
    pub text: Private<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "contract", derive(TS, ToSchema))]
pub struct Reaction {
    pub emoji: String,
    pub count: usize,
    pub users: Vec<UserId>,
}

impl Message {
    pub fn quote(&self) -> Quote {
        let text = clip(self.text.as_str(), MAX_QUOTE_CHARS).into();
        Quote {
            seq: self.seq,
            username: self.username.clone(),
            text,
        }
    }
}

/// Checks that a text is one emoji, which may consist of several characters.
pub fn parse_emoji(text: &str) -> Result<&str> {
    let is_keycap = |c: char| c.is_ascii_digit() || matches!(c, '#' | '*');
    // Joiners, variation selectors and tags modify other characters and are no emoji alone.
    let is_modifier = |c: char| matches!(c, '\u{200d}' | '\u{fe0f}' | '\u{e0020}'..='\u{e007f}');
    let is_picture = |c: char| {
        !c.is_ascii()
            && !c.is_alphanumeric()
            && !c.is_whitespace()
            && !is_invisible(c)
            && (c == '\u{20e3}' || !is_combining_mark(c))
    };
    let is_emoji = text.chars().any(is_picture)
        && text
            .chars()
            .all(|c| is_picture(c) || is_modifier(c) || is_keycap(c))
        && text.len() <= MAX_EMOJI_BYTES;
    if !is_emoji {
        return Err(Error::invalid("bad_emoji", "A reaction is one emoji."));
    }
    Ok(text)
}

/// Summarizes the users of each emoji as clients see them.
pub fn summarize_reactions(all: &BTreeMap<String, Vec<UserId>>) -> Vec<Reaction> {
    all.iter()
        .filter(|(_, users)| !users.is_empty())
        .map(|(emoji, users)| Reaction {
            emoji: emoji.clone(),
            count: users.len(),
            users: users.iter().take(MAX_NAMED_USERS).copied().collect(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_keep_line_breaks_and_lose_invisible_characters() {
        assert_eq!(
            MessageText::parse("  a\r\nb\u{0} \u{202e}c ")
                .unwrap()
                .as_str(),
            "a\nb c"
        );
        assert_eq!(MessageText::parse("👩‍👩‍👧").unwrap().as_str(), "👩‍👩‍👧");
        assert_eq!(
            MessageText::parse("<script>").unwrap().as_str(),
            "<script>",
            "pages render it as text"
        );
        for odd in ["", " \n ", "\u{202e}", &"x".repeat(2_001)] {
            assert!(MessageText::parse(odd).is_err());
        }
        assert!(MessageText::parse(&"😀".repeat(2_000)).is_ok());
    }

    #[test]
    fn texts_keep_combining_marks_of_scripts_and_limit_stacks_of_them() {
        for written in [
            "בְּרֵאשִׁית בָּרָא",
            "e\u{301}",
            "👩🏽‍🚒 1\u{fe0f}\u{20e3}",
            "नमस्ते",
            "สวัสดี ยี่สิบ",
            "می‌خواهم",
        ] {
            assert_eq!(MessageText::parse(written).unwrap().as_str(), written);
        }
        let length_of = |text: &str| length(MessageText::parse(text).unwrap().as_str());
        assert_eq!(
            length_of(&format!("a{}b", "\u{301}".repeat(240))),
            1 + 6 + 1
        );
        // A joiner between marks does not begin a new stack.
        assert_eq!(
            length_of(&format!("a{}b", "\u{301}\u{200d}".repeat(100))),
            1 + 6 + 100 + 1
        );
        assert_eq!(
            length_of(&"\u{301}".repeat(2_400)),
            6,
            "also without a base character"
        );
    }

    #[test]
    fn reactions_accept_one_emoji_only() {
        for good in [
            "👍",
            "❤️",
            "👩‍👩‍👧",
            "1️⃣",
            "🇮🇱",
            "🏴\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}",
        ] {
            assert_eq!(parse_emoji(good).unwrap(), good);
        }
        for odd in [
            "",
            "a",
            "1",
            "👍a",
            "<b>",
            "👍 ",
            "é",
            "\u{200d}",
            "👍\u{202e}",
            "👍\u{301}",
            &"👍".repeat(11),
        ] {
            assert!(parse_emoji(odd).is_err(), "{odd}");
        }
    }

    #[test]
    fn reactions_count_all_users_and_name_the_first_twenty() {
        let user = |number: u8| UserId::new(Timestamp::UNIX_EPOCH, &move || [number; 10]);
        let all = [
            ("👍".to_owned(), (0..30).map(user).collect()),
            ("❤️".to_owned(), vec![]),
        ]
        .into();
        let shown = summarize_reactions(&all);
        assert_eq!(
            (shown.len(), shown[0].count, shown[0].users.len()),
            (1, 30, 20)
        );
    }

    #[test]
    fn client_message_ids_have_8_to_64_plain_characters() {
        assert!(ClientMessageId::parse("01975b1e-8d33-7b1e-a3a5-0242ac120002").is_ok());
        for odd in ["", "short", "with space", "SAID#x#yyyyyyy", &"x".repeat(65)] {
            assert!(ClientMessageId::parse(odd).is_err(), "{odd}");
        }
    }
}
