//! Every quarter of an hour: what Stripe reported and did not deliver is queued, what it holds is compared with the
//! ledger, and orders that stay open are looked at. It queues and counts; only the worker books.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use confab_aws::Entry;
use confab_kernel::{Error, OrderId, Result, Timestamp};
use confab_lambda::{Tick, metrics};
use confab_providers::stripe::{EventQuery, Notice as StripeNotice};
use payments_domain::{Notice, Order, Standing};

use crate::{
    Reconciler,
    books::named_order,
    payment_received::{Found, noticed},
    standing::asked,
};

/// How far back the first run looks.
const FIRST: Duration = Duration::from_secs(3 * 24 * 3600);
/// Events appear in the list a little late, and are worked on a little later.
const OVERLAP: Duration = Duration::from_secs(30 * 60);
/// What happened in this time may still be on its way.
const UNDER_WAY: Duration = Duration::from_secs(10 * 60);
/// A person pays within this time, mostly.
const PATIENCE: Duration = Duration::from_secs(30 * 60);
/// What is kept of the time to note how far it came.
const FAREWELL: Duration = Duration::from_secs(5);

const MONEY: [&str; 13] = [
    "checkout.session.completed",
    "checkout.session.async_payment_succeeded",
    "checkout.session.async_payment_failed",
    "checkout.session.expired",
    "payment_intent.succeeded",
    "payment_intent.payment_failed",
    "charge.refunded",
    "refund.created",
    "refund.updated",
    "refund.failed",
    "charge.dispute.created",
    "charge.dispute.funds_withdrawn",
    "charge.dispute.closed",
];

pub async fn handle(deps: Arc<Reconciler>, tick: Tick) -> Result<()> {
    let until = tokio::time::Instant::now() + tick.time_left.saturating_sub(FAREWELL);
    let work = async {
        let since = match deps.store.reconciled().await? {
            Some(last) => before(last, OVERLAP),
            None => before(tick.at, FIRST),
        };
        deps.undelivered(since).await?;
        deps.compare(since, before(tick.at, UNDER_WAY), tick.at).await?;
        deps.open_orders(tick.at).await?;
        deps.store.has_reconciled(before(tick.at, UNDER_WAY)).await
    };
    // What was not reached is reached by the next run, which begins where the last complete one ended.
    match tokio::time::timeout_at(until, Box::pin(work)).await {
        Ok(done) => done,
        Err(late) => Err(Error::unavailable("out_of_time", late)),
    }
}

fn before(at: Timestamp, by: Duration) -> Timestamp {
    at.checked_sub(by).unwrap_or(at)
}

impl Reconciler {
    async fn undelivered(&self, since: Timestamp) -> Result<()> {
        let query = EventQuery { undelivered: true, created_from: Some(since), ..money() };
        let found = self.events(query).await?.into_iter().filter_map(noticed);
        let entries = found.map(Found::entry).collect::<Result<Vec<_>>>()?;
        self.queue.send(&entries).await
    }

    /// Orders with which something happened lately: the ledger has it by now, or a worker is told to look again.
    async fn compare(&self, since: Timestamp, to: Timestamp, now: Timestamp) -> Result<()> {
        let events = self.events(EventQuery { created_from: Some(since), ..money() }).await?;
        let settled = events.into_iter().filter(|event| event.created.is_some_and(|created| created <= to));
        // One event of each order is enough to find its payment by.
        let notices: BTreeMap<OrderId, Notice> = settled.filter_map(noticed).filter_map(by_order).collect();
        for (id, notice) in notices {
            let Some(row) = self.store.order(id).await? else {
                metrics::count("LedgerDifference", "unknown_order");
                continue;
            };
            let standing = self.stripe.standing(&row.order, &notice).await?;
            if standing.is_none_or(|standing| !is_booked(&row.order, &standing)) {
                metrics::count("LedgerDifference", "stripe");
                self.queue.send(&[look_at(id, notice, now)?]).await?;
            }
        }
        Ok(())
    }

    async fn open_orders(&self, now: Timestamp) -> Result<()> {
        let mut after = None;
        loop {
            let page = self.store.open_orders(before(now, PATIENCE), after.as_deref()).await?;
            let ids = page.orders.iter().map(|row| row.order.id);
            let checks = ids.map(|order_id| look_at(order_id, Notice::Check { order_id }, now));
            let checks = checks.collect::<Result<Vec<_>>>()?;
            self.queue.send(&checks).await?;
            after = page.next;
            if after.is_none() {
                return Ok(());
            }
        }
    }

    async fn events(&self, query: EventQuery) -> Result<Vec<StripeNotice>> {
        let stripe = self.stripe.client().await?;
        let mut all: Vec<StripeNotice> = Vec::new();
        let mut query = query;
        loop {
            let page = stripe.events(&query).await.map_err(asked)?;
            if page.broken > 0 {
                metrics::count("PaymentNoticeIgnored", "unreadable");
            }
            query.starting_after = page.items.last().map(|event| event.id.clone());
            all.extend(page.items);
            if !page.has_more || query.starting_after.is_none() {
                return Ok(all);
            }
        }
    }
}

fn money() -> EventQuery {
    EventQuery { kinds: MONEY.map(str::to_owned).into(), limit: 100, ..EventQuery::default() }
}

/// One look an hour is enough: the inbox drops the others.
fn look_at(order_id: OrderId, notice: Notice, now: Timestamp) -> Result<Entry> {
    let event = format!("check#{order_id}#{}", now.as_second() / 3600);
    Found { event, notice, correlation_id: None }.entry()
}

fn by_order(found: Found) -> Option<(OrderId, Notice)> {
    Some((named_order(&found.notice)?, found.notice))
}

fn is_booked(order: &Order, standing: &Standing) -> bool {
    let received = standing.received.map_or(0, |money| money.minor);
    order.flag.is_some()
        || (order.received, order.refunded, order.disputed) == (received, standing.refunded, standing.disputed)
}
