//! The operator's server, which is told of finished carousels by signed requests.

use std::time::Duration;

use confab_aws::Keyring;
use confab_core::{Error, Result, Timestamp};
use confab_provider_base::{
    http::{describe, retry_after},
    http_client_within,
    standard_webhooks::{SigningKey, sign},
};
use reqwest::{Client, Response, StatusCode, header::CONTENT_TYPE};

use crate::config::{CAROUSEL_WEBHOOK_SECRET, WebhookUrl};

/// From the connection to the head of the response. Its body is not read.
const DELIVERY_TIMEOUT: Duration = Duration::from_secs(15);

#[derive(Debug)]
pub(crate) struct WebhookReceiver {
    http: Client,
    url: WebhookUrl,
    secrets: Keyring,
}

/// The server's answer to a delivery.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum DeliveryOutcome {
    Accepted,
    /// The server wants no deliveries any more.
    Gone,
    /// Another attempt may succeed. The server may have accepted this one.
    Failed {
        reason: String,
        retry_after: Option<Duration>,
    },
}

impl WebhookReceiver {
    /// Fails if a secret cannot sign.
    pub(crate) async fn start(url: WebhookUrl, secrets: Keyring) -> Result<Self> {
        let http = http_client_within(DELIVERY_TIMEOUT)?;
        let receiver = Self { http, url, secrets };
        receiver.signing_keys().await?;
        Ok(receiver)
    }

    /// Returns a key of each active secret. One that cannot sign stops all deliveries: they wait in the queue.
    async fn signing_keys(&self) -> Result<Vec<SigningKey>> {
        let bad_secret = |reason: &str| {
            let reason = format!("{}: {reason}", CAROUSEL_WEBHOOK_SECRET.0);
            Error::unavailable("bad_webhook_secret", reason)
        };
        let secrets = self.secrets.active(CAROUSEL_WEBHOOK_SECRET).await?;
        if secrets.is_empty() {
            return Err(bad_secret("there is no secret"));
        }
        let keys = secrets.iter().map(SigningKey::parse);
        let keys: Result<_, _> = keys.collect();
        keys.map_err(|error| bad_secret(&error.to_string()))
    }

    /// Posts a body under an id, by which the server recognises copies.
    pub(crate) async fn deliver(
        &self,
        id: &str,
        at: Timestamp,
        body: Vec<u8>,
    ) -> Result<DeliveryOutcome> {
        let signature = sign(&self.signing_keys().await?, id, at, &body)?;
        let request = self.http.post(self.url.0.clone());
        let request = request
            .header(CONTENT_TYPE, "application/json")
            .header("webhook-id", id)
            .header("webhook-timestamp", at.as_second())
            .header("webhook-signature", signature)
            .body(body);
        Ok(match request.send().await {
            Ok(response) => outcome_of(&response),
            Err(error) => DeliveryOutcome::Failed {
                reason: describe(error),
                retry_after: None,
            },
        })
    }
}

fn outcome_of(response: &Response) -> DeliveryOutcome {
    match response.status() {
        status if status.is_success() => DeliveryOutcome::Accepted,
        StatusCode::GONE => DeliveryOutcome::Gone,
        status => DeliveryOutcome::Failed {
            reason: format!("HTTP {}", status.as_u16()),
            retry_after: retry_after(response),
        },
    }
}
