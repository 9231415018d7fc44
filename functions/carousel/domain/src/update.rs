//! What arrives from a chat, in our own form.

use confab_core::{Private, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{MAX_SLIDES, TelegramId};

/// An update of a chat. Its id is the same in every copy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Update {
    pub id: String,
    pub sent_at: Timestamp,
    pub chat: TelegramId,
    pub is_group: bool,
    /// Who wrote, tapped or changed something.
    pub user: TelegramId,
    /// IETF tag of the person's app.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language_tag: Option<String>,
    pub content: UpdateContent,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum UpdateContent {
    Text {
        text: Private<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reply_to: Option<TelegramId>,
    },
    Photo {
        file_id: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        caption: Option<Private<String>>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reply_to: Option<TelegramId>,
    },
    Tap {
        callback: String,
        data: String,
        /// `None` if the message is not accessible any more.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        message: Option<TelegramId>,
    },
    /// The bot was blocked, removed, unblocked or added.
    Membership { can_write: bool },
    /// The group became a supergroup with another id.
    Migrated { to: TelegramId },
    /// Anything else that a person sent.
    Other,
}

impl UpdateContent {
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Text { .. } => "text",
            Self::Photo { .. } => "photo",
            Self::Tap { .. } => "tap",
            Self::Membership { .. } => "membership",
            Self::Migrated { .. } => "migration",
            Self::Other => "other",
        }
    }
}

/// A command with what follows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Command<'a> {
    /// As typed.
    pub name: &'a str,
    pub rest: &'a str,
}

impl<'a> Command<'a> {
    /// Parses `/name rest` and `/name@bot rest`. `None` for a text that is no command, and for a
    /// command to another bot.
    pub fn parse(text: &'a str, bot: &str) -> Option<Self> {
        let text = text.trim().strip_prefix('/')?;
        let (word, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
        let (name, to) = word.split_once('@').unwrap_or((word, bot));
        let is_ours = to.eq_ignore_ascii_case(bot);
        (is_ours && !name.is_empty()).then(|| Self {
            name,
            rest: rest.trim(),
        })
    }

    pub fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }
}

/// Splits `5: small habits` into the number of slides and the topic. A number without a colon
/// belongs to the topic, as in "7 habits".
pub fn split_count(text: &str) -> (Option<u8>, &str) {
    let Some((number, rest)) = text.split_once(':') else {
        return (None, text);
    };
    let slides = 1..=u8::try_from(MAX_SLIDES).unwrap_or(u8::MAX);
    match number.trim().parse::<u8>() {
        Ok(count) if slides.contains(&count) => (Some(count), rest.trim()),
        _ => (None, text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_ours_with_our_name_or_none() {
        let parse = |text| Command::parse(text, "CarouselBot");
        let command = parse("/carousel@carouselbot  small habits ").unwrap();
        assert_eq!((command.name, command.rest), ("carousel", "small habits"));
        assert!(parse("/Carousel\nsmall habits").unwrap().is("carousel"));
        for other in [
            "/carousel@OtherBot x",
            "carousel",
            "",
            "/",
            "/@CarouselBot",
            "a /my",
        ] {
            assert_eq!(parse(other), None, "{other}");
        }
    }

    #[test]
    fn number_of_slides_needs_a_colon_and_a_sensible_number() {
        assert_eq!(split_count("5: small habits"), (Some(5), "small habits"));
        assert_eq!(split_count("15 :x"), (Some(15), "x"));
        for topic in ["7 habits", "0: x", "16: x", "Rest: why", "-1: x", "5", ""] {
            assert_eq!(split_count(topic), (None, topic), "{topic}");
        }
    }
}
