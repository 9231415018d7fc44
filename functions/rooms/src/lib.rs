//! Rooms: people meet in a room and talk, live. REST routes read and change; `ws-message` says; `ws-broadcast` brings
//! what was said to whoever is connected. What each function needs is put together here, once at start.

#[cfg(test)]
mod contract;
pub mod routes;
mod services;
mod store;
#[cfg(test)]
mod testing;
pub mod workers;

use std::{sync::Arc, time::Duration};

use confab_aws::{Aws, AwsConfig, Bus, Keyring, Objects, Queue, SecretName, Sockets, Table};
use confab_contracts::payments::PriceList;
use confab_core::{Env, EnvError};
use confab_lambda::{OsEntropy, Readiness, StartError, SystemClock, environment};
use confab_openai::{Model, ModelConfig};
use confab_pay_links::PayLinks;
use confab_provider_base::http_client;
use secrecy::SecretString;

use crate::{services::session_auth::Doorman, store::Store, workers::ws_broadcast};

pub(crate) const SEAL: SecretName = SecretName("ROOMS_SEAL_SECRET_PARAM");
/// What offers are sealed with, for payments to open.
pub(crate) const PAY_SEAL: SecretName = SecretName("SEAL_SECRET_PARAM");

/// What the REST routes need.
#[derive(Debug)]
pub struct Rooms {
    pub(crate) doorman: Doorman,
    pub(crate) store: Store,
    pub(crate) broadcasts: Queue,
    pub(crate) bus: Bus,
    pub(crate) clock: SystemClock,
    pub(crate) entropy: OsEntropy,
}

/// What routes need that show a room with its photo.
#[derive(Debug)]
pub struct Lobby {
    pub(crate) rooms: Rooms,
    pub(crate) objects: Objects,
}

impl Lobby {
    pub async fn from_env() -> Result<Self, StartError> {
        let (env, aws) = begin()?;
        Ok(Self {
            objects: objects(&env, &aws)?,
            rooms: Rooms::new(&env, &aws, &[SEAL]).await?,
        })
    }
}

impl Rooms {
    pub async fn from_env() -> Result<Self, StartError> {
        let (env, aws) = begin()?;
        Self::new(&env, &aws, &[SEAL]).await
    }

    async fn new(env: &Env, aws: &Aws, keys: &'static [SecretName]) -> Result<Self, StartError> {
        let (doorman, store, clock) = front(env, aws, keys).await?;
        Ok(Self {
            doorman,
            store,
            broadcasts: broadcasts(env, aws)?,
            bus: bus(env, aws)?,
            clock,
            entropy: OsEntropy,
        })
    }
}

/// What `chat-offers` needs.
#[derive(Debug)]
pub struct Shop {
    pub(crate) lobby: Lobby,
    pub(crate) prices: PriceList,
    pub(crate) pay_links: PayLinks,
}

impl Shop {
    pub async fn from_env() -> Result<Self, StartError> {
        let (env, aws) = begin()?;
        let rooms = Rooms::new(&env, &aws, &[SEAL, PAY_SEAL]).await?;
        Ok(Self {
            lobby: Lobby {
                rooms,
                objects: objects(&env, &aws)?,
            },
            prices: prices(&env)?,
            pay_links: PayLinks::new(http_client()?, env.required("PAY_BASE_URL")?),
        })
    }
}

/// What `rooms-paid` needs.
#[derive(Debug)]
pub struct Cashier {
    pub(crate) store: Store,
    pub(crate) broadcasts: Queue,
    pub(crate) bus: Bus,
    pub(crate) prices: PriceList,
    pub(crate) clock: SystemClock,
    pub(crate) entropy: OsEntropy,
}

impl Cashier {
    pub async fn from_env() -> Result<Self, StartError> {
        let (env, aws) = begin()?;
        aws.connect("dynamodb").await;
        Ok(Self {
            store: store(&env, &aws)?,
            broadcasts: broadcasts(&env, &aws)?,
            bus: bus(&env, &aws)?,
            prices: prices(&env)?,
            clock: SystemClock::from_env(&env)?,
            entropy: OsEntropy,
        })
    }
}

/// What `photo-upload` and `photo-analysis` need.
#[derive(Debug)]
pub struct Photos {
    pub(crate) doorman: Doorman,
    pub(crate) store: Store,
    pub(crate) objects: Objects,
    pub(crate) photos: Queue,
    pub(crate) clock: SystemClock,
    pub(crate) entropy: OsEntropy,
}

impl Photos {
    pub async fn from_env() -> Result<Self, StartError> {
        let (env, aws) = begin()?;
        let (doorman, store, clock) = front(&env, &aws, &[SEAL]).await?;
        Ok(Self {
            doorman,
            store,
            objects: objects(&env, &aws)?,
            photos: Queue::new(&aws, env.required("CONFAB_PHOTOS_QUEUE_URL")?),
            clock,
            entropy: OsEntropy,
        })
    }
}

/// What `photo-look` needs.
#[derive(Debug)]
pub struct Looker {
    pub(crate) store: Store,
    pub(crate) objects: Objects,
    keys: Keyring,
    http: reqwest::Client,
    config: ModelConfig,
}

const MODEL_KEY: SecretName = SecretName("MODEL_API_KEY_PARAM");

impl Looker {
    pub async fn from_env() -> Result<Self, StartError> {
        let (env, aws) = begin()?;
        let keys = Keyring::read(&env, &aws, &[MODEL_KEY]).await?;
        let mut config = ModelConfig::new(
            env.required("MODEL_API_URL")?.to_owned(),
            SecretString::default(),
        );
        let named = |name| env.optional(name).map(str::to_owned);
        config.vision = named("MODEL_VISION").unwrap_or(config.vision);
        config.embedding = named("MODEL_EMBEDDING").unwrap_or(config.embedding);
        config.moderation = named("MODEL_MODERATION").unwrap_or(config.moderation);
        Ok(Self {
            store: store(&env, &aws)?,
            objects: objects(&env, &aws)?,
            keys,
            http: http_client()?,
            config,
        })
    }

    /// With a key that is read anew when it is five minutes old.
    pub(crate) async fn model(&self) -> confab_core::Result<Model> {
        let api_key = self.keys.current(MODEL_KEY).await?;
        Ok(Model::new(
            self.http.clone(),
            ModelConfig {
                api_key,
                ..self.config.clone()
            },
        ))
    }
}

/// What `rooms-sessions` needs.
#[derive(Debug)]
pub struct Sessions {
    pub(crate) doorman: Doorman,
    pub(crate) store: Store,
    pub(crate) clock: SystemClock,
    pub(crate) entropy: OsEntropy,
}

impl Sessions {
    pub async fn from_env() -> Result<Self, StartError> {
        let (env, aws) = begin()?;
        let (doorman, store, clock) = front(&env, &aws, &[SEAL]).await?;
        Ok(Self {
            doorman,
            store,
            clock,
            entropy: OsEntropy,
        })
    }
}

/// What `ws-ticket` needs.
#[derive(Debug)]
pub struct Tickets {
    pub(crate) doorman: Doorman,
    pub(crate) store: Store,
    pub(crate) clock: SystemClock,
    pub(crate) entropy: OsEntropy,
    pub(crate) socket_url: String,
}

impl Tickets {
    pub async fn from_env() -> Result<Self, StartError> {
        let (env, aws) = begin()?;
        let (doorman, store, clock) = front(&env, &aws, &[SEAL]).await?;
        Ok(Self {
            doorman,
            store,
            clock,
            entropy: OsEntropy,
            socket_url: env.required("SOCKET_URL")?.to_owned(),
        })
    }
}

/// What `ws-authorize` needs.
#[derive(Debug)]
pub struct Gate {
    pub(crate) doorman: Doorman,
}

impl Gate {
    pub async fn from_env() -> Result<Self, StartError> {
        let (env, aws) = begin()?;
        let keys = Keyring::read(&env, &aws, &[SEAL]).await?;
        Ok(Self {
            doorman: Doorman {
                keys,
                clock: SystemClock::from_env(&env)?,
            },
        })
    }
}

/// What `ws-connect` needs.
#[derive(Debug)]
pub struct Door {
    pub(crate) store: Store,
    /// Whose pages may open a socket; none: anybody's.
    pub(crate) origin: Option<String>,
}

impl Door {
    pub async fn from_env() -> Result<Self, StartError> {
        let (env, aws) = begin()?;
        aws.connect("dynamodb").await;
        let origin = env
            .optional("ROOMS_ORIGIN")
            .filter(|origin| *origin != "*")
            .map(str::to_owned);
        Ok(Self {
            store: store(&env, &aws)?,
            origin,
        })
    }
}

/// State of `ws-disconnect`.
#[derive(Debug)]
pub struct Departures {
    pub(crate) store: Store,
    pub(crate) broadcasts: Queue,
    pub(crate) clock: SystemClock,
}

impl Departures {
    pub async fn from_env() -> Result<Self, StartError> {
        let (env, aws) = begin()?;
        aws.connect("dynamodb").await;
        Ok(Self {
            store: store(&env, &aws)?,
            broadcasts: broadcasts(&env, &aws)?,
            clock: SystemClock::from_env(&env)?,
        })
    }
}

/// What `ws-message` needs.
#[derive(Debug)]
pub struct Talk {
    pub(crate) store: Store,
    pub(crate) sockets: Sockets,
    pub(crate) broadcasts: Queue,
    pub(crate) clock: SystemClock,
}

impl Talk {
    pub async fn from_env() -> Result<Self, StartError> {
        let (env, aws) = begin()?;
        tokio::join!(aws.connect("dynamodb"), aws.connect("sqs"));
        Ok(Self {
            store: store(&env, &aws)?,
            sockets: sockets(&env, &aws)?,
            broadcasts: broadcasts(&env, &aws)?,
            clock: SystemClock::from_env(&env)?,
        })
    }
}

/// What `ws-broadcast` needs.
#[derive(Debug)]
pub struct Broadcaster {
    pub(crate) store: Store,
    pub(crate) sockets: Sockets,
    pub(crate) broadcasts: Queue,
    pub(crate) cursors: ws_broadcast::Cursors,
    pub(crate) clock: SystemClock,
}

impl Broadcaster {
    pub async fn from_env() -> Result<Self, StartError> {
        let (env, aws) = begin()?;
        aws.connect("dynamodb").await;
        Ok(Self {
            store: store(&env, &aws)?,
            sockets: sockets(&env, &aws)?,
            broadcasts: broadcasts(&env, &aws)?,
            cursors: ws_broadcast::Cursors::default(),
            clock: SystemClock::from_env(&env)?,
        })
    }
}

/// What `rooms-health` looks at.
#[derive(Debug)]
pub struct Health {
    pub(crate) readiness: Readiness,
    pub(crate) table: Table,
    pub(crate) broadcasts: Queue,
}

impl Health {
    pub async fn from_env() -> Result<Self, StartError> {
        let (env, aws) = begin()?;
        Ok(Self {
            readiness: Readiness::default(),
            table: table(&env, &aws)?,
            broadcasts: broadcasts(&env, &aws)?,
        })
    }
}

fn begin() -> Result<(Env, Aws), StartError> {
    let env = environment();
    let aws = Aws::new(AwsConfig::from_env(&env)?)?;
    Ok((env, aws))
}

/// What whoever knows its callers begins with.
async fn front(
    env: &Env,
    aws: &Aws,
    keys: &'static [SecretName],
) -> Result<(Doorman, Store, SystemClock), StartError> {
    let (keys, ()) = tokio::join!(Keyring::read(env, aws, keys), aws.connect("dynamodb"));
    let clock = SystemClock::from_env(env)?;
    Ok((Doorman { keys: keys?, clock }, store(env, aws)?, clock))
}

fn prices(env: &Env) -> Result<PriceList, StartError> {
    Ok(PriceList::parse(env.required("PRICES")?)?)
}

fn table(env: &Env, aws: &Aws) -> Result<Table, EnvError> {
    Ok(Table::new(aws.dynamodb(), env.required("CONFAB_TABLE")?))
}

fn store(env: &Env, aws: &Aws) -> Result<Store, StartError> {
    Ok(Store::new(
        table(env, aws)?,
        Arc::new(SystemClock::from_env(env)?),
        message_ttl(env)?,
    ))
}

/// `MESSAGE_TTL_DAYS`: for how many days a message is kept.
fn message_ttl(env: &Env) -> Result<Duration, EnvError> {
    const NAME: &str = "MESSAGE_TTL_DAYS";
    match env.parsed(NAME)?.unwrap_or(30) {
        days @ 1..=3_650 => Ok(Duration::from_secs(days * 24 * 3_600)),
        days => Err(EnvError::Malformed {
            name: NAME.to_owned(),
            reason: format!("{days} is not between 1 and 3650"),
        }),
    }
}

fn objects(env: &Env, aws: &Aws) -> Result<Objects, EnvError> {
    Ok(Objects::new(aws, env.required("CONFAB_BUCKET")?))
}

fn broadcasts(env: &Env, aws: &Aws) -> Result<Queue, EnvError> {
    Ok(Queue::new(aws, env.required("CONFAB_BROADCAST_QUEUE_URL")?))
}

fn bus(env: &Env, aws: &Aws) -> Result<Bus, EnvError> {
    Ok(Bus::new(aws, env.required("CONFAB_EVENT_BUS")?))
}

fn sockets(env: &Env, aws: &Aws) -> Result<Sockets, EnvError> {
    Ok(Sockets::new(
        aws,
        env.required("SOCKET_ENDPOINT")?.trim_end_matches('/'),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_kept_for_thirty_days_unless_the_operator_says_otherwise() {
        let ttl = |value: &str| message_ttl(&Env::from_iter([("MESSAGE_TTL_DAYS", value)]));
        assert_eq!(ttl(""), Ok(Duration::from_secs(30 * 24 * 3_600)));
        assert_eq!(ttl("7"), Ok(Duration::from_secs(7 * 24 * 3_600)));
        for odd in ["0", "-1", "3651", "a week", "1.5"] {
            assert!(ttl(odd).is_err(), "{odd}");
        }
    }
}
