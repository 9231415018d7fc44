//! The state of a function: the parts of the studio that it uses.

use std::sync::Arc;

use confab_aws::{Aws, Bus, Keyring, Objects, Queue, SecretName, Table};
use confab_contracts::payments::PriceList;
use confab_core::{Clock, Result};
use confab_lambda::{
    OPERATOR_KEY, OperatorState, OsEntropy, Platform, Readiness, StartError, started,
};
use confab_pay_links::PayLinks;
use confab_provider_base::http_client;

use crate::{
    config::{ASTRIA_API_KEY, Config, SEAL_SECRET},
    services::{astria::AstriaAccount, catalog::CatalogCache, channels::Channels},
    store::Store,
};

/// Parts of the service's state. A function names those that it uses: its permissions, variables,
/// secrets and cold start are its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    Store,
    Objects,
    Bus,
    ConversationQueue,
    StatusQueue,
    PhotoQueue,
    GenerationQueue,
    EraseQueue,
    PackQueue,
    CleanupQueue,
    /// Accounts at Meta and Twilio, to send messages and fetch media.
    Channels,
    Astria,
    PayLinks,
    /// Packs and prices, read during init.
    Catalog,
    /// The address that Astria's callbacks go to.
    CallbackUrl,
    /// Secrets that verify the webhooks of Meta and Twilio.
    WebhookSecrets,
    /// The secret that seals offers and callback tickets.
    Seal,
    OperatorKey,
    /// Opens the connection to DynamoDB during init.
    DynamoDbConnection,
    /// Opens the connection to SQS during init.
    SqsConnection,
}

impl Part {
    /// Returns the secrets that a part needs.
    fn secrets(self, config: &Config) -> Vec<SecretName> {
        match self {
            Self::Channels => config.channel_secrets(),
            Self::Astria => vec![ASTRIA_API_KEY],
            Self::WebhookSecrets => config.webhook_secrets(),
            Self::Seal => vec![SEAL_SECRET],
            Self::OperatorKey => vec![OPERATOR_KEY],
            _ => Vec::new(),
        }
    }

    fn needs_secrets(self) -> bool {
        matches!(
            self,
            Self::Channels | Self::Astria | Self::WebhookSecrets | Self::Seal | Self::OperatorKey
        )
    }

    fn needs_http(self) -> bool {
        matches!(self, Self::Channels | Self::Astria | Self::PayLinks)
    }
}

#[derive(Debug)]
pub struct State {
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: OsEntropy,
    pub(crate) readiness: Readiness,
    /// Public base address of the API. Without it the host of the request is used.
    pub(crate) public_base_url: Option<String>,
    callback_url: Option<String>,
    secrets: Option<Keyring>,
    store: Option<Store>,
    objects: Option<Objects>,
    bus: Option<Bus>,
    conversation_queue: Option<Queue>,
    status_queue: Option<Queue>,
    photo_queue: Option<Queue>,
    generation_queue: Option<Queue>,
    erase_queue: Option<Queue>,
    pack_queue: Option<Queue>,
    cleanup_queue: Option<Queue>,
    channels: Option<Channels>,
    astria: Option<AstriaAccount>,
    pay_links: Option<PayLinks>,
    catalog: Option<CatalogCache>,
}

impl State {
    /// Starts the named parts from the environment of the process.
    pub async fn start(parts: &[Part]) -> Result<Self, StartError> {
        Self::new(Platform::of_process()?, parts).await
    }

    /// Builds the named parts. Secrets are read while connections open and the catalog is filled.
    pub async fn new(platform: Platform, parts: &[Part]) -> Result<Self, StartError> {
        let Platform { env, aws, clock } = platform;
        let config = Config::new(env);
        let mut state = Self::without_parts(&config, clock);
        for part in parts {
            state.start_part(*part, &config, &aws)?;
        }
        let warm_up = async {
            aws.connect_all(connections(parts)).await;
            if let (Some(catalog), Some(store)) = (&state.catalog, &state.store) {
                catalog.fill(store).await;
            }
        };
        let reads = async { tokio::join!(read_secrets(&config, &aws, parts), warm_up) };
        let (secrets, ()) = Box::pin(reads).await;
        state.secrets = secrets?;
        if parts.iter().any(|part| part.needs_http()) {
            state.start_clients(&config, parts)?;
        }
        Ok(state)
    }

    fn without_parts(config: &Config, clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            entropy: OsEntropy,
            readiness: Readiness::default(),
            public_base_url: config.public_base_url().map(str::to_owned),
            callback_url: None,
            secrets: None,
            store: None,
            objects: None,
            bus: None,
            conversation_queue: None,
            status_queue: None,
            photo_queue: None,
            generation_queue: None,
            erase_queue: None,
            pack_queue: None,
            cleanup_queue: None,
            channels: None,
            astria: None,
            pay_links: None,
            catalog: None,
        }
    }

    /// Starts a part that needs no secret and no HTTP client.
    fn start_part(&mut self, part: Part, config: &Config, aws: &Aws) -> Result<(), StartError> {
        let queue = |url| Some(Queue::new(aws, url));
        match part {
            Part::Store => {
                let table = Table::new(aws.dynamodb(), config.table()?);
                let store = Store::new(table, self.clock.clone(), Arc::new(OsEntropy));
                self.store = Some(store);
            }
            Part::Objects => self.objects = Some(Objects::new(aws, config.bucket()?)),
            Part::Bus => self.bus = Some(Bus::new(aws, config.event_bus()?)),
            Part::ConversationQueue => {
                self.conversation_queue = queue(config.conversation_queue_url()?);
            }
            Part::StatusQueue => self.status_queue = queue(config.status_queue_url()?),
            Part::PhotoQueue => self.photo_queue = queue(config.photo_queue_url()?),
            Part::GenerationQueue => self.generation_queue = queue(config.generation_queue_url()?),
            Part::EraseQueue => self.erase_queue = queue(config.erase_queue_url()?),
            Part::PackQueue => self.pack_queue = queue(config.pack_queue_url()?),
            Part::CleanupQueue => self.cleanup_queue = queue(config.cleanup_queue_url()?),
            Part::Catalog => {
                let prices = PriceList::parse(config.prices()?)?;
                self.catalog = Some(CatalogCache::new(&prices));
            }
            Part::CallbackUrl => {
                let base = config.required_public_base_url()?;
                self.callback_url = Some(format!("{base}/pack-tune-received"));
            }
            Part::Channels
            | Part::Astria
            | Part::PayLinks
            | Part::WebhookSecrets
            | Part::Seal
            | Part::OperatorKey
            | Part::DynamoDbConnection
            | Part::SqsConnection => {}
        }
        Ok(())
    }

    /// Starts the clients of providers, which share one HTTP client.
    fn start_clients(&mut self, config: &Config, parts: &[Part]) -> Result<(), StartError> {
        let http = http_client()?;
        if parts.contains(&Part::Channels) {
            let secrets = self.secrets()?.clone();
            let channels = Channels::new(config, http.clone(), secrets, self.clock.clone())?;
            self.channels = Some(channels);
        }
        if parts.contains(&Part::Astria) {
            let secrets = self.secrets()?.clone();
            self.astria = Some(AstriaAccount::new(config, http.clone(), secrets)?);
        }
        if parts.contains(&Part::PayLinks) {
            self.pay_links = Some(PayLinks::new(http, config.pay_base_url()?));
        }
        Ok(())
    }

    pub(crate) fn secrets(&self) -> Result<&Keyring> {
        started(self.secrets.as_ref(), "secrets")
    }

    pub(crate) fn store(&self) -> Result<&Store> {
        started(self.store.as_ref(), "store")
    }

    pub(crate) fn objects(&self) -> Result<&Objects> {
        started(self.objects.as_ref(), "objects")
    }

    pub(crate) fn bus(&self) -> Result<&Bus> {
        started(self.bus.as_ref(), "bus")
    }

    pub(crate) fn conversation_queue(&self) -> Result<&Queue> {
        started(self.conversation_queue.as_ref(), "conversation_queue")
    }

    pub(crate) fn status_queue(&self) -> Result<&Queue> {
        started(self.status_queue.as_ref(), "status_queue")
    }

    pub(crate) fn photo_queue(&self) -> Result<&Queue> {
        started(self.photo_queue.as_ref(), "photo_queue")
    }

    pub(crate) fn generation_queue(&self) -> Result<&Queue> {
        started(self.generation_queue.as_ref(), "generation_queue")
    }

    pub(crate) fn erase_queue(&self) -> Result<&Queue> {
        started(self.erase_queue.as_ref(), "erase_queue")
    }

    pub(crate) fn pack_queue(&self) -> Result<&Queue> {
        started(self.pack_queue.as_ref(), "pack_queue")
    }

    pub(crate) fn cleanup_queue(&self) -> Result<&Queue> {
        started(self.cleanup_queue.as_ref(), "cleanup_queue")
    }

    pub(crate) fn channels(&self) -> Result<&Channels> {
        started(self.channels.as_ref(), "channels")
    }

    pub(crate) fn astria(&self) -> Result<&AstriaAccount> {
        started(self.astria.as_ref(), "astria")
    }

    pub(crate) fn pay_links(&self) -> Result<&PayLinks> {
        started(self.pay_links.as_ref(), "pay_links")
    }

    pub(crate) fn catalog(&self) -> Result<&CatalogCache> {
        started(self.catalog.as_ref(), "catalog")
    }

    pub(crate) fn callback_url(&self) -> Result<&str> {
        started(self.callback_url.as_ref(), "callback_url").map(String::as_str)
    }
}

impl OperatorState for State {
    fn keyring(&self) -> Result<&Keyring> {
        self.secrets()
    }
}

async fn read_secrets(config: &Config, aws: &Aws, parts: &[Part]) -> Result<Option<Keyring>> {
    if !parts.iter().any(|part| part.needs_secrets()) {
        return Ok(None);
    }
    let names: Vec<_> = parts.iter().flat_map(|part| part.secrets(config)).collect();
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
