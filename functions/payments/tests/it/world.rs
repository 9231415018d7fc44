//! A cloud with Stripe, a product that sells and its payers, and the functions of payments over it.

use std::{
    collections::BTreeMap,
    path::Path,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use confab_aws::{Bus, Table, text};
use confab_contracts::{
    Contract, Event,
    payments::{Offer, Purchase, Spend},
};
use confab_core::{
    Clock, CorrelationId, EventId, OrderId, Phone, Result, Sealed, SpendId, Timestamp, after, seal,
};
use confab_lambda::{OsEntropy, QueueMessage, Router, ScheduledRun};
use confab_simulator_base::{ContextOptions, SimulatorContext, WebhookSender};
use confab_simulator_stripe::{Stripe, StripeAccount};
use confab_testkit::{
    Cloud, TestClock, TestRequest, TestResponse, memory_folder, read_partition, read_rows, send,
};
use payments::{
    Part, State,
    routes::{payment_received, payments_checkout, payments_ledger, payments_orders},
    workers::{payments_book, payments_reconcile, payments_requests},
};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// The price of `studio.lite`, and Stripe's fee for it.
pub(crate) const PRICE: i64 = 1_900;
pub(crate) const FEE: i64 = 85;
pub(crate) const PRODUCT: &str = "studio";
/// The visibility timeout of both queues: SQS delivers again after it.
pub(crate) const VISIBILITY_TIMEOUT: Duration = Duration::from_secs(121);

const SEAL_SECRET: &[u8] = b"seal-secret";
const STRIPE_KEY: &str = "sk_test_local";
const WEBHOOK_SECRET: &str = "whsec_local";
pub(crate) const REPORT_SECRET: &str = "payment-webhook-secret";
pub(crate) const OPERATOR_KEY: &str = "operator-key";
/// The timeout of both workers.
const TIMEOUT: Duration = Duration::from_secs(20);
const MAX_DELIVERIES: usize = 5;
/// A caller that is no function: the emulator lets it read and write everything.
const OUTSIDE: &str = "outside";

pub(crate) struct World {
    pub(crate) cloud: Cloud,
    pub(crate) clock: TestClock,
    simulator: Arc<Stripe>,
    /// The address of the simulator.
    home: String,
    http: reqwest::Client,
    delivered: AtomicUsize,
    worked: [AtomicUsize; 2],
    /// The functions that are warm.
    states: Mutex<BTreeMap<String, Arc<State>>>,
    _data: tempfile::TempDir,
}

/// The queues of the two workers.
const NOTICES: &str = "confab-payments.fifo";
const REQUESTS: &str = "confab-payments-requests";

impl World {
    /// Opens a cloud, and an account at Stripe.
    pub(crate) async fn open() -> Self {
        let mut cloud = Cloud::open().await;
        let clock = cloud.clock();
        let data = memory_folder();
        let mut simulator = None;
        let routes = |address: &str| {
            let opened = open_stripe(address, data.path(), &clock);
            simulator = Some(opened.clone());
            confab_simulator_stripe::routes(opened)
        };
        let home = cloud.serve(routes).await;
        cloud.set_variable("STRIPE_API_URL", format!("{home}/stripe"));
        Self {
            cloud,
            clock,
            simulator: simulator.unwrap(),
            home,
            http: confab_provider_base::http_client().unwrap(),
            delivered: AtomicUsize::new(0),
            worked: [AtomicUsize::new(0), AtomicUsize::new(0)],
            states: Mutex::default(),
            _data: data,
        }
    }

    /// Starts a function with exactly the parts, variables and permissions that it has on AWS.
    pub(crate) async fn state(&self, function: &str, parts: &[Part]) -> Arc<State> {
        let platform = self.cloud.platform(function);
        Arc::new(State::new(platform, parts).await.unwrap())
    }

    /// Starts a function, or returns the state that an earlier call has started.
    pub(crate) async fn warm(&self, function: &str, parts: &[Part]) -> Arc<State> {
        let states = || self.states.lock().unwrap_or_else(PoisonError::into_inner);
        let known = states().get(function).cloned();
        if let Some(state) = known {
            return state;
        }
        let state = self.state(function, parts).await;
        states().insert(function.to_owned(), state.clone());
        state
    }

    pub(crate) async fn send(
        &self,
        function: &str,
        parts: &[Part],
        routes: Router<State>,
        request: &TestRequest,
    ) -> TestResponse {
        let state = self.warm(function, parts).await;
        send(&routes, &state, &self.clock, request).await
    }

    /// Moves the clock, and lets Stripe do the work that comes due.
    pub(crate) fn pass(&self, time: Duration) {
        self.clock.advance(time);
        self.simulator.run_due_work();
    }

    // The product.

    pub(crate) fn new_order_id(&self) -> OrderId {
        OrderId::new(self.clock.now(), &OsEntropy)
    }

    pub(crate) fn offer(&self, item: &str, payer: &str) -> Offer {
        let (product, _) = item.split_once('.').unwrap();
        Offer {
            order_id: self.new_order_id(),
            purchase: Purchase {
                product: product.to_owned(),
                item: item.to_owned(),
                payer: payer.to_owned(),
                reference: String::new(),
            },
            title: format!("{item} for you"),
            phone: None,
            return_url: "https://shop.example/thanks".to_owned(),
            expires_at: None,
        }
    }

    pub(crate) fn offer_to_number(&self, item: &str, payer: &str, phone: &str) -> Offer {
        Offer {
            phone: Some(Phone::parse(phone).unwrap()),
            ..self.offer(item, payer)
        }
    }

    pub(crate) fn new_spend(&self, payer: &str, credits: u32) -> Spend {
        Spend {
            id: SpendId::new(self.clock.now(), &OsEntropy),
            product: PRODUCT.to_owned(),
            payer: payer.to_owned(),
            credits,
        }
    }

    /// Seals a value for a month.
    pub(crate) fn seal<T: Sealed>(&self, value: &T) -> String {
        let month = Duration::from_secs(30 * 24 * 3600);
        self.seal_until(value, after(self.clock.now(), month))
    }

    pub(crate) fn seal_until<T: Sealed>(&self, value: &T, until: Timestamp) -> String {
        seal(SEAL_SECRET, value, until).unwrap()
    }

    pub(crate) fn checkout_request(&self, offer: &Offer) -> TestRequest {
        let body = json!({ "offer": self.seal(offer) });
        TestRequest::post("/api/payments/checkout/", body)
    }

    pub(crate) async fn checkout(&self, request: &TestRequest) -> TestResponse {
        let parts = payments_checkout::PARTS;
        self.send(
            "payments-checkout",
            parts,
            payments_checkout::routes(),
            request,
        )
        .await
    }

    /// Takes an offer. Returns Stripe's id of its checkout page.
    pub(crate) async fn take(&self, offer: &Offer) -> String {
        let taken = self.checkout(&self.checkout_request(offer)).await;
        assert_eq!(taken.status, 200, "{taken:?}");
        let url = taken.body["url"].as_str().unwrap();
        url.rsplit('/').next().unwrap().to_owned()
    }

    /// Sells one `studio.lite` and books it. Returns the offer and the checkout page.
    pub(crate) async fn sell(&self, payer: &str) -> (Offer, String) {
        let offer = self.offer("studio.lite", payer);
        let page = self.take(&offer).await;
        self.pay(&page, "success").await;
        self.deliver_new().await;
        self.drain().await;
        assert_eq!(self.order(offer.order_id).await["state"], "paid");
        (offer, page)
    }

    /// Publishes an event of a product on the bus.
    pub(crate) async fn publish<D: Contract>(&self, product: &str, data: D) {
        let env = self.cloud.env("payments-book");
        let name = env.required("CONFAB_EVENT_BUS").unwrap();
        let now = self.clock.now();
        let event = Event::new(
            EventId::new(now, &OsEntropy),
            now,
            product,
            CorrelationId::new(now, &OsEntropy),
            "test",
            data,
        );
        let bus = Bus::new(&self.cloud.aws(OUTSIDE), name);
        bus.publish(&[event]).await.unwrap();
    }

    // Stripe.

    /// Chooses a test card on the checkout page.
    pub(crate) async fn pay(&self, page: &str, card: &str) {
        let path = format!("/api/pay/{page}");
        let paid = self.control(&path, json!({ "card": card })).await;
        let next = &paid["next"];
        assert!(next == "done" || next == "declined", "{next}");
    }

    /// Does something at Stripe's dashboard.
    pub(crate) async fn control(&self, path: &str, body: Value) -> Value {
        let request = self.http.post(format!("{}{path}", self.home)).json(&body);
        read(request).await
    }

    /// Does something to the payment of a checkout page or a payment intent.
    pub(crate) async fn at_stripe(&self, payment: &str, what: &str, how: Value) -> Value {
        self.control(&format!("/api/stripe/payments/{payment}/{what}"), how)
            .await
    }

    /// Lets the next calls of Stripe's API fail.
    pub(crate) async fn fail_at_stripe(&self, fault: Value) {
        let url = format!("{}/api/stripe/faults", self.home);
        let body = json!({ "calls": [fault] });
        read(self.http.put(url).json(&body)).await;
    }

    /// Reads Stripe's API.
    pub(crate) async fn get_stripe(&self, path: &str) -> Value {
        let url = format!("{}/stripe/v1/{path}", self.home);
        read(self.http.get(url).bearer_auth(STRIPE_KEY)).await
    }

    /// Lists all payments at Stripe, as its dashboard shows them.
    pub(crate) async fn payments(&self) -> Vec<Value> {
        let url = format!("{}/api/stripe/payments", self.home);
        let payments = read(self.http.get(url)).await;
        payments.as_array().cloned().unwrap()
    }

    /// Lists the events of Stripe, oldest first.
    pub(crate) async fn stripe_events(&self) -> Vec<Value> {
        let page = self.get_stripe("events?limit=100").await;
        assert_eq!(page["has_more"], false, "a test makes fewer events");
        page["data"]
            .as_array()
            .unwrap()
            .iter()
            .rev()
            .cloned()
            .collect()
    }

    /// Returns Stripe's last event of a type.
    pub(crate) async fn stripe_event(&self, kind: &str) -> Value {
        let events = self.stripe_events().await.into_iter();
        events.rev().find(|event| event["type"] == kind).unwrap()
    }

    /// Signs an event as Stripe does.
    pub(crate) fn signed(&self, event: &Value) -> TestRequest {
        let body = event.to_string();
        let signature = self.signature(WEBHOOK_SECRET, &body, self.clock.now());
        TestRequest::new("POST", "/payment-received")
            .bytes(body)
            .header("stripe-signature", signature)
    }

    pub(crate) fn signature(&self, secret: &str, body: &str, at: Timestamp) -> String {
        confab_stripe::sign(&secret.into(), body.as_bytes(), at).unwrap()
    }

    /// Signs the report of a provider without a module of its own.
    pub(crate) fn report(&self, body: &Value) -> TestRequest {
        let (body, now) = (body.to_string(), self.clock.now());
        let secret = REPORT_SECRET.into();
        let signature = confab_provider_base::generic::sign(&secret, body.as_bytes(), now);
        TestRequest::new("POST", "/payment-received")
            .bytes(body)
            .header("x-signature", signature.unwrap())
    }

    pub(crate) async fn receive(&self, request: &TestRequest) -> TestResponse {
        let state = self.warm("payment-received", payment_received::PARTS).await;
        send(&payment_received::routes(), &state, &self.clock, request).await
    }

    pub(crate) async fn deliver(&self, request: &TestRequest) {
        let response = self.receive(request).await;
        assert_eq!(response.status, 200, "{response:?}");
    }

    /// Delivers the events that Stripe has made since the last delivery.
    pub(crate) async fn deliver_new(&self) {
        let events = self.stripe_events().await;
        let known = self.delivered.swap(events.len(), Ordering::Relaxed);
        for event in events.iter().skip(known) {
            self.deliver(&self.signed(event)).await;
        }
    }

    // The workers.

    /// Takes the notices that are new on the queue.
    pub(crate) fn take_notices(&self) -> Vec<Value> {
        self.take_new(0, NOTICES)
    }

    /// Takes the requests that are new on the queue.
    pub(crate) fn take_requests(&self) -> Vec<Value> {
        self.take_new(1, REQUESTS)
    }

    fn take_new(&self, number: usize, queue: &str) -> Vec<Value> {
        let messages = self.cloud.queued(queue);
        let taken = self.worked[number].swap(messages.len(), Ordering::Relaxed);
        messages.into_iter().skip(taken).collect()
    }

    /// Returns all notices that were ever queued.
    pub(crate) fn notices(&self) -> Vec<Value> {
        self.cloud.queued(NOTICES)
    }

    pub(crate) async fn book(&self, notice: &Value) -> Result<()> {
        let state = self.warm("payments-book", payments_book::PARTS).await;
        payments_book::handle(state, message(notice)).await
    }

    pub(crate) async fn request(&self, request: &Value) -> Result<()> {
        let parts = payments_requests::PARTS;
        let state = self.warm("payments-requests", parts).await;
        payments_requests::handle(state, message(request)).await
    }

    pub(crate) async fn reconcile(&self) -> Result<()> {
        let parts = payments_reconcile::PARTS;
        let state = self.warm("payments-reconcile", parts).await;
        payments_reconcile::handle(state, self.scheduled_run()).await
    }

    pub(crate) fn scheduled_run(&self) -> ScheduledRun {
        let at = self.clock.now();
        ScheduledRun {
            at,
            correlation_id: CorrelationId::new(at, &OsEntropy),
            time_left: Duration::from_secs(300),
        }
    }

    /// Works on both queues until they are empty, and delivers failed messages again.
    pub(crate) async fn drain(&self) {
        loop {
            let (notices, requests) = (self.take_notices(), self.take_requests());
            if notices.is_empty() && requests.is_empty() {
                return;
            }
            for notice in &notices {
                self.until_handled(|| self.book(notice)).await;
            }
            for request in &requests {
                self.until_handled(|| self.request(request)).await;
            }
        }
    }

    async fn until_handled<F: Future<Output = Result<()>>>(&self, handle: impl Fn() -> F) {
        let mut last = Ok(());
        for _ in 0..MAX_DELIVERIES {
            last = handle().await;
            if last.is_ok() {
                return;
            }
            self.pass(VISIBILITY_TIMEOUT);
        }
        last.unwrap();
    }

    // What is there.

    pub(crate) fn table(&self) -> Table {
        let env = self.cloud.env("payments-book");
        let name = env.required("CONFAB_TABLE").unwrap();
        Table::new(self.cloud.aws(OUTSIDE).dynamodb(), name)
    }

    /// Reads all rows of the table, sorted by key.
    pub(crate) async fn rows(&self) -> Vec<Value> {
        read_rows(&self.table()).await
    }

    /// Reads the rows of a partition.
    pub(crate) async fn partition(&self, pk: &str) -> Vec<Value> {
        read_partition(&self.table(), pk).await
    }

    /// Sets an attribute of an order's row, as no function would.
    pub(crate) async fn tamper(
        &self,
        id: OrderId,
        attribute: &str,
        value: aws_sdk_dynamodb::types::AttributeValue,
    ) {
        let table = self.table();
        let update = table.client.update_item().table_name(&table.name);
        let update = update
            .key("pk", text(format!("ORDER#{id}")))
            .key("sk", text("ORDER"))
            .update_expression("SET #name = :value")
            .expression_attribute_names("#name", attribute)
            .expression_attribute_values(":value", value);
        update.send().await.unwrap();
    }

    /// Reads the stored order; null when there is none.
    pub(crate) async fn order(&self, id: OrderId) -> Value {
        let key = Table::key(format!("ORDER#{id}"), "ORDER");
        let row: Option<Value> = self.table().get(key).await.unwrap();
        row.unwrap_or_default()
    }

    /// Reads the balance of a payer's credits.
    pub(crate) async fn credits(&self, payer: &str) -> i64 {
        let path = format!("/api/payments/ledger/accounts/{PRODUCT}/{payer}");
        self.ledger(&path).await["balance"].as_i64().unwrap()
    }

    /// Reads the ledger as the operator.
    pub(crate) async fn ledger(&self, path: &str) -> Value {
        let request = TestRequest::get(path).token(OPERATOR_KEY);
        let page = self.ledger_request(&request).await;
        assert_eq!(page.status, 200, "{page:?}");
        page.body
    }

    pub(crate) async fn ledger_request(&self, request: &TestRequest) -> TestResponse {
        let parts = payments_ledger::PARTS;
        self.send("payments-ledger", parts, payments_ledger::routes(), request)
            .await
    }

    /// Reads the public view of an order.
    pub(crate) async fn order_view(&self, id: &str) -> TestResponse {
        let request = TestRequest::get(format!("/api/payments/orders/{id}"));
        let parts = payments_orders::PARTS;
        self.send(
            "payments-orders",
            parts,
            payments_orders::routes(),
            &request,
        )
        .await
    }

    /// Returns the kinds and amounts of an order's ledger entries, sorted.
    pub(crate) async fn entries(&self, id: OrderId) -> Vec<(String, i64)> {
        let rows = self.rows().await.into_iter();
        let of_order = rows.filter(|row| {
            row["sk"].as_str().unwrap().starts_with("ROW#") && row["order_id"] == id.to_string()
        });
        let mut entries: Vec<_> = of_order
            .map(|row| {
                let kind = row["kind"].as_str().unwrap().to_owned();
                (kind, row["amount"].as_i64().unwrap())
            })
            .collect();
        entries.sort();
        entries
    }

    /// Returns the events about an order that payments has published, oldest first, with copies.
    pub(crate) fn published(&self, id: OrderId) -> Vec<Value> {
        let events = self.bus_events().into_iter();
        events
            .filter(|event| event["data"]["order_id"] == id.to_string())
            .collect()
    }

    /// Returns the types of the events about an order, sorted.
    pub(crate) fn published_types(&self, id: OrderId) -> Vec<String> {
        let events = self.published(id);
        let kinds = events.iter().map(|event| event["type"].as_str().unwrap());
        let mut kinds: Vec<_> = kinds.map(str::to_owned).collect();
        kinds.sort();
        kinds
    }

    /// Returns what payments has published on the bus, from the queues of its subscribers.
    pub(crate) fn bus_events(&self) -> Vec<Value> {
        let queues = ["confab-studio-events", "confab-rooms-paid", REQUESTS];
        let messages = queues.map(|queue| self.cloud.queued(queue)).concat();
        let of_payments = |message: &Value| message["source"] == "confab.payments";
        let messages = messages.into_iter().filter(of_payments);
        messages
            .map(|mut message| message["detail"].take())
            .collect()
    }

    /// Returns the flags of an order, with their payments.
    pub(crate) async fn flags(&self, id: OrderId) -> Vec<(String, String)> {
        let order = self.order(id).await;
        let flags = order["flags"].as_object().cloned().unwrap_or_default();
        let flags = flags.into_iter();
        flags
            .map(|(payment, flag)| (payment, flag.as_str().unwrap().to_owned()))
            .collect()
    }
}

/// Wraps a body of the queue, as the runner hands it to a worker.
pub(crate) fn message<B: DeserializeOwned>(body: &Value) -> QueueMessage<B> {
    QueueMessage {
        body: serde_json::from_value(body.clone()).unwrap(),
        correlation_id: CorrelationId::of_event("test"),
        receives: 1,
        time_left: TIMEOUT,
    }
}

async fn read(request: reqwest::RequestBuilder) -> Value {
    let response = request.send().await.unwrap();
    let status = response.status();
    let body = response.text().await.unwrap();
    assert!(status.is_success(), "{status} {body}");
    serde_json::from_str(&body).unwrap()
}

fn open_stripe(address: &str, data: &Path, clock: &TestClock) -> Arc<Stripe> {
    let clock = clock.clone();
    let options = ContextOptions {
        base_url: address.to_owned(),
        clock: Arc::new(move || clock.now().as_millisecond()),
        call_records: Arc::new(|_| {}),
    };
    let context = SimulatorContext::open(data, options).unwrap();
    let account = StripeAccount {
        webhook_url: String::new(),
        secret_key: STRIPE_KEY.into(),
        webhook_secret: WEBHOOK_SECRET.into(),
    };
    Stripe::open(context, account).unwrap()
}
