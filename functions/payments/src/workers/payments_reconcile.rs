//! Every quarter of an hour: orders that stay open are looked at, what Stripe reported and did not deliver is queued,
//! and what it holds is compared with the ledger. It queues and counts; only the worker books.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use confab_aws::Entry;
use confab_core::{CorrelationId, Error, OrderId, Result, Timestamp};
use confab_lambda::{ScheduledRun, metrics, warn};
use confab_stripe::{EventQuery, Notice as StripeNotice, Stripe};
use futures::{StreamExt, stream};
use payments_domain::{Notice, Order, Standing, book};
use serde::{Deserialize, Serialize};

use crate::{
    Reconciler,
    routes::payment_received::{Found, MONEY, noticed},
    services::booking_store::named_order,
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

pub async fn handle(deps: Arc<Reconciler>, tick: ScheduledRun) -> Result<()> {
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
    /// Runs every step, whatever becomes of the others, and returns the first failure.
    async fn run(&self, now: Timestamp) -> Result<()> {
        let open = self.open_orders(now).await;
        let known = self.differences(now).await;
        let since = match self.store.reconciled().await? {
            Some(last) => before(last, OVERLAP),
            None => before(now, FIRST),
        };
        let stripe = self.stripe.client().await?;
        let undelivered = self.undelivered(&stripe, since).await;
        let compared = self
            .compare(&stripe, since, before(now, UNDER_WAY), now)
            .await;
        open.and(known).and(undelivered).and(compared)
    }

    async fn open_orders(&self, now: Timestamp) -> Result<()> {
        let mut after = None;
        loop {
            let page = self
                .store
                .open_orders(before(now, PATIENCE), after.as_deref())
                .await?;
            for key in &page.unreadable {
                metrics::count("LedgerDifference", "stripe");
                warn("an order cannot be read", key, CorrelationId::of_event(key));
            }
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

    /// Compares what differed before, until it is the same: the alarm rings as long.
    async fn differences(&self, now: Timestamp) -> Result<()> {
        let known = self.store.differences().await?;
        self.compare_all(
            known
                .into_iter()
                .map(|suspect| (suspect.key(), suspect))
                .collect(),
            now,
        )
        .await
    }

    async fn undelivered(&self, stripe: &Stripe, since: Timestamp) -> Result<()> {
        let query = EventQuery {
            undelivered: true,
            created_from: Some(since),
            ..money()
        };
        let mut pages = Pages::of(stripe, query);
        while let Some(events) = pages.next().await? {
            let entries = events
                .into_iter()
                .filter_map(noticed)
                .map(Found::entry)
                .collect::<Result<Vec<_>>>()?;
            self.queue.send(&entries).await?;
        }
        Ok(())
    }

    /// Compares the payments with which something happened lately. The cursor moves past a payment that could not be
    /// compared, since its difference is kept; it stays when the list of events or the store fails.
    async fn compare(
        &self,
        stripe: &Stripe,
        since: Timestamp,
        to: Timestamp,
        now: Timestamp,
    ) -> Result<()> {
        let mut from = since;
        while from < to {
            let end = from.checked_add(SLICE).map_or(to, |end| end.min(to));
            let query = EventQuery {
                created_from: Some(from),
                created_before: Some(end),
                ..money()
            };
            let mut pages = Pages::of(stripe, query);
            while let Some(events) = pages.next().await? {
                let suspects = events.into_iter().filter_map(noticed).map(|found| Suspect {
                    notice: found.notice,
                });
                // One event of each payment is enough to find it by.
                self.compare_all(
                    suspects.map(|suspect| (suspect.key(), suspect)).collect(),
                    now,
                )
                .await?;
            }
            self.store.has_reconciled(end).await?;
            from = end;
        }
        Ok(())
    }

    /// Fails only when a difference could not be kept.
    async fn compare_all(&self, suspects: BTreeMap<String, Suspect>, now: Timestamp) -> Result<()> {
        let compared =
            stream::iter(suspects.into_values()).map(|suspect| self.compare_one(suspect, now));
        let done: Vec<_> = compared.buffer_unordered(AT_ONCE).collect().await;
        done.into_iter().collect()
    }

    async fn compare_one(&self, suspect: Suspect, now: Timestamp) -> Result<()> {
        let found = self.look(&suspect, now).await.unwrap_or_else(|error| {
            let correlation_id = CorrelationId::of_event(&suspect.key());
            warn(
                "a payment cannot be compared",
                &error.to_string(),
                correlation_id,
            );
            Comparison::Differs
        });
        if matches!(found, Comparison::Differs | Comparison::NoSuchOrder) {
            metrics::count("LedgerDifference", "stripe");
        }
        match found {
            Comparison::Differs | Comparison::Flagged => self.store.differs(&suspect, now).await,
            Comparison::Same | Comparison::NoSuchOrder => self.store.is_the_same(&suspect).await,
        }
    }

    /// Compares one payment, and tells a worker to look again at what differs.
    async fn look(&self, suspect: &Suspect, now: Timestamp) -> Result<Comparison> {
        let Some(id) = self.order_of(suspect).await? else {
            return Ok(Comparison::Same);
        };
        let Some(row) = self.store.order(id).await? else {
            return Ok(Comparison::NoSuchOrder);
        };
        let standing = self.stripe.standing(&row.order, &suspect.notice).await?;
        let (found, is_news) = match &standing {
            Some(standing) => compared(&row.order, standing),
            None => (Comparison::Differs, true),
        };
        if is_news {
            let totals = standing.map(totals).unwrap_or_default();
            let what = format!("#{}{totals}", suspect.key());
            self.queue
                .send(&[look_at(id, suspect.notice.clone(), now, &what)?])
                .await?;
        }
        Ok(found)
    }

    /// A refund or a dispute is told by its payment alone. Returns `None` for another shop's payment.
    async fn order_of(&self, suspect: &Suspect) -> Result<Option<OrderId>> {
        match (named_order(&suspect.notice), &suspect.notice) {
            (
                None,
                Notice::Stripe {
                    payment: Some(payment),
                    ..
                },
            ) => match self.store.order_paid_by(payment).await? {
                Some(id) => Ok(Some(id)),
                None => self.stripe.order_of(payment).await,
            },
            (named, _) => Ok(named),
        }
    }
}

/// What the ledger says of a payment, beside what Stripe says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Comparison {
    Same,
    /// The same, and the payment has a flag: what ends the flag may be told without naming an order, or not at all.
    Flagged,
    Differs,
    NoSuchOrder,
}

/// A payment that may differ from the ledger, by the notice that it is found by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Suspect {
    pub(crate) notice: Notice,
}

impl Suspect {
    /// The same for every notice of one payment of one order.
    pub(crate) fn key(&self) -> String {
        let order = named_order(&self.notice)
            .map(|id| id.to_string())
            .unwrap_or_default();
        match &self.notice {
            Notice::Stripe {
                payment: Some(subject),
                ..
            }
            | Notice::Stripe {
                checkout: Some(subject),
                ..
            } => {
                format!("{order}#{subject}")
            }
            _ => order,
        }
    }
}

/// A list of events, page by page, newest first.
struct Pages<'a> {
    stripe: &'a Stripe,
    query: Option<EventQuery>,
}

impl<'a> Pages<'a> {
    fn of(stripe: &'a Stripe, query: EventQuery) -> Self {
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
            query.starting_after = Some(
                last.ok_or_else(|| Error::unavailable("stripe_unreadable", "a page of events"))?,
            );
            self.query = Some(query);
        }
        Ok(Some(page.items))
    }
}

fn money() -> EventQuery {
    EventQuery {
        kinds: MONEY.map(str::to_owned).into(),
        limit: 100,
        ..EventQuery::default()
    }
}

/// One look an hour at the same thing is enough: the inbox drops the others.
fn look_at(order_id: OrderId, notice: Notice, now: Timestamp, what: &str) -> Result<Entry> {
    let event = format!("check#{order_id}#{}{what}", now.as_second() / 3600);
    Found {
        event,
        notice,
        correlation_id: None,
    }
    .entry()
}

fn totals(standing: Standing) -> String {
    let Standing {
        received,
        refunded,
        disputed,
        fees,
        ..
    } = standing;
    let [received, fees] = [received.map(|money| money.minor), fees]
        .map(|sum| sum.map_or("?".into(), |sum| sum.to_string()));
    format!("#{received}-{refunded}-{disputed}-{fees}")
}

/// What booking it again would come to, and whether that is news to the ledger. The end of a flag is no difference.
fn compared(order: &Order, standing: &Standing) -> (Comparison, bool) {
    let booked = book(order.clone(), standing);
    // What came in does not become less by booking.
    let is_less = standing.payment == order.payment
        && standing
            .received
            .is_some_and(|money| money.minor < order.received);
    let is_booked = booked.rows.is_empty() && booked.order.state == order.state && !is_less;
    if !is_booked || booked.order.newly_flagged(order).is_some() {
        return (Comparison::Differs, true);
    }
    match order
        .flags
        .contains_key(standing.payment.as_deref().unwrap_or_default())
    {
        true => (Comparison::Flagged, booked.order.flags != order.flags),
        false => (Comparison::Same, false),
    }
}

#[cfg(test)]
mod tests {
    use confab_contracts::payments::Purchase;
    use confab_core::{Currency, Money};

    use super::*;

    fn stripe(payment: Option<&str>) -> Suspect {
        let order_id = Some(OrderId::new(Timestamp::UNIX_EPOCH, &|| [1; 10]));
        let payment = payment.map(str::to_owned);
        Suspect {
            notice: Notice::Stripe {
                order_id,
                checkout: Some("cs_1".into()),
                payment,
            },
        }
    }

    #[test]
    fn flagged_payment_is_looked_at_until_its_flag_ends() {
        let price = Money::new(1_900, Currency::Usd);
        let standing = |payment: &str, refunded| Standing {
            payment: Some(payment.into()),
            received: Some(price),
            refunded,
            ..Standing::default()
        };
        let (now, id) = (
            Timestamp::UNIX_EPOCH,
            OrderId::new(Timestamp::UNIX_EPOCH, &|| [1; 10]),
        );
        let purchase = Purchase {
            product: "studio".into(),
            item: "studio.lite".into(),
            payer: "usr_1".into(),
            reference: String::new(),
        };
        let new = Order::new(
            id,
            purchase,
            price,
            1,
            now,
            CorrelationId::new(now, &|| [2; 10]),
        );
        assert_eq!(
            compared(&new, &standing("pi_1", 0)),
            (Comparison::Differs, true)
        );
        let paid = book(new, &standing("pi_1", 0)).order;
        assert_eq!(
            compared(&paid, &standing("pi_1", 0)),
            (Comparison::Same, false)
        );
        assert_eq!(
            compared(&paid, &standing("pi_2", 0)),
            (Comparison::Differs, true),
            "a flag is missing"
        );
        let flagged = book(paid, &standing("pi_2", 0)).order;
        assert_eq!(
            compared(&flagged, &standing("pi_2", 0)),
            (Comparison::Flagged, false)
        );
        assert_eq!(
            compared(&flagged, &standing("pi_1", 0)),
            (Comparison::Same, false),
            "the other payment is not"
        );
        assert_eq!(
            compared(&flagged, &standing("pi_2", 1_900)),
            (Comparison::Flagged, true),
            "a worker ends it"
        );
        let ended = book(flagged, &standing("pi_2", 1_900)).order;
        assert_eq!(
            compared(&ended, &standing("pi_2", 1_900)),
            (Comparison::Same, false)
        );
    }

    #[test]
    fn each_payment_of_an_order_is_compared_on_its_own() {
        let order_id = OrderId::new(Timestamp::UNIX_EPOCH, &|| [1; 10]);
        assert_eq!(stripe(Some("pi_1")).key(), format!("{order_id}#pi_1"));
        assert_eq!(stripe(None).key(), format!("{order_id}#cs_1"));
        assert_eq!(
            Suspect {
                notice: Notice::Check { order_id }
            }
            .key(),
            order_id.to_string()
        );
    }
}
