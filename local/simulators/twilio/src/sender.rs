//! Delivery of webhooks: one signed form each.

use anyhow::{Context, Result};
use confab_simulator_base::{
    Attempt, PageUpdate, Provider, SignatureMode, Webhook, WebhookSender, correlation_id_of,
};
use confab_simulator_chat::{RETRY_WINDOW_MS, mark_abandoned, mark_delivered};
use reqwest::{RequestBuilder, header::CONTENT_TYPE};
use rusqlite::Connection;

use crate::{
    twilio::Twilio,
    webhook::{self, PROVIDER},
};

impl WebhookSender for Twilio {
    fn provider(&self) -> Provider {
        PROVIDER
    }

    fn request(&self, webhooks: &[Webhook], signature: SignatureMode) -> Result<RequestBuilder> {
        let webhook = webhooks.first().context("No job")?;
        let account = &self.account;
        let params = webhook::params(&webhook.payload);
        let url = webhook.payload["url"]
            .as_str()
            .unwrap_or(&account.webhook_url);
        let signature = confab_twilio::sign(&signature.secret(&account.auth_token), url, &params)
            .map_err(|error| anyhow::anyhow!("{error}"))?;
        let body = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(&params)
            .finish();
        let request = self.context.http.post(url);
        Ok(request
            .header(
                CONTENT_TYPE,
                "application/x-www-form-urlencoded; charset=utf-8",
            )
            .header("x-twilio-signature", signature)
            .header(
                "i-twilio-idempotency-token",
                format!("{}-{}", webhook.message_id, webhook.first_copy),
            )
            .body(body))
    }

    fn correlation_id(&self, webhook: &Webhook) -> Option<String> {
        let callback = webhook.payload["url"].as_str()?;
        correlation_id_of(webhook::reference(callback).as_deref())
    }

    fn retry_window_ms(&self) -> Option<i64> {
        Some(RETRY_WINDOW_MS)
    }

    fn on_delivered(
        &self,
        db: &Connection,
        attempt: &Attempt<'_>,
    ) -> rusqlite::Result<Option<PageUpdate>> {
        mark_delivered(db, attempt)
    }

    fn on_abandoned(&self, db: &Connection, attempt: &Attempt<'_>) -> rusqlite::Result<()> {
        mark_abandoned(db, attempt)
    }
}
