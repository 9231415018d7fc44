//! Who is online: visitors by their last sign of life. Sockets that end without a word are noticed by its age.

use std::time::Duration;

use confab_core::{Timestamp, after};
use serde::{Deserialize, Serialize};

use crate::{ConversationId, ConversationStatus, Head};

/// How long a visitor is online after a sign of life. Clients ping every 30 seconds.
pub const ONLINE_TTL: Duration = Duration::from_secs(90);
/// A sign of life is stored at most this often.
const RENEWAL_INTERVAL: Duration = Duration::from_secs(45);
/// Conversations that are told about one visitor.
pub const MAX_PRESENCE_CONVERSATIONS: usize = 3;

/// The last sign of life of a visitor, and the conversations that are told when the visitor leaves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VisitorPresence {
    pub seen_at: Timestamp,
    pub conversations: Vec<ConversationId>,
}

impl VisitorPresence {
    /// Makes the presence of a visitor whose client shows these conversations: the latest that have not ended.
    pub fn of_heads(heads: &[Head], now: Timestamp) -> Self {
        let open = heads
            .iter()
            .filter(|head| head.status != ConversationStatus::Closed);
        let mut open: Vec<_> = open.collect();
        open.sort_by_key(|head| (std::cmp::Reverse(head.last_at), head.id));
        let conversations = open.into_iter().take(MAX_PRESENCE_CONVERSATIONS);
        Self {
            seen_at: now,
            conversations: conversations.map(|head| head.id).collect(),
        }
    }

    pub fn is_online(&self, now: Timestamp) -> bool {
        now < after(self.seen_at, ONLINE_TTL)
    }

    /// Whether a sign of life at this time is to be stored.
    pub fn is_renewal_due(&self, now: Timestamp) -> bool {
        now >= after(self.seen_at, RENEWAL_INTERVAL)
    }

    /// Returns the presence after a sign of life.
    #[must_use]
    pub fn renewed(&self, now: Timestamp) -> Self {
        Self {
            seen_at: now.max(self.seen_at),
            ..self.clone()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conversation::tests::{at, started};

    fn head(byte: u8, last_at: i64, status: ConversationStatus) -> Head {
        Head {
            id: ConversationId::new(at(0), &move || [byte; 10]),
            last_at: at(last_at),
            status,
            ..started(true)
        }
    }

    #[test]
    fn visitor_is_online_for_90_seconds_after_a_sign_of_life() {
        let seen = VisitorPresence::of_heads(&[], at(100));
        assert!(seen.is_online(at(100)) && seen.is_online(at(189)));
        assert!(!seen.is_online(at(190)));
        assert!(!seen.is_renewal_due(at(144)) && seen.is_renewal_due(at(145)));
        let renewed = seen.renewed(at(145));
        assert!(renewed.is_online(at(234)));
        // The clock of another process is behind.
        assert_eq!(renewed.renewed(at(120)), renewed);
    }

    #[test]
    fn latest_open_conversations_are_told() {
        let heads = [
            head(1, 10, ConversationStatus::Open),
            head(2, 50, ConversationStatus::Closed),
            head(3, 40, ConversationStatus::Bot),
            head(4, 20, ConversationStatus::Snoozed),
            head(5, 30, ConversationStatus::Open),
        ];
        let seen = VisitorPresence::of_heads(&heads, at(60));
        let expected = [&heads[2], &heads[4], &heads[3]].map(|head| head.id);
        assert_eq!(seen.conversations, expected);
    }
}
