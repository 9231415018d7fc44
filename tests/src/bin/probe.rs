//! A function that does what its event says: the suite of Lambda's behaviour runs it on `local`.

use std::{
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde_json::{Value, json};

static CALLS: AtomicU32 = AtomicU32::new(0);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    run(service_fn(obey)).await
}

async fn obey(event: LambdaEvent<Value>) -> Result<Value, Error> {
    let order = &event.payload;
    match order["do"].as_str().unwrap_or("echo") {
        "fail" => Err("as told".into()),
        "exit" => std::process::exit(3),
        "sleep" => {
            tokio::time::sleep(Duration::from_millis(order["ms"].as_u64().unwrap_or(0))).await;
            Ok(json!({ "slept": order["ms"] }))
        }
        "who" => Ok(json!({ "process": std::process::id(), "call": CALLS.fetch_add(1, Ordering::Relaxed) + 1 })),
        _ => Ok(event.payload),
    }
}
