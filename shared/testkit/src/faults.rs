//! Faults, enumerated: a scenario runs once and its calls are counted; then it runs again for each call and each fault.

use std::{
    future::pending,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use tokio::sync::Notify;

/// How one call fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The request never arrives.
    LostBefore,
    /// The request is carried out, and its response is lost.
    ReplyLost,
    /// The service refuses because it is called too often.
    Throttled,
    /// DynamoDB refuses a write because another transaction holds its row. Other calls do not meet it.
    Conflict,
    /// The process dies before it sends the request.
    DiesBefore,
    /// The process dies after the request was carried out.
    DiesAfter,
}

impl Fault {
    pub const ALL: [Self; 6] = [
        Self::LostBefore,
        Self::ReplyLost,
        Self::Throttled,
        Self::Conflict,
        Self::DiesBefore,
        Self::DiesAfter,
    ];
}

/// What a caller sees of a call that is not answered as usual.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The connection breaks, before or after the call was carried out.
    Lost,
    Throttled,
    Conflict,
}

/// A call that was made, such as `DynamoDB_20120810.TransactWriteItems` or `PUT /bucket/key`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call(pub String);

impl Call {
    pub(crate) fn of<B>(request: &http::Request<B>) -> Self {
        let target = request.headers().get("x-amz-target");
        match target.and_then(|target| target.to_str().ok()) {
            Some(target) => Self(target.to_owned()),
            None => Self(format!("{} {}", request.method(), request.uri().path())),
        }
    }

    fn meets(&self, fault: Fault) -> bool {
        const WRITES: [&str; 4] = ["PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems"];
        let is_write = || {
            WRITES
                .iter()
                .any(|write| self.0 == format!("DynamoDB_20120810.{write}"))
        };
        fault != Fault::Conflict || is_write()
    }
}

#[derive(Debug, Default)]
struct State {
    calls: Vec<Call>,
    planned: Option<(usize, Fault)>,
}

/// The calls since the last `plan` or `clear`, and the fault that one of them meets.
#[derive(Debug, Default)]
pub struct Faults {
    state: Mutex<State>,
    died: Notify,
    /// Calls that are being performed.
    running: AtomicUsize,
}

/// Counts a call until it has an answer or its caller dies.
struct Running<'a>(&'a AtomicUsize);

impl<'a> Running<'a> {
    fn begin(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count)
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Faults {
    /// Lets the call with this number, counted from now and from 0, meet a fault.
    pub fn plan(&self, number: usize, fault: Fault) {
        *self.lock() = State {
            calls: Vec::new(),
            planned: Some((number, fault)),
        };
    }

    /// Counts from 0 again, without a fault.
    pub fn clear(&self) {
        *self.lock() = State::default();
    }

    pub fn calls(&self) -> Vec<Call> {
        self.lock().calls.clone()
    }

    /// Runs a handler until it returns, or until a planned fault ends its process. Returns `None` in that case.
    pub async fn run<T>(&self, handler: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            outcome = handler => Some(outcome),
            () = self.died.notified() => None,
        }
    }

    /// Whether no call is being performed: the work computes, or waits for a time.
    pub fn is_idle(&self) -> bool {
        self.running.load(Ordering::Relaxed) == 0
    }

    /// Performs a call, unless the fault that is planned for it forbids that: then `refuse` answers in its place.
    pub(crate) async fn perform<T>(
        &self,
        call: Call,
        refuse: impl FnOnce(Refusal) -> T,
        perform: impl Future<Output = T>,
    ) -> T {
        let _running = Running::begin(&self.running);
        match self.next(call) {
            None => perform.await,
            Some(Fault::LostBefore) => refuse(Refusal::Lost),
            Some(Fault::Throttled) => refuse(Refusal::Throttled),
            Some(Fault::Conflict) => refuse(Refusal::Conflict),
            Some(Fault::DiesBefore) => self.die().await,
            Some(Fault::ReplyLost) => {
                perform.await;
                refuse(Refusal::Lost)
            }
            Some(Fault::DiesAfter) => {
                perform.await;
                self.die().await
            }
        }
    }

    /// Notes a call, and returns the fault that it meets.
    fn next(&self, call: Call) -> Option<Fault> {
        let mut state = self.lock();
        let number = state.calls.len();
        state.calls.push(call);
        let planned = state.planned.filter(|(planned, _)| *planned == number);
        planned.map(|(_, fault)| fault)
    }

    /// Ends the process of the handler: its future is dropped and never goes on.
    async fn die(&self) -> ! {
        self.died.notify_one();
        pending().await
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Calls of a scenario that meets every fault at each of them in every run of the tests.
const EXHAUSTIVE_MAX_CALLS: usize = 5;

/// What `enumerate` ran.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Enumeration {
    /// Calls of one run without faults.
    pub calls: usize,
    /// Runs: one for each call and fault.
    pub runs: usize,
}

/// A scenario whose calls fail one by one.
pub trait Scenario: Sized {
    /// One of so many calls fails, unless `CONFAB_FAULTS` is set.
    const STRIDE: usize = 1;

    /// Opens a new cloud with the state that the handler begins from.
    fn arrange() -> impl Future<Output = Self>;
    fn faults(&self) -> &Faults;
    /// Handles the request or message once. Redelivery calls it again.
    fn act(&self) -> impl Future<Output = Result<(), confab_core::Error>>;
    /// Asserts the invariants of the service, after the handler succeeded in the end.
    fn check(&self, story: &str) -> impl Future<Output = ()>;
}

/// The faults that each call meets, in long scenarios too: all with `CONFAB_FAULTS=all`, and deaths with `deaths`.
#[expect(clippy::disallowed_methods, reason = "the suite's own configuration")]
fn wanted_faults() -> Option<&'static [Fault]> {
    match std::env::var("CONFAB_FAULTS").ok()?.as_str() {
        "all" => Some(&Fault::ALL),
        "deaths" => Some(&[Fault::DiesBefore, Fault::DiesAfter]),
        _ => None,
    }
}

/// Whether scenarios run at full size.
pub fn is_exhaustive() -> bool {
    wanted_faults().is_some()
}

/// Returns the faults that a call meets: all of them in a short scenario, and one, in turn, in a long one.
fn faults_of(call: &Call, number: usize, calls: usize) -> Vec<Fault> {
    let wanted = wanted_faults();
    let mut faults = wanted.unwrap_or(&Fault::ALL).to_vec();
    faults.retain(|fault| call.meets(*fault));
    if wanted.is_some() || calls <= EXHAUSTIVE_MAX_CALLS {
        return faults;
    }
    vec![faults[number % faults.len()]]
}

/// Runs a scenario for each of its calls and each fault of `faults_of`. After the fault the message is delivered again
/// until it is handled, and once more as a copy; then the invariants must hold.
#[expect(
    clippy::panic,
    clippy::print_stdout,
    reason = "a scenario that cannot succeed fails the test, and the counts are shown"
)]
pub async fn enumerate<S: Scenario>() -> Enumeration {
    const MAX_DELIVERIES: usize = 5;
    let scenario = S::arrange().await;
    scenario.faults().clear();
    if let Err(error) = scenario.act().await {
        panic!("the scenario fails without a fault: {error}");
    }
    let calls = scenario.faults().calls();
    scenario.check("without a fault").await;
    let mut runs = 0;
    let stride = if is_exhaustive() { 1 } else { S::STRIDE };
    for (number, call) in calls.iter().enumerate().step_by(stride) {
        for fault in faults_of(call, number, calls.len()) {
            runs += 1;
            let scenario = S::arrange().await;
            scenario.faults().plan(number, fault);
            let story = format!("{fault:?} at call {number}, {}", call.0);
            let mut handled = matches!(scenario.faults().run(scenario.act()).await, Some(Ok(())));
            scenario.faults().clear();
            for _ in 1..MAX_DELIVERIES {
                let copy = scenario.act().await;
                if handled {
                    break;
                }
                handled = copy.is_ok();
            }
            assert!(
                handled,
                "{story}: not handled after {MAX_DELIVERIES} deliveries"
            );
            scenario.check(&story).await;
        }
    }
    let (name, calls) = (std::any::type_name::<S>(), calls.len());
    println!("{name}: {runs} runs over {calls} calls");
    Enumeration { calls, runs }
}
