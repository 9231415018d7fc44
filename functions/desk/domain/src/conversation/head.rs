//! The head of a conversation: everything but its messages.

use std::collections::BTreeSet;

use confab_core::{Private, Timestamp, UserId};
use serde::{Deserialize, Serialize};

use super::{Csat, Ending};
use crate::{
    BotId, ConversationId, Handler, HandoffReason, LanguageTag, PrechatAnswers, Priority,
    ReopenPolicy, TeamId, VisitorId,
};

/// The index is written again at most once in this time, so that a burst of messages costs nothing there.
const INDEX_STEP_SECONDS: i64 = 10;
/// Idle conversations end up to this much later, so that messages seldom move their row in the index of what is due.
const IDLE_STEP_SECONDS: i64 = 600;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "contract", derive(ts_rs::TS, utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ConversationStatus {
    /// The bot answers.
    Bot,
    /// People answer.
    Open,
    /// People answer later.
    Snoozed,
    Closed,
}

/// What a head shows of its visitor. A copy: the contact has the current values.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "contract", derive(ts_rs::TS, utoipa::ToSchema))]
pub struct VisitorSummary {
    pub id: VisitorId,
    pub name: Option<Private<String>>,
    pub is_verified: bool,
    #[serde(default)]
    pub is_blocked: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "contract", derive(ts_rs::TS, utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Sentiment {
    Negative,
    Neutral,
    Positive,
}

/// What a bot has asked the visitor for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "contract", derive(ts_rs::TS, utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum BotStage {
    #[default]
    Talking,
    /// The form before the chat. It is asked for again once.
    Prechat { is_reminded: bool },
    /// An address to answer to, because no people are there now.
    Address {
        is_reminded: bool,
        /// Why the conversation is handed over when the address is there.
        reason: HandoffReason,
        team: Option<TeamId>,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "contract", derive(ts_rs::TS, utoipa::ToSchema))]
pub struct BotProgress {
    #[serde(default)]
    pub stage: BotStage,
    /// Messages of the bot since it has handled the conversation.
    #[serde(default)]
    pub turns: u32,
    /// Questions in a row without an answer.
    #[serde(default)]
    pub unknown: u8,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "contract", derive(ts_rs::TS, utoipa::ToSchema))]
pub struct Head {
    pub id: ConversationId,
    pub status: ConversationStatus,
    pub handled_by: Handler,
    pub assignee: Option<UserId>,
    pub team: Option<TeamId>,
    pub priority: Priority,
    pub tags: BTreeSet<String>,
    pub visitor: VisitorSummary,
    pub bot_id: Option<BotId>,
    /// The beginning of the visitor's first message.
    pub subject: Private<String>,
    pub language: Option<LanguageTag>,
    pub started_at: Timestamp,
    /// Messages, notes and events have the numbers from 1 to this one.
    pub last_seq: u64,
    /// The time of the last message. Notes and events do not count.
    pub last_at: Timestamp,
    /// Messages of the visitor that no agent has read.
    pub unread: u32,
    /// Since when the visitor waits for a person's answer.
    pub waiting_since: Option<Timestamp>,
    /// From the first wait, or the start, to a person's first answer.
    pub first_reply_ms: Option<u64>,
    pub csat: Option<Csat>,
    /// Set by the analysis of the visitor's messages.
    pub sentiment: Option<Sentiment>,
    pub snooze_until: Option<Timestamp>,
    /// When it last changed hands, woke or was reopened.
    #[serde(default)]
    pub resumed_at: Option<Timestamp>,
    /// While it is closed.
    pub ended: Option<Ending>,
    #[serde(default)]
    pub reopening: ReopenPolicy,
    #[serde(default)]
    pub prechat: PrechatAnswers,
    #[serde(default)]
    pub bot: BotProgress,
    /// Agents whom notes mention.
    #[serde(default)]
    pub mentions: BTreeSet<UserId>,
    /// The number of the event that decided who handles the conversation.
    pub handler_seq: u64,
    pub last_visitor_seq: u64,
    /// The highest numbers that agents and the visitor have read.
    pub read_seq: u64,
    pub visitor_read_seq: u64,
    pub updated_at: Timestamp,
    pub version: u64,
}

/// What a conversation begins with.
#[derive(Debug, Clone, PartialEq)]
pub struct NewConversation {
    pub id: ConversationId,
    pub visitor: VisitorSummary,
    pub bot_id: Option<BotId>,
    pub language: Option<LanguageTag>,
    pub reopening: ReopenPolicy,
    pub prechat: PrechatAnswers,
}

impl Head {
    /// Without a bot, people answer.
    pub(super) fn new(new: NewConversation, now: Timestamp) -> Self {
        let (status, handled_by) = match new.bot_id {
            Some(_) => (ConversationStatus::Bot, Handler::Bot),
            None => (ConversationStatus::Open, Handler::Human),
        };
        Self {
            id: new.id,
            status,
            handled_by,
            assignee: None,
            team: None,
            priority: Priority::default(),
            tags: BTreeSet::new(),
            visitor: new.visitor,
            bot_id: new.bot_id,
            subject: String::new().into(),
            language: new.language,
            started_at: now,
            last_seq: 0,
            last_at: now,
            unread: 0,
            waiting_since: None,
            first_reply_ms: None,
            csat: None,
            sentiment: None,
            snooze_until: None,
            resumed_at: None,
            ended: None,
            reopening: new.reopening,
            prechat: new.prechat,
            bot: BotProgress::default(),
            mentions: BTreeSet::new(),
            handler_seq: 0,
            last_visitor_seq: 0,
            read_seq: 0,
            visitor_read_seq: 0,
            updated_at: now,
            version: 0,
        }
    }

    /// Returns when a schedule has to end the snooze, or the idle conversation.
    pub fn due_at(&self) -> Option<Timestamp> {
        if self.status == ConversationStatus::Snoozed {
            return self.snooze_until;
        }
        self.idle_at().map(round_up_to_idle_step)
    }

    /// Returns the time under which lists sort the conversation.
    pub fn listed_at(&self) -> Timestamp {
        round_for_index(self.last_at)
    }
}

fn round_up_to_idle_step(at: Timestamp) -> Timestamp {
    let second = at.as_second() + i64::from(at.subsec_nanosecond() > 0);
    let rounded = second + (-second).rem_euclid(IDLE_STEP_SECONDS);
    Timestamp::from_second(rounded).unwrap_or(Timestamp::MAX)
}

/// Rounds a time down to the step of the index.
pub fn round_for_index(at: Timestamp) -> Timestamp {
    let second = at.as_second();
    let rounded = second - second.rem_euclid(INDEX_STEP_SECONDS);
    Timestamp::from_second(rounded).unwrap_or(Timestamp::MIN)
}
