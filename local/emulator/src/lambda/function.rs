//! A function: its processes, cold and warm, its concurrency and its counts.

use std::{
    collections::{BTreeMap, VecDeque},
    path::Path,
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use bytes::Bytes;
use serde::Serialize;
use tokio::sync::Semaphore;

use super::{
    launch::Launch,
    outcome::{Failure, Outcome},
    process::{Invocation, Process},
};
use crate::template;

/// Maximum processes of one function. AWS has a thousand for an account; beyond this number invocations wait, beyond a
/// reserved concurrency they are throttled as on AWS.
const MAX_PROCESSES: usize = 10;
/// As long as API Gateway would wait; then the invocation is throttled, so that abandoned ones do not delay the rest.
const SLOT_TIMEOUT: Duration = Duration::from_secs(29);
/// An idle process ends after this long.
const IDLE_TIMEOUT: Duration = Duration::from_secs(300);
/// How many durations the quantiles are taken of.
const MAX_RECENT: usize = 200;

#[derive(Debug, Clone, Serialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum FunctionState {
    Ready,
    Building,
    Missing,
    Broken,
}

/// Counts since the start.
#[derive(Debug, Clone, Default, Serialize)]
struct FunctionCounts {
    pub invocations: u64,
    pub cold_starts: u64,
    pub errors: u64,
    pub timeouts: u64,
    pub throttles: u64,
    /// Duration of all invocations, each rounded up to a millisecond as Lambda bills.
    pub billed_ms: u64,
    /// Messages of its queues that succeeded.
    pub messages: u64,
    pub last_at: Option<i64>,
    #[serde(skip)]
    recent_ms: VecDeque<f64>,
}

#[derive(Debug)]
pub struct Function {
    pub spec: template::Function,
    launch: Launch,
    slots: Semaphore,
    concurrency: usize,
    idle: Mutex<Vec<(Arc<Process>, Instant)>>,
    all: Mutex<Vec<Arc<Process>>>,
    counts: Mutex<FunctionCounts>,
    state: Mutex<(FunctionState, Option<String>)>,
    /// Processes of an older generation end when they are done.
    generation: AtomicU64,
    /// Open for invocations, except while the clock jumps.
    gate: Arc<Gate>,
}

/// Held for reading by invocations, for writing by a jump of the clock.
pub(super) type Gate = tokio::sync::RwLock<()>;

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}

impl Function {
    pub(super) fn new(spec: template::Function, launch: Launch, gate: Arc<Gate>) -> Self {
        let concurrency = spec.reserved_concurrency.unwrap_or(MAX_PROCESSES);
        let missing = launch.program.missing();
        let state = if missing.is_none() {
            FunctionState::Ready
        } else {
            FunctionState::Missing
        };
        Self {
            launch,
            slots: Semaphore::new(concurrency),
            concurrency,
            idle: Mutex::default(),
            all: Mutex::default(),
            counts: Mutex::default(),
            state: Mutex::new((state, missing)),
            generation: AtomicU64::new(0),
            gate,
            spec,
        }
    }

    /// Runs one event to its end, even when the caller stops waiting.
    pub async fn invoke(self: &Arc<Self>, payload: Bytes) -> Outcome {
        self.invoke_with_records(payload, 1).await
    }

    /// Runs an event that holds some messages of a queue.
    pub(super) async fn invoke_with_records(
        self: &Arc<Self>,
        payload: Bytes,
        records: usize,
    ) -> Outcome {
        let function = self.clone();
        let running = tokio::spawn(async move { function.run_in_slot(payload, records).await });
        running
            .await
            .unwrap_or_else(|error| Outcome::Failed(Failure::crashed(error.to_string())))
    }

    async fn run_in_slot(&self, payload: Bytes, records: usize) -> Outcome {
        let slot = match self.spec.reserved_concurrency {
            Some(_) => self.slots.try_acquire().ok(),
            None => tokio::time::timeout(SLOT_TIMEOUT, self.slots.acquire())
                .await
                .ok()
                .and_then(Result::ok),
        };
        let Some(slot) = slot else {
            self.count(|counts| counts.throttles += 1);
            return Outcome::Failed(Failure {
                kind: "TooManyRequestsException".to_owned(),
                message: "Rate Exceeded.".to_owned(),
            });
        };
        let _running = self.gate.read().await;
        let started = Instant::now();
        let outcome = self.run(payload, records).await;
        let took = started.elapsed().as_secs_f64() * 1_000.0;
        let now = self.launch.clock.now();
        self.count(|counts| {
            counts.invocations += 1;
            counts.billed_ms += billed(took);
            counts.last_at = Some(now);
            if let Outcome::Failed(failure) = &outcome {
                counts.errors += 1;
                counts.timeouts += u64::from(failure.kind == "Sandbox.Timedout");
            }
            if counts.recent_ms.len() == MAX_RECENT {
                counts.recent_ms.pop_front();
            }
            counts.recent_ms.push_back(took);
        });
        if let Outcome::Failed(failure) = &outcome {
            let line = serde_json::json!({ "level": "ERROR", "message": failure.message, "errorType": failure.kind });
            self.launch.recorder.log(&self.spec.name, &line.to_string());
        }
        drop(slot);
        self.launch.recorder.mark_changed();
        outcome
    }

    async fn run(&self, payload: Bytes, records: usize) -> Outcome {
        let generation = self.generation.load(Ordering::Acquire);
        let process = match self.warm() {
            Some(process) => process,
            None => match self.cold().await {
                Ok(process) => process,
                Err(failure) => return Outcome::Failed(failure),
            },
        };
        let timeout = self.spec.timeout;
        let deadline = jiff::Timestamp::now().as_millisecond()
            + i64::try_from(timeout.as_millis()).unwrap_or(i64::MAX / 2);
        let invocation = Invocation {
            request_id: uuid::Uuid::new_v4().to_string(),
            trace_id: trace_id(records),
            deadline_ms: deadline,
            payload,
        };
        let outcome = process.invoke(invocation, timeout).await;
        let is_dead = matches!(&outcome, Outcome::Failed(failure) if failure.ends_the_process())
            || process.is_gone();
        if is_dead || generation != self.generation.load(Ordering::Acquire) {
            self.retire(&process);
        } else {
            locked(&self.idle).push((process, Instant::now()));
        }
        outcome
    }

    /// Takes the process that was used last, whose caches are the warmest.
    fn warm(&self) -> Option<Arc<Process>> {
        let mut idle = locked(&self.idle);
        while let Some((process, _)) = idle.pop() {
            if !process.is_gone() {
                return Some(process);
            }
            self.forget(&process);
        }
        None
    }

    async fn cold(&self) -> Result<Arc<Process>, Failure> {
        self.count(|counts| counts.cold_starts += 1);
        if let Some(message) = self.launch.program.missing() {
            self.set_state(FunctionState::Missing, Some(message.clone()));
            return Err(Failure::crashed(message));
        }
        let process = self.launch.start().map_err(|error| {
            let message = format!(
                "{} cannot be started: {error}",
                self.launch.program.file.display()
            );
            self.set_state(FunctionState::Missing, Some(message.clone()));
            Failure::crashed(message)
        })?;
        locked(&self.all).push(process.clone());
        if locked(&self.state).0 == FunctionState::Missing {
            self.set_state(FunctionState::Ready, None);
        }
        if let Err(failure) = process.started().await {
            self.retire(&process);
            return Err(failure);
        }
        Ok(process)
    }

    fn retire(&self, process: &Arc<Process>) {
        process.kill();
        self.forget(process);
    }

    fn forget(&self, process: &Arc<Process>) {
        locked(&self.all).retain(|other| !Arc::ptr_eq(other, process));
    }

    pub(super) fn count_messages(&self, messages: usize) {
        self.count(|counts| counts.messages += messages as u64);
    }

    fn count(&self, change: impl FnOnce(&mut FunctionCounts)) {
        change(&mut locked(&self.counts));
    }

    /// Ends idle processes now and busy ones after their invocation, so that the next event meets new code or time.
    pub fn renew(&self) {
        self.generation.fetch_add(1, Ordering::AcqRel);
        let idle = std::mem::take(&mut *locked(&self.idle));
        for (process, _) in idle {
            self.retire(&process);
        }
    }

    pub(crate) fn end_idle(&self) {
        let mut idle = locked(&self.idle);
        let (old, young): (Vec<_>, _) = std::mem::take(&mut *idle)
            .into_iter()
            .partition(|(_, since)| since.elapsed() > IDLE_TIMEOUT);
        *idle = young;
        drop(idle);
        for (process, _) in old {
            self.retire(&process);
        }
    }

    /// Sends SIGKILL to all processes, busy or not, and returns how many there were.
    pub fn kill_all(&self) -> usize {
        // An idle process that is about to die gets no event.
        let idle = std::mem::take(&mut *locked(&self.idle));
        let all = locked(&self.all).clone();
        for process in &all {
            process.kill();
        }
        for (process, _) in idle {
            self.forget(&process);
        }
        all.len()
    }

    pub fn set_state(&self, state: FunctionState, message: Option<String>) {
        *locked(&self.state) = (state, message);
        self.launch.recorder.mark_changed();
    }

    /// Returns the file or folder that its code is in.
    pub fn code(&self) -> &Path {
        self.launch
            .program
            .folder
            .as_deref()
            .unwrap_or(&self.launch.program.file)
    }

    /// Returns all variables but the address of the Runtime API, which differs per process.
    pub(super) fn environment(&self) -> BTreeMap<String, String> {
        self.launch.known_variables()
    }

    fn counts(&self) -> FunctionCounts {
        locked(&self.counts).clone()
    }

    pub fn snapshot(&self) -> FunctionSnapshot {
        let counts = self.counts();
        let (state, message) = locked(&self.state).clone();
        let recent: Vec<f64> = counts.recent_ms.iter().copied().collect();
        let mut triggers: Vec<_> = self
            .spec
            .routes
            .iter()
            .map(|route| format!("{} {}", route.method, route.path))
            .collect();
        triggers.extend(self.spec.consumers.iter().map(|c| {
            format!(
                "queue {}",
                c.queue_arn.rsplit(':').next().unwrap_or_default()
            )
        }));
        let instances = locked(&self.all).len();
        FunctionSnapshot {
            name: self.spec.name.clone(),
            logical_id: self.spec.logical_id.clone(),
            triggers,
            state,
            message,
            instances,
            in_flight: self.concurrency - self.slots.available_permits(),
            concurrency: self.concurrency,
            timeout_ms: self.spec.timeout.as_millis(),
            memory_mb: self.spec.memory_mb,
            duration_ms: Durations {
                last: recent.last().copied(),
                p50: quantile(&recent, 0.5),
                p99: quantile(&recent, 0.99),
            },
            recent_ms: recent.iter().rev().take(40).rev().copied().collect(),
            counts,
        }
    }
}

/// The function as the control API shows it.
#[derive(Debug, Serialize)]
pub struct FunctionSnapshot {
    name: String,
    logical_id: String,
    triggers: Vec<String>,
    state: FunctionState,
    message: Option<String>,
    instances: usize,
    in_flight: usize,
    concurrency: usize,
    timeout_ms: u128,
    memory_mb: u64,
    #[serde(flatten)]
    counts: FunctionCounts,
    duration_ms: Durations,
    recent_ms: Vec<f64>,
}

#[derive(Debug, Serialize)]
struct Durations {
    last: Option<f64>,
    p50: Option<f64>,
    p99: Option<f64>,
}

/// Returns an X-Ray trace header: seconds since 1970, 96 random bits and a parent segment, not sampled. SDKs send it with
/// each call, so that `tenants` sees how many messages the invocation handles.
fn trace_id(records: usize) -> String {
    let random = uuid::Uuid::new_v4().simple().to_string();
    let parent = uuid::Uuid::new_v4().simple().to_string();
    let records = match records {
        1 => String::new(),
        records => format!(";Records={records}"),
    };
    format!(
        "Root=1-{:08x}-{};Parent={};Sampled=0{records}",
        jiff::Timestamp::now().as_second(),
        &random[..24],
        &parent[..16]
    )
}

/// Rounds up to the next millisecond.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "fifteen minutes at most"
)]
fn billed(took_ms: f64) -> u64 {
    took_ms.ceil() as u64
}

fn quantile(values: &[f64], q: f64) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let last = sorted.len().checked_sub(1)?;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "an index into a short list"
    )]
    let index = (last as f64 * q).round() as usize;
    sorted.get(index).copied()
}
