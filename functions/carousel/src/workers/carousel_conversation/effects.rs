//! Execution of a decision's effects: calls of Telegram, jobs for other workers, and events.

use carousel_domain::{
    Call, CarouselEvent, CarouselId, Effect as DomainEffect, Saga, SendOutcome, SentMessage,
    TelegramId,
};
use confab_contracts::{
    Contract, Event,
    carousel::{CallFailed, CallFailure},
};
use confab_core::{Error, EventId, Kind, Result, Timestamp};
use confab_lambda::{metrics, warn};
use confab_telegram::TelegramError;
use confab_worker::{Effect, EffectOutcome, EffectRunner, Evidence};
use tokio::sync::Mutex;

use crate::{
    services::{
        render_jobs::{RenderTask, prefixes, send_job},
        telegram::CallError,
    },
    state::State,
    store::ChatAction,
};

/// The source of the service's events.
const SOURCE: &str = "carousel";

#[derive(Debug)]
pub(super) struct EffectExecutor<'a> {
    state: &'a State,
    trigger: &'a str,
    /// The carousel whose slides are being sent to the renderer.
    saga: Mutex<Option<Saga>>,
}

impl<'a> EffectExecutor<'a> {
    pub(super) fn new(state: &'a State, trigger: &'a str) -> Self {
        Self {
            state,
            trigger,
            saga: Mutex::new(None),
        }
    }

    async fn try_execute(&self, effect: &Effect<ChatAction>) -> Result<EffectOutcome> {
        if let DomainEffect::Call { call } = &effect.what.effect {
            return self.call(effect, call).await;
        }
        self.execute(effect).await?;
        Ok(EffectOutcome::Done {
            receipt: String::new(),
        })
    }

    /// Executes everything but calls. All of it is idempotent.
    async fn execute(&self, effect: &Effect<ChatAction>) -> Result<()> {
        let (state, action) = (self.state, &effect.what);
        match &action.effect {
            DomainEffect::Call { .. } | DomainEffect::Quota { .. } => Ok(()),
            DomainEffect::Write { job } => {
                send_job(state.write_queue()?, job, action.correlation_id).await
            }
            DomainEffect::Render {
                carousel,
                revision,
                number,
                ..
            } => {
                let job = |saga: &Saga| saga.render_job(*number).map(RenderTask::Slide);
                self.send_task(action, *carousel, *revision, job).await
            }
            DomainEffect::RenderPdf { carousel, revision } => {
                let job = |saga: &Saga| saga.pdf_job().map(RenderTask::Pdf);
                self.send_task(action, *carousel, *revision, job).await
            }
            DomainEffect::Publish { event } => self.publish(effect, event.clone()).await,
            DomainEffect::StoreLogo { file_id, .. } => {
                let task = RenderTask::Logo {
                    id: format!("logo#{}", effect.id),
                    chat: action.chat.clone(),
                    file_id: file_id.clone(),
                };
                send_job(state.render_queue()?, &task, action.correlation_id).await
            }
            DomainEffect::SaveAlias { chat } => {
                state.store()?.save_alias(*chat, &action.chat).await
            }
            DomainEffect::Erase { chat } => {
                self.delete_files(chat).await?;
                state.store()?.erase(chat, self.trigger).await
            }
        }
    }

    /// Sends a task for the carousel in its saved state. One that has moved on needs it no longer.
    async fn send_task(
        &self,
        action: &ChatAction,
        carousel: CarouselId,
        revision: u32,
        task: impl Fn(&Saga) -> Option<RenderTask>,
    ) -> Result<()> {
        let mut cached = self.saga.lock().await;
        if cached.as_ref().is_none_or(|saga| saga.id != carousel) {
            *cached = self.state.store()?.saga(&action.chat, carousel).await?;
        }
        let saga = cached.as_ref().filter(|saga| saga.revision == revision);
        let Some(task) = saga.and_then(task) else {
            return Ok(());
        };
        send_job(self.state.render_queue()?, &task, action.correlation_id).await
    }

    async fn delete_files(&self, chat: &str) -> Result<()> {
        let objects = self.state.objects()?;
        for prefix in prefixes(chat) {
            let mut after = None;
            loop {
                let keys = objects.list(&prefix, after.as_deref()).await?;
                for key in &keys {
                    objects.delete(key).await?;
                }
                after = keys.last().cloned();
                if after.is_none() {
                    break;
                }
            }
        }
        Ok(())
    }

    async fn publish(&self, effect: &Effect<ChatAction>, event: CarouselEvent) -> Result<()> {
        match event {
            CarouselEvent::MessageReceived(data) => self.publish_data(effect, data).await,
            CarouselEvent::InteractionTracked(data) => self.publish_data(effect, data).await,
            CarouselEvent::GenerateRequested(data) => self.publish_data(effect, data).await,
            CarouselEvent::ContentRequested(data) => self.publish_data(effect, data).await,
            CarouselEvent::AnalysisCompleted(data) => self.publish_data(effect, data).await,
            CarouselEvent::ContentAnalyzed(data) => self.publish_data(effect, data).await,
            CarouselEvent::SlidesGenerated(data) => self.publish_data(effect, data).await,
            CarouselEvent::ImagesRendered(data) => self.publish_data(effect, data).await,
            CarouselEvent::Delivered(data) => self.publish_data(effect, data).await,
            CarouselEvent::Completed(data) => self.publish_data(effect, data).await,
            CarouselEvent::Edited(data) => self.publish_data(effect, data).await,
            CarouselEvent::Failed(data) => self.publish_data(effect, data).await,
            CarouselEvent::Cancelled(data) => self.publish_data(effect, data).await,
        }
    }

    async fn publish_data<D: Contract>(&self, effect: &Effect<ChatAction>, data: D) -> Result<()> {
        let event = Event::new(
            EventId::of_effect(effect.id),
            effect.id.made_at(),
            SOURCE,
            effect.what.correlation_id,
            self.trigger,
            data,
        );
        self.state.bus()?.publish(&[event]).await
    }

    async fn call(&self, effect: &Effect<ChatAction>, call: &Call) -> Result<EffectOutcome> {
        let store = self.state.store()?;
        let Some(chat_id) = effect.what.address else {
            store.keep_call(&effect.what.chat, effect.id, call).await?;
            return Ok(done(&kept(effect, call)));
        };
        if call.is_new_message() {
            store.set_attempted(self.trigger, effect, true).await?;
        }
        let mut failure = None;
        let outcome = match self.perform(&effect.what, chat_id, call).await {
            Ok(messages) => done(&SendOutcome::Done { messages }),
            Err(CallError::Own(error)) if error.kind() == Kind::Unavailable => later(&error),
            // A file is gone, for example: it does not come back, and the chat must not wait for it.
            Err(CallError::Own(error)) => {
                metrics::count("MessageRefused", "own");
                warn(
                    "call_not_made",
                    &error.to_string(),
                    effect.what.correlation_id,
                );
                done(&SendOutcome::Refused {
                    is_wrong_file: false,
                })
            }
            Err(CallError::Telegram(error)) => {
                failure = failure_of(&error, call);
                outcome_of(error, call, effect)
            }
        };
        if call.is_new_message() && matches!(outcome, EffectOutcome::Later { .. }) {
            store.set_attempted(self.trigger, effect, false).await?;
        }
        if let Some(failure) = failure {
            self.tell_of(failure, effect).await;
        }
        Ok(outcome)
    }

    /// Tells the journal of a failed call. What became of the call does not depend on it.
    async fn tell_of(&self, failure: CallFailure, effect: &Effect<ChatAction>) {
        let (now, correlation_id) = (self.state.clock.now(), effect.what.correlation_id);
        let id = EventId::new(now, &self.state.entropy);
        let data = CallFailed { failure };
        let event = Event::new(id, now, SOURCE, correlation_id, self.trigger, data);
        let published = async { self.state.bus()?.publish(&[event]).await };
        published
            .await
            .inspect_err(|error| warn("event_lost", &error.to_string(), correlation_id))
            .ok();
    }

    /// Performs a call. A group that got another id is called by that one at once.
    async fn perform(
        &self,
        action: &ChatAction,
        chat_id: TelegramId,
        call: &Call,
    ) -> Result<Vec<SentMessage>, CallError> {
        let (telegram, objects) = (self.state.telegram()?, self.state.objects()?);
        match telegram.perform(chat_id, call, objects).await {
            Err(CallError::Telegram(TelegramError::Migrated { to })) => {
                self.state.store()?.save_alias(to, &action.chat).await?;
                telegram.perform(to, call, objects).await
            }
            result => result,
        }
    }
}

/// Returns what the journal counts of a failed call.
fn failure_of(error: &TelegramError, call: &Call) -> Option<CallFailure> {
    match error {
        TelegramError::RateLimited { .. } => Some(CallFailure::Limited),
        TelegramError::Unknown(_) if call.is_new_message() => Some(CallFailure::Unknown),
        TelegramError::FileTooLarge | TelegramError::Refused { .. } => Some(CallFailure::Refused),
        _ => None,
    }
}

/// Judges a failed call. What was certainly not done is tried again; what may have been done is
/// left to the person.
fn outcome_of(error: TelegramError, call: &Call, effect: &Effect<ChatAction>) -> EffectOutcome {
    let refused = |is_wrong_file| done(&SendOutcome::Refused { is_wrong_file });
    match error {
        TelegramError::Unknown(reason) if call.is_new_message() => {
            metrics::count("MessageUnknown", "telegram");
            warn(
                "message_outcome_unknown",
                &reason,
                effect.what.correlation_id,
            );
            done(&SendOutcome::Unknown)
        }
        TelegramError::Unreachable { .. } => done(&SendOutcome::Unreachable),
        TelegramError::WrongFileId(_) => refused(true),
        TelegramError::MessageGone(_) => refused(false),
        TelegramError::FileTooLarge | TelegramError::Refused { .. } => {
            metrics::count("MessageRefused", "telegram");
            warn(
                "call_refused",
                &error.to_string(),
                effect.what.correlation_id,
            );
            refused(false)
        }
        TelegramError::RateLimited { .. }
        | TelegramError::Unknown(_)
        | TelegramError::Migrated { .. }
        | TelegramError::Token { .. }
        | TelegramError::Unavailable(_) => later(&Error::from(error)),
    }
}

fn later(error: &Error) -> EffectOutcome {
    EffectOutcome::Later {
        code: 0,
        title: error.to_string(),
        delay: error.delay(),
    }
}

fn done(outcome: &SendOutcome) -> EffectOutcome {
    EffectOutcome::Done {
        receipt: receipt(outcome),
    }
}

/// Returns the receipt of a call, which `ChatAction::outcome` reads. An enum of numbers and texts always serializes.
fn receipt(outcome: &SendOutcome) -> String {
    serde_json::to_string(outcome).unwrap_or_default()
}

/// Returns the outcome of a call that was kept: as many messages as were to be sent.
fn kept(effect: &Effect<ChatAction>, call: &Call) -> SendOutcome {
    let count = match call {
        Call::SendPhotos { photos, .. } => photos.len(),
        Call::SendDocuments { documents, .. } => documents.len(),
        _ => 1,
    };
    let first = effect.id.made_at().as_millisecond();
    let message = |message| SentMessage {
        message,
        file_id: None,
    };
    let messages = (first..).take(count).map(message).collect();
    SendOutcome::Done { messages }
}

impl EffectRunner<ChatAction> for EffectExecutor<'_> {
    async fn perform(&self, effect: &Effect<ChatAction>) -> EffectOutcome {
        self.try_execute(effect)
            .await
            .unwrap_or_else(|error| later(&error))
    }

    /// Telegram cannot be asked whether a message was sent, so an attempt that began counts as
    /// unknown: the person decides.
    async fn look_for(&self, effect: &Effect<ChatAction>, _: Timestamp) -> Result<Evidence> {
        let is_new_message =
            matches!(&effect.what.effect, DomainEffect::Call { call } if call.is_new_message());
        if !is_new_message || !effect.what.is_attempted {
            return Ok(Evidence::DidNotHappen);
        }
        self.tell_of(CallFailure::Unknown, effect).await;
        metrics::count("MessageUnknown", "interrupted");
        warn(
            "message_outcome_unknown",
            "interrupted",
            effect.what.correlation_id,
        );
        Ok(Evidence::Happened {
            receipt: receipt(&SendOutcome::Unknown),
        })
    }
}
