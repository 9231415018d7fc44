//! The state of a function: the parts of the carousel that it uses.

use std::sync::Arc;

use carousel_domain::{Budgets, PriceList};
use carousel_slides::Renderer;
use confab_aws::{Aws, Bus, Keyring, Objects, Queue, SecretName, Table};
use confab_core::{Clock, Result};
use confab_lambda::{
    OPERATOR_KEY, OperatorState, OsEntropy, Platform, Readiness, StartError, started,
};
use confab_provider_base::http_client;

use crate::{
    config::{
        CAROUSEL_WEBHOOK_SECRET, Config, MODEL_API_KEY, TELEGRAM_BOT_TOKEN, TELEGRAM_WEBHOOK_SECRET,
    },
    services::{
        books::Books, model::WriterModel, telegram::TelegramAccount, watched_queues::WatchedQueues,
        webhook_receiver::WebhookReceiver,
    },
    store::{Journal, Store},
};

/// Parts of the service's state. A function names those that it uses: its permissions, variables,
/// secrets and cold start are its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    Store,
    /// Events, rollups and what the sweep remembers.
    Journal,
    Objects,
    Bus,
    ConversationQueue,
    WriteQueue,
    RenderQueue,
    /// The bot's account, to send messages and fetch pictures.
    Telegram,
    /// Draws slides. Holds the fonts that were decoded.
    Renderer,
    /// Verses and sayings that slides may quote.
    Books,
    /// Prices of what a carousel uses.
    Prices,
    /// The model that writes, if one is configured.
    Model,
    WebhookSecret,
    /// The operator's server, which is told of finished carousels.
    WebhookReceiver,
    /// The key of the operator, who reads counts and events.
    OperatorKey,
    /// Queues and dead-letter queues that the sweep looks at.
    WatchedQueues,
    /// Event types that the template's rules subscribe to.
    Subscriptions,
    /// The bot's token, for the id in it.
    BotId,
    /// Whether `POST /test-carousel` is on.
    TestRoute,
    /// Opens the connection to SQS during init.
    SqsConnection,
}

impl Part {
    /// Returns the secret that a part needs.
    fn secret(self) -> Option<SecretName> {
        match self {
            Self::Telegram | Self::BotId => Some(TELEGRAM_BOT_TOKEN),
            Self::WebhookSecret => Some(TELEGRAM_WEBHOOK_SECRET),
            Self::WebhookReceiver => Some(CAROUSEL_WEBHOOK_SECRET),
            Self::OperatorKey => Some(OPERATOR_KEY),
            Self::Model => Some(MODEL_API_KEY),
            _ => None,
        }
    }
}

#[derive(Debug)]
pub struct State {
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: OsEntropy,
    pub(crate) readiness: Readiness,
    pub(crate) prices: PriceList,
    pub(crate) memory_megabytes: u64,
    pub(crate) is_test_route_on: bool,
    pub(crate) has_model: bool,
    pub(crate) budgets: Budgets,
    pub(crate) subscriptions: Vec<String>,
    secrets: Option<Keyring>,
    store: Option<Store>,
    journal: Option<Journal>,
    watched_queues: Option<WatchedQueues>,
    objects: Option<Objects>,
    bus: Option<Bus>,
    conversation_queue: Option<Queue>,
    write_queue: Option<Queue>,
    render_queue: Option<Queue>,
    telegram: Option<TelegramAccount>,
    webhook_receiver: Option<WebhookReceiver>,
    renderer: Option<Renderer>,
    books: Option<Books>,
    model: Option<WriterModel>,
}

impl State {
    /// Starts the named parts from the environment of the process.
    pub async fn start(parts: &[Part]) -> Result<Self, StartError> {
        Self::new(Platform::of_process()?, parts).await
    }

    /// Builds the named parts. Secrets are read while connections open.
    pub async fn new(platform: Platform, parts: &[Part]) -> Result<Self, StartError> {
        let Platform { env, aws, clock } = platform;
        let config = Config::new(env);
        let mut state = Self {
            clock,
            entropy: OsEntropy,
            readiness: Readiness::default(),
            prices: PriceList::default(),
            memory_megabytes: config.memory_megabytes()?,
            is_test_route_on: false,
            has_model: config.has_model(),
            budgets: Budgets::default(),
            subscriptions: Vec::new(),
            secrets: None,
            store: None,
            journal: None,
            watched_queues: None,
            objects: None,
            bus: None,
            conversation_queue: None,
            write_queue: None,
            render_queue: None,
            telegram: None,
            webhook_receiver: None,
            renderer: None,
            books: None,
            model: None,
        };
        for part in parts {
            state.start_part(*part, &config, &aws)?;
        }
        let sqs = parts.contains(&Part::SqsConnection).then_some("sqs");
        let connect = aws.connect_all(sqs);
        let (secrets, ()) = tokio::join!(Box::pin(read_secrets(&config, &aws, parts)), connect);
        state.secrets = secrets?;
        if parts.contains(&Part::Telegram) {
            let secrets = state.secrets()?.clone();
            let account = TelegramAccount::new(http_client()?, config.telegram_api_url()?, secrets);
            state.telegram = Some(account);
        }
        if parts.contains(&Part::WebhookReceiver) {
            let url = config.webhook_url()?;
            let receiver = WebhookReceiver::start(url, state.secrets()?.clone());
            state.webhook_receiver = Some(Box::pin(receiver).await?);
        }
        if parts.contains(&Part::Model) && config.has_secret(MODEL_API_KEY) {
            state.model = WriterModel::new(&config, state.secrets()?.clone())?;
        }
        Ok(state)
    }

    /// Starts a part that needs no secret and no HTTP client.
    fn start_part(&mut self, part: Part, config: &Config, aws: &Aws) -> Result<(), StartError> {
        let queue = |url| Some(Queue::new(aws, url));
        match part {
            Part::Store => {
                let table = Table::new(aws.dynamodb(), config.table()?);
                self.store = Some(Store::new(table, self.clock.clone()));
            }
            Part::Journal => {
                let table = Table::new(aws.dynamodb(), config.journal_table()?);
                self.journal = Some(Journal::new(table, self.clock.clone()));
            }
            Part::WatchedQueues => {
                let (queues, dead) = (
                    config.watched_queue_urls()?,
                    config.dead_letter_queue_urls()?,
                );
                self.watched_queues = Some(WatchedQueues::new(aws, queues, dead));
                self.budgets = config.model_budgets()?;
            }
            Part::Subscriptions => self.subscriptions = config.subscriptions()?,
            Part::Objects => self.objects = Some(Objects::new(aws, config.bucket()?)),
            Part::Bus => self.bus = Some(Bus::new(aws, config.event_bus()?)),
            Part::ConversationQueue => {
                self.conversation_queue = queue(config.conversation_queue_url()?);
            }
            Part::WriteQueue => self.write_queue = queue(config.write_queue_url()?),
            Part::RenderQueue => self.render_queue = queue(config.render_queue_url()?),
            Part::Renderer => self.renderer = Some(Renderer::new()),
            Part::Books => self.books = Some(Books::load()?),
            Part::Prices => self.prices = config.prices()?,
            Part::TestRoute => self.is_test_route_on = config.is_test_route_on()?,
            Part::Telegram
            | Part::WebhookSecret
            | Part::WebhookReceiver
            | Part::BotId
            | Part::OperatorKey
            | Part::Model
            | Part::SqsConnection => {}
        }
        Ok(())
    }

    pub(crate) fn secrets(&self) -> Result<&Keyring> {
        started(self.secrets.as_ref(), "secrets")
    }

    pub(crate) fn store(&self) -> Result<&Store> {
        started(self.store.as_ref(), "store")
    }

    pub(crate) fn journal(&self) -> Result<&Journal> {
        started(self.journal.as_ref(), "journal")
    }

    pub(crate) fn watched_queues(&self) -> Result<&WatchedQueues> {
        started(self.watched_queues.as_ref(), "watched_queues")
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

    pub(crate) fn write_queue(&self) -> Result<&Queue> {
        started(self.write_queue.as_ref(), "write_queue")
    }

    pub(crate) fn render_queue(&self) -> Result<&Queue> {
        started(self.render_queue.as_ref(), "render_queue")
    }

    pub(crate) fn telegram(&self) -> Result<&TelegramAccount> {
        started(self.telegram.as_ref(), "telegram")
    }

    pub(crate) fn webhook_receiver(&self) -> Result<&WebhookReceiver> {
        started(self.webhook_receiver.as_ref(), "webhook_receiver")
    }

    pub(crate) fn renderer(&self) -> Result<&Renderer> {
        started(self.renderer.as_ref(), "renderer")
    }

    pub(crate) fn books(&self) -> Result<&Books> {
        started(self.books.as_ref(), "books")
    }

    /// Returns the model, if the operator has one.
    pub(crate) fn model(&self) -> Option<&WriterModel> {
        self.model.as_ref()
    }
}

impl OperatorState for State {
    fn keyring(&self) -> Result<&Keyring> {
        self.secrets()
    }
}

async fn read_secrets(config: &Config, aws: &Aws, parts: &[Part]) -> Result<Option<Keyring>> {
    let names = parts.iter().filter_map(|part| part.secret());
    let names: Vec<_> = names.filter(|name| config.has_secret(*name)).collect();
    if names.is_empty() {
        return Ok(None);
    }
    config.secrets(aws, &names).await.map(Some)
}
