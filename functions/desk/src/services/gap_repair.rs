//! Gap repair: the messages that a client missed while it was not connected.

use confab_core::{CorrelationId, Result};
use confab_live::{GapRepair, MAX_MISSED_MESSAGES};
use desk_domain::{Head, Message, MessageList, ServerFrame, VisitorMessage, split_into_batches};

use crate::store::Tenant;

/// Messages of the latest page, for a client that missed too many.
const LATEST_PAGE: i32 = 50;

/// What a client missed of a conversation.
#[derive(Debug)]
pub(crate) struct Gap<'a> {
    head: &'a Head,
    /// The messages, notes and events after `after_seq`, in order and without gaps.
    entries: Vec<Message>,
    after_seq: u64,
    /// The highest number in use, as far as was read.
    pub(crate) last_seq: u64,
}

impl<'a> Gap<'a> {
    /// Reads what was posted after `client_seq`, the last number that the client has. The socket is in the channel of
    /// the conversation already: what is posted from now on is broadcast to it.
    pub(crate) async fn load(
        tenant: Tenant<'_>,
        head: &'a Head,
        client_seq: u64,
        correlation_id: CorrelationId,
    ) -> Result<Self> {
        let client_seq = client_seq.min(head.last_seq);
        let entries = match GapRepair::of(Some(client_seq), 1, head.last_seq) {
            GapRepair::Overflow { .. } => {
                tenant
                    .messages_before(head.id, None, LATEST_PAGE, correlation_id)
                    .await?
            }
            GapRepair::Nothing | GapRepair::Missed => {
                let limit = usize::try_from(MAX_MISSED_MESSAGES).unwrap_or_default();
                tenant
                    .messages_after(head.id, client_seq, limit, correlation_id)
                    .await?
            }
        };
        Ok(Self::new(head, client_seq, entries))
    }

    /// Keeps the entries up to the first missing number. So the client asks for that number, and takes nothing for
    /// known that it does not have.
    fn new(head: &'a Head, client_seq: u64, mut entries: Vec<Message>) -> Self {
        let first = entries.first().map(|first| first.seq.saturating_sub(1));
        let after_seq = first.map_or(client_seq, |first| first.max(client_seq));
        let known = entries
            .iter()
            .zip(after_seq + 1..)
            .take_while(|(entry, expected)| entry.seq == *expected)
            .count();
        entries.truncate(known);
        let covered = entries.last().map_or(after_seq, |last| last.seq);
        Self {
            head,
            entries,
            after_seq,
            last_seq: head.last_seq.max(covered),
        }
    }

    /// Renders the frames of `backfill` for an agent or for the visitor, who does not see notes. None without a gap.
    pub(crate) fn frames(&self, is_agent: bool) -> Result<Vec<Vec<u8>>> {
        let Some(last) = self.entries.last() else {
            return Ok(Vec::new());
        };
        let range = (self.after_seq, last.seq);
        if is_agent {
            let batches = split_into_batches(&self.entries, range.0, range.1);
            let frames = batches.iter().map(|batch| {
                let messages = MessageList::Agent(batch.messages);
                self.render(messages, batch.after_seq, batch.last_seq)
            });
            return frames.collect();
        }
        let seen = VisitorMessage::list(&self.entries);
        let batches = split_into_batches(&seen, range.0, range.1);
        let frames = batches.iter().map(|batch| {
            let messages = MessageList::Visitor(batch.messages);
            self.render(messages, batch.after_seq, batch.last_seq)
        });
        frames.collect()
    }

    /// Renders the frame that tells the last number alone. A client that does not have it asks for the messages.
    pub(crate) fn marker(head: &Head) -> Result<Vec<u8>> {
        let nothing = ServerFrame::Backfill {
            conversation_id: head.id,
            messages: MessageList::Agent(&[]),
            after_seq: head.last_seq,
            last_seq: head.last_seq,
        };
        nothing.render()
    }

    fn render(&self, messages: MessageList<'_>, after_seq: u64, last_seq: u64) -> Result<Vec<u8>> {
        let frame = ServerFrame::Backfill {
            conversation_id: self.head.id,
            messages,
            after_seq,
            last_seq,
        };
        frame.render()
    }
}

#[cfg(test)]
mod tests;
