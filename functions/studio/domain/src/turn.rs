//! One step of a user's conversation: a trigger comes in, the new state and the actions to take
//! come out.
//!
//! Architecture invariant: pure, and safe under duplicate, late and reordered triggers.

mod delivery;
mod messages;
mod orders;
mod selfies;
mod timers;

use std::time::Duration;

use confab_core::{Entropy, OrderId, PhotoId, Timestamp, UserId, after};
use confab_messaging::{Body, Inbound, Media};
use confab_worker::Decision;
use serde::{Deserialize, Serialize};

use crate::{
    Catalog, Class, Conversation, Order, StoredImage, Texts, User, Verdict, replies, texts,
};

/// Providers allow free-form messages for 24 hours after the user's last one; five minutes less
/// allow for clock skew.
const MESSAGING_WINDOW: Duration = Duration::from_secs(24 * 3600 - 300);
/// Age up to which selfies and models are offered. Payment and generation may take days more, and
/// both expire after a month.
pub(crate) const SOURCE_MAX_AGE: Duration = Duration::from_secs(25 * 24 * 3600);
/// Face data is removed from the conversation this long after the user's last message.
pub const FACE_TTL: Duration = Duration::from_secs(30 * 24 * 3600);
/// Maximum texts held for a user outside the messaging window. Photos are never dropped.
const MAX_HELD_TEXTS: usize = 40;
/// Maximum held messages that one decision sends: all of them go into one transaction.
const HELD_MESSAGE_BATCH: usize = 40;

/// Input of the conversation's state machine. Its serialized names are those of jobs on the queue.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Trigger {
    #[serde(rename = "said")]
    MessageReceived { message: Inbound },
    #[serde(rename = "judged")]
    PhotoReviewed { photo: PhotoId, verdict: Verdict },
    /// The payment was accepted, but its money has not arrived.
    PaymentPending { order: OrderId },
    #[serde(rename = "paid")]
    PaymentReceived { order: OrderId },
    #[serde(rename = "repaid")]
    PaymentRefunded {
        order: OrderId,
        /// False for a partial refund.
        #[serde(rename = "is_all")]
        is_full: bool,
    },
    #[serde(rename = "not_paid")]
    PaymentFailed { order: OrderId },
    #[serde(rename = "begun")]
    GenerationStarted {
        order: OrderId,
        tune: i64,
        eta: Option<Timestamp>,
    },
    /// Astria will not make the order's photos, and no retry helps.
    #[serde(rename = "refused")]
    GenerationFailed { order: OrderId },
    #[serde(rename = "made")]
    ImagesReady {
        order: OrderId,
        images: Vec<Image>,
        /// No more photos of this order will follow.
        #[serde(rename = "is_all")]
        is_last: bool,
    },
    /// The provider accepted a photo and failed to deliver it.
    #[serde(rename = "not_shown")]
    ImageUndelivered {
        object: String,
        /// The messaging window was closed.
        #[serde(rename = "is_too_late")]
        is_window_closed: bool,
    },
    #[serde(rename = "due")]
    TimerFired,
}

/// A generated photo.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Image {
    /// Astria's name of the photo: the same in every copy of a trigger.
    pub name: String,
    /// The object's key in the bucket.
    pub object: String,
}

/// An effect of a decision: saved with it, and executed afterwards. Its serialized names are those
/// of stored rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "action", rename_all = "snake_case")]
pub enum Action {
    #[serde(rename = "say")]
    SendMessage {
        body: Body,
    },
    /// A text with a link to the order's checkout.
    #[serde(rename = "ask_to_pay")]
    SendPaymentLink {
        order: OrderId,
        item: String,
        title: String,
        text: String,
        label: String,
    },
    /// Fetches a photo, stores it and has it inspected.
    #[serde(rename = "judge")]
    ReviewPhoto {
        photo: PhotoId,
        media: Media,
        #[serde(rename = "name")]
        class: Class,
    },
    /// Has an order's photos made. Repeated, it finds the generation that it started.
    #[serde(rename = "make")]
    StartGeneration {
        order: Order,
    },
    /// Polls Astria for the photos of an order.
    #[serde(rename = "look_after")]
    CheckGeneration {
        order: OrderId,
        tune: i64,
    },
    Refund {
        order: OrderId,
    },
    /// Uses the credit that was bought for a delivered order.
    UseCredit {
        order: OrderId,
    },
    #[serde(rename = "rate")]
    SaveRating {
        order: OrderId,
        stars: u8,
    },
    #[serde(rename = "note")]
    SaveFeedback {
        order: OrderId,
        #[serde(rename = "words")]
        text: String,
    },
    /// Puts a question on the operator's list.
    #[serde(rename = "hand_on")]
    ForwardQuestion {
        #[serde(rename = "words")]
        text: String,
    },
    /// Deletes the user's data.
    #[serde(rename = "erase")]
    EraseUser {
        orders: Vec<OrderId>,
    },
}

/// Inputs that the rules cannot compute: time, randomness and the catalog.
#[derive(Clone, Copy)]
pub struct TurnContext<'a> {
    pub now: Timestamp,
    pub entropy: &'a dyn Entropy,
    pub catalog: &'a Catalog,
}

impl std::fmt::Debug for TurnContext<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "TurnContext({})", self.now)
    }
}

struct Turn<'a> {
    user: User,
    context: TurnContext<'a>,
    actions: Vec<Action>,
}

/// Decides a trigger. Returns `None` for an unknown user, unless the trigger is a message, which
/// creates one.
pub fn decide(
    known: Option<User>,
    context: TurnContext<'_>,
    trigger: &Trigger,
) -> Option<Decision<User, Action>> {
    let is_new = known.is_none();
    let user = match (known, trigger) {
        (Some(user), _) => user,
        (None, Trigger::MessageReceived { .. }) => {
            User::new(UserId::new(context.now, context.entropy), context.now)
        }
        (None, _) => return None,
    };
    let mut turn = Turn {
        user,
        context,
        actions: Vec::new(),
    };
    match trigger {
        Trigger::MessageReceived { message } => turn.receive_message(message, is_new),
        Trigger::PhotoReviewed { photo, verdict } => turn.record_review(*photo, verdict.clone()),
        Trigger::PaymentPending { order } => turn.payment_pending(*order),
        Trigger::PaymentReceived { order } => turn.payment_received(*order),
        Trigger::PaymentRefunded { order, is_full } => turn.payment_refunded(*order, *is_full),
        Trigger::PaymentFailed { order } => turn.payment_failed(*order),
        Trigger::GenerationStarted { order, tune, eta } => {
            turn.generation_started(*order, *tune, *eta);
        }
        Trigger::GenerationFailed { order } => turn.finish_order(*order),
        Trigger::ImagesReady {
            order,
            images,
            is_last,
        } => turn.deliver_images(*order, images, *is_last),
        Trigger::ImageUndelivered {
            object,
            is_window_closed,
        } => turn.resend_image(object, *is_window_closed),
        Trigger::TimerFired => turn.timer_fired(),
    }
    turn.user.next_timer_at = turn.next_timer_at();
    Some(Decision {
        state: turn.user,
        effects: turn.actions,
    })
}

impl Turn<'_> {
    fn now(&self) -> Timestamp {
        self.context.now
    }

    fn conversation(&mut self) -> &mut Conversation {
        &mut self.user.conversation
    }

    fn texts(&self) -> &'static Texts {
        texts(self.user.language)
    }

    fn is_window_open(&self) -> bool {
        self.now() < after(self.user.last_message_at, MESSAGING_WINDOW)
    }

    /// Sends a message, or holds it until the user's next message reopens the messaging window.
    fn send(&mut self, body: Body) {
        if !self.is_window_open() {
            return self.hold_message(body);
        }
        // A number or a title answers the latest message only.
        if !matches!(body, Body::Reaction { .. }) {
            self.user.last_choices = body.choices();
        }
        self.actions.push(Action::SendMessage { body });
    }

    /// Holds a message. The first one is announced by a template, which providers allow at any
    /// time.
    fn hold_message(&mut self, body: Body) {
        let held = &self.user.conversation.held_messages;
        if held.is_empty() {
            let body = replies::news_template(self.user.language, self.user.first_name());
            self.actions.push(Action::SendMessage { body });
        }
        let texts = held.iter().filter(|body| !is_image(body)).count();
        if is_image(&body) || texts < MAX_HELD_TEXTS {
            self.conversation().held_messages.push(body);
        }
    }

    /// Sends the next batch of held messages. Photos that have expired meanwhile are skipped.
    fn send_held_messages(&mut self) {
        if !self.is_window_open() {
            return;
        }
        let now = self.now();
        let held = &mut self.conversation().held_messages;
        held.retain(|body| !is_expired_image(body, now));
        let count = held.len().min(HELD_MESSAGE_BATCH);
        for body in held.drain(..count).collect::<Vec<_>>() {
            self.send(body);
        }
    }

    fn send_text(&mut self, text: impl Into<String>) {
        self.send(Body::Text { text: text.into() });
    }
}

fn is_image(body: &Body) -> bool {
    matches!(body, Body::Image { .. })
}

fn is_expired_image(body: &Body, now: Timestamp) -> bool {
    let Body::Image { url, .. } = body else {
        return false;
    };
    let image = replies::object_key(url).and_then(StoredImage::from_key);
    image.is_some_and(|image| now >= after(image.stored_at, FACE_TTL))
}

#[cfg(test)]
mod tests;
