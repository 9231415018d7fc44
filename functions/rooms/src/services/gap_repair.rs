//! Gap repair: the messages that a client missed while it was not connected.

use confab_core::{CorrelationId, Result};
use confab_live::{GapRepair, MAX_MISSED_MESSAGES, is_repairable};
use confab_worker::Consistency;
use rooms_domain::{Message, RoomCode, ServerFrame, split_into_frames};

use crate::store::{LatestMessages, Store, first_seq};

/// What a client has of a room, and the messages that it missed.
#[derive(Debug)]
pub(crate) struct Gap {
    /// The last number that the client has. `None` for a client that has nothing.
    client_seq: Option<u64>,
    missed: Vec<Message>,
}

impl Gap {
    /// Reads the latest messages, and those after `client_seq` if they are few.
    pub(crate) async fn load(
        store: &Store,
        room: RoomCode,
        client_seq: Option<u64>,
        correlation_id: CorrelationId,
    ) -> Result<(LatestMessages, Self)> {
        let latest = store
            .latest_messages(room, 0, Consistency::Eventual, correlation_id)
            .await?;
        let missed = match client_seq {
            Some(seq) if is_repairable(seq, latest.last_seq) => {
                let limit = usize::try_from(MAX_MISSED_MESSAGES).unwrap_or_default();
                store
                    .messages_after(room, seq, limit, correlation_id)
                    .await?
            }
            _ => Vec::new(),
        };
        Ok((latest, Self { client_seq, missed }))
    }

    /// Returns the frames that close the gap up to `last_seq`.
    pub(crate) fn frames(&self, last_seq: u64) -> Vec<ServerFrame<'_>> {
        match GapRepair::of(self.client_seq, first_seq(last_seq), last_seq) {
            GapRepair::Nothing => Vec::new(),
            GapRepair::Overflow {
                first_seq,
                last_seq,
            } => vec![ServerFrame::BackfillOverflow {
                first_seq,
                last_seq,
            }],
            GapRepair::Missed => split_into_frames(&self.missed)
                .into_iter()
                .map(|messages| ServerFrame::Backfill { messages, last_seq })
                .collect(),
        }
    }
}
