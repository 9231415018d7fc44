//! A cloud with the functions of Desk, each with exactly its own permissions. `people.rs`, `tenants.rs`, `bots.rs` and
//! `talk.rs` add what people do.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use confab_aws::Table;
use confab_core::{Clock, CorrelationId, Result, Timestamp};
use confab_lambda::{OsEntropy, QueueMessage, Router, StartError};
use confab_testkit::{
    Cloud, TestClock, TestRequest, TestResponse, TestService, read_partition, read_rows, send,
};
use desk::{
    Part, State,
    routes::{
        desk_chatbots, desk_contacts, desk_conversations, desk_health, desk_login, desk_members,
        desk_messages, desk_sessions, desk_settings, desk_tenants, desk_trust, desk_widget,
        desk_ws_ticket,
    },
    workers::{
        desk_due, desk_files, desk_mail, desk_operator, desk_provision, desk_sweep,
        desk_ws_authorize, desk_ws_broadcast, desk_ws_message, desk_ws_presence,
    },
};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

pub(crate) const BROADCAST_QUEUE: &str = "confab-desk-broadcasts.fifo";
pub(crate) const MAIL_QUEUE: &str = "confab-desk-mails";
pub(crate) const PROVISION_QUEUE: &str = "confab-desk-provisioning.fifo";
pub(crate) const DUE_QUEUE: &str = "confab-desk-due.fifo";
pub(crate) const FILE_QUEUE: &str = "confab-desk-files";
/// The origin of the console.
pub(crate) const CONSOLE: &str = "https://desk.example";

/// Longer than an attempt holds an `Idempotency-Key`.
pub(crate) const ATTEMPT_SECONDS: u64 = 61;

/// A caller that is no function: the emulator lets it read and write everything.
const OUTSIDE: &str = "outside";
/// The rest of an invocation's time.
const TIME_LEFT: Duration = Duration::from_secs(25);

pub(crate) struct World {
    pub(crate) cloud: Cloud,
    states: tokio::sync::Mutex<BTreeMap<&'static str, Arc<State>>>,
    /// How many messages of each queue were taken.
    taken: Mutex<BTreeMap<&'static str, usize>>,
    counter: AtomicU64,
}

impl World {
    pub(crate) async fn open() -> Self {
        Self::over(Cloud::open().await)
    }

    pub(crate) fn over(mut cloud: Cloud) -> Self {
        for (name, value) in [
            ("DESK_ORIGIN", CONSOLE),
            ("CONSOLE_URL", "https://desk.example/desk"),
            ("TOKEN_ISSUER", "https://desk.example"),
            ("MAIL_FROM", "Desk <desk@example.com>"),
            ("WIDGET_URL", "https://api.desk.example"),
        ] {
            cloud.set_variable(name, value);
        }
        Self {
            cloud,
            states: tokio::sync::Mutex::default(),
            taken: Mutex::default(),
            counter: AtomicU64::default(),
        }
    }

    pub(crate) fn clock(&self) -> TestClock {
        self.cloud.clock()
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock().now()
    }

    pub(crate) fn advance(&self, seconds: u64) {
        self.clock().advance(Duration::from_secs(seconds));
    }

    /// Returns a number that no other call got.
    pub(crate) fn next_number(&self) -> u64 {
        self.counter.fetch_add(1, Ordering::Relaxed) + 1
    }

    // Functions.

    /// Starts a function with exactly the parts, variables and permissions that it has on AWS.
    pub(crate) async fn new_state(&self, function: &str) -> Result<Arc<State>, StartError> {
        let platform = self.cloud.platform(function);
        State::new(platform, parts(function)).await.map(Arc::new)
    }

    /// Returns the state of a warm function.
    pub(crate) async fn state(&self, function: &'static str) -> Arc<State> {
        let mut states = self.states.lock().await;
        if let Some(state) = states.get(function) {
            return state.clone();
        }
        let state = self.new_state(function).await.unwrap();
        states.insert(function, state.clone());
        state
    }

    /// Starts all functions anew, as a deployment does.
    pub(crate) async fn restart(&self) {
        self.states.lock().await.clear();
    }

    /// Sends a request to a function.
    pub(crate) async fn send(&self, function: &'static str, request: &TestRequest) -> TestResponse {
        let state = self.state(function).await;
        send(&routes(function), &state, &self.clock(), request).await
    }

    /// Sends requests that are refused, and checks their statuses and codes and that no row has changed.
    pub(crate) async fn assert_refused(
        &self,
        function: &'static str,
        cases: impl IntoIterator<Item = (TestRequest, u16, &str)>,
    ) {
        let before = self.rows_without_limits().await;
        for (request, status, code) in cases {
            let refused = self.send(function, &request).await;
            assert_eq!(
                (refused.status, refused.code()),
                (status, code),
                "{request:?}"
            );
        }
        assert_eq!(self.rows_without_limits().await, before);
    }

    // Queues.

    /// Wraps a body of a queue, as the runner hands it to a worker.
    pub(crate) fn message<B: DeserializeOwned>(&self, body: &Value) -> QueueMessage<B> {
        QueueMessage {
            body: serde_json::from_value(body.clone()).unwrap(),
            correlation_id: CorrelationId::new(self.now(), &OsEntropy),
            receives: 1,
            time_left: TIME_LEFT,
        }
    }

    /// Takes the messages of a queue that no call has taken.
    pub(crate) fn take(&self, queue: &'static str) -> Vec<Value> {
        let messages = self.cloud.queued(queue);
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let known = taken.insert(queue, messages.len()).unwrap_or_default();
        messages.into_iter().skip(known).collect()
    }

    /// Takes the mails to an address.
    pub(crate) fn mails_to(&self, address: &str) -> Vec<Value> {
        let mut mails = self.cloud.queued(MAIL_QUEUE);
        mails.retain(|mail| mail["to"] == json!(address));
        mails
    }

    // Rows.

    pub(crate) fn table(&self) -> Table {
        let env = self.cloud.env("desk-tenants");
        let name = env.required("CONFAB_TABLE").unwrap();
        Table::new(self.cloud.aws(OUTSIDE).dynamodb(), name)
    }

    /// Reads all rows of the table, sorted by key.
    pub(crate) async fn rows(&self) -> Vec<Value> {
        read_rows(&self.table()).await
    }

    /// Reads all rows but what refused requests write as well: token buckets of rate limits, and the last use of keys.
    pub(crate) async fn rows_without_limits(&self) -> Vec<Value> {
        let mut rows = self.rows().await;
        rows.retain(|row| !text(row, "pk").starts_with("RATE#"));
        for row in &mut rows {
            if let Some(key) = row
                .as_object_mut()
                .filter(|row| row.contains_key("last_used_at"))
            {
                key.remove("last_used_at");
                key.remove("last_ip");
            }
        }
        rows
    }

    pub(crate) async fn partition(&self, pk: &str) -> Vec<Value> {
        read_partition(&self.table(), pk).await
    }

    /// Reads one row; null when there is none.
    pub(crate) async fn row(&self, pk: &str, sk: &str) -> Value {
        let row: Option<Value> = self.table().get(Table::key(pk, sk)).await.unwrap();
        row.unwrap_or_default()
    }
}

impl TestService for World {
    fn cloud(&self) -> &Cloud {
        &self.cloud
    }

    async fn start_function(&self, function: &'static str) {
        self.state(function).await;
    }

    async fn answer(&self, function: &'static str, request: &TestRequest) -> TestResponse {
        self.send(function, request).await
    }
}

/// Returns a text attribute; empty when there is none.
pub(crate) fn text<'a>(row: &'a Value, name: &str) -> &'a str {
    row[name].as_str().unwrap_or_default()
}

pub(crate) fn routes(function: &str) -> Router<State> {
    match function {
        "desk-chatbots" => desk_chatbots::routes(),
        "desk-contacts" => desk_contacts::routes(),
        "desk-conversations" => desk_conversations::routes(),
        "desk-health" => desk_health::routes(),
        "desk-login" => desk_login::routes(),
        "desk-members" => desk_members::routes(),
        "desk-messages" => desk_messages::routes(),
        "desk-sessions" => desk_sessions::routes(),
        "desk-settings" => desk_settings::routes(),
        "desk-tenants" => desk_tenants::routes(),
        "desk-trust" => desk_trust::routes(),
        "desk-widget" => desk_widget::routes(),
        "desk-ws-ticket" => desk_ws_ticket::routes(),
        other => panic!("{other} has no routes"),
    }
}

fn parts(function: &str) -> &'static [Part] {
    match function {
        "desk-chatbots" => desk_chatbots::PARTS,
        "desk-contacts" => desk_contacts::PARTS,
        "desk-conversations" => desk_conversations::PARTS,
        "desk-due" => desk_due::PARTS,
        "desk-files" => desk_files::PARTS,
        "desk-health" => desk_health::PARTS,
        "desk-login" => desk_login::PARTS,
        "desk-mail" => desk_mail::PARTS,
        "desk-members" => desk_members::PARTS,
        "desk-messages" => desk_messages::PARTS,
        "desk-operator" => desk_operator::PARTS,
        "desk-provision" => desk_provision::PARTS,
        "desk-sessions" => desk_sessions::PARTS,
        "desk-settings" => desk_settings::PARTS,
        "desk-sweep" => desk_sweep::PARTS,
        "desk-tenants" => desk_tenants::PARTS,
        "desk-trust" => desk_trust::PARTS,
        "desk-widget" => desk_widget::PARTS,
        "desk-ws-authorize" => desk_ws_authorize::PARTS,
        "desk-ws-broadcast" => desk_ws_broadcast::PARTS,
        "desk-ws-message" => desk_ws_message::PARTS,
        "desk-ws-presence" => desk_ws_presence::PARTS,
        "desk-ws-ticket" => desk_ws_ticket::PARTS,
        other => panic!("there is no function {other}"),
    }
}
