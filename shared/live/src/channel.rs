//! What a service tells about its channels.

use std::{
    fmt::{Debug, Display},
    hash::Hash,
    str::FromStr,
};

use confab_core::Result;
use serde::{Serialize, de::DeserializeOwned};

use crate::Frames;

/// A kind of channel: its ids and users, the updates that are broadcast, and their frames.
pub trait Channel: Debug + 'static {
    /// Its text is the FIFO group of the channel's broadcasts.
    type Id: Clone + Debug + Display + Eq + Hash + Serialize + DeserializeOwned + Send + Sync;
    type User: Clone + Debug + Display + FromStr + Ord + Send + Sync;
    /// Why users are removed.
    type Reason: Clone + Debug + PartialEq + Serialize + DeserializeOwned + Send + Sync;
    type Update: Clone + Serialize + DeserializeOwned + Send + Sync;

    /// Where the rows of the channel's connections are.
    fn connections(id: &Self::Id) -> Partition;
    /// Where the rows of the channel's removals are.
    fn removals(id: &Self::Id) -> Partition;
    /// Returns the message that an update posts. `None` for other updates.
    fn posted_message(update: &Self::Update) -> Option<PostedMessage>;
    /// Whether a late update is worthless: it is outdated, or clients have repaired the gap themselves.
    fn is_transient(update: &Self::Update) -> bool;
    /// Renders updates, in order, into the frames of a broadcast.
    fn render(updates: &[Self::Update]) -> Result<Frames<Self::User>>;
    /// Renders the frame that a removed user receives last.
    fn farewell(reason: &Self::Reason) -> Result<Vec<u8>>;
}

/// Rows of one partition whose sort keys have a prefix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Partition {
    pub pk: String,
    /// Empty if the partition has no other rows.
    pub prefix: &'static str,
}

impl Partition {
    pub fn new(pk: impl Into<String>, prefix: &'static str) -> Self {
        Self {
            pk: pk.into(),
            prefix,
        }
    }
}

/// The number of a posted message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PostedMessage {
    pub seq: u64,
    /// Messages of a busy channel may be delayed a little, so that they go out together.
    pub is_busy: bool,
}
