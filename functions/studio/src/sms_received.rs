//! `GET|POST /SmsReceived`: what Meta and Twilio are told to call. Verifies, parses, queues, answers 2xx.

use std::sync::Arc;

use confab_aws::Entry;
use confab_kernel::{
    Clock, CorrelationId, Error, Result, Timestamp,
    messaging::{Status, Update},
};
use confab_lambda::{CORRELATION_HEADER, Call, Reply, metrics, reply};
use confab_providers::{Parsed, meta, twilio};
use http::{HeaderValue, Method, StatusCode};
use secrecy::SecretString;
use sha2::{Digest, Sha256};
use studio_domain::{Job, conversation_of, event_of, status_group_of};

use crate::Webhook;

/// Meta sends up to 3 MB; Lambda takes 6.
const LARGEST: usize = 4 * 1024 * 1024;

pub async fn handle(deps: Arc<Webhook>, call: Call) -> Result<Reply> {
    if call.request.method() == Method::GET {
        let names = deps.names.meta.as_ref().ok_or_else(|| Error::forbidden("This channel is not configured."))?;
        let token = deps.secrets.get(&names.verify_token).await?;
        return Ok(reply::text(StatusCode::OK, meta::challenge(call.query(), &token)?));
    }
    if call.body().len() > LARGEST {
        return Err(Error::too_large("A webhook has at most 4 MB."));
    }
    let now = deps.clock.now();
    let (parsed, answer) = if call.header("x-twilio-signature").is_some() {
        let name = deps.names.twilio_auth_token.as_ref().ok_or_else(nobodys)?;
        let token = deps.secrets.get(name).await?;
        let parsed = from_twilio(&call, &token, deps.public_base_url.as_deref(), now)?;
        (parsed, reply::xml(StatusCode::OK, twilio::twiml_ack()))
    } else {
        let names = deps.names.meta.as_ref().ok_or_else(nobodys)?;
        let secret = deps.secrets.get(&names.app_secret).await?;
        (from_meta(&call, &secret, now)?, reply::empty(StatusCode::OK))
    };
    for _ in &parsed.ignored {
        metrics::count("WebhookPartIgnored", "unknown");
    }
    let entries = entries(parsed)?;
    deps.queue.send(&entries).await?;
    Ok(traced(answer, &entries))
}

fn from_meta(call: &Call, secret: &SecretString, now: Timestamp) -> Result<Parsed> {
    meta::verify(secret, call.body(), call.header("x-hub-signature-256")).map_err(rejected)?;
    meta::parse(call.body(), now)
}

fn from_twilio(call: &Call, token: &SecretString, base: Option<&str>, now: Timestamp) -> Result<Parsed> {
    let is_json = call.header("content-type").is_some_and(|kind| kind.starts_with("application/json"));
    let params = if is_json { Vec::new() } else { twilio::form(call.body()) };
    let signature = call.header("x-twilio-signature");
    twilio::verify(token, &public_url(call, base), &params, call.body(), signature).map_err(rejected)?;
    if is_json {
        return twilio::parse_json(call.body(), call.query(), now);
    }
    Ok(twilio::parse(&params, call.query(), now))
}

fn nobodys() -> Error {
    rejected(Error::unauthenticated("This channel is not configured."))
}

/// Nothing of an unverifiable request is kept but this count.
fn rejected(error: Error) -> Error {
    metrics::count("WebhookRejected", "signature");
    error
}

/// The address as the provider was told it: behind API Gateway the request's own differs.
fn public_url(call: &Call, base: Option<&str>) -> String {
    let host = call.header("host").unwrap_or_default();
    let base = base.map_or_else(|| format!("https://{host}"), str::to_owned);
    match call.query() {
        "" => format!("{base}{}", call.path()),
        query => format!("{base}{}?{query}", call.path()),
    }
}

fn entries(parsed: Parsed) -> Result<Vec<Entry>> {
    parsed.updates.into_iter().map(entry).collect()
}

/// A webhook that brought one thing belongs to the trace of that thing.
fn traced(mut answer: Reply, entries: &[Entry]) -> Reply {
    if let [only] = entries
        && let Ok(id) = HeaderValue::from_str(&only.correlation_id().to_string())
    {
        answer.headers_mut().insert(CORRELATION_HEADER, id);
    }
    answer
}

fn entry(update: Update) -> Result<Entry> {
    let (group, once) = match &update {
        Update::Message(message) => (conversation_of(&message.from), event_of(message)),
        Update::Status(status) => {
            let group = status_group_of(status);
            let once = format!("{group}#{}", status.stage.rank());
            (group, once)
        }
    };
    let correlation_id = match &update {
        // A status belongs to what made us send the message.
        Update::Status(Status { reference: Some(reference), .. }) => reference.correlation_id,
        _ => trace_of(&once),
    };
    Entry::new(&group, &once, &Job::V1 { update }, correlation_id)
}

fn trace_of(event: &str) -> CorrelationId {
    let digest = Sha256::digest(event.as_bytes());
    CorrelationId::of_digest(std::array::from_fn(|index| digest[index]))
}

#[cfg(test)]
mod tests;
