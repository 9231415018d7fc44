//! Sending to SQS queues, and looking at what waits in them.

use std::{collections::HashSet, time::Duration};

use aws_sdk_sqs::{
    Client,
    error::{BuildError, ProvideErrorMetadata, SdkError},
    types::{Message, MessageAttributeValue, QueueAttributeName, SendMessageBatchRequestEntry},
};
use confab_core::{CorrelationId, Error, Result, hex};
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::{Aws, aws::describe};

/// Where the messages of a queue are: visible, received and not deleted, or delayed.
const DEPTHS: [QueueAttributeName; 3] = [
    QueueAttributeName::ApproximateNumberOfMessages,
    QueueAttributeName::ApproximateNumberOfMessagesNotVisible,
    QueueAttributeName::ApproximateNumberOfMessagesDelayed,
];

/// Limits of one batch call, below the 256 KB that every queue accepts.
const MAX_BATCH_ENTRIES: usize = 10;
const MAX_BATCH_BYTES: usize = 240 * 1024;

#[derive(Debug, Clone)]
pub struct Queue {
    client: Client,
    url: String,
}

/// A message to send.
#[derive(Debug, Clone)]
pub struct Entry {
    body: String,
    correlation_id: CorrelationId,
    order: Option<Order>,
}

/// Group and deduplication id of a FIFO message.
#[derive(Debug, Clone)]
struct Order {
    group: String,
    deduplication_id: String,
}

impl Entry {
    /// Creates a message for a FIFO queue. Both ids may contain personal data, because SQS receives only their hashes.
    pub fn fifo<T: Serialize>(
        group: &str,
        deduplication_id: &str,
        body: &T,
        correlation_id: CorrelationId,
    ) -> Result<Self> {
        let order = Some(Order {
            group: hash(group),
            deduplication_id: hash(deduplication_id),
        });
        Ok(Self {
            order,
            ..Self::standard(body, correlation_id)?
        })
    }

    /// Creates a message for a standard queue.
    pub fn standard<T: Serialize>(body: &T, correlation_id: CorrelationId) -> Result<Self> {
        let body = serde_json::to_string(body).map_err(|e| Error::internal("render_failed", e))?;
        Ok(Self {
            body,
            correlation_id,
            order: None,
        })
    }

    pub fn correlation_id(&self) -> CorrelationId {
        self.correlation_id
    }

    fn is_of(&self, groups: &HashSet<String>) -> bool {
        self.order
            .as_ref()
            .is_some_and(|order| groups.contains(&order.group))
    }

    fn request(&self, index: usize) -> Result<SendMessageBatchRequestEntry> {
        let order = self.order.as_ref();
        SendMessageBatchRequestEntry::builder()
            .id(index.to_string())
            .message_body(&self.body)
            .message_attributes("correlation_id", text(&self.correlation_id.to_string())?)
            .set_message_group_id(order.map(|order| order.group.clone()))
            .set_message_deduplication_id(order.map(|order| order.deduplication_id.clone()))
            .build()
            .map_err(unrendered)
    }
}

fn text(value: &str) -> Result<MessageAttributeValue> {
    let attribute = MessageAttributeValue::builder().data_type("String");
    attribute.string_value(value).build().map_err(unrendered)
}

fn unrendered(error: BuildError) -> Error {
    Error::internal("render_failed", error)
}

fn failed<E>(error: SdkError<E>) -> Error
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    Error::unavailable("queue_failed", describe(&error))
}

/// A received message that no retry can help.
#[derive(Debug, Clone, Copy)]
pub struct DeadLetter<'a> {
    pub message_id: &'a str,
    pub body: &'a str,
    /// The FIFO group.
    pub group: Option<&'a str>,
    pub correlation_id: CorrelationId,
    pub reason: &'a str,
}

/// A message as `Queue::peek` sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeekedMessage {
    pub message_id: String,
    pub correlation_id: Option<CorrelationId>,
    /// Why a worker dead-lettered it.
    pub reason: Option<String>,
}

fn hash(text: &str) -> String {
    hex(&Sha256::digest(text)[..20])
}

impl Queue {
    pub fn new(aws: &Aws, url: impl Into<String>) -> Self {
        Self {
            client: aws.sqs(),
            url: url.into(),
        }
    }

    /// Returns the dead-letter queue of a queue, by the naming of our templates: `name-dlq`, `name-dlq.fifo`.
    pub fn dead_letter_queue_of(aws: &Aws, arn: &str) -> Option<Self> {
        let dlq = match arn.strip_suffix(".fifo") {
            Some(arn) => format!("{arn}-dlq.fifo"),
            None => format!("{arn}-dlq"),
        };
        Self::of_arn(aws, &dlq)
    }

    /// Returns the queue that a function's messages come from.
    pub fn of_arn(aws: &Aws, arn: &str) -> Option<Self> {
        let ["arn", _, "sqs", _, account, name] = arn.split(':').collect::<Vec<_>>()[..] else {
            return None;
        };
        Some(Self::new(
            aws,
            format!("{}/{account}/{name}", aws.endpoint("sqs")),
        ))
    }

    /// Hides a received message from now on for this time.
    pub async fn hide(&self, receipt_handle: &str, delay: Duration) -> Result<()> {
        let seconds = i32::try_from(delay.as_secs()).unwrap_or(i32::MAX);
        let change = self.client.change_message_visibility().queue_url(&self.url);
        let change = change
            .receipt_handle(receipt_handle)
            .visibility_timeout(seconds);
        Box::pin(change.send()).await.map_err(failed).map(drop)
    }

    /// Sends messages. After an error some may be on the queue: send all again, since SQS drops copies of FIFO messages.
    pub async fn send(&self, entries: &[Entry]) -> Result<()> {
        let mut first_refusal = None;
        let mut refused_groups = HashSet::new();
        // Calls are sequential, because a group's messages must arrive in order. A refused entry blocks its group only.
        for chunk in chunks(entries) {
            let chunk: Vec<_> = chunk
                .iter()
                .filter(|entry| !entry.is_of(&refused_groups))
                .collect();
            if chunk.is_empty() {
                continue;
            }
            let requests = chunk.iter().enumerate();
            let requests = requests.map(|(index, entry)| entry.request(index));
            let batch = self.client.send_message_batch().queue_url(&self.url);
            let batch = batch.set_entries(Some(requests.collect::<Result<_>>()?));
            let sent = Box::pin(batch.send()).await.map_err(failed)?;
            // SQS reports a partial failure with HTTP 200.
            for refused in sent.failed() {
                first_refusal.get_or_insert_with(|| {
                    format!(
                        "{}: {}",
                        refused.code(),
                        refused.message().unwrap_or_default()
                    )
                });
                let entry = refused
                    .id()
                    .parse::<usize>()
                    .ok()
                    .and_then(|index| chunk.get(index));
                let order = entry.and_then(|entry| entry.order.as_ref());
                refused_groups.extend(order.map(|order| order.group.clone()));
            }
        }
        first_refusal.map_or(Ok(()), |told| {
            Err(Error::unavailable("queue_refused", told))
        })
    }

    /// Puts a received message on this dead-letter queue unchanged, with the reason as an attribute.
    pub async fn dead_letter(&self, letter: DeadLetter<'_>) -> Result<()> {
        let message = self
            .client
            .send_message()
            .queue_url(&self.url)
            .message_body(letter.body)
            .message_attributes("correlation_id", text(&letter.correlation_id.to_string())?)
            .message_attributes("reason", text(letter.reason)?)
            .set_message_group_id(letter.group.map(str::to_owned))
            // A second attempt within five minutes makes no second dead letter.
            .set_message_deduplication_id(letter.group.map(|_| letter.message_id.to_owned()));
        Box::pin(message.send()).await.map_err(failed).map(drop)
    }

    /// Returns up to ten messages and leaves them visible. Another call may return others.
    pub async fn peek(&self) -> Result<Vec<PeekedMessage>> {
        let receive = self.client.receive_message().queue_url(&self.url);
        let receive = receive
            .max_number_of_messages(10)
            .visibility_timeout(0)
            .message_attribute_names("All");
        let received = Box::pin(receive.send()).await.map_err(failed)?;
        let messages = received.messages.unwrap_or_default().into_iter();
        Ok(messages.map(PeekedMessage::from).collect())
    }

    /// Returns the number of messages that are not done, also those that are hidden while a reader has them or before
    /// a retry. It is the cheapest call that proves that the queue exists.
    pub async fn depth(&self) -> Result<u64> {
        let asked = self.client.get_queue_attributes().queue_url(&self.url);
        let asked = asked.set_attribute_names(Some(DEPTHS.into()));
        let found = Box::pin(asked.send()).await.map_err(failed)?;
        let found = found.attributes().into_iter().flatten();
        let counts = found.filter(|(name, _)| DEPTHS.contains(name));
        Ok(counts
            .filter_map(|(_, count)| count.parse::<u64>().ok())
            .sum())
    }
}

impl From<Message> for PeekedMessage {
    fn from(message: Message) -> Self {
        let attribute = |name: &str| {
            let attributes = message.message_attributes.as_ref()?;
            attributes.get(name)?.string_value.clone()
        };
        Self {
            correlation_id: attribute("correlation_id").and_then(|id| id.parse().ok()),
            reason: attribute("reason"),
            message_id: message.message_id.unwrap_or_default(),
        }
    }
}

fn chunks(entries: &[Entry]) -> Vec<&[Entry]> {
    let mut chunks = Vec::new();
    let mut rest = entries;
    while !rest.is_empty() {
        let mut bytes = 0;
        let fitting = rest.iter().take(MAX_BATCH_ENTRIES).take_while(|entry| {
            bytes += entry.body.len() + 256;
            bytes <= MAX_BATCH_BYTES
        });
        // An entry over the limit goes alone, so that SQS refuses it alone.
        let (chunk, left) = rest.split_at(fitting.count().max(1));
        chunks.push(chunk);
        rest = left;
    }
    chunks
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::tests::{answers_once, aws_at};
    use confab_core::Timestamp;

    fn entry(body: &str) -> Entry {
        let id = CorrelationId::new(Timestamp::UNIX_EPOCH, &|| [0; 10]);
        Entry::fifo("meta#1#16505551234", "meta#wamid.1", &body, id).unwrap()
    }

    #[test]
    fn batches_hold_at_most_ten_entries_and_240_kilobytes() {
        let small = vec![entry("x"); 23];
        assert_eq!(
            chunks(&small).iter().map(|c| c.len()).collect::<Vec<_>>(),
            [10, 10, 3]
        );
        let large = vec![entry(&"x".repeat(100_000)); 5];
        assert_eq!(
            chunks(&large).iter().map(|c| c.len()).collect::<Vec<_>>(),
            [2, 2, 1]
        );
        assert_eq!(chunks(&[entry(&"x".repeat(400_000))]).len(), 1);
        assert!(chunks(&[]).is_empty());
    }

    #[test]
    fn dead_letter_queues_are_named_after_their_queue() {
        let aws = aws_at("http://127.0.0.1:1".to_owned());
        let url = |arn: &str| Queue::dead_letter_queue_of(&aws, arn).map(|queue| queue.url);
        let of = |name: &str| url(&format!("arn:aws:sqs:us-east-1:123456789012:{name}"));
        assert_eq!(
            of("confab-jobs").as_deref(),
            Some("http://127.0.0.1:1/123456789012/confab-jobs-dlq")
        );
        assert_eq!(
            of("confab-jobs.fifo").as_deref(),
            Some("http://127.0.0.1:1/123456789012/confab-jobs-dlq.fifo")
        );
        assert_eq!(url("arn:aws:sns:us-east-1:1:topic"), None);
        assert_eq!(url(""), None);
    }

    #[tokio::test]
    async fn dead_letters_keep_body_and_group_and_name_the_reason() {
        let (url, asked) = answers_once(200, r#"{"MessageId":"m-2"}"#).await;
        let queue = Queue::new(
            &aws_at(url.clone()),
            format!("{url}/000000000000/q-dlq.fifo"),
        );
        let letter = DeadLetter {
            message_id: "m-1",
            body: "not json",
            group: Some("g"),
            correlation_id: CorrelationId::new(Timestamp::UNIX_EPOCH, &|| [0; 10]),
            reason: "unreadable_job",
        };
        queue.dead_letter(letter).await.unwrap();
        let asked = asked.await.unwrap();
        let (head, body) = asked.split_once("\r\n\r\n").unwrap();
        assert!(head.contains("AmazonSQS.SendMessage"), "{head}");
        let body: serde_json::Value = serde_json::from_str(body).unwrap();
        assert_eq!(body["MessageBody"], "not json");
        assert_eq!(body["MessageGroupId"], "g");
        assert_eq!(body["MessageDeduplicationId"], "m-1");
        let reason = &body["MessageAttributes"]["reason"];
        assert_eq!(reason["StringValue"], "unreadable_job");
    }

    #[tokio::test]
    async fn peeked_messages_stay_visible_and_tell_their_attributes() {
        let answer = r#"{"Messages":[{"MessageId":"m-1","Body":"x","MessageAttributes":{
            "correlation_id":{"DataType":"String","StringValue":"cor_00000000000000000000000000"},
            "reason":{"DataType":"String","StringValue":"unreadable_job"}}},{"MessageId":"m-2"}]}"#;
        let (url, asked) = answers_once(200, answer).await;
        let queue = Queue::new(&aws_at(url.clone()), format!("{url}/000000000000/q-dlq"));
        let found = queue.peek().await.unwrap();
        let expected = [
            PeekedMessage {
                message_id: "m-1".into(),
                correlation_id: "cor_00000000000000000000000000".parse().ok(),
                reason: Some("unreadable_job".into()),
            },
            PeekedMessage {
                message_id: "m-2".into(),
                correlation_id: None,
                reason: None,
            },
        ];
        assert_eq!(found, expected);
        let asked = asked.await.unwrap();
        assert!(asked.contains("\"VisibilityTimeout\":0"), "{asked}");
    }

    #[tokio::test]
    async fn hidden_and_delayed_messages_count_among_those_that_wait() {
        let answer = r#"{"Attributes":{"ApproximateNumberOfMessages":"1","DelaySeconds":"700",
            "ApproximateNumberOfMessagesNotVisible":"20","ApproximateNumberOfMessagesDelayed":"300"}}"#;
        let (url, asked) = answers_once(200, answer).await;
        let queue = Queue::new(&aws_at(url.clone()), format!("{url}/000000000000/q"));
        assert_eq!(queue.depth().await.unwrap(), 321);
        let asked = asked.await.unwrap();
        for name in ["NotVisible", "Delayed", ""] {
            let name = format!("\"ApproximateNumberOfMessages{name}\"");
            assert!(asked.contains(&name), "{asked}");
        }
    }

    #[tokio::test]
    async fn entries_refused_inside_a_200_are_errors() {
        let (url, asked) = answers_once(
            200,
            r#"{"Successful":[],"Failed":[{"Id":"0","SenderFault":false,"Code":"InternalError","Message":"later"}]}"#,
        )
        .await;
        let queue = Queue::new(&aws_at(url.clone()), format!("{url}/000000000000/q.fifo"));
        let error = queue.send(&[entry("hi")]).await.unwrap_err();
        assert_eq!(error.code(), "queue_refused");
        let asked = asked.await.unwrap();
        assert!(
            !asked.contains("16505551234"),
            "SQS must not see the number: {asked}"
        );
    }
}
