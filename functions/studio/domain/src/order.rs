//! Orders, from the offer of a pack to its last photo or its refund.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use confab_core::{Money, OrderId, Timestamp, after};
use serde::{Deserialize, Serialize};

use crate::{Class, Tier};

/// An unpaid offer is forgotten after this time: a day for its link, one for its page and one for
/// slow payments.
pub(crate) const OFFER_TTL: Duration = Duration::from_secs(3 * 24 * 3600);
/// A pending payment is forgotten after this time. Bank debits take up to two weeks; later money is
/// refunded.
pub(crate) const PENDING_PAYMENT_TTL: Duration = Duration::from_secs(30 * 24 * 3600);
/// An offer older than this is not reused, so that a new payment link is always good for a day.
const OFFER_REUSE_TTL: Duration = Duration::from_secs(20 * 3600);
/// Time within which Astria reports that a generation started.
const START_TIMEOUT: Duration = Duration::from_secs(10 * 60);
/// Added to Astria's own estimate before the order is polled.
const ETA_GRACE: Duration = Duration::from_secs(15 * 60);
/// Delay of the first poll; each later one doubles it, up to sixteen times.
const FIRST_CHECK_DELAY: Duration = Duration::from_secs(5 * 60);
/// Delay between two requests for the same refund.
const REFUND_RETRY_DELAY: Duration = Duration::from_secs(3600);
/// A paid order is given up this long after its payment: kept with half of its photos, refunded
/// with fewer.
pub(crate) const ORDER_TIMEOUT: Duration = Duration::from_secs(6 * 3600);

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Order {
    pub id: OrderId,
    pub pack: i64,
    pub title: String,
    pub tier: Tier,
    pub class: Class,
    /// The price at the time of the offer.
    pub price: Money,
    /// How many photos the pack makes.
    pub images: u32,
    pub offered_at: Timestamp,
    #[serde(rename = "from")]
    pub source: Source,
    /// When the first of the order's sources may be deleted.
    #[serde(default = "never", rename = "sources_until")]
    pub sources_expire_at: Timestamp,
    #[serde(rename = "step")]
    pub status: OrderStatus,
    /// When the next timer of this order fires.
    #[serde(rename = "due")]
    pub next_check_at: Timestamp,
    /// No payment can begin any more: choosing the pack again creates another order.
    #[serde(
        default,
        rename = "is_closed",
        skip_serializing_if = "std::ops::Not::not"
    )]
    pub is_checkout_closed: bool,
    /// Polls since the last change of status.
    #[serde(default, rename = "looks")]
    pub checks: u32,
    /// Names of the photos that were sent to the user.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub delivered: BTreeSet<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stars: Option<u8>,
}

fn never() -> Timestamp {
    Timestamp::MAX
}

/// Input of a generation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Source {
    Photos {
        objects: Vec<String>,
        #[serde(default)]
        traits: BTreeMap<String, String>,
    },
    /// A model that an earlier order trained.
    Model { tune: i64 },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "at", rename_all = "snake_case")]
pub enum OrderStatus {
    Offered,
    /// The payment was accepted, but its money has not arrived.
    PaymentPending,
    /// Paid, and requested from Astria, which has not reported a start.
    #[serde(rename = "asked")]
    Requested {
        paid_at: Timestamp,
    },
    #[serde(rename = "making")]
    Generating {
        paid_at: Timestamp,
        tune: i64,
    },
    #[serde(rename = "done")]
    Delivered,
    #[serde(rename = "returning")]
    RefundRequested,
    #[serde(rename = "returned")]
    Refunded,
}

impl Order {
    pub fn paid_at(&self) -> Option<Timestamp> {
        match self.status {
            OrderStatus::Requested { paid_at } | OrderStatus::Generating { paid_at, .. } => {
                Some(paid_at)
            }
            _ => None,
        }
    }

    /// Whether the order is paid and its photos are being made.
    pub fn is_in_progress(&self) -> bool {
        self.paid_at().is_some()
    }

    pub fn is_finished(&self) -> bool {
        matches!(self.status, OrderStatus::Delivered | OrderStatus::Refunded)
    }

    pub fn is_unpaid(&self) -> bool {
        matches!(
            self.status,
            OrderStatus::Offered | OrderStatus::PaymentPending
        )
    }

    /// Whether the payment link that the user has can still be paid.
    pub fn can_be_paid(&self, now: Timestamp) -> bool {
        self.status == OrderStatus::Offered
            && !self.is_checkout_closed
            && now < after(self.offered_at, OFFER_REUSE_TTL)
    }

    /// Whether at least half of the photos were delivered: such an order is kept rather than
    /// refunded.
    pub fn is_mostly_delivered(&self) -> bool {
        !self.delivered.is_empty()
            && self.delivered.len() * 2 >= usize::try_from(self.images).unwrap_or(usize::MAX)
    }

    /// Whether the sources may be deleted before the photos are made. A bank debit can outlast
    /// them.
    pub fn sources_expire_too_soon(&self, now: Timestamp) -> bool {
        after(now, ORDER_TIMEOUT) > self.sources_expire_at
    }

    pub fn is_overdue(&self, now: Timestamp) -> bool {
        self.paid_at()
            .is_some_and(|paid_at| now >= after(paid_at, ORDER_TIMEOUT))
    }

    /// Changes the status and schedules the next check by it. A finished order drops its sources.
    pub fn set_status(&mut self, status: OrderStatus, now: Timestamp, eta: Option<Timestamp>) {
        self.next_check_at = match &status {
            OrderStatus::Offered => after(now, OFFER_TTL),
            OrderStatus::PaymentPending => after(now, PENDING_PAYMENT_TTL),
            OrderStatus::Requested { .. } => after(now, START_TIMEOUT),
            OrderStatus::Generating { paid_at, .. } => {
                after(eta.unwrap_or(now), ETA_GRACE).min(after(*paid_at, ORDER_TIMEOUT))
            }
            OrderStatus::RefundRequested => after(now, REFUND_RETRY_DELAY),
            OrderStatus::Delivered | OrderStatus::Refunded => Timestamp::MAX,
        };
        self.checks = 0;
        self.status = status;
        if self.is_finished() {
            self.source = Source::Photos {
                objects: Vec::new(),
                traits: BTreeMap::new(),
            };
            self.delivered.clear();
        }
    }

    /// Schedules the next check with exponential backoff, at the latest when the order is given up.
    pub fn schedule_next_check(&mut self, now: Timestamp) {
        self.checks += 1;
        let delay = FIRST_CHECK_DELAY.saturating_mul(2_u32.saturating_pow(self.checks.min(4)));
        let deadline = self
            .paid_at()
            .map_or(Timestamp::MAX, |paid_at| after(paid_at, ORDER_TIMEOUT));
        self.next_check_at = after(now, delay).min(deadline);
    }
}
