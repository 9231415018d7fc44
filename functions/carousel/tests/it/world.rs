//! A cloud with Telegram, its people, and the functions of the carousel with exactly their own permissions.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, AtomicU32, Ordering},
    },
    time::Duration,
};

use axum::{Router, body::Body, http::Request};
use carousel::{
    Part, State,
    routes::{
        carousel_events, carousel_health, carousel_stats, carousels, telegram_received,
        test_carousel,
    },
    workers::{
        carousel_conversation::{self, ConversationJob},
        carousel_journal, carousel_operator,
        carousel_render::{self, RenderTask},
        carousel_sweep, carousel_webhook, carousel_write,
    },
};
use carousel_domain::WriteJob;
use confab_aws::{Objects, Row};
use confab_core::{Clock, CorrelationId, Result, Timestamp};
use confab_lambda::{OsEntropy, QueueMessage, ScheduledRun, StartError};
use confab_simulator_base::{ContextOptions, SimulatorContext};
use confab_simulator_telegram::{Telegram, TelegramAccount};
use confab_testkit::{Cloud, TestClock, TestRequest, TestResponse, memory_folder, send};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tower::ServiceExt;

pub(crate) const CONVERSATION_QUEUE: &str = "confab-carousel-inbound.fifo";
pub(crate) const WRITE_QUEUE: &str = "confab-carousel-write";
pub(crate) const RENDER_QUEUE: &str = "confab-carousel-render";
pub(crate) const JOURNAL_QUEUE: &str = "confab-carousel-journal";

pub(crate) const BOT_ID: i64 = 7_000_000_001;
pub(crate) const TOKEN: &str = "7000000001:AAlocal-token-of-the-simulated-bot";
pub(crate) const WEBHOOK_SECRET: &str = "webhook-secret";
/// Longer than every visibility timeout and lease.
pub(crate) const REDELIVERY_DELAY: Duration = Duration::from_secs(360);
/// What is left of an invocation: leases last as long.
const TIME_LEFT: Duration = Duration::from_secs(60);
const MAX_RESPONSE_BYTES: usize = 16 * 1024 * 1024;

pub(crate) struct World {
    pub(crate) cloud: Cloud,
    telegram: Router,
    /// The simulated model, where there is one.
    pub(crate) model: Option<Router>,
    states: tokio::sync::Mutex<BTreeMap<&'static str, Arc<State>>>,
    /// Jobs of each queue that were handled.
    handled: Mutex<BTreeMap<&'static str, usize>>,
    last_update: AtomicI64,
    deliveries: AtomicU32,
    data: tempfile::TempDir,
}

/// A person who talks with the bot in a private chat. Both have the same id.
#[derive(Debug, Clone)]
pub(crate) struct Person {
    pub(crate) id: i64,
    language: String,
}

fn open_telegram(data: &std::path::Path, address: &str, clock: TestClock) -> Router {
    let options = ContextOptions {
        base_url: address.to_owned(),
        clock: Arc::new(move || clock.now().as_millisecond()),
        call_records: Arc::new(|_| {}),
    };
    let context = SimulatorContext::open(data, options).unwrap();
    // Nothing here outlives the test.
    let unsynced = context.store().db.pragma_update(None, "synchronous", "off");
    unsynced.unwrap();
    let mut account = TelegramAccount::default();
    account.set("token", TOKEN).unwrap();
    account.set("username", "carousel_bot").unwrap();
    let telegram = Telegram::open(context, account).unwrap();
    confab_simulator_telegram::routes(telegram)
        .layer(axum::extract::DefaultBodyLimit::max(MAX_RESPONSE_BYTES))
}

impl World {
    /// Opens a world without a model.
    pub(crate) async fn open() -> Self {
        Self::open_with(&[("MODEL_API_URL", "")]).await
    }

    /// Opens a world with variables of its own.
    pub(crate) async fn open_with(variables: &[(&str, &str)]) -> Self {
        Self::open_in(Cloud::open().await, variables).await
    }

    pub(crate) async fn open_in(mut cloud: Cloud, variables: &[(&str, &str)]) -> Self {
        for (name, value) in variables {
            cloud.set_variable(name, *value);
        }
        let clock = cloud.clock();
        let data = memory_folder();
        let mut telegram = None;
        let address = cloud
            .serve(|address| {
                let router = open_telegram(data.path(), address, clock);
                telegram = Some(router.clone());
                router
            })
            .await;
        cloud.set_variable("TELEGRAM_API_URL", format!("{address}/telegram"));
        let world = Self {
            cloud,
            telegram: telegram.unwrap(),
            model: None,
            states: tokio::sync::Mutex::default(),
            handled: Mutex::default(),
            last_update: AtomicI64::new(900_000),
            deliveries: AtomicU32::new(0),
            data,
        };
        let settings = json!({ "flood": false });
        world
            .control("PUT", "/api/telegram/settings", &settings)
            .await;
        world
    }

    /// The folder of the simulators.
    pub(crate) fn data(&self) -> &std::path::Path {
        self.data.path()
    }

    pub(crate) fn clock(&self) -> TestClock {
        self.cloud.clock()
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock().now()
    }

    /// Begins a delivery. Before each but the first, the visibility timeout passes.
    pub(crate) fn begin_delivery(&self) {
        if self.deliveries.fetch_add(1, Ordering::Relaxed) > 0 {
            self.clock().advance(REDELIVERY_DELAY);
        }
    }

    pub(crate) async fn new_state(
        &self,
        function: &str,
        parts: &[Part],
    ) -> Result<Arc<State>, StartError> {
        let platform = self.cloud.platform(function);
        State::new(platform, parts).await.map(Arc::new)
    }

    /// Returns the state of a warm function.
    pub(crate) async fn state(&self, function: &'static str) -> Arc<State> {
        let mut states = self.states.lock().await;
        if let Some(state) = states.get(function) {
            return state.clone();
        }
        let state = self.new_state(function, parts(function)).await.unwrap();
        states.insert(function, state.clone());
        state
    }

    /// Calls the control API of the simulated Telegram, without the network and without faults.
    pub(crate) async fn control(&self, method: &str, path: &str, body: &Value) -> Value {
        call_control(&self.telegram, method, path, body).await
    }

    pub(crate) async fn person(&self, language: &str) -> Person {
        let new = json!({ "first_name": "Dana", "language_code": language });
        let person = self.control("POST", "/api/telegram/people", &new).await;
        Person {
            id: person["id"].as_i64().unwrap(),
            language: language.to_owned(),
        }
    }

    /// Returns the messages of a person's chat, the oldest first.
    pub(crate) async fn messages(&self, person: &Person) -> Vec<Value> {
        let path = format!("/api/telegram/chats/{}/messages", person.id);
        let messages = self.control("GET", &path, &Value::Null).await;
        let messages = messages.as_array().unwrap().clone();
        messages
            .into_iter()
            .filter(|message| message["is_deleted"] != true)
            .collect()
    }

    /// Returns the photos that the bot has sent to a person.
    pub(crate) async fn photos(&self, person: &Person) -> usize {
        let messages = self.messages(person).await;
        let is_photo = |message: &&Value| message["photo"].is_array();
        messages.iter().filter(is_photo).count()
    }

    /// Returns the texts that the bot shows to a person.
    pub(crate) async fn texts(&self, person: &Person) -> Vec<String> {
        let messages = self.messages(person).await;
        let of_bot = messages
            .iter()
            .filter(|message| message["is_from_bot"] == true);
        of_bot
            .filter_map(|message| message["text"].as_str().map(str::to_owned))
            .collect()
    }

    /// Lets a person write, and returns the update of the message.
    pub(crate) async fn write(&self, person: &Person, text: &str) -> Value {
        let path = format!("/api/telegram/chats/{}/messages", person.id);
        let new = json!({ "from": person.id, "text": text });
        let sent = self.control("POST", &path, &new).await;
        let mut message = json!({
            "message_id": sent["message_id"],
            "from": { "id": person.id, "is_bot": false, "first_name": "Dana",
                "language_code": person.language },
            "chat": { "id": person.id, "first_name": "Dana", "type": "private" },
            "date": self.now().as_second(),
            "text": text,
        });
        if text.starts_with('/') {
            let length = text.split_whitespace().next().unwrap().len();
            message["entities"] = json!([{ "offset": 0, "length": length, "type": "bot_command" }]);
        }
        self.update("message", message)
    }

    /// Returns the update of a tap on the button with this data.
    pub(crate) fn tap(&self, person: &Person, message: &Value, data: &str) -> Value {
        self.update(
            "callback_query",
            json!({
                "id": format!("2233{}", self.last_update.load(Ordering::Relaxed)),
                "from": { "id": person.id, "is_bot": false, "first_name": "Dana",
                    "language_code": person.language },
                "message": { "message_id": message["message_id"],
                    "chat": { "id": person.id, "type": "private" }, "date": self.now().as_second() },
                "chat_instance": "-318",
                "data": data,
            }),
        )
    }

    pub(crate) fn update(&self, kind: &str, body: Value) -> Value {
        let id = self.last_update.fetch_add(1, Ordering::Relaxed) + 1;
        json!({ "update_id": id, kind: body })
    }

    /// Delivers an update as Telegram does.
    pub(crate) async fn receive(&self, update: &Value) -> TestResponse {
        let request = TestRequest::post("/telegram", update.clone())
            .header("x-telegram-bot-api-secret-token", WEBHOOK_SECRET);
        self.receive_request(&request).await
    }

    pub(crate) async fn receive_request(&self, request: &TestRequest) -> TestResponse {
        let state = self.state("telegram-received").await;
        send(&telegram_received::routes(), &state, &self.clock(), request).await
    }

    /// Calls a route with the operator's key.
    pub(crate) async fn operate(&self, request: TestRequest) -> TestResponse {
        self.call(
            "carousels",
            &carousels::routes(),
            request.token("operator-key"),
        )
        .await
    }

    pub(crate) async fn call(
        &self,
        function: &'static str,
        routes: &confab_lambda::Router<State>,
        request: TestRequest,
    ) -> TestResponse {
        let state = self.state(function).await;
        send(routes, &state, &self.clock(), &request).await
    }

    pub(crate) async fn get_health(&self, state: &Arc<State>, path: &str) -> TestResponse {
        let request = TestRequest::get(path);
        send(&carousel_health::routes(), state, &self.clock(), &request).await
    }

    /// Lets a person write, and all queues run empty.
    pub(crate) async fn say(&self, person: &Person, text: &str) {
        let update = self.write(person, text).await;
        assert_eq!(self.receive(&update).await.status, 200);
        self.run().await;
    }

    /// Returns the calls of the bot's API that were made.
    pub(crate) async fn telegram_calls(&self) -> Vec<Value> {
        let calls = self.control("GET", "/api/telegram/calls", &Value::Null);
        calls.await.as_array().unwrap().clone()
    }

    /// Returns the jobs that were ever sent to a queue, oldest first.
    pub(crate) fn jobs<J: DeserializeOwned>(&self, queue: &str) -> Vec<J> {
        let jobs = self.cloud.queued(queue).into_iter();
        jobs.map(|job| serde_json::from_value(job).unwrap())
            .collect()
    }

    /// Returns the jobs of a queue that were not handled yet, as handled from now on.
    pub(crate) fn take<J: DeserializeOwned>(&self, queue: &'static str) -> Vec<J> {
        let mut handled = self.handled.lock().unwrap();
        let handled = handled.entry(queue).or_default();
        let jobs = self.jobs(queue).split_off(*handled);
        *handled += jobs.len();
        jobs
    }

    /// Handles what is on the queues until nothing is left.
    pub(crate) async fn run(&self) {
        self.work().await.unwrap();
    }

    /// Handles what is on the queues until nothing is left, or until a job fails. That one stays on its queue.
    pub(crate) async fn work(&self) -> Result<()> {
        loop {
            if let Some(job) = self.first(CONVERSATION_QUEUE) {
                self.conversation(job).await?;
                self.skip(CONVERSATION_QUEUE, 1);
            } else if let Some(job) = self.first(WRITE_QUEUE) {
                self.write_texts(job).await?;
                self.skip(WRITE_QUEUE, 1);
            } else if let Some(job) = self.first(RENDER_QUEUE) {
                self.render(job).await?;
                self.skip(RENDER_QUEUE, 1);
            } else {
                return Ok(());
            }
        }
    }

    /// Returns the oldest job of a queue that was not handled yet.
    fn first<J: DeserializeOwned>(&self, queue: &'static str) -> Option<J> {
        let handled = self.handled.lock().unwrap().get(queue).copied();
        let job = self
            .cloud
            .queued(queue)
            .into_iter()
            .nth(handled.unwrap_or(0))?;
        Some(serde_json::from_value(job).unwrap())
    }

    /// Counts jobs as handled that never were: their messages were lost.
    pub(crate) fn skip(&self, queue: &'static str, count: usize) {
        *self.handled.lock().unwrap().entry(queue).or_default() += count;
    }

    pub(crate) fn message<B>(&self, body: B) -> QueueMessage<B> {
        QueueMessage {
            body,
            correlation_id: CorrelationId::new(self.now(), &OsEntropy),
            receives: 1,
            time_left: TIME_LEFT,
        }
    }

    pub(crate) async fn conversation(&self, job: ConversationJob) -> Result<()> {
        let state = self.state("carousel-conversation").await;
        carousel_conversation::handle(state, self.message(job)).await
    }

    pub(crate) async fn write_texts(&self, job: WriteJob) -> Result<()> {
        let state = self.state("carousel-write").await;
        carousel_write::handle(state, self.message(job)).await
    }

    pub(crate) async fn render(&self, task: RenderTask) -> Result<()> {
        let state = self.state("carousel-render").await;
        carousel_render::handle(state, self.message(task)).await
    }

    pub(crate) async fn sweep(&self) -> Result<()> {
        let state = self.state("carousel-sweep").await;
        let run = ScheduledRun {
            at: self.now(),
            correlation_id: CorrelationId::new(self.now(), &OsEntropy),
            time_left: TIME_LEFT,
        };
        carousel_sweep::handle(state, run).await
    }

    /// Returns the types of the events that were published, oldest first.
    pub(crate) fn event_types(&self) -> Vec<String> {
        let events = self.cloud.events();
        let event_type = |event: &Value| event["type"].as_str().map(str::to_owned);
        events.iter().filter_map(event_type).collect()
    }

    fn variable(&self, name: &str) -> String {
        let env = self.cloud.env("carousel-conversation");
        env.required(name).unwrap().to_owned()
    }

    /// The carousel's bucket. The emulator enforces no permissions of buckets.
    pub(crate) fn objects(&self) -> Objects {
        let bucket = self.variable("CONFAB_BUCKET");
        Objects::new(&self.cloud.aws("carousel-render"), bucket)
    }

    /// Returns all rows of the table.
    pub(crate) async fn rows(&self) -> Vec<Row> {
        let client = self.cloud.aws("outside").dynamodb();
        let table = self.variable("CONFAB_TABLE");
        let (mut rows, mut from) = (Vec::new(), None::<Row>);
        loop {
            let scan = client.scan().table_name(&table);
            let page = Box::pin(scan.set_exclusive_start_key(from).send());
            let page = page.await.unwrap();
            rows.extend(page.items.unwrap_or_default());
            from = page.last_evaluated_key;
            if from.is_none() {
                return rows;
            }
        }
    }
}

/// Calls the control API of a simulator.
pub(crate) async fn call_control(
    simulator: &Router,
    method: &str,
    path: &str,
    body: &Value,
) -> Value {
    let body = if body.is_null() {
        Body::empty()
    } else {
        Body::from(body.to_string())
    };
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header("content-type", "application/json")
        .body(body)
        .unwrap();
    let response = simulator.clone().oneshot(request).await.unwrap();
    let status = response.status();
    let body = axum::body::to_bytes(response.into_body(), MAX_RESPONSE_BYTES);
    let body = body.await.unwrap();
    let text = String::from_utf8_lossy(&body);
    assert!(status.is_success(), "{method} {path}: {status} {text}");
    serde_json::from_slice(&body).unwrap()
}

fn parts(function: &str) -> &'static [Part] {
    match function {
        "telegram-received" => telegram_received::PARTS,
        "carousel-health" => carousel_health::PARTS,
        "carousels" => carousels::PARTS,
        "test-carousel" => test_carousel::PARTS,
        "carousel-conversation" => carousel_conversation::PARTS,
        "carousel-write" => carousel_write::PARTS,
        "carousel-render" => carousel_render::PARTS,
        "carousel-sweep" => carousel_sweep::PARTS,
        "carousel-journal" => carousel_journal::PARTS,
        "carousel-operator" => carousel_operator::PARTS,
        "carousel-webhook" => carousel_webhook::PARTS,
        "carousel-events" => carousel_events::PARTS,
        "carousel-stats" => carousel_stats::PARTS,
        other => panic!("there is no function {other}"),
    }
}
