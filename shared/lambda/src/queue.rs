//! Functions behind SQS: each record is one job, and a failed one fails alone.
//!
//! On a FIFO queue a group stops at its first failure: that record and the rest of its group are returned as failed,
//! so that SQS delivers them again in order. Groups do not wait for each other. A record that fails by its own fault
//! holds up its group for a few tries only, and no record does on its last one: SQS counts the receives of those behind
//! it too, and would give them up untried.

use std::{future::Future, sync::Arc, time::Duration};

use aws_lambda_events::event::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent, SqsMessage};
use confab_kernel::{Clock, CorrelationId, Error, Kind, Result};
use futures::future::join_all;
use lambda_runtime::{LambdaEvent, service_fn};
use serde::de::DeserializeOwned;
use tokio::time::Instant;

use crate::{OsEntropy, StartError, log, metrics, panics::caught, start};

/// `maxReceiveCount` of every queue in template.yaml. A try comes once in a visibility timeout, which is a minute at
/// least, so that an hour of somebody else's trouble passes by itself.
pub const TRIES: u32 = 60;

/// What does not fail for somebody else's trouble will not pass: after so many tries its group goes on without it.
const PATIENCE: u32 = 5;

/// What a record needs at the least: with less left it is not begun, since a killed process fails the whole batch.
const WORTH_BEGINNING: Duration = Duration::from_secs(1);
/// What is kept of the time to answer with.
const FAREWELL: Duration = Duration::from_millis(300);

/// One record of a queue, decoded.
#[derive(Debug, Clone)]
pub struct Job<B> {
    pub body: B,
    pub correlation_id: CorrelationId,
    /// How often SQS has delivered it, this time included.
    pub receives: u32,
    /// How long this invocation may still take.
    pub time_left: Duration,
}

/// Runs a worker until the sandbox ends.
pub async fn run<D, B, Fut>(
    function: &'static str,
    deps: impl Future<Output = Result<D, StartError>>,
    worker: impl Fn(Arc<D>, Job<B>) -> Fut + Clone + Send + Sync + 'static,
) -> Result<(), StartError>
where
    D: Send + Sync + 'static,
    B: DeserializeOwned + Send + 'static,
    Fut: Future<Output = Result<()>> + Send,
{
    let (clock, deps) = start(function, deps).await?;
    lambda_runtime::run(service_fn(move |event: LambdaEvent<SqsEvent>| {
        let (deps, worker) = (deps.clone(), worker.clone());
        async move {
            let batch = Batch {
                clock: &clock,
                request_id: &event.context.request_id,
                until: Instant::now() + time_left(&event.context),
            };
            let failed = batch.work(&deps, event.payload.records, &worker).await;
            Ok::<_, StartError>(response(failed))
        }
    }))
    .await
}

/// Runs a worker that takes all records of a group at once, and does all of them or none.
pub async fn run_together<D, B, Fut>(
    function: &'static str,
    deps: impl Future<Output = Result<D, StartError>>,
    worker: impl Fn(Arc<D>, Vec<Job<B>>) -> Fut + Clone + Send + Sync + 'static,
) -> Result<(), StartError>
where
    D: Send + Sync + 'static,
    B: DeserializeOwned + Send + 'static,
    Fut: Future<Output = Result<()>> + Send,
{
    let (clock, deps) = start(function, deps).await?;
    lambda_runtime::run(service_fn(move |event: LambdaEvent<SqsEvent>| {
        let (deps, worker) = (deps.clone(), worker.clone());
        async move {
            let batch = Batch {
                clock: &clock,
                request_id: &event.context.request_id,
                until: Instant::now() + time_left(&event.context),
            };
            let failed = batch.work_together(&deps, event.payload.records, &worker).await;
            Ok::<_, StartError>(response(failed))
        }
    }))
    .await
}

#[expect(clippy::disallowed_methods, reason = "Lambda states its deadline on the system's clock")]
pub(crate) fn time_left(context: &lambda_runtime::Context) -> Duration {
    let now = std::time::SystemTime::now();
    context.deadline().duration_since(now).unwrap_or_default()
}

struct Batch<'a, C> {
    clock: &'a C,
    request_id: &'a str,
    /// When Lambda ends the process.
    until: Instant,
}

impl<C: Clock> Batch<'_, C> {
    /// The message ids to deliver again.
    async fn work<D, B, Fut>(
        &self,
        deps: &Arc<D>,
        records: Vec<SqsMessage>,
        worker: &impl Fn(Arc<D>, Job<B>) -> Fut,
    ) -> Vec<String>
    where
        B: DeserializeOwned,
        Fut: Future<Output = Result<()>>,
    {
        let groups = grouped(records).into_iter().map(|group| async move {
            let mut failed = Vec::new();
            let mut records = group.into_iter();
            for record in records.by_ref() {
                let message_id = record.message_id.clone().unwrap_or_default();
                let receives = receives(&record);
                if let Err(error) = self.one(deps, record, worker).await {
                    failed.push(message_id);
                    let patience = if error.kind() == Kind::Unavailable { TRIES } else { PATIENCE };
                    if receives < patience {
                        break;
                    }
                }
            }
            failed.extend(records.filter_map(|record| record.message_id));
            failed
        });
        join_all(groups).await.concat()
    }

    /// What cannot be read fails alone.
    async fn work_together<D, B, Fut>(
        &self,
        deps: &Arc<D>,
        records: Vec<SqsMessage>,
        worker: &impl Fn(Arc<D>, Vec<Job<B>>) -> Fut,
    ) -> Vec<String>
    where
        B: DeserializeOwned,
        Fut: Future<Output = Result<()>>,
    {
        let groups = grouped(records).into_iter().map(|group| async move {
            let (mut failed, mut taken, mut jobs) = (Vec::new(), Vec::new(), Vec::new());
            for record in group {
                let id = record.message_id.clone().unwrap_or_default();
                let correlation_id = self.correlation_of(&record);
                match self.worthwhile_time().and_then(|left| job::<B>(&record, correlation_id, left)) {
                    Ok(job) => {
                        taken.push(id);
                        jobs.push(job);
                    }
                    Err(error) => {
                        self.failed(&error, correlation_id);
                        failed.push(id);
                    }
                }
            }
            let Some(first) = jobs.first().map(|job| job.correlation_id) else { return failed };
            let work = caught(async { worker(deps.clone(), jobs).await });
            if let Err(error) = self.in_time(work).await {
                self.failed(&error, first);
                failed.extend(taken);
            }
            failed
        });
        join_all(groups).await.concat()
    }

    async fn one<D, B, Fut>(
        &self,
        deps: &Arc<D>,
        record: SqsMessage,
        worker: &impl Fn(Arc<D>, Job<B>) -> Fut,
    ) -> Result<()>
    where
        B: DeserializeOwned,
        Fut: Future<Output = Result<()>>,
    {
        let correlation_id = self.correlation_of(&record);
        let work = caught(async {
            let job = job(&record, correlation_id, self.worthwhile_time()?)?;
            worker(deps.clone(), job).await
        });
        let outcome = self.in_time(work).await;
        if let Err(error) = &outcome {
            self.failed(error, correlation_id);
        }
        outcome
    }

    fn correlation_of(&self, record: &SqsMessage) -> CorrelationId {
        correlation_of(record).unwrap_or_else(|| CorrelationId::new(self.clock.now(), &OsEntropy))
    }

    async fn in_time(&self, work: impl Future<Output = Result<()>>) -> Result<()> {
        match tokio::time::timeout_at(self.until - FAREWELL, work).await {
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
        if left < WORTH_BEGINNING {
            return Err(Error::unavailable("no_time_left", format!("{} ms are left", left.as_millis())));
        }
        Ok(left)
    }
}

fn job<B: DeserializeOwned>(record: &SqsMessage, correlation_id: CorrelationId, time_left: Duration) -> Result<Job<B>> {
    let body = record.body.as_deref().unwrap_or_default();
    Ok(Job {
        body: serde_json::from_str(body).map_err(|e| Error::internal("unreadable_job", place(&e)))?,
        correlation_id,
        receives: receives(record),
        time_left,
    })
}

/// The error itself may quote what a person wrote.
fn place(error: &serde_json::Error) -> String {
    format!("{:?} at line {} column {}", error.classify(), error.line(), error.column())
}

/// Records of one group in their order; a record of a standard queue is a group of its own.
fn grouped(records: Vec<SqsMessage>) -> Vec<Vec<SqsMessage>> {
    let mut groups: Vec<(Option<String>, Vec<SqsMessage>)> = Vec::new();
    for record in records {
        let is_fifo = attribute(&record, "SequenceNumber").is_some();
        let name = attribute(&record, "MessageGroupId").filter(|_| is_fifo).map(str::to_owned);
        match groups.iter_mut().find(|(group, _)| name.is_some() && *group == name) {
            Some((_, members)) => members.push(record),
            None => groups.push((name, vec![record])),
        }
    }
    groups.into_iter().map(|(_, members)| members).collect()
}

fn receives(record: &SqsMessage) -> u32 {
    let count = attribute(record, "ApproximateReceiveCount");
    count.and_then(|count| count.parse().ok()).unwrap_or(1)
}

fn attribute<'a>(record: &'a SqsMessage, name: &str) -> Option<&'a str> {
    record.attributes.get(name).map(String::as_str)
}

fn correlation_of(record: &SqsMessage) -> Option<CorrelationId> {
    let attribute = record.message_attributes.get("correlation_id")?;
    attribute.string_value.as_deref()?.parse().ok()
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
    use confab_kernel::Timestamp;
    use serde_json::json;
    use std::sync::Mutex;

    fn records(of: &[(&str, &str, Option<&str>)]) -> Vec<SqsMessage> {
        of.iter()
            .map(|(id, body, group)| {
                let mut attributes = json!({ "ApproximateReceiveCount": "1" });
                if let Some(group) = group {
                    attributes["MessageGroupId"] = json!(group);
                    attributes["SequenceNumber"] = json!("1");
                }
                let record =
                    json!({ "messageId": id, "body": body, "attributes": attributes, "messageAttributes": {} });
                serde_json::from_value(record).unwrap()
            })
            .collect()
    }

    async fn failures(records: Vec<SqsMessage>) -> (Vec<String>, Vec<u32>) {
        within(Duration::from_secs(10), records).await
    }

    async fn within(time: Duration, records: Vec<SqsMessage>) -> (Vec<String>, Vec<u32>) {
        let batch = Batch { clock: &|| Timestamp::UNIX_EPOCH, request_id: "r", until: Instant::now() + time };
        let done = Arc::new(Mutex::new(Vec::new()));
        let worker = |done: Arc<Mutex<Vec<u32>>>, job: Job<u32>| async move {
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
    async fn a_fifo_group_stops_at_its_first_failure_and_others_go_on() {
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
    async fn on_its_last_try_a_failed_record_lets_its_group_go_on() {
        let mut batch = records(&[
            ("a1", "13", Some("a")),
            ("a2", "1", Some("a")),
            ("a3", "13", Some("a")),
            ("a4", "2", Some("a")),
        ]);
        batch[0].attributes.insert("ApproximateReceiveCount".into(), TRIES.to_string());
        let (failed, done) = failures(batch).await;
        assert_eq!(failed, ["a1", "a3", "a4"]);
        assert_eq!(done, [1]);
    }

    #[tokio::test]
    async fn a_record_that_fails_by_its_own_fault_holds_up_its_group_for_a_few_tries_only() {
        for (receives, others) in [(PATIENCE - 1, vec![]), (PATIENCE, vec![1, 2])] {
            let mut batch = records(&[("a1", "66", Some("a")), ("a2", "1", Some("a")), ("a3", "2", Some("a"))]);
            batch[0].attributes.insert("ApproximateReceiveCount".into(), receives.to_string());
            let (failed, done) = failures(batch).await;
            assert_eq!(failed.len(), 3 - others.len());
            assert_eq!(done, others);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_record_that_hangs_fails_alone_and_in_time() {
        let batch = records(&[("a1", "99", Some("a")), ("a2", "1", Some("a")), ("b1", "2", Some("b"))]);
        let started = Instant::now();
        let (failed, done) = within(Duration::from_secs(10), batch).await;
        assert!(started.elapsed() < Duration::from_secs(10));
        assert_eq!(failed, ["a1", "a2"]);
        assert_eq!(done, [2]);
    }

    #[tokio::test(start_paused = true)]
    async fn with_no_time_left_nothing_is_begun() {
        let (failed, done) = within(Duration::from_millis(900), records(&[("1", "1", None)])).await;
        assert_eq!((failed, done), (vec!["1".to_owned()], vec![]));
    }

    #[tokio::test]
    async fn on_a_standard_queue_a_record_fails_alone_even_in_a_fair_group() {
        let mut batch = records(&[("1", "13", Some("tenant")), ("2", "7", Some("tenant")), ("3", "8", None)]);
        for record in &mut batch {
            record.attributes.remove("SequenceNumber");
        }
        let (failed, done) = failures(batch).await;
        assert_eq!(failed, ["1"]);
        assert_eq!(done, [7, 8]);
    }

    #[tokio::test]
    async fn a_panic_and_an_unreadable_body_are_failures_like_any_other() {
        let batch = records(&[("1", "66", None), ("2", "not json", None), ("3", "9", None)]);
        let (failed, done) = failures(batch).await;
        assert_eq!(failed, ["1", "2"]);
        assert_eq!(done, [9]);
    }

    #[tokio::test]
    async fn a_group_is_done_together_or_not_at_all() {
        let batch = Batch {
            clock: &|| Timestamp::UNIX_EPOCH,
            request_id: "r",
            until: Instant::now() + Duration::from_secs(10),
        };
        let done = Arc::new(Mutex::new(Vec::new()));
        let worker = |done: Arc<Mutex<Vec<Vec<u32>>>>, jobs: Vec<Job<u32>>| async move {
            let bodies: Vec<_> = jobs.into_iter().map(|job| job.body).collect();
            if bodies.contains(&66) {
                panic!("boom");
            }
            done.lock().unwrap().push(bodies);
            Ok(())
        };
        let records = records(&[
            ("a1", "1", Some("a")),
            ("b1", "66", Some("b")),
            ("a2", "not json", Some("a")),
            ("a3", "3", Some("a")),
            ("b2", "4", Some("b")),
        ]);
        let failed = batch.work_together(&done, records, &worker).await;
        assert_eq!(failed, ["a2", "b1", "b2"]);
        assert_eq!(*done.lock().unwrap(), [[1, 3]]);
    }

    #[test]
    fn the_answer_has_the_form_that_lambda_reads() {
        let response = serde_json::to_value(response(vec!["m-1".into()])).unwrap();
        assert_eq!(response, json!({ "batchItemFailures": [{ "itemIdentifier": "m-1" }] }));
    }
}
