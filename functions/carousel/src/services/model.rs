//! The model that writes: its client, its moderation, and what it may cost.

mod errors;
mod run;
mod texts;
mod time;

use std::time::Duration;

use carousel_domain::{Budgets, ModelRequest, Prompt, Reply, TokenCount};
use confab_aws::Keyring;
use confab_core::{Result, hex};
use confab_lambda::StartError;
use confab_openai::{
    ChatMessage, ChatRequest, Completion, CompletionOutcome, Model, ModelConfig, ModelError, Role,
    Usage,
};
use confab_provider_base::http_client;
use secrecy::SecretString;
use sha2::{Digest, Sha256};

pub(crate) use run::{Texts, write};

use crate::config::{Config, MODEL_API_KEY};

const SCHEMA_NAME: &str = "carousel";
/// A verdict has no tokens to generate.
const MODERATION_TIMEOUT: Duration = Duration::from_secs(5);

#[derive(Debug)]
pub(crate) struct WriterModel {
    secrets: Keyring,
    http: reqwest::Client,
    /// Without its key.
    config: ModelConfig,
    is_moderated: bool,
    budgets: Budgets,
}

/// What moderation says of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Moderation {
    Clean,
    Flagged,
}

impl WriterModel {
    /// Configures the model of the environment. `None` without an address.
    pub(crate) fn new(config: &Config, secrets: Keyring) -> Result<Option<Self>, StartError> {
        let Some(api_url) = config.model_api_url() else {
            return Ok(None);
        };
        let mut model = ModelConfig::new(api_url.to_owned(), SecretString::default());
        config.model_name()?.clone_into(&mut model.text);
        let moderation = config.moderation_model();
        if let Some(moderation) = moderation {
            moderation.clone_into(&mut model.moderation);
        }
        Ok(Some(Self {
            secrets,
            http: http_client()?,
            config: model,
            is_moderated: moderation.is_some(),
            budgets: config.model_budgets()?,
        }))
    }

    fn name(&self) -> &str {
        &self.config.text
    }

    /// Returns a client with the current key, which the keyring renews every five minutes.
    async fn client(&self) -> Result<Model> {
        let config = ModelConfig {
            api_key: self.secrets.current(MODEL_API_KEY).await?,
            ..self.config.clone()
        };
        Ok(Model::new(self.http.clone(), config))
    }

    /// Moderates a text, where the server can. A refusal of the request itself is a verdict, too.
    async fn moderate(&self, client: &Model, text: &str) -> Result<Moderation, ModelError> {
        if !self.is_moderated {
            return Ok(Moderation::Clean);
        }
        let client = client.within(MODERATION_TIMEOUT);
        match client.moderate_text(text).await {
            Ok(verdict) if verdict.flagged => Ok(Moderation::Flagged),
            Ok(_) => Ok(Moderation::Clean),
            Err(ModelError::Refused {
                of_content: true, ..
            }) => Ok(Moderation::Flagged),
            Err(error) => Err(error),
        }
    }
}

/// Renders a request of the dialogue for the API: what a person wrote is data in a message of its own.
fn chat_request(request: &ModelRequest) -> ChatRequest {
    let Prompt {
        system,
        data,
        schema,
        max_tokens,
    } = &request.prompt;
    let message = |role, text: String| ChatMessage { role, text };
    let mut messages = vec![
        message(Role::System, (*system).to_owned()),
        message(Role::User, data.to_string()),
    ];
    if let Some(repair) = &request.repair {
        messages.push(message(Role::Assistant, repair.answer.clone()));
        messages.push(message(Role::User, repair.violations.to_string()));
    }
    ChatRequest {
        messages,
        schema_name: SCHEMA_NAME,
        schema: schema.clone(),
        max_tokens: *max_tokens,
    }
}

/// Returns the reply of a completion and its tokens. A server that does not count is charged at most.
fn reply_of(completion: Completion, request: &ModelRequest) -> (Reply, TokenCount) {
    let tokens = match completion.usage {
        Some(Usage {
            prompt_tokens,
            cached_tokens,
            completion_tokens,
        }) => TokenCount {
            input: prompt_tokens,
            cached_input: cached_tokens,
            output: completion_tokens,
        },
        None => request.tokens_at_most(),
    };
    let reply = match completion.outcome {
        CompletionOutcome::Text(text) => Reply::Text(text),
        CompletionOutcome::CutOff => Reply::CutOff,
        CompletionOutcome::Declined => Reply::Refused,
    };
    (reply, tokens)
}

/// Names a text in the log, which never has the text itself.
fn hash_of(text: &str) -> String {
    hex(&Sha256::digest(text)[..8])
}
