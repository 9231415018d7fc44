//! Callbacks as Astria posts them: once, and signed by nobody.

use anyhow::{Context, Result};
use reqwest::RequestBuilder;
use serde_json::{Value, json};

use crate::{
    Outside,
    queue::Job,
    store::{astria, webhooks},
};

/// What is kept until it goes out.
pub(super) fn payload(
    id: i64,
    what: &str,
    url: &str,
    body: &Value,
    correlation_id: Option<String>,
) -> Value {
    json!({"callback": id, "what": what, "url": url, "body": body, "correlation_id": correlation_id})
}

pub(crate) fn kind(payload: &Value) -> &str {
    payload["what"].as_str().unwrap_or("callback")
}

pub(crate) fn correlation(payload: &Value) -> Option<String> {
    payload["correlation_id"].as_str().map(str::to_owned)
}

pub(crate) fn request(outside: &Outside, job: &Job) -> Result<RequestBuilder> {
    let url = job.payload["url"].as_str().context("No address")?;
    Ok(outside.http.post(url).json(&job.payload["body"]))
}

/// Whatever came of it, it does not go out again.
pub(crate) fn over(outside: &Outside, job: &Job, status: Option<u16>) -> Result<()> {
    let mut store = outside.store();
    store.write(|writer| {
        webhooks::done(writer.db, job.id)?;
        match job.payload["callback"].as_i64() {
            Some(id) => astria::called(writer.db, id, status),
            None => Ok(()),
        }
    })?;
    store.tunes.done(job.id);
    Ok(())
}
