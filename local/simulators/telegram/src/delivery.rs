//! Delivers updates: one of a queue at a time, with Telegram's retries and patience.

use std::{collections::HashSet, sync::Arc, time::Duration};

use axum::http::{StatusCode, header::RETRY_AFTER};
use confab_simulator_base::Call;
use reqwest::Response;
use serde_json::{Map, Value, json};
use tokio::{sync::watch, task::JoinSet};

use crate::{
    api, calls,
    method::Method,
    params::Params,
    telegram::Telegram,
    updates::{self, OwedUpdate},
    webhook::{self, Webhook},
};

const SECRET_HEADER: &str = "x-telegram-bot-api-secret-token";
/// How long an answer is awaited, on the simulators' clock.
const PATIENCE_MS: i64 = 60_000;
/// Maximum delay until a jump of the clock is noticed.
const CLOCK_POLL_MS: i64 = 250;
const MAX_RETRY_AFTER: i64 = 3_600;
const MAX_RETRY_DELAY: i64 = 60;
/// How long 410 alone is answered before the webhook is removed.
const GONE_MS: i64 = 23 * 60 * 60 * 1_000;
const MAX_RESPONSE_BYTES: usize = 64 * 1024;
/// Time that requests in flight have to end at shutdown.
const SHUTDOWN_GRACE: Duration = Duration::from_millis(500);

/// How the app failed to take an update.
struct Failure {
    message: String,
    /// Seconds.
    retry_after: i64,
    is_gone: bool,
}

/// Delivers updates until `stop`. Those still owed then go out after the next start.
pub async fn run_delivery(telegram: Arc<Telegram>, mut stop: watch::Receiver<bool>) {
    let mut requests: JoinSet<String> = JoinSet::new();
    let mut busy = HashSet::new();
    loop {
        let wait = start_due(&telegram, &mut requests, &mut busy);
        tokio::select! {
            _ = stop.wait_for(|stop| *stop) => break,
            () = telegram.work.notified() => {}
            Some(queue) = requests.join_next() => {
                if let Ok(queue) = queue {
                    busy.remove(&queue);
                }
            }
            () = tokio::time::sleep(wait) => {}
        }
    }
    let rest = async { while requests.join_next().await.is_some() {} };
    // Updates whose requests are cut off here stay owed.
    drop(tokio::time::timeout(SHUTDOWN_GRACE, rest).await);
}

/// Starts a request for each free queue that is due, and returns how long to sleep.
fn start_due(
    telegram: &Arc<Telegram>,
    requests: &mut JoinSet<String>,
    busy: &mut HashSet<String>,
) -> Duration {
    let now = telegram.context.now();
    let mut wait_ms = CLOCK_POLL_MS;
    let Ok((webhook, heads)) = due(telegram, now) else {
        return Duration::from_millis(CLOCK_POLL_MS.unsigned_abs());
    };
    for update in heads {
        let most = usize::try_from(webhook.max_connections).unwrap_or(1);
        if webhook.url.is_empty() || requests.len() >= most {
            break;
        }
        if busy.contains(&update.queue) {
            continue;
        }
        if update.due_at > now {
            wait_ms = wait_ms.min(update.due_at - now);
            continue;
        }
        busy.insert(update.queue.clone());
        let (telegram, webhook) = (Arc::clone(telegram), webhook.clone());
        requests.spawn(async move {
            deliver(&telegram, &webhook, &update).await;
            update.queue
        });
    }
    Duration::from_millis(wait_ms.unsigned_abs())
}

fn due(telegram: &Telegram, now: i64) -> rusqlite::Result<(Webhook, Vec<OwedUpdate>)> {
    let store = telegram.context.store();
    Ok((webhook::get(&store.db)?, updates::heads(&store.db, now)?))
}

async fn deliver(telegram: &Telegram, webhook: &Webhook, update: &OwedUpdate) {
    let mut call = Call::new("telegram");
    let payload = updates::payload(&telegram.context.store().db, update.id);
    let Ok(payload) = payload else {
        return;
    };
    call.message_id = payload["update_id"].as_i64().map(|id| id.to_string());
    let outcome = attempt(telegram, webhook, &payload, &mut call).await;
    let text = match &outcome {
        Ok(_) => format!("{} update: 200", update.kind),
        Err(failure) => format!("{} update: {}", update.kind, failure.message),
    };
    telegram.context.record(call, text, outcome.is_ok());
    let (saved, body) = match outcome {
        Ok(body) => (accept(telegram, update), body),
        Err(failure) => (refuse(telegram, update, &failure), Value::Null),
    };
    // An outcome that was not saved leaves the update owed, so it goes out again.
    if saved.is_ok() && body.get("method").is_some() {
        carry_out(telegram, body).await;
    }
}

/// Sends an update, and returns the JSON that the app answered.
async fn attempt(
    telegram: &Telegram,
    webhook: &Webhook,
    payload: &Value,
    call: &mut Call<'_>,
) -> Result<Value, Failure> {
    let mut request = telegram.context.http.post(&webhook.url).json(payload);
    if !webhook.secret.is_empty() {
        let mode = telegram.settings.get().signature;
        let secret = match mode {
            confab_simulator_base::SignatureMode::Valid => webhook.secret.clone(),
            confab_simulator_base::SignatureMode::Invalid => format!("not-{}", webhook.secret),
        };
        request = request.header(SECRET_HEADER, secret);
    }
    let exchange = async {
        let response = request.send().await.map_err(|error| {
            Failure::of(if error.is_connect() {
                "Connection refused"
            } else {
                "Webhook connection closed"
            })
        })?;
        call.correlation_id = api::correlation_id(response.headers());
        if !response.status().is_success() {
            return Err(Failure::of_response(&response));
        }
        Ok(read_json(response).await)
    };
    tokio::select! {
        answer = exchange => answer,
        () = patience(telegram) => Err(Failure::of("Read timeout expired")),
    }
}

/// Ends when the simulators' clock has passed the patience for an answer.
async fn patience(telegram: &Telegram) {
    let until = telegram.context.now() + PATIENCE_MS;
    while telegram.context.now() < until {
        tokio::time::sleep(Duration::from_millis(CLOCK_POLL_MS.unsigned_abs())).await;
    }
}

/// Reads the body of an answer as JSON, or as nothing when it is none.
async fn read_json(mut response: Response) -> Value {
    let mut bytes = Vec::new();
    while let Ok(Some(chunk)) = response.chunk().await {
        bytes.extend_from_slice(&chunk);
        if bytes.len() > MAX_RESPONSE_BYTES {
            return Value::Null;
        }
    }
    serde_json::from_slice(&bytes).unwrap_or_default()
}

fn accept(telegram: &Telegram, update: &OwedUpdate) -> rusqlite::Result<()> {
    telegram.write(|unit| {
        let webhook = webhook::get(unit.db)?;
        if webhook.first_gone_at.is_some() {
            let first_gone_at = None;
            let webhook = Webhook {
                first_gone_at,
                ..webhook
            };
            webhook::put(unit.db, &webhook)?;
        }
        updates::delete(unit.db, update.id)?;
        unit.show("update", json!({"kind": update.kind, "accepted": true}));
        Ok(())
    })
}

fn refuse(telegram: &Telegram, update: &OwedUpdate, failure: &Failure) -> rusqlite::Result<()> {
    telegram.write(|unit| {
        let delay_ms = retry_delay(update.attempts, failure.retry_after) * 1_000;
        if unit.now + delay_ms > update.expires_at {
            updates::delete(unit.db, update.id)?;
        } else {
            updates::retry_at(unit.db, update.id, unit.now + delay_ms)?;
        }
        let mut webhook = webhook::get(unit.db)?;
        let first_gone_at = webhook.first_gone_at.unwrap_or(unit.now);
        webhook.first_gone_at = failure.is_gone.then_some(first_gone_at);
        webhook.last_error_date = Some(unit.seconds());
        webhook.last_error_message = Some(failure.message.clone());
        if failure.is_gone && unit.now - first_gone_at > GONE_MS {
            webhook = Webhook::default();
        }
        webhook::put(unit.db, &webhook)?;
        unit.show("update", json!({"kind": update.kind, "accepted": false}));
        Ok(())
    })
}

/// Returns seconds: none after the first failure, then 2, 4, 8 up to a random minute or two.
fn retry_delay(attempts: u32, retry_after: i64) -> i64 {
    if retry_after > 0 {
        return retry_after.min(MAX_RETRY_AFTER);
    }
    if attempts == 0 {
        return 0;
    }
    let most = fastrand::i64(MAX_RETRY_DELAY..=2 * MAX_RETRY_DELAY);
    (1_i64 << attempts.min(20)).min(most)
}

/// Carries out the call that the app put into its answer, as Telegram does, and records it: the app
/// never learns the outcome.
async fn carry_out(telegram: &Telegram, body: Value) {
    let Value::Object(values) = body else {
        return;
    };
    let named = values["method"].as_str().unwrap_or_default().to_owned();
    let recorded: rusqlite::Result<()> = telegram.write(|unit| {
        calls::add_violation(unit, "method_in_webhook_response", json!({"method": named}))
    });
    drop(recorded);
    let method = Method::from_name(&named).filter(|method| method.may_be_in_webhook_response());
    if let Some(method) = method {
        let params = Params::from_json(without_method(values));
        let result = api::execute(telegram, method, &params, None).await;
        let seen = result.as_ref().map(|done| &done.result);
        calls::add(telegram, method, &params, seen, false);
    }
}

fn without_method(mut values: Map<String, Value>) -> Map<String, Value> {
    values.remove("method");
    values
}

impl Failure {
    fn of(message: &str) -> Self {
        Self {
            message: message.to_owned(),
            retry_after: 0,
            is_gone: false,
        }
    }

    fn of_response(response: &Response) -> Self {
        let status = response.status();
        let retry_after = response.headers().get(RETRY_AFTER);
        let retry_after = retry_after.and_then(|value| value.to_str().ok()?.parse().ok());
        Self {
            message: format!("Wrong response from the webhook: {status}"),
            retry_after: retry_after.unwrap_or(0),
            is_gone: status == StatusCode::GONE,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retries_begin_at_once_and_double_up_to_two_minutes() {
        let delays: Vec<i64> = (0..6).map(|attempts| retry_delay(attempts, 0)).collect();
        assert_eq!(delays, [0, 2, 4, 8, 16, 32]);
        for attempts in 7..40 {
            assert!((60..=120).contains(&retry_delay(attempts, 0)));
        }
    }

    #[test]
    fn retry_after_wins_and_has_a_limit() {
        assert_eq!(retry_delay(0, 7), 7);
        assert_eq!(retry_delay(9, 90_000), 3_600);
    }
}
