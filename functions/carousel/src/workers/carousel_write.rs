//! The writer: makes the texts of a carousel or of one slide, and tells the chat.

use std::sync::Arc;

use carousel_domain::{
    Brief, RequestText, SagaTrigger, Source, Task, Trigger, WriteJob, WriteResult, WriteTask,
    Written, compose, compose_wisdom,
};
use confab_core::Result;
use confab_lambda::QueueMessage;
use sha2::{Digest, Sha256};

use crate::{
    services::conversation_queue,
    state::{Part, State},
};

pub const PARTS: &[Part] = &[Part::ConversationQueue, Part::Books];

pub async fn handle(state: Arc<State>, delivery: QueueMessage<WriteJob>) -> Result<()> {
    let job = delivery.body;
    let result = composed(&state, &job)?;
    let trigger = SagaTrigger::Written {
        revision: job.revision,
        result,
        usage: Vec::new(),
    };
    let trigger = Trigger::Carousel {
        carousel: job.carousel,
        trigger,
    };
    let id = format!("written#{}", job.key);
    let entry = conversation_queue::entry(id, job.chat, trigger, delivery.correlation_id)?;
    state.conversation_queue()?.send(&[entry]).await
}

/// Writes without a model.
fn composed(state: &State, job: &WriteJob) -> Result<WriteResult> {
    let shelf = state.books()?.shelf();
    let seed = seed(job);
    if let Source::Wisdom(topic) = &job.source {
        let topic = topic.as_ref().map(|topic| topic.as_str());
        let draft = compose_wisdom(topic, job.language, shelf, seed);
        return Ok(
            draft.map_or(WriteResult::Failed, |draft| WriteResult::Deck {
                draft,
                is_composed: true,
            }),
        );
    }
    let Some(brief) = brief(state, job)? else {
        return Ok(WriteResult::Failed);
    };
    Ok(match compose(&brief, seed) {
        Some(Written::Deck(draft)) => WriteResult::Deck {
            draft,
            is_composed: true,
        },
        Some(Written::Slide(slide)) => WriteResult::Slide { slide },
        None => WriteResult::Failed,
    })
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
