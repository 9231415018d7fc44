//! The world of the studio's worker: what was decided is said to the person, or asked of whoever does it.

use std::time::Duration;

use confab_aws::{Bus, Entry, Keyring, Objects, Queue, SecretName};
use confab_contracts::{
    Contract, Event,
    payments::{CreditUsed, Offer, Purchase, RefundRequested},
};
use confab_core::{Clock, EffectId, EventId, OrderId, Result, Timestamp, after};
use confab_lambda::SystemClock;
use confab_messaging::Body;
use confab_pay_links::{PayLinks, SEAL_TTL};
use confab_worker::{Effect, EffectOutcome, EffectRunner, Evidence};
use studio_domain::{Action, EraseJob, MakeJob, MakeTask, PRODUCT, PhotoJob};

use crate::{
    services::channels::Senders,
    store::{Deed, Question, Store},
};

/// Providers fetch a picture when they are told of it.
const PICTURE_LASTS: Duration = Duration::from_secs(3600);

pub(crate) const SEAL: SecretName = SecretName("SEAL_SECRET_PARAM");

#[derive(Debug)]
pub(crate) struct Studio {
    pub(crate) senders: Senders,
    pub(crate) store: Store,
    pub(crate) objects: Objects,
    pub(crate) photos: Queue,
    pub(crate) making: Queue,
    pub(crate) erasing: Queue,
    pub(crate) bus: Bus,
    pub(crate) pay_links: PayLinks,
    pub(crate) keys: Keyring,
    pub(crate) clock: SystemClock,
}

impl Studio {
    async fn say(&self, effect: &Effect<Deed>, body: Body) -> EffectOutcome {
        // Nobody to talk to is nobody who could write back either.
        let Some(to) = effect.what.to.clone() else {
            return EffectOutcome::Refused {
                code: 0,
                title: "the person has no address".into(),
            };
        };
        match self.with_pictures(body) {
            Ok(body) => {
                self.senders
                    .perform(&effect.what.outbound(effect.id, to, body))
                    .await
            }
            Err(error) => EffectOutcome::Later {
                code: 0,
                title: error.to_string(),
            },
        }
    }

    /// Pictures of ours get an address for whoever delivers them.
    fn with_pictures(&self, body: Body) -> Result<Body> {
        Ok(match body {
            Body::Image { url, caption } => match url.strip_prefix("object:") {
                Some(key) => Body::Image {
                    url: self.objects.link(key, PICTURE_LASTS)?,
                    caption,
                },
                None => Body::Image { url, caption },
            },
            other => other,
        })
    }

    async fn pay_link(
        &self,
        effect: &Effect<Deed>,
        order_id: OrderId,
        item: &str,
        title: &str,
    ) -> Result<String> {
        let deed = &effect.what;
        let offer = Offer {
            order_id,
            purchase: Purchase {
                product: PRODUCT.to_owned(),
                item: item.to_owned(),
                payer: deed.user_id.to_string(),
                reference: String::new(),
            },
            title: title.to_owned(),
            phone: deed.to.as_ref().and_then(|to| to.person.phone.clone()),
            return_url: self.pay_links.return_url(),
            expires_at: None,
        };
        let sealed = self
            .keys
            .seal(SEAL, &offer, after(self.clock.now(), SEAL_TTL))
            .await?;
        Ok(self.pay_links.store(order_id, sealed).await?.url)
    }

    async fn make(&self, deed: &Deed, task: MakeTask) -> Result<()> {
        self.making
            .send(&[Entry::standard(&MakeJob::V1 { task }, deed.correlation_id)?])
            .await
    }

    async fn publish<D: Contract>(&self, id: EffectId, deed: &Deed, data: D) -> Result<()> {
        let event = EventId::of_effect(id);
        let event = Event::new(
            event,
            id.made_at(),
            PRODUCT,
            deed.correlation_id,
            id.to_string(),
            data,
        );
        self.bus.publish(&[event]).await
    }

    /// Everything but talking: done twice, it is done once.
    async fn does(&self, effect: &Effect<Deed>) -> Result<()> {
        let deed = &effect.what;
        let product = || PRODUCT.to_owned();
        match deed.action.clone() {
            Action::Say { .. } | Action::AskToPay { .. } => Ok(()),
            Action::Judge { photo, media, name } => {
                let Some(from) = deed.to.clone() else {
                    return Ok(());
                };
                let job = PhotoJob::V1 {
                    person: deed.user_id,
                    photo,
                    from,
                    media,
                    name,
                };
                self.photos
                    .send(&[Entry::standard(&job, deed.correlation_id)?])
                    .await
            }
            Action::Make { order } => {
                self.make(
                    deed,
                    MakeTask::Make {
                        person: deed.user_id,
                        order: Box::new(order),
                    },
                )
                .await
            }
            Action::LookAfter { order, .. } => self.make(deed, MakeTask::LookAfter { order }).await,
            Action::Refund { order } => {
                let reason = "the photos cannot be made".to_owned();
                self.publish(
                    effect.id,
                    deed,
                    RefundRequested {
                        order_id: order,
                        product: product(),
                        reason,
                    },
                )
                .await
            }
            Action::UseCredit { order } => {
                self.publish(
                    effect.id,
                    deed,
                    CreditUsed {
                        order_id: order,
                        product: product(),
                    },
                )
                .await
            }
            Action::Rate { order, stars } => self.store.rates(deed.user_id, order, stars).await,
            Action::Note { order, words } => self.store.writes(deed.user_id, order, &words).await,
            Action::HandOn { words } => {
                let at = effect.id.made_at();
                let question = Question {
                    user_id: deed.user_id,
                    from: deed.to.clone(),
                    words,
                    at,
                };
                self.store.hands_on(effect.id, &question).await
            }
            Action::Erase { orders } => {
                let job = EraseJob::V1 {
                    person: deed.user_id,
                    orders,
                };
                self.erasing
                    .send(&[Entry::standard(&job, deed.correlation_id)?])
                    .await
            }
        }
    }
}

impl EffectRunner<Deed> for Studio {
    async fn perform(&self, effect: &Effect<Deed>) -> EffectOutcome {
        let later = |error: confab_core::Error| EffectOutcome::Later {
            code: 0,
            title: error.to_string(),
        };
        match &effect.what.action {
            Action::Say { body } => self.say(effect, body.clone()).await,
            Action::AskToPay {
                order,
                item,
                title,
                text,
                label,
            } => match self.pay_link(effect, *order, item, title).await {
                Ok(url) => {
                    self.say(
                        effect,
                        Body::Link {
                            text: text.clone(),
                            label: label.clone(),
                            url,
                        },
                    )
                    .await
                }
                Err(error) => later(error),
            },
            _ => match self.does(effect).await {
                Ok(()) => EffectOutcome::Done {
                    receipt: effect.id.to_string(),
                },
                Err(error) => later(error),
            },
        }
    }

    async fn look_for(&self, effect: &Effect<Deed>, attempts_ended: Timestamp) -> Result<Evidence> {
        Ok(match effect.what.action {
            Action::Say { .. } | Action::AskToPay { .. } => self.senders.look_for(attempts_ended),
            _ => Evidence::DidNotHappen,
        })
    }
}
