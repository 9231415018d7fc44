//! `POST /SmsReceived`: webhooks of Meta and Twilio. Verifies, parses, queues and answers 2xx.
//! `GET` verifies the address.

use std::sync::Arc;

use confab_aws::Entry;
use confab_core::{CorrelationId, Error, Result, Timestamp};
use confab_lambda::{
    ApiRequest, CORRELATION_HEADER, Response, Router, extract::Whole, metrics, response,
};
use confab_messaging::{Inbound, StatusUpdate, Update};
use confab_meta as meta;
use confab_provider_base::Parsed;
use confab_twilio as twilio;
use http::{HeaderValue, StatusCode};
use secrecy::SecretString;
use studio_domain::{Job, StatusJob, conversation_key, inbox_id};

use crate::{
    config::{META_APP_SECRET, META_VERIFY_TOKEN, TWILIO_AUTH_TOKEN},
    state::{Part, State},
};

pub const PARTS: &[Part] = &[
    Part::ConversationQueue,
    Part::StatusQueue,
    Part::WebhookSecrets,
    Part::SqsConnection,
];

/// Maximum bytes of a webhook. Meta sends up to 3 MB, and Lambda accepts 6.
const MAX_WEBHOOK_BYTES: usize = 4 * 1024 * 1024;

pub fn routes() -> Router<State> {
    Router::new()
        .route("GET /SmsReceived", verify_webhook)
        .route("POST /SmsReceived", receive_webhook)
}

async fn verify_webhook(state: Arc<State>, Whole(request): Whole) -> Result<Response> {
    let tokens = state.secrets()?.active(META_VERIFY_TOKEN).await?;
    let challenge = meta::challenge(request.query(), &tokens)?;
    Ok(response::text(StatusCode::OK, challenge))
}

async fn receive_webhook(state: Arc<State>, Whole(request): Whole) -> Result<Response> {
    if request.body().len() > MAX_WEBHOOK_BYTES {
        return Err(Error::too_large("A webhook has at most 4 MB."));
    }
    let now = state.clock.now();
    let (parsed, answer) = if request.header("x-twilio-signature").is_some() {
        let tokens = state.secrets()?.active(TWILIO_AUTH_TOKEN).await?;
        let parsed = parse_twilio(&request, &tokens, state.public_base_url.as_deref(), now)?;
        (parsed, response::xml(StatusCode::OK, twilio::twiml_ack()))
    } else {
        let secrets = state.secrets()?.active(META_APP_SECRET).await?;
        let parsed = parse_meta(&request, &secrets, now)?;
        (parsed, response::empty(StatusCode::OK))
    };
    for _ in &parsed.ignored {
        metrics::count("WebhookPartIgnored", "unknown");
    }
    let WebhookEntries { messages, statuses } = entries_of(parsed)?;
    tokio::try_join!(
        state.conversation_queue()?.send(&messages),
        state.status_queue()?.send(&statuses)
    )?;
    Ok(with_trace(answer, &[messages, statuses].concat()))
}

fn parse_meta(request: &ApiRequest, secrets: &[SecretString], now: Timestamp) -> Result<Parsed> {
    let signature = request.header("x-hub-signature-256");
    meta::verify(secrets, request.body(), signature).map_err(rejected)?;
    meta::parse(request.body(), now)
}

fn parse_twilio(
    request: &ApiRequest,
    tokens: &[SecretString],
    base_url: Option<&str>,
    now: Timestamp,
) -> Result<Parsed> {
    let content_type = request.header("content-type").unwrap_or_default();
    let is_json = content_type.starts_with("application/json");
    let params = if is_json {
        Vec::new()
    } else {
        twilio::form(request.body())
    };
    let url = public_url(request, base_url);
    let signature = request.header("x-twilio-signature");
    twilio::verify(tokens, &url, &params, request.body(), signature).map_err(rejected)?;
    if is_json {
        return twilio::parse_json(request.body(), request.query(), now);
    }
    Ok(twilio::parse(&params, request.query(), now))
}

/// Counts an unverifiable request, of which nothing else is kept.
fn rejected(error: Error) -> Error {
    metrics::count("WebhookRejected", "signature");
    error
}

/// Returns the URL as the provider knows it: behind API Gateway the request's own differs.
fn public_url(request: &ApiRequest, base_url: Option<&str>) -> String {
    let host = request.header("host").unwrap_or_default();
    let base_url = base_url.map_or_else(|| format!("https://{host}"), str::to_owned);
    match request.query() {
        "" => format!("{base_url}{}", request.path()),
        query => format!("{base_url}{}?{query}", request.path()),
    }
}

/// The queue entries of a webhook.
#[derive(Debug, Default)]
struct WebhookEntries {
    messages: Vec<Entry>,
    statuses: Vec<Entry>,
}

fn entries_of(parsed: Parsed) -> Result<WebhookEntries> {
    let mut entries = WebhookEntries::default();
    for update in parsed.updates {
        match update {
            Update::Message(message) => entries.messages.push(message_entry(message)?),
            Update::Status(status) => entries.statuses.push(status_entry(status)?),
        }
    }
    Ok(entries)
}

/// Gives the answer to a webhook with a single update that update's correlation id.
fn with_trace(mut answer: Response, entries: &[Entry]) -> Response {
    if let [only] = entries
        && let Ok(id) = HeaderValue::from_str(&only.correlation_id().to_string())
    {
        answer.headers_mut().insert(CORRELATION_HEADER, id);
    }
    answer
}

fn message_entry(message: Inbound) -> Result<Entry> {
    let (group, id) = (conversation_key(&message.from), inbox_id(&message));
    let correlation_id = CorrelationId::of_event(&id);
    Entry::fifo(&group, &id, &Job::V1 { message }, correlation_id)
}

/// A status continues the trace of the message that it is about.
fn status_entry(status: StatusUpdate) -> Result<Entry> {
    let reference = status.reference.map(|reference| reference.correlation_id);
    let correlation_id = reference.unwrap_or_else(|| CorrelationId::of_event(&status.message_id));
    Entry::standard(&StatusJob::V1 { status }, correlation_id)
}

#[cfg(test)]
mod tests;
