//! The state that routes and the delivery of webhooks share.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use anyhow::{Result, anyhow};
use axum::{Router, extract::DefaultBodyLimit};
use confab_messaging::Reference;
use serde_json::{Value, json};
use tokio::sync::{Notify, broadcast, watch};

use crate::{
    Options, Sighting, astria, chat::Message, delivery, meta, model, phone, queue::Line,
    settings::Fault, shop, store::Store, stripe, twilio,
};

pub struct Outside {
    pub(crate) options: Options,
    pub(crate) http: reqwest::Client,
    pub(crate) events: broadcast::Sender<Event>,
    /// There may be something to deliver.
    pub(crate) work: Notify,
    pub(crate) payment_work: Notify,
    pub(crate) tune_work: Notify,
    pub(crate) closed: watch::Sender<bool>,
    store: Mutex<Store>,
}

/// What the phone page is told as it happens.
#[derive(Debug, Clone)]
pub(crate) struct Event {
    pub(crate) name: &'static str,
    pub(crate) data: Value,
}

/// Pictures arrive as base64 in JSON.
const LARGEST_REQUEST: usize = 72 * 1024 * 1024;

impl Outside {
    pub fn open(options: Options) -> Result<Arc<Self>> {
        let store = Mutex::new(Store::open(&options.data_dir)?);
        let http = confab_provider_base::http_client().map_err(|error| anyhow!("{error}"))?;
        Ok(Arc::new(Self {
            options,
            http,
            events: broadcast::channel(1024).0,
            work: Notify::new(),
            payment_work: Notify::new(),
            tune_work: Notify::new(),
            closed: watch::channel(false).0,
            store,
        }))
    }

    /// `/meta/..`, `/twilio/..`, `/stripe/..`, `/astria/..`, `/model/..`, and the APIs of the phone, the pay page, the
    /// payments, the tunes and the model.
    pub fn router(self: &Arc<Self>) -> Router {
        Router::new()
            .merge(meta::routes())
            .merge(twilio::routes())
            .merge(phone::routes())
            .merge(stripe::routes())
            .merge(astria::routes())
            .merge(model::routes())
            .merge(shop::routes())
            .layer(DefaultBodyLimit::max(LARGEST_REQUEST))
            .with_state(Arc::clone(self))
    }

    /// Delivers webhooks until `shutdown`. What is still owed then is delivered after the next start.
    pub async fn run(self: Arc<Self>, shutdown: impl Future<Output = ()> + Send) {
        let (stop, stopped) = watch::channel(false);
        let ending = async {
            shutdown.await;
            stop.send_replace(true);
        };
        let messages = delivery::run(&self, Line::Messages, stopped.clone());
        let payments = delivery::run(&self, Line::Payments, stopped.clone());
        let tunes = delivery::run(&self, Line::Tunes, stopped);
        tokio::join!(ending, messages, payments, tunes);
        self.closed.send_replace(true);
    }

    pub(crate) fn now(&self) -> i64 {
        (self.options.clock)()
    }

    /// Held for one read or one transaction, never over an await.
    pub(crate) fn store(&self) -> MutexGuard<'_, Store> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn work(&self, line: Line) -> &Notify {
        match line {
            Line::Messages => &self.work,
            Line::Payments => &self.payment_work,
            Line::Tunes => &self.tune_work,
        }
    }

    pub(crate) fn show(&self, person: &str, message: &Message) {
        self.tell("message", json!({"person": person, "message": message}));
    }

    pub(crate) fn tell(&self, name: &'static str, data: Value) {
        // Nobody listens when no page is open.
        drop(self.events.send(Event { name, data }));
    }

    pub(crate) fn saw(&self, call: Call<'_>, text: String, ok: bool) {
        let own = call
            .reference
            .and_then(|reference| reference.parse::<Reference>().ok());
        let correlation_id = own.map(|reference| reference.correlation_id.to_string());
        (self.options.sightings)(Sighting {
            at: self.now(),
            correlation_id: correlation_id.or(call.correlation_id),
            provider: call.provider,
            text,
            ok,
            duration_ms: call.started.elapsed().as_secs_f64() * 1_000.0,
            reference: call.message_id,
        });
    }

    pub(crate) fn next_fault(&self, person: Option<&str>) -> Option<Fault> {
        self.store().faults.next(person)
    }
}

/// What is known of a call when it is over.
#[derive(Debug)]
pub(crate) struct Call<'a> {
    pub(crate) provider: &'static str,
    pub(crate) started: Instant,
    /// What the app attached.
    pub(crate) reference: Option<&'a str>,
    pub(crate) correlation_id: Option<String>,
    pub(crate) message_id: Option<String>,
}

impl Call<'_> {
    pub(crate) fn new(provider: &'static str) -> Self {
        Self {
            provider,
            started: Instant::now(),
            reference: None,
            correlation_id: None,
            message_id: None,
        }
    }
}

impl std::fmt::Debug for Outside {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Outside")
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}
