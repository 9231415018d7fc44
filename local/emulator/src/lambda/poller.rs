//! Event source mappings of SQS: batches, partial failures and redelivery.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use serde_json::{Value, json};

use super::{function::Function, outcome::Outcome};
use crate::{
    recorder::{EntryKind, Recorder},
    sqs::{self, InvocationLease, Message, Queues, SqsError},
    template::{Consumer, Queue},
};

/// Maximum pollers of one mapping; each holds one batch.
const MAX_POLLERS: usize = 10;

/// One event source mapping.
#[derive(Debug)]
pub(crate) struct EventSourceMapping {
    pub queues: Arc<Queues>,
    pub queue: Queue,
    pub function: Arc<Function>,
    pub consumer: Consumer,
    pub recorder: Arc<Recorder>,
    pub region: String,
}

/// Polls until the runtime stops.
pub(crate) fn start_pollers(mapping: EventSourceMapping) {
    let mapping = Arc::new(mapping);
    for _ in 0..MAX_POLLERS.min(mapping.consumer.maximum_concurrency) {
        tokio::spawn(mapping.clone().poll());
    }
}

impl EventSourceMapping {
    async fn poll(self: Arc<Self>) {
        loop {
            match self.batch().await {
                Ok((messages, _)) if messages.is_empty() => {
                    self.queues
                        .wait_for_message(&self.queue.name, Duration::from_secs(20))
                        .await;
                }
                Ok((messages, lease)) => {
                    self.handle(messages).await;
                    drop(lease);
                }
                Err(error) => {
                    self.recorder.log(
                        &self.function.spec.name,
                        &format!("polling {} failed: {error}", self.queue.name),
                    );
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
            }
        }
    }

    async fn batch(&self) -> Result<(Vec<Message>, InvocationLease), SqsError> {
        let size = self.consumer.batch_size;
        let (mut messages, mut lease) = self.queues.receive_for_invocation(&self.queue, size)?;
        if messages.is_empty() || self.consumer.window.is_zero() {
            return Ok((messages, lease));
        }
        let until = tokio::time::Instant::now() + self.consumer.window;
        while messages.len() < size && tokio::time::Instant::now() < until {
            self.queues
                .wait_for_message(&self.queue.name, until - tokio::time::Instant::now())
                .await;
            let (more, more_lease) = self
                .queues
                .receive_for_invocation(&self.queue, size - messages.len())?;
            messages.extend(more);
            lease.extend(more_lease);
        }
        Ok((messages, lease))
    }

    async fn handle(&self, messages: Vec<Message>) {
        let records: Vec<_> = messages
            .iter()
            .map(|message| self.event_record(message))
            .collect();
        let payload = Bytes::from(json!({ "Records": records }).to_string());
        let started = std::time::Instant::now();
        let invoked = self.function.invoke_with_records(payload, messages.len());
        let outcome = invoked.await;
        let took = started.elapsed().as_secs_f64() * 1_000.0;
        let failed = self.failed(&messages, &outcome);
        self.function.count_messages(messages.len() - failed.len());
        for message in &messages {
            let is_failed = failed.contains(&message.id.as_str());
            if !is_failed && let Err(error) = self.queues.delete(&self.queue, &message.receipt) {
                self.recorder.log(
                    &self.function.spec.name,
                    &format!("deleting from {} failed: {error}", self.queue.name),
                );
            }
            if let Some(correlation_id) = sqs::correlation_id(&message.attributes) {
                let tries = message.receives;
                let text = match (is_failed, &outcome) {
                    (false, _) => format!("done in {took:.1} ms"),
                    (true, Outcome::Failed(failure)) => format!("try {tries}: {}", failure.message),
                    (true, Outcome::Answered(_)) => format!("try {tries} failed"),
                };
                let entry = self.recorder.entry(
                    EntryKind::Function,
                    &self.function.spec.name,
                    &correlation_id,
                    text,
                );
                entry
                    .failed_if(is_failed)
                    .took(took)
                    .reference(Some(message.id.clone()))
                    .add();
            }
        }
        if matches!(&outcome, Outcome::Failed(failure) if failure.is_throttle()) {
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }

    /// Returns the ids that stay on the queue. A malformed response fails the whole batch, as on Lambda.
    fn failed<'a>(&self, messages: &'a [Message], outcome: &Outcome) -> Vec<&'a str> {
        let all = || messages.iter().map(|message| message.id.as_str()).collect();
        let Outcome::Answered(answer) = outcome else {
            return all();
        };
        if !self.consumer.partial_failures || answer.is_empty() {
            return Vec::new();
        }
        let Ok(answer) = serde_json::from_slice::<Value>(answer) else {
            return all();
        };
        let failures = match answer.get("batchItemFailures") {
            None | Some(Value::Null) => return Vec::new(),
            Some(Value::Array(failures)) => failures,
            Some(_) => return all(),
        };
        let ids: Option<Vec<_>> = failures
            .iter()
            .map(|failure| failure.get("itemIdentifier")?.as_str())
            .collect();
        let known = |id: &&str| {
            messages
                .iter()
                .find(|message| message.id == **id)
                .map(|message| message.id.as_str())
        };
        match ids {
            Some(ids) => match ids.iter().map(known).collect::<Option<Vec<_>>>() {
                Some(ids) => ids,
                None => all(),
            },
            None => all(),
        }
    }

    fn event_record(&self, message: &Message) -> Value {
        json!({
            "messageId": message.id,
            "receiptHandle": message.receipt,
            "body": message.body,
            "attributes": sqs::system_attributes(&self.queue, message),
            "messageAttributes": event_attributes(&message.attributes),
            "md5OfBody": format!("{:x}", md5::compute(&message.body)),
            "eventSource": "aws:sqs",
            "eventSourceARN": self.queue.arn,
            "awsRegion": self.region,
        })
    }
}

/// Converts attributes of the API (`StringValue`) to those of an event (`stringValue`).
fn event_attributes(attributes: &Value) -> Value {
    let entries = attributes.as_object().into_iter().flatten();
    entries
        .map(|(name, value)| {
            let mut attribute =
                json!({ "dataType": value["DataType"], "stringListValues": [], "binaryListValues": [] });
            for (api, event) in [("StringValue", "stringValue"), ("BinaryValue", "binaryValue")] {
                if let Some(value) = value.get(api) {
                    attribute[event] = value.clone();
                }
            }
            (name.clone(), attribute)
        })
        .collect()
}
