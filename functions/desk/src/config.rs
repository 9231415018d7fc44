//! The environment variables of Desk.

use confab_aws::{Aws, Keyring, SecretName};
use confab_core::{Env, EnvError, Result};

/// Seals tickets, cursors, links in mails and the tokens of visitors.
pub(crate) const SEAL_SECRET: SecretName = SecretName("DESK_SEAL_SECRET_PARAM");
/// Seeds of the keys that sign access tokens: 32 bytes each, in base64. The first signs, all verify.
pub(crate) const SIGNING_SEED: SecretName = SecretName("DESK_SIGNING_SEED_PARAM");

/// The configuration of one function, read once at start.
#[derive(Debug)]
pub(crate) struct Config(Env);

impl Config {
    pub(crate) fn new(env: Env) -> Self {
        Self(env)
    }

    /// The named secrets, read from SSM in one call.
    pub(crate) async fn secrets(&self, aws: &Aws, names: &[SecretName]) -> Result<Keyring> {
        Keyring::read(&self.0, aws, names).await
    }

    /// Name of the DynamoDB table.
    pub(crate) fn table(&self) -> Result<&str, EnvError> {
        self.0.required("CONFAB_TABLE")
    }

    /// Name of the bucket of attachments.
    pub(crate) fn bucket(&self) -> Result<&str, EnvError> {
        self.0.required("CONFAB_BUCKET")
    }

    /// URL of the FIFO queue of broadcasts.
    pub(crate) fn broadcast_queue_url(&self) -> Result<&str, EnvError> {
        self.0.required("CONFAB_BROADCAST_QUEUE_URL")
    }

    /// URL of the queue of mails.
    pub(crate) fn mail_queue_url(&self) -> Result<&str, EnvError> {
        self.0.required("CONFAB_MAIL_QUEUE_URL")
    }

    /// URL of the FIFO queue of setup steps.
    pub(crate) fn provision_queue_url(&self) -> Result<&str, EnvError> {
        self.0.required("CONFAB_PROVISION_QUEUE_URL")
    }

    /// URL of the FIFO queue of what is due.
    pub(crate) fn due_queue_url(&self) -> Result<&str, EnvError> {
        self.0.required("CONFAB_DUE_QUEUE_URL")
    }

    /// URL of the queue of uploads that wait for their check.
    pub(crate) fn file_queue_url(&self) -> Result<&str, EnvError> {
        self.0.required("CONFAB_FILE_QUEUE_URL")
    }

    /// The address from which mails are sent.
    pub(crate) fn mail_from(&self) -> Result<&str, EnvError> {
        self.0.required("MAIL_FROM")
    }

    /// The origin of the console's pages. `None` lets no page call with its cookies.
    pub(crate) fn console_origin(&self) -> Option<&str> {
        self.0
            .optional("DESK_ORIGIN")
            .filter(|origin| *origin != "*")
    }

    /// Base URL of the console, for links in mails.
    pub(crate) fn console_url(&self) -> Result<&str, EnvError> {
        Ok(self.0.required("CONSOLE_URL")?.trim_end_matches('/'))
    }

    /// The API's own base URL, where the widget's loader and frame are. `None` is API Gateway's.
    pub(crate) fn public_base_url(&self) -> Option<&str> {
        let url = self.0.optional("WIDGET_URL")?;
        Some(url.trim_end_matches('/'))
    }

    /// Who issues access tokens, and whom they are for.
    pub(crate) fn issuer(&self) -> Result<&str, EnvError> {
        Ok(self.0.required("TOKEN_ISSUER")?.trim_end_matches('/'))
    }

    /// The address at which clients open sockets.
    pub(crate) fn socket_url(&self) -> Result<&str, EnvError> {
        self.0.required("SOCKET_URL")
    }

    /// The address at which functions post to sockets.
    pub(crate) fn socket_endpoint(&self) -> Result<&str, EnvError> {
        Ok(self.0.required("SOCKET_ENDPOINT")?.trim_end_matches('/'))
    }
}
