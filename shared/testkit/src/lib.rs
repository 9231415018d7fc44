//! What tests share: AWS in the process with faults, the samples in `events/`, and servers that misbehave below HTTP.

mod cloud;
#[expect(clippy::unwrap_used, reason = "a broken event or frame fails the test")]
mod connection;
mod faults;
mod http;
mod invocation;
mod providers;
mod rendered;
mod repeated;
#[expect(
    clippy::unwrap_used,
    reason = "a row that cannot be read fails the test"
)]
mod rows;
#[expect(
    clippy::unwrap_used,
    reason = "a missing sample is a mistake in the test"
)]
pub mod samples;
#[expect(clippy::unwrap_used, reason = "loopback is there")]
pub mod servers;

use std::path::PathBuf;

pub use cloud::{Cloud, TestClock, memory_folder};
pub use connection::{ClientConnection, OpenedConnection, authorizer_context, authorizer_request};
pub use faults::{Call, Enumeration, Fault, Faults, Scenario, enumerate, is_exhaustive};
pub use http::{TestRequest, TestResponse, send};
pub use invocation::invocation;
pub use rendered::assert_rendered;
pub use repeated::{Repeated, TestService, enumerate_repeated};
pub use rows::{read_partition, read_rows};

pub use confab_emulator::{AttachedConnection, StoredMail, TenantViolation};
use lambda_http::Request;
use serde_json::Value;

/// `sample("studio", "sms-received.text")` is `events/studio/sms-received.text.json`.
#[expect(clippy::panic, reason = "a missing sample is a mistake in the test")]
pub fn sample(service: &str, name: &str) -> Value {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../events")
        .join(service)
        .join(format!("{name}.json"));
    let text = std::fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The request that a function gets for an event of the HTTP API.
#[expect(clippy::panic, reason = "a broken sample is a mistake in the test")]
pub fn request(event: &Value) -> Request {
    lambda_http::request::from_str(&event.to_string())
        .unwrap_or_else(|error| panic!("not a request: {error}"))
}
