//! Sending to a queue, so that what was accepted is on it.

use std::collections::{HashMap, HashSet};

use confab_core::{CorrelationId, Error, Result, hex};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::Aws;

/// SQS takes ten entries and 256 KB in one call.
const ENTRIES: usize = 10;
const BYTES: usize = 240 * 1024;

#[derive(Debug, Clone)]
pub struct Queue {
    aws: Aws,
    url: String,
}

/// One message.
#[derive(Debug, Clone)]
pub struct Entry {
    body: String,
    correlation_id: CorrelationId,
    order: Option<Order>,
}

/// What a FIFO queue wants to know.
#[derive(Debug, Clone)]
struct Order {
    group: String,
    once: String,
}

impl Entry {
    /// For a FIFO queue. `group` is handled in order; of several with the same `once` within five minutes SQS keeps the
    /// first. Both may hold anything, a phone number too: SQS sees only their hash.
    pub fn fifo<T: Serialize>(
        group: &str,
        once: &str,
        body: &T,
        correlation_id: CorrelationId,
    ) -> Result<Self> {
        let order = Some(Order {
            group: hash(group),
            once: hash(once),
        });
        Ok(Self {
            order,
            ..Self::standard(body, correlation_id)?
        })
    }

    /// For a standard queue.
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

    fn request(&self, index: usize) -> Value {
        let correlation = json!({ "DataType": "String", "StringValue": self.correlation_id });
        let mut entry = json!({
            "Id": index.to_string(),
            "MessageBody": self.body,
            "MessageAttributes": { "correlation_id": correlation },
        });
        if let Some(Order { group, once }) = &self.order {
            entry["MessageGroupId"] = json!(group);
            entry["MessageDeduplicationId"] = json!(once);
        }
        entry
    }
}

/// A message that no retry can help.
#[derive(Debug, Clone, Copy)]
pub struct DeadLetter<'a> {
    pub message_id: &'a str,
    pub body: &'a str,
    /// The FIFO group.
    pub group: Option<&'a str>,
    pub correlation_id: CorrelationId,
    pub reason: &'a str,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Sent {
    /// HTTP 200 with entries that were not taken is SQS's way of a partial failure.
    #[serde(default)]
    failed: Vec<Refused>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Refused {
    id: String,
    #[serde(default)]
    code: String,
    #[serde(default)]
    message: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Attributes {
    #[serde(default)]
    attributes: HashMap<String, String>,
}

fn hash(text: &str) -> String {
    hex(&Sha256::digest(text)[..20])
}

impl Queue {
    pub fn new(aws: &Aws, url: impl Into<String>) -> Self {
        Self {
            aws: aws.clone(),
            url: url.into(),
        }
    }

    /// The dead-letter queue of the queue with this ARN, by the naming of our templates: `name-dlq`, `name-dlq.fifo`.
    pub fn dead_letter_queue_of(aws: &Aws, arn: &str) -> Option<Self> {
        let ["arn", _, "sqs", _, account, name] = arn.split(':').collect::<Vec<_>>()[..] else {
            return None;
        };
        let dlq = match name.strip_suffix(".fifo") {
            Some(name) => format!("{name}-dlq.fifo"),
            None => format!("{name}-dlq"),
        };
        Some(Self::new(
            aws,
            format!("{}/{account}/{dlq}", aws.endpoint("sqs")),
        ))
    }

    /// Ok only when SQS has all of them. After an error some may be on the queue: send all again, `once` sorts it out.
    pub async fn send(&self, entries: &[Entry]) -> Result<()> {
        let mut first_refusal = None;
        let mut refused_groups = HashSet::new();
        // One call after the other: a group's entries must arrive in order. A refused entry holds up its group only.
        for chunk in chunks(entries) {
            let chunk: Vec<_> = chunk
                .iter()
                .filter(|entry| !entry.is_of(&refused_groups))
                .collect();
            let requests: Vec<_> = chunk
                .iter()
                .enumerate()
                .map(|(i, entry)| entry.request(i))
                .collect();
            if requests.is_empty() {
                continue;
            }
            let asked = json!({ "QueueUrl": self.url, "Entries": requests });
            let sent: Sent = self
                .aws
                .json("sqs", "AmazonSQS.SendMessageBatch", &asked)
                .await?;
            if let Some(Refused { code, message, .. }) = sent.failed.first() {
                let told = format!("{code}: {}", message.as_deref().unwrap_or_default());
                first_refusal.get_or_insert(told);
            }
            let refused = sent
                .failed
                .iter()
                .filter_map(|refused| chunk.get(refused.id.parse::<usize>().ok()?));
            refused_groups.extend(
                refused.filter_map(|entry| entry.order.as_ref().map(|order| order.group.clone())),
            );
        }
        first_refusal.map_or(Ok(()), |told| {
            Err(Error::unavailable("queue_refused", told))
        })
    }

    /// Puts a received message on this dead-letter queue as it came, with the reason as an attribute.
    pub async fn give_up(&self, letter: DeadLetter<'_>) -> Result<()> {
        let text = |value: &str| json!({ "DataType": "String", "StringValue": value });
        let mut request = json!({
            "QueueUrl": self.url,
            "MessageBody": letter.body,
            "MessageAttributes": {
                "correlation_id": text(&letter.correlation_id.to_string()),
                "reason": text(letter.reason),
            },
        });
        if let Some(group) = letter.group {
            request["MessageGroupId"] = json!(group);
            // A second attempt within five minutes makes no second dead letter.
            request["MessageDeduplicationId"] = json!(letter.message_id);
        }
        let _accepted: Value = self
            .aws
            .json("sqs", "AmazonSQS.SendMessage", &request)
            .await?;
        Ok(())
    }

    /// How many messages wait: the cheapest call that proves the queue is there.
    pub async fn depth(&self) -> Result<u64> {
        let waiting = "ApproximateNumberOfMessages";
        let asked = json!({ "QueueUrl": self.url, "AttributeNames": [waiting] });
        let Attributes { attributes } = self
            .aws
            .json("sqs", "AmazonSQS.GetQueueAttributes", &asked)
            .await?;
        Ok(attributes
            .get(waiting)
            .and_then(|count| count.parse().ok())
            .unwrap_or(0))
    }
}

fn chunks(entries: &[Entry]) -> Vec<&[Entry]> {
    let mut chunks = Vec::new();
    let mut rest = entries;
    while !rest.is_empty() {
        let mut bytes = 0;
        let fitting = rest.iter().take(ENTRIES).take_while(|entry| {
            bytes += entry.body.len() + 256;
            bytes <= BYTES
        });
        // An entry over the limit goes alone, for SQS to refuse with its own words.
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
    fn calls_hold_at_most_ten_entries_and_a_quarter_of_a_megabyte() {
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
    fn a_dead_letter_queue_is_found_by_the_name_of_its_queue() {
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
    async fn a_dead_letter_keeps_its_body_and_group_and_names_its_reason() {
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
        queue.give_up(letter).await.unwrap();
        let asked = asked.await.unwrap();
        for part in [
            "AmazonSQS.SendMessage",
            r#""MessageBody":"not json""#,
            r#""MessageGroupId":"g""#,
            r#""MessageDeduplicationId":"m-1""#,
            r#""reason":{"DataType":"String","StringValue":"unreadable_job"}"#,
        ] {
            assert!(asked.contains(part), "{part}: {asked}");
        }
    }

    #[tokio::test]
    async fn an_entry_that_was_refused_inside_a_200_is_an_error() {
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
