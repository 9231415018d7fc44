//! The WhatsApp photo studio. Webhooks verify and queue; one worker decides about all that happens to a person; others
//! look at photos, have new ones made, and look after what nobody else would.
//! What each function needs is put together here, from its environment, once at start.

pub mod routes;
mod services;
mod store;
pub mod workers;

use std::sync::Arc;

use confab_aws::{Aws, AwsConfig, Bus, Keyring, Objects, Queue, Table};
use confab_core::{Env, EnvError};
use confab_lambda::{OsEntropy, Readiness, StartError, SystemClock, environment};
use confab_meta::MetaConfig;
use confab_pay_links::PayLinks;
use confab_provider_base::http_client;
use confab_twilio::{ContentSids, TwilioConfig};

use secrecy::SecretString;

use crate::{
    services::{
        astria::{ASTRIA_KEY, Maker},
        catalog::Shelves,
        channels::{self, Senders},
        operator::OPERATOR,
    },
    store::Store,
    workers::studio_conversation::effects::{SEAL, Studio},
};

/// What `sms-received` needs.
#[derive(Debug)]
pub struct Webhook {
    pub(crate) messages: Queue,
    pub(crate) statuses: Queue,
    pub(crate) keys: Keyring,
    /// What Twilio was told to call; without it the request's own domain is believed.
    pub(crate) public_base_url: Option<String>,
    pub(crate) clock: SystemClock,
}

impl Webhook {
    pub async fn from_env() -> Result<Self, StartError> {
        let env = environment();
        let aws = Aws::new(AwsConfig::from_env(&env)?)?;
        let uses = channels::webhook_secrets(&env);
        let (keys, ()) = tokio::join!(Keyring::read(&env, &aws, &uses), aws.connect("sqs"));
        Ok(Self {
            messages: queue(&env, &aws, "CONFAB_INBOUND_QUEUE_URL")?,
            statuses: queue(&env, &aws, "CONFAB_STATUS_QUEUE_URL")?,
            keys: keys?,
            public_base_url: public_base_url(&env),
            clock: SystemClock::from_env(&env)?,
        })
    }
}

/// As providers were told it, without the slash that people type at its end.
fn public_base_url(env: &Env) -> Option<String> {
    env.optional("PUBLIC_BASE_URL")
        .map(|url| url.trim_end_matches('/').to_owned())
}

/// What `studio-conversation` needs.
#[derive(Debug)]
pub struct Worker {
    pub(crate) studio: Studio,
    pub(crate) shelf: Shelves,
    pub(crate) drawing: Queue,
    pub(crate) clock: SystemClock,
    pub(crate) entropy: OsEntropy,
}

impl Worker {
    pub async fn from_env() -> Result<Self, StartError> {
        let env = environment();
        let aws = Aws::new(AwsConfig::from_env(&env)?)?;
        let clock = SystemClock::from_env(&env)?;
        let (store, shelf) = (store(&env, &aws)?, Shelves::from_env(&env)?);
        let keys = Keyring::read(&env, &aws, &[SEAL]);
        let reads = async { tokio::join!(senders(&env, &aws, clock), keys, shelf.fill(&store)) };
        let (senders, keys, ()) = Box::pin(reads).await;
        let studio = Studio {
            senders: senders?,
            store,
            objects: objects(&env, &aws)?,
            photos: queue(&env, &aws, "CONFAB_PHOTOS_QUEUE_URL")?,
            making: queue(&env, &aws, "CONFAB_MAKING_QUEUE_URL")?,
            erasing: queue(&env, &aws, "CONFAB_ERASING_QUEUE_URL")?,
            bus: bus(&env, &aws)?,
            pay_links: PayLinks::new(http_client()?, env.required("PAY_BASE_URL")?),
            keys: keys?,
            clock,
        };
        let drawing = queue(&env, &aws, "CONFAB_DRAWING_QUEUE_URL")?;
        Ok(Self {
            studio,
            shelf,
            drawing,
            clock,
            entropy: OsEntropy,
        })
    }
}

/// What `studio-photos` needs.
#[derive(Debug)]
pub struct Photographer {
    pub(crate) senders: Senders,
    pub(crate) astria: Maker,
    pub(crate) objects: Objects,
    pub(crate) people: Queue,
    pub(crate) bus: Bus,
    pub(crate) clock: SystemClock,
}

impl Photographer {
    pub async fn from_env() -> Result<Self, StartError> {
        let env = environment();
        let aws = Aws::new(AwsConfig::from_env(&env)?)?;
        let clock = SystemClock::from_env(&env)?;
        let (senders, keys) = tokio::join!(
            senders(&env, &aws, clock),
            Keyring::read(&env, &aws, &[ASTRIA_KEY])
        );
        Ok(Self {
            senders: senders?,
            astria: Maker::new(&env, http_client()?, keys?)?,
            objects: objects(&env, &aws)?,
            people: queue(&env, &aws, "CONFAB_INBOUND_QUEUE_URL")?,
            bus: bus(&env, &aws)?,
            clock,
        })
    }
}

/// What `studio-make` needs.
#[derive(Debug)]
pub struct Making {
    pub(crate) store: Store,
    pub(crate) astria: Maker,
    pub(crate) objects: Objects,
    pub(crate) people: Queue,
    pub(crate) bus: Bus,
    pub(crate) keys: Keyring,
    pub(crate) base_url: String,
    pub(crate) clock: SystemClock,
}

impl Making {
    pub async fn from_env() -> Result<Self, StartError> {
        let env = environment();
        let aws = Aws::new(AwsConfig::from_env(&env)?)?;
        let keys = Keyring::read(&env, &aws, &[ASTRIA_KEY, SEAL]).await?;
        Ok(Self {
            store: store(&env, &aws)?,
            astria: Maker::new(&env, http_client()?, keys.clone())?,
            objects: objects(&env, &aws)?,
            people: queue(&env, &aws, "CONFAB_INBOUND_QUEUE_URL")?,
            bus: bus(&env, &aws)?,
            keys,
            base_url: base_url(&env, "PUBLIC_BASE_URL")?,
            clock: SystemClock::from_env(&env)?,
        })
    }
}

/// What `pack-tune-received` needs.
#[derive(Debug)]
pub struct Callbacks {
    pub(crate) keys: Keyring,
    pub(crate) making: Queue,
    pub(crate) clock: SystemClock,
}

impl Callbacks {
    pub async fn from_env() -> Result<Self, StartError> {
        let env = environment();
        let aws = Aws::new(AwsConfig::from_env(&env)?)?;
        let (keys, ()) = tokio::join!(Keyring::read(&env, &aws, &[SEAL]), aws.connect("sqs"));
        let making = queue(&env, &aws, "CONFAB_MAKING_QUEUE_URL")?;
        Ok(Self {
            keys: keys?,
            making,
            clock: SystemClock::from_env(&env)?,
        })
    }
}

/// What `studio-sweep` needs.
#[derive(Debug)]
pub struct Sweeper {
    pub(crate) store: Store,
    pub(crate) people: Queue,
    pub(crate) drawing: Queue,
    pub(crate) entropy: OsEntropy,
}

impl Sweeper {
    pub async fn from_env() -> Result<Self, StartError> {
        let env = environment();
        let aws = Aws::new(AwsConfig::from_env(&env)?)?;
        Ok(Self {
            store: store(&env, &aws)?,
            people: queue(&env, &aws, "CONFAB_INBOUND_QUEUE_URL")?,
            drawing: queue(&env, &aws, "CONFAB_DRAWING_QUEUE_URL")?,
            entropy: OsEntropy,
        })
    }
}

/// What `update-images` needs.
#[derive(Debug)]
pub struct Packs {
    pub(crate) store: Store,
    pub(crate) drawing: Queue,
    pub(crate) keys: Keyring,
    pub(crate) clock: SystemClock,
    pub(crate) entropy: OsEntropy,
}

impl Packs {
    pub async fn from_env() -> Result<Self, StartError> {
        let env = environment();
        let aws = Aws::new(AwsConfig::from_env(&env)?)?;
        Ok(Self {
            keys: Keyring::read(&env, &aws, &[OPERATOR]).await?,
            store: store(&env, &aws)?,
            drawing: queue(&env, &aws, "CONFAB_DRAWING_QUEUE_URL")?,
            clock: SystemClock::from_env(&env)?,
            entropy: OsEntropy,
        })
    }
}

/// What `studio-packs` needs.
#[derive(Debug)]
pub struct Drawer {
    pub(crate) store: Store,
    pub(crate) astria: Maker,
    pub(crate) objects: Objects,
    pub(crate) drawing: Queue,
    pub(crate) bus: Bus,
    pub(crate) clock: SystemClock,
}

impl Drawer {
    pub async fn from_env() -> Result<Self, StartError> {
        let env = environment();
        let aws = Aws::new(AwsConfig::from_env(&env)?)?;
        let keys = Keyring::read(&env, &aws, &[ASTRIA_KEY]).await?;
        Ok(Self {
            store: store(&env, &aws)?,
            astria: Maker::new(&env, http_client()?, keys)?,
            objects: objects(&env, &aws)?,
            drawing: queue(&env, &aws, "CONFAB_DRAWING_QUEUE_URL")?,
            bus: bus(&env, &aws)?,
            clock: SystemClock::from_env(&env)?,
        })
    }
}

/// What `studio-ratings` needs.
#[derive(Debug)]
pub struct Opinions {
    pub(crate) store: Store,
    pub(crate) keys: Keyring,
    pub(crate) clock: SystemClock,
}

impl Opinions {
    pub async fn from_env() -> Result<Self, StartError> {
        let env = environment();
        let aws = Aws::new(AwsConfig::from_env(&env)?)?;
        let keys = Keyring::read(&env, &aws, &[OPERATOR]).await?;
        Ok(Self {
            store: store(&env, &aws)?,
            keys,
            clock: SystemClock::from_env(&env)?,
        })
    }
}

/// What `studio-erase` needs.
#[derive(Debug)]
pub struct Eraser {
    pub(crate) store: Store,
    pub(crate) astria: Maker,
    pub(crate) objects: Objects,
}

impl Eraser {
    pub async fn from_env() -> Result<Self, StartError> {
        let env = environment();
        let aws = Aws::new(AwsConfig::from_env(&env)?)?;
        let keys = Keyring::read(&env, &aws, &[ASTRIA_KEY]).await?;
        Ok(Self {
            store: store(&env, &aws)?,
            astria: Maker::new(&env, http_client()?, keys)?,
            objects: objects(&env, &aws)?,
        })
    }
}

/// What `studio-cleanup` needs.
#[derive(Debug)]
pub struct Cleaner {
    pub(crate) store: Store,
    pub(crate) astria: Maker,
    pub(crate) objects: Objects,
    pub(crate) people: Queue,
    pub(crate) queue: Queue,
    pub(crate) bus: Bus,
    pub(crate) clock: SystemClock,
}

impl Cleaner {
    pub async fn from_env() -> Result<Self, StartError> {
        let env = environment();
        let aws = Aws::new(AwsConfig::from_env(&env)?)?;
        let keys = Keyring::read(&env, &aws, &[ASTRIA_KEY]).await?;
        Ok(Self {
            store: store(&env, &aws)?,
            astria: Maker::new(&env, http_client()?, keys)?,
            objects: objects(&env, &aws)?,
            people: queue(&env, &aws, "CONFAB_INBOUND_QUEUE_URL")?,
            queue: queue(&env, &aws, "CONFAB_CLEANUP_QUEUE_URL")?,
            bus: bus(&env, &aws)?,
            clock: SystemClock::from_env(&env)?,
        })
    }
}

/// What `studio-cleanups` needs.
#[derive(Debug)]
pub struct Cleanups {
    pub(crate) store: Store,
    pub(crate) bus: Bus,
    pub(crate) keys: Keyring,
    pub(crate) clock: SystemClock,
    pub(crate) entropy: OsEntropy,
}

impl Cleanups {
    pub async fn from_env() -> Result<Self, StartError> {
        let env = environment();
        let aws = Aws::new(AwsConfig::from_env(&env)?)?;
        Ok(Self {
            keys: Keyring::read(&env, &aws, &[OPERATOR]).await?,
            store: store(&env, &aws)?,
            bus: bus(&env, &aws)?,
            clock: SystemClock::from_env(&env)?,
            entropy: OsEntropy,
        })
    }
}

fn store(env: &Env, aws: &Aws) -> Result<Store, StartError> {
    let table = Table::new(aws.dynamodb(), env.required("CONFAB_TABLE")?);
    Ok(Store::new(
        table,
        Arc::new(SystemClock::from_env(env)?),
        Arc::new(OsEntropy),
    ))
}

fn objects(env: &Env, aws: &Aws) -> Result<Objects, EnvError> {
    Ok(Objects::new(aws, env.required("CONFAB_BUCKET")?))
}

fn queue(env: &Env, aws: &Aws, variable: &str) -> Result<Queue, EnvError> {
    Ok(Queue::new(aws, env.required(variable)?))
}

fn bus(env: &Env, aws: &Aws) -> Result<Bus, EnvError> {
    Ok(Bus::new(aws, env.required("CONFAB_EVENT_BUS")?))
}

/// For addresses that we give to others.
fn base_url(env: &Env, variable: &str) -> Result<String, EnvError> {
    Ok(env.required(variable)?.trim_end_matches('/').to_owned())
}

async fn senders(env: &Env, aws: &Aws, clock: SystemClock) -> Result<Senders, StartError> {
    let meta = env.optional("META_PHONE_NUMBER_ID").map(|id| {
        let config = MetaConfig {
            api_url: env.required("META_API_URL")?.to_owned(),
            version: env.required("META_API_VERSION")?.to_owned(),
            phone_number_id: id.to_owned(),
            token: SecretString::default(),
            media_origins: Vec::new(),
        };
        Ok::<_, EnvError>(config)
    });
    let twilio = env.optional("TWILIO_ACCOUNT_SID").map(|sid| {
        let config = TwilioConfig {
            api_url: env.required("TWILIO_API_URL")?.to_owned(),
            account_sid: sid.to_owned(),
            auth_token: SecretString::default(),
            from: env.required("TWILIO_FROM")?.to_owned(),
            status_callback: public_base_url(env).map(|base| format!("{base}/SmsReceived")),
            content_sids: content_sids(env.optional("TWILIO_CONTENT_SIDS").unwrap_or_default()),
            media_origins: Vec::new(),
        };
        Ok::<_, EnvError>(config)
    });
    let (meta, twilio) = (meta.transpose()?, twilio.transpose()?);
    let keys = Keyring::read(env, aws, &channels::sending_secrets(env)).await?;
    Ok(Senders {
        http: http_client()?,
        keys,
        meta,
        twilio,
        clock: Arc::new(clock),
    })
}

/// `studio_news/en=HX..,studio_news/he=HX..`
fn content_sids(text: &str) -> ContentSids {
    let pairs = text.split(',').filter_map(|pair| pair.split_once('='));
    pairs
        .map(|(name, sid)| (name.trim().to_owned(), sid.trim().to_owned()))
        .collect()
}

/// What `studio-status` needs.
#[derive(Debug)]
pub struct Follower {
    pub(crate) store: Store,
    pub(crate) people: Queue,
}

impl Follower {
    pub async fn from_env() -> Result<Self, StartError> {
        let env = environment();
        let aws = Aws::new(AwsConfig::from_env(&env)?)?;
        aws.connect("dynamodb").await;
        Ok(Self {
            store: store(&env, &aws)?,
            people: queue(&env, &aws, "CONFAB_INBOUND_QUEUE_URL")?,
        })
    }
}

/// What `studio-health` needs.
#[derive(Debug)]
pub struct Health {
    pub(crate) table: Table,
    pub(crate) queues: [Queue; 4],
    pub(crate) readiness: Readiness,
}

impl Health {
    pub async fn from_env() -> Result<Self, StartError> {
        let env = environment();
        let aws = Aws::new(AwsConfig::from_env(&env)?)?;
        Ok(Self {
            table: Table::new(aws.dynamodb(), env.required("CONFAB_TABLE")?),
            queues: [
                queue(&env, &aws, "CONFAB_INBOUND_QUEUE_URL")?,
                queue(&env, &aws, "CONFAB_STATUS_QUEUE_URL")?,
                queue(&env, &aws, "CONFAB_PHOTOS_QUEUE_URL")?,
                queue(&env, &aws, "CONFAB_MAKING_QUEUE_URL")?,
            ],
            readiness: Readiness::default(),
        })
    }
}
