//! The model that moderates, captions and embeds photos.

use confab_aws::Keyring;
use confab_core::Result;
use confab_lambda::StartError;
use confab_openai::{Model, ModelConfig};
use confab_provider_base::http_client;
use secrecy::SecretString;

use crate::config::{Config, MODEL_API_KEY};

#[derive(Debug)]
pub(crate) struct PhotoModel {
    secrets: Keyring,
    http: reqwest::Client,
    /// Without its key.
    config: ModelConfig,
}

impl PhotoModel {
    pub(crate) fn new(config: &Config, secrets: Keyring) -> Result<Self, StartError> {
        let mut model =
            ModelConfig::new(config.model_api_url()?.to_owned(), SecretString::default());
        if let Some(vision) = config.vision_model() {
            vision.clone_into(&mut model.vision);
        }
        if let Some(embedding) = config.embedding_model() {
            embedding.clone_into(&mut model.embedding);
        }
        if let Some(moderation) = config.moderation_model() {
            moderation.clone_into(&mut model.moderation);
        }
        Ok(Self {
            secrets,
            http: http_client()?,
            config: model,
        })
    }

    /// Returns a client with the current key, which the keyring renews every five minutes.
    pub(crate) async fn client(&self) -> Result<Model> {
        let config = ModelConfig {
            api_key: self.secrets.current(MODEL_API_KEY).await?,
            ..self.config.clone()
        };
        Ok(Model::new(self.http.clone(), config))
    }
}
