//! Who handles a conversation and when: hand-offs, snoozes, and how it is sorted.

use std::{collections::BTreeSet, time::Duration};

use confab_core::{Timestamp, UserId, after};

use super::{BotProgress, ConversationStatus, Refusal, Turn};
use crate::{
    Author, ConversationEvent, Handler, HandoffReason, Priority, TeamId, triage::MAX_TAGS,
};

pub const MAX_SNOOZE: Duration = Duration::from_secs(365 * 24 * 3_600);

impl Turn<'_> {
    /// A bot hands over, a visitor asks for a person, or an agent sends it to a team.
    pub(super) fn hand_to_human(
        &mut self,
        reason: HandoffReason,
        team: Option<TeamId>,
    ) -> Result<(), Refusal> {
        self.require_unblocked()?;
        self.require_not_closed()?;
        match self.actor {
            Author::Bot { .. } => self.require_bot_handles()?,
            // A visitor has no say in who answers.
            Author::Visitor { .. } if team.is_some() || reason != HandoffReason::Asked => {
                return Err(Refusal::Forbidden);
            }
            Author::Visitor { .. } | Author::Agent { .. } | Author::System => {}
        }
        if self.head.handled_by == Handler::Bot {
            self.release_from_bot(reason, team);
        } else if team.is_some() {
            self.head.team = team;
        }
        Ok(())
    }

    /// The bot is silent from now on, and the visitor waits for a person.
    pub(super) fn release_from_bot(&mut self, reason: HandoffReason, team: Option<TeamId>) {
        self.head.team = team.or(self.head.team);
        self.record(ConversationEvent::HandedOff {
            to: Handler::Human,
            reason,
            team: self.head.team,
        });
        self.set_handler(Handler::Human);
        self.head.waiting_since.get_or_insert(self.now);
    }

    /// An agent answers in place of the bot.
    pub(super) fn take_over(&mut self, agent: UserId) {
        self.record(ConversationEvent::TookOver);
        self.set_handler(Handler::Human);
        self.head.assignee = Some(agent);
    }

    pub(super) fn hand_to_bot(&mut self) -> Result<(), Refusal> {
        self.require_agent()?;
        self.require_not_closed()?;
        if self.head.bot_id.is_none() {
            return Err(Refusal::NoBot);
        }
        if self.head.handled_by == Handler::Bot {
            return Ok(());
        }
        self.record(ConversationEvent::HandedOff {
            to: Handler::Bot,
            reason: HandoffReason::Returned,
            team: self.head.team,
        });
        self.set_handler(Handler::Bot);
        self.head.assignee = None;
        self.head.waiting_since = None;
        self.head.snooze_until = None;
        Ok(())
    }

    /// Names the event that was just recorded as the one that decided.
    fn set_handler(&mut self, handler: Handler) {
        self.head.handled_by = handler;
        self.head.handler_seq = self.head.last_seq;
        self.head.status = self.active_status();
        self.head.bot = BotProgress::default();
        self.head.resumed_at = Some(self.now);
    }

    fn active_status(&self) -> ConversationStatus {
        match self.head.handled_by {
            Handler::Bot => ConversationStatus::Bot,
            Handler::Human => ConversationStatus::Open,
        }
    }

    /// Goes on in the hands that the conversation was in.
    pub(super) fn reopen(&mut self) {
        self.record(ConversationEvent::Reopened);
        self.head.status = self.active_status();
        self.head.snooze_until = None;
        self.head.ended = None;
        self.head.bot = BotProgress::default();
        self.head.resumed_at = Some(self.now);
    }

    pub(super) fn open(&mut self) -> Result<(), Refusal> {
        let Author::Agent { id, .. } = self.actor else {
            return Err(Refusal::Forbidden);
        };
        if matches!(
            self.head.status,
            ConversationStatus::Closed | ConversationStatus::Snoozed
        ) {
            self.reopen();
        }
        if self.head.handled_by == Handler::Bot {
            self.take_over(*id);
        }
        Ok(())
    }

    pub(super) fn snooze(&mut self, until: Timestamp) -> Result<(), Refusal> {
        self.require_agent()?;
        if !matches!(
            self.head.status,
            ConversationStatus::Open | ConversationStatus::Snoozed
        ) {
            return Err(Refusal::NotOpen);
        }
        if self.head.snooze_until == Some(until) {
            return Ok(());
        }
        if until <= self.now || until > after(self.now, MAX_SNOOZE) {
            return Err(Refusal::BadSnooze);
        }
        self.record(ConversationEvent::Snoozed { until });
        self.head.status = ConversationStatus::Snoozed;
        self.head.snooze_until = Some(until);
        Ok(())
    }

    /// A schedule that comes early, late or twice changes nothing.
    pub(super) fn wake(&mut self) -> Result<(), Refusal> {
        if self.actor != &Author::System {
            return Err(Refusal::Forbidden);
        }
        let is_due = self
            .head
            .snooze_until
            .is_some_and(|until| until <= self.now);
        if self.head.status == ConversationStatus::Snoozed && is_due {
            self.reopen();
        }
        Ok(())
    }

    pub(super) fn set_team(&mut self, team: Option<TeamId>) -> Result<(), Refusal> {
        self.require_staff()?;
        self.head.team = team;
        Ok(())
    }

    pub(super) fn set_priority(&mut self, priority: Priority) -> Result<(), Refusal> {
        self.require_staff()?;
        self.head.priority = priority;
        Ok(())
    }

    pub(super) fn set_tags(&mut self, tags: BTreeSet<String>) -> Result<(), Refusal> {
        self.require_staff()?;
        if tags.len() > MAX_TAGS {
            return Err(Refusal::TooManyTags);
        }
        self.head.tags = tags;
        Ok(())
    }

    pub(super) fn add_tag(&mut self, tag: &str) -> Result<(), Refusal> {
        let mut tags = self.head.tags.clone();
        tags.insert(tag.to_owned());
        self.set_tags(tags)
    }
}
