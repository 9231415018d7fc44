//! The maker of photos: its client with a key that is read anew when it is five minutes old.

use confab_astria::{Astria, AstriaConfig};
use confab_aws::{Keyring, SecretName};
use confab_core::{Env, EnvError, OrderId, Result, Sealed};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

pub(crate) const ASTRIA_KEY: SecretName = SecretName("ASTRIA_API_KEY_PARAM");

pub(crate) struct Maker {
    http: reqwest::Client,
    config: AstriaConfig,
    keys: Keyring,
}

impl std::fmt::Debug for Maker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Maker({})", self.config.api_url)
    }
}

impl Maker {
    /// `keys` must hold `ASTRIA_KEY`.
    pub(crate) fn new(env: &Env, http: reqwest::Client, keys: Keyring) -> Result<Self, EnvError> {
        let api_url = env.required("ASTRIA_API_URL")?.to_owned();
        let config = AstriaConfig {
            api_url,
            api_key: SecretString::default(),
            media_origins: Vec::new(),
        };
        Ok(Self { http, config, keys })
    }

    pub(crate) async fn client(&self) -> Result<Astria> {
        let api_key = self.keys.current(ASTRIA_KEY).await?;
        Ok(Astria::new(
            self.http.clone(),
            AstriaConfig {
                api_key,
                ..self.config.clone()
            },
        ))
    }
}

/// What a callback of the maker has to show, since it signs nothing: that we gave it the address, for this order.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Ticket {
    pub(crate) order: OrderId,
}

impl Sealed for Ticket {
    const PURPOSE: &'static str = "pack-tune-received";
}
