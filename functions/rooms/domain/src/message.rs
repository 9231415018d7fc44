//! A message: what somebody said in a room, under its number.

use std::collections::BTreeMap;

use confab_core::{Error, Money, OrderId, Private, Result, Timestamp, UserId, clip, length};
use serde::{Deserialize, Serialize};
use ts_rs::TS;
use unicode_normalization::char::is_combining_mark;
use utoipa::ToSchema;

use crate::{
    Username,
    name::{bound_marks, is_unseen},
};

const LONGEST: usize = 2_000;
const QUOTED: usize = 120;
const SHORTEST_ID: usize = 8;
const LONGEST_ID: usize = 64;
/// Different ones on one message.
pub const MOST_EMOJI: usize = 12;
/// People who are named beside one.
const NAMED: usize = 20;
/// People who are known beside one: the row has an end.
pub const MOST_OF_ONE_EMOJI: usize = 200;

/// What somebody says: with lines, and without what nobody sees but directions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Text(Private<String>);

impl Text {
    pub fn parse(text: &str) -> Result<Self> {
        // A message has no name to be taken for: joiners stay, since emoji are made with them.
        let kept = |c: &char| {
            matches!(
                c,
                '\n' | '\t' | '\u{200c}' | '\u{200d}' | '\u{200e}' | '\u{200f}'
            ) || !is_unseen(*c)
        };
        let text = bound_marks(text.chars().filter(|c| kept(c) && *c != '\r'));
        let text = text.trim();
        match (1..=LONGEST).contains(&length(text)) {
            true => Ok(Self(text.into())),
            false => Err(Error::invalid(
                "too_long",
                "A message has 1 to 2,000 characters.",
            )),
        }
    }

    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

/// What a client calls a message before it has a number: the same in every try.
#[derive(
    Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema,
)]
#[serde(transparent)]
pub struct ClientMessageId(String);

impl ClientMessageId {
    pub fn parse(text: &str) -> Result<Self> {
        let is_plain = text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
        match is_plain && (SHORTEST_ID..=LONGEST_ID).contains(&text.len()) {
            true => Ok(Self(text.to_owned())),
            false => Err(Error::invalid(
                "bad_client_msg_id",
                "A client_msg_id has 8 to 64 letters, digits or dashes.",
            )),
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What somebody wants to say.
#[derive(Debug, Clone, PartialEq)]
pub struct Draft {
    pub client_msg_id: ClientMessageId,
    pub text: Text,
    pub reply_to: Option<u64>,
    pub tip: Option<Money>,
}

impl Draft {
    /// A tip has no words, and the same name in every try.
    pub fn tip(order: OrderId, tip: Money) -> Result<Self> {
        let client_msg_id = ClientMessageId::parse(&order.to_string())?;
        Ok(Self {
            client_msg_id,
            text: Text(String::new().into()),
            reply_to: None,
            tip: Some(tip),
        })
    }

    pub fn parse(client_msg_id: &str, text: &str, reply_to: Option<u64>) -> Result<Self> {
        Ok(Self {
            client_msg_id: ClientMessageId::parse(client_msg_id)?,
            text: Text::parse(text)?,
            reply_to,
            tip: None,
        })
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS, ToSchema)]
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
    /// Grows with each change: the higher one is right.
    pub rev: u64,
    /// What was given to the host with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub tip: Option<Money>,
}

/// The message that another one answers, as it was then.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS, ToSchema)]
pub struct Quote {
    pub seq: u64,
    pub username: Username,
    pub text: Private<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS, ToSchema)]
pub struct Reaction {
    pub emoji: String,
    pub count: usize,
    pub users: Vec<UserId>,
}

impl Message {
    pub fn quote(&self) -> Quote {
        let text = clip(self.text.as_str(), QUOTED).into();
        Quote {
            seq: self.seq,
            username: self.username.clone(),
            text,
        }
    }
}

/// One emoji, as people send it: a few characters, none of them a letter or a digit alone.
pub fn emoji(text: &str) -> Result<&str> {
    let keycap = |c: char| c.is_ascii_digit() || matches!(c, '#' | '*');
    // What joins, colours and frames the others, and is nothing alone.
    let binds = |c: char| matches!(c, '\u{200d}' | '\u{fe0f}' | '\u{e0020}'..='\u{e007f}');
    let is_picture = |c: char| {
        !c.is_ascii()
            && !c.is_alphanumeric()
            && !c.is_whitespace()
            && !is_unseen(c)
            && (c == '\u{20e3}' || !is_combining_mark(c))
    };
    let is_one = text.chars().any(is_picture)
        && text.chars().all(|c| is_picture(c) || binds(c) || keycap(c))
        && text.len() <= 40;
    is_one
        .then_some(text)
        .ok_or_else(|| Error::invalid("bad_emoji", "A reaction is one emoji."))
}

/// Who reacted with what, as it is shown.
pub fn reactions(all: &BTreeMap<String, Vec<UserId>>) -> Vec<Reaction> {
    let shown = all
        .iter()
        .filter(|(_, users)| !users.is_empty())
        .map(|(emoji, users)| Reaction {
            emoji: emoji.clone(),
            count: users.len(),
            users: users.iter().take(NAMED).copied().collect(),
        });
    shown.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_keeps_its_lines_and_loses_what_nobody_sees() {
        assert_eq!(
            Text::parse("  a\r\nb\u{0} \u{202e}c ").unwrap().as_str(),
            "a\nb c"
        );
        assert_eq!(Text::parse("👩‍👩‍👧").unwrap().as_str(), "👩‍👩‍👧");
        assert_eq!(
            Text::parse("<script>").unwrap().as_str(),
            "<script>",
            "a page shows it as text"
        );
        for odd in ["", " \n ", "\u{202e}", &"x".repeat(2_001)] {
            assert!(Text::parse(odd).is_err());
        }
        assert!(Text::parse(&"😀".repeat(2_000)).is_ok());
    }

    #[test]
    fn texts_keep_the_marks_that_scripts_write_and_no_tower_of_them() {
        for written in [
            "בְּרֵאשִׁית בָּרָא",
            "e\u{301}",
            "👩🏽‍🚒 1\u{fe0f}\u{20e3}",
            "नमस्ते",
            "สวัสดี ยี่สิบ",
            "می‌خواهم",
        ] {
            assert_eq!(Text::parse(written).unwrap().as_str(), written);
        }
        let length_of = |text: &str| length(Text::parse(text).unwrap().as_str());
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
            "nor does the beginning of a text"
        );
    }

    #[test]
    fn a_reaction_is_an_emoji() {
        for good in [
            "👍",
            "❤️",
            "👩‍👩‍👧",
            "1️⃣",
            "🇮🇱",
            "🏴\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}",
        ] {
            assert_eq!(emoji(good).unwrap(), good);
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
            assert!(emoji(odd).is_err(), "{odd}");
        }
    }

    #[test]
    fn reactions_are_counted_and_the_first_of_many_named() {
        let user = |number: u8| UserId::new(Timestamp::UNIX_EPOCH, &move || [number; 10]);
        let all = [
            ("👍".to_owned(), (0..30).map(user).collect()),
            ("❤️".to_owned(), vec![]),
        ]
        .into();
        let shown = reactions(&all);
        assert_eq!(
            (shown.len(), shown[0].count, shown[0].users.len()),
            (1, 30, 20)
        );
    }

    #[test]
    fn a_client_names_its_messages_plainly() {
        assert!(ClientMessageId::parse("01975b1e-8d33-7b1e-a3a5-0242ac120002").is_ok());
        for odd in ["", "short", "with space", "SAID#x#yyyyyyy", &"x".repeat(65)] {
            assert!(ClientMessageId::parse(odd).is_err(), "{odd}");
        }
    }
}
