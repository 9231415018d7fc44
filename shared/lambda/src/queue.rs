//! Functions behind SQS: each record is one message, and a failed record fails alone.
//!
//! On a FIFO queue a group stops at its first failure. That record and the rest of its group are returned as failed,
//! so that SQS delivers them again in order. Groups do not wait for each other.
//!
//! A record that fails by a fault of its own (not of a dependency) blocks its group for `MAX_FAULT_RECEIVES` receives,
//! and no record blocks its group on its last receive: SQS counts the receives of the records behind it too, and would
//! dead-letter them untried. An unreadable record goes to the dead-letter queue at once.

use std::{future::Future, sync::Arc, time::Duration};

use aws_lambda_events::event::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent, SqsMessage};
use confab_aws::{Aws, AwsConfig, DeadLetter, Queue};
use confab_core::{CorrelationId, Error, Kind, Result};
use futures::future::join_all;
use lambda_runtime::{LambdaEvent, service_fn};
use serde::de::DeserializeOwned;
use tokio::{sync::OnceCell, time::Instant};
use tracing::Instrument;

use crate::{StartError, log, metrics, panics::caught, platform::environment, start};

/// `maxReceiveCount` of every queue in the templates. Visibility timeouts are a minute or more, so that an outage of an
/// hour at a provider passes without dead letters.
pub const MAX_RECEIVES: u32 = 60;

/// Receives after which a record that fails by a fault of its own is dead-lettered.
const MAX_FAULT_RECEIVES: u32 = 5;

/// Minimum time left to begin a record. A process that Lambda kills fails the whole batch.
const MIN_TIME_LEFT: Duration = Duration::from_secs(1);
/// Time reserved for returning the batch response.
const RESPONSE_RESERVE: Duration = Duration::from_millis(300);

/// One record of a queue, decoded.
#[derive(Debug, Clone)]
pub struct QueueMessage<B> {
    pub body: B,
    pub correlation_id: CorrelationId,
    /// How often SQS has delivered the message, this time included.
    pub receives: u32,
    /// How long this invocation may still take.
    pub time_left: Duration,
}

/// Runs a worker until the sandbox ends.
pub async fn run<D, B, Fut>(
    function: &'static str,
    deps: impl Future<Output = Result<D, StartError>>,
    worker: impl Fn(Arc<D>, QueueMessage<B>) -> Fut + Clone + Send + Sync + 'static,
) -> Result<(), StartError>
where
    D: Send + Sync + 'static,
    B: DeserializeOwned + Send + 'static,
    Fut: Future<Output = Result<()>> + Send,
{
    let (_, deps) = start(function, deps).await?;
    let sources = Arc::new(SourceQueues::default());
    lambda_runtime::run(service_fn(move |event: LambdaEvent<SqsEvent>| {
        let (deps, worker, sources) = (deps.clone(), worker.clone(), sources.clone());
        async move {
            let batch = Batch {
                request_id: &event.context.request_id,
                until: Instant::now() + time_left(&event.context),
                sources: &sources,
            };
            let failed = batch.work(&deps, event.payload.records, &worker).await;
            Ok::<_, StartError>(response(failed))
        }
    }))
    .await
}

/// Runs a worker that takes all records of a group at once, for records that need no order.
///
/// If it fails by a fault of one of them, each is tried alone, so that a poisoned record fails alone.
pub async fn run_batched<D, B, Fut>(
    function: &'static str,
    deps: impl Future<Output = Result<D, StartError>>,
    worker: impl Fn(Arc<D>, Vec<QueueMessage<B>>) -> Fut + Clone + Send + Sync + 'static,
) -> Result<(), StartError>
where
    D: Send + Sync + 'static,
    B: DeserializeOwned + Send + 'static,
    Fut: Future<Output = Result<()>> + Send,
{
    let (_, deps) = start(function, deps).await?;
    let sources = Arc::new(SourceQueues::default());
    lambda_runtime::run(service_fn(move |event: LambdaEvent<SqsEvent>| {
        let (deps, worker, sources) = (deps.clone(), worker.clone(), sources.clone());
        async move {
            let batch = Batch {
                request_id: &event.context.request_id,
                until: Instant::now() + time_left(&event.context),
                sources: &sources,
            };
            let failed = batch
                .work_batched(&deps, event.payload.records, &worker)
                .await;
            Ok::<_, StartError>(response(failed))
        }
    }))
    .await
}

#[expect(
    clippy::disallowed_methods,
    reason = "Lambda states its deadline on the system's clock"
)]
pub(crate) fn time_left(context: &lambda_runtime::Context) -> Duration {
    let now = std::time::SystemTime::now();
    context.deadline().duration_since(now).unwrap_or_default()
}

struct Batch<'a> {
    request_id: &'a str,
    /// When Lambda kills the process.
    until: Instant,
    sources: &'a SourceQueues,
}

/// The queues that records come from, and their dead-letter queues. The client is created at first use, since few
/// functions need it.
#[derive(Default)]
struct SourceQueues(OnceCell<Aws>);

impl SourceQueues {
    async fn find(
        &self,
        record: &SqsMessage,
        queue_of: fn(&Aws, &str) -> Option<Queue>,
    ) -> Result<Queue> {
        let connect = async || {
            let config = AwsConfig::from_env(&environment())
                .map_err(|e| Error::internal("bad_environment", e))?;
            Aws::new(config)
        };
        let source = record.event_source_arn.as_deref().unwrap_or_default();
        queue_of(self.0.get_or_try_init(connect).await?, source)
            .ok_or_else(|| Error::internal("no_source_queue", format!("{source:?} is no queue")))
    }

    /// Hides a record until a provider wants to be called again.
    async fn hide(&self, record: &SqsMessage, delay: Duration) -> Result<()> {
        let receipt_handle = record.receipt_handle.as_deref().unwrap_or_default();
        let queue = self.find(record, Queue::of_arn).await?;
        queue.hide(receipt_handle, delay).await
    }

    async fn take(
        &self,
        record: &SqsMessage,
        correlation_id: CorrelationId,
        error: &Error,
    ) -> Result<()> {
        let queue = self.find(record, Queue::dead_letter_queue_of).await?;
        let letter = DeadLetter {
            message_id: record.message_id.as_deref().unwrap_or_default(),
            body: record.body.as_deref().unwrap_or_default(),
            group: fifo_group(record),
            correlation_id,
            reason: &error.to_string(),
        };
        queue.dead_letter(letter).await
    }
}

impl Batch<'_> {
    /// Returns the ids of the messages to deliver again.
    async fn work<D, B, Fut>(
        &self,
        deps: &Arc<D>,
        records: Vec<SqsMessage>,
        worker: &impl Fn(Arc<D>, QueueMessage<B>) -> Fut,
    ) -> Vec<String>
    where
        B: DeserializeOwned,
        Fut: Future<Output = Result<()>>,
    {
        let groups = grouped(records).into_iter().map(|group| async move {
            let mut failed = Vec::new();
            let mut records = group.into_iter();
            let mut delay = None;
            for record in records.by_ref() {
                let receives = receives(&record);
                if let Err(error) = self.one(deps, &record, worker).await {
                    if self.dead_letter_faulty(&record, &error).await {
                        continue;
                    }
                    failed.push(record);
                    delay = delay.max(error.delay());
                    let patience = if error.kind() == Kind::Unavailable {
                        MAX_RECEIVES
                    } else {
                        MAX_FAULT_RECEIVES
                    };
                    if receives < patience {
                        break;
                    }
                }
            }
            failed.extend(records);
            if let Some(delay) = delay {
                self.hide(&failed, delay).await;
            }
            let ids = failed.into_iter().filter_map(|record| record.message_id);
            ids.collect::<Vec<_>>()
        });
        join_all(groups).await.concat()
    }

    async fn work_batched<D, B, Fut>(
        &self,
        deps: &Arc<D>,
        records: Vec<SqsMessage>,
        worker: &impl Fn(Arc<D>, Vec<QueueMessage<B>>) -> Fut,
    ) -> Vec<String>
    where
        B: DeserializeOwned,
        Fut: Future<Output = Result<()>>,
    {
        let groups = grouped(records).into_iter().map(|group| async move {
            let (mut failed, mut taken, mut jobs) = (Vec::new(), Vec::new(), Vec::new());
            for record in group {
                match self.job(&record).await {
                    Ok(Some(job)) => {
                        jobs.push(job);
                        taken.push(record);
                    }
                    Ok(None) => {}
                    Err(_) => failed.extend(record.message_id),
                }
            }
            let Some(first) = jobs.first().map(|job| job.correlation_id) else {
                return failed;
            };
            match self.attempt(first, worker(deps.clone(), jobs)).await {
                Ok(()) => {}
                Err(error) if error.kind() != Kind::Unavailable && taken.len() > 1 => {
                    failed.extend(self.one_by_one(deps, taken, worker).await);
                }
                Err(_) => failed.extend(taken.into_iter().filter_map(|record| record.message_id)),
            }
            failed
        });
        join_all(groups).await.concat()
    }

    async fn one_by_one<D, B, Fut>(
        &self,
        deps: &Arc<D>,
        records: Vec<SqsMessage>,
        worker: &impl Fn(Arc<D>, Vec<QueueMessage<B>>) -> Fut,
    ) -> Vec<String>
    where
        B: DeserializeOwned,
        Fut: Future<Output = Result<()>>,
    {
        let mut failed = Vec::new();
        for record in records {
            if let Err(error) = self
                .one(deps, &record, &|deps, job| worker(deps, vec![job]))
                .await
                && !self.dead_letter_faulty(&record, &error).await
            {
                failed.extend(record.message_id);
            }
        }
        failed
    }

    async fn one<D, B, Fut>(
        &self,
        deps: &Arc<D>,
        record: &SqsMessage,
        worker: &impl Fn(Arc<D>, QueueMessage<B>) -> Fut,
    ) -> Result<()>
    where
        B: DeserializeOwned,
        Fut: Future<Output = Result<()>>,
    {
        let Some(job) = self.job(record).await? else {
            return Ok(());
        };
        self.attempt(job.correlation_id, worker(deps.clone(), job))
            .await
    }

    /// Decodes a record. `None` when it cannot be read and the dead-letter queue has it.
    async fn job<B: DeserializeOwned>(
        &self,
        record: &SqsMessage,
    ) -> Result<Option<QueueMessage<B>>> {
        let correlation_id = correlation_of(record);
        let left = self
            .worthwhile_time()
            .inspect_err(|error| self.failed(error, correlation_id))?;
        let unreadable = match job(record, correlation_id, left) {
            Ok(job) => return Ok(Some(job)),
            Err(error) => error,
        };
        self.failed(&unreadable, correlation_id);
        if self.dead_letter(record, &unreadable).await {
            Ok(None)
        } else {
            Err(unreadable)
        }
    }

    /// Hides failed records of a group for as long as a provider asked for, rather than for the queue's own timeout.
    async fn hide(&self, records: &[SqsMessage], delay: Duration) {
        for record in records {
            let correlation_id = correlation_of(record);
            let hidden = self.sources.hide(record, delay);
            // Without it the records come again after the queue's own timeout.
            let hidden = self
                .in_time(hidden.instrument(log::span(correlation_id)))
                .await;
            hidden
                .inspect_err(|error| log::failure(error, correlation_id, self.request_id))
                .ok();
        }
    }

    /// Dead-letters a record that keeps failing by a fault of its own. Returns whether the dead-letter queue has it.
    async fn dead_letter_faulty(&self, record: &SqsMessage, error: &Error) -> bool {
        error.kind() != Kind::Unavailable
            && receives(record) >= MAX_FAULT_RECEIVES
            && self.dead_letter(record, error).await
    }

    async fn dead_letter(&self, record: &SqsMessage, error: &Error) -> bool {
        let correlation_id = correlation_of(record);
        let taken = self
            .sources
            .take(record, correlation_id, error)
            .instrument(log::span(correlation_id));
        let taken = self
            .in_time(taken)
            .await
            .inspect_err(|error| self.failed(error, correlation_id));
        taken.is_ok()
    }

    /// Runs the work within the time that is left, and logs and counts an error or a panic.
    async fn attempt(
        &self,
        correlation_id: CorrelationId,
        work: impl Future<Output = Result<()>>,
    ) -> Result<()> {
        let work = caught(work).instrument(log::span(correlation_id));
        self.in_time(work)
            .await
            .inspect_err(|error| self.failed(error, correlation_id))
    }

    async fn in_time<T>(&self, work: impl Future<Output = Result<T>>) -> Result<T> {
        match tokio::time::timeout_at(self.until - RESPONSE_RESERVE, work).await {
            Ok(outcome) => outcome,
            Err(late) => Err(Error::unavailable("out_of_time", late)),
        }
    }

    fn failed(&self, error: &Error, correlation_id: CorrelationId) {
        log::failure(error, correlation_id, self.request_id);
        metrics::count("RecordFailed", "error");
    }

    fn worthwhile_time(&self) -> Result<Duration> {
        let left = self.until.saturating_duration_since(Instant::now());
        if left < MIN_TIME_LEFT {
            return Err(Error::unavailable(
                "no_time_left",
                format!("{} ms are left", left.as_millis()),
            ));
        }
        Ok(left)
    }
}

fn job<B: DeserializeOwned>(
    record: &SqsMessage,
    correlation_id: CorrelationId,
    time_left: Duration,
) -> Result<QueueMessage<B>> {
    let body = record.body.as_deref().unwrap_or_default();
    Ok(QueueMessage {
        body: serde_json::from_str(body)
            .map_err(|e| Error::internal("unreadable_job", place(&e)))?,
        correlation_id,
        receives: receives(record),
        time_left,
    })
}

/// The decoder's error is dropped, because it may quote a person.
fn place(error: &serde_json::Error) -> String {
    format!(
        "{:?} at line {} column {}",
        error.classify(),
        error.line(),
        error.column()
    )
}

/// Groups records in order. A record of a standard queue is a group of its own.
fn grouped(records: Vec<SqsMessage>) -> Vec<Vec<SqsMessage>> {
    let mut groups: Vec<(Option<String>, Vec<SqsMessage>)> = Vec::new();
    for record in records {
        let name = fifo_group(&record).map(str::to_owned);
        match groups
            .iter_mut()
            .find(|(group, _)| name.is_some() && *group == name)
        {
            Some((_, members)) => members.push(record),
            None => groups.push((name, vec![record])),
        }
    }
    groups.into_iter().map(|(_, members)| members).collect()
}

/// Returns the FIFO group. Groups of a standard queue are for fairness and have no order.
fn fifo_group(record: &SqsMessage) -> Option<&str> {
    let is_fifo = attribute(record, "SequenceNumber").is_some();
    attribute(record, "MessageGroupId").filter(|_| is_fifo)
}

fn receives(record: &SqsMessage) -> u32 {
    let count = attribute(record, "ApproximateReceiveCount");
    count.and_then(|count| count.parse().ok()).unwrap_or(1)
}

fn attribute<'a>(record: &'a SqsMessage, name: &str) -> Option<&'a str> {
    record.attributes.get(name).map(String::as_str)
}

/// Returns the correlation id of a message, or one derived from the message id, which is the same on each receive.
fn correlation_of(record: &SqsMessage) -> CorrelationId {
    let attribute = record.message_attributes.get("correlation_id");
    let given = attribute.and_then(|attribute| attribute.string_value.as_deref()?.parse().ok());
    given.unwrap_or_else(|| {
        CorrelationId::of_event(record.message_id.as_deref().unwrap_or_default())
    })
}

fn response(failed: Vec<String>) -> SqsBatchResponse {
    let mut response = SqsBatchResponse::default();
    response.batch_item_failures = failed
        .into_iter()
        .map(|id| {
            let mut failure = BatchItemFailure::default();
            failure.item_identifier = id;
            failure
        })
        .collect();
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use std::sync::Mutex;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    const ARN: &str = "arn:aws:sqs:us-east-1:000000000000:jobs";

    fn records(of: &[(&str, &str, Option<&str>)]) -> Vec<SqsMessage> {
        of.iter()
            .map(|(id, body, group)| {
                let mut attributes = json!({ "ApproximateReceiveCount": "1" });
                if let Some(group) = group {
                    attributes["MessageGroupId"] = json!(group);
                    attributes["SequenceNumber"] = json!("1");
                }
                let record =
                    json!({ "messageId": id, "body": body, "attributes": attributes, "messageAttributes": {}, "eventSourceARN": ARN });
                serde_json::from_value(record).unwrap()
            })
            .collect()
    }

    fn batch_within(time: Duration, sources: &SourceQueues) -> Batch<'_> {
        let until = Instant::now() + time;
        Batch {
            request_id: "r",
            until,
            sources,
        }
    }

    async fn failures(records: Vec<SqsMessage>) -> (Vec<String>, Vec<u32>) {
        within(Duration::from_secs(10), records).await
    }

    async fn within(time: Duration, records: Vec<SqsMessage>) -> (Vec<String>, Vec<u32>) {
        let sources = SourceQueues::default();
        let batch = batch_within(time, &sources);
        let done = Arc::new(Mutex::new(Vec::new()));
        let worker = |done: Arc<Mutex<Vec<u32>>>, job: QueueMessage<u32>| async move {
            match job.body {
                13 => Err(Error::unavailable("unlucky", "thirteen")),
                66 => panic!("boom"),
                99 => std::future::pending().await,
                body => {
                    done.lock().unwrap().push(body);
                    Ok(())
                }
            }
        };
        let failed = batch.work(&done, records, &worker).await;
        let done = done.lock().unwrap().clone();
        (failed, done)
    }

    #[tokio::test]
    async fn fifo_groups_stop_at_their_first_failure_and_others_go_on() {
        let batch = records(&[
            ("a1", "1", Some("a")),
            ("b1", "2", Some("b")),
            ("a2", "13", Some("a")),
            ("a3", "3", Some("a")),
            ("b2", "4", Some("b")),
        ]);
        let (failed, mut done) = failures(batch).await;
        done.sort_unstable();
        assert_eq!(failed, ["a2", "a3"]);
        assert_eq!(done, [1, 2, 4]);
    }

    #[tokio::test]
    async fn failed_records_do_not_block_their_group_on_their_last_receive() {
        let mut batch = records(&[
            ("a1", "13", Some("a")),
            ("a2", "1", Some("a")),
            ("a3", "13", Some("a")),
            ("a4", "2", Some("a")),
        ]);
        batch[0]
            .attributes
            .insert("ApproximateReceiveCount".into(), MAX_RECEIVES.to_string());
        let (failed, done) = failures(batch).await;
        assert_eq!(failed, ["a1", "a3", "a4"]);
        assert_eq!(done, [1]);
    }

    #[tokio::test]
    async fn faulty_records_block_their_group_for_a_few_receives_when_dead_lettering_fails() {
        for (receives, others) in [
            (MAX_FAULT_RECEIVES - 1, vec![]),
            (MAX_FAULT_RECEIVES, vec![1, 2]),
        ] {
            let mut batch = records(&[
                ("a1", "66", Some("a")),
                ("a2", "1", Some("a")),
                ("a3", "2", Some("a")),
            ]);
            batch[0]
                .attributes
                .insert("ApproximateReceiveCount".into(), receives.to_string());
            let (failed, done) = failures(batch).await;
            assert_eq!(failed.len(), 3 - others.len());
            assert_eq!(done, others);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn hanging_records_fail_alone_and_in_time() {
        let batch = records(&[
            ("a1", "99", Some("a")),
            ("a2", "1", Some("a")),
            ("b1", "2", Some("b")),
        ]);
        let started = Instant::now();
        let (failed, done) = within(Duration::from_secs(10), batch).await;
        assert!(started.elapsed() < Duration::from_secs(10));
        assert_eq!(failed, ["a1", "a2"]);
        assert_eq!(done, [2]);
    }

    #[tokio::test(start_paused = true)]
    async fn records_are_not_begun_when_no_time_is_left() {
        let (failed, done) = within(Duration::from_millis(900), records(&[("1", "1", None)])).await;
        assert_eq!((failed, done), (vec!["1".to_owned()], vec![]));
    }

    #[tokio::test]
    async fn records_of_a_standard_queue_fail_alone_even_in_a_fair_group() {
        let mut batch = records(&[
            ("1", "13", Some("tenant")),
            ("2", "7", Some("tenant")),
            ("3", "8", None),
        ]);
        for record in &mut batch {
            record.attributes.remove("SequenceNumber");
        }
        let (failed, done) = failures(batch).await;
        assert_eq!(failed, ["1"]);
        assert_eq!(done, [7, 8]);
    }

    #[tokio::test]
    async fn panics_and_unreadable_bodies_fail_their_record() {
        let batch = records(&[("1", "66", None), ("2", "not json", None), ("3", "9", None)]);
        let (failed, done) = failures(batch).await;
        assert_eq!(failed, ["1", "2"]);
        assert_eq!(done, [9]);
    }

    /// Runs the records together with a worker that panics at 66 and is unavailable at 13.
    async fn together(records: Vec<SqsMessage>) -> (Vec<String>, Vec<Vec<u32>>) {
        let sources = SourceQueues::default();
        let batch = batch_within(Duration::from_secs(10), &sources);
        let calls = Arc::new(Mutex::new(Vec::new()));
        let worker = |calls: Arc<Mutex<Vec<Vec<u32>>>>, jobs: Vec<QueueMessage<u32>>| async move {
            let bodies: Vec<_> = jobs.into_iter().map(|job| job.body).collect();
            assert!(!bodies.contains(&66), "boom");
            if bodies.contains(&13) {
                return Err(Error::unavailable("unlucky", "thirteen"));
            }
            calls.lock().unwrap().push(bodies);
            Ok(())
        };
        let failed = batch.work_batched(&calls, records, &worker).await;
        let calls = calls.lock().unwrap().clone();
        (failed, calls)
    }

    #[tokio::test]
    async fn batches_exclude_unreadable_records() {
        let records = records(&[
            ("a1", "1", Some("a")),
            ("a2", "not json", Some("a")),
            ("a3", "3", Some("a")),
            ("b1", "2", Some("b")),
        ]);
        assert_eq!(
            together(records).await,
            (vec!["a2".to_owned()], vec![vec![1, 3], vec![2]])
        );
    }

    #[tokio::test]
    async fn poisoned_records_fail_alone_in_a_batch() {
        let records = records(&[
            ("a1", "1", Some("a")),
            ("a2", "66", Some("a")),
            ("a3", "3", Some("a")),
            ("b1", "66", Some("b")),
        ]);
        assert_eq!(
            together(records).await,
            (
                vec!["a2".to_owned(), "b1".to_owned()],
                vec![vec![1], vec![3]]
            )
        );
    }

    #[tokio::test]
    async fn batches_are_redelivered_whole_when_a_dependency_is_unavailable() {
        let records = records(&[("a1", "1", Some("a")), ("a2", "13", Some("a"))]);
        assert_eq!(
            together(records).await,
            (vec!["a1".to_owned(), "a2".to_owned()], vec![])
        );
    }

    /// An SQS that answers every request with `status`, and the requests that it got.
    async fn sqs(status: u16) -> (SourceQueues, Arc<Mutex<Vec<String>>>) {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let requests = Arc::new(Mutex::new(Vec::new()));
        let seen = requests.clone();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut bytes = vec![0; 16 * 1024];
                let mut read = 0;
                let is_whole = |bytes: &[u8]| {
                    let text = String::from_utf8_lossy(bytes);
                    text.contains("\"MessageBody\"") || text.contains("\"VisibilityTimeout\"")
                };
                while !is_whole(&bytes[..read]) {
                    match stream.read(&mut bytes[read..]).await {
                        Ok(more) if more > 0 => read += more,
                        _ => break,
                    }
                }
                seen.lock()
                    .unwrap()
                    .push(String::from_utf8_lossy(&bytes[..read]).into_owned());
                let answer = format!(
                    "HTTP/1.1 {status} X\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{{}}"
                );
                stream.write_all(answer.as_bytes()).await.ok();
            }
        });
        let env = [
            ("AWS_REGION", "us-east-1"),
            ("AWS_ACCESS_KEY_ID", "test"),
            ("AWS_SECRET_ACCESS_KEY", "test"),
            ("AWS_ENDPOINT_URL", &endpoint),
        ];
        let aws = Aws::new(AwsConfig::from_env(&env.into_iter().collect()).unwrap()).unwrap();
        (SourceQueues(OnceCell::new_with(Some(aws))), requests)
    }

    async fn work_with(
        sources: &SourceQueues,
        body: &str,
        receives: u32,
    ) -> (Vec<String>, Vec<u32>) {
        let batch = batch_within(Duration::from_secs(10), sources);
        let done = Arc::new(Mutex::new(Vec::new()));
        let worker = |done: Arc<Mutex<Vec<u32>>>, job: QueueMessage<u32>| async move {
            assert_ne!(job.body, 66, "boom");
            if job.body == 77 {
                let busy = Error::unavailable("provider_busy", "429");
                return Err(busy.with_delay(Some(Duration::from_secs(4))));
            }
            done.lock().unwrap().push(job.body);
            Ok(())
        };
        let mut records = records(&[("a1", body, Some("a")), ("a2", "2", Some("a"))]);
        records[0]
            .attributes
            .insert("ApproximateReceiveCount".into(), receives.to_string());
        let failed = batch.work(&done, records, &worker).await;
        let done = done.lock().unwrap().clone();
        (failed, done)
    }

    #[tokio::test]
    async fn unreadable_bodies_are_dead_lettered_at_once_with_their_reason() {
        let (sources, requests) = sqs(200).await;
        assert_eq!(work_with(&sources, "not json", 1).await, (vec![], vec![2]));
        let requests = requests.lock().unwrap().clone();
        assert_eq!(requests.len(), 1, "{requests:?}");
        for part in ["/000000000000/jobs-dlq", "unreadable_job", "not json"] {
            assert!(requests[0].contains(part), "{part}: {requests:?}");
        }
    }

    #[tokio::test]
    async fn faulty_records_are_dead_lettered_after_a_few_receives() {
        let (sources, requests) = sqs(200).await;
        let held_up = (vec!["a1".to_owned(), "a2".to_owned()], vec![]);
        assert_eq!(
            work_with(&sources, "66", MAX_FAULT_RECEIVES - 1).await,
            held_up
        );
        assert_eq!(requests.lock().unwrap().len(), 0);
        assert_eq!(
            work_with(&sources, "66", MAX_FAULT_RECEIVES).await,
            (vec![], vec![2])
        );
        assert!(requests.lock().unwrap()[0].contains("panicked"));
    }

    #[tokio::test]
    async fn groups_are_hidden_for_as_long_as_a_provider_wants_to_be_left_alone() {
        let (sources, requests) = sqs(200).await;
        let both = (vec!["a1".to_owned(), "a2".to_owned()], vec![]);
        assert_eq!(work_with(&sources, "77", 1).await, both);
        let requests = requests.lock().unwrap().clone();
        assert_eq!(requests.len(), 2, "{requests:?}");
        for request in requests {
            assert!(request.contains("\"VisibilityTimeout\":4"), "{request}");
        }
    }

    #[tokio::test]
    async fn records_are_redelivered_when_they_cannot_be_hidden() {
        let (sources, _) = sqs(400).await;
        let both = (vec!["a1".to_owned(), "a2".to_owned()], vec![]);
        assert_eq!(work_with(&sources, "77", 1).await, both);
    }

    #[tokio::test]
    async fn unreadable_bodies_are_redelivered_when_dead_lettering_fails() {
        let (sources, _) = sqs(400).await;
        assert_eq!(
            work_with(&sources, "not json", 1).await,
            (vec!["a1".to_owned(), "a2".to_owned()], vec![])
        );
    }

    #[test]
    fn batch_responses_have_the_shape_that_lambda_reads() {
        let response = serde_json::to_value(response(vec!["m-1".into()])).unwrap();
        assert_eq!(
            response,
            json!({ "batchItemFailures": [{ "itemIdentifier": "m-1" }] })
        );
    }
}
