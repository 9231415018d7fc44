//! Delivery of webhooks: several updates in one signed request.

use anyhow::Result;
use confab_simulator_base::{
    Attempt, PageUpdate, Provider, SignatureMode, Webhook, WebhookSender, correlation_id_of,
};
use confab_simulator_chat::{RETRY_WINDOW_MS, mark_abandoned, mark_delivered};
use hmac::{Hmac, KeyInit, Mac};
use reqwest::{RequestBuilder, header::CONTENT_TYPE};
use rusqlite::Connection;
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;

use crate::{
    meta::Meta,
    webhook::{self, PROVIDER},
};

impl WebhookSender for Meta {
    fn provider(&self) -> Provider {
        PROVIDER
    }

    fn request(&self, webhooks: &[Webhook], signature: SignatureMode) -> Result<RequestBuilder> {
        let account = &self.account;
        let body = webhook::envelope(webhooks, &account.phone_number_id);
        let signature = sign(&signature.secret(&account.app_secret), body.as_bytes())?;
        let request = self.context.http.post(&account.webhook_url);
        Ok(request
            .header(CONTENT_TYPE, "application/json")
            .header("x-hub-signature-256", signature)
            .body(body))
    }

    fn correlation_id(&self, webhook: &Webhook) -> Option<String> {
        correlation_id_of(webhook.payload["status"]["biz_opaque_callback_data"].as_str())
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

/// Computes the header `X-Hub-Signature-256`.
fn sign(app_secret: &SecretString, body: &[u8]) -> Result<String> {
    let mut mac = Hmac::<Sha256>::new_from_slice(app_secret.expose_secret().as_bytes())?;
    mac.update(body);
    let hex: String = mac
        .finalize()
        .into_bytes()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    Ok(format!("sha256={hex}"))
}
