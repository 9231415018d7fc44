//! Every 15 minutes: checks orders that stay open, queues events that Stripe could not deliver, and
//! compares Stripe with the ledger. It queues and counts; only `payments-book` books.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use confab_aws::{Entry, Queue};
use confab_core::{CorrelationId, Error, OrderId, Result, Timestamp, before};
use confab_lambda::{ScheduledRun, metrics, warn};
use confab_stripe::{EventQuery, Notice as StripeNotice, Stripe};
use futures::{StreamExt, stream};
use payments_domain::{Comparison, Notice, ProviderSnapshot, compare};

use crate::{
    services::{
        notices::{MONEY_EVENTS, QueuedNotice},
        stripe::StripeAccount,
    },
    state::{Part, State},
    store::Store,
};

pub const PARTS: &[Part] = &[Part::Store, Part::Queue, Part::Stripe];

/// How far back the first run compares.
const FIRST_LOOKBACK: Duration = Duration::from_secs(3 * 24 * 3600);
/// Overlap of two runs: Stripe lists events late, and they are booked later.
const CURSOR_OVERLAP: Duration = Duration::from_secs(30 * 60);
/// Age from which events are compared. Younger ones may still be on the queue.
const MIN_EVENT_AGE: Duration = Duration::from_secs(10 * 60);
/// Age from which an open order is checked. Most payers pay earlier.
const MIN_OPEN_ORDER_AGE: Duration = Duration::from_secs(30 * 60);
/// Span of events between two cursor writes. A run that times out keeps the finished spans.
const CURSOR_STEP: Duration = Duration::from_secs(3600);
/// Time that is reserved to stop before Lambda ends the process.
const SHUTDOWN_RESERVE: Duration = Duration::from_secs(5);
/// Maximum concurrent comparisons; each reads objects at Stripe.
const COMPARE_CONCURRENCY: usize = 8;
const EVENTS_PER_PAGE: u8 = 100;

pub async fn handle(state: Arc<State>, run: ScheduledRun) -> Result<()> {
    let reconciler = Reconciler {
        store: state.store()?,
        stripe: state.stripe()?,
        queue: state.queue()?,
        now: run.at,
    };
    let time = run.time_left.saturating_sub(SHUTDOWN_RESERVE);
    // The next run continues from the cursor.
    match tokio::time::timeout(time, Box::pin(reconciler.run())).await {
        Ok(result) => result,
        Err(elapsed) => Err(Error::unavailable("out_of_time", elapsed)),
    }
}

struct Reconciler<'a> {
    store: &'a Store,
    stripe: &'a StripeAccount,
    queue: &'a Queue,
    now: Timestamp,
}

impl Reconciler<'_> {
    /// Runs every step, even after a failure, and returns the first failure.
    async fn run(&self) -> Result<()> {
        let open_orders = self.check_open_orders().await;
        let differences = self.compare_known_differences().await;
        let since = match self.store.reconciled_until().await? {
            Some(until) => before(until, CURSOR_OVERLAP),
            None => before(self.now, FIRST_LOOKBACK),
        };
        let stripe = self.stripe.client().await?;
        let undelivered = self.queue_undelivered_events(&stripe, since).await;
        let recent = self.compare_recent_payments(&stripe, since).await;
        open_orders.and(differences).and(undelivered).and(recent)
    }

    /// Queues a check of each old open order. An order that cannot be decoded is counted, and stops
    /// no other.
    async fn check_open_orders(&self) -> Result<()> {
        let created_before = before(self.now, MIN_OPEN_ORDER_AGE);
        let mut after = None;
        loop {
            let page = self
                .store
                .open_orders(created_before, after.as_deref())
                .await?;
            for key in &page.unreadable {
                metrics::count("LedgerDifference", "stripe");
                warn("an order cannot be read", key, CorrelationId::of_event(key));
            }
            let mut checks = Vec::new();
            for row in &page.orders {
                let order_id = row.order.id;
                checks.push(self.check(order_id, Notice::Check { order_id }, "")?);
            }
            self.queue.send(&checks).await?;
            after = page.next;
            if after.is_none() {
                return Ok(());
            }
        }
    }

    /// Compares the payments that differed before. Each is counted in every run until it is equal.
    async fn compare_known_differences(&self) -> Result<()> {
        let payments = self.store.differences().await?;
        self.compare_all(payments).await
    }

    async fn queue_undelivered_events(&self, stripe: &Stripe, since: Timestamp) -> Result<()> {
        let query = EventQuery {
            undelivered: true,
            created_from: Some(since),
            ..money_events()
        };
        let mut pages = EventPages::new(stripe, query);
        while let Some(events) = pages.next().await? {
            let entries = events
                .into_iter()
                .filter_map(QueuedNotice::from_stripe)
                .map(QueuedNotice::into_entry)
                .collect::<Result<Vec<_>>>()?;
            self.queue.send(&entries).await?;
        }
        Ok(())
    }

    /// Compares the payments with recent events. The cursor passes a payment that could not be
    /// compared, which is stored as a difference; it stays when Stripe's list or the store fails.
    async fn compare_recent_payments(&self, stripe: &Stripe, since: Timestamp) -> Result<()> {
        let until = before(self.now, MIN_EVENT_AGE);
        let mut from = since;
        while from < until {
            let end = from
                .checked_add(CURSOR_STEP)
                .map_or(until, |end| end.min(until));
            let query = EventQuery {
                created_from: Some(from),
                created_before: Some(end),
                ..money_events()
            };
            let mut pages = EventPages::new(stripe, query);
            while let Some(events) = pages.next().await? {
                let notices = events.into_iter().filter_map(QueuedNotice::from_stripe);
                let payments = notices.map(|queued| queued.notice).collect();
                self.compare_all(payments).await?;
            }
            self.store.set_reconciled_until(end).await?;
            from = end;
        }
        Ok(())
    }

    /// Compares each payment once. Fails only when a difference cannot be stored.
    async fn compare_all(&self, payments: Vec<Notice>) -> Result<()> {
        let by_key: BTreeMap<_, _> = payments
            .into_iter()
            .map(|payment| (payment.payment_key(), payment))
            .collect();
        let comparisons =
            stream::iter(by_key.into_values()).map(|payment| self.compare_and_store(payment));
        let results: Vec<_> = comparisons
            .buffer_unordered(COMPARE_CONCURRENCY)
            .collect()
            .await;
        results.into_iter().collect()
    }

    /// Compares one payment and stores whether it differs.
    async fn compare_and_store(&self, payment: Notice) -> Result<()> {
        let comparison = comparison_or_difference(&payment, self.compare_one(&payment).await);
        if is_counted(comparison) {
            metrics::count("LedgerDifference", "stripe");
        }
        if is_compared_again(comparison) {
            self.store.add_difference(&payment, self.now).await
        } else {
            self.store.remove_difference(&payment).await
        }
    }

    /// Compares one payment, and queues it if booking it would change the order.
    async fn compare_one(&self, payment: &Notice) -> Result<Comparison> {
        let Some(id) = self.order_of(payment).await? else {
            return Ok(Comparison::Equal);
        };
        let Some(row) = self.store.order(id).await? else {
            return Ok(Comparison::NoSuchOrder);
        };
        let snapshot = self.stripe.snapshot(&row.order, payment).await?;
        let (comparison, is_news) = match &snapshot {
            Some(snapshot) => compare(&row.order, snapshot),
            None => (Comparison::Different, true),
        };
        if is_news {
            let totals = snapshot.as_ref().map(totals).unwrap_or_default();
            let suffix = format!("#{}{totals}", payment.payment_key());
            let entry = self.check(id, payment.clone(), &suffix)?;
            self.queue.send(&[entry]).await?;
        }
        Ok(comparison)
    }

    /// Finds the order of a payment. Events of refunds and disputes name the payment only. Returns
    /// `None` for another shop's payment.
    async fn order_of(&self, notice: &Notice) -> Result<Option<OrderId>> {
        if let Some(id) = notice.order_id() {
            return Ok(Some(id));
        }
        let Notice::Stripe {
            payment: Some(payment),
            ..
        } = notice
        else {
            return Ok(None);
        };
        match self.store.order_paid_by(payment).await? {
            Some(id) => Ok(Some(id)),
            None => self.stripe.order_of(payment).await,
        }
    }

    /// Returns a queue entry whose id holds the hour: the inbox drops repeated checks within it.
    fn check(&self, order_id: OrderId, notice: Notice, suffix: &str) -> Result<Entry> {
        let hour = self.now.as_second() / 3600;
        let queued = QueuedNotice {
            id: format!("check#{order_id}#{hour}{suffix}"),
            notice,
            correlation_id: None,
        };
        queued.into_entry()
    }
}

/// Counts a payment as different if it cannot be compared, such as one whose order cannot be read.
fn comparison_or_difference(payment: &Notice, result: Result<Comparison>) -> Comparison {
    result.unwrap_or_else(|error| {
        let correlation_id = CorrelationId::of_event(&payment.payment_key());
        warn(
            "a payment cannot be compared",
            &error.to_string(),
            correlation_id,
        );
        Comparison::Different
    })
}

/// The end of a flag is no difference in the ledger. A payment of a missing order is.
fn is_counted(comparison: Comparison) -> bool {
    matches!(comparison, Comparison::Different | Comparison::NoSuchOrder)
}

/// A flagged payment is compared until its flag ends. One without an order has nothing to compare
/// with.
fn is_compared_again(comparison: Comparison) -> bool {
    matches!(comparison, Comparison::Different | Comparison::Flagged)
}

/// A list of events, page by page, newest first.
struct EventPages<'a> {
    stripe: &'a Stripe,
    query: Option<EventQuery>,
}

impl<'a> EventPages<'a> {
    fn new(stripe: &'a Stripe, query: EventQuery) -> Self {
        Self {
            stripe,
            query: Some(query),
        }
    }

    async fn next(&mut self) -> Result<Option<Vec<StripeNotice>>> {
        let Some(mut query) = self.query.take() else {
            return Ok(None);
        };
        let page = self.stripe.events(&query).await?;
        if page.broken > 0 {
            metrics::count("LedgerDifference", "stripe");
        }
        if page.has_more {
            let last = page.items.last().map(|event| event.id.clone());
            let last =
                last.ok_or_else(|| Error::unavailable("stripe_unreadable", "a page of events"))?;
            query.starting_after = Some(last);
            self.query = Some(query);
        }
        Ok(Some(page.items))
    }
}

fn money_events() -> EventQuery {
    EventQuery {
        kinds: MONEY_EVENTS.map(str::to_owned).into(),
        limit: EVENTS_PER_PAGE,
        ..EventQuery::default()
    }
}

/// Returns the totals of a snapshot, so that a check of other totals has another id.
fn totals(snapshot: &ProviderSnapshot) -> String {
    let text = |total: Option<i64>| total.map_or("?".to_owned(), |total| total.to_string());
    let received = text(snapshot.received.map(|money| money.minor));
    let fees = text(snapshot.fees);
    let ProviderSnapshot {
        refunded, disputed, ..
    } = snapshot;
    format!("#{received}-{refunded}-{disputed}-{fees}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_are_counted_and_compared_again() {
        for (comparison, counted, again) in [
            (Comparison::Equal, false, false),
            (Comparison::Flagged, false, true),
            (Comparison::Different, true, true),
            (Comparison::NoSuchOrder, true, false),
        ] {
            assert_eq!(is_counted(comparison), counted, "{comparison:?}");
            assert_eq!(is_compared_again(comparison), again, "{comparison:?}");
        }
    }

    #[test]
    fn payment_that_cannot_be_compared_differs() {
        let order_id = OrderId::new(Timestamp::UNIX_EPOCH, &|| [1; 10]);
        let payment = Notice::Check { order_id };
        let unreadable = Err(Error::internal("unreadable_row", "simulated"));
        let comparison = comparison_or_difference(&payment, unreadable);
        assert_eq!(comparison, Comparison::Different);
        assert!(is_counted(comparison) && is_compared_again(comparison));
        assert_eq!(
            comparison_or_difference(&payment, Ok(Comparison::Equal)),
            Comparison::Equal
        );
    }

    #[test]
    fn checks_of_other_totals_have_other_ids() {
        let paid = ProviderSnapshot::default();
        let refunded = ProviderSnapshot {
            refunded: 900,
            ..ProviderSnapshot::default()
        };
        assert_eq!(totals(&paid), "#?-0-0-?");
        assert_ne!(totals(&paid), totals(&refunded));
    }
}
