//! A cloud with one room, its host and its members, and the functions of rooms with exactly their own permissions.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use confab_aws::{Condition, Objects, Table};
use confab_core::{Clock, CorrelationId, Result, Timestamp, UserId};
use confab_lambda::{OsEntropy, QueueMessage, Router, StartError};
use confab_testkit::{
    Cloud, TestClock, TestRequest, TestResponse, TestService, read_partition, read_rows, send,
};
use rooms::{
    Part, State,
    routes::{
        chat_join, chat_messages, chat_offers, chat_people, chats, photo_analysis, photo_upload,
        rooms_health, rooms_sessions, ws_ticket,
    },
    workers::{
        photo_look, rooms_paid, ws_authorize, ws_broadcast, ws_connect, ws_disconnect, ws_message,
    },
};
use rooms_domain::{RoomCode, Username};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::{payments::Order, sockets::Socket};

pub(crate) const BROADCAST_QUEUE: &str = "confab-rooms-broadcasts.fifo";
pub(crate) const PAID_QUEUE: &str = "confab-rooms-paid";
pub(crate) const PHOTO_QUEUE: &str = "confab-rooms-photos";

/// A caller that is no function: the emulator lets it read and write everything.
const OUTSIDE: &str = "outside";
/// SQS hands out at most this many messages of a FIFO queue at once.
const FIFO_BATCH: usize = 10;
/// The rest of an invocation's time.
const TIME_LEFT: Duration = Duration::from_secs(25);

pub(crate) struct World {
    pub(crate) cloud: Cloud,
    pub(crate) room: RoomCode,
    pub(crate) host: User,
    states: tokio::sync::Mutex<BTreeMap<&'static str, Arc<State>>>,
    /// Broadcast jobs that were delivered.
    delivered: AtomicUsize,
    pub(crate) sockets: Mutex<Vec<Arc<Socket>>>,
    /// Orders of which payments told rooms.
    pub(crate) orders: Mutex<Vec<Order>>,
    /// Users who were removed from a room, with its last number by then, and when.
    pub(crate) removals: Mutex<Vec<(RoomCode, UserId, u64, Timestamp)>>,
}

/// A user with a session.
#[derive(Debug, Clone)]
pub(crate) struct User {
    pub(crate) id: UserId,
    pub(crate) token: String,
}

impl World {
    /// Opens a cloud, and creates a public room.
    pub(crate) async fn open() -> Self {
        Self::over(Cloud::open().await).await
    }

    /// Opens a cloud whose functions have a variable of their own.
    pub(crate) async fn with_variable(name: &str, value: &str) -> Self {
        let mut cloud = Cloud::open().await;
        cloud.set_variable(name, value);
        Self::over(cloud).await
    }

    /// Creates a public room in a cloud.
    pub(crate) async fn over(cloud: Cloud) -> Self {
        let mut world = Self {
            cloud,
            room: RoomCode::new(&|| [0; 10]),
            host: User {
                id: UserId::new(Timestamp::UNIX_EPOCH, &|| [0; 10]),
                token: String::new(),
            },
            states: tokio::sync::Mutex::default(),
            delivered: AtomicUsize::new(0),
            sockets: Mutex::default(),
            orders: Mutex::default(),
            removals: Mutex::default(),
        };
        world.host = world.user().await;
        let new = json!({ "name": "Roof at dusk", "username": "Dana" });
        world.room = world.create_room(&world.host, new).await;
        world
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

    /// Sends a request of a client to a function.
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
                (refused.status, &refused.body["code"]),
                (status, &json!(code)),
                "{request:?}"
            );
        }
        assert_eq!(self.rows_without_limits().await, before);
    }

    // Users and rooms.

    /// Creates a user with a session.
    pub(crate) async fn user(&self) -> User {
        let new = TestRequest::post("/api/sessions/", json!({}));
        let session = self.send("rooms-sessions", &new).await;
        assert_eq!(session.status, 201, "{session:?}");
        User {
            id: session.body["user_id"].as_str().unwrap().parse().unwrap(),
            token: session.body["token"].as_str().unwrap().to_owned(),
        }
    }

    pub(crate) async fn create_room(&self, host: &User, new: Value) -> RoomCode {
        let request = TestRequest::post("/api/chats/create/", new).token(&host.token);
        let created = self.send("chats", &request).await;
        assert_eq!(created.status, 201, "{created:?}");
        created.body["code"].as_str().unwrap().parse().unwrap()
    }

    pub(crate) fn join_request(&self, room: RoomCode, user: &User, body: Value) -> TestRequest {
        TestRequest::post(format!("/api/chats/{room}/join/"), body).token(&user.token)
    }

    pub(crate) async fn join(&self, room: RoomCode, user: &User, username: &str) -> TestResponse {
        let request = self.join_request(room, user, json!({ "username": username }));
        self.send("chat-join", &request).await
    }

    pub(crate) async fn leave(&self, room: RoomCode, user: &User) -> TestResponse {
        let request = TestRequest::delete(format!("/api/chats/{room}/join/")).token(&user.token);
        self.send("chat-join", &request).await
    }

    /// Lets a new user join the room.
    pub(crate) async fn member(&self, username: &str) -> User {
        let user = self.user().await;
        let joined = self.join(self.room, &user, username).await;
        assert_eq!(joined.status, 200, "{joined:?}");
        user
    }

    /// Reads the room as a user sees it.
    pub(crate) async fn show(&self, room: RoomCode, user: &User) -> TestResponse {
        let request = TestRequest::get(format!("/api/chats/{room}/")).token(&user.token);
        self.send("chats", &request).await
    }

    pub(crate) async fn change(&self, room: RoomCode, user: &User, change: Value) -> TestResponse {
        let request = TestRequest::patch(format!("/api/chats/{room}/"), change);
        self.send("chats", &request.token(&user.token)).await
    }

    pub(crate) async fn close(&self, room: RoomCode, user: &User) -> TestResponse {
        let request = TestRequest::delete(format!("/api/chats/{room}/")).token(&user.token);
        self.send("chats", &request).await
    }

    pub(crate) fn moderation(&self, host: &User, person: &User, act: &str) -> TestRequest {
        let path = format!("/api/chats/{}/people/{}/", self.room, person.id);
        TestRequest::post(path, json!({ "act": act })).token(&host.token)
    }

    /// Lets the host act on a person, and remembers the last number of the room by then.
    pub(crate) async fn moderate(&self, person: &User, act: &str) {
        let request = self.moderation(&self.host, person, act);
        let moderated = self.send("chat-people", &request).await;
        assert_eq!(moderated.status, 204, "{act}: {moderated:?}");
        if matches!(act, "kick" | "ban") {
            self.note_removal(self.room, person).await;
        }
    }

    /// Remembers that a user is removed from now on.
    pub(crate) async fn note_removal(&self, room: RoomCode, user: &User) {
        let last_seq = self.last_seq(room).await;
        lock(&self.removals).push((room, user.id, last_seq, self.now()));
    }

    /// Opens the back room of the room.
    pub(crate) async fn open_back_room(&self) -> RoomCode {
        let request = self.back_room_request(&self.host);
        let opened = self.send("chat-offers", &request).await;
        assert_eq!(opened.status, 201, "{opened:?}");
        opened.body["code"].as_str().unwrap().parse().unwrap()
    }

    pub(crate) fn back_room_request(&self, user: &User) -> TestRequest {
        let path = format!("/api/chats/{}/back-room/", self.room);
        TestRequest::post(path, json!({})).token(&user.token)
    }

    // Messages.

    pub(crate) fn messages_path(&self) -> String {
        format!("/api/chats/{}/messages/", self.room)
    }

    pub(crate) async fn messages_request(&self, request: &TestRequest) -> TestResponse {
        self.send("chat-messages", request).await
    }

    pub(crate) async fn post(&self, user: &User, id: &str, text: &str) -> TestResponse {
        self.post_body(user, json!({ "client_msg_id": id, "text": text }))
            .await
    }

    pub(crate) async fn post_body(&self, user: &User, body: Value) -> TestResponse {
        let request = TestRequest::post(self.messages_path(), body).token(&user.token);
        self.messages_request(&request).await
    }

    /// Posts a message that is accepted. Returns its number.
    pub(crate) async fn say(&self, user: &User, text: &str) -> u64 {
        self.reply(user, text, None).await
    }

    /// Posts a message that quotes another one. Returns its number.
    pub(crate) async fn reply(&self, user: &User, text: &str, reply_to: Option<u64>) -> u64 {
        let id = format!("message-{:04}", self.last_seq(self.room).await + 1);
        let body = json!({ "client_msg_id": id, "text": text, "reply_to": reply_to });
        let posted = self.post_body(user, body).await;
        assert_eq!(posted.status, 201, "{posted:?}");
        posted.body["seq"].as_u64().unwrap()
    }

    pub(crate) fn deletion(&self, user: &User, seq: u64) -> TestRequest {
        TestRequest::delete(format!("{}{seq}/", self.messages_path())).token(&user.token)
    }

    pub(crate) fn reaction(&self, user: &User, seq: u64, emoji: &str, on: bool) -> TestRequest {
        let path = format!("{}{seq}/reactions/", self.messages_path());
        TestRequest::post(path, json!({ "emoji": emoji, "on": on })).token(&user.token)
    }

    /// The texts of the room's history, oldest first.
    pub(crate) async fn history(&self) -> Vec<Value> {
        let request = TestRequest::get(self.messages_path()).token(&self.host.token);
        let page = self.messages_request(&request).await;
        assert_eq!(page.status, 200, "{page:?}");
        let messages = page.body["messages"].as_array().unwrap();
        messages
            .iter()
            .map(|message| message["text"].clone())
            .collect()
    }

    /// Reads the last number of a room from its rows.
    pub(crate) async fn last_seq(&self, room: RoomCode) -> u64 {
        let rows = self.partition(&format!("ROOM#{room}")).await;
        let numbers = rows.iter().filter(|row| is_message(row));
        numbers
            .filter_map(|row| row["seq"].as_u64())
            .max()
            .unwrap_or_default()
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

    /// Broadcasts one batch of jobs of a room.
    pub(crate) async fn broadcast(&self, jobs: &[Value]) -> Result<()> {
        let state = self.state("ws-broadcast").await;
        let jobs = jobs.iter().map(|job| self.message(job)).collect();
        ws_broadcast::handle(state, jobs).await
    }

    /// Broadcasts the jobs that are new on the queue, in batches of one room, as SQS delivers them.
    pub(crate) async fn deliver_broadcasts(&self) {
        loop {
            let jobs = self.take_broadcasts();
            if jobs.is_empty() {
                return;
            }
            let mut rooms = BTreeMap::<String, Vec<Value>>::new();
            for job in jobs {
                rooms.entry(job["room"].to_string()).or_default().push(job);
            }
            for batch in rooms.values().flat_map(|jobs| jobs.chunks(FIFO_BATCH)) {
                self.broadcast(batch).await.unwrap();
            }
        }
    }

    /// Takes the broadcast jobs that are new on the queue.
    pub(crate) fn take_broadcasts(&self) -> Vec<Value> {
        let jobs = self.cloud.queued(BROADCAST_QUEUE);
        let known = self.delivered.swap(jobs.len(), Ordering::Relaxed);
        jobs.into_iter().skip(known).collect()
    }

    /// Returns the updates of a room that were ever queued for broadcast, oldest first.
    pub(crate) fn updates(&self, room: RoomCode) -> Vec<Value> {
        let jobs = self.cloud.queued(BROADCAST_QUEUE).into_iter();
        let jobs = jobs.filter(|job| job["room"] == json!(room));
        jobs.flat_map(|job| job["news"].as_array().cloned().unwrap_or_default())
            .collect()
    }

    /// Returns the updates of the room of one kind, such as `said`.
    pub(crate) fn updates_of(&self, kind: &str) -> Vec<Value> {
        let updates = self.updates(self.room).into_iter();
        updates.filter(|update| update["news"] == kind).collect()
    }

    /// Updates that carry a message with this text.
    pub(crate) fn broadcasts_of(&self, text: &str) -> usize {
        let updates = self.updates(self.room).into_iter();
        updates
            .filter(|update| update["message"]["text"] == text)
            .count()
    }

    // Rows and objects.

    pub(crate) fn table(&self) -> Table {
        let env = self.cloud.env("chats");
        let name = env.required("CONFAB_TABLE").unwrap();
        Table::new(self.cloud.aws(OUTSIDE).dynamodb(), name)
    }

    pub(crate) fn objects(&self) -> Objects {
        let env = self.cloud.env("photo-look");
        let bucket = env.required("CONFAB_BUCKET").unwrap().to_owned();
        Objects::new(&self.cloud.aws("photo-look"), bucket)
    }

    /// Reads all rows of the table, sorted by key.
    pub(crate) async fn rows(&self) -> Vec<Value> {
        read_rows(&self.table()).await
    }

    /// Reads all rows but the token buckets of rate limits, which refused requests fill as well.
    pub(crate) async fn rows_without_limits(&self) -> Vec<Value> {
        let mut rows = self.rows().await;
        rows.retain(|row| !text(row, "pk").starts_with("RATE#"));
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

    pub(crate) async fn room_row(&self, room: RoomCode) -> Value {
        self.row(&format!("ROOM#{room}"), "ROOM").await
    }

    pub(crate) async fn person_row(&self, room: RoomCode, user: &User) -> Value {
        let sk = format!("PERSON#{}", user.id);
        self.row(&format!("ROOM#{room}"), &sk).await
    }

    pub(crate) async fn message_row(&self, seq: u64) -> Value {
        let sk = format!("MSG#{seq:012}");
        self.row(&format!("ROOM#{}", self.room), &sk).await
    }

    /// Writes a row that no function would write.
    pub(crate) async fn put_row(&self, pk: &str, sk: &str, row: Value) {
        let row = Table::to_row(pk, sk, &row).unwrap();
        let put = self.table().put(row, Condition::none()).await;
        assert!(put.unwrap(), "{pk} {sk}");
    }

    /// Fills a token bucket but for some tokens, with the interval at which its tokens refill.
    pub(crate) async fn fill_limit(&self, key: &str, taken: u32, every: Duration) {
        let full_at = confab_core::after(self.now(), every * taken).as_millisecond();
        let row = json!({ "full_at_ms": full_at });
        self.put_row(&format!("RATE#{key}"), "RATE", row).await;
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

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Returns a text of a row, empty if it has none.
pub(crate) fn text<'a>(row: &'a Value, name: &str) -> &'a str {
    row[name].as_str().unwrap_or_default()
}

pub(crate) fn is_message(row: &Value) -> bool {
    text(row, "sk").starts_with("MSG#")
}

pub(crate) fn confusable_key(username: &str) -> String {
    Username::parse(username).unwrap().confusable_key()
}

fn parts(function: &str) -> &'static [Part] {
    match function {
        "chat-join" => chat_join::PARTS,
        "chat-messages" => chat_messages::PARTS,
        "chat-offers" => chat_offers::PARTS,
        "chat-people" => chat_people::PARTS,
        "chats" => chats::PARTS,
        "photo-analysis" => photo_analysis::PARTS,
        "photo-look" => photo_look::PARTS,
        "photo-upload" => photo_upload::PARTS,
        "rooms-health" => rooms_health::PARTS,
        "rooms-paid" => rooms_paid::PARTS,
        "rooms-sessions" => rooms_sessions::PARTS,
        "ws-authorize" => ws_authorize::PARTS,
        "ws-broadcast" => ws_broadcast::PARTS,
        "ws-connect" => ws_connect::PARTS,
        "ws-disconnect" => ws_disconnect::PARTS,
        "ws-message" => ws_message::PARTS,
        "ws-ticket" => ws_ticket::PARTS,
        other => panic!("there is no function {other}"),
    }
}

fn routes(function: &str) -> Router<State> {
    match function {
        "chat-join" => chat_join::routes(),
        "chat-messages" => chat_messages::routes(),
        "chat-offers" => chat_offers::routes(),
        "chat-people" => chat_people::routes(),
        "chats" => chats::routes(),
        "photo-analysis" => photo_analysis::routes(),
        "photo-upload" => photo_upload::routes(),
        "rooms-health" => rooms_health::routes(),
        "rooms-sessions" => rooms_sessions::routes(),
        "ws-ticket" => ws_ticket::routes(),
        other => panic!("{other} has no routes"),
    }
}
