//! What the studio does when something happens to a person: they write, a photo was looked at, money came, photos are
//! there, or time has passed. One pure step, whatever comes twice, late or in another order.

mod delivery;
mod messages;
mod orders;
mod selfies;
mod timers;

use std::{collections::BTreeMap, time::Duration};

use confab_core::{Entropy, OrderId, PhotoId, Timestamp, UserId, after};
use confab_messaging::{Body, Inbound, Media};
use confab_worker::Decision;
use serde::{Deserialize, Serialize};

use crate::{Class, Fault, Kept, Order, Shelf, Texts, User, Verdict, Visit, replies, texts};

/// Providers take free words for a day after the person's last message; a little less, because clocks differ.
const WINDOW: Duration = Duration::from_secs(24 * 3600 - 300);
/// Makers forget a model, and the bucket a selfie, after a month: what is offered now may be paid days later, and is made then.
const USED_FOR: Duration = Duration::from_secs(25 * 24 * 3600);
/// Faces are kept for a month, and what leads to them no longer.
const FACES_KEPT: Duration = Duration::from_secs(30 * 24 * 3600);
/// Texts that are held back for somebody who does not write any more. Photos are never dropped.
const MOST_UNSAID: usize = 40;
/// So much of what was held back is said at once.
const CAUGHT_UP_AT_ONCE: usize = 40;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    Said {
        message: Inbound,
    },
    Judged {
        photo: PhotoId,
        verdict: Verdict,
    },
    /// The payment was accepted, and its money is not here yet.
    PaymentPending {
        order: OrderId,
    },
    Paid {
        order: OrderId,
    },
    /// Money went back; all of it, or a part.
    Repaid {
        order: OrderId,
        is_all: bool,
    },
    NotPaid {
        order: OrderId,
    },
    /// The photos are being made.
    Begun {
        order: OrderId,
        tune: i64,
        eta: Option<Timestamp>,
    },
    /// They cannot be made, now or later.
    Refused {
        order: OrderId,
    },
    /// Some of the photos are there, or all.
    Made {
        order: OrderId,
        images: Vec<Image>,
        is_all: bool,
    },
    /// A photo was taken by the provider and did not reach the person.
    NotShown {
        object: String,
        /// Because they have not written for a day.
        is_too_late: bool,
    },
    /// A moment has come that somebody waited for.
    Due,
}

/// A photo that was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Image {
    /// What its maker calls it, the same in every copy of the news.
    pub name: String,
    pub object: String,
}

/// What is to be done in the world. Saved with the decision, and done once it is saved.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "action", rename_all = "snake_case")]
pub enum Action {
    Say {
        body: Body,
    },
    /// A text with a link to pay the order.
    AskToPay {
        order: OrderId,
        item: String,
        title: String,
        text: String,
        label: String,
    },
    /// Fetches a photo, keeps it, and has it looked at.
    Judge {
        photo: PhotoId,
        media: Media,
        name: Class,
    },
    /// Has the photos made. Asked again, it finds what was begun.
    Make {
        order: Order,
    },
    /// Asks how far the making is.
    LookAfter {
        order: OrderId,
        tune: i64,
    },
    Refund {
        order: OrderId,
    },
    /// The photos were delivered: the credit that was bought for them is used.
    UseCredit {
        order: OrderId,
    },
    Rate {
        order: OrderId,
        stars: u8,
    },
    Note {
        order: OrderId,
        words: String,
    },
    /// Somebody of the studio is to read it.
    HandOn {
        words: String,
    },
    /// Forgets the person, and all that they sent and got.
    Erase {
        orders: Vec<OrderId>,
    },
}

/// What comes from outside of the rules.
#[derive(Clone, Copy)]
pub struct Surroundings<'a> {
    pub now: Timestamp,
    pub entropy: &'a dyn Entropy,
    pub shelf: &'a Shelf,
}

impl std::fmt::Debug for Surroundings<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Surroundings({})", self.now)
    }
}

struct Attending<'a> {
    user: User,
    around: Surroundings<'a>,
    actions: Vec<Action>,
}

/// `known` is the person as we knew them. None without a message: nobody is there whom it could be about.
pub fn attend(
    known: Option<User>,
    around: Surroundings<'_>,
    event: &Event,
) -> Option<Decision<User, Action>> {
    let is_new = known.is_none();
    let user = match (known, event) {
        (Some(user), _) => user,
        (None, Event::Said { .. }) => {
            User::new(UserId::new(around.now, around.entropy), around.now)
        }
        (None, _) => return None,
    };
    let mut attending = Attending {
        user,
        around,
        actions: Vec::new(),
    };
    match event {
        Event::Said { message } => attending.said(message, is_new),
        Event::Judged { photo, verdict } => attending.judged(*photo, verdict.clone()),
        Event::PaymentPending { order } => attending.payment_pending(*order),
        Event::Paid { order } => attending.paid(*order),
        Event::Repaid { order, is_all } => attending.repaid(*order, *is_all),
        Event::NotPaid { order } => attending.not_paid(*order),
        Event::Begun { order, tune, eta } => attending.begun(*order, *tune, *eta),
        Event::Refused { order } => attending.ends(*order),
        Event::Made {
            order,
            images,
            is_all,
        } => attending.made(*order, images, *is_all),
        Event::NotShown {
            object,
            is_too_late,
        } => attending.not_shown(object, *is_too_late),
        Event::Due => attending.time_passed(),
    }
    attending.user.due = attending.next_look();
    Some(Decision {
        state: attending.user,
        effects: attending.actions,
    })
}

impl Attending<'_> {
    fn now(&self) -> Timestamp {
        self.around.now
    }

    fn visit(&mut self) -> &mut Visit {
        &mut self.user.visit
    }

    fn texts(&self) -> &'static Texts {
        texts(self.user.language)
    }

    fn may_speak(&self) -> bool {
        self.now() < after(self.user.last_message_at, WINDOW)
    }

    /// Says it, or keeps it until the person writes again.
    fn say(&mut self, body: Body) {
        if !self.may_speak() {
            return self.holds_back(body);
        }
        // A number or a title answers what was said last, and nothing that was said before.
        if !matches!(body, Body::Reaction { .. }) {
            self.user.offered = body.choices();
        }
        self.actions.push(Action::Say { body });
    }

    /// The first thing that is kept is announced by a template.
    fn holds_back(&mut self, body: Body) {
        let is_photo = |body: &Body| matches!(body, Body::Image { .. });
        if self.user.visit.unsaid.is_empty() {
            self.actions.push(Action::Say {
                body: replies::news(self.user.language, self.user.first_name()),
            });
        }
        let texts = self
            .user
            .visit
            .unsaid
            .iter()
            .filter(|body| !is_photo(body))
            .count();
        if is_photo(&body) || texts < MOST_UNSAID {
            self.visit().unsaid.push(body);
        }
    }

    /// Says what was held back, some of it at a time. Photos that are gone by now are not spoken of.
    fn catches_up(&mut self) {
        if !self.may_speak() {
            return;
        }
        let now = self.now();
        let is_gone = |body: &Body| match body {
            Body::Image { url, .. } => replies::object_of(url)
                .and_then(Kept::of)
                .is_some_and(|kept| now >= after(kept.since, FACES_KEPT)),
            _ => false,
        };
        let unsaid = &mut self.visit().unsaid;
        unsaid.retain(|body| !is_gone(body));
        let count = unsaid.len().min(CAUGHT_UP_AT_ONCE);
        for body in unsaid.drain(..count).collect::<Vec<_>>() {
            self.say(body);
        }
    }

    fn say_text(&mut self, text: impl Into<String>) {
        self.say(Body::Text { text: text.into() });
    }
}

/// How many photos are bad for which reason, the most common reason first.
pub(crate) fn most_common(faults: &BTreeMap<Fault, usize>) -> Vec<(Fault, usize)> {
    let mut faults: Vec<_> = faults
        .iter()
        .map(|(fault, count)| (*fault, *count))
        .collect();
    faults.sort_by_key(|(fault, count)| (std::cmp::Reverse(*count), *fault));
    faults
}

#[cfg(test)]
mod tests;
