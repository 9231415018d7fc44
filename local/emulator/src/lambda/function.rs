//! A function: its processes, cold and warm, its concurrency, and what has become of its invocations.

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
use tokio::{process::Command, sync::Semaphore};

use super::{
    process::{Invocation, Process},
    runtimes::{Folders, Interpreters, Program},
};
use crate::{clock::Clock, record::Record, template};

/// How many processes of one function a laptop runs at once. AWS has a thousand for all functions of an account;
/// beyond this number invocations wait here, beyond a reserved concurrency they are throttled as there.
const PROCESSES: usize = 10;
/// They wait as long as API Gateway would, and are throttled then: a line of what nobody waits for holds up the rest.
const LONGEST_WAIT: Duration = Duration::from_secs(29);
/// A process that nobody needed for so long ends.
const IDLE: Duration = Duration::from_secs(300);
/// How long a jump of the clock waits for running invocations.
const LONGEST_QUIET_WAIT: Duration = Duration::from_secs(2);
const QUIET_POLL: Duration = Duration::from_millis(2);
const RECENT: usize = 200;
/// Every function's secret key. Its access key is its name.
pub const SECRET_KEY: &str = "local";

#[derive(Debug, Clone)]
pub enum Outcome {
    Answered(Bytes),
    Failed(Failure),
}

#[derive(Debug, Clone, Serialize)]
pub struct Failure {
    #[serde(rename = "errorType")]
    pub kind: String,
    #[serde(rename = "errorMessage")]
    pub message: String,
}

impl Failure {
    pub(super) fn crashed(message: String) -> Self {
        Self {
            kind: "Runtime.ExitError".to_owned(),
            message,
        }
    }

    pub(super) fn timed_out(message: String) -> Self {
        Self {
            kind: "Sandbox.Timedout".to_owned(),
            message,
        }
    }

    /// A process that was told to end may take a moment to.
    fn ends_the_process(&self) -> bool {
        matches!(self.kind.as_str(), "Runtime.ExitError" | "Sandbox.Timedout")
    }

    pub fn is_throttle(&self) -> bool {
        self.kind == "TooManyRequestsException"
    }
}

#[derive(Debug, Clone, Serialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum State {
    Ready,
    Building,
    Missing,
    Broken,
}

/// What a process of a function is started with.
#[derive(Debug)]
pub(super) struct Launch {
    pub(super) name: String,
    pub(super) arn: String,
    program: Program,
    memory_mb: u64,
    variables: BTreeMap<String, String>,
    clock: Arc<Clock>,
}

/// Who is given so much computes for long.
const MUCH_MEMORY_MB: u64 = 1024;
const NICE: &str = "/usr/bin/nice";

impl Launch {
    /// On Lambda each process has its own share of a processor. Here they share a few: what computes for long is not to hold
    /// up what somebody waits for.
    pub(super) fn command(&self) -> Command {
        let mut command = if self.memory_mb < MUCH_MEMORY_MB || !Path::new(NICE).exists() {
            Command::new(&self.program.file)
        } else {
            let mut command = Command::new(NICE);
            command.args(["-n", "15"]).arg(&self.program.file);
            command
        };
        command.args(&self.program.arguments);
        if let Some(folder) = &self.program.folder {
            command.current_dir(folder);
        }
        command
    }

    pub(super) fn environment(&self, runtime_api: &str) -> BTreeMap<String, String> {
        let mut variables = self.known_variables();
        variables.insert("AWS_LAMBDA_RUNTIME_API".to_owned(), runtime_api.to_owned());
        variables
    }

    /// All but the address of the Runtime API, which each process has for itself.
    fn known_variables(&self) -> BTreeMap<String, String> {
        let mut variables = self.variables.clone();
        variables.insert(
            "CONFAB_CLOCK_OFFSET_MS".to_owned(),
            self.clock.offset_ms().to_string(),
        );
        variables
    }
}

#[derive(Debug, Clone, Default, Serialize)]
pub struct Counts {
    pub invocations: u64,
    pub cold_starts: u64,
    pub errors: u64,
    pub timeouts: u64,
    pub throttles: u64,
    /// What Lambda would charge for: each invocation to the next millisecond.
    pub billed_ms: u64,
    /// Of its queues, done.
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
    counts: Mutex<Counts>,
    state: Mutex<(State, Option<String>)>,
    /// Processes of an older generation end when they are done.
    generation: AtomicU64,
    /// Open for invocations, except while the clock jumps.
    gate: Arc<Gate>,
    clock: Arc<Clock>,
    record: Arc<Record>,
}

type Gate = tokio::sync::RwLock<()>;

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}

impl Function {
    /// Runs one event, to its end even when nobody waits for it any more.
    pub async fn invoke(self: &Arc<Self>, payload: Bytes) -> Outcome {
        let function = self.clone();
        let running = tokio::spawn(async move { function.run_one(payload).await });
        running
            .await
            .unwrap_or_else(|error| Outcome::Failed(Failure::crashed(error.to_string())))
    }

    /// Waits for a free process, starts one if it may.
    async fn run_one(&self, payload: Bytes) -> Outcome {
        let slot = match self.spec.reserved_concurrency {
            Some(_) => self.slots.try_acquire().ok(),
            // Whoever asked has given up by then.
            None => tokio::time::timeout(LONGEST_WAIT, self.slots.acquire())
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
        let outcome = self.run(payload).await;
        let took = started.elapsed().as_secs_f64() * 1_000.0;
        let now = self.clock.now();
        self.count(|counts| {
            counts.invocations += 1;
            counts.billed_ms += billed(took);
            counts.last_at = Some(now);
            if let Outcome::Failed(failure) = &outcome {
                counts.errors += 1;
                counts.timeouts += u64::from(failure.kind == "Sandbox.Timedout");
            }
            if counts.recent_ms.len() == RECENT {
                counts.recent_ms.pop_front();
            }
            counts.recent_ms.push_back(took);
        });
        if let Outcome::Failed(failure) = &outcome {
            let line = serde_json::json!({ "level": "ERROR", "message": failure.message, "errorType": failure.kind });
            self.record.line(&self.spec.name, &line.to_string());
        }
        drop(slot);
        self.record.touch();
        outcome
    }

    async fn run(&self, payload: Bytes) -> Outcome {
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
            trace_id: trace_id(),
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

    /// The process that was used last: its memory is the warmest.
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
            self.set_state(State::Missing, Some(message.clone()));
            return Err(Failure::crashed(message));
        }
        let process = Process::start(&self.launch, &self.record).map_err(|error| {
            let message = format!(
                "{} cannot be started: {error}",
                self.launch.program.file.display()
            );
            self.set_state(State::Missing, Some(message.clone()));
            Failure::crashed(message)
        })?;
        locked(&self.all).push(process.clone());
        if locked(&self.state).0 == State::Missing {
            self.set_state(State::Ready, None);
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

    pub(super) fn has_done(&self, messages: usize) {
        self.count(|counts| counts.messages += messages as u64);
    }

    fn count(&self, change: impl FnOnce(&mut Counts)) {
        change(&mut locked(&self.counts));
    }

    /// Idle processes end now, busy ones when they are done: the next event meets the new code, or the new time.
    pub fn renew(&self) {
        self.generation.fetch_add(1, Ordering::AcqRel);
        let idle = std::mem::take(&mut *locked(&self.idle));
        for (process, _) in idle {
            self.retire(&process);
        }
    }

    pub fn end_idle(&self) {
        let mut idle = locked(&self.idle);
        let (old, young): (Vec<_>, _) = std::mem::take(&mut *idle)
            .into_iter()
            .partition(|(_, since)| since.elapsed() > IDLE);
        *idle = young;
        drop(idle);
        for (process, _) in old {
            self.retire(&process);
        }
    }

    /// `kill -9` for all of its processes, busy or not.
    pub fn kill_all(&self) -> usize {
        // Nothing is handed to one that is about to die.
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

    pub fn set_state(&self, state: State, message: Option<String>) {
        *locked(&self.state) = (state, message);
        self.record.touch();
    }

    /// The file or folder that its code is in.
    pub fn code(&self) -> &Path {
        self.launch
            .program
            .folder
            .as_deref()
            .unwrap_or(&self.launch.program.file)
    }

    pub fn counts(&self) -> Counts {
        locked(&self.counts).clone()
    }

    pub fn snapshot(&self) -> Snapshot {
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
        Snapshot {
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

#[derive(Debug, Serialize)]
pub struct Snapshot {
    name: String,
    logical_id: String,
    triggers: Vec<String>,
    state: State,
    message: Option<String>,
    instances: usize,
    in_flight: usize,
    concurrency: usize,
    timeout_ms: u128,
    memory_mb: u64,
    #[serde(flatten)]
    counts: Counts,
    duration_ms: Durations,
    recent_ms: Vec<f64>,
}

#[derive(Debug, Serialize)]
struct Durations {
    last: Option<f64>,
    p50: Option<f64>,
    p99: Option<f64>,
}

/// As X-Ray writes it: seconds since 1970 and 96 random bits, and the segment that calls. It is not sampled.
fn trace_id() -> String {
    let random = uuid::Uuid::new_v4().simple().to_string();
    let parent = uuid::Uuid::new_v4().simple().to_string();
    format!(
        "Root=1-{:08x}-{};Parent={};Sampled=0",
        jiff::Timestamp::now().as_second(),
        &random[..24],
        &parent[..16]
    )
}

/// To the next millisecond.
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

/// All functions of the template.
#[derive(Debug)]
pub struct Functions {
    by_name: BTreeMap<String, Arc<Function>>,
    gate: Arc<Gate>,
}

impl Functions {
    pub fn new(
        specs: &[template::Function],
        folders: &Folders,
        aws_url: &str,
        region: &str,
        clock: &Arc<Clock>,
        record: &Arc<Record>,
    ) -> Self {
        let gate = Arc::new(Gate::default());
        let interpreters = Interpreters::find(specs);
        let by_name = specs.iter().map(|spec| {
            let program = Program::of(spec, folders, &interpreters);
            let missing = program.missing();
            let state = if missing.is_none() {
                State::Ready
            } else {
                State::Missing
            };
            let mut variables = variables(spec, aws_url, region);
            variables.extend(program.variables.clone());
            let concurrency = spec.reserved_concurrency.unwrap_or(PROCESSES);
            let function = Function {
                launch: Launch {
                    name: spec.name.clone(),
                    arn: spec.arn.clone(),
                    program,
                    memory_mb: spec.memory_mb,
                    variables,
                    clock: clock.clone(),
                },
                slots: Semaphore::new(concurrency),
                concurrency,
                idle: Mutex::default(),
                all: Mutex::default(),
                counts: Mutex::default(),
                state: Mutex::new((state, missing)),
                generation: AtomicU64::new(0),
                gate: gate.clone(),
                clock: clock.clone(),
                record: record.clone(),
                spec: spec.clone(),
            };
            (spec.name.clone(), Arc::new(function))
        });
        Self {
            by_name: by_name.collect(),
            gate,
        }
    }

    /// Writes the environment of each function to `<name>.env`, for `cargo lambda watch` and debuggers. The Runtime API is
    /// not in it: the process that starts the function brings one.
    pub fn write_environments(&self, folder: &Path) -> std::io::Result<()> {
        std::fs::create_dir_all(folder)?;
        for function in self.all() {
            let mut text = format!(
                "# The environment of {} under local. Written at each start.\n",
                function.spec.name
            );
            for (name, value) in function.launch.known_variables() {
                if value.contains(['\n', '\r']) {
                    text.push_str(&format!(
                        "# {name} has several lines, which this format cannot hold.\n"
                    ));
                } else {
                    text.push_str(&format!("{name}={value}\n"));
                }
            }
            std::fs::write(folder.join(format!("{}.env", function.spec.name)), text)?;
        }
        Ok(())
    }

    /// Waits until no invocation runs, and keeps new ones waiting until the guard is dropped. A process knows one time,
    /// so one that ran across a jump would meet leases of another. None when some invocation takes too long.
    ///
    /// A writer that queued would hold up what a running invocation calls through the gateway, and wait for it.
    pub async fn quiet(&self) -> Option<impl Drop> {
        let until = tokio::time::Instant::now() + LONGEST_QUIET_WAIT;
        loop {
            match self.gate.try_write() {
                Ok(guard) => return Some(guard),
                Err(_) if tokio::time::Instant::now() >= until => return None,
                Err(_) => tokio::time::sleep(QUIET_POLL).await,
            }
        }
    }

    pub fn all(&self) -> impl Iterator<Item = &Arc<Function>> {
        self.by_name.values()
    }

    /// By the binary's name, the name in AWS or the ARN.
    pub fn get(&self, name: &str) -> Option<&Arc<Function>> {
        self.by_name.get(name).or_else(|| {
            let named = |function: &&Arc<Function>| {
                function.spec.physical_name == name || function.spec.arn == name
            };
            self.all().find(named)
        })
    }
}

/// What Lambda puts into the environment, and what leads the function to this laptop. The access key names the function,
/// so that its calls are counted and permitted as its own.
fn variables(spec: &template::Function, aws_url: &str, region: &str) -> BTreeMap<String, String> {
    let mut variables = spec.environment.clone();
    let is_own = spec.runtime == template::Runtime::Own;
    let task_root = if is_own {
        ".".to_owned()
    } else {
        spec.folder.display().to_string()
    };
    let more = [
        ("AWS_REGION", region),
        ("AWS_DEFAULT_REGION", region),
        ("AWS_ACCESS_KEY_ID", &spec.name),
        ("AWS_SECRET_ACCESS_KEY", SECRET_KEY),
        ("AWS_ENDPOINT_URL", aws_url),
        ("AWS_LAMBDA_FUNCTION_NAME", &spec.physical_name),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
        (
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
            &spec.memory_mb.to_string(),
        ),
        ("AWS_LAMBDA_LOG_GROUP_NAME", &spec.log_group),
        ("AWS_LAMBDA_LOG_STREAM_NAME", "local"),
        ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand"),
        (
            "AWS_EXECUTION_ENV",
            &format!("AWS_Lambda_{}", spec.runtime.name()),
        ),
        ("LAMBDA_TASK_ROOT", &task_root),
        ("LAMBDA_RUNTIME_DIR", &task_root),
        ("_HANDLER", &spec.handler),
        ("LANG", "en_US.UTF-8"),
        ("PATH", "/usr/local/bin:/usr/bin:/bin"),
        ("TZ", ":UTC"),
        ("RUST_BACKTRACE", "0"),
    ];
    variables.extend(more.map(|(name, value)| (name.to_owned(), value.to_owned())));
    variables
}
