//! The state of a function: the parts of Desk that it uses.

use std::sync::Arc;

use confab_aws::{Aws, Keyring, Mailer, Objects, Queue, SecretName, Sockets, Table};
use confab_core::{Clock, Result};
use confab_lambda::{ApiRequest, OsEntropy, Platform, Readiness, StartError, started};
use confab_live::{BroadcastCursors, Tickets};

use crate::{
    age_bounded_cache::MAX_SETTINGS_AGE,
    auth::{Sealer, TenantCache, TokenKeys},
    config::{Config, SEAL_SECRET, SIGNING_SEED},
    live_channels::LiveChannel,
    services::{
        attachments::Files, bot_cache::LiveBotCache, broadcasts::Broadcasts, due_jobs::DueJobs,
        greeting::HoursCache, mails::Mails, provisioning::ProvisionQueue,
    },
    store::Store,
};

/// Tenants whose business hours a process keeps.
const MAX_HOURS: usize = 1_000;

/// Parts of the service's state. A function names those that it uses: its permissions, variables, secrets and cold start
/// are its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    Store,
    /// Signs and verifies access tokens.
    TokenKeys,
    /// Seals and opens cursors, links in mails, embed tickets and the tokens of visitors.
    Sealer,
    /// Seals and opens the tickets of sockets.
    Tickets,
    /// The queue of broadcasts.
    Broadcasts,
    /// The queue of mails.
    Mails,
    /// The queue of setup steps.
    Provisioning,
    /// The queue of what is due.
    DueJobs,
    /// The queue of uploads that wait for their check.
    Files,
    /// Sends mails.
    Mailer,
    /// The bucket of attachments.
    Objects,
    /// Posts to connections.
    Sockets,
    /// The address at which clients open sockets.
    SocketUrl,
    /// Base URL of the console, for links in mails.
    ConsoleUrl,
    /// Opens the connection to DynamoDB during init.
    DynamoDbConnection,
    /// Opens the connection to SQS during init.
    SqsConnection,
}

impl Part {
    /// Returns the secret that a part needs.
    fn secret(self) -> Option<SecretName> {
        match self {
            Self::TokenKeys => Some(SIGNING_SEED),
            Self::Sealer | Self::Tickets => Some(SEAL_SECRET),
            _ => None,
        }
    }
}

#[derive(Debug)]
pub struct State {
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: OsEntropy,
    pub(crate) readiness: Readiness,
    /// How far this process has broadcast each busy conversation.
    pub(crate) cursors: BroadcastCursors<LiveChannel>,
    /// Tenants whose status this process has read.
    pub(crate) tenants: TenantCache,
    /// Deployments that this process has read.
    pub(crate) live_bots: LiveBotCache,
    /// Business hours that this process has read.
    pub(crate) hours: HoursCache,
    console_origin: Option<String>,
    store: Option<Store>,
    token_keys: Option<TokenKeys>,
    sealer: Option<Sealer>,
    tickets: Option<Tickets>,
    broadcasts: Option<Broadcasts>,
    mails: Option<Mails>,
    provisioning: Option<ProvisionQueue>,
    due_jobs: Option<DueJobs>,
    files: Option<Files>,
    mailer: Option<Mailer>,
    objects: Option<Objects>,
    sockets: Option<Sockets>,
    socket_url: Option<String>,
    console_url: Option<String>,
    public_base_url: Option<String>,
}

impl State {
    /// Starts the named parts from the environment of the process.
    pub async fn start(parts: &[Part]) -> Result<Self, StartError> {
        Self::new(Platform::of_process()?, parts).await
    }

    /// Builds the named parts. Secrets are read while the connections open.
    pub async fn new(platform: Platform, parts: &[Part]) -> Result<Self, StartError> {
        let Platform { env, aws, clock } = platform;
        let config = Config::new(env);
        let (secrets, ()) = tokio::join!(
            read_secrets(&config, &aws, parts),
            aws.connect_all(connections(parts))
        );
        let secrets = secrets?;
        let mut state = Self::empty(clock.clone());
        state.console_origin = config.console_origin().map(str::to_owned);
        state.public_base_url = config.public_base_url().map(str::to_owned);
        for part in parts {
            match part {
                Part::Store => {
                    let table = Table::new(aws.dynamodb(), config.table()?);
                    state.store = Some(Store::new(table, clock.clone()));
                }
                Part::TokenKeys => {
                    let secrets = read(secrets.as_ref())?;
                    let issuer = config.issuer()?.to_owned();
                    state.token_keys = Some(TokenKeys::new(secrets, issuer, clock.clone()));
                }
                Part::Sealer => {
                    let secrets = read(secrets.as_ref())?;
                    state.sealer = Some(Sealer::new(secrets, clock.clone()));
                }
                Part::Tickets => {
                    let secrets = read(secrets.as_ref())?;
                    state.tickets = Some(Tickets::new(secrets, SEAL_SECRET, clock.clone()));
                }
                Part::Broadcasts => {
                    let queue = Queue::new(&aws, config.broadcast_queue_url()?);
                    state.broadcasts = Some(Broadcasts::new(queue));
                }
                Part::Mails => {
                    let queue = Queue::new(&aws, config.mail_queue_url()?);
                    state.mails = Some(Mails::new(queue));
                }
                Part::Provisioning => {
                    let queue = Queue::new(&aws, config.provision_queue_url()?);
                    state.provisioning = Some(ProvisionQueue::new(queue));
                }
                Part::DueJobs => {
                    let queue = Queue::new(&aws, config.due_queue_url()?);
                    state.due_jobs = Some(DueJobs::new(queue));
                }
                Part::Files => {
                    let queue = Queue::new(&aws, config.file_queue_url()?);
                    state.files = Some(Files::new(queue));
                }
                Part::Mailer => state.mailer = Some(Mailer::new(&aws, config.mail_from()?)),
                Part::Objects => state.objects = Some(Objects::new(&aws, config.bucket()?)),
                Part::Sockets => {
                    state.sockets = Some(Sockets::new(&aws, config.socket_endpoint()?));
                }
                Part::SocketUrl => state.socket_url = Some(config.socket_url()?.to_owned()),
                Part::ConsoleUrl => state.console_url = Some(config.console_url()?.to_owned()),
                Part::DynamoDbConnection | Part::SqsConnection => {}
            }
        }
        Ok(state)
    }

    fn empty(clock: Arc<dyn Clock>) -> Self {
        Self {
            tenants: TenantCache::new(clock.clone()),
            hours: HoursCache::new(MAX_SETTINGS_AGE, MAX_HOURS),
            clock,
            entropy: OsEntropy,
            readiness: Readiness::default(),
            cursors: BroadcastCursors::default(),
            live_bots: LiveBotCache::default(),
            console_origin: None,
            store: None,
            token_keys: None,
            sealer: None,
            tickets: None,
            broadcasts: None,
            mails: None,
            provisioning: None,
            due_jobs: None,
            files: None,
            mailer: None,
            objects: None,
            sockets: None,
            socket_url: None,
            console_url: None,
            public_base_url: None,
        }
    }

    /// Returns the origin whose pages may call with their cookies.
    pub(crate) fn console_origin(&self) -> Option<&str> {
        self.console_origin.as_deref()
    }

    pub(crate) fn store(&self) -> Result<&Store> {
        started(self.store.as_ref(), "store")
    }

    pub(crate) fn token_keys(&self) -> Result<&TokenKeys> {
        started(self.token_keys.as_ref(), "token_keys")
    }

    pub(crate) fn sealer(&self) -> Result<&Sealer> {
        started(self.sealer.as_ref(), "sealer")
    }

    pub(crate) fn tickets(&self) -> Result<&Tickets> {
        started(self.tickets.as_ref(), "tickets")
    }

    pub(crate) fn broadcasts(&self) -> Result<&Broadcasts> {
        started(self.broadcasts.as_ref(), "broadcasts")
    }

    pub(crate) fn mails(&self) -> Result<&Mails> {
        started(self.mails.as_ref(), "mails")
    }

    pub(crate) fn provisioning(&self) -> Result<&ProvisionQueue> {
        started(self.provisioning.as_ref(), "provisioning")
    }

    pub(crate) fn due_jobs(&self) -> Result<&DueJobs> {
        started(self.due_jobs.as_ref(), "due_jobs")
    }

    pub(crate) fn files(&self) -> Result<&Files> {
        started(self.files.as_ref(), "files")
    }

    pub(crate) fn mailer(&self) -> Result<&Mailer> {
        started(self.mailer.as_ref(), "mailer")
    }

    pub(crate) fn objects(&self) -> Result<&Objects> {
        started(self.objects.as_ref(), "objects")
    }

    pub(crate) fn sockets(&self) -> Result<&Sockets> {
        started(self.sockets.as_ref(), "sockets")
    }

    pub(crate) fn socket_url(&self) -> Result<&str> {
        started(self.socket_url.as_ref(), "socket_url").map(String::as_str)
    }

    pub(crate) fn console_url(&self) -> Result<&str> {
        started(self.console_url.as_ref(), "console_url").map(String::as_str)
    }

    /// Returns the base URL of the API, where the widget's loader and frame are: the configured one, or that of the
    /// request, which API Gateway has matched with its own domain.
    pub(crate) fn base_url(&self, request: &ApiRequest) -> String {
        if let Some(url) = &self.public_base_url {
            return url.clone();
        }
        let host = request.header("host").unwrap_or_default();
        let is_loopback = host.starts_with("127.0.0.1") || host.starts_with("localhost");
        let scheme = if is_loopback { "http" } else { "https" };
        format!("{scheme}://{host}")
    }
}

fn read(secrets: Option<&Keyring>) -> Result<Keyring> {
    started(secrets, "secrets").cloned()
}

async fn read_secrets(config: &Config, aws: &Aws, parts: &[Part]) -> Result<Option<Keyring>> {
    let mut names = Vec::new();
    for name in parts.iter().filter_map(|part| part.secret()) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    if names.is_empty() {
        return Ok(None);
    }
    config.secrets(aws, &names).await.map(Some)
}

/// Returns the services whose connections are opened during init.
fn connections(parts: &[Part]) -> impl Iterator<Item = &'static str> {
    parts.iter().filter_map(|part| match part {
        Part::DynamoDbConnection => Some("dynamodb"),
        Part::SqsConnection => Some("sqs"),
        _ => None,
    })
}
