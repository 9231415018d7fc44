//! The decision store of `payments-book`: an order in the store beside its snapshot at the
//! provider.
//!
//! Invariant: the order is read before the provider is asked, so that a save against an unchanged
//! order is based on the later snapshot.

use confab_core::{Clock, Error, Result, Timestamp};
use confab_lambda::metrics;
use confab_worker::{Consistency, DecisionStore, Effect, EffectOutcome, InboxState, SaveOutcome};
use payments_domain::{Notice, Order, Provider, ProviderSnapshot};

use crate::{
    services::stripe::StripeAccount,
    store::{
        BookingState, NoticeMatch, NoticeOwner, OrderRow, OutboxMessage, ReceivedNotice, Store,
    },
};

#[derive(Debug)]
pub(crate) struct BookingStore<'a> {
    pub(crate) store: &'a Store,
    pub(crate) stripe: &'a StripeAccount,
    pub(crate) clock: &'a dyn Clock,
}

impl BookingStore<'_> {
    /// Finds the owner of a notice. A payment without an order belongs to another shop on our
    /// Stripe account.
    async fn owner(&self, row: Option<OrderRow>, notice: &Notice) -> Result<NoticeOwner> {
        if let Some(row) = row {
            return Ok(NoticeOwner::Order(Box::new(row)));
        }
        let Notice::Stripe {
            order_id, payment, ..
        } = notice
        else {
            return Ok(NoticeOwner::UnknownOrder);
        };
        let order_id = match (order_id, payment) {
            (None, Some(payment)) => self.stripe.order_of(payment).await?,
            _ => *order_id,
        };
        let Some(order_id) = order_id else {
            return Ok(NoticeOwner::AnotherShop);
        };
        let row = self.store.order(order_id).await?;
        Ok(row.map_or(NoticeOwner::UnknownOrder, |row| {
            NoticeOwner::Order(Box::new(row))
        }))
    }

    async fn snapshot(
        &self,
        order: &Order,
        is_foreign: bool,
        notice: &Notice,
    ) -> Result<ProviderSnapshot> {
        match notice {
            Notice::Stripe { .. } => {
                let snapshot = self.stripe.snapshot(order, notice).await?;
                snapshot.ok_or_else(|| {
                    Error::unavailable(
                        "stripe_does_not_know",
                        "Stripe does not know the ids of the notice: is the key of another account?",
                    )
                })
            }
            Notice::Check { .. } => {
                let mut snapshot = None;
                if order.checkout.is_some() {
                    snapshot = self.stripe.snapshot(order, notice).await?;
                }
                let now = self.clock.now();
                Ok(snapshot.unwrap_or_else(|| ProviderSnapshot::from_ledger(order, now)))
            }
            Notice::Sumit { entity, .. } => Ok(ProviderSnapshot::from_sumit(order, entity)),
            Notice::Generic(report) => Ok(ProviderSnapshot::from_report(order, report, is_foreign)),
        }
    }

    /// Closes the Stripe page of an order that was just paid elsewhere. Best effort: a second
    /// payment would be flagged.
    async fn close_unused_checkout(&self, state: &BookingState) {
        let (Some(row), Some(booking)) = (state.order(), &state.booking) else {
            return;
        };
        let order = &booking.order;
        let is_newly_paid = row.order.received == 0 && order.received > 0;
        let Some(page) = &order.checkout else {
            return;
        };
        if !is_newly_paid || order.provider == Provider::Stripe {
            return;
        }
        let Ok(stripe) = self.stripe.client().await else {
            return;
        };
        let key = format!("{}:expire", order.id);
        if stripe.expire_checkout(page, &key).await.is_err() {
            metrics::count("PageNotClosed", "stripe");
        }
    }
}

impl DecisionStore<ReceivedNotice> for BookingStore<'_> {
    type State = BookingState;
    type Effect = OutboxMessage;

    /// Reads strongly in any case: a stale read would make a new order look unknown.
    async fn open(
        &self,
        received: &ReceivedNotice,
        _: Consistency,
    ) -> Result<InboxState<BookingState, OutboxMessage>> {
        let NoticeMatch { order, is_foreign } = match self.store.open_notice(received).await? {
            InboxState::New(found) => found,
            InboxState::Decided {
                effects,
                lease_until,
            } => {
                return Ok(InboxState::Decided {
                    effects,
                    lease_until,
                });
            }
        };
        let notice = &received.notice;
        let owner = self.owner(order, notice).await?;
        let snapshot = match &owner {
            NoticeOwner::Order(row) => Some(self.snapshot(&row.order, is_foreign, notice).await?),
            NoticeOwner::UnknownOrder | NoticeOwner::AnotherShop => None,
        };
        Ok(InboxState::New(BookingState {
            owner,
            snapshot,
            booking: None,
        }))
    }

    async fn save(
        &self,
        received: &ReceivedNotice,
        state: &BookingState,
        effects: &[Effect<OutboxMessage>],
        lease_until: Timestamp,
    ) -> Result<SaveOutcome> {
        let saved = self
            .store
            .save_booking(received, state, effects, lease_until)
            .await?;
        if saved == SaveOutcome::Saved {
            if matches!(state.owner, NoticeOwner::AnotherShop) {
                metrics::count("PaymentNoticeIgnored", "not_ours");
            } else if state.new_flag().is_some() {
                metrics::count("PaymentFlagged", "refused");
            }
            self.close_unused_checkout(state).await;
        }
        Ok(saved)
    }

    async fn move_lease(
        &self,
        received: &ReceivedNotice,
        from: Timestamp,
        until: Timestamp,
    ) -> Result<bool> {
        self.store.move_lease(received, from, until).await
    }

    async fn settle(
        &self,
        _: &ReceivedNotice,
        effect: &Effect<OutboxMessage>,
        outcome: &EffectOutcome,
    ) -> Result<()> {
        let EffectOutcome::Done { .. } = outcome else {
            return Err(Error::internal("not_told", format!("{outcome:?}")));
        };
        self.store
            .mark_published(effect.what.order_id, effect.id)
            .await
    }
}
