//! The condition under which a bot's actions may be written.

use serde::{Deserialize, Serialize};

use super::Head;
use crate::Handler;

/// The hands that a conversation is in. It holds until they change, even if they change back: then the bot's answer is
/// to a question that a person has dealt with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct WriteCondition {
    pub handled_by: Handler,
    /// The number of the event that put it into these hands.
    pub handler_seq: u64,
}

impl WriteCondition {
    pub fn of(head: &Head) -> Self {
        Self {
            handled_by: head.handled_by,
            handler_seq: head.handler_seq,
        }
    }

    pub fn holds(self, head: &Head) -> bool {
        self == Self::of(head)
    }
}
