//! What the commands ask of the place where Confab runs. `sqs`, `stack` and `local` answer; tests have fakes.

use std::collections::{BTreeMap, HashMap};

use anyhow::Result;
use aws_sdk_sqs::types::MessageAttributeValue;
use serde::Serialize;

use crate::{doctor::Finding, prices::Item};

#[derive(Debug, Clone, Default)]
pub(crate) struct Queue {
    pub(crate) name: String,
    pub(crate) url: String,
    pub(crate) arn: String,
    pub(crate) is_fifo: bool,
    pub(crate) visible: u64,
    pub(crate) in_flight: u64,
    pub(crate) delayed: u64,
    /// The ARN of its dead-letter queue.
    pub(crate) gives_up_to: Option<String>,
}

impl Queue {
    pub(crate) fn depth(&self) -> u64 {
        self.visible + self.in_flight + self.delayed
    }
}

/// Does it hold what people said? Statuses and notices of payments have queues too.
pub(crate) fn is_inbound(queue: &str) -> bool {
    queue.trim_end_matches(".fifo").ends_with("-inbound")
}

pub(crate) trait Queues {
    /// All of the stack.
    async fn queues(&self) -> Result<Vec<Queue>>;
    /// How long the oldest message has been there, in milliseconds, by the queue's name; as far as it is known.
    async fn oldest(&self, queues: &[Queue]) -> Result<BTreeMap<String, i64>>;
}

/// A message of a dead-letter queue that is kept from others for a while.
#[derive(Debug, Clone, Default)]
pub(crate) struct Letter {
    pub(crate) id: String,
    pub(crate) receipt: String,
    pub(crate) body: String,
    pub(crate) group: Option<String>,
    /// The ARN of the queue that gave it up.
    pub(crate) came_from: Option<String>,
    pub(crate) correlation_id: Option<String>,
    /// Why a worker gave it up at once.
    pub(crate) reason: Option<String>,
    pub(crate) trace_header: Option<String>,
    /// Milliseconds since 1970.
    pub(crate) sent_at: i64,
    pub(crate) receives: u32,
    pub(crate) attributes: HashMap<String, MessageAttributeValue>,
}

pub(crate) trait Letters {
    /// One batch; none when there is no more to take. Each counts as received, and is there for others again after
    /// `release` or a minute.
    async fn take(&self, queue: &Queue) -> Result<Vec<Letter>>;
    async fn release(&self, queue: &Queue, letters: &[Letter]) -> Result<()>;
    /// Puts a copy on another queue.
    async fn send(&self, to: &Queue, letter: &Letter) -> Result<()>;
    async fn delete(&self, queue: &Queue, letter: &Letter) -> Result<()>;
}

/// SQS's own redrive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Move {
    pub(crate) status: String,
    pub(crate) moved: i64,
    pub(crate) to_move: Option<i64>,
    pub(crate) failure: Option<String>,
}

pub(crate) trait Moves {
    /// Without a destination each message goes to the queue that SQS moved it from.
    async fn start(&self, dlq: &Queue, destination: Option<&Queue>) -> Result<()>;
    /// The latest of this queue.
    async fn latest(&self, dlq: &Queue) -> Result<Option<Move>>;
}

/// One thing that happened to a message.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Step {
    /// Milliseconds since 1970.
    pub(crate) at: i64,
    /// `http`, `queue`, `function`, `provider`, `log`..
    pub(crate) kind: String,
    pub(crate) name: String,
    pub(crate) text: String,
    pub(crate) is_error: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) request_id: Option<String>,
}

pub(crate) trait Traces {
    async fn steps(&self, correlation_id: &str, days: u16) -> Result<Vec<Step>>;
    /// The last error of each, as far as the logs have one.
    async fn reasons(&self, correlation_ids: &[String]) -> Result<BTreeMap<String, String>>;
}

/// What a function made of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) has_failed: bool,
    pub(crate) payload: String,
}

pub(crate) trait Functions {
    /// By the names of their binaries.
    async fn functions(&self) -> Result<Vec<String>>;
    async fn invoke(&self, function: &str, event: String) -> Result<Outcome>;
}

pub(crate) trait Webhooks {
    /// Where Telegram sends updates.
    async fn telegram_webhook(&self) -> Result<String>;
}

pub(crate) trait OperatorKey {
    async fn operator_key(&self) -> Result<String>;
}

pub(crate) trait Caller {
    /// The name under which the operator acts, for audits.
    async fn caller(&self) -> Result<String>;
}

/// Before something that cannot be undone.
pub(crate) trait Ask {
    fn confirm(&self, question: &str) -> Result<bool>;
}

/// What was used, in the units that AWS charges.
#[derive(Debug, Clone, Default)]
pub(crate) struct Usage {
    /// `the last 30 days`
    pub(crate) period: String,
    pub(crate) used: Vec<(Item, f64)>,
    /// What people said and was taken off its queue because it was done.
    pub(crate) messages: f64,
    /// What this place cannot count, beyond what is never included.
    pub(crate) remarks: Vec<String>,
}

pub(crate) trait Meter {
    async fn usage(&self, days: u16) -> Result<Usage>;
}

pub(crate) trait Checkup {
    async fn findings(&self) -> Result<Vec<Finding>>;
}
