//! The books: what the store has of an order beside what the provider says of it. The order is read first and the
//! provider asked after it, so that whoever saves against an unchanged order has seen the later picture.

use std::time::Duration;

use confab_kernel::{
    Clock, Error, Money, OrderId, Result, Timestamp,
    worker::{Effect, Found, Ledger, Outcome, Read, Saved},
};
use confab_lambda::{SystemClock, metrics};
use payments_domain::{Booked, Flag, Notice, Provider, Standing};

use crate::{
    announcer::Telling,
    standing::AtStripe,
    store::{OrderRow, Store},
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

/// Before the decision: the order and where it stands. After it: what is booked.
#[derive(Debug, Clone)]
pub(crate) struct Case {
    pub(crate) order: Option<OrderRow>,
    pub(crate) standing: Option<Standing>,
    pub(crate) booked: Option<Booked>,
}

impl Case {
    /// What a person has to look at, if this notice is the first to say so.
    pub(crate) fn news(&self) -> Option<Flag> {
        let Some(order) = &self.order else {
            return Some(Flag::UnknownOrder);
        };
        let flag = self.booked.as_ref()?.order.flag;
        flag.filter(|_| flag != order.order.flag)
    }
}

impl Books {
    async fn standing(&self, order: &OrderRow, notice: &Notice) -> Result<Option<Standing>> {
        let order = &order.order;
        match notice {
            Notice::Stripe { .. } => self.stripe.standing(order, notice).await,
            Notice::Check { .. } if order.checkout.is_some() || order.payment.is_some() => match order.provider {
                Provider::Stripe => self.stripe.standing(order, notice).await,
                Provider::Sumit | Provider::Generic => Ok(None),
            },
            // Nobody was ever asked for money, or only somebody who cannot be asked.
            Notice::Check { .. } => Ok(Some(Standing {
                received: Some(Money::new(order.received, order.price.currency)),
                is_closed: self.clock.now() >= order.created_at.checked_add(OPEN_FOR).unwrap_or(order.created_at),
                ..Standing::default()
            })),
            Notice::Sumit { entity, .. } => Ok(Some(Standing {
                payment: Some(entity.clone()),
                received: Some(order.price),
                refunded: order.refunded,
                disputed: order.disputed,
                ..Standing::default()
            })),
            Notice::Generic(claim) => Ok(Some(Standing {
                payment: Some(claim.payment.clone()),
                received: Some(claim.received),
                // Nobody can be asked, and an older claim may come after a newer one.
                refunded: claim.refunded.max(order.refunded),
                disputed: order.disputed,
                has_failed: claim.failed,
                ..Standing::default()
            })),
        }
    }
}

impl Ledger<Event> for Books {
    type State = Case;
    type Effect = Telling;

    /// The latest, always: an order that a stale read does not show would be a stranger's.
    async fn open(&self, event: &Event, _: Read) -> Result<Found<Case, Telling>> {
        match self.store.find(event).await? {
            Found::Decided { effects, lease_until } => Ok(Found::Decided { effects, lease_until }),
            Found::New(order) => {
                let standing = match &order {
                    Some(order) => self.standing(order, &event.notice).await?,
                    None => None,
                };
                Ok(Found::New(Case { order, standing, booked: None }))
            }
        }
    }

    async fn save(
        &self,
        event: &Event,
        case: &Case,
        effects: &[Effect<Telling>],
        lease_until: Timestamp,
    ) -> Result<Saved> {
        let saved = self.store.save(event, case, effects, lease_until).await?;
        if saved == Saved::Yes && case.news().is_some() {
            metrics::count("PaymentFlagged", "refused");
        }
        Ok(saved)
    }

    async fn take_over(&self, event: &Event, expired: Timestamp, lease_until: Timestamp) -> Result<bool> {
        self.store.take_over(event, expired, lease_until).await
    }

    async fn settle(&self, _: &Event, effect: &Effect<Telling>, outcome: &Outcome) -> Result<()> {
        match outcome {
            Outcome::Done { .. } => self.store.told(effect.what.order_id, effect.id).await,
            other => Err(Error::internal("not_told", format!("{other:?}"))),
        }
    }
}

/// Whose word a notice is; none for our own.
pub(crate) fn provider_of(notice: &Notice) -> Option<Provider> {
    match notice {
        Notice::Stripe { .. } => Some(Provider::Stripe),
        Notice::Sumit { .. } => Some(Provider::Sumit),
        Notice::Generic(_) => Some(Provider::Generic),
        Notice::Check { .. } => None,
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
