//! Splits messages into batches that fit into one frame each.

use serde::Serialize;

use super::MAX_FRAME_BYTES;
use crate::{Message, VisitorMessage};

/// Bytes of a frame around its messages.
const ENVELOPE_BYTES: usize = 300;

/// Messages of one frame, and the numbers that it covers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MessageBatch<'a, M> {
    pub messages: &'a [M],
    pub after_seq: u64,
    pub last_seq: u64,
}

/// A message with its number.
pub trait Numbered: Serialize {
    fn seq(&self) -> u64;
}

impl Numbered for Message {
    fn seq(&self) -> u64 {
        self.seq
    }
}

impl Numbered for VisitorMessage {
    fn seq(&self) -> u64 {
        self.seq
    }
}

/// Splits messages, which are in order and cover the numbers after `after_seq` up to `last_seq`. There is one batch
/// even without messages: it tells a visitor's client that nothing was missed.
pub fn split_into_batches<M: Numbered>(
    messages: &[M],
    after_seq: u64,
    last_seq: u64,
) -> Vec<MessageBatch<'_, M>> {
    let mut batches = Vec::new();
    let (mut from, mut size, mut covered) = (0, ENVELOPE_BYTES, after_seq);
    for (index, message) in messages.iter().enumerate() {
        // A message that cannot be rendered fails later, when its frame is rendered.
        let length = serde_json::to_vec(message).map_or(0, |text| text.len()) + 1;
        if index > from && size + length > MAX_FRAME_BYTES {
            let until = messages[index - 1].seq();
            batches.push(MessageBatch {
                messages: &messages[from..index],
                after_seq: covered,
                last_seq: until,
            });
            (from, size, covered) = (index, ENVELOPE_BYTES, until);
        }
        size += length;
    }
    batches.push(MessageBatch {
        messages: &messages[from..],
        after_seq: covered,
        last_seq,
    });
    batches
}
