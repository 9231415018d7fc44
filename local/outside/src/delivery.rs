//! Delivers the webhooks that are owed: as long as it takes, in order, more often than once if so wished.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use reqwest::{RequestBuilder, Response, header::CONTENT_TYPE};
use secrecy::{ExposeSecret, SecretString};
use tokio::{sync::watch, task::JoinSet};

use crate::{
    Outside, Sighting, astria,
    chat::{Message, Stage},
    meta,
    queue::{Job, Kind, Line, Provider},
    settings::Signature,
    store::{messages, stripe as stripe_store, webhooks},
    stripe, twilio,
};

const FIRST_BACKOFF_MS: i64 = 500;
const LONGEST_BACKOFF_MS: i64 = 60_000;
const DAY_MS: i64 = 24 * 60 * 60 * 1_000;
const TIMEOUT: Duration = Duration::from_secs(15);
/// How soon a jump of the clock is noticed.
const TICK_MS: i64 = 250;
/// What is on its way at the end is given this long.
const FAREWELL: Duration = Duration::from_millis(500);

pub(crate) async fn run(outside: &Arc<Outside>, line: Line, mut stop: watch::Receiver<bool>) {
    let mut out = JoinSet::new();
    loop {
        match line {
            Line::Messages => {}
            Line::Payments => stripe::tick(outside),
            Line::Tunes => astria::tick(outside),
        }
        while let Some(jobs) = next(outside, line, out.len()) {
            let outside = Arc::clone(outside);
            out.spawn(async move { deliver(&outside, jobs).await });
        }
        tokio::select! {
            _ = stop.wait_for(|stop| *stop) => break,
            () = outside.work(line).notified() => {}
            Some(_) = out.join_next() => {}
            () = tokio::time::sleep(until_due(outside, line)) => {}
        }
    }
    let rest = async { while out.join_next().await.is_some() {} };
    // What is cut off here stays owed.
    drop(tokio::time::timeout(FAREWELL, rest).await);
}

fn next(outside: &Outside, line: Line, out: usize) -> Option<Vec<Job>> {
    let now = outside.now();
    let mut store = outside.store();
    let pace = store.pace_of(line);
    if out >= pace.concurrency {
        return None;
    }
    let jobs = store.queue_of(line).take(now, &pace);
    (!jobs.is_empty()).then_some(jobs)
}

fn until_due(outside: &Outside, line: Line) -> Duration {
    let now = outside.now();
    let due_at = outside
        .store()
        .queue_of(line)
        .next_due(now)
        .unwrap_or(i64::MAX);
    let wait = due_at.saturating_sub(now).clamp(1, TICK_MS);
    Duration::from_millis(wait.unsigned_abs())
}

async fn deliver(outside: &Outside, jobs: Vec<Job>) {
    let Some(first) = jobs.first() else { return };
    let provider = first.provider.name();
    let line = first.provider.line();
    let what = match first.lane.kind {
        Kind::Message => "message",
        Kind::Status => "status",
        Kind::Event => stripe::webhook::kind(&first.payload),
        Kind::Callback => astria::callback::kind(&first.payload),
    };
    let started = Instant::now();
    let answer = match request(outside, first.provider, &jobs) {
        Ok(request) => request
            .timeout(TIMEOUT)
            .send()
            .await
            .map_err(|error| error.without_url().to_string()),
        Err(error) => Err(format!("{error:#}")),
    };
    let ok = answer
        .as_ref()
        .is_ok_and(|response| response.status().is_success());
    let own = attached_correlation(first);
    let correlation_id = own.or_else(|| answer.as_ref().ok().and_then(correlation));
    let status = answer
        .as_ref()
        .ok()
        .map(|response| response.status().as_u16());
    let outcome = match &answer {
        Ok(response) => response.status().as_u16().to_string(),
        Err(error) => error.clone(),
    };
    (outside.options.sightings)(Sighting {
        at: outside.now(),
        correlation_id: correlation_id.clone(),
        provider,
        text: format!("{what} webhook: {outcome}"),
        ok,
        duration_ms: started.elapsed().as_secs_f64() * 1_000.0,
        reference: Some(first.message_id.clone()),
    });
    for job in &jobs {
        let settled = match ok {
            _ if job.provider == Provider::Astria => astria::callback::over(outside, job, status),
            true => accepted(outside, job, correlation_id.as_deref()),
            false => failed(outside, job),
        };
        // Without a record of it the job is still owed: it goes out once more.
        if settled.is_err() {
            outside
                .store()
                .queue_of(line)
                .again(job.id, outside.now() + FIRST_BACKOFF_MS);
        }
    }
    outside.work(line).notify_one();
}

fn request(outside: &Outside, provider: Provider, jobs: &[Job]) -> Result<RequestBuilder> {
    let bad = outside.store().pace_of(provider.line()).signature == Signature::Bad;
    let first = jobs.first().context("No job")?;
    match provider {
        Provider::Meta => meta_request(outside, jobs, bad),
        Provider::Twilio => twilio_request(outside, first, bad),
        Provider::Stripe => {
            let secret = secret(&outside.options.secrets.stripe_webhook_secret, bad);
            stripe::webhook::request(outside, first, &secret)
        }
        Provider::Astria => astria::callback::request(outside, first),
    }
}

fn meta_request(outside: &Outside, jobs: &[Job], bad: bool) -> Result<RequestBuilder> {
    let options = &outside.options;
    let body = meta::webhook::envelope(jobs, &options.secrets.meta_phone_number_id);
    let signature = meta::sign(
        &secret(&options.secrets.meta_app_secret, bad),
        body.as_bytes(),
    )?;
    let request = outside.http.post(&options.webhook_url);
    Ok(request
        .header(CONTENT_TYPE, "application/json")
        .header("x-hub-signature-256", signature)
        .body(body))
}

fn twilio_request(outside: &Outside, job: &Job, bad: bool) -> Result<RequestBuilder> {
    let options = &outside.options;
    let params = twilio::webhook::params(&job.payload);
    let url = job.payload["url"].as_str().unwrap_or(&options.webhook_url);
    let signature = confab_twilio::sign(
        &secret(&options.secrets.twilio_auth_token, bad),
        url,
        &params,
    )
    .map_err(|error| anyhow::anyhow!("{error}"))?;
    let body = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(&params)
        .finish();
    let request = outside.http.post(url);
    Ok(request
        .header(
            CONTENT_TYPE,
            "application/x-www-form-urlencoded; charset=utf-8",
        )
        .header("x-twilio-signature", signature)
        .header(
            "i-twilio-idempotency-token",
            format!("{}-{}", job.message_id, job.group),
        )
        .body(body))
}

fn secret(secret: &SecretString, bad: bool) -> SecretString {
    match bad {
        true => format!("not {}", secret.expose_secret()).into(),
        false => secret.clone(),
    }
}

/// A status belongs to what made the app send the message, an event to what made it ask for the payment, a callback to
/// what made it ask for the portraits.
fn attached_correlation(job: &Job) -> Option<String> {
    match job.provider {
        Provider::Meta | Provider::Twilio => {}
        Provider::Stripe => return stripe::webhook::correlation(&job.payload),
        Provider::Astria => return astria::callback::correlation(&job.payload),
    }
    let attached = job.payload["status"]["biz_opaque_callback_data"].as_str();
    let callback = job.payload["url"]
        .as_str()
        .and_then(twilio::webhook::reference);
    meta::correlation_of(attached.or(callback.as_deref()))
}

fn correlation(response: &Response) -> Option<String> {
    let header = response.headers().get("x-correlation-id")?;
    Some(header.to_str().ok()?.to_owned())
}

fn accepted(outside: &Outside, job: &Job, correlation_id: Option<&str>) -> Result<()> {
    let shown = outside.store().write(|writer| {
        webhooks::done(writer.db, job.id)?;
        match job.lane.kind {
            Kind::Message => {}
            Kind::Status | Kind::Callback => return Ok(None),
            Kind::Event => {
                return stripe_store::delivered(writer.db, &job.message_id).map(|()| None);
            }
        }
        let Some(kept) = messages::get(writer.db, &job.message_id)? else {
            return Ok(None);
        };
        let mut message = kept.message;
        if let Some(correlation_id) = correlation_id.filter(|_| message.correlation_id.is_none()) {
            messages::set_correlation(writer.db, &message.id, correlation_id)?;
            message.correlation_id = Some(correlation_id.to_owned());
        }
        if message.status > Stage::Sending {
            return Ok(None);
        }
        messages::set_status(writer.db, &message.id, Stage::Delivered, None)?;
        Ok::<_, rusqlite::Error>(Some(Message {
            status: Stage::Delivered,
            ..message
        }))
    })?;
    outside.store().queue_of(job.provider.line()).done(job.id);
    if let Some(message) = shown {
        outside.show(&job.lane.person, &message);
    }
    Ok(())
}

fn failed(outside: &Outside, job: &Job) -> Result<()> {
    let now = outside.now();
    if now - job.made_at > patience_ms(job.provider) {
        return give_up(outside, job);
    }
    let due_at = now + backoff(job.attempts);
    let mut store = outside.store();
    webhooks::again(&store.db, job.id, due_at)?;
    store.queue_of(job.provider.line()).again(job.id, due_at);
    Ok(())
}

/// As long as the provider tries. Astria does not.
fn patience_ms(provider: Provider) -> i64 {
    match provider {
        Provider::Meta | Provider::Twilio => 7 * DAY_MS,
        Provider::Stripe => 3 * DAY_MS,
        Provider::Astria => 0,
    }
}

fn give_up(outside: &Outside, job: &Job) -> Result<()> {
    const NEVER: &str = "the app did not accept it for seven days";
    let mut store = outside.store();
    store.write(|writer| {
        webhooks::done(writer.db, job.id)?;
        let sending = messages::get(writer.db, &job.message_id)?
            .filter(|kept| kept.message.status == Stage::Sending);
        match sending {
            Some(kept) => {
                messages::set_status(writer.db, &kept.message.id, Stage::Failed, Some(NEVER))
            }
            None => Ok(()),
        }
    })?;
    store.queue_of(job.provider.line()).done(job.id);
    Ok(())
}

fn backoff(attempts: u32) -> i64 {
    FIRST_BACKOFF_MS
        .saturating_mul(1 << attempts.min(20))
        .min(LONGEST_BACKOFF_MS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_waits_double_up_to_a_minute() {
        let waits: Vec<i64> = [0, 1, 2, 6, 7, 40].into_iter().map(backoff).collect();
        assert_eq!(waits, [500, 1_000, 2_000, 32_000, 60_000, 60_000]);
    }
}
