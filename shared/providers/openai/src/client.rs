//! Calls to the model's API: a look at a picture, places of texts, and whether something is fit to be shown.

use std::time::Duration;

use confab_core::CorrelationId;
use reqwest::{Client, header::ACCEPT};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use super::{ModelError, Seen, Verdict, parse_seen, parse_vectors, parse_verdict, question};
use confab_provider_base::{download::MAX_FILE_BYTES, send::ApiResponse};

#[derive(Debug, Clone)]
pub struct ModelConfig {
    /// `https://api.openai.com/v1`
    pub api_url: String,
    pub api_key: SecretString,
    /// The model that looks at pictures.
    pub vision: String,
    pub embedding: String,
    pub moderation: String,
    /// How long the vectors are. Those of another length have no distance to these.
    pub dimensions: usize,
}

impl ModelConfig {
    /// With OpenAI's models.
    pub fn new(api_url: String, api_key: SecretString) -> Self {
        Self {
            api_url,
            api_key,
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
    patience: Patience,
}

/// How long an answer may take.
#[derive(Debug, Clone, Copy)]
struct Patience {
    /// A thousand tokens, one after another.
    look: Duration,
    other: Duration,
}

const PATIENCE: Patience = Patience {
    look: Duration::from_secs(40),
    other: Duration::from_secs(10),
};
/// A good answer has ten kilobytes.
const LONGEST_COMPLETION: usize = 256 * 1024;
const LONGEST_VERDICT: usize = 64 * 1024;
/// A vector's number, with the spaces of a server that writes for people.
const LONGEST_NUMBER: usize = 32;
const MOST_TEXTS: usize = 128;

impl Model {
    pub fn new(http: Client, config: ModelConfig) -> Self {
        Self {
            http,
            config,
            correlation_id: None,
            patience: PATIENCE,
        }
    }

    /// The provider keeps it with its own id of each request.
    #[must_use]
    pub fn because_of(&self, correlation_id: CorrelationId) -> Self {
        Self {
            correlation_id: Some(correlation_id),
            ..self.clone()
        }
    }

    /// `lang` is the tag of the language that people read, such as `he`. It is paid for by the look.
    pub async fn look(&self, picture_jpeg: &[u8], lang: &str) -> Result<Seen, ModelError> {
        fit(picture_jpeg)?;
        let question = question::about(&self.config.vision, picture_jpeg, lang);
        parse_seen(
            &self
                .ask(
                    "chat/completions",
                    &question,
                    self.patience.look,
                    LONGEST_COMPLETION,
                )
                .await?,
        )
    }

    /// A vector for each text, in their order. No text is empty, and there are up to 128.
    pub async fn embed(&self, texts: &[String]) -> Result<Vec<Vec<f32>>, ModelError> {
        if texts.is_empty() {
            return Ok(Vec::new());
        }
        if texts.len() > MOST_TEXTS || texts.iter().any(|text| text.trim().is_empty()) {
            return Err(ModelError::unfit("not 1 to 128 texts"));
        }
        let dimensions = self.config.dimensions;
        let question = json!({
            "model": self.config.embedding, "input": texts, "dimensions": dimensions, "encoding_format": "float",
        });
        let longest = LONGEST_VERDICT.saturating_add(
            texts
                .len()
                .saturating_mul(dimensions)
                .saturating_mul(LONGEST_NUMBER),
        );
        let answer = self
            .ask("embeddings", &question, self.patience.other, longest)
            .await?;
        parse_vectors(&answer, texts.len(), dimensions)
    }

    /// The picture and what is written about it, judged together.
    pub async fn moderate(
        &self,
        picture_jpeg: &[u8],
        text: Option<&str>,
    ) -> Result<Verdict, ModelError> {
        fit(picture_jpeg)?;
        let text = text
            .filter(|text| !text.trim().is_empty())
            .map(|text| json!({"type": "text", "text": text}));
        let picture =
            json!({"type": "image_url", "image_url": {"url": question::data_url(picture_jpeg)}});
        let input: Vec<Value> = text.into_iter().chain([picture]).collect();
        let question = json!({"model": self.config.moderation, "input": input});
        parse_verdict(
            &self
                .ask(
                    "moderations",
                    &question,
                    self.patience.other,
                    LONGEST_VERDICT,
                )
                .await?,
        )
    }

    async fn ask(
        &self,
        path: &str,
        question: &Value,
        patience: Duration,
        longest: usize,
    ) -> Result<Vec<u8>, ModelError> {
        let address = format!("{}/{path}", self.config.api_url.trim_end_matches('/'));
        let mut request = self
            .http
            .post(address)
            .bearer_auth(self.config.api_key.expose_secret())
            .json(question);
        if let Some(correlation_id) = self.correlation_id {
            request = request.header("x-client-request-id", correlation_id.to_string());
        }
        let response = request
            .header(ACCEPT, "application/json")
            .timeout(patience)
            .send()
            .await;
        let response = response.map_err(ModelError::below_http)?;
        let answer = ApiResponse::read_up_to(longest, response).await;
        let answer = answer.map_err(|error| ModelError::busy(error.to_string()))?;
        match answer.status.is_success() {
            true => Ok(answer.body),
            false => Err(ModelError::of(&answer)),
        }
    }
}

fn fit(picture_jpeg: &[u8]) -> Result<(), ModelError> {
    match picture_jpeg.len() {
        1..=MAX_FILE_BYTES => Ok(()),
        _ => Err(ModelError::unfit("not a picture of up to 10 MB")),
    }
}

#[cfg(test)]
#[path = "client_tests.rs"]
mod tests;
