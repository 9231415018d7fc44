//! The state of a function: the parts of payments that it uses.

use std::sync::Arc;

use confab_aws::{Aws, Bus, Keyring, Queue, SecretName, Table};
use confab_contracts::payments::PriceList;
use confab_core::{Clock, Result};
use confab_lambda::{
    OPERATOR_KEY, OperatorState, OsEntropy, Platform, Readiness, StartError, started,
};

use crate::{
    config::{
        Config, GENERIC_WEBHOOK_SECRET, SEAL_SECRET, STRIPE_SECRET_KEY, STRIPE_WEBHOOK_SECRET,
        WEBHOOK_PATH_SECRET,
    },
    services::stripe::StripeAccount,
    store::Store,
};

/// Parts of the service's state. A function names those that it uses: its permissions, variables,
/// secrets and cold start are its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    Store,
    /// The queue of notices.
    Queue,
    Bus,
    Stripe,
    Prices,
    /// Secrets that verify the webhooks of providers.
    WebhookSecrets,
    /// The secret that opens the offers and spends of products.
    Seal,
    OperatorKey,
    /// Opens the connection to DynamoDB during init.
    DynamoDbConnection,
    /// Opens the connection to SQS during init.
    SqsConnection,
}

impl Part {
    /// Returns the secrets that a part needs.
    fn secrets(self) -> &'static [SecretName] {
        match self {
            Self::Stripe => &[STRIPE_SECRET_KEY],
            Self::WebhookSecrets => &[
                STRIPE_WEBHOOK_SECRET,
                GENERIC_WEBHOOK_SECRET,
                WEBHOOK_PATH_SECRET,
            ],
            Self::Seal => &[SEAL_SECRET],
            Self::OperatorKey => &[OPERATOR_KEY],
            _ => &[],
        }
    }
}

#[derive(Debug)]
pub struct State {
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: OsEntropy,
    pub(crate) readiness: Readiness,
    secrets: Option<Keyring>,
    store: Option<Store>,
    queue: Option<Queue>,
    bus: Option<Bus>,
    stripe: Option<StripeAccount>,
    prices: Option<PriceList>,
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
        let mut state = Self {
            clock: clock.clone(),
            entropy: OsEntropy,
            readiness: Readiness::default(),
            secrets,
            store: None,
            queue: None,
            bus: None,
            stripe: None,
            prices: None,
        };
        for part in parts {
            match part {
                Part::Store => {
                    let table = Table::new(aws.dynamodb(), config.table()?);
                    let store = Store::new(table, clock.clone(), Arc::new(OsEntropy));
                    state.store = Some(store);
                }
                Part::Queue => state.queue = Some(Queue::new(&aws, config.queue_url()?)),
                Part::Bus => state.bus = Some(Bus::new(&aws, config.event_bus()?)),
                Part::Stripe => {
                    let secrets = state.secrets()?.clone();
                    state.stripe = Some(StripeAccount::new(&config, secrets)?);
                }
                Part::Prices => state.prices = Some(PriceList::parse(config.prices()?)?),
                Part::WebhookSecrets
                | Part::Seal
                | Part::OperatorKey
                | Part::DynamoDbConnection
                | Part::SqsConnection => {}
            }
        }
        Ok(state)
    }

    pub(crate) fn secrets(&self) -> Result<&Keyring> {
        started(self.secrets.as_ref(), "secrets")
    }

    pub(crate) fn store(&self) -> Result<&Store> {
        started(self.store.as_ref(), "store")
    }

    pub(crate) fn queue(&self) -> Result<&Queue> {
        started(self.queue.as_ref(), "queue")
    }

    pub(crate) fn bus(&self) -> Result<&Bus> {
        started(self.bus.as_ref(), "bus")
    }

    pub(crate) fn stripe(&self) -> Result<&StripeAccount> {
        started(self.stripe.as_ref(), "stripe")
    }

    pub(crate) fn prices(&self) -> Result<&PriceList> {
        started(self.prices.as_ref(), "prices")
    }
}

impl OperatorState for State {
    fn keyring(&self) -> Result<&Keyring> {
        self.secrets()
    }
}

async fn read_secrets(config: &Config, aws: &Aws, parts: &[Part]) -> Result<Option<Keyring>> {
    let names: Vec<_> = parts
        .iter()
        .flat_map(|part| part.secrets())
        .copied()
        .collect();
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
