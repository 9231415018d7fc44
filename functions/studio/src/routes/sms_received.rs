//! `GET|POST /SmsReceived`: what Meta and Twilio are told to call. Verifies, parses, queues, answers 2xx.

use std::sync::Arc;

use confab_aws::Entry;
use confab_core::{Clock, CorrelationId, Error, Result, Timestamp};
use confab_lambda::{ApiRequest, CORRELATION_HEADER, Response, metrics, response};
use confab_messaging::{Inbound, StatusUpdate, Update};
use confab_meta as meta;
use confab_provider_base::Parsed;
use confab_twilio as twilio;
use http::{HeaderValue, Method, StatusCode};
use secrecy::SecretString;
use studio_domain::{Job, StatusJob, conversation_of, event_of};

use crate::{
    Webhook,
    services::channels::{META_APP_SECRET, META_VERIFY_TOKEN, TWILIO_AUTH_TOKEN},
};

/// Meta sends up to 3 MB; Lambda takes 6.
const LARGEST: usize = 4 * 1024 * 1024;

pub async fn handle(deps: Arc<Webhook>, call: ApiRequest) -> Result<Response> {
    if call.request.method() == Method::GET {
        let tokens = deps.keys.active(META_VERIFY_TOKEN).await?;
        return Ok(response::text(
            StatusCode::OK,
            meta::challenge(call.query(), &tokens)?,
        ));
    }
    if call.body().len() > LARGEST {
        return Err(Error::too_large("A webhook has at most 4 MB."));
    }
    let now = deps.clock.now();
    let (parsed, answer) = if call.header("x-twilio-signature").is_some() {
        let tokens = deps.keys.active(TWILIO_AUTH_TOKEN).await?;
        let parsed = from_twilio(&call, &tokens, deps.public_base_url.as_deref(), now)?;
        (parsed, response::xml(StatusCode::OK, twilio::twiml_ack()))
    } else {
        let secrets = deps.keys.active(META_APP_SECRET).await?;
        (
            from_meta(&call, &secrets, now)?,
            response::empty(StatusCode::OK),
        )
    };
    for _ in &parsed.ignored {
        metrics::count("WebhookPartIgnored", "unknown");
    }
    let Found { messages, statuses } = found(parsed)?;
    tokio::try_join!(deps.messages.send(&messages), deps.statuses.send(&statuses))?;
    Ok(traced(answer, &[messages, statuses].concat()))
}

fn from_meta(call: &ApiRequest, secrets: &[SecretString], now: Timestamp) -> Result<Parsed> {
    meta::verify(secrets, call.body(), call.header("x-hub-signature-256")).map_err(rejected)?;
    meta::parse(call.body(), now)
}

fn from_twilio(
    call: &ApiRequest,
    tokens: &[SecretString],
    base: Option<&str>,
    now: Timestamp,
) -> Result<Parsed> {
    let is_json = call
        .header("content-type")
        .is_some_and(|kind| kind.starts_with("application/json"));
    let params = if is_json {
        Vec::new()
    } else {
        twilio::form(call.body())
    };
    let signature = call.header("x-twilio-signature");
    twilio::verify(
        tokens,
        &public_url(call, base),
        &params,
        call.body(),
        signature,
    )
    .map_err(rejected)?;
    if is_json {
        return twilio::parse_json(call.body(), call.query(), now);
    }
    Ok(twilio::parse(&params, call.query(), now))
}

/// Nothing of an unverifiable request is kept but this count.
fn rejected(error: Error) -> Error {
    metrics::count("WebhookRejected", "signature");
    error
}

/// The address as the provider was told it: behind API Gateway the request's own differs.
fn public_url(call: &ApiRequest, base: Option<&str>) -> String {
    let host = call.header("host").unwrap_or_default();
    let base = base.map_or_else(|| format!("https://{host}"), str::to_owned);
    match call.query() {
        "" => format!("{base}{}", call.path()),
        query => format!("{base}{}?{query}", call.path()),
    }
}

/// What a webhook brought, for the queue that it goes to.
#[derive(Default)]
struct Found {
    messages: Vec<Entry>,
    statuses: Vec<Entry>,
}

fn found(parsed: Parsed) -> Result<Found> {
    let mut found = Found::default();
    for update in parsed.updates {
        match update {
            Update::Message(message) => found.messages.push(entry(message)?),
            Update::Status(status) => found.statuses.push(status_entry(status)?),
        }
    }
    Ok(found)
}

/// A webhook that brought one thing belongs to the trace of that thing.
fn traced(mut answer: Response, entries: &[Entry]) -> Response {
    if let [only] = entries
        && let Ok(id) = HeaderValue::from_str(&only.correlation_id().to_string())
    {
        answer.headers_mut().insert(CORRELATION_HEADER, id);
    }
    answer
}

fn entry(message: Inbound) -> Result<Entry> {
    let (group, once) = (conversation_of(&message.from), event_of(&message));
    let correlation_id = CorrelationId::of_event(&once);
    Entry::fifo(&group, &once, &Job::V1 { message }, correlation_id)
}

fn status_entry(status: StatusUpdate) -> Result<Entry> {
    // It belongs to what made us send the message.
    let reference = status.reference.map(|reference| reference.correlation_id);
    let correlation_id = reference.unwrap_or_else(|| CorrelationId::of_event(&status.message_id));
    Entry::standard(&StatusJob::V1 { status }, correlation_id)
}

#[cfg(test)]
mod tests;
