//! How a conversation ends: reasons, the visitor's rating, blocks.

use std::time::Duration;

use confab_core::{Error, Private, Result, Timestamp, after, length};
use serde::{Deserialize, Serialize};

use super::{BotStage, ConversationStatus, Head, Refusal, Turn};
use crate::{Author, ConversationEvent, EndReason, text::clean_text};

/// How long after the end a visitor may rate it.
pub const CSAT_WINDOW: Duration = Duration::from_secs(24 * 3_600);
/// A conversation is idle this long after its last message.
pub const IDLE_AFTER: Duration = Duration::from_secs(24 * 3_600);
const MAX_COMMENT_CHARS: usize = 500;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "contract", derive(ts_rs::TS, utoipa::ToSchema))]
pub struct Ending {
    pub at: Timestamp,
    pub reason: EndReason,
    /// The visitor is asked for a rating.
    pub asks_csat: bool,
}

/// A visitor's rating.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "contract", derive(ts_rs::TS, utoipa::ToSchema))]
pub struct Csat {
    /// 1 to 5.
    pub score: u8,
    #[serde(default)]
    pub comment: Private<String>,
}

impl Csat {
    pub fn parse(score: u8, comment: &str) -> Result<Self> {
        if !(1..=5).contains(&score) {
            return Err(Error::invalid(
                "bad_score",
                "A rating is a number from 1 to 5.",
            ));
        }
        let comment = clean_text(comment);
        if length(&comment) > MAX_COMMENT_CHARS {
            return Err(Error::invalid(
                "too_long",
                "A comment can have at most 500 characters.",
            ));
        }
        Ok(Self {
            score,
            comment: comment.into(),
        })
    }
}

impl Head {
    /// Returns when the conversation will be idle, unless a message arrives before. One that changed hands, woke or was
    /// reopened gets the whole time again. `None` while a visitor waits for a person, and while nothing is open.
    pub fn idle_at(&self) -> Option<Timestamp> {
        let is_active = matches!(
            self.status,
            ConversationStatus::Bot | ConversationStatus::Open
        );
        if !is_active || self.waits_for_person() {
            return None;
        }
        let since = self.resumed_at.unwrap_or(self.last_at).max(self.last_at);
        Some(after(since, IDLE_AFTER))
    }

    /// Whether the visitor waits for a person. One who asked outside of the hours is asked for an address first.
    fn waits_for_person(&self) -> bool {
        self.waiting_since.is_some() || matches!(self.bot.stage, BotStage::Address { .. })
    }
}

impl Turn<'_> {
    /// A schedule that comes early, late or twice changes nothing.
    pub(super) fn end_idle(&mut self) -> Result<(), Refusal> {
        if self.actor != &Author::System {
            return Err(Refusal::Forbidden);
        }
        if self.head.idle_at().is_some_and(|at| at <= self.now) {
            self.close(EndReason::NoReply, false);
        }
        Ok(())
    }

    pub(super) fn end(&mut self, reason: EndReason, ask_csat: bool) -> Result<(), Refusal> {
        let is_allowed = match self.actor {
            Author::Visitor { .. } => matches!(reason, EndReason::Resolved | EndReason::Left),
            Author::Bot { .. } => reason == EndReason::Resolved,
            Author::Agent { .. } | Author::System => true,
        };
        if !is_allowed {
            return Err(Refusal::Forbidden);
        }
        if self.head.status == ConversationStatus::Closed {
            return Ok(());
        }
        if matches!(self.actor, Author::Bot { .. }) {
            self.require_bot_handles()?;
        }
        self.close(reason, ask_csat && reason != EndReason::Spam);
        Ok(())
    }

    fn close(&mut self, reason: EndReason, asks_csat: bool) {
        self.record(ConversationEvent::Ended { reason });
        self.head.status = ConversationStatus::Closed;
        self.head.ended = Some(Ending {
            at: self.now,
            reason,
            asks_csat,
        });
        self.head.waiting_since = None;
        self.head.snooze_until = None;
        self.head.unread = 0;
        self.head.read_seq = self.head.last_seq;
    }

    /// A second rating replaces the first; the same one changes nothing.
    pub(super) fn rate(&mut self, csat: &Csat) -> Result<(), Refusal> {
        self.require_visitor()?;
        self.require_unblocked()?;
        let ended = self.head.ended.ok_or(Refusal::NotEnded)?;
        if self.now >= after(ended.at, CSAT_WINDOW) {
            return Err(Refusal::RatingExpired);
        }
        if self.head.csat.as_ref() == Some(csat) {
            return Ok(());
        }
        self.record(ConversationEvent::Csat { score: csat.score });
        self.head.csat = Some(csat.clone());
        Ok(())
    }

    /// Blocking a visitor ends the conversation as spam.
    pub(super) fn block(&mut self, is_blocked: bool) -> Result<(), Refusal> {
        self.require_agent()?;
        if self.head.visitor.is_blocked == is_blocked {
            return Ok(());
        }
        self.head.visitor.is_blocked = is_blocked;
        if is_blocked && self.head.status != ConversationStatus::Closed {
            self.close(EndReason::Spam, false);
        }
        Ok(())
    }
}
