//! The state of a function: the parts of rooms that it uses.

use std::sync::Arc;

use confab_aws::{Aws, Bus, Keyring, Objects, Queue, SecretName, Sockets, Table};
use confab_contracts::payments::PriceList;
use confab_core::{Clock, Result};
use confab_lambda::{OsEntropy, Platform, Readiness, StartError, started};
use confab_live::{BroadcastCursors, Tickets};
use rooms_domain::RoomCode;

use crate::{
    config::{Config, MODEL_API_KEY, OFFER_SECRET, SESSION_SECRET},
    services::{
        broadcasts::Broadcasts, checkout::Checkout, photo_model::PhotoModel, presence::Presence,
        session_auth::SessionAuth,
    },
    store::Store,
};

/// Parts of the service's state. A function names those that it uses: its permissions, variables, secrets and cold start
/// are its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    Store,
    /// Authenticates users by their sessions.
    Sessions,
    /// Seals and opens the tickets of sockets.
    Tickets,
    /// The queue of broadcasts.
    Broadcasts,
    /// The queue of photos to analyze.
    Photos,
    Bus,
    /// The bucket of photos.
    Objects,
    /// Posts to connections.
    Sockets,
    /// The address at which clients open sockets.
    SocketUrl,
    /// The origin whose pages may open sockets.
    AllowedOrigin,
    Prices,
    /// Seals offers and stores them at payments.
    Checkout,
    /// The model that moderates and captions photos.
    PhotoModel,
    /// Opens the connection to DynamoDB during init.
    DynamoDbConnection,
    /// Opens the connection to SQS during init.
    SqsConnection,
}

impl Part {
    /// Returns the secret that a part needs.
    fn secret(self) -> Option<SecretName> {
        match self {
            Self::Sessions | Self::Tickets => Some(SESSION_SECRET),
            Self::Checkout => Some(OFFER_SECRET),
            Self::PhotoModel => Some(MODEL_API_KEY),
            _ => None,
        }
    }
}

#[derive(Debug)]
pub struct State {
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: OsEntropy,
    pub(crate) readiness: Readiness,
    /// How far this process has broadcast each busy room.
    pub(crate) cursors: BroadcastCursors<RoomCode>,
    pub(crate) allowed_origin: Option<String>,
    store: Option<Store>,
    sessions: Option<SessionAuth>,
    tickets: Option<Tickets>,
    broadcasts: Option<Broadcasts>,
    photos: Option<Queue>,
    bus: Option<Bus>,
    objects: Option<Objects>,
    sockets: Option<Sockets>,
    socket_url: Option<String>,
    prices: Option<PriceList>,
    checkout: Option<Checkout>,
    photo_model: Option<PhotoModel>,
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
        for part in parts {
            match part {
                Part::Store => {
                    let table = Table::new(aws.dynamodb(), config.table()?);
                    let store = Store::new(table, clock.clone(), config.message_ttl()?);
                    state.store = Some(store);
                }
                Part::Sessions => {
                    let secrets = read(secrets.as_ref())?;
                    state.sessions = Some(SessionAuth::new(secrets, clock.clone()));
                }
                Part::Tickets => {
                    let secrets = read(secrets.as_ref())?;
                    state.tickets = Some(Tickets::new(secrets, SESSION_SECRET, clock.clone()));
                }
                Part::Broadcasts => {
                    let queue = Queue::new(&aws, config.broadcast_queue_url()?);
                    state.broadcasts = Some(Broadcasts::new(queue));
                }
                Part::Photos => state.photos = Some(Queue::new(&aws, config.photo_queue_url()?)),
                Part::Bus => state.bus = Some(Bus::new(&aws, config.event_bus()?)),
                Part::Objects => state.objects = Some(Objects::new(&aws, config.bucket()?)),
                Part::Sockets => {
                    state.sockets = Some(Sockets::new(&aws, config.socket_endpoint()?))
                }
                Part::SocketUrl => state.socket_url = Some(config.socket_url()?.to_owned()),
                Part::AllowedOrigin => {
                    state.allowed_origin = config.allowed_origin().map(str::to_owned);
                }
                Part::Prices => state.prices = Some(config.prices()?),
                Part::Checkout => {
                    state.checkout = Some(Checkout::new(&config, read(secrets.as_ref())?)?)
                }
                Part::PhotoModel => {
                    state.photo_model = Some(PhotoModel::new(&config, read(secrets.as_ref())?)?);
                }
                Part::DynamoDbConnection | Part::SqsConnection => {}
            }
        }
        Ok(state)
    }

    fn empty(clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            entropy: OsEntropy,
            readiness: Readiness::default(),
            cursors: BroadcastCursors::default(),
            allowed_origin: None,
            store: None,
            sessions: None,
            tickets: None,
            broadcasts: None,
            photos: None,
            bus: None,
            objects: None,
            sockets: None,
            socket_url: None,
            prices: None,
            checkout: None,
            photo_model: None,
        }
    }

    pub(crate) fn store(&self) -> Result<&Store> {
        started(self.store.as_ref(), "store")
    }

    pub(crate) fn sessions(&self) -> Result<&SessionAuth> {
        started(self.sessions.as_ref(), "sessions")
    }

    pub(crate) fn tickets(&self) -> Result<&Tickets> {
        started(self.tickets.as_ref(), "tickets")
    }

    pub(crate) fn broadcasts(&self) -> Result<&Broadcasts> {
        started(self.broadcasts.as_ref(), "broadcasts")
    }

    pub(crate) fn photos(&self) -> Result<&Queue> {
        started(self.photos.as_ref(), "photos")
    }

    pub(crate) fn bus(&self) -> Result<&Bus> {
        started(self.bus.as_ref(), "bus")
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

    pub(crate) fn prices(&self) -> Result<&PriceList> {
        started(self.prices.as_ref(), "prices")
    }

    pub(crate) fn checkout(&self) -> Result<&Checkout> {
        started(self.checkout.as_ref(), "checkout")
    }

    pub(crate) fn photo_model(&self) -> Result<&PhotoModel> {
        started(self.photo_model.as_ref(), "photo_model")
    }

    pub(crate) fn presence(&self) -> Result<Presence<'_>> {
        Ok(Presence::new(
            self.store()?,
            self.broadcasts()?,
            &*self.clock,
        ))
    }
}

fn read(secrets: Option<&Keyring>) -> Result<Keyring> {
    started(secrets, "secrets").cloned()
}

async fn read_secrets(config: &Config, aws: &Aws, parts: &[Part]) -> Result<Option<Keyring>> {
    let mut names: Vec<_> = parts.iter().filter_map(|part| part.secret()).collect();
    // Sessions and tickets share a secret.
    names.dedup();
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
