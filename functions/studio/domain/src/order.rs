//! An order: a pack for a person, from the offer to the last photo.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use confab_core::{Money, OrderId, Timestamp, after};
use serde::{Deserialize, Serialize};

use crate::{Class, Tier};

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);

/// A link to pay is good for a day, its page for another, and some money takes a day to come.
pub(crate) const OFFERED_FOR: Duration = Duration::from_secs(3 * 24 * 3600);
/// A bank debit takes up to two weeks. An order without news after this time is forgotten; money that comes later
/// goes back.
pub(crate) const PENDING_FOR: Duration = Duration::from_secs(30 * 24 * 3600);
/// Whoever wants the same again after this time gets a link that is good for a day.
const FRESH: Duration = Duration::from_secs(20 * 3600);
/// Whoever makes photos says within this time that it has begun.
const BEGINS_WITHIN: Duration = Duration::from_secs(10 * 60);
/// What it says of its own time, and some more.
const GRACE: Duration = Duration::from_secs(15 * 60);
/// After this the person gets the money back.
pub(crate) const LONGEST: Duration = Duration::from_secs(6 * 3600);

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Order {
    pub id: OrderId,
    pub pack: i64,
    pub title: String,
    pub tier: Tier,
    pub class: Class,
    /// What it cost when it was offered.
    pub price: Money,
    /// How many photos the pack makes.
    pub images: u32,
    pub offered_at: Timestamp,
    pub from: Source,
    /// When the first of its sources may be deleted.
    #[serde(default = "never")]
    pub sources_until: Timestamp,
    pub step: Step,
    /// When somebody has to look at it, whatever else happens.
    pub due: Timestamp,
    /// Its page to pay on is closed: the same pack again is another order.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_closed: bool,
    /// How often it was looked at since the last step.
    #[serde(default)]
    pub looks: u32,
    /// The photos that the person has, by the name that their maker gave them.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub delivered: BTreeSet<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stars: Option<u8>,
}

fn never() -> Timestamp {
    Timestamp::MAX
}

/// What the photos are made from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Source {
    Photos {
        objects: Vec<String>,
        #[serde(default)]
        traits: BTreeMap<String, String>,
    },
    /// A model that was trained before.
    Model { tune: i64 },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "at", rename_all = "snake_case")]
pub enum Step {
    Offered,
    /// The payment was accepted, and its money is not here yet.
    PaymentPending,
    /// Paid; the maker was asked, and has not said yet that it began.
    Asked {
        paid_at: Timestamp,
    },
    Making {
        paid_at: Timestamp,
        tune: i64,
    },
    Done,
    /// It cannot be made: the money is on its way back.
    Returning,
    /// The money is back, by us or by somebody else.
    Returned,
}

impl Order {
    pub fn paid_at(&self) -> Option<Timestamp> {
        match self.step {
            Step::Asked { paid_at } | Step::Making { paid_at, .. } => Some(paid_at),
            _ => None,
        }
    }

    pub fn is_in_work(&self) -> bool {
        self.paid_at().is_some()
    }

    /// Nothing is expected any more.
    pub fn is_over(&self) -> bool {
        matches!(self.step, Step::Done | Step::Returned)
    }

    /// Nothing was paid for it yet, and money may still come.
    pub fn is_unpaid(&self) -> bool {
        matches!(self.step, Step::Offered | Step::PaymentPending)
    }

    /// It can still be paid by the link that the person has.
    pub fn is_open(&self, now: Timestamp) -> bool {
        self.step == Step::Offered && !self.is_closed && now < after(self.offered_at, FRESH)
    }

    /// So many photos are there that the others are not worth the whole price.
    pub fn is_mostly_delivered(&self) -> bool {
        !self.delivered.is_empty()
            && self.delivered.len() * 2 >= usize::try_from(self.images).unwrap_or(usize::MAX)
    }

    /// Its sources may be deleted before the photos are made. A bank debit can outlast them.
    pub fn outlasts_its_sources(&self, now: Timestamp) -> bool {
        after(now, LONGEST) > self.sources_until
    }

    pub fn is_late(&self, now: Timestamp) -> bool {
        self.paid_at()
            .is_some_and(|paid_at| now >= after(paid_at, LONGEST))
    }

    /// Goes on to a step, and is looked at again in its time.
    pub fn goes_to(&mut self, step: Step, now: Timestamp, eta: Option<Timestamp>) {
        self.due = match &step {
            Step::Offered => after(now, OFFERED_FOR),
            Step::PaymentPending => after(now, PENDING_FOR),
            Step::Asked { .. } => after(now, BEGINS_WITHIN),
            Step::Making { paid_at, .. } => eta
                .map_or(after(now, GRACE), |eta| after(eta, GRACE))
                .min(after(*paid_at, LONGEST)),
            Step::Returning => after(now, HOUR),
            Step::Done | Step::Returned => Timestamp::MAX,
        };
        self.looks = 0;
        self.step = step;
        if self.is_over() {
            // Nothing is made of it any more: it need not be carried along.
            self.from = Source::Photos {
                objects: Vec::new(),
                traits: BTreeMap::new(),
            };
            self.delivered.clear();
        }
    }

    /// It was looked at: the next look is a little later than this one was.
    pub fn was_looked_at(&mut self, now: Timestamp) {
        self.looks += 1;
        let wait = (MINUTE * 5).saturating_mul(2_u32.saturating_pow(self.looks.min(4)));
        let latest = self
            .paid_at()
            .map_or(Timestamp::MAX, |paid_at| after(paid_at, LONGEST));
        self.due = after(now, wait).min(latest);
    }
}
