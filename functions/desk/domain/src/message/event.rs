//! Changes of a conversation that its history shows.

use confab_core::{Timestamp, UserId};
use serde::{Deserialize, Serialize};

use crate::TeamId;

/// Who answers the visitor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "contract", derive(ts_rs::TS, utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Handler {
    Bot,
    Human,
}

/// Why a conversation changed hands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "contract", derive(ts_rs::TS, utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum HandoffReason {
    /// The visitor asked for a person.
    Asked,
    /// The bot had no answer, too often.
    Unknown,
    Sentiment,
    Rule,
    /// The bot is switched off.
    Off,
    MaxTurns,
    Budget,
    Error,
    /// An agent assigned it to a person.
    Assigned,
    /// An agent gave it back to the bot.
    Returned,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "contract", derive(ts_rs::TS, utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum EndReason {
    Resolved,
    Spam,
    NoReply,
    Left,
}

/// A change of a conversation, shown between its messages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "contract", derive(ts_rs::TS, utoipa::ToSchema))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ConversationEvent {
    Started,
    Assigned {
        assignee: Option<UserId>,
    },
    HandedOff {
        to: Handler,
        reason: HandoffReason,
        team: Option<TeamId>,
    },
    /// An agent answered in place of the bot.
    TookOver,
    Snoozed {
        until: Timestamp,
    },
    Reopened,
    Ended {
        reason: EndReason,
    },
    Csat {
        score: u8,
    },
    Rule {
        rule: String,
    },
}
