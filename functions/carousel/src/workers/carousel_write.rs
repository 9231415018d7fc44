//! The writer: makes the texts of a carousel or of one slide, and tells the chat.

use std::sync::Arc;

use carousel_domain::{
    Brief, ComposedReason, RequestText, SagaTrigger, Source, Task, Trigger, Usage, WriteJob,
    WriteResult, WriteTask, Written, compose, compose_wisdom,
};
use confab_core::Result;
use confab_lambda::{QueueMessage, metrics};
use sha2::{Digest, Sha256};

use crate::{
    services::{
        conversation_queue,
        model::{self, Texts},
    },
    state::{Part, State},
};

pub const PARTS: &[Part] = &[
    Part::Store,
    Part::ConversationQueue,
    Part::Books,
    Part::Prices,
    Part::Model,
];

pub async fn handle(state: Arc<State>, delivery: QueueMessage<WriteJob>) -> Result<()> {
    let (result, usage) = written(&state, &delivery).await?;
    metrics::count("TextsWritten", outcome(&result));
    let job = delivery.body;
    let trigger = SagaTrigger::Written {
        revision: job.revision,
        result,
        usage,
    };
    let trigger = Trigger::Carousel {
        carousel: job.carousel,
        trigger,
    };
    let id = trigger_id(&job);
    let entry = conversation_queue::entry(id, job.chat, trigger, delivery.correlation_id)?;
    state.conversation_queue()?.send(&[entry]).await
}

/// The same in every copy of a job. The composer's answer to a failure is no copy of that failure.
fn trigger_id(job: &WriteJob) -> String {
    let attempt = if job.is_composer_only {
        "#composer"
    } else {
        ""
    };
    format!("written#{}{attempt}", job.key)
}

fn outcome(result: &WriteResult) -> &'static str {
    match result {
        WriteResult::Deck { composed, .. } | WriteResult::Slide { composed, .. } => {
            composed.map_or("model", ComposedReason::name)
        }
        WriteResult::Refused => "refused",
        WriteResult::Failed => "failed",
    }
}

async fn written(
    state: &State,
    delivery: &QueueMessage<WriteJob>,
) -> Result<(WriteResult, Vec<Usage>)> {
    let job = &delivery.body;
    let seed = seed(job);
    if let Source::Wisdom(topic) = &job.source {
        let topic = topic.as_ref().map(|topic| topic.as_str());
        let draft = compose_wisdom(topic, job.language, state.books()?.shelf(), seed);
        let result = draft.map_or(WriteResult::Failed, |draft| WriteResult::Deck {
            draft,
            composed: Some(ComposedReason::NotNeeded),
        });
        return Ok((result, Vec::new()));
    }
    let Some(brief) = brief(state, job)? else {
        return Ok((WriteResult::Failed, Vec::new()));
    };
    let composer = brief.clone();
    let texts = Texts {
        job,
        brief,
        compose: &|reason| composed(&composer, seed, reason),
        correlation_id: delivery.correlation_id,
        time_left: delivery.time_left,
    };
    Box::pin(model::write(state, texts)).await
}

/// Writes without a model. The composer prints its subject, so it does not write about one that speaks to a model.
fn composed(brief: &Brief, seed: u64, reason: ComposedReason) -> WriteResult {
    if brief.is_hostile() {
        return WriteResult::Refused;
    }
    let composed = Some(reason);
    match compose(brief, seed) {
        Some(Written::Deck(draft)) => WriteResult::Deck { draft, composed },
        Some(Written::Slide(slide)) => WriteResult::Slide { slide, composed },
        None => WriteResult::Failed,
    }
}

/// Returns what is to be written. `None` for a text that cannot be used.
fn brief(state: &State, job: &WriteJob) -> Result<Option<Brief>> {
    let text = job.source.text().unwrap_or_default();
    let subject = match &job.source {
        Source::Text(_) => RequestText::text(text),
        Source::Topic(_) | Source::Wisdom(_) => RequestText::topic(text),
    };
    let Ok(subject) = subject else {
        return Ok(None);
    };
    let (task, avoid_titles) = match (&job.task, &job.draft) {
        (WriteTask::Slide { number, not_these }, Some(draft)) => {
            let task = Task::Slide {
                number: usize::from(*number),
                deck: Box::new(draft.clone()),
            };
            (task, not_these)
        }
        (WriteTask::Deck { not_these } | WriteTask::Slide { not_these, .. }, _) => {
            let count = usize::from(job.count);
            (Task::Deck { count }, not_these)
        }
    };
    let verses = state.books()?.shelf().candidates(text, job.language);
    Ok(Some(Brief {
        subject,
        language: job.language,
        task,
        verses,
        avoid_titles: avoid_titles.clone(),
    }))
}

/// The same in every attempt at a job, and another one for the next revision.
fn seed(job: &WriteJob) -> u64 {
    let digest = Sha256::digest(job.key.as_bytes());
    digest
        .iter()
        .take(8)
        .fold(0, |seed, byte| seed << 8 | u64::from(*byte))
}
