//! Asynchronous invocations: Lambda's internal queue of each function, its retries and its failure destination.

use std::{sync::Arc, time::Duration};

use anyhow::Result;
use bytes::Bytes;

use super::{function::Function, outcome::Outcome};
use crate::{
    recorder::{EntryKind, Recorder},
    sqs::{NewMessage, Queues},
    template::{self, Queue, Redrive},
};

/// The visibility of the internal queue, which is the wait between two attempts.
const RETRY_DELAY: Duration = Duration::from_secs(60);
/// Lambda discards events after six hours.
const MAX_EVENT_AGE: Duration = Duration::from_secs(6 * 3600);

/// Returns the internal queue of a function, and that of events whose attempts are used up.
pub(crate) fn queues_of(function: &template::Function) -> [Queue; 2] {
    let name = queue_name(function);
    let exhausted = format!(".given-up-{}", function.name);
    let queue = |name: String, redrive| Queue {
        logical_id: name.clone(),
        place: function.place.clone(),
        arn: format!("arn:local:{name}"),
        url: name.clone(),
        name,
        fifo: false,
        content_based_deduplication: false,
        deduplicates_per_group: false,
        visibility: RETRY_DELAY,
        delay: Duration::ZERO,
        retention: MAX_EVENT_AGE,
        redrive,
    };
    let redrive = Redrive {
        dlq_arn: format!("arn:local:{exhausted}"),
        max_receives: function.max_retries + 1,
    };
    [queue(name, Some(redrive)), queue(exhausted, None)]
}

fn queue_name(function: &template::Function) -> String {
    format!(".async-{}", function.name)
}

/// Invokes functions with the invocation type `Event`.
#[derive(Debug)]
pub(crate) struct AsyncInvoker {
    queues: Arc<Queues>,
    recorder: Arc<Recorder>,
}

impl AsyncInvoker {
    pub(crate) fn new(queues: Arc<Queues>, recorder: Arc<Recorder>) -> Self {
        Self { queues, recorder }
    }

    /// Queues an event. It is on disk when this returns.
    pub(crate) fn invoke(&self, function: &Function, payload: &str) -> Result<()> {
        let queue = self.queues.queue(&queue_name(&function.spec))?;
        let message = NewMessage {
            body: payload.to_owned(),
            attributes: serde_json::json!({}),
            ..NewMessage::default()
        };
        self.queues.send(queue, &message)?;
        Ok(())
    }

    /// Invokes one function with its queued events, until the runtime stops.
    pub(crate) async fn run(self: Arc<Self>, function: Arc<Function>) {
        let [queue, exhausted] = queues_of(&function.spec);
        loop {
            let received = self.queues.receive_for_invocation(&queue, 1).ok();
            let received =
                received.and_then(|(messages, lease)| Some((messages.into_iter().next()?, lease)));
            let Some((message, _lease)) = received else {
                self.move_exhausted(&function, &exhausted);
                self.queues
                    .wait_for_message(&queue.name, Duration::from_secs(20))
                    .await;
                continue;
            };
            match function.invoke(Bytes::from(message.body.clone())).await {
                Outcome::Answered(_) => {
                    if let Err(error) = self.queues.delete(&queue, &message.receipt) {
                        self.recorder.log(
                            &function.spec.name,
                            &format!("an event is done but not deleted: {error}"),
                        );
                    }
                }
                Outcome::Failed(failure) => {
                    let text = format!("try {}: {}", message.receives, failure.message);
                    self.recorder
                        .entry(
                            EntryKind::Function,
                            &function.spec.name,
                            "asynchronous",
                            text,
                        )
                        .failed_if(true)
                        .add();
                }
            }
        }
    }

    /// Moves events that failed at every attempt to the function's failure destination, if it has one.
    fn move_exhausted(&self, function: &Function, exhausted: &Queue) {
        let Some(destination) = function
            .spec
            .failures_to
            .as_deref()
            .and_then(|arn| self.queues.by_arn(arn).ok())
        else {
            return;
        };
        for message in self.queues.receive(exhausted, 10, None).unwrap_or_default() {
            let copy = NewMessage {
                body: message.body,
                attributes: message.attributes,
                group_id: Some(function.spec.name.clone()),
                deduplication_id: Some(message.id),
                ..NewMessage::default()
            };
            if self.queues.send(destination, &copy).is_ok()
                && self.queues.delete(exhausted, &message.receipt).is_err()
            {
                self.recorder.log(
                    &function.spec.name,
                    "an event that was given up may be in its failure queue twice",
                );
            }
        }
    }
}
