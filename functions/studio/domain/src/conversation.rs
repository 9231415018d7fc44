//! Where a person is in the studio.

use std::collections::BTreeSet;

use confab_core::{OrderId, Timestamp};
use confab_messaging::Body;
use serde::{Deserialize, Serialize};

use crate::{Class, Order, Photos, Step};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    #[default]
    New,
    Collecting,
    Choosing,
    Paying,
    /// The person has paid, and the bank takes its time.
    PaymentPending,
    Training,
    Ready,
}

/// What we asked a person to write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Asked {
    /// What should have been better.
    Feedback,
    /// What somebody of the studio is to read.
    Question,
}

/// Offers that were not taken are remembered up to here: their links may still be paid.
pub(crate) const MOST_OFFERS: usize = 5;
/// What is over is remembered up to here.
const MOST_ORDERS: usize = 30;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
#[serde(default)]
pub struct Visit {
    pub stage: Stage,
    #[serde(skip_serializing_if = "is_empty")]
    pub photos: Photos,
    /// What the person or the first good photo says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub class: Option<Class>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub orders: Vec<Order>,
    /// What was trained last: photos can be made from it without new selfies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<Model>,
    /// What could not be said outside of the window in which we may speak freely.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unsaid: Vec<Body>,
    /// The person was reminded since they wrote last.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub is_reminded: bool,
    /// When the last photo was sent that there was no room for; anything but a photo ends it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused_photo_at: Option<Timestamp>,
    /// The next words that are no wish are this, at whatever stage the person is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub asked: Option<Asked>,
    /// Photos of the last order that did not arrive, and were sent once more.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub sent_again: BTreeSet<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Model {
    pub tune: i64,
    pub class: Class,
    pub trained_at: Timestamp,
}

fn is_empty(photos: &Photos) -> bool {
    photos.0.is_empty()
}

impl Visit {
    pub fn is_blank(&self) -> bool {
        *self == Self::default()
    }

    pub fn order(&self, id: OrderId) -> Option<&Order> {
        self.orders.iter().find(|order| order.id == id)
    }

    pub fn order_mut(&mut self, id: OrderId) -> Option<&mut Order> {
        self.orders.iter_mut().find(|order| order.id == id)
    }

    pub fn in_work(&self) -> Option<&Order> {
        self.orders.iter().find(|order| order.is_in_work())
    }

    /// The order whose payment is on its way, the latest of them.
    pub fn pending(&self) -> Option<&Order> {
        self.orders
            .iter()
            .rev()
            .find(|order| order.step == Step::PaymentPending)
    }

    /// The last one that was delivered: it is what stars are for.
    pub fn delivered(&self) -> Option<&Order> {
        self.orders
            .iter()
            .rev()
            .find(|order| order.step == Step::Done)
    }

    /// Adds an offer; the oldest that nobody took is forgotten when there are many.
    pub fn offer(&mut self, order: Order) {
        let open = |order: &Order| order.step == Step::Offered;
        if self.orders.iter().filter(|order| open(order)).count() >= MOST_OFFERS
            && let Some(oldest) = self.orders.iter().position(open)
        {
            self.orders.remove(oldest);
        }
        if self.orders.len() >= MOST_ORDERS
            && let Some(oldest) = self.orders.iter().position(Order::is_over)
        {
            self.orders.remove(oldest);
        }
        self.orders.push(order);
    }

    /// The same person's, who was taken for another: nothing of it that somebody waits for is lost.
    #[must_use]
    pub fn with_earlier(mut self, earlier: Self) -> Self {
        for order in earlier.orders {
            if self.order(order.id).is_none() {
                self.orders.push(order);
            }
        }
        self.orders.sort_by_key(|order| order.id);
        self.unsaid.splice(..0, earlier.unsaid);
        self.model = [self.model, earlier.model]
            .into_iter()
            .flatten()
            .max_by_key(|model| model.trained_at);
        if self.photos.0.is_empty() {
            (self.photos, self.class) = (earlier.photos, self.class.or(earlier.class));
        }
        if self.in_work().is_some() {
            self.stage = Stage::Training;
        }
        self
    }

    /// New selfies, for a new model.
    pub fn begins_anew(&mut self) {
        self.photos = Photos::default();
        self.class = None;
        self.refused_photo_at = None;
        self.stage = Stage::Collecting;
    }
}
