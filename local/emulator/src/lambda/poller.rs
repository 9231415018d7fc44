//! From a queue to a function: batches, partial failures, and what is left to come again.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use serde_json::{Value, json};

use super::function::{Function, Outcome};
use crate::{
    record::{Kind, Record},
    sqs::{Engine, Held, Message, system_attributes},
    template::{Consumer, Queue},
};

/// Pollers of one mapping on a laptop; each holds one batch.
const POLLERS: usize = 10;

#[derive(Debug)]
pub struct Consuming {
    pub engine: Arc<Engine>,
    pub queue: Queue,
    pub function: Arc<Function>,
    pub consumer: Consumer,
    pub record: Arc<Record>,
    pub region: String,
}

/// Polls until local stops.
pub fn consume(mapping: Consuming) {
    let mapping = Arc::new(mapping);
    for _ in 0..POLLERS.min(mapping.consumer.maximum_concurrency) {
        tokio::spawn(mapping.clone().poll());
    }
}

impl Consuming {
    async fn poll(self: Arc<Self>) {
        loop {
            match self.batch().await {
                Ok((messages, _)) if messages.is_empty() => {
                    self.engine
                        .arrival(&self.queue.name, Duration::from_secs(20))
                        .await;
                }
                Ok((messages, held)) => {
                    self.handle(messages).await;
                    drop(held);
                }
                Err(error) => {
                    self.record.line(
                        &self.function.spec.name,
                        &format!("polling {} failed: {error}", self.queue.name),
                    );
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
            }
        }
    }

    async fn batch(&self) -> Result<(Vec<Message>, Held), crate::sqs::SqsError> {
        let size = self.consumer.batch_size;
        let (mut messages, mut held) = self.engine.receive_held(&self.queue, size)?;
        if messages.is_empty() || self.consumer.window.is_zero() {
            return Ok((messages, held));
        }
        let until = tokio::time::Instant::now() + self.consumer.window;
        while messages.len() < size && tokio::time::Instant::now() < until {
            self.engine
                .arrival(&self.queue.name, until - tokio::time::Instant::now())
                .await;
            let (more, held_more) = self
                .engine
                .receive_held(&self.queue, size - messages.len())?;
            messages.extend(more);
            held.add(held_more);
        }
        Ok((messages, held))
    }

    async fn handle(&self, messages: Vec<Message>) {
        let records: Vec<_> = messages
            .iter()
            .map(|message| self.event_record(message))
            .collect();
        let payload = Bytes::from(json!({ "Records": records }).to_string());
        let started = std::time::Instant::now();
        let outcome = self.function.invoke(payload).await;
        let took = started.elapsed().as_secs_f64() * 1_000.0;
        let failed = self.failed(&messages, &outcome);
        self.function.has_done(messages.len() - failed.len());
        for message in &messages {
            let is_failed = failed.contains(&message.id.as_str());
            if !is_failed && let Err(error) = self.engine.delete(&self.queue, &message.receipt) {
                self.record.line(
                    &self.function.spec.name,
                    &format!("deleting from {} failed: {error}", self.queue.name),
                );
            }
            if let Some(correlation_id) = correlation_of(&message.attributes) {
                let tries = message.receives;
                let text = match (is_failed, &outcome) {
                    (false, _) => format!("done in {took:.1} ms"),
                    (true, Outcome::Failed(failure)) => format!("try {tries}: {}", failure.message),
                    (true, Outcome::Answered(_)) => format!("try {tries} failed"),
                };
                let entry = self.record.entry(
                    Kind::Function,
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

    /// The ids that stay on the queue. An answer that cannot be read fails the whole batch, as Lambda has it.
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
            "attributes": system_attributes(&self.queue, message),
            "messageAttributes": event_attributes(&message.attributes),
            "md5OfBody": format!("{:x}", md5::compute(&message.body)),
            "eventSource": "aws:sqs",
            "eventSourceARN": self.queue.arn,
            "awsRegion": self.region,
        })
    }
}

/// The API writes `StringValue`, an event `stringValue`.
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

pub fn correlation_of(attributes: &Value) -> Option<String> {
    attributes
        .pointer("/correlation_id/StringValue")
        .and_then(Value::as_str)
        .map(str::to_owned)
}
