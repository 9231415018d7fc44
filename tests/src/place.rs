//! Where Confab runs, and plain requests to it.

use std::{future::Future, time::Duration};

use anyhow::{Context, Result, bail, ensure};
use aws_sdk_sqs::types::QueueAttributeName;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha2::Sha256;

use crate::{Local, Person};

/// How long a test waits for what has to come. A busy machine is slow, and only a test that fails waits this long.
pub const PATIENCE: Duration = Duration::from_secs(120);

/// The secret of the simulated Meta.
const APP_SECRET: &[u8] = b"app-secret";

#[derive(Debug)]
pub struct Place {
    pub http: reqwest::Client,
    pub gateway: String,
    /// The simulated providers and their phones.
    pub outside: String,
    pub aws: String,
    /// Lists the webhooks that the stack has sent to its operator's server. A rehearsal has one.
    pub hooks: Option<String>,
    pub local: Option<Local>,
}

impl Place {
    /// The stack that the environment names, or a `local` of one's own.
    pub async fn any() -> Result<Self> {
        let given = |name: &str| environment(name);
        match (
            given("CONFAB_GATEWAY"),
            given("CONFAB_OUTSIDE"),
            given("CONFAB_AWS"),
        ) {
            (Some(gateway), Some(outside), Some(aws)) => Ok(Self {
                http: client()?,
                gateway,
                outside,
                aws,
                hooks: given("CONFAB_HOOKS"),
                local: None,
            }),
            _ => Self::local().await,
        }
    }

    /// A `local` of one's own, for what only `local` can do.
    pub async fn local() -> Result<Self> {
        Self::running("template.yaml").await
    }

    /// A `local` that runs another template, named from the repository's root.
    pub async fn running(template: &'static str) -> Result<Self> {
        let local = Local::start_with(template).await?;
        Ok(Self {
            http: client()?,
            gateway: local.gateway.clone(),
            outside: local.home.clone(),
            aws: local.aws.clone(),
            hooks: None,
            local: Some(local),
        })
    }

    /// Ends `local` as a power cut does, and starts it again on the same ports and data.
    pub async fn power_cut(&mut self) -> Result<()> {
        let local = self.local.take().context("only a local can be cut off")?;
        self.local = Some(local.power_cut().await?);
        Ok(())
    }

    pub async fn person(&self, name: &str, channel: &str) -> Result<Person<'_>> {
        Person::new(self, name, channel).await
    }

    pub async fn get(&self, path: &str) -> Result<Value> {
        let answer = self
            .http
            .get(format!("{}{path}", self.outside))
            .send()
            .await?;
        if !answer.status().is_success() {
            bail!("GET {path}: {} {}", answer.status(), answer.text().await?);
        }
        Ok(answer.json().await?)
    }

    pub async fn post(&self, path: &str, body: &Value) -> Result<Value> {
        self.request(reqwest::Method::POST, path, body).await
    }

    pub async fn put(&self, path: &str, body: &Value) -> Result<Value> {
        self.request(reqwest::Method::PUT, path, body).await
    }

    async fn request(&self, method: reqwest::Method, path: &str, body: &Value) -> Result<Value> {
        let answer = self
            .http
            .request(method.clone(), format!("{}{path}", self.outside))
            .json(body)
            .send()
            .await?;
        let status = answer.status();
        let text = answer.text().await?;
        if !status.is_success() {
            bail!("{method} {path}: {status} {text}");
        }
        Ok(serde_json::from_str(&text).unwrap_or(Value::Null))
    }

    /// A webhook as Meta sends it, with any signature.
    pub async fn webhook(
        &self,
        body: impl Into<Vec<u8>>,
        signature: Option<&str>,
    ) -> Result<reqwest::Response> {
        let mut request = self
            .http
            .post(format!("{}/SmsReceived", self.gateway))
            .header("content-type", "application/json")
            .body(body.into());
        if let Some(signature) = signature {
            request = request.header("x-hub-signature-256", signature);
        }
        Ok(request.send().await?)
    }

    pub async fn signed_webhook(&self, body: impl Into<Vec<u8>>) -> Result<reqwest::Response> {
        let body = body.into();
        let signature = sign_meta(&body);
        self.webhook(body, Some(&signature)).await
    }

    /// Moves local's time forward.
    pub async fn advance(&self, by: Duration) -> Result<()> {
        self.local
            .as_ref()
            .context("only local's time can be moved")?
            .advance(&self.http, by)
            .await
    }

    /// Time passes: at once on `local`, really elsewhere.
    pub async fn passes(&self, time: Duration) -> Result<()> {
        match &self.local {
            Some(_) => self.advance(time).await,
            None => {
                tokio::time::sleep(time).await;
                Ok(())
            }
        }
    }

    pub fn aws_config(&self) -> Result<aws_types::SdkConfig> {
        crate::cloud::config(&self.aws)
    }

    /// How many messages a queue holds, whatever their state.
    pub async fn depth(&self, queue: &str) -> Result<u64> {
        let sqs = aws_sdk_sqs::Client::new(&crate::cloud::config(&self.aws)?);
        let url = sqs
            .get_queue_url()
            .queue_name(queue)
            .send()
            .await?
            .queue_url
            .context("a queue has an address")?;
        let asked = sqs
            .get_queue_attributes()
            .queue_url(url)
            .attribute_names(QueueAttributeName::All);
        let attributes = asked.send().await?.attributes.unwrap_or_default();
        let counts = attributes
            .iter()
            .filter(|(name, _)| name.as_str().starts_with("ApproximateNumberOfMessages"));
        counts.map(|(_, count)| Ok(count.parse::<u64>()?)).sum()
    }

    /// Waits until all that was on a queue has been worked on.
    pub async fn is_empty(&self, queue: &str) -> Result<()> {
        eventually(|| async {
            let waiting = self.depth(queue).await?;
            ensure!(waiting == 0, "{waiting} are waiting in {queue}");
            Ok(())
        })
        .await
    }

    /// How many minutes passed on `local` until its first message was given up and lay in this dead-letter queue.
    pub async fn gives_up(&self, dlq: &str) -> Result<usize> {
        let mut minutes = 0;
        eventually(|| {
            minutes += 1;
            async {
                self.advance(Duration::from_secs(61)).await?;
                tokio::time::sleep(Duration::from_millis(250)).await;
                let dlq = self.queue(dlq).await?;
                (dlq["visible"] == 1)
                    .then_some(())
                    .with_context(|| dlq.to_string())
            }
        })
        .await?;
        Ok(minutes)
    }

    pub async fn queue(&self, name: &str) -> Result<Value> {
        let state = self.get("/api/state").await?;
        let queues = state["queues"].as_array().context("no queues")?;
        queues
            .iter()
            .find(|queue| queue["name"] == name)
            .cloned()
            .with_context(|| format!("no queue {name}"))
    }
}

#[expect(clippy::disallowed_methods, reason = "the suite's own configuration")]
pub(crate) fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

pub(crate) fn client() -> Result<reqwest::Client> {
    confab_provider_base::http_client_within(PATIENCE).map_err(|error| anyhow::anyhow!("{error}"))
}

/// The header that Meta would send with this body.
pub fn sign_meta(body: &[u8]) -> String {
    #[expect(clippy::expect_used, reason = "HMAC takes a key of any length")]
    let mut mac = Hmac::<Sha256>::new_from_slice(APP_SECRET).expect("any key will do");
    mac.update(body);
    format!("sha256={}", confab_core::hex(&mac.finalize().into_bytes()))
}

/// Waits until `check` gives something; its last error says why it never did.
pub async fn eventually<T, Fut: Future<Output = Result<T>>>(
    mut check: impl FnMut() -> Fut,
) -> Result<T> {
    let until = tokio::time::Instant::now() + PATIENCE;
    loop {
        match check().await {
            Ok(found) => return Ok(found),
            Err(error) if tokio::time::Instant::now() >= until => {
                return Err(error.context(format!("not within {PATIENCE:?}")));
            }
            Err(_) => tokio::time::sleep(Duration::from_millis(25)).await,
        }
    }
}
