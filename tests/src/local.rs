//! A `local` process that belongs to one test.

use std::{path::PathBuf, process::Stdio, time::Duration};

use anyhow::{Context, Result, bail};
use serde_json::json;
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
};

use crate::place::environment;

#[derive(Debug)]
pub struct Local {
    child: Child,
    data: TempDir,
    template: &'static str,
    pub home: String,
    pub gateway: String,
    pub aws: String,
}

impl Local {
    /// Runs a template, named from the repository's root.
    pub(crate) async fn start_with(template: &'static str) -> Result<Self> {
        Self::start_in(tempfile::tempdir()?, free_ports()?, template).await
    }

    async fn start_in(data: TempDir, port: u16, template: &'static str) -> Result<Self> {
        let (root, binaries) = (root(), binaries());
        let local = if is_as_deployed() {
            built("measure")
        } else {
            binaries.clone()
        }
        .join("local");
        let mut child = Command::new(&local)
            .current_dir(&root)
            .arg("--no-watch")
            .arg("--template")
            .arg(root.join(template))
            .arg("--port")
            .arg(port.to_string())
            .arg("--data")
            .arg(data.path().join("data"))
            .arg("--binaries")
            .arg(&binaries)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("Failed to start {}: is it built?", local.display()))?;
        let output = child.stdout.take().context("local has no output")?;
        let mut lines = BufReader::new(output).lines();
        let mut places = [const { None }; 3];
        let read = async {
            while let Some(line) = lines.next_line().await? {
                let mut words = line.split_whitespace();
                match (words.next(), words.next()) {
                    (Some("Home"), Some(url)) => places[0] = Some(url.to_owned()),
                    (Some("API"), Some(url)) => places[1] = Some(url.to_owned()),
                    (Some("AWS"), Some(url)) => {
                        places[2] = Some(url.to_owned());
                        return anyhow::Ok(());
                    }
                    _ => {}
                }
            }
            bail!("local ended without being ready")
        };
        tokio::time::timeout(Duration::from_secs(20), read)
            .await
            .context("local is not ready")??;
        let [Some(home), Some(gateway), Some(aws)] = places else {
            bail!("local did not say where it is")
        };
        Ok(Self {
            child,
            data,
            template,
            home,
            gateway,
            aws,
        })
    }

    /// `kill -9`, and a new process on the same data and the same ports.
    pub(crate) async fn power_cut(mut self) -> Result<Self> {
        self.child.kill().await?;
        let port = self.home.rsplit(':').next().context("no port")?.parse()?;
        Self::start_in(self.data, port, self.template).await
    }

    /// Moves its time forward.
    pub(crate) async fn advance(&self, http: &reqwest::Client, by: Duration) -> Result<()> {
        let millis = u64::try_from(by.as_millis())?;
        let moved = http
            .post(format!("{}/api/clock", self.home))
            .json(&json!({ "advance_ms": millis }))
            .send()
            .await?;
        moved.error_for_status()?;
        Ok(())
    }

    pub fn data(&self) -> PathBuf {
        self.data.path().join("data")
    }
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// A program that was built along with `local`.
pub fn binary(name: &str) -> PathBuf {
    binaries().join(name)
}

fn binaries() -> PathBuf {
    built(if is_as_deployed() { "release" } else { "debug" })
}

fn built(profile: &str) -> PathBuf {
    environment("CARGO_TARGET_DIR")
        .map_or_else(|| root().join("target"), PathBuf::from)
        .join(profile)
}

/// `CONFAB_AS_DEPLOYED=1`: functions as they are deployed, on a `local` that keeps up with them. For measuring.
fn is_as_deployed() -> bool {
    environment("CONFAB_AS_DEPLOYED").is_some()
}

/// Folders in /proc of the processes of a function.
fn processes(function: &str) -> Result<Vec<PathBuf>> {
    let program = std::fs::canonicalize(binaries().join(function))?;
    let is_of_function =
        |folder: &PathBuf| std::fs::read_link(folder.join("exe")).is_ok_and(|exe| exe == program);
    let folders = std::fs::read_dir("/proc")?.flatten();
    Ok(folders
        .map(|process| process.path())
        .filter(is_of_function)
        .collect())
}

/// The most memory that a process of a function has had so far, in megabytes.
pub fn peak_memory(function: &str) -> Result<f64> {
    let mut most = 0.0_f64;
    for process in processes(function)? {
        let status = std::fs::read_to_string(process.join("status")).unwrap_or_default();
        let peak = status
            .lines()
            .find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB"));
        let kilobytes = peak.and_then(|kb| kb.trim().parse::<f64>().ok());
        most = most.max(kilobytes.unwrap_or_default() / 1_024.0);
    }
    Ok(most)
}

/// The processor time that the living processes of a function have used, in microseconds.
pub fn processor_micros(function: &str) -> Result<f64> {
    const MICROS_A_TICK: f64 = 10_000.0;
    let mut ticks = 0.0;
    for process in processes(function)? {
        let stat = std::fs::read_to_string(process.join("stat")).unwrap_or_default();
        // The name in parentheses may have spaces. User and system time are 12 and 13 fields behind it.
        let fields = stat.rsplit(')').next().unwrap_or_default().split(' ');
        let times = fields.skip(12).take(2);
        ticks += times
            .filter_map(|time| time.parse::<f64>().ok())
            .sum::<f64>();
    }
    Ok(ticks * MICROS_A_TICK)
}

/// Five ports in a row: after a restart they must be the same, since providers keep addresses.
fn free_ports() -> Result<u16> {
    let bind = |port| std::net::TcpListener::bind(("127.0.0.1", port));
    for _ in 0..100 {
        let first = bind(0)?.local_addr()?.port();
        let all = (first..first.saturating_add(5)).all(|port| bind(port).is_ok());
        if all && first < u16::MAX - 5 {
            return Ok(first);
        }
    }
    bail!("no five free ports in a row")
}
