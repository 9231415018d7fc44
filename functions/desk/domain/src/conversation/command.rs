//! What may be done to a conversation.

use std::collections::BTreeSet;

use confab_core::{Timestamp, UserId};

use super::{BotStage, Csat};
use crate::{EndReason, HandoffReason, MessageDraft, PrechatAnswers, Priority, TeamId};

#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// Appends a message or a note. Retries are recognized by the store, under the client's id.
    Post(MessageDraft),
    /// Assigns it to a person, or to no one. A bot's conversation changes hands.
    Assign {
        assignee: Option<UserId>,
    },
    SetTeam {
        team: Option<TeamId>,
    },
    SetPriority {
        priority: Priority,
    },
    SetTags {
        tags: BTreeSet<String>,
    },
    AddTag {
        tag: String,
    },
    Snooze {
        until: Timestamp,
    },
    /// Ends a snooze that is due.
    Wake,
    /// Ends the conversation if it is idle.
    EndIdle,
    /// An agent takes the conversation: from its snooze, its end or its bot.
    Open,
    End {
        reason: EndReason,
        ask_csat: bool,
    },
    HandToHuman {
        reason: HandoffReason,
        team: Option<TeamId>,
    },
    HandToBot,
    /// Marks messages up to a number as read, by agents or by the visitor.
    Read {
        seq: u64,
    },
    Rate(Csat),
    Block {
        is_blocked: bool,
    },
    FillPrechat(PrechatAnswers),
    /// Remembers what a bot asked for, and how many questions in a row it could not answer.
    SetStage {
        stage: BotStage,
        unknown: u8,
    },
    RecordRule {
        rule: String,
    },
    /// Forgets the subject, because the message that it quotes was deleted.
    ClearSubject,
}
