//! The account at Astria, and the tickets that its callbacks carry.

use confab_astria::{Astria, AstriaConfig};
use confab_aws::Keyring;
use confab_core::{EnvError, OrderId, Result, Sealed};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use crate::config::{ASTRIA_API_KEY, Config};

pub(crate) struct AstriaAccount {
    http: reqwest::Client,
    /// Holds no key: `client` reads the current one for each call.
    config: AstriaConfig,
    secrets: Keyring,
}

impl std::fmt::Debug for AstriaAccount {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "AstriaAccount({})", self.config.api_url)
    }
}

impl AstriaAccount {
    pub(crate) fn new(
        config: &Config,
        http: reqwest::Client,
        secrets: Keyring,
    ) -> Result<Self, EnvError> {
        let config = AstriaConfig {
            api_url: config.astria_api_url()?.to_owned(),
            api_key: SecretString::default(),
            media_origins: Vec::new(),
        };
        Ok(Self {
            http,
            config,
            secrets,
        })
    }

    pub(crate) async fn client(&self) -> Result<Astria> {
        let config = AstriaConfig {
            api_key: self.secrets.current(ASTRIA_API_KEY).await?,
            ..self.config.clone()
        };
        Ok(Astria::new(self.http.clone(), config))
    }
}

/// Authenticates a callback of Astria, which signs nothing: the sealed ticket proves that we issued
/// the address.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CallbackTicket {
    pub(crate) order: OrderId,
}

impl Sealed for CallbackTicket {
    const PURPOSE: &'static str = "pack-tune-received";
}
