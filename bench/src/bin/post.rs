//! Processor time of a post to a connection: signed by hand, as functions do it, and through the SDK.
//!
//! Both end in a connector that answers at once, so that only the client's own work is counted.

use std::error::Error;

use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};
use aws_sdk_apigatewaymanagement::{
    Client,
    config::{BehaviorVersion, Region},
    primitives::Blob,
};
use aws_smithy_runtime_api::client::http::{SharedHttpConnector, http_client_fn};
use confab_aws::Sockets;
use confab_bench::{Answers, ENDPOINT, aws};

const POSTS: u32 = 50_000;
const ROUNDS: usize = 5;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let frame = vec![b'x'; 300];
    let sockets = Sockets::new(&aws(Answers(""))?, format!("{ENDPOINT}/live"));
    let client = sdk();
    let (mut by_hand, mut by_sdk) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let start = cpu_ns()?;
        for _ in 0..POSTS {
            sockets.post("L0SM9cOFvHcCIhw=", frame.clone()).await?;
        }
        by_hand.push(cpu_ns()? - start);
        let start = cpu_ns()?;
        for _ in 0..POSTS {
            let post = client.post_to_connection();
            let post = post.connection_id("L0SM9cOFvHcCIhw=");
            post.data(Blob::new(frame.clone())).send().await?;
        }
        by_sdk.push(cpu_ns()? - start);
    }
    println!("| client | µs a post (median of {ROUNDS} rounds of {POSTS}) | fastest | slowest |");
    println!("|---|---|---|---|");
    print_row("signed by hand", by_hand);
    print_row("aws-sdk-apigatewaymanagement", by_sdk);
    Ok(())
}

fn sdk() -> Client {
    let connector = SharedHttpConnector::new(Answers(""));
    let credentials = Credentials::new("test", "test", None, None, "bench");
    let config = aws_sdk_apigatewaymanagement::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .http_client(http_client_fn(move |_, _| connector.clone()))
        .endpoint_url(format!("{ENDPOINT}/live"))
        .build();
    Client::from_conf(config)
}

/// Processor time of this thread so far, which is the whole process.
fn cpu_ns() -> Result<u64, Box<dyn Error>> {
    let stat = std::fs::read_to_string("/proc/self/schedstat")?;
    let first = stat.split_whitespace().next().ok_or("an empty schedstat")?;
    Ok(first.parse()?)
}

#[expect(clippy::cast_precision_loss, reason = "a few seconds in nanoseconds")]
fn print_row(client: &str, mut times: Vec<u64>) {
    times.sort_unstable();
    let us = |ns: u64| ns as f64 / f64::from(POSTS) / 1_000.0;
    let (median, fastest, slowest) = (times[ROUNDS / 2], times[0], times[ROUNDS - 1]);
    println!("| {client} | {:.1} | {:.1} | {:.1} |", us(median), us(fastest), us(slowest));
}
