//! A conversation: one state machine for visitors, bots, agents and schedules.
//!
//! `apply_command` decides a command over the head. The head and the entries of a transition are written in one
//! transaction under the version that was read, so numbers are gapless and a bot cannot write over a person who took over.
//!
//! Architecture invariant: pure and total. A command that changes nothing returns the same head, so that retries and
//! late commands are harmless.

mod command;
mod condition;
mod ending;
mod handling;
mod head;
mod patch;
mod posting;
mod refusal;
mod visitor_head;

use confab_core::Timestamp;

use crate::{Author, ConversationEvent, Message, MessageDraft};

pub use command::Command;
pub use condition::WriteCondition;
pub use ending::{CSAT_WINDOW, Csat, Ending, IDLE_AFTER};
pub use handling::MAX_SNOOZE;
pub use head::{
    BotProgress, BotStage, ConversationStatus, Head, NewConversation, Sentiment, VisitorSummary,
    round_for_index,
};
pub use patch::{ConversationPatch, PatchedStatus};
pub use refusal::Refusal;
pub use visitor_head::VisitorHead;

/// What a command makes of a conversation: the next head, and the messages and events that are appended.
#[derive(Debug, Clone, PartialEq)]
pub struct Transition {
    pub head: Head,
    pub entries: Vec<Message>,
}

/// A command being decided.
struct Turn<'a> {
    head: Head,
    entries: Vec<Message>,
    actor: &'a Author,
    now: Timestamp,
}

/// Starts a conversation, with its first message if there is one.
pub fn start_conversation(
    new: NewConversation,
    first: Option<&MessageDraft>,
    actor: &Author,
    now: Timestamp,
) -> Result<Transition, Refusal> {
    let mut turn = Turn {
        head: Head::new(new, now),
        entries: Vec::new(),
        actor,
        now,
    };
    turn.require_access()?;
    turn.require_unblocked()?;
    turn.record(ConversationEvent::Started);
    turn.head.handler_seq = turn.head.last_seq;
    if let Some(draft) = first {
        turn.post(draft)?;
    }
    turn.head.version = 1;
    Ok(Transition {
        head: turn.head,
        entries: turn.entries,
    })
}

/// Decides one command.
pub fn apply_command(
    head: &Head,
    command: &Command,
    actor: &Author,
    now: Timestamp,
) -> Result<Transition, Refusal> {
    apply_commands(head, std::slice::from_ref(command), actor, now)
}

/// Decides commands that take effect together or not at all.
pub fn apply_commands(
    head: &Head,
    commands: &[Command],
    actor: &Author,
    now: Timestamp,
) -> Result<Transition, Refusal> {
    // The clocks of two writers differ: time does not go back in a conversation.
    let now = now.max(head.updated_at);
    let mut turn = Turn {
        head: head.clone(),
        entries: Vec::new(),
        actor,
        now,
    };
    turn.require_access()?;
    for command in commands {
        turn.execute(command)?;
    }
    if turn.head != *head {
        turn.head.version = head.version + 1;
        turn.head.updated_at = now;
    }
    Ok(Transition {
        head: turn.head,
        entries: turn.entries,
    })
}

/// Decides commands only if the conversation is still in the hands it was in when they were made.
pub fn apply_commands_if(
    head: &Head,
    condition: WriteCondition,
    commands: &[Command],
    actor: &Author,
    now: Timestamp,
) -> Result<Transition, Refusal> {
    if !condition.holds(head) {
        return Err(Refusal::TakenOver);
    }
    apply_commands(head, commands, actor, now)
}

impl Turn<'_> {
    fn execute(&mut self, command: &Command) -> Result<(), Refusal> {
        match command {
            Command::Post(draft) => self.post(draft),
            Command::Assign { assignee } => self.assign(*assignee),
            Command::SetTeam { team } => self.set_team(*team),
            Command::SetPriority { priority } => self.set_priority(*priority),
            Command::SetTags { tags } => self.set_tags(tags.clone()),
            Command::AddTag { tag } => self.add_tag(tag),
            Command::Snooze { until } => self.snooze(*until),
            Command::Wake => self.wake(),
            Command::EndIdle => self.end_idle(),
            Command::Open => self.open(),
            Command::End { reason, ask_csat } => self.end(*reason, *ask_csat),
            Command::HandToHuman { reason, team } => self.hand_to_human(*reason, *team),
            Command::HandToBot => self.hand_to_bot(),
            Command::Read { seq } => self.read(*seq),
            Command::Rate(csat) => self.rate(csat),
            Command::Block { is_blocked } => self.block(*is_blocked),
            Command::FillPrechat(answers) => self.fill_prechat(answers),
            Command::SetStage { stage, unknown } => self.set_stage(*stage, *unknown),
            Command::RecordRule { rule } => self.record_rule(rule),
            Command::ClearSubject => {
                self.head.subject = String::new().into();
                Ok(())
            }
        }
    }

    /// Appends an event under the next number.
    fn record(&mut self, event: ConversationEvent) {
        self.head.last_seq += 1;
        let entry = Message::of_event(event, self.actor, self.head.last_seq, self.now);
        self.entries.push(entry);
    }

    /// Visitors reach their own conversation only, and a bot the one it belongs to. A visitor who was joined to another
    /// one acts under the id that the conversation has.
    fn require_access(&self) -> Result<(), Refusal> {
        let is_allowed = match self.actor {
            Author::Visitor { id, .. } => *id == self.head.visitor.id,
            Author::Bot { id, .. } => Some(*id) == self.head.bot_id,
            Author::Agent { .. } | Author::System => true,
        };
        if is_allowed {
            Ok(())
        } else {
            Err(Refusal::NotFound)
        }
    }

    fn require_unblocked(&self) -> Result<(), Refusal> {
        let is_visitor = matches!(self.actor, Author::Visitor { .. });
        if is_visitor && self.head.visitor.is_blocked {
            Err(Refusal::Blocked)
        } else {
            Ok(())
        }
    }

    fn require_agent(&self) -> Result<(), Refusal> {
        if matches!(self.actor, Author::Agent { .. }) {
            Ok(())
        } else {
            Err(Refusal::Forbidden)
        }
    }

    fn require_visitor(&self) -> Result<(), Refusal> {
        if matches!(self.actor, Author::Visitor { .. }) {
            Ok(())
        } else {
            Err(Refusal::Forbidden)
        }
    }

    /// Allows agents and schedules, and the bot while it handles the conversation.
    fn require_staff(&self) -> Result<(), Refusal> {
        match self.actor {
            Author::Visitor { .. } => Err(Refusal::Forbidden),
            Author::Bot { .. } => self.require_bot_handles(),
            Author::Agent { .. } | Author::System => Ok(()),
        }
    }

    /// A bot is silent once a person has taken over, until an agent hands the conversation back.
    fn require_bot_handles(&self) -> Result<(), Refusal> {
        if self.head.status == ConversationStatus::Bot {
            Ok(())
        } else {
            Err(Refusal::TakenOver)
        }
    }

    fn require_not_closed(&self) -> Result<(), Refusal> {
        if self.head.status == ConversationStatus::Closed {
            Err(Refusal::Closed)
        } else {
            Ok(())
        }
    }
}

#[cfg(test)]
mod ending_tests;
#[cfg(test)]
mod handling_tests;
#[cfg(test)]
mod invariants_tests;
#[cfg(test)]
mod permission_tests;
#[cfg(test)]
pub(crate) mod tests;
