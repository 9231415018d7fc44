//! Updates of realtime channels, and their frames.

use confab_core::{Result, Timestamp};
use confab_live::{Channel, Frames, PostedMessage};
use desk_domain::{
    Author, ConversationId, Head, Message, MessageList, ServerFrame, VisitorHead, VisitorMessage,
    split_into_batches,
};
use serde::{Deserialize, Serialize};

use crate::live_channels::{LiveChannels, Party, SocketEnd, recipients};

/// An update for the sockets of a channel.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum LiveUpdate {
    /// What one transition of a conversation has appended.
    Appended {
        conversation: ConversationId,
        /// Messages, notes and events, in order.
        entries: Vec<Message>,
    },
    /// A message with a higher revision.
    Changed {
        conversation: ConversationId,
        message: Box<Message>,
    },
    Typing {
        conversation: ConversationId,
        author: Author,
        is_typing: bool,
    },
    /// The conversation has ended.
    Ended { head: Box<Head>, at: Timestamp },
    /// For the inbox: a conversation as it is now.
    HeadChanged { head: Box<Head> },
    /// For agents: whether the visitor of a conversation is online, with the number of agents who are.
    Presence {
        conversation: ConversationId,
        agents: u32,
        is_visitor_online: bool,
    },
    /// For the inbox: how many agents are online.
    AgentsOnline { agents: u32 },
    /// Closes the sockets of a party, or all, that were opened with tickets until then.
    Removed {
        party: Option<Party>,
        reason: SocketEnd,
        at: Timestamp,
    },
}

impl LiveUpdate {
    pub(crate) fn posted_message(&self) -> Option<PostedMessage> {
        match self {
            Self::Appended { entries, .. } => Some(PostedMessage {
                seq: entries.last()?.seq,
                is_busy: false,
            }),
            _ => None,
        }
    }

    /// Returns the messages, notes and events that an update appends.
    fn entries(&self) -> &[Message] {
        match self {
            Self::Appended { entries, .. } => entries,
            _ => &[],
        }
    }

    /// Whether the update appends to the same conversation, with the number after these entries.
    fn continues(&self, conversation: ConversationId, entries: &[Message]) -> bool {
        let is_same =
            matches!(self, Self::Appended { conversation: other, .. } if *other == conversation);
        let (last, next) = (entries.last(), self.entries().first());
        let follows = last
            .zip(next)
            .is_some_and(|(last, next)| next.seq == last.seq + 1);
        is_same && follows
    }

    /// Whether the update is worthless a minute later. Clients repair gaps of messages themselves, by their numbers.
    pub(crate) fn is_transient(&self) -> bool {
        match self {
            Self::Appended { .. }
            | Self::Typing { .. }
            | Self::Presence { .. }
            | Self::AgentsOnline { .. } => true,
            Self::Changed { .. }
            | Self::Ended { .. }
            | Self::HeadChanged { .. }
            | Self::Removed { .. } => false,
        }
    }
}

fn is_agent(party: &Party) -> bool {
    matches!(party, Party::Agent(_))
}

fn is_visitor(party: &Party) -> bool {
    matches!(party, Party::Visitor(_))
}

/// Renders updates, in order. Visitors receive what they may see: their list of messages has no place for a note.
pub(crate) fn render(updates: &[LiveUpdate]) -> Result<Frames<Party>> {
    let mut frames = Frames::default();
    let mut rest = updates.iter().peekable();
    while let Some(update) = rest.next() {
        let LiveUpdate::Appended {
            conversation,
            entries,
        } = update
        else {
            add_update(&mut frames, update)?;
            continue;
        };
        // Messages that follow each other go out together.
        let mut entries = entries.clone();
        while let Some(next) = rest.next_if(|next| next.continues(*conversation, &entries)) {
            entries.extend(next.entries().iter().cloned());
        }
        add_entries(&mut frames, *conversation, &entries)?;
    }
    Ok(frames)
}

fn add_update(frames: &mut Frames<Party>, update: &LiveUpdate) -> Result<()> {
    match update {
        LiveUpdate::Appended {
            conversation,
            entries,
        } => add_entries(frames, *conversation, entries),
        LiveUpdate::Changed {
            conversation,
            message,
        } => {
            let changed = |messages| {
                ServerFrame::Changed {
                    conversation_id: *conversation,
                    messages,
                }
                .render()
            };
            let message = std::slice::from_ref(&**message);
            frames.push_where(is_agent, changed(MessageList::Agent(message))?);
            let seen = VisitorMessage::list(message);
            if !seen.is_empty() {
                frames.push_where(is_visitor, changed(MessageList::Visitor(&seen))?);
            }
            Ok(())
        }
        LiveUpdate::Typing {
            conversation,
            author,
            is_typing,
        } => add_typing(frames, *conversation, author, *is_typing),
        LiveUpdate::Ended { head, at } => {
            let conversation = &VisitorHead::of(head, *at);
            frames.push(ServerFrame::ConversationEnd { conversation }.render()?);
            Ok(())
        }
        LiveUpdate::HeadChanged { head } => {
            frames.push_where(is_agent, ServerFrame::Head { head }.render()?);
            Ok(())
        }
        LiveUpdate::Presence {
            conversation,
            agents,
            is_visitor_online,
        } => {
            let presence = ServerFrame::Presence {
                conversation_id: Some(*conversation),
                agents: *agents,
                is_visitor_online: Some(*is_visitor_online),
            };
            frames.push_where(is_agent, presence.render()?);
            Ok(())
        }
        LiveUpdate::AgentsOnline { agents } => {
            let presence = ServerFrame::Presence {
                conversation_id: None,
                agents: *agents,
                is_visitor_online: None,
            };
            frames.push_where(is_agent, presence.render()?);
            Ok(())
        }
        LiveUpdate::Removed { party, reason, at } => {
            frames.remove(recipients(*party), *at, LiveChannels::farewell(reason)?);
            Ok(())
        }
    }
}

/// Adds that an author types, for the others: visitors know their own typing, and so does each agent.
fn add_typing(
    frames: &mut Frames<Party>,
    conversation_id: ConversationId,
    author: &Author,
    is_typing: bool,
) -> Result<()> {
    let seen = &author.for_visitor();
    let frame = if is_typing {
        ServerFrame::TypingStart {
            conversation_id,
            author: seen,
        }
    } else {
        ServerFrame::TypingStop {
            conversation_id,
            author: seen,
        }
    };
    let frame = frame.render()?;
    match author {
        Author::Visitor { .. } => frames.push_where(is_agent, frame),
        Author::Agent { id, .. } => frames.push_except(Party::Agent(*id), |_| true, frame),
        Author::Bot { .. } | Author::System => frames.push(frame),
    }
    Ok(())
}

/// Adds the entries of a transition for agents and for visitors, each with all numbers that they cover.
fn add_entries(
    frames: &mut Frames<Party>,
    conversation_id: ConversationId,
    entries: &[Message],
) -> Result<()> {
    let (Some(first), Some(last)) = (entries.first(), entries.last()) else {
        return Ok(());
    };
    let (after_seq, last_seq) = (first.seq.saturating_sub(1), last.seq);
    for batch in split_into_batches(entries, after_seq, last_seq) {
        let frame = ServerFrame::MessageReceive {
            conversation_id,
            messages: MessageList::Agent(batch.messages),
            after_seq: batch.after_seq,
            last_seq: batch.last_seq,
        };
        frames.push_where(is_agent, frame.render()?);
    }
    let seen = VisitorMessage::list(entries);
    for batch in split_into_batches(&seen, after_seq, last_seq) {
        let frame = ServerFrame::MessageReceive {
            conversation_id,
            messages: MessageList::Visitor(batch.messages),
            after_seq: batch.after_seq,
            last_seq: batch.last_seq,
        };
        frames.push_where(is_visitor, frame.render()?);
    }
    Ok(())
}

#[cfg(test)]
mod tests;
