//! Tickets: sealed, short-lived permissions to open one socket.

use std::sync::Arc;

use confab_aws::{Keyring, SecretName};
use confab_core::{Clock, Result, Sealed, Timestamp};

/// Seals and opens the tickets of a service. `T` says which channel a ticket opens, and for whom.
#[derive(Debug)]
pub struct Tickets {
    secrets: Keyring,
    secret: SecretName,
    clock: Arc<dyn Clock>,
}

impl Tickets {
    pub fn new(secrets: Keyring, secret: SecretName, clock: Arc<dyn Clock>) -> Self {
        Self {
            secrets,
            secret,
            clock,
        }
    }

    /// Seals a ticket into a token.
    pub async fn issue<T: Sealed>(&self, ticket: &T, expires_at: Timestamp) -> Result<String> {
        self.secrets.seal(self.secret, ticket, expires_at).await
    }

    /// Opens a token. Fails for an expired or forged one.
    pub async fn verify<T: Sealed>(&self, token: &str) -> Result<T> {
        let now = self.clock.now();
        self.secrets.unseal(self.secret, token, now).await
    }
}
