//! Delivers owed webhooks in order, with retries and backoff.

use std::{sync::Arc, time::Duration};

use anyhow::Result;
use reqwest::{RequestBuilder, Response};
use rusqlite::Connection;
use tokio::{sync::watch, task::JoinSet};

use crate::{
    call_record::Call,
    context::SimulatorContext,
    delivery_settings::SignatureMode,
    page_update::PageUpdate,
    webhook::{Provider, Webhook},
    webhook_queue::WebhookQueue,
    webhook_table,
};

const FIRST_BACKOFF_MS: i64 = 500;
const MAX_BACKOFF_MS: i64 = 60_000;
const REQUEST_TIMEOUT: Duration = Duration::from_secs(15);
/// Maximum delay until a jump of the clock is noticed.
const CLOCK_POLL_MS: i64 = 250;
/// Time that requests in flight have to end at shutdown.
const SHUTDOWN_GRACE: Duration = Duration::from_millis(500);

/// One attempt to deliver a webhook.
#[derive(Debug)]
pub struct Attempt<'a> {
    pub webhook: &'a Webhook,
    /// The status of the app's answer, if it answered.
    pub status: Option<u16>,
    pub correlation_id: Option<&'a str>,
}

/// The part of a delivery that differs by provider.
pub trait WebhookSender: Send + Sync {
    fn provider(&self) -> Provider;

    /// Names the webhook in its call record.
    fn label<'a>(&self, webhook: &'a Webhook) -> &'a str {
        webhook.ordering_key.kind.name()
    }

    /// Builds the signed request that carries these webhooks, which are of one kind.
    fn request(&self, webhooks: &[Webhook], signature: SignatureMode) -> Result<RequestBuilder>;

    /// Returns the correlation id that the app attached to the call that led to this webhook.
    fn correlation_id(&self, webhook: &Webhook) -> Option<String>;

    /// How long failed deliveries are retried; `None` when they are not.
    fn retry_window_ms(&self) -> Option<i64>;

    /// Does the work that has come due by the clock, before webhooks are taken.
    fn run_due_work(&self) {}

    /// Saves that the app took the webhook, and returns the update for open pages.
    fn on_delivered(
        &self,
        db: &Connection,
        attempt: &Attempt<'_>,
    ) -> rusqlite::Result<Option<PageUpdate>>;

    /// Saves that the webhook will not be retried.
    fn on_abandoned(&self, db: &Connection, attempt: &Attempt<'_>) -> rusqlite::Result<()>;
}

/// Delivers the webhooks of one queue until `stop`. Webhooks still owed then go out after the next
/// start.
pub async fn run_delivery(
    context: Arc<SimulatorContext>,
    queue: Arc<WebhookQueue>,
    senders: Vec<Arc<dyn WebhookSender>>,
    mut stop: watch::Receiver<bool>,
) {
    let mut in_flight = JoinSet::new();
    loop {
        for sender in &senders {
            sender.run_due_work();
        }
        while let Some(webhooks) = queue.take(context.now(), in_flight.len()) {
            let Some(sender) = sender_of(&senders, &webhooks) else {
                continue;
            };
            let (context, queue) = (Arc::clone(&context), Arc::clone(&queue));
            in_flight.spawn(async move { deliver(&context, &queue, &*sender, webhooks).await });
        }
        tokio::select! {
            _ = stop.wait_for(|stop| *stop) => break,
            () = queue.woken() => {}
            Some(_) = in_flight.join_next() => {}
            () = tokio::time::sleep(until_due(&context, &queue)) => {}
        }
    }
    let rest = async { while in_flight.join_next().await.is_some() {} };
    // Webhooks whose requests are cut off here stay owed.
    drop(tokio::time::timeout(SHUTDOWN_GRACE, rest).await);
}

fn sender_of(
    senders: &[Arc<dyn WebhookSender>],
    webhooks: &[Webhook],
) -> Option<Arc<dyn WebhookSender>> {
    let provider = webhooks.first()?.provider;
    senders
        .iter()
        .find(|sender| sender.provider() == provider)
        .cloned()
}

fn until_due(context: &SimulatorContext, queue: &WebhookQueue) -> Duration {
    let now = context.now();
    let due_at = queue.next_due(now).unwrap_or(i64::MAX);
    let wait = due_at.saturating_sub(now).clamp(1, CLOCK_POLL_MS);
    Duration::from_millis(wait.unsigned_abs())
}

async fn deliver(
    context: &SimulatorContext,
    queue: &WebhookQueue,
    sender: &dyn WebhookSender,
    webhooks: Vec<Webhook>,
) {
    let Some(first) = webhooks.first() else {
        return;
    };
    let mut call = Call::new(first.provider.name);
    let answer = match sender.request(&webhooks, queue.settings().signature) {
        Ok(request) => request
            .timeout(REQUEST_TIMEOUT)
            .send()
            .await
            .map_err(|error| error.without_url().to_string()),
        Err(error) => Err(format!("{error:#}")),
    };
    let response = answer.as_ref().ok();
    let is_accepted = response.is_some_and(|response| response.status().is_success());
    let status = response.map(|response| response.status().as_u16());
    let correlation_id = sender
        .correlation_id(first)
        .or_else(|| response.and_then(answered_correlation_id));
    let outcome = match &answer {
        Ok(response) => response.status().as_u16().to_string(),
        Err(error) => error.clone(),
    };
    call.correlation_id = correlation_id.clone();
    call.message_id = Some(first.message_id.clone());
    let label = sender.label(first);
    context.record(call, format!("{label} webhook: {outcome}"), is_accepted);
    for webhook in &webhooks {
        let attempt = Attempt {
            webhook,
            status,
            correlation_id: correlation_id.as_deref(),
        };
        let saved = if is_accepted {
            accept(context, queue, sender, &attempt)
        } else {
            retry_or_abandon(context, queue, sender, &attempt)
        };
        // An outcome that was not saved leaves the webhook owed, so it goes out again.
        if saved.is_err() {
            queue.retry_at(webhook.id, context.now() + FIRST_BACKOFF_MS);
        }
    }
    queue.wake();
}

fn answered_correlation_id(response: &Response) -> Option<String> {
    let header = response.headers().get("x-correlation-id")?;
    Some(header.to_str().ok()?.to_owned())
}

fn accept(
    context: &SimulatorContext,
    queue: &WebhookQueue,
    sender: &dyn WebhookSender,
    attempt: &Attempt<'_>,
) -> Result<()> {
    let id = attempt.webhook.id;
    let update = context.store().write(|tx| {
        webhook_table::delete(tx.db, id)?;
        sender.on_delivered(tx.db, attempt)
    })?;
    queue.remove(id);
    if let Some(update) = update {
        context.update_pages(update);
    }
    Ok(())
}

fn retry_or_abandon(
    context: &SimulatorContext,
    queue: &WebhookQueue,
    sender: &dyn WebhookSender,
    attempt: &Attempt<'_>,
) -> Result<()> {
    let (webhook, now) = (attempt.webhook, context.now());
    let is_retried = sender
        .retry_window_ms()
        .is_some_and(|window| now - webhook.created_at <= window);
    if is_retried {
        let due_at = now + backoff_ms(webhook.attempts);
        webhook_table::retry_at(&context.store().db, webhook.id, due_at)?;
        queue.retry_at(webhook.id, due_at);
        return Ok(());
    }
    context.store().write(|tx| {
        webhook_table::delete(tx.db, webhook.id)?;
        sender.on_abandoned(tx.db, attempt)
    })?;
    queue.remove(webhook.id);
    Ok(())
}

fn backoff_ms(attempts: u32) -> i64 {
    FIRST_BACKOFF_MS
        .saturating_mul(1 << attempts.min(20))
        .min(MAX_BACKOFF_MS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backoff_doubles_up_to_a_minute() {
        let waits: Vec<i64> = [0, 1, 2, 6, 7, 40].into_iter().map(backoff_ms).collect();
        assert_eq!(waits, [500, 1_000, 2_000, 32_000, 60_000, 60_000]);
    }
}
