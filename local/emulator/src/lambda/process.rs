//! One execution environment: a process of the function's binary, which asks for one event at a time.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use bytes::Bytes;
use tokio::{
    process::Child,
    sync::{mpsc, oneshot, watch},
};

use super::outcome::{Failure, Outcome};

/// Lambda gives a start ten seconds.
const INIT_TIMEOUT: Duration = Duration::from_secs(10);

/// One event for a process.
#[derive(Debug)]
pub(super) struct Invocation {
    pub(super) request_id: String,
    /// As X-Ray writes it.
    pub(super) trace_id: String,
    pub(super) deadline_ms: i64,
    pub(super) payload: Bytes,
}

#[derive(Debug)]
pub(super) struct Process {
    pub(super) arn: String,
    inbox: mpsc::Sender<Invocation>,
    /// The receiver of `inbox`, shared by the calls of `next`.
    pub(super) next: tokio::sync::Mutex<mpsc::Receiver<Invocation>>,
    pending: Mutex<Option<(String, oneshot::Sender<Outcome>)>>,
    ready: watch::Sender<bool>,
    /// The reason of its end.
    gone: watch::Sender<Option<Failure>>,
    kill: mpsc::Sender<()>,
}

impl Process {
    /// Builds a process that asks for events once it is started, and the receiver of its kill signal.
    pub(super) fn new(arn: String) -> (Arc<Self>, mpsc::Receiver<()>) {
        let (inbox, next) = mpsc::channel(1);
        let (kill, killed) = mpsc::channel(1);
        let process = Self {
            arn,
            inbox,
            next: tokio::sync::Mutex::new(next),
            pending: Mutex::default(),
            ready: watch::channel(false).0,
            gone: watch::channel(None).0,
            kill,
        };
        (Arc::new(process), killed)
    }

    /// Waits for the child's end, or ends it when it is to be killed.
    pub(super) async fn watch(self: Arc<Self>, mut child: Child, mut killed: mpsc::Receiver<()>) {
        let ended = tokio::select! {
            status = child.wait() => status,
            _ = killed.recv() => {
                child.start_kill().ok();
                child.wait().await
            }
        };
        let how = match ended {
            Ok(status) => format!("the process ended: {status}"),
            Err(error) => format!("the process is lost: {error}"),
        };
        self.set_gone(Failure::crashed(how.clone()));
        self.finish_pending(Outcome::Failed(Failure::crashed(how)));
    }

    /// Sends SIGKILL.
    pub(super) fn kill(&self) {
        // It may be gone already.
        self.kill.try_send(()).ok();
    }

    pub(super) fn is_gone(&self) -> bool {
        self.gone.borrow().is_some()
    }

    pub(super) async fn ended(&self) {
        // The sender lives as long as `self`.
        self.gone.subscribe().wait_for(Option::is_some).await.ok();
    }

    /// Records the runtime's own account of a failed start, which says more than the exit that follows.
    pub(super) fn fail_init(&self, failure: Failure) {
        self.set_gone(failure);
        self.kill();
    }

    /// Keeps the first reason.
    fn set_gone(&self, failure: Failure) {
        self.gone.send_if_modified(|gone| {
            let is_first = gone.is_none();
            gone.get_or_insert(failure);
            is_first
        });
    }

    pub(super) fn set_ready(&self) {
        self.ready.send_replace(true);
    }

    /// Waits for the first `next`, which ends the init phase.
    pub(super) async fn started(&self) -> Result<(), Failure> {
        let mut ready = self.ready.subscribe();
        let mut gone = self.gone.subscribe();
        tokio::select! {
            Ok(_) = ready.wait_for(|ready| *ready) => Ok(()),
            Ok(failure) = gone.wait_for(Option::is_some) => {
                Err(failure.clone().unwrap_or_else(|| Failure::crashed("the process ended".to_owned())))
            }
            () = tokio::time::sleep(INIT_TIMEOUT) => {
                self.kill();
                Err(Failure::timed_out("the start took longer than 10 s".to_owned()))
            }
        }
    }

    /// Delivers one event and waits for its outcome. Kills the process after `timeout`.
    pub(super) async fn invoke(&self, invocation: Invocation, timeout: Duration) -> Outcome {
        let (done, outcome) = oneshot::channel();
        let request_id = invocation.request_id.clone();
        *self.pending() = Some((request_id, done));
        if self.is_gone() || self.inbox.send(invocation).await.is_err() {
            self.pending().take();
            return Outcome::Failed(Failure::crashed(
                "the process ended between two events".to_owned(),
            ));
        }
        match tokio::time::timeout(timeout, outcome).await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(_)) => Outcome::Failed(Failure::crashed("the process ended".to_owned())),
            Err(_) => {
                self.pending().take();
                self.kill();
                let seconds = timeout.as_secs_f64();
                Outcome::Failed(Failure::timed_out(format!(
                    "Task timed out after {seconds:.2} seconds"
                )))
            }
        }
    }

    /// Completes the invocation `request_id`; false when it is not pending any more.
    pub(super) fn finish(&self, request_id: &str, outcome: Outcome) -> bool {
        let mut pending = self.pending();
        match pending.take_if(|(id, _)| id == request_id) {
            Some((_, done)) => done.send(outcome).is_ok(),
            None => false,
        }
    }

    fn finish_pending(&self, outcome: Outcome) {
        if let Some((_, done)) = self.pending().take() {
            // The receiver may have timed out.
            done.send(outcome).ok();
        }
    }

    fn pending(&self) -> std::sync::MutexGuard<'_, Option<(String, oneshot::Sender<Outcome>)>> {
        self.pending
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}
