//! Client of the model's API: writes texts, describes pictures, embeds texts and moderates content.

use std::time::{Duration, Instant};

use confab_core::CorrelationId;
use confab_provider_base::{download::MAX_FILE_BYTES, send::ApiResponse};
use reqwest::{Client, header::ACCEPT};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use crate::{
    ChatRequest, Completion, ModelError, Seen, Verdict, parse_completion, parse_seen,
    parse_vectors, parse_verdict, vision_request,
};

#[derive(Debug, Clone)]
pub struct ModelConfig {
    /// `https://api.openai.com/v1`
    pub api_url: String,
    pub api_key: SecretString,
    /// The model of completions without pictures.
    pub text: String,
    /// The vision model.
    pub vision: String,
    pub embedding: String,
    pub moderation: String,
    /// The length of the vectors; vectors of different lengths cannot be compared.
    pub dimensions: usize,
}

impl ModelConfig {
    /// Configures OpenAI's models.
    pub fn new(api_url: String, api_key: SecretString) -> Self {
        Self {
            api_url,
            api_key,
            text: "gpt-4o-mini".to_owned(),
            vision: "gpt-4.1-mini".to_owned(),
            embedding: "text-embedding-3-small".to_owned(),
            moderation: "omni-moderation-latest".to_owned(),
            dimensions: 256,
        }
    }
}

#[derive(Debug, Clone)]
pub struct Model {
    http: Client,
    config: ModelConfig,
    correlation_id: Option<CorrelationId>,
    timeouts: Timeouts,
}

/// Request timeouts.
#[derive(Debug, Clone, Copy)]
struct Timeouts {
    /// Vision generates about a thousand tokens sequentially.
    vision: Duration,
    completion: Duration,
    other: Duration,
}

const REQUEST_TIMEOUTS: Timeouts = Timeouts {
    vision: Duration::from_secs(40),
    completion: Duration::from_secs(20),
    other: Duration::from_secs(10),
};
/// A typical completion has ten kilobytes.
const MAX_COMPLETION_BYTES: usize = 256 * 1024;
const MAX_VERDICT_BYTES: usize = 64 * 1024;
/// Bounds one number of a vector, with the whitespace of pretty-printing servers.
const MAX_NUMBER_BYTES: usize = 32;
const MAX_TEXTS: usize = 128;

impl Model {
    pub fn new(http: Client, config: ModelConfig) -> Self {
        Self {
            http,
            config,
            correlation_id: None,
            timeouts: REQUEST_TIMEOUTS,
        }
    }

    /// Returns a client that sends this correlation id with each request, for the provider's logs.
    #[must_use]
    pub fn because_of(&self, correlation_id: CorrelationId) -> Self {
        Self {
            correlation_id: Some(correlation_id),
            ..self.clone()
        }
    }

    /// Returns a client whose requests take at most this long, and no longer than usual.
    #[must_use]
    pub fn within(&self, limit: Duration) -> Self {
        let Timeouts {
            vision,
            completion,
            other,
        } = self.timeouts;
        let timeouts = Timeouts {
            vision: vision.min(limit),
            completion: completion.min(limit),
            other: other.min(limit),
        };
        Self {
            timeouts,
            ..self.clone()
        }
    }

    /// Returns a client whose completions take at most this long, be it more or less than usual.
    #[must_use]
    pub fn completing_within(&self, completion: Duration) -> Self {
        let timeouts = Timeouts {
            completion,
            ..self.timeouts
        };
        Self {
            timeouts,
            ..self.clone()
        }
    }

    /// Completes a conversation in the form of a schema. Each call is charged, whatever its outcome.
    pub async fn complete(&self, request: &ChatRequest) -> Result<Completion, ModelError> {
        let request = request.render(&self.config.text);
        let timeout = self.timeouts.completion;
        let response = self.call("chat/completions", &request, timeout, MAX_COMPLETION_BYTES);
        parse_completion(&response.await?)
    }

    /// Describes a picture and suggests chat rooms, in the language with the tag `lang`, such as
    /// `he`. Each call is charged.
    pub async fn look(&self, picture_jpeg: &[u8], lang: &str) -> Result<Seen, ModelError> {
        check_size(picture_jpeg)?;
        let request = vision_request::build(&self.config.vision, picture_jpeg, lang);
        parse_seen(
            &self
                .call(
                    "chat/completions",
                    &request,
                    self.timeouts.vision,
                    MAX_COMPLETION_BYTES,
                )
                .await?,
        )
    }

    /// Embeds up to 128 non-empty texts and returns their vectors in order.
    pub async fn embed(&self, texts: &[String]) -> Result<Vec<Vec<f32>>, ModelError> {
        if texts.is_empty() {
            return Ok(Vec::new());
        }
        if texts.len() > MAX_TEXTS || texts.iter().any(|text| text.trim().is_empty()) {
            return Err(ModelError::invalid_request(
                "expected 1 to 128 non-empty texts",
            ));
        }
        let dimensions = self.config.dimensions;
        let request = json!({
            "model": self.config.embedding, "input": texts, "dimensions": dimensions, "encoding_format": "float",
        });
        let max_bytes = MAX_VERDICT_BYTES.saturating_add(
            texts
                .len()
                .saturating_mul(dimensions)
                .saturating_mul(MAX_NUMBER_BYTES),
        );
        let response = self
            .call("embeddings", &request, self.timeouts.other, max_bytes)
            .await?;
        parse_vectors(&response, texts.len(), dimensions)
    }

    /// Moderates a picture together with its text.
    pub async fn moderate(
        &self,
        picture_jpeg: &[u8],
        text: Option<&str>,
    ) -> Result<Verdict, ModelError> {
        check_size(picture_jpeg)?;
        let text = text
            .filter(|text| !text.trim().is_empty())
            .map(|text| json!({"type": "text", "text": text}));
        let picture = json!({"type": "image_url", "image_url": {"url": vision_request::data_url(picture_jpeg)}});
        let input: Vec<Value> = text.into_iter().chain([picture]).collect();
        self.verdict(&input.into()).await
    }

    /// Moderates a text.
    pub async fn moderate_text(&self, text: &str) -> Result<Verdict, ModelError> {
        self.verdict(&text.into()).await
    }

    async fn verdict(&self, input: &Value) -> Result<Verdict, ModelError> {
        let request = json!({"model": self.config.moderation, "input": input});
        parse_verdict(
            &self
                .call(
                    "moderations",
                    &request,
                    self.timeouts.other,
                    MAX_VERDICT_BYTES,
                )
                .await?,
        )
    }

    async fn call(
        &self,
        path: &str,
        request: &Value,
        timeout: Duration,
        max_bytes: usize,
    ) -> Result<Vec<u8>, ModelError> {
        let address = format!("{}/{path}", self.config.api_url.trim_end_matches('/'));
        let mut request = self
            .http
            .post(address)
            .bearer_auth(self.config.api_key.expose_secret())
            .json(request);
        if let Some(correlation_id) = self.correlation_id {
            request = request.header("x-client-request-id", correlation_id.to_string());
        }
        let started = Instant::now();
        // The body has the same timeout, but its error does not tell.
        let late_or = |error: ModelError| match error {
            ModelError::Lost(_) if started.elapsed() >= timeout => ModelError::TimedOut,
            error => error,
        };
        let response = request
            .header(ACCEPT, "application/json")
            .timeout(timeout)
            .send()
            .await;
        let response = response.map_err(|error| late_or(ModelError::from_transport(error)))?;
        let response = ApiResponse::read_up_to(max_bytes, response).await;
        let response = response.map_err(|error| late_or(ModelError::Lost(error.to_string())))?;
        if !response.status.is_success() {
            return Err(ModelError::from_response(&response));
        }
        Ok(response.body)
    }
}

fn check_size(picture_jpeg: &[u8]) -> Result<(), ModelError> {
    match picture_jpeg.len() {
        1..=MAX_FILE_BYTES => Ok(()),
        _ => Err(ModelError::invalid_request(
            "expected a picture of up to 10 MB",
        )),
    }
}

#[cfg(test)]
mod tests;
