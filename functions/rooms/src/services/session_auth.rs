//! Authentication of users by their sealed sessions.

use std::sync::Arc;

use confab_aws::Keyring;
use confab_core::{Clock, Error, Result, Timestamp, UserId};
use confab_lambda::ApiRequest;
use rooms_domain::Session;

use crate::config::SESSION_SECRET;

#[derive(Debug)]
pub(crate) struct SessionAuth {
    secrets: Keyring,
    clock: Arc<dyn Clock>,
}

impl SessionAuth {
    pub(crate) fn new(secrets: Keyring, clock: Arc<dyn Clock>) -> Self {
        Self { secrets, clock }
    }

    /// Returns the user of a request, `None` without a session. An invalid session is an error, so that no client
    /// mistakes itself for a new user.
    pub(crate) async fn optional_user(&self, request: &ApiRequest) -> Result<Option<UserId>> {
        if request.header("authorization").is_none() {
            return Ok(None);
        }
        let Some(token) = request.bearer() else {
            return Err(Error::unauthenticated(
                "Your session is not valid. Start a new one.",
            ));
        };
        let now = self.clock.now();
        let session: Session = self.secrets.unseal(SESSION_SECRET, token, now).await?;
        Ok(Some(session.user))
    }

    pub(crate) async fn require_user(&self, request: &ApiRequest) -> Result<UserId> {
        self.optional_user(request)
            .await?
            .ok_or_else(|| Error::unauthenticated("Start a session first."))
    }

    /// Seals a session into a token.
    pub(crate) async fn issue(&self, user: UserId, expires_at: Timestamp) -> Result<String> {
        self.secrets
            .seal(SESSION_SECRET, &Session { user }, expires_at)
            .await
    }
}
