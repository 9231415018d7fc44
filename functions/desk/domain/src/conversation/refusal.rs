//! Why a command is refused.

use std::fmt;

use confab_core::{Error, Kind};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// It belongs to another visitor or bot, whose existence is not disclosed.
    NotFound,
    Forbidden,
    Blocked,
    Closed,
    /// A person handles it now; the bot is silent.
    TakenOver,
    NoBot,
    NotOpen,
    NotEnded,
    RatingExpired,
    BadSnooze,
    UnknownReply,
    TooManyTags,
    TooManyMentions,
    ChangedMeanwhile,
}

impl Refusal {
    pub const ALL: [Self; 14] = [
        Self::NotFound,
        Self::Forbidden,
        Self::Blocked,
        Self::Closed,
        Self::TakenOver,
        Self::NoBot,
        Self::NotOpen,
        Self::NotEnded,
        Self::RatingExpired,
        Self::BadSnooze,
        Self::UnknownReply,
        Self::TooManyTags,
        Self::TooManyMentions,
        Self::ChangedMeanwhile,
    ];

    /// Returns the kind, the code and the message for the caller.
    fn parts(self) -> (Kind, &'static str, &'static str) {
        match self {
            Self::NotFound => (
                Kind::NotFound,
                "conversation_not_found",
                "There is no such conversation.",
            ),
            Self::Forbidden => (Kind::Forbidden, "forbidden", "You cannot do this."),
            Self::Blocked => (
                Kind::Forbidden,
                "blocked",
                "You cannot write here any more.",
            ),
            Self::Closed => (
                Kind::Conflict,
                "closed",
                "This conversation has ended. Start a new one.",
            ),
            Self::TakenOver => (
                Kind::Conflict,
                "taken_over",
                "A person handles this conversation now.",
            ),
            Self::NoBot => (
                Kind::Conflict,
                "no_bot",
                "This conversation has no chatbot.",
            ),
            Self::NotOpen => (
                Kind::Conflict,
                "not_open",
                "Only an open conversation can be snoozed.",
            ),
            Self::NotEnded => (
                Kind::Conflict,
                "not_ended",
                "Rate the conversation when it has ended.",
            ),
            Self::RatingExpired => (
                Kind::Conflict,
                "csat_expired",
                "A conversation can be rated within 24 hours.",
            ),
            Self::BadSnooze => (
                Kind::Invalid,
                "bad_snooze",
                "Choose a time within the next year.",
            ),
            Self::UnknownReply => (
                Kind::Invalid,
                "bad_reply",
                "The message you reply to does not exist.",
            ),
            Self::TooManyTags => (
                Kind::Invalid,
                "too_many_tags",
                "A conversation can have at most 20 tags.",
            ),
            Self::TooManyMentions => (
                Kind::Invalid,
                "too_many_mentions",
                "A conversation can mention at most 50 people.",
            ),
            Self::ChangedMeanwhile => (
                Kind::Conflict,
                "changed_meanwhile",
                "The conversation has been changed meanwhile.",
            ),
        }
    }

    pub fn code(self) -> &'static str {
        self.parts().1
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.parts().2)
    }
}

impl std::error::Error for Refusal {}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        let (kind, code, message) = refusal.parts();
        Self::new(kind, code, message)
    }
}
