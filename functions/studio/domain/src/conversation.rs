//! State of a user's conversation with the studio.

use std::collections::BTreeSet;

use confab_core::{OrderId, Timestamp};
use confab_messaging::Body;
use serde::{Deserialize, Serialize};

use crate::{Class, Order, OrderStatus, Photos};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    #[default]
    New,
    Collecting,
    Choosing,
    Paying,
    /// The user paid, and the bank has not delivered the money.
    PaymentPending,
    Training,
    Ready,
}

/// A free text that we asked the user for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AwaitedReply {
    /// What the user disliked about an order.
    Feedback,
    /// A question to the studio's operator.
    Question,
}

/// Maximum open offers; the oldest is forgotten. Money for a forgotten offer is refunded.
pub(crate) const MAX_OPEN_OFFERS: usize = 5;
/// Maximum remembered orders; the oldest finished one is forgotten.
const MAX_ORDERS: usize = 30;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
#[serde(default)]
pub struct Conversation {
    pub stage: Stage,
    #[serde(skip_serializing_if = "is_empty")]
    pub photos: Photos,
    /// Chosen by the user, or detected in the first accepted photo.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub class: Option<Class>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub orders: Vec<Order>,
    /// The latest trained model: later orders can use it without new selfies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<Model>,
    /// Messages that wait for the messaging window to reopen.
    #[serde(rename = "unsaid", skip_serializing_if = "Vec::is_empty")]
    pub held_messages: Vec<Body>,
    /// The user was reminded since their last message.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub is_reminded: bool,
    /// When the latest photo came that did not fit into the album; any other message resets it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused_photo_at: Option<Timestamp>,
    /// The next free text is this reply, at any stage.
    #[serde(rename = "asked", skip_serializing_if = "Option::is_none")]
    pub awaited_reply: Option<AwaitedReply>,
    /// Undelivered photos of the latest order that were sent once more.
    #[serde(rename = "sent_again", skip_serializing_if = "BTreeSet::is_empty")]
    pub resent_images: BTreeSet<String>,
}

/// A face model that an order trained.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Model {
    pub tune: i64,
    pub class: Class,
    pub trained_at: Timestamp,
}

fn is_empty(photos: &Photos) -> bool {
    photos.0.is_empty()
}

impl Conversation {
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }

    pub fn order(&self, id: OrderId) -> Option<&Order> {
        self.orders.iter().find(|order| order.id == id)
    }

    pub fn order_mut(&mut self, id: OrderId) -> Option<&mut Order> {
        self.orders.iter_mut().find(|order| order.id == id)
    }

    pub fn order_in_progress(&self) -> Option<&Order> {
        self.orders.iter().find(|order| order.is_in_progress())
    }

    /// Returns the latest order with a pending payment.
    pub fn pending_order(&self) -> Option<&Order> {
        self.latest_order(&OrderStatus::PaymentPending)
    }

    /// Returns the latest delivered order: ratings are about it.
    pub fn last_delivered_order(&self) -> Option<&Order> {
        self.latest_order(&OrderStatus::Delivered)
    }

    fn latest_order(&self, status: &OrderStatus) -> Option<&Order> {
        self.orders.iter().rfind(|order| order.status == *status)
    }

    /// Adds an offer, and forgets the oldest open one and the oldest finished one beyond the
    /// limits.
    pub fn add_offer(&mut self, order: Order) {
        let is_offer = |order: &Order| order.status == OrderStatus::Offered;
        let offers = self.orders.iter().filter(|order| is_offer(order)).count();
        if offers >= MAX_OPEN_OFFERS
            && let Some(oldest) = self.orders.iter().position(is_offer)
        {
            self.orders.remove(oldest);
        }
        if self.orders.len() >= MAX_ORDERS
            && let Some(oldest) = self.orders.iter().position(Order::is_finished)
        {
            self.orders.remove(oldest);
        }
        self.orders.push(order);
    }

    /// Merges the conversation that the same user had under another id. No order, held message or
    /// model is lost.
    #[must_use]
    pub fn merged_with(mut self, earlier: Self) -> Self {
        for order in earlier.orders {
            if self.order(order.id).is_none() {
                self.orders.push(order);
            }
        }
        self.orders.sort_by_key(|order| order.id);
        self.held_messages.splice(..0, earlier.held_messages);
        self.model = [self.model, earlier.model]
            .into_iter()
            .flatten()
            .max_by_key(|model| model.trained_at);
        if self.photos.0.is_empty() {
            (self.photos, self.class) = (earlier.photos, self.class.or(earlier.class));
        }
        if self.order_in_progress().is_some() {
            self.stage = Stage::Training;
        }
        self
    }

    /// Drops the selfies, so that new ones train a new model.
    pub fn start_over(&mut self) {
        self.photos = Photos::default();
        self.class = None;
        self.refused_photo_at = None;
        self.stage = Stage::Collecting;
    }
}
