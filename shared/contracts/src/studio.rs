//! Events of the studio.

use std::collections::BTreeMap;

use confab_core::{EventId, OrderId, PhotoId, UserId};
use confab_messaging::Channel;
use serde::{Deserialize, Serialize};

use crate::Contract;

/// A person wrote to a product. The text stays in the product.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserMessageReceived {
    pub user_id: UserId,
    pub message_id: String,
    pub channel: Channel,
    pub kind: String,
}

impl Contract for UserMessageReceived {
    const TYPE: &'static str = "user_message_received";
    const VERSION: u16 = 1;
}

/// A photo that a person sent was analyzed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageProcessed {
    pub user_id: UserId,
    pub photo_id: PhotoId,
    pub is_good: bool,
}

impl Contract for ImageProcessed {
    const TYPE: &'static str = "image_processed";
    const VERSION: u16 = 1;
}

/// Training for an order began.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TuneCreated {
    pub user_id: UserId,
    pub order_id: OrderId,
    /// Astria's id of the fine-tuned model.
    pub tune_id: i64,
}

impl Contract for TuneCreated {
    const TYPE: &'static str = "tune_created";
    const VERSION: u16 = 1;
}

/// A pack has a new sample picture.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackImagesUpdated {
    pub pack_id: i64,
    /// The class of the person shown, such as `woman`.
    pub class: String,
}

impl Contract for PackImagesUpdated {
    const TYPE: &'static str = "pack_images_updated";
    const VERSION: u16 = 1;
}

/// Reports the expired data that a cleanup run has found. It is deleted, unless the run was dry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CleanupFinished {
    pub run: EventId,
    pub dry_run: bool,
    /// Counts by kind, such as `messages`.
    pub found: BTreeMap<String, u64>,
}

impl Contract for CleanupFinished {
    const TYPE: &'static str = "cleanup_finished";
    const VERSION: u16 = 1;
}
