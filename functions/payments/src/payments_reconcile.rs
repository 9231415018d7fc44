//! Every quarter of an hour: orders that stay open are looked at, what Stripe reported and did not deliver is queued,
//! and what it holds is compared with the ledger. It queues and counts; only the worker books.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use confab_aws::Entry;
use confab_kernel::{Error, OrderId, Result, Timestamp};
use confab_lambda::{Tick, metrics};
use confab_providers::stripe::{EventQuery, Notice as StripeNotice, Stripe};
use futures::{StreamExt, stream};
use payments_domain::{Notice, Order, Standing, book};

use crate::{
    Reconciler,
    books::named_order,
    payment_received::{Found, MONEY, noticed},
};

/// How far back the first run looks.
const FIRST: Duration = Duration::from_secs(3 * 24 * 3600);
/// Events appear in the list a little late, and are worked on a little later.
const OVERLAP: Duration = Duration::from_secs(30 * 60);
/// What happened in this time may still be on its way.
const UNDER_WAY: Duration = Duration::from_secs(10 * 60);
/// A person pays within this time, mostly.
const PATIENCE: Duration = Duration::from_secs(30 * 60);
/// What is compared at a time: a run that ends in the middle has come as far as the last whole slice.
const SLICE: Duration = Duration::from_secs(3600);
/// What is kept of the time to stop in order.
const FAREWELL: Duration = Duration::from_secs(5);
/// How many orders Stripe is asked about at once.
const AT_ONCE: usize = 8;

pub async fn handle(deps: Arc<Reconciler>, tick: Tick) -> Result<()> {
    let until = tokio::time::Instant::now() + tick.time_left.saturating_sub(FAREWELL);
    // What was not reached is reached by the next run, which begins where this one ended.
    match tokio::time::timeout_at(until, Box::pin(deps.run(tick.at))).await {
        Ok(done) => done,
        Err(late) => Err(Error::unavailable("out_of_time", late)),
    }
}

fn before(at: Timestamp, by: Duration) -> Timestamp {
    at.checked_sub(by).unwrap_or(at)
}

impl Reconciler {
    /// Each step does what it can; the first failure is told when all are done.
    async fn run(&self, now: Timestamp) -> Result<()> {
        let open = self.open_orders(now).await;
        let known = self.differences(now).await;
        let since = match self.store.reconciled().await? {
            Some(last) => before(last, OVERLAP),
            None => before(now, FIRST),
        };
        let stripe = self.stripe.client().await?;
        let undelivered = self.undelivered(&stripe, since).await;
        let compared = self.compare(&stripe, since, before(now, UNDER_WAY), now).await;
        open.and(known).and(undelivered).and(compared)
    }

    async fn open_orders(&self, now: Timestamp) -> Result<()> {
        let mut after = None;
        loop {
            let page = self.store.open_orders(before(now, PATIENCE), after.as_deref()).await?;
            let ids = page.orders.iter().map(|row| row.order.id);
            let checks = ids.map(|order_id| look_at(order_id, Notice::Check { order_id }, now, ""));
            let checks = checks.collect::<Result<Vec<_>>>()?;
            self.queue.send(&checks).await?;
            after = page.next;
            if after.is_none() {
                return Ok(());
            }
        }
    }

    /// What was different before is asked for until it is the same: the alarm rings as long.
    async fn differences(&self, now: Timestamp) -> Result<()> {
        let known = self.store.differences().await?;
        let notices = known.into_iter().map(|id| (id, Notice::Check { order_id: id })).collect();
        self.compare_orders(notices, now).await
    }

    async fn undelivered(&self, stripe: &Stripe, since: Timestamp) -> Result<()> {
        let query = EventQuery { undelivered: true, created_from: Some(since), ..money() };
        let mut pages = Pages::of(stripe, query);
        while let Some(events) = pages.next().await? {
            let entries = events.into_iter().filter_map(noticed).map(Found::entry).collect::<Result<Vec<_>>>()?;
            self.queue.send(&entries).await?;
        }
        Ok(())
    }

    /// Orders with which something happened lately: the ledger has it by now, or a worker is told to look again.
    async fn compare(&self, stripe: &Stripe, since: Timestamp, to: Timestamp, now: Timestamp) -> Result<()> {
        let mut from = since;
        while from < to {
            let end = from.checked_add(SLICE).map_or(to, |end| end.min(to));
            let query = EventQuery { created_from: Some(from), created_before: Some(end), ..money() };
            let mut pages = Pages::of(stripe, query);
            while let Some(events) = pages.next().await? {
                let found: Vec<_> = events.into_iter().filter_map(noticed).collect();
                self.compare_orders(self.by_order(found).await?, now).await?;
            }
            self.store.has_reconciled(end).await?;
            from = end;
        }
        Ok(())
    }

    /// One event of each order is enough to find its payment by. A refund or a dispute is told by its payment alone.
    async fn by_order(&self, found: Vec<Found>) -> Result<BTreeMap<OrderId, Notice>> {
        let mut notices = BTreeMap::new();
        for Found { notice, .. } in found {
            let named = match (named_order(&notice), &notice) {
                (None, Notice::Stripe { payment: Some(payment), .. }) => match self.store.order_paid_by(payment).await?
                {
                    Some(id) => Some(id),
                    None => self.stripe.order_of(payment).await?,
                },
                (named, _) => named,
            };
            notices.extend(named.map(|id| (id, notice)));
        }
        Ok(notices)
    }

    /// An order that Stripe does not want to talk about does not keep the others from being compared.
    async fn compare_orders(&self, notices: BTreeMap<OrderId, Notice>, now: Timestamp) -> Result<()> {
        let compared = stream::iter(notices).map(|(id, notice)| self.compare_order(id, notice, now));
        let done: Vec<_> = compared.buffer_unordered(AT_ONCE).collect().await;
        done.into_iter().collect()
    }

    async fn compare_order(&self, id: OrderId, notice: Notice, now: Timestamp) -> Result<()> {
        let Some(row) = self.store.order(id).await? else {
            metrics::count("LedgerDifference", "stripe");
            return Ok(());
        };
        let known = row.order.checkout.is_some();
        let standing = match self.stripe.standing(&row.order, &notice).await? {
            Some(standing) if is_booked(&row.order, &standing) => return self.store.is_the_same(id).await,
            standing => standing,
        };
        metrics::count("LedgerDifference", "stripe");
        if known {
            self.store.differs(id, now).await?;
        }
        self.queue.send(&[look_at(id, notice, now, &standing.map(totals).unwrap_or_default())?]).await
    }
}

/// A list of events, page by page, newest first.
struct Pages<'a> {
    stripe: &'a Stripe,
    query: Option<EventQuery>,
}

impl<'a> Pages<'a> {
    fn of(stripe: &'a Stripe, query: EventQuery) -> Self {
        Self { stripe, query: Some(query) }
    }

    async fn next(&mut self) -> Result<Option<Vec<StripeNotice>>> {
        let Some(mut query) = self.query.take() else { return Ok(None) };
        let page = self.stripe.events(&query).await?;
        if page.broken > 0 {
            metrics::count("LedgerDifference", "stripe");
        }
        if page.has_more {
            let last = page.items.last().map(|event| event.id.clone());
            query.starting_after =
                Some(last.ok_or_else(|| Error::unavailable("stripe_unreadable", "a page of events"))?);
            self.query = Some(query);
        }
        Ok(Some(page.items))
    }
}

fn money() -> EventQuery {
    EventQuery { kinds: MONEY.map(str::to_owned).into(), limit: 100, ..EventQuery::default() }
}

/// One look an hour at the same thing is enough: the inbox drops the others.
fn look_at(order_id: OrderId, notice: Notice, now: Timestamp, what: &str) -> Result<Entry> {
    let event = format!("check#{order_id}#{}{what}", now.as_second() / 3600);
    Found { event, notice, correlation_id: None }.entry()
}

fn totals(standing: Standing) -> String {
    let Standing { received, refunded, disputed, fees, .. } = standing;
    let [received, fees] =
        [received.map(|money| money.minor), fees].map(|sum| sum.map_or("?".into(), |sum| sum.to_string()));
    format!("#{received}-{refunded}-{disputed}-{fees}")
}

/// Whether booking it again would change nothing: no row, no state, and no flag that begins or ends.
fn is_booked(order: &Order, standing: &Standing) -> bool {
    let booked = book(order.clone(), standing);
    // What came in does not become less by booking.
    let is_less =
        standing.payment == order.payment && standing.received.is_some_and(|money| money.minor < order.received);
    booked.rows.is_empty() && booked.order.state == order.state && booked.order.flags == order.flags && !is_less
}
