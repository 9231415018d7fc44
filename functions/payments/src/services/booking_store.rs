//! The books: what the store has of an order beside what the provider says of it. The order is read first and the
//! provider asked after it, so that whoever saves against an unchanged order has seen the later picture.

use std::time::Duration;

use confab_core::{Clock, Error, Money, OrderId, Result, Timestamp};
use confab_lambda::{SystemClock, metrics};
use confab_worker::{Consistency, DecisionStore, Effect, EffectOutcome, InboxState, SaveOutcome};
use payments_domain::{Booked, Flag, Notice, Order, Provider, Standing};

use crate::{
    services::event_publisher::Telling,
    services::provider_snapshot::AtStripe,
    store::{Lead, OrderRow, Store},
};

/// An order that nobody began to pay is over after a day.
const OPEN_FOR: Duration = Duration::from_secs(24 * 3600);

#[derive(Debug)]
pub(crate) struct Books {
    pub(crate) store: Store,
    pub(crate) stripe: AtStripe,
    pub(crate) clock: SystemClock,
}

/// A notice from the queue, and the key under which its copies are known.
#[derive(Debug, Clone)]
pub(crate) struct Event {
    pub(crate) id: String,
    pub(crate) notice: Notice,
}

/// Whose a notice is.
#[derive(Debug, Clone)]
pub(crate) enum Whose {
    Order(Box<OrderRow>),
    /// It names an order of ours that is not there.
    Nobodys,
    /// Our account is used for other things, too.
    SomebodyElses,
}

/// Before the decision: the order and where it stands. After it: what is booked.
#[derive(Debug, Clone)]
pub(crate) struct Case {
    pub(crate) whose: Whose,
    pub(crate) standing: Option<Standing>,
    pub(crate) booked: Option<Booked>,
}

impl Case {
    pub(crate) fn order(&self) -> Option<&OrderRow> {
        match &self.whose {
            Whose::Order(order) => Some(order),
            Whose::Nobodys | Whose::SomebodyElses => None,
        }
    }

    /// Returns the payment that a person has to look at, and why, if this notice is the first to say so.
    pub(crate) fn news(&self) -> Option<(&str, Flag)> {
        let order = match &self.whose {
            Whose::Order(order) => order,
            Whose::Nobodys => return Some(("", Flag::UnknownOrder)),
            Whose::SomebodyElses => return None,
        };
        self.booked.as_ref()?.order.newly_flagged(&order.order)
    }
}

impl Books {
    async fn whose(&self, row: Option<OrderRow>, notice: &Notice) -> Result<Whose> {
        let order = |row| Whose::Order(Box::new(row));
        let Notice::Stripe {
            order_id, payment, ..
        } = notice
        else {
            return Ok(row.map_or(Whose::Nobodys, order));
        };
        let named = match (&row, order_id, payment) {
            (None, None, Some(payment)) => self.stripe.order_of(payment).await?,
            _ => *order_id,
        };
        Ok(match (row, named) {
            (Some(row), _) => order(row),
            (None, Some(id)) => self.store.order(id).await?.map_or(Whose::Nobodys, order),
            (None, None) => Whose::SomebodyElses,
        })
    }

    async fn standing(
        &self,
        order: &Order,
        is_anothers: bool,
        notice: &Notice,
    ) -> Result<Standing> {
        let missing = || {
            Error::unavailable(
                "stripe_does_not_know",
                "is the key of the account that sends the notices?",
            )
        };
        // As it was, with nobody to ask; over when it is too late to pay.
        let as_it_was = || Standing {
            payment: order.payment.clone(),
            received: Some(Money::new(order.received, order.price.currency)),
            refunded: order.refunded,
            disputed: order.disputed,
            is_closed: self.clock.now()
                >= order
                    .created_at
                    .checked_add(OPEN_FOR)
                    .unwrap_or(order.created_at),
            ..Standing::default()
        };
        let is_own =
            |payment: &str| order.received == 0 || order.payment.as_deref() == Some(payment);
        match notice {
            Notice::Stripe { .. } => self
                .stripe
                .standing(order, notice)
                .await?
                .ok_or_else(missing),
            Notice::Check { .. } if order.checkout.is_some() => Ok(self
                .stripe
                .standing(order, notice)
                .await?
                .unwrap_or_else(as_it_was)),
            Notice::Check { .. } => Ok(as_it_was()),
            Notice::Sumit { entity, .. } => Ok(Standing {
                provider: Some(Provider::Sumit),
                payment: Some(entity.clone()),
                received: Some(order.price),
                refunded: if is_own(entity) { order.refunded } else { 0 },
                disputed: if is_own(entity) { order.disputed } else { 0 },
                ..Standing::default()
            }),
            Notice::Generic(claim) => Ok(Standing {
                provider: Some(Provider::Generic),
                payment: Some(claim.payment.clone()),
                is_foreign: is_anothers,
                received: claim.received,
                // Nobody can be asked, and an older claim may come after a newer one.
                refunded: if is_own(&claim.payment) {
                    claim.refunded.max(order.refunded)
                } else {
                    claim.refunded
                },
                disputed: if is_own(&claim.payment) {
                    order.disputed
                } else {
                    0
                },
                has_failed: claim.failed,
                ..Standing::default()
            }),
        }
    }
}

impl Books {
    /// What was paid elsewhere need not be paid at Stripe, too. A page that stays open all the same does no harm that
    /// is not seen: a second payment is flagged.
    async fn close_other_pages(&self, case: &Case) {
        let (Some(row), Some(booked)) = (case.order(), &case.booked) else {
            return;
        };
        let is_paid_elsewhere =
            booked.order.provider != Provider::Stripe && row.order.received == 0;
        let Some(page) = booked
            .order
            .checkout
            .as_ref()
            .filter(|_| is_paid_elsewhere && booked.order.received > 0)
        else {
            return;
        };
        if let Ok(stripe) = self.stripe.client().await
            && stripe
                .expire_checkout(page, &format!("{}:expire", booked.order.id))
                .await
                .is_err()
        {
            metrics::count("PageNotClosed", "stripe");
        }
    }
}

impl DecisionStore<Event> for Books {
    type State = Case;
    type Effect = Telling;

    /// The latest, always: an order that a stale read does not show would be a stranger's.
    async fn open(&self, event: &Event, _: Consistency) -> Result<InboxState<Case, Telling>> {
        match self.store.find(event).await? {
            InboxState::Decided {
                effects,
                lease_until,
            } => Ok(InboxState::Decided {
                effects,
                lease_until,
            }),
            InboxState::New(Lead { order, is_anothers }) => {
                let whose = self.whose(order, &event.notice).await?;
                let standing = match &whose {
                    Whose::Order(row) => Some(
                        self.standing(&row.order, is_anothers, &event.notice)
                            .await?,
                    ),
                    Whose::Nobodys | Whose::SomebodyElses => None,
                };
                Ok(InboxState::New(Case {
                    whose,
                    standing,
                    booked: None,
                }))
            }
        }
    }

    async fn save(
        &self,
        event: &Event,
        case: &Case,
        effects: &[Effect<Telling>],
        lease_until: Timestamp,
    ) -> Result<SaveOutcome> {
        let saved = self.store.save(event, case, effects, lease_until).await?;
        if saved == SaveOutcome::Saved {
            match &case.whose {
                Whose::SomebodyElses => metrics::count("PaymentNoticeIgnored", "not_ours"),
                _ if case.news().is_some() => metrics::count("PaymentFlagged", "refused"),
                _ => {}
            }
            self.close_other_pages(case).await;
        }
        Ok(saved)
    }

    async fn take_over(
        &self,
        event: &Event,
        expired: Timestamp,
        lease_until: Timestamp,
    ) -> Result<bool> {
        self.store.take_over(event, expired, lease_until).await
    }

    async fn settle(
        &self,
        _: &Event,
        effect: &Effect<Telling>,
        outcome: &EffectOutcome,
    ) -> Result<()> {
        match outcome {
            EffectOutcome::Done { .. } => self.store.told(effect.what.order_id, effect.id).await,
            other => Err(Error::internal("not_told", format!("{other:?}"))),
        }
    }
}

/// Which order a notice names.
pub(crate) fn named_order(notice: &Notice) -> Option<OrderId> {
    match notice {
        Notice::Stripe { order_id, .. } => *order_id,
        Notice::Check { order_id } => Some(*order_id),
        Notice::Generic(claim) => Some(claim.order_id),
        Notice::Sumit { .. } => None,
    }
}
