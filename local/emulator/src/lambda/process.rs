//! One execution environment: a process of the function's binary, which asks for one event at a time.

use std::{
    net::{Ipv4Addr, TcpListener},
    process::Stdio,
    sync::{Arc, Mutex},
    time::Duration,
};

use bytes::Bytes;
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, BufReader},
    process::Child,
    sync::{mpsc, oneshot, watch},
};

use super::{
    function::{Failure, Launch, Outcome},
    runtime_api,
};
use crate::record::Record;

/// Lambda gives a start ten seconds.
const INIT: Duration = Duration::from_secs(10);

/// One event on its way through a process.
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
    /// The runtime's end, taken in turns by its `next` calls.
    pub(super) next: tokio::sync::Mutex<mpsc::Receiver<Invocation>>,
    pending: Mutex<Option<(String, oneshot::Sender<Outcome>)>>,
    ready: watch::Sender<bool>,
    /// Why it ended.
    gone: watch::Sender<Option<Failure>>,
    kill: mpsc::Sender<()>,
}

impl Process {
    pub(super) fn start(launch: &Launch, record: &Arc<Record>) -> std::io::Result<Arc<Self>> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let runtime_api = listener.local_addr()?.to_string();
        let (inbox, next) = mpsc::channel(1);
        let (kill, killed) = mpsc::channel(1);
        let process = Arc::new(Self {
            arn: launch.arn.clone(),
            inbox,
            next: tokio::sync::Mutex::new(next),
            pending: Mutex::default(),
            ready: watch::channel(false).0,
            gone: watch::channel(None).0,
            kill,
        });
        let mut child = launch
            .command()
            .env_clear()
            .envs(launch.environment(&runtime_api))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        if let Some(output) = child.stdout.take() {
            tokio::spawn(read_lines(output, launch.name.clone(), record.clone()));
        }
        if let Some(output) = child.stderr.take() {
            tokio::spawn(read_lines(output, launch.name.clone(), record.clone()));
        }
        // It waits in the listener's queue until it is served.
        tokio::spawn(runtime_api::serve(listener, process.clone()));
        tokio::spawn(process.clone().watch(child, killed));
        Ok(process)
    }

    async fn watch(self: Arc<Self>, mut child: Child, mut killed: mpsc::Receiver<()>) {
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
        self.goes(Failure::crashed(how.clone()));
        self.finish_pending(Outcome::Failed(Failure::crashed(how)));
    }

    /// Asks the process to end as `kill -9` does.
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

    /// The runtime's own account of a failed start. The exit of the process, which follows, tells less.
    pub(super) fn fails_to_start(&self, failure: Failure) {
        self.goes(failure);
        self.kill();
    }

    /// The first reason stands.
    fn goes(&self, failure: Failure) {
        self.gone.send_if_modified(|gone| {
            let is_first = gone.is_none();
            gone.get_or_insert(failure);
            is_first
        });
    }

    pub(super) fn asks_for_work(&self) {
        self.ready.send_replace(true);
    }

    /// Waits for the first `next`: the start is over.
    pub(super) async fn started(&self) -> Result<(), Failure> {
        let mut ready = self.ready.subscribe();
        let mut gone = self.gone.subscribe();
        tokio::select! {
            Ok(_) = ready.wait_for(|ready| *ready) => Ok(()),
            Ok(failure) = gone.wait_for(Option::is_some) => {
                Err(failure.clone().unwrap_or_else(|| Failure::crashed("the process ended".to_owned())))
            }
            () = tokio::time::sleep(INIT) => {
                self.kill();
                Err(Failure::timed_out("the start took longer than 10 s".to_owned()))
            }
        }
    }

    /// Hands over one event and waits for what becomes of it. A process that takes too long is killed.
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

    /// What the runtime answered for `request_id`; false when nobody waits for that any more.
    pub(super) fn finish(&self, request_id: &str, outcome: Outcome) -> bool {
        let mut pending = self.pending();
        match pending.take_if(|(id, _)| id == request_id) {
            Some((_, done)) => done.send(outcome).is_ok(),
            None => false,
        }
    }

    fn finish_pending(&self, outcome: Outcome) {
        if let Some((_, done)) = self.pending().take() {
            // Whoever waited may have given up.
            done.send(outcome).ok();
        }
    }

    fn pending(&self) -> std::sync::MutexGuard<'_, Option<(String, oneshot::Sender<Outcome>)>> {
        self.pending
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

async fn read_lines(output: impl AsyncRead + Unpin, function: String, record: Arc<Record>) {
    let mut lines = BufReader::new(output).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        record.line(&function, &line);
    }
}
