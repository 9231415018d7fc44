//! The files with the functions' environments: each function starts with its file alone.

use std::{collections::BTreeMap, path::Path, process::Stdio};

use anyhow::{Context, Result, ensure};
use confab_e2e::{PATIENCE, Place, binary};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    process::Command,
};

/// A function of each service, with an event of its own and the status of its answer; a worker's answer has none.
const FUNCTIONS: [(&str, &str, Option<u64>); 4] = [
    ("sms-received", "studio/sms-received.verify.json", Some(200)),
    (
        "payments-health",
        "payments/payments-health.ready.json",
        Some(200),
    ),
    ("rooms-health", "rooms/rooms-health.ready.json", Some(200)),
    (
        "weekly-cleanup",
        "maintenance/weekly-cleanup.tick.json",
        None,
    ),
];

#[tokio::test]
async fn functions_of_each_service_run_with_the_environment_that_local_writes() -> Result<()> {
    let place = Place::local().await?;
    let folder = place.local.as_ref().context("a local")?.data().join("env");
    let events = Path::new(env!("CARGO_MANIFEST_DIR")).join("../events");
    for (function, event, status) in FUNCTIONS {
        let environment = read(&folder.join(format!("{function}.env")))?;
        let event = std::fs::read(events.join(event))?;
        let answer = run_once(function, environment, event)
            .await
            .context(function)?;
        let answer = answer.with_context(|| format!("{function} failed"))?;
        assert_eq!(
            answer["statusCode"].as_u64(),
            status,
            "{function}: {answer}"
        );
    }
    Ok(())
}

/// `NAME=VALUE` a line, without quotes, as `cargo lambda watch --env-file` reads it.
fn read(file: &Path) -> Result<BTreeMap<String, String>> {
    let text = std::fs::read_to_string(file).with_context(|| file.display().to_string())?;
    let lines = text
        .lines()
        .filter(|line| !line.starts_with('#') && !line.is_empty());
    lines
        .map(|line| {
            let (name, value) = line.split_once('=').with_context(|| line.to_owned())?;
            Ok((name.to_owned(), value.to_owned()))
        })
        .collect()
}

/// Starts a function's binary against a Runtime API that has one event. None when the function reports an error.
async fn run_once(
    function: &str,
    environment: BTreeMap<String, String>,
    event: Vec<u8>,
) -> Result<Option<Value>> {
    ensure!(
        !environment.contains_key("AWS_LAMBDA_RUNTIME_API"),
        "an address that is not there any more"
    );
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let mut child = Command::new(binary(function))
        .env_clear()
        .envs(environment)
        .env("AWS_LAMBDA_RUNTIME_API", listener.local_addr()?.to_string())
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .spawn()?;
    let answered = tokio::time::timeout(PATIENCE, serve(&listener, &event)).await?;
    child.kill().await?;
    answered
}

async fn serve(listener: &TcpListener, event: &[u8]) -> Result<Option<Value>> {
    loop {
        let (mut stream, _) = listener.accept().await?;
        while let Some((line, body)) = request(&mut stream).await? {
            if line.contains("/invocation/next") {
                let deadline = u64::MAX / 4;
                let head = format!(
                    "HTTP/1.1 200 OK\r\nlambda-runtime-aws-request-id: 1\r\nlambda-runtime-deadline-ms: {deadline}\r\n\
                     lambda-runtime-invoked-function-arn: arn:aws:lambda:us-east-1:000000000000:function:f\r\n\
                     content-length: {}\r\n\r\n",
                    event.len()
                );
                stream.write_all(&[head.as_bytes(), event].concat()).await?;
            } else if line.contains("/response") {
                return Ok(Some(serde_json::from_slice(&body)?));
            } else {
                eprintln!("{line}: {}", String::from_utf8_lossy(&body));
                return Ok(None);
            }
        }
    }
}

/// The first line and the body of the next request on a connection.
async fn request(stream: &mut TcpStream) -> Result<Option<(String, Vec<u8>)>> {
    let mut read = Vec::new();
    loop {
        if let Some(at) = read.windows(4).position(|window| window == b"\r\n\r\n") {
            let head = String::from_utf8(read[..at].to_vec())?.to_ascii_lowercase();
            let length = head
                .lines()
                .find_map(|line| line.strip_prefix("content-length:"));
            let length: usize = length.map_or(Ok(0), |length| length.trim().parse())?;
            if read.len() >= at + 4 + length {
                let line = head.lines().next().unwrap_or_default().to_owned();
                return Ok(Some((line, read[at + 4..at + 4 + length].to_vec())));
            }
        }
        if stream.read_buf(&mut read).await? == 0 {
            return Ok(None);
        }
    }
}
