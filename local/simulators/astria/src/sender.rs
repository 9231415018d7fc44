//! Delivery of callbacks: once, and without a signature.

use anyhow::{Context, Result};
use confab_simulator_base::{Attempt, PageUpdate, Provider, SignatureMode, Webhook, WebhookSender};
use reqwest::RequestBuilder;
use rusqlite::Connection;

use crate::{
    astria::Astria,
    callback::{self, PROVIDER},
    due_work, tables,
};

impl WebhookSender for Astria {
    fn provider(&self) -> Provider {
        PROVIDER
    }

    fn label<'a>(&self, webhook: &'a Webhook) -> &'a str {
        callback::subject(&webhook.payload)
    }

    fn request(&self, webhooks: &[Webhook], _: SignatureMode) -> Result<RequestBuilder> {
        let webhook = webhooks.first().context("No job")?;
        let url = webhook.payload["url"].as_str().context("No address")?;
        Ok(self.context.http.post(url).json(&webhook.payload["body"]))
    }

    fn correlation_id(&self, webhook: &Webhook) -> Option<String> {
        callback::correlation_id(&webhook.payload)
    }

    fn retry_window_ms(&self) -> Option<i64> {
        None
    }

    fn run_due_work(&self) {
        due_work::run(self);
    }

    fn on_delivered(
        &self,
        db: &Connection,
        attempt: &Attempt<'_>,
    ) -> rusqlite::Result<Option<PageUpdate>> {
        record_attempt(db, attempt)?;
        Ok(None)
    }

    fn on_abandoned(&self, db: &Connection, attempt: &Attempt<'_>) -> rusqlite::Result<()> {
        record_attempt(db, attempt)
    }
}

fn record_attempt(db: &Connection, attempt: &Attempt<'_>) -> rusqlite::Result<()> {
    match attempt.webhook.payload["callback"].as_i64() {
        Some(id) => tables::record_attempt(db, id, attempt.status),
        None => Ok(()),
    }
}
