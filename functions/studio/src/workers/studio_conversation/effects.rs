//! Execution of a conversation's effects: messages to the user, jobs for other workers, and events.

use std::time::Duration;

use confab_aws::{Entry, Queue};
use confab_contracts::{
    Contract, Event,
    payments::{CreditUsed, Offer, Purchase, RefundRequested},
};
use confab_core::{Error, EventId, OrderId, PhotoId, Result, Timestamp, after};
use confab_messaging::{Body, Media};
use confab_pay_links::SEAL_TTL;
use confab_worker::{Effect, EffectOutcome, EffectRunner, Evidence};
use serde::Serialize;
use studio_domain::{
    Action, Class, EraseJob, GenerationJob, GenerationTask, PRODUCT, PhotoJob, object_key,
};

use crate::{
    config::SEAL_SECRET,
    state::State,
    store::{Question, UserAction},
};

/// Validity of a picture's URL: providers fetch it when they get the message.
const IMAGE_URL_TTL: Duration = Duration::from_secs(3600);

#[derive(Debug)]
pub(super) struct EffectExecutor<'a> {
    state: &'a State,
}

impl<'a> EffectExecutor<'a> {
    pub(super) fn new(state: &'a State) -> Self {
        Self { state }
    }

    async fn send_message(&self, effect: &Effect<UserAction>, body: Body) -> Result<EffectOutcome> {
        let Some(to) = effect.what.to.clone() else {
            return Ok(EffectOutcome::Refused {
                code: 0,
                title: "the user has no address".into(),
            });
        };
        let body = self.with_image_url(body)?;
        let outbound = effect.what.outbound(effect.id, to, body);
        Ok(self.state.channels()?.send(&outbound).await)
    }

    /// Replaces the address of an object by a presigned URL.
    fn with_image_url(&self, body: Body) -> Result<Body> {
        let Body::Image { url, caption } = body else {
            return Ok(body);
        };
        let url = match object_key(&url) {
            Some(key) => self.state.objects()?.link(key, IMAGE_URL_TTL)?,
            None => url,
        };
        Ok(Body::Image { url, caption })
    }

    async fn payment_url(
        &self,
        action: &UserAction,
        order_id: OrderId,
        item: &str,
        title: &str,
    ) -> Result<String> {
        let pay_links = self.state.pay_links()?;
        let offer = Offer {
            order_id,
            purchase: Purchase {
                product: PRODUCT.to_owned(),
                item: item.to_owned(),
                payer: action.user_id.to_string(),
                reference: String::new(),
            },
            title: title.to_owned(),
            phone: action.to.as_ref().and_then(|to| to.person.phone.clone()),
            return_url: pay_links.return_url(),
            expires_at: None,
        };
        let expires_at = after(self.state.clock.now(), SEAL_TTL);
        let secrets = self.state.secrets()?;
        let sealed = secrets.seal(SEAL_SECRET, &offer, expires_at).await?;
        Ok(pay_links.store(order_id, sealed).await?.url)
    }

    async fn publish<D: Contract>(&self, effect: &Effect<UserAction>, data: D) -> Result<()> {
        let event = Event::new(
            EventId::of_effect(effect.id),
            effect.id.made_at(),
            PRODUCT,
            effect.what.correlation_id,
            effect.id.to_string(),
            data,
        );
        self.state.bus()?.publish(&[event]).await
    }

    async fn try_execute(&self, effect: &Effect<UserAction>) -> Result<EffectOutcome> {
        match &effect.what.action {
            Action::SendMessage { body } => self.send_message(effect, body.clone()).await,
            Action::SendPaymentLink {
                order,
                item,
                title,
                text,
                label,
            } => {
                let url = self.payment_url(&effect.what, *order, item, title).await?;
                let body = Body::Link {
                    text: text.clone(),
                    label: label.clone(),
                    url,
                };
                self.send_message(effect, body).await
            }
            action => {
                self.execute(effect, action.clone()).await?;
                Ok(EffectOutcome::Done {
                    receipt: effect.id.to_string(),
                })
            }
        }
    }

    /// Executes every action but messages. All of these are idempotent.
    async fn execute(&self, effect: &Effect<UserAction>, action: Action) -> Result<()> {
        let (state, user_id) = (self.state, effect.what.user_id);
        match action {
            Action::SendMessage { .. } | Action::SendPaymentLink { .. } => Ok(()),
            Action::ReviewPhoto {
                photo,
                media,
                class,
            } => self.send_review(effect, photo, media, class).await,
            Action::StartGeneration { order } => {
                let order = Box::new(order);
                self.send_generation(effect, GenerationTask::Start { user_id, order })
                    .await
            }
            Action::CheckGeneration { order, .. } => {
                self.send_generation(effect, GenerationTask::Check { order })
                    .await
            }
            Action::Refund { order } => self.request_refund(effect, order).await,
            Action::UseCredit { order } => {
                let data = CreditUsed {
                    order_id: order,
                    product: PRODUCT.to_owned(),
                };
                self.publish(effect, data).await
            }
            Action::SaveRating { order, stars } => {
                state.store()?.save_rating(user_id, order, stars).await
            }
            Action::SaveFeedback { order, text } => {
                state.store()?.save_feedback(user_id, order, &text).await
            }
            Action::ForwardQuestion { text } => self.save_question(effect, text).await,
            Action::EraseUser { orders } => {
                let job = EraseJob::V1 { user_id, orders };
                send_job(state.erase_queue()?, effect, &job).await
            }
        }
    }

    async fn send_review(
        &self,
        effect: &Effect<UserAction>,
        photo: PhotoId,
        media: Media,
        class: Class,
    ) -> Result<()> {
        let Some(from) = effect.what.to.clone() else {
            return Ok(());
        };
        let job = PhotoJob::V1 {
            user_id: effect.what.user_id,
            photo,
            from,
            media,
            class,
        };
        send_job(self.state.photo_queue()?, effect, &job).await
    }

    async fn send_generation(
        &self,
        effect: &Effect<UserAction>,
        task: GenerationTask,
    ) -> Result<()> {
        let queue = self.state.generation_queue()?;
        send_job(queue, effect, &GenerationJob::V1 { task }).await
    }

    async fn request_refund(&self, effect: &Effect<UserAction>, order: OrderId) -> Result<()> {
        let data = RefundRequested {
            order_id: order,
            product: PRODUCT.to_owned(),
            reason: "the photos cannot be made".to_owned(),
        };
        self.publish(effect, data).await
    }

    async fn save_question(&self, effect: &Effect<UserAction>, text: String) -> Result<()> {
        let question = Question {
            user_id: effect.what.user_id,
            from: effect.what.to.clone(),
            text,
            at: effect.id.made_at(),
        };
        self.state
            .store()?
            .save_question(effect.id, &question)
            .await
    }
}

async fn send_job<J: Serialize>(queue: &Queue, effect: &Effect<UserAction>, job: &J) -> Result<()> {
    let entry = Entry::standard(job, effect.what.correlation_id)?;
    queue.send(&[entry]).await
}

impl EffectRunner<UserAction> for EffectExecutor<'_> {
    async fn perform(&self, effect: &Effect<UserAction>) -> EffectOutcome {
        self.try_execute(effect)
            .await
            .unwrap_or_else(|error: Error| EffectOutcome::Later {
                code: 0,
                title: error.to_string(),
                delay: error.delay(),
            })
    }

    async fn look_for(
        &self,
        effect: &Effect<UserAction>,
        attempts_ended: Timestamp,
    ) -> Result<Evidence> {
        match effect.what.action {
            Action::SendMessage { .. } | Action::SendPaymentLink { .. } => {
                Ok(self.state.channels()?.evidence_of(attempts_ended))
            }
            _ => Ok(Evidence::DidNotHappen),
        }
    }
}
