//! A fixture: an app that receives webhooks, and the simulators around it.

use std::{
    collections::VecDeque,
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use axum::{
    Json, Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode, Uri},
    routing::{get, post},
};
use confab_core::{CorrelationId, EffectId, Phone, Timestamp, UserId};
use confab_messaging::{
    Address, Body, Channel, Content, Identity, Inbound, Outbound, Reference, StatusUpdate, Update,
};
use confab_meta::{Meta, MetaConfig};
use confab_simulators::{
    CallRecord, MetaAccount, Options, Simulators, StripeAccount, TelegramAccount, TwilioAccount,
};
use confab_stripe::{Notice, Stripe, StripeConfig};
use confab_twilio::{Twilio, TwilioConfig};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{net::TcpListener, sync::oneshot, task::JoinHandle};

/// Twilio's id of the template.
pub(crate) const NEWS: &str = "HX00000000000000000000000000000001";
pub(crate) const TELEGRAM_TOKEN: &str = "7000000001:AAtest";
pub(crate) const CORRELATION: &str = "cor_01jx8qkm9h0000000000000000";

/// An app that records what it receives, and answers as set.
#[derive(Default)]
pub(crate) struct App {
    pub(crate) address: Mutex<String>,
    updates: Mutex<Vec<Update>>,
    notices: Mutex<Vec<(Notice, Value)>>,
    callbacks: Mutex<Vec<(String, Value)>>,
    calls: Mutex<Vec<StatusCode>>,
    /// Answers to the next webhooks, and 200 after them.
    pub(crate) answers: Mutex<VecDeque<StatusCode>>,
    pub(crate) takes: Mutex<Duration>,
    /// How far the clocks of app and simulators are ahead, in milliseconds.
    ahead: Arc<AtomicI64>,
}

impl App {
    async fn start() -> Arc<Self> {
        let app = Arc::new(Self::default());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        *app.address.lock().unwrap() = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new()
            .route("/SmsReceived", get(challenge).post(receive))
            .route("/payment-received", post(notice))
            .route("/pack-tune-received", post(callback))
            .with_state(Arc::clone(&app));
        tokio::spawn(async move { axum::serve(listener, router).await });
        app
    }

    fn url(&self) -> String {
        format!("{}/SmsReceived", self.address.lock().unwrap())
    }

    fn now(&self) -> i64 {
        Timestamp::now().as_millisecond() + self.ahead.load(Ordering::SeqCst)
    }

    pub(crate) fn calls(&self) -> Vec<StatusCode> {
        self.calls.lock().unwrap().clone()
    }

    /// Returns the notices of Stripe with their events.
    pub(crate) fn notices(&self) -> Vec<(Notice, Value)> {
        self.notices.lock().unwrap().clone()
    }

    /// Returns the callbacks of Astria with their queries.
    pub(crate) fn callbacks(&self) -> Vec<(String, Value)> {
        self.callbacks.lock().unwrap().clone()
    }

    pub(crate) fn kinds(&self) -> Vec<String> {
        self.notices()
            .into_iter()
            .map(|(notice, _)| notice.kind)
            .collect()
    }

    pub(crate) fn messages(&self) -> Vec<Inbound> {
        let updates = self.updates.lock().unwrap();
        let messages = updates.iter().filter_map(|update| match update {
            Update::Message(message) => Some(message.clone()),
            Update::Status(_) => None,
        });
        messages.collect()
    }

    pub(crate) fn statuses(&self) -> Vec<StatusUpdate> {
        let updates = self.updates.lock().unwrap();
        let statuses = updates.iter().filter_map(|update| match update {
            Update::Status(status) => Some(status.clone()),
            Update::Message(_) => None,
        });
        statuses.collect()
    }

    pub(crate) fn texts(&self) -> Vec<String> {
        let messages = self.messages();
        let texts = messages
            .iter()
            .filter_map(|message| match &message.content {
                Content::Text { text } => Some(text.0.clone()),
                _ => None,
            });
        texts.collect()
    }
}

async fn challenge(uri: Uri) -> Result<String, StatusCode> {
    let token = "verify-token".to_owned().into();
    confab_meta::challenge(uri.query().unwrap_or_default(), &[token])
        .map_err(|_| StatusCode::FORBIDDEN)
}

async fn receive(
    State(app): State<Arc<App>>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> (StatusCode, [(&'static str, &'static str); 1]) {
    let takes = *app.takes.lock().unwrap();
    tokio::time::sleep(takes).await;
    let status = handle(&app, &uri, &headers, &body);
    app.calls.lock().unwrap().push(status);
    (status, [("x-correlation-id", CORRELATION)])
}

async fn notice(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    body: Bytes,
) -> (StatusCode, [(&'static str, &'static str); 1]) {
    let takes = *app.takes.lock().unwrap();
    tokio::time::sleep(takes).await;
    let status = take_notice(&app, &headers, &body);
    app.calls.lock().unwrap().push(status);
    (status, [("x-correlation-id", CORRELATION)])
}

async fn callback(State(app): State<Arc<App>>, uri: Uri, Json(body): Json<Value>) -> StatusCode {
    let takes = *app.takes.lock().unwrap();
    tokio::time::sleep(takes).await;
    let answer = app
        .answers
        .lock()
        .unwrap()
        .pop_front()
        .unwrap_or(StatusCode::OK);
    app.calls.lock().unwrap().push(answer);
    if answer.is_success() {
        app.callbacks
            .lock()
            .unwrap()
            .push((uri.query().unwrap_or_default().to_owned(), body));
    }
    answer
}

fn take_notice(app: &App, headers: &HeaderMap, body: &[u8]) -> StatusCode {
    let header = headers
        .get("stripe-signature")
        .map(|value| value.to_str().unwrap());
    let now = Timestamp::from_millisecond(app.now()).unwrap();
    let secrets = ["whsec_next".into(), "whsec_test".into()];
    if confab_stripe::verify(&secrets, body, header, now).is_err() {
        return StatusCode::UNAUTHORIZED;
    }
    let notice = confab_stripe::parse(body).unwrap();
    let answer = app
        .answers
        .lock()
        .unwrap()
        .pop_front()
        .unwrap_or(StatusCode::OK);
    if answer.is_success() {
        app.notices
            .lock()
            .unwrap()
            .push((notice, serde_json::from_slice(body).unwrap()));
    }
    answer
}

fn handle(app: &App, uri: &Uri, headers: &HeaderMap, body: &[u8]) -> StatusCode {
    let header = |name: &str| headers.get(name).map(|value| value.to_str().unwrap());
    let now = Timestamp::now();
    let parsed = if let Some(signature) = header("x-twilio-signature") {
        let params = confab_twilio::form(body);
        let url = format!("{}{uri}", app.address.lock().unwrap());
        let token = "12345".to_owned().into();
        if confab_twilio::verify(
            std::slice::from_ref(&token),
            &url,
            &params,
            body,
            Some(signature),
        )
        .is_err()
        {
            return StatusCode::UNAUTHORIZED;
        }
        confab_twilio::parse(&params, uri.query().unwrap_or_default(), now)
    } else {
        let secret = "app-secret".to_owned().into();
        if confab_meta::verify(
            std::slice::from_ref(&secret),
            body,
            header("x-hub-signature-256"),
        )
        .is_err()
        {
            return StatusCode::UNAUTHORIZED;
        }
        confab_meta::parse(body, now).unwrap()
    };
    assert!(parsed.ignored.is_empty(), "{parsed:?}");
    let answer = app
        .answers
        .lock()
        .unwrap()
        .pop_front()
        .unwrap_or(StatusCode::OK);
    if answer.is_success() {
        app.updates.lock().unwrap().extend(parsed.updates);
    }
    answer
}

pub(crate) struct Fixture {
    pub(crate) app: Arc<App>,
    pub(crate) base_url: String,
    pub(crate) folder: Arc<TempDir>,
    pub(crate) call_records: Arc<Mutex<Vec<CallRecord>>>,
    pub(crate) http: reqwest::Client,
    clock: Arc<AtomicI64>,
    stop: Option<oneshot::Sender<()>>,
    tasks: Vec<JoinHandle<()>>,
}

impl Fixture {
    pub(crate) async fn start() -> Self {
        Self::open(App::start().await, Arc::new(TempDir::new().unwrap())).await
    }

    async fn open(app: Arc<App>, folder: Arc<TempDir>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base_url = format!("http://{}", listener.local_addr().unwrap());
        let clock = Arc::clone(&app.ahead);
        let call_records = Arc::new(Mutex::new(Vec::new()));
        let simulators = Simulators::open(options(
            folder.path(),
            &base_url,
            &app.url(),
            &clock,
            &call_records,
        ))
        .unwrap();
        let router = simulators.router();
        let serving = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        let (stop, stopped) = oneshot::channel::<()>();
        let running = tokio::spawn(simulators.run(async {
            drop(stopped.await);
        }));
        let http = confab_provider_base::http_client().unwrap();
        Self {
            app,
            base_url,
            folder,
            call_records,
            http,
            clock,
            stop: Some(stop),
            tasks: vec![serving, running],
        }
    }

    /// Restarts as after a `kill -9`: tasks are aborted without a shutdown.
    pub(crate) async fn restart_after_kill(self) -> Self {
        let (app, folder) = (Arc::clone(&self.app), Arc::clone(&self.folder));
        for task in &self.tasks {
            task.abort();
        }
        std::mem::forget(self);
        Self::open(app, folder).await
    }

    pub(crate) async fn stop(mut self) {
        drop(self.stop.take());
        self.tasks.remove(1).await.unwrap();
    }

    pub(crate) fn advance_clock(&self, time: Duration) {
        let ms = i64::try_from(time.as_millis()).unwrap();
        self.clock.fetch_add(ms, Ordering::SeqCst);
    }

    pub(crate) async fn call(&self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        self.ask(method, &format!("/api/phone/{path}"), body).await
    }

    pub(crate) async fn ask(&self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        let method = method.parse().unwrap();
        let mut request = self
            .http
            .request(method, format!("{}{path}", self.base_url));
        if !body.is_null() {
            request = request.json(body);
        }
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        (status, response.json().await.unwrap_or_default())
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        let (status, body) = self.call("GET", path, &Value::Null).await;
        assert_eq!(status, 200, "{path} {body}");
        body
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Value {
        let (status, body) = self.call("POST", path, &body).await;
        assert_eq!(status, 200, "{path} {body}");
        body
    }

    pub(crate) async fn put(&self, path: &str, body: Value) -> Value {
        let (status, body) = self.call("PUT", path, &body).await;
        assert_eq!(status, 200, "{path} {body}");
        body
    }

    pub(crate) async fn person(&self, channel: &str) -> Person {
        self.new_person(json!({"name": "Dana", "channel": channel}))
            .await
    }

    pub(crate) async fn new_person(&self, new: Value) -> Person {
        let person = self.post("people", new).await;
        let text = |name: &str| person[name].as_str().map(str::to_owned);
        Person {
            id: text("id").unwrap(),
            phone: text("phone").unwrap(),
            user_id: text("user_id"),
        }
    }

    pub(crate) async fn say(&self, person: &Person, said: Value) -> String {
        let said = self
            .post(&format!("people/{}/messages", person.id), said)
            .await;
        said["id"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn text(&self, person: &Person, text: &str) -> String {
        self.say(person, json!({"type": "text", "text": text}))
            .await
    }

    pub(crate) async fn chat(&self, person: &Person) -> Vec<Value> {
        let chat = self.get(&format!("people/{}/messages", person.id)).await;
        chat.as_array().unwrap().clone()
    }

    /// Waits until no webhook is owed.
    pub(crate) async fn wait_until_delivered(&self) {
        self.until(async || self.get("pending").await["webhooks"] == 0)
            .await;
    }

    pub(crate) async fn until(&self, condition: impl AsyncFn() -> bool) {
        for _ in 0..1_000 {
            if condition().await {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("waited for ten seconds in vain");
    }

    pub(crate) fn meta(&self) -> Meta {
        self.meta_with("access-token")
    }

    pub(crate) fn meta_with(&self, token: &str) -> Meta {
        let config = MetaConfig {
            api_url: format!("{}/meta", self.base_url),
            version: "v24.0".into(),
            phone_number_id: "106540352242922".into(),
            token: token.to_owned().into(),
            media_origins: vec![],
        };
        Meta::new(self.http.clone(), config)
    }

    pub(crate) fn twilio(&self) -> Twilio {
        let config = TwilioConfig {
            api_url: format!("{}/twilio", self.base_url),
            account_sid: "AC1".into(),
            auth_token: "12345".to_owned().into(),
            from: "whatsapp:+14155238886".into(),
            status_callback: Some(self.app.url()),
            content_sids: [("news/en".to_owned(), NEWS.to_owned())].into(),
            media_origins: vec![],
        };
        Twilio::new(self.http.clone(), config)
    }

    pub(crate) fn stripe(&self) -> Stripe {
        self.stripe_with("sk_test_1")
    }

    pub(crate) fn stripe_with(&self, key: &str) -> Stripe {
        let config = StripeConfig {
            api_url: format!("{}/stripe", self.base_url),
            version: "2026-10-28.endive".into(),
            secret_key: key.to_owned().into(),
        };
        Stripe::new(self.http.clone(), config)
    }

    pub(crate) fn call_records(&self) -> Vec<CallRecord> {
        self.call_records.lock().unwrap().clone()
    }
}

pub(crate) struct Person {
    pub(crate) id: String,
    pub(crate) phone: String,
    pub(crate) user_id: Option<String>,
}

impl Person {
    pub(crate) fn outbound(&self, body: Body) -> Outbound {
        let now = Timestamp::now();
        let entropy = || std::array::from_fn(|_| fastrand::u8(..));
        let channel = if self.user_id.is_some() {
            Channel::Meta
        } else {
            Channel::Twilio
        };
        Outbound {
            to: Address {
                channel,
                business: String::new(),
                person: Identity {
                    phone: Phone::parse(&self.phone).ok(),
                    scoped_id: None,
                },
            },
            reference: Reference {
                user_id: UserId::new(now, &entropy),
                effect_id: EffectId::new(now, &entropy),
                correlation_id: CorrelationId::new(now, &entropy),
            },
            reply_to: None,
            body,
        }
    }

    pub(crate) fn text(&self, text: &str) -> Outbound {
        self.outbound(Body::Text { text: text.into() })
    }
}

fn options(
    folder: &Path,
    base_url: &str,
    webhook_url: &str,
    clock: &Arc<AtomicI64>,
    call_records: &Arc<Mutex<Vec<CallRecord>>>,
) -> Options {
    let (clock, call_records) = (Arc::clone(clock), Arc::clone(call_records));
    let gateway = webhook_url.strip_suffix("/SmsReceived").unwrap();
    Options {
        data_dir: folder.to_owned(),
        base_url: base_url.to_owned(),
        meta: MetaAccount {
            webhook_url: webhook_url.to_owned(),
            app_secret: "app-secret".to_owned().into(),
            verify_token: "verify-token".to_owned().into(),
            access_token: "access-token".to_owned().into(),
            phone_number_id: "106540352242922".into(),
        },
        twilio: TwilioAccount {
            webhook_url: webhook_url.to_owned(),
            account_sid: "AC1".into(),
            auth_token: "12345".to_owned().into(),
            from: "whatsapp:+14155238886".into(),
        },
        telegram: TelegramAccount {
            webhook_url: String::new(),
            token: TELEGRAM_TOKEN.to_owned().into(),
            secret: String::new().into(),
            username: "slides_bot".into(),
        },
        stripe: StripeAccount {
            webhook_url: format!("{gateway}/payment-received"),
            secret_key: "sk_test_1".to_owned().into(),
            webhook_secret: "whsec_test".to_owned().into(),
        },
        shop: None,
        clock: Arc::new(move || Timestamp::now().as_millisecond() + clock.load(Ordering::SeqCst)),
        call_records: Arc::new(move |record| call_records.lock().unwrap().push(record)),
    }
}
