//! How processes of a function are started.

use std::{
    collections::BTreeMap,
    net::{Ipv4Addr, TcpListener},
    path::Path,
    process::Stdio,
    sync::Arc,
};

use tokio::{
    io::{AsyncBufReadExt, AsyncRead, BufReader},
    process::Command,
};

use super::{process::Process, program::Program, runtime_api};
use crate::{clock::Clock, recorder::Recorder};

/// What processes of one function are started with.
#[derive(Debug)]
pub(super) struct Launch {
    pub(super) name: String,
    pub(super) arn: String,
    pub(super) program: Program,
    pub(super) memory_mb: u64,
    pub(super) variables: BTreeMap<String, String>,
    pub(super) clock: Arc<Clock>,
    pub(super) recorder: Arc<Recorder>,
}

/// Functions with this much memory are taken as CPU-bound and run at a lower priority.
const CPU_BOUND_MEMORY_MB: u64 = 1024;
const NICE: &str = "/usr/bin/nice";

impl Launch {
    /// On Lambda each process has its own CPU share. Here they share a few cores, and CPU-bound work must not delay requests.
    fn command(&self) -> Command {
        let mut command = if self.memory_mb < CPU_BOUND_MEMORY_MB || !Path::new(NICE).exists() {
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

    fn environment(&self, runtime_api: &str) -> BTreeMap<String, String> {
        let mut variables = self.known_variables();
        variables.insert("AWS_LAMBDA_RUNTIME_API".to_owned(), runtime_api.to_owned());
        variables
    }

    /// Returns all variables but the address of the Runtime API, which differs per process.
    pub(super) fn known_variables(&self) -> BTreeMap<String, String> {
        let mut variables = self.variables.clone();
        variables.insert(
            "CONFAB_CLOCK_OFFSET_MS".to_owned(),
            self.clock.offset_ms().to_string(),
        );
        variables
    }

    /// Starts a process, with a Runtime API of its own.
    pub(super) fn start(&self) -> std::io::Result<Arc<Process>> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let runtime_api = listener.local_addr()?.to_string();
        let (process, killed) = Process::new(self.arn.clone());
        let mut child = self
            .command()
            .env_clear()
            .envs(self.environment(&runtime_api))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        if let Some(output) = child.stdout.take() {
            tokio::spawn(log_lines(output, self.name.clone(), self.recorder.clone()));
        }
        if let Some(output) = child.stderr.take() {
            tokio::spawn(log_lines(output, self.name.clone(), self.recorder.clone()));
        }
        // Connections wait in the listener's backlog until it is served.
        tokio::spawn(runtime_api::serve(listener, process.clone()));
        tokio::spawn(process.clone().watch(child, killed));
        Ok(process)
    }
}

async fn log_lines(output: impl AsyncRead + Unpin, function: String, recorder: Arc<Recorder>) {
    let mut lines = BufReader::new(output).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        recorder.log(&function, &line);
    }
}
