//! A cloud with the providers of the studio, its users, and its functions with exactly their own permissions.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use confab_aws::{Condition, Objects, Table, number};
use confab_contracts::payments::{
    PaymentFailed, PaymentPending, PaymentReceived, PaymentRefunded, Purchase, ReturnReason,
};
use confab_core::{
    Clock, CorrelationId, Currency, EventId, Money, OrderId, PhotoId, Result, Timestamp, UserId,
};
use confab_lambda::{OsEntropy, QueueMessage, Router, ScheduledRun, StartError};
use confab_messaging::Reference;
use confab_testkit::{Cloud, TestClock, TestRequest, TestResponse, read_rows, send};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use studio::{
    Part, State,
    routes::{
        pack_tune_received, sms_received, studio_cleanups, studio_health, studio_ratings,
        update_images,
    },
    workers::{
        studio_cleanup, studio_conversation, studio_erase, studio_make, studio_packs,
        studio_photos, studio_status, studio_sweep,
    },
};
use studio_domain::{
    Class, CleanupJob, EraseJob, GenerationJob, Job, Order, OrderStatus, PRODUCT, PackJob,
    PaymentChange, PaymentEvent, Photo, PhotoJob, Source, StatusJob, Tier, User, Verdict,
};
use tokio::sync::Mutex;

use crate::simulators::{ACCOUNT_SID, GATEWAY, PHONE_NUMBER_ID, Simulators, TWILIO_FROM, Webhook};

pub(crate) const CONVERSATION_QUEUE: &str = "confab-studio-inbound.fifo";
pub(crate) const STATUS_QUEUE: &str = "confab-studio-status";
pub(crate) const PHOTO_QUEUE: &str = "confab-studio-photos";
pub(crate) const GENERATION_QUEUE: &str = "confab-studio-making";
pub(crate) const ERASE_QUEUE: &str = "confab-studio-erasing";
pub(crate) const PACK_QUEUE: &str = "confab-studio-drawing";
pub(crate) const CLEANUP_QUEUE: &str = "confab-studio-cleanup";

pub(crate) const OPERATOR_KEY: &str = "operator-key";
/// A lite pack of Astria with four photos of each class.
pub(crate) const PACK: i64 = 1_401;
/// Longer than every visibility timeout, lease and claim.
pub(crate) const REDELIVERY_DELAY: Duration = Duration::from_secs(360);
pub(crate) const DAY: Duration = Duration::from_secs(24 * 3600);
/// What is left of an invocation: leases last as long.
const TIME_LEFT: Duration = Duration::from_secs(60);

/// A PNG of one pixel.
pub(crate) const TINY_PNG: &[u8] =
    b"\x89\x50\x4e\x47\x0d\x0a\x1a\x0a\x00\x00\x00\x0d\x49\x48\x44\x52\x00\x00\x00\x01\x00\x00\
    \x00\x01\x08\x02\x00\x00\x00\x90\x77\x53\xde\x00\x00\x00\x0c\x49\x44\x41\x54\x78\x9c\x63\
    \xf8\xcf\xc0\x00\x00\x03\x01\x01\x00\xc9\xfe\x92\xef\x00\x00\x00\x00\x49\x45\x4e\x44\xae\
    \x42\x60\x82";

pub(crate) struct World {
    pub(crate) cloud: Cloud,
    pub(crate) simulators: Simulators,
    states: Mutex<BTreeMap<&'static str, Arc<State>>>,
    /// Users whose erasure has finished, with their orders.
    pub(crate) erased: std::sync::Mutex<Vec<(UserId, Vec<OrderId>)>>,
    deliveries: AtomicU32,
}

/// A person with a phone.
#[derive(Debug, Clone)]
pub(crate) struct Person {
    pub(crate) id: String,
    pub(crate) phone: String,
}

impl World {
    pub(crate) async fn open() -> Self {
        let mut cloud = Cloud::open().await;
        cloud.serve_links().await;
        let clock = cloud.clock();
        let mut simulators = None;
        let address = cloud
            .serve(|address| {
                let opened = Simulators::open(address, clock);
                let router = opened.router();
                simulators = Some(opened);
                router
            })
            .await;
        let template = "studio_news/en=HX00000000000000000000000000000001";
        for (name, value) in [
            ("PUBLIC_BASE_URL", GATEWAY.to_owned()),
            ("META_API_URL", format!("{address}/meta")),
            ("META_PHONE_NUMBER_ID", PHONE_NUMBER_ID.to_owned()),
            ("TWILIO_API_URL", format!("{address}/twilio")),
            ("TWILIO_ACCOUNT_SID", ACCOUNT_SID.to_owned()),
            ("TWILIO_FROM", TWILIO_FROM.to_owned()),
            ("TWILIO_CONTENT_SIDS", template.to_owned()),
            ("ASTRIA_API_URL", format!("{address}/astria")),
            ("PAY_BASE_URL", address),
        ] {
            cloud.set_variable(name, value);
        }
        Self {
            cloud,
            simulators: simulators.unwrap(),
            states: Mutex::default(),
            erased: std::sync::Mutex::default(),
            deliveries: AtomicU32::new(0),
        }
    }

    /// Begins a delivery. Before each but the first, the visibility timeout passes, and statuses arrive.
    pub(crate) async fn begin_delivery(&self) {
        if self.begin_delivery_without_statuses() {
            self.deliver_statuses().await;
        }
    }

    /// Begins a delivery, and tells whether it is a later one.
    pub(crate) fn begin_delivery_without_statuses(&self) -> bool {
        let is_later = self.deliveries.fetch_add(1, Ordering::Relaxed) > 0;
        if is_later {
            self.clock().advance(REDELIVERY_DELAY);
        }
        is_later
    }

    /// Opens a cloud whose catalog has one pack.
    pub(crate) async fn with_pack() -> Self {
        let world = Self::open().await;
        world.add_pack().await;
        world
    }

    pub(crate) fn clock(&self) -> TestClock {
        self.cloud.clock()
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock().now()
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

    /// Sends a request of a client to a function.
    pub(crate) async fn send(&self, function: &'static str, request: &TestRequest) -> TestResponse {
        let state = self.state(function).await;
        send(&routes(function), &state, &self.clock(), request).await
    }

    /// Sends a webhook to the function of its path. Returns the status and the body.
    pub(crate) async fn receive(&self, webhook: &Webhook) -> (u16, String) {
        let path = webhook.path.split('?').next().unwrap_or_default();
        let function = match path {
            "/SmsReceived" => "sms-received",
            _ => "pack-tune-received",
        };
        let state = self.state(function).await;
        receive(&state, &routes(function), &self.clock(), webhook).await
    }

    /// Delivers all webhooks that the providers owe, and returns the statuses of the answers.
    pub(crate) async fn deliver_webhooks(&self) -> Vec<u16> {
        let mut statuses = Vec::new();
        for webhook in self.simulators.take_webhooks() {
            statuses.push(self.receive(&webhook).await.0);
        }
        statuses
    }

    /// Delivers the statuses that the providers owe, up to their rows.
    pub(crate) async fn deliver_statuses(&self) {
        let known = self.jobs::<StatusJob>(STATUS_QUEUE).len();
        self.deliver_webhooks().await;
        for job in self.jobs(STATUS_QUEUE).split_off(known) {
            self.status(job).await.unwrap();
        }
    }

    /// Returns the jobs that were ever sent to a queue, oldest first.
    pub(crate) fn jobs<J: DeserializeOwned>(&self, queue: &str) -> Vec<J> {
        let jobs = self.cloud.queued(queue).into_iter();
        jobs.map(|job| serde_json::from_value(job).unwrap())
            .collect()
    }

    /// Returns the latest job of a queue.
    pub(crate) fn last_job<J: DeserializeOwned>(&self, queue: &str) -> J {
        self.jobs(queue).pop().unwrap()
    }

    pub(crate) fn message<B>(&self, body: B) -> QueueMessage<B> {
        QueueMessage {
            body,
            correlation_id: CorrelationId::new(self.now(), &OsEntropy),
            receives: 1,
            time_left: TIME_LEFT,
        }
    }

    pub(crate) async fn conversation(&self, job: Job) -> Result<()> {
        let state = self.state("studio-conversation").await;
        studio_conversation::handle(state, self.message(job)).await
    }

    pub(crate) async fn status(&self, job: StatusJob) -> Result<()> {
        let state = self.state("studio-status").await;
        studio_status::handle(state, self.message(job)).await
    }

    pub(crate) async fn photos(&self, job: PhotoJob) -> Result<()> {
        let state = self.state("studio-photos").await;
        studio_photos::handle(state, self.message(job)).await
    }

    pub(crate) async fn make(&self, job: GenerationJob) -> Result<()> {
        let state = self.state("studio-make").await;
        studio_make::handle(state, self.message(job)).await
    }

    pub(crate) async fn erase(&self, job: EraseJob) -> Result<()> {
        let EraseJob::V1 { user_id, orders } = job.clone();
        let state = self.state("studio-erase").await;
        studio_erase::handle(state, self.message(job)).await?;
        self.erased.lock().unwrap().push((user_id, orders));
        Ok(())
    }

    pub(crate) async fn packs(&self, job: PackJob) -> Result<()> {
        let state = self.state("studio-packs").await;
        studio_packs::handle(state, self.message(job)).await
    }

    pub(crate) async fn cleanup(&self, job: CleanupJob) -> Result<()> {
        let state = self.state("studio-cleanup").await;
        studio_cleanup::handle(state, self.message(job)).await
    }

    pub(crate) async fn sweep(&self) -> Result<()> {
        let state = self.state("studio-sweep").await;
        let run = ScheduledRun {
            at: self.now(),
            correlation_id: CorrelationId::new(self.now(), &OsEntropy),
            time_left: TIME_LEFT,
        };
        studio_sweep::handle(state, run).await
    }

    /// Handles the jobs behind `known` of the conversation's queue.
    pub(crate) async fn converse_from(&self, known: usize) -> Result<()> {
        for job in self.jobs(CONVERSATION_QUEUE).split_off(known) {
            self.conversation(job).await?;
        }
        Ok(())
    }

    pub(crate) async fn person(&self, channel: &str) -> Person {
        let new = json!({ "name": "Dana", "channel": channel });
        let person = self
            .simulators
            .call("POST", "/api/phone/people", &new)
            .await;
        let text = |name: &str| person[name].as_str().unwrap().to_owned();
        Person {
            id: text("id"),
            phone: text("phone"),
        }
    }

    /// Lets a person write, and returns the webhook of the message.
    pub(crate) async fn write(&self, person: &Person, message: Value) -> Webhook {
        let path = format!("/api/phone/people/{}/messages", person.id);
        self.simulators.call("POST", &path, &message).await;
        let webhooks = self.simulators.take_webhooks().into_iter();
        let mut of_messages = webhooks.filter(|webhook| webhook.path == "/SmsReceived");
        of_messages.next_back().unwrap()
    }

    /// Lets a person write, and returns the job that the webhook leads to.
    pub(crate) async fn job_of(&self, person: &Person, message: Value) -> Job {
        let webhook = self.write(person, message).await;
        let (status, body) = self.receive(&webhook).await;
        assert_eq!(status, 200, "{body}");
        self.last_job(CONVERSATION_QUEUE)
    }

    /// Lets a person write, and the conversation answer.
    pub(crate) async fn say(&self, person: &Person, message: Value) {
        let job = self.job_of(person, message).await;
        self.conversation(job).await.unwrap();
        self.deliver_statuses().await;
    }

    pub(crate) async fn text(&self, person: &Person, text: &str) {
        self.say(person, json!({ "type": "text", "text": text }))
            .await;
    }

    pub(crate) async fn tap(&self, person: &Person, id: &str) {
        self.say(person, tap(id)).await;
    }

    /// Texts that a person has received, oldest first, with buttons and links as their body.
    pub(crate) fn received(&self, person: &Person) -> Vec<String> {
        let sent = self.simulators.sent().into_iter();
        let theirs = sent.filter(|stored| stored.person == person.id);
        theirs
            .map(|stored| {
                let content = serde_json::to_value(&stored.message.content).unwrap();
                let text = ["body", "text", "url", "name"];
                let text = text.into_iter().find_map(|name| content[name].as_str());
                text.unwrap_or_default().to_owned()
            })
            .collect()
    }

    /// Pictures that a person has received.
    pub(crate) fn pictures(&self, person: &Person) -> usize {
        let sent = self.simulators.sent().into_iter();
        sent.filter(|stored| stored.person == person.id)
            .filter(|stored| stored.message.content.name() == "image")
            .count()
    }

    /// The studio's table, with the permissions of an operator.
    pub(crate) fn table(&self) -> Table {
        let env = self.cloud.env("studio-conversation");
        let name = env.required("CONFAB_TABLE").unwrap();
        Table::new(self.cloud.aws("outside").dynamodb(), name)
    }

    /// The studio's bucket. The emulator enforces no permissions of buckets.
    pub(crate) fn objects(&self) -> Objects {
        let env = self.cloud.env("studio-conversation");
        let bucket = env.required("CONFAB_BUCKET").unwrap().to_owned();
        Objects::new(&self.cloud.aws("studio-make"), bucket)
    }

    /// Reads all rows of the table, sorted by key.
    pub(crate) async fn rows(&self) -> Vec<Value> {
        read_rows(&self.table()).await
    }

    /// Returns the user of a person. `None` before their first message, and after an erasure.
    pub(crate) async fn user_id(&self, person: &Person) -> Option<UserId> {
        let key = Table::key(format!("ALIAS#phone#{}", person.phone), "ALIAS");
        let alias: Option<Value> = self.table().get(key).await.unwrap();
        alias?["user_id"].as_str()?.parse().ok()
    }

    pub(crate) async fn user(&self, id: UserId) -> Option<User> {
        let key = Table::key(format!("USER#{id}"), "USER");
        self.table().get(key).await.unwrap()
    }

    /// Replaces the state of a user, as if the conversation had gone on.
    pub(crate) async fn edit(&self, id: UserId, change: impl FnOnce(&mut User)) {
        let pk = format!("USER#{id}");
        let key = || Table::key(&pk, "USER");
        let saved: Value = self.table().get(key()).await.unwrap().unwrap();
        let mut user: User = serde_json::from_value(saved.clone()).unwrap();
        change(&mut user);
        let mut row = Table::to_row(&pk, "USER", &user).unwrap();
        let saved = Table::to_row(&pk, "USER", &saved).unwrap();
        for name in ["version", "names", "also", "known_in"] {
            if let Some(value) = saved.get(name) {
                row.insert(name.to_owned(), value.clone());
            }
        }
        if let Some(due_at) = user.next_timer_at {
            row.insert("due_in".to_owned(), confab_aws::text("studio"));
            row.insert("due_at".to_owned(), number(due_at.as_millisecond()));
        }
        assert!(self.table().put(row, Condition::none()).await.unwrap());
    }

    /// Greets the studio, so that the person is a user.
    pub(crate) async fn new_user(&self, channel: &str) -> (Person, UserId) {
        let person = self.person(channel).await;
        self.text(&person, "hi").await;
        let id = self.user_id(&person).await.unwrap();
        (person, id)
    }

    /// A user with an album of ten accepted selfies.
    pub(crate) async fn user_with_selfies(&self, channel: &str) -> (Person, UserId) {
        let (person, id) = self.new_user(channel).await;
        let photos = (0..10).map(|number| self.selfie(id, number)).collect();
        self.edit(id, |user| {
            user.conversation.photos = studio_domain::Photos(photos);
            user.conversation.class = Some(Class::Woman);
            user.conversation.stage = studio_domain::Stage::Choosing;
        })
        .await;
        (person, id)
    }

    fn selfie(&self, id: UserId, number: u8) -> Photo {
        let photo = PhotoId::new(self.now(), &OsEntropy);
        let verdict = Verdict::Accepted {
            object: format!("people/{id}/selfies/{photo}.jpg"),
            digest: format!("digest {number}"),
            class: Some(Class::Woman),
            traits: BTreeMap::new(),
        };
        Photo {
            id: photo,
            message_id: format!("wamid.{number}"),
            received_at: self.now(),
            verdict,
        }
    }

    /// Gives a user an order of the pack with four stored selfies.
    pub(crate) async fn add_order(&self, id: UserId, status: OrderStatus) -> Order {
        let mut objects = Vec::new();
        for _ in 0..4 {
            let photo = PhotoId::new(self.now(), &OsEntropy);
            let key = format!("people/{id}/selfies/{photo}.jpg");
            let picture = TINY_PNG.to_vec();
            let put = self.objects();
            put.put(&key, "image/png", picture).await.unwrap();
            objects.push(key);
        }
        let source = Source::Photos {
            objects,
            traits: BTreeMap::from([("eye_color".to_owned(), "brown eyes".to_owned())]),
        };
        self.add_order_from(id, source, status).await
    }

    pub(crate) async fn add_order_from(
        &self,
        id: UserId,
        source: Source,
        status: OrderStatus,
    ) -> Order {
        let now = self.now();
        let mut order = Order {
            id: OrderId::new(now, &OsEntropy),
            pack: PACK,
            title: "City Evening Lite".to_owned(),
            tier: Tier::Lite,
            class: Class::Woman,
            price: price(),
            images: 4,
            offered_at: now,
            source,
            sources_expire_at: Timestamp::MAX,
            status: OrderStatus::Offered,
            next_check_at: now,
            is_checkout_closed: false,
            checks: 0,
            delivered: Default::default(),
            stars: None,
        };
        order.set_status(status, now, None);
        let added = order.clone();
        self.edit(id, |user| {
            user.next_timer_at = Some(added.next_check_at);
            user.conversation.orders.push(added);
            user.conversation.stage = studio_domain::Stage::Training;
        })
        .await;
        order
    }

    /// Gives a user a paid order.
    pub(crate) async fn add_paid_order(&self, id: UserId) -> Order {
        let paid_at = self.now();
        self.add_order(id, OrderStatus::Requested { paid_at }).await
    }

    /// Gives a user a paid order whose photos Astria has made, and nothing of it delivered.
    pub(crate) async fn add_made_order(&self, id: UserId) -> Order {
        let order = self.add_paid_order(id).await;
        let known = self.cloud.queued(CONVERSATION_QUEUE).len();
        self.make(start(id, &order)).await.unwrap();
        self.converse_from(known).await.unwrap();
        self.finish_tunes().await;
        self.simulators.lose_webhooks();
        order
    }

    /// Lets Astria make all photos that it was asked for.
    pub(crate) async fn finish_tunes(&self) {
        for tune in self.simulators.tunes().await {
            let path = format!("/api/astria/tunes/{}/finish", tune["id"]);
            self.simulators.call("POST", &path, &json!({})).await;
        }
    }

    /// Returns the tunes whose title is the order.
    pub(crate) async fn tunes_of(&self, order: OrderId) -> Vec<Value> {
        let tunes = self.simulators.tunes().await.into_iter();
        tunes
            .filter(|tune| tune["title"] == order.to_string())
            .collect()
    }

    async fn add_pack(&self) {
        let refresh = EventId::new(self.now(), &OsEntropy);
        let images = json!({ "man": 4, "woman": 4 });
        let pack = json!({
            "id": PACK, "slug": "city-evening-lite", "title": "City Evening Lite", "images": images,
            "refresh": refresh, "sheets": {}, "drawn_by": {},
        });
        let refresh = json!({ "id": refresh, "began_at": self.now(), "packs": 1 });
        let pack_sk = format!("PACK#{PACK}");
        for (sk, row) in [(pack_sk.as_str(), pack), ("REFRESH", refresh)] {
            let row = Table::to_row("PACKS", sk, &row).unwrap();
            assert!(self.table().put(row, Condition::none()).await.unwrap());
        }
    }

    /// The job of an event of payments about an order of the studio.
    pub(crate) fn payment_job(&self, payer: UserId, order: OrderId, kind: Payment) -> Job {
        self.payment_job_of(PRODUCT, payer, order, kind)
    }

    pub(crate) fn payment_job_of(
        &self,
        product: &str,
        payer: UserId,
        order_id: OrderId,
        kind: Payment,
    ) -> Job {
        let purchase = Purchase {
            product: product.to_owned(),
            item: "studio.lite".to_owned(),
            payer: payer.to_string(),
            reference: String::new(),
        };
        let amount = price();
        let change = match kind {
            Payment::Received => PaymentChange::PaymentReceived(PaymentReceived {
                order_id,
                purchase,
                amount,
                credits: 1,
            }),
            Payment::Pending => PaymentChange::PaymentPending(PaymentPending {
                order_id,
                purchase,
                amount,
            }),
            Payment::Refunded => PaymentChange::PaymentRefunded(PaymentRefunded {
                order_id,
                purchase,
                returned: amount,
                is_all: true,
                reason: ReturnReason::Refund,
            }),
            Payment::Failed => PaymentChange::PaymentFailed(PaymentFailed {
                order_id,
                purchase,
                reason: confab_contracts::payments::FailureReason::Declined,
            }),
        };
        Job::Payment {
            detail: PaymentEvent {
                id: EventId::of_event(&format!("{kind:?}#{order_id}")),
                correlation_id: CorrelationId::new(self.now(), &OsEntropy),
                change,
            },
        }
    }

    /// Events of one type that the bus accepted.
    pub(crate) fn events(&self, event_type: &str) -> Vec<Value> {
        let events = self.cloud.events().into_iter();
        events.filter(|event| event["type"] == event_type).collect()
    }

    pub(crate) fn operator(&self, request: TestRequest) -> TestRequest {
        request.token(OPERATOR_KEY)
    }
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Payment {
    Pending,
    Received,
    Refunded,
    Failed,
}

pub(crate) fn price() -> Money {
    Money::new(1_900, Currency::Usd)
}

/// A tap on a button with this id.
pub(crate) fn tap(id: &str) -> Value {
    json!({ "type": "button_reply", "id": id, "title": "A button" })
}

/// The job that requests an order's photos.
pub(crate) fn start(user_id: UserId, order: &Order) -> GenerationJob {
    let order = Box::new(order.clone());
    GenerationJob::V1 {
        task: studio_domain::GenerationTask::Start { user_id, order },
    }
}

/// The job that delivers an order's photos.
pub(crate) fn check(order: OrderId) -> GenerationJob {
    GenerationJob::V1 {
        task: studio_domain::GenerationTask::Check { order },
    }
}

/// Returns the reference that the studio attached to a message.
pub(crate) fn reference(text: Option<&str>) -> Option<Reference> {
    text?.parse().ok()
}

fn parts(function: &str) -> &'static [Part] {
    match function {
        "pack-tune-received" => pack_tune_received::PARTS,
        "sms-received" => sms_received::PARTS,
        "studio-cleanup" => studio_cleanup::PARTS,
        "studio-cleanups" => studio_cleanups::PARTS,
        "studio-conversation" => studio_conversation::PARTS,
        "studio-erase" => studio_erase::PARTS,
        "studio-health" => studio_health::PARTS,
        "studio-make" => studio_make::PARTS,
        "studio-packs" => studio_packs::PARTS,
        "studio-photos" => studio_photos::PARTS,
        "studio-ratings" => studio_ratings::PARTS,
        "studio-status" => studio_status::PARTS,
        "studio-sweep" => studio_sweep::PARTS,
        "update-images" => update_images::PARTS,
        other => panic!("there is no function {other}"),
    }
}

fn routes(function: &str) -> Router<State> {
    match function {
        "pack-tune-received" => pack_tune_received::routes(),
        "sms-received" => sms_received::routes(),
        "studio-cleanups" => studio_cleanups::routes(),
        "studio-health" => studio_health::routes(),
        "studio-ratings" => studio_ratings::routes(),
        "update-images" => update_images::routes(),
        other => panic!("{other} has no routes"),
    }
}

/// Sends a webhook to a function's routes.
pub(crate) async fn receive(
    state: &Arc<State>,
    routes: &Router<State>,
    clock: &TestClock,
    webhook: &Webhook,
) -> (u16, String) {
    let mut request = TestRequest::new(webhook.method, &webhook.path);
    for (name, value) in &webhook.headers {
        request = request.header(name, value);
    }
    let request = request.bytes(webhook.body.clone());
    let response = send(routes, state, clock, &request).await;
    (response.status, response.text)
}

/// Renders a value as the JSON that a queue carries.
pub(crate) fn to_json(value: &impl Serialize) -> Value {
    serde_json::to_value(value).unwrap()
}
