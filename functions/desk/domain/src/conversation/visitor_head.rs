//! What a visitor sees of the head: nothing of how people sort and discuss it.

use confab_core::Timestamp;
use serde::Serialize;

use super::{ConversationStatus, Head};
use crate::{ConversationId, Handler, LanguageTag};

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "contract", derive(ts_rs::TS, utoipa::ToSchema))]
pub struct VisitorHead {
    pub id: ConversationId,
    pub is_closed: bool,
    pub handled_by: Handler,
    pub language: Option<LanguageTag>,
    pub last_seq: u64,
    pub last_at: Timestamp,
    /// The highest number that the visitor's devices have shown.
    pub read_seq: u64,
    pub asks_csat: bool,
    pub csat_score: Option<u8>,
    /// A message would be accepted now.
    pub may_write: bool,
}

impl VisitorHead {
    pub fn of(head: &Head, now: Timestamp) -> Self {
        let is_closed = head.status == ConversationStatus::Closed;
        let ended = head.ended.filter(|_| is_closed);
        let is_final = ended.is_some_and(|ended| !head.reopening.allows(ended.at, now));
        Self {
            id: head.id,
            is_closed,
            handled_by: head.handled_by,
            language: head.language.clone(),
            last_seq: head.last_seq,
            last_at: head.last_at,
            read_seq: head.visitor_read_seq,
            asks_csat: head.csat.is_none() && ended.is_some_and(|ended| ended.asks_csat),
            csat_score: head.csat.as_ref().map(|csat| csat.score),
            may_write: !is_final && !head.visitor.is_blocked,
        }
    }
}
