//! Delivery of events, signed with the time of the delivery.

use anyhow::{Context, Result};
use confab_core::Timestamp;
use confab_simulator_base::{Attempt, PageUpdate, Provider, SignatureMode, Webhook, WebhookSender};
use reqwest::{RequestBuilder, header::CONTENT_TYPE};
use rusqlite::Connection;

use crate::{
    due_work,
    stripe::Stripe,
    tables,
    webhook::{self, PROVIDER},
};

const RETRY_WINDOW_MS: i64 = 3 * 24 * 60 * 60 * 1_000;
/// The value of the signature of an old scheme, which test mode adds and receivers must ignore.
const OLD_SCHEME_WORD: &str = "6ffbb59b2300aae6";

impl WebhookSender for Stripe {
    fn provider(&self) -> Provider {
        PROVIDER
    }

    fn label<'a>(&self, webhook: &'a Webhook) -> &'a str {
        webhook::event_type(&webhook.payload)
    }

    fn request(&self, webhooks: &[Webhook], signature: SignatureMode) -> Result<RequestBuilder> {
        let webhook = webhooks.first().context("No job")?;
        let secret = signature.secret(&self.account.webhook_secret);
        let body = serde_json::to_string_pretty(&webhook.payload["event"])?;
        let at = Timestamp::from_millisecond(self.context.now())?;
        let signature = confab_stripe::sign(&secret, body.as_bytes(), at)
            .map_err(|error| anyhow::anyhow!("{error}"))?;
        let signature = format!("{signature},v0={}", OLD_SCHEME_WORD.repeat(4));
        let request = self.context.http.post(&self.account.webhook_url);
        Ok(request
            .header(CONTENT_TYPE, "application/json; charset=utf-8")
            .header(
                "user-agent",
                "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
            )
            .header("stripe-signature", signature)
            .body(body))
    }

    fn correlation_id(&self, webhook: &Webhook) -> Option<String> {
        webhook::correlation_id(&webhook.payload)
    }

    fn retry_window_ms(&self) -> Option<i64> {
        Some(RETRY_WINDOW_MS)
    }

    fn run_due_work(&self) {
        due_work::run(self);
    }

    fn on_delivered(
        &self,
        db: &Connection,
        attempt: &Attempt<'_>,
    ) -> rusqlite::Result<Option<PageUpdate>> {
        tables::delivered(db, &attempt.webhook.message_id)?;
        Ok(None)
    }

    fn on_abandoned(&self, _: &Connection, _: &Attempt<'_>) -> rusqlite::Result<()> {
        Ok(())
    }
}
