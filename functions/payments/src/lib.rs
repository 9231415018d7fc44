//! Payments: one ledger for every product. A webhook verifies and queues; a worker asks the provider how things stand
//! and books it; the products are told on the bus. What each function needs is put together here, once at start.

pub mod routes;
pub mod workers;

mod config;
mod services;
mod store;

use std::sync::Arc;

use confab_aws::{Aws, AwsConfig, Bus, Keyring, Queue, Table};
use confab_contracts::payments::PriceList;
use confab_core::{Env, EnvError};
use confab_lambda::{OsEntropy, Readiness, StartError, SystemClock, environment};
use confab_provider_base::http_client;
use confab_stripe::StripeConfig;
use secrecy::SecretString;

use crate::{
    services::booking_store::Books, services::event_publisher::Announcer,
    services::provider_snapshot::AtStripe, store::Store,
};

/// What `payment-received` needs.
#[derive(Debug)]
pub struct Webhook {
    pub(crate) queue: Queue,
    pub(crate) keys: Keyring,
    pub(crate) clock: SystemClock,
}

impl Webhook {
    pub async fn from_env() -> Result<Self, StartError> {
        let env = environment();
        let aws = Aws::new(AwsConfig::from_env(&env)?)?;
        let (keys, ()) = tokio::join!(
            Keyring::read(&env, &aws, config::OF_WEBHOOKS),
            aws.connect("sqs")
        );
        Ok(Self {
            queue: queue(&env, &aws)?,
            keys: keys?,
            clock: SystemClock::from_env(&env)?,
        })
    }
}

/// What `payments-checkout` and `payments-pay` need.
#[derive(Debug)]
pub struct Checkout {
    pub(crate) store: Store,
    pub(crate) stripe: AtStripe,
    pub(crate) keys: Keyring,
    pub(crate) prices: PriceList,
    pub(crate) clock: SystemClock,
}

impl Checkout {
    pub async fn from_env() -> Result<Self, StartError> {
        let env = environment();
        let aws = Aws::new(AwsConfig::from_env(&env)?)?;
        let (keys, ()) = tokio::join!(
            Keyring::read(&env, &aws, config::OF_CHECKOUT),
            aws.connect("dynamodb")
        );
        let keys = keys?;
        Ok(Self {
            store: store(&env, &aws)?,
            stripe: stripe(&env, keys.clone())?,
            keys,
            prices: PriceList::parse(env.required("PRICES")?)?,
            clock: SystemClock::from_env(&env)?,
        })
    }
}

/// What `payments-orders` needs.
#[derive(Debug)]
pub struct Orders {
    pub(crate) store: Store,
}

impl Orders {
    pub async fn from_env() -> Result<Self, StartError> {
        let env = environment();
        let aws = Aws::new(AwsConfig::from_env(&env)?)?;
        aws.connect("dynamodb").await;
        Ok(Self {
            store: store(&env, &aws)?,
        })
    }
}

/// What `payments-spend` needs.
#[derive(Debug)]
pub struct Spending {
    pub(crate) store: Store,
    pub(crate) keys: Keyring,
    pub(crate) clock: SystemClock,
}

impl Spending {
    pub async fn from_env() -> Result<Self, StartError> {
        let env = environment();
        let aws = Aws::new(AwsConfig::from_env(&env)?)?;
        let (keys, ()) = tokio::join!(
            Keyring::read(&env, &aws, &[config::SEAL]),
            aws.connect("dynamodb")
        );
        Ok(Self {
            store: store(&env, &aws)?,
            keys: keys?,
            clock: SystemClock::from_env(&env)?,
        })
    }
}

/// What `payments-book` needs.
#[derive(Debug)]
pub struct Worker {
    pub(crate) books: Books,
    pub(crate) announcer: Announcer,
    pub(crate) clock: SystemClock,
    pub(crate) entropy: OsEntropy,
}

impl Worker {
    pub async fn from_env() -> Result<Self, StartError> {
        let env = environment();
        let aws = Aws::new(AwsConfig::from_env(&env)?)?;
        let (keys, ()) = tokio::join!(
            Keyring::read(&env, &aws, &[config::STRIPE_KEY]),
            aws.connect("dynamodb")
        );
        let clock = SystemClock::from_env(&env)?;
        Ok(Self {
            books: Books {
                store: store(&env, &aws)?,
                stripe: stripe(&env, keys?)?,
                clock,
            },
            announcer: Announcer {
                bus: Bus::new(&aws, env.required("CONFAB_EVENT_BUS")?),
            },
            clock,
            entropy: OsEntropy,
        })
    }
}

/// What `payments-requests` needs.
#[derive(Debug)]
pub struct Requests {
    pub(crate) store: Store,
    pub(crate) stripe: AtStripe,
    pub(crate) queue: Queue,
}

impl Requests {
    pub async fn from_env() -> Result<Self, StartError> {
        let env = environment();
        let aws = Aws::new(AwsConfig::from_env(&env)?)?;
        let (keys, ()) = tokio::join!(
            Keyring::read(&env, &aws, &[config::STRIPE_KEY]),
            aws.connect("dynamodb")
        );
        Ok(Self {
            store: store(&env, &aws)?,
            stripe: stripe(&env, keys?)?,
            queue: queue(&env, &aws)?,
        })
    }
}

/// What `payments-reconcile` needs.
#[derive(Debug)]
pub struct Reconciler {
    pub(crate) store: Store,
    pub(crate) stripe: AtStripe,
    pub(crate) queue: Queue,
}

impl Reconciler {
    pub async fn from_env() -> Result<Self, StartError> {
        let env = environment();
        let aws = Aws::new(AwsConfig::from_env(&env)?)?;
        let keys = Keyring::read(&env, &aws, &[config::STRIPE_KEY]).await?;
        Ok(Self {
            store: store(&env, &aws)?,
            stripe: stripe(&env, keys)?,
            queue: queue(&env, &aws)?,
        })
    }
}

/// What `payments-ledger` needs.
#[derive(Debug)]
pub struct Auditor {
    pub(crate) store: Store,
    pub(crate) keys: Keyring,
}

impl Auditor {
    pub async fn from_env() -> Result<Self, StartError> {
        let env = environment();
        let aws = Aws::new(AwsConfig::from_env(&env)?)?;
        let keys = Keyring::read(&env, &aws, &[config::OPERATOR]).await?;
        Ok(Self {
            store: store(&env, &aws)?,
            keys,
        })
    }
}

/// What `payments-health` needs.
#[derive(Debug)]
pub struct Health {
    pub(crate) table: Table,
    pub(crate) queue: Queue,
    pub(crate) readiness: Readiness,
}

impl Health {
    pub async fn from_env() -> Result<Self, StartError> {
        let env = environment();
        let aws = Aws::new(AwsConfig::from_env(&env)?)?;
        Ok(Self {
            table: table(&env, &aws)?,
            queue: queue(&env, &aws)?,
            readiness: Readiness::default(),
        })
    }
}

fn table(env: &Env, aws: &Aws) -> Result<Table, EnvError> {
    Ok(Table::new(aws.dynamodb(), env.required("CONFAB_TABLE")?))
}

fn queue(env: &Env, aws: &Aws) -> Result<Queue, EnvError> {
    Ok(Queue::new(aws, env.required("CONFAB_PAYMENTS_QUEUE_URL")?))
}

fn store(env: &Env, aws: &Aws) -> Result<Store, StartError> {
    Ok(Store::new(
        table(env, aws)?,
        Arc::new(SystemClock::from_env(env)?),
        Arc::new(OsEntropy),
    ))
}

fn stripe(env: &Env, keys: Keyring) -> Result<AtStripe, StartError> {
    let config = StripeConfig {
        api_url: env.required("STRIPE_API_URL")?.to_owned(),
        version: env.required("STRIPE_API_VERSION")?.to_owned(),
        secret_key: SecretString::default(),
    };
    Ok(AtStripe {
        http: http_client()?,
        config,
        keys,
    })
}
