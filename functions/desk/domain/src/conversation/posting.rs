//! Messages and notes: who may write, and what a message does to the head.

use confab_core::{UserId, clip};

use super::{BotStage, ConversationStatus, Head, Refusal, Turn};
use crate::{
    Author, ConversationEvent, Handler, HandoffReason, Message, MessageDraft, PrechatAnswers,
};

const MAX_SUBJECT_CHARS: usize = 80;
/// Agents whom the notes of one conversation can mention; bounds the row.
const MAX_MENTIONED: usize = 50;

/// Returns the beginning of a text as one line.
fn subject_of(text: &str) -> String {
    let words: Vec<_> = text.split_whitespace().collect();
    clip(&words.join(" "), MAX_SUBJECT_CHARS)
}

impl Head {
    /// Whether the subject quotes this message of the visitor.
    pub fn quotes(&self, message: &Message) -> bool {
        let text = message.text.as_str();
        let is_of_visitor = matches!(message.author, Author::Visitor { .. });
        is_of_visitor && !text.is_empty() && self.subject.as_str() == subject_of(text)
    }
}

impl Turn<'_> {
    pub(super) fn post(&mut self, draft: &MessageDraft) -> Result<(), Refusal> {
        let is_reply_known = draft
            .reply_to
            .is_none_or(|seq| (1..=self.head.last_seq).contains(&seq));
        if !is_reply_known {
            return Err(Refusal::UnknownReply);
        }
        if draft.is_note {
            return self.post_note(draft);
        }
        let is_bot = matches!(self.actor, Author::Bot { .. });
        if !draft.mentions.is_empty() || (!draft.offer.is_empty() && !is_bot) {
            return Err(Refusal::Forbidden);
        }
        match self.actor {
            Author::Visitor { .. } => self.post_of_visitor(draft),
            Author::Agent { id, .. } => {
                self.post_of_agent(*id, draft);
                Ok(())
            }
            Author::Bot { .. } => {
                self.require_bot_handles()?;
                self.head.bot.turns = self.head.bot.turns.saturating_add(1);
                self.append(draft);
                Ok(())
            }
            Author::System => {
                self.require_not_closed()?;
                self.append(draft);
                Ok(())
            }
        }
    }

    fn post_of_visitor(&mut self, draft: &MessageDraft) -> Result<(), Refusal> {
        self.require_unblocked()?;
        match (self.head.status, &self.head.ended) {
            (ConversationStatus::Closed, Some(ended))
                if !self.head.reopening.allows(ended.at, self.now) =>
            {
                return Err(Refusal::Closed);
            }
            (ConversationStatus::Closed | ConversationStatus::Snoozed, _) => self.reopen(),
            (ConversationStatus::Bot | ConversationStatus::Open, _) => {}
        }
        self.append(draft);
        if self.head.subject.as_str().is_empty() {
            self.head.subject = subject_of(draft.text.as_str()).into();
        }
        if draft.language.is_some() {
            self.head.language.clone_from(&draft.language);
        }
        self.head.last_visitor_seq = self.head.last_seq;
        self.head.visitor_read_seq = self.head.last_seq;
        self.head.unread = self.head.unread.saturating_add(1);
        if self.head.handled_by == Handler::Human {
            self.head.waiting_since.get_or_insert(self.now);
        }
        Ok(())
    }

    /// The first message of a person takes the conversation from the bot in the same transition.
    fn post_of_agent(&mut self, agent: UserId, draft: &MessageDraft) {
        if self.head.status == ConversationStatus::Closed {
            self.reopen();
        }
        if self.head.handled_by == Handler::Bot {
            self.take_over(agent);
        } else if self.head.assignee.is_none() {
            self.set_assignee(Some(agent));
        }
        if self.head.first_reply_ms.is_none() {
            let asked_at = self.head.waiting_since.unwrap_or(self.head.started_at);
            let waited_ms = self.now.as_millisecond() - asked_at.as_millisecond();
            self.head.first_reply_ms = Some(u64::try_from(waited_ms).unwrap_or_default());
        }
        self.append(draft);
        self.head.waiting_since = None;
        self.head.unread = 0;
        self.head.read_seq = self.head.last_seq;
    }

    /// A note changes nothing but the history: people talk about a conversation without taking it.
    fn post_note(&mut self, draft: &MessageDraft) -> Result<(), Refusal> {
        self.require_agent()?;
        let mentioned = self.head.mentions.union(&draft.mentions).count();
        if mentioned > MAX_MENTIONED {
            return Err(Refusal::TooManyMentions);
        }
        self.head.mentions.extend(&draft.mentions);
        let last_at = self.head.last_at;
        self.append(draft);
        self.head.last_at = last_at;
        Ok(())
    }

    fn append(&mut self, draft: &MessageDraft) {
        self.head.last_seq += 1;
        self.head.last_at = self.now;
        let message = Message::of_draft(draft, self.actor, self.head.last_seq, self.now);
        self.entries.push(message);
    }

    fn set_assignee(&mut self, assignee: Option<UserId>) {
        self.head.assignee = assignee;
        self.record(ConversationEvent::Assigned { assignee });
    }

    pub(super) fn assign(&mut self, assignee: Option<UserId>) -> Result<(), Refusal> {
        if !matches!(self.actor, Author::Agent { .. } | Author::System) {
            return Err(Refusal::Forbidden);
        }
        if self.head.assignee == assignee {
            return Ok(());
        }
        self.require_not_closed()?;
        if self.head.handled_by == Handler::Bot {
            self.release_from_bot(HandoffReason::Assigned, None);
        }
        self.set_assignee(assignee);
        Ok(())
    }

    pub(super) fn read(&mut self, seq: u64) -> Result<(), Refusal> {
        let seq = seq.min(self.head.last_seq);
        match self.actor {
            Author::Visitor { .. } => {
                self.head.visitor_read_seq = self.head.visitor_read_seq.max(seq);
            }
            Author::Agent { .. } => {
                self.head.read_seq = self.head.read_seq.max(seq);
                let after_read = self
                    .head
                    .last_visitor_seq
                    .saturating_sub(self.head.read_seq);
                let after_read = u32::try_from(after_read).unwrap_or(u32::MAX);
                self.head.unread = self.head.unread.min(after_read);
            }
            Author::Bot { .. } | Author::System => return Err(Refusal::Forbidden),
        }
        Ok(())
    }

    pub(super) fn fill_prechat(&mut self, answers: &PrechatAnswers) -> Result<(), Refusal> {
        self.require_visitor()?;
        self.require_unblocked()?;
        self.require_not_closed()?;
        if self.head.visitor.name.is_none() {
            self.head.visitor.name = answers.name().map(Into::into);
        }
        self.head.prechat.clone_from(answers);
        Ok(())
    }

    pub(super) fn set_stage(&mut self, stage: BotStage, unknown: u8) -> Result<(), Refusal> {
        if !matches!(self.actor, Author::Bot { .. }) {
            return Err(Refusal::Forbidden);
        }
        self.require_bot_handles()?;
        self.head.bot.stage = stage;
        self.head.bot.unknown = unknown;
        Ok(())
    }

    pub(super) fn record_rule(&mut self, rule: &str) -> Result<(), Refusal> {
        match self.actor {
            Author::Bot { .. } => self.require_bot_handles()?,
            Author::System => {}
            Author::Visitor { .. } | Author::Agent { .. } => return Err(Refusal::Forbidden),
        }
        self.record(ConversationEvent::Rule {
            rule: rule.to_owned(),
        });
        Ok(())
    }
}
