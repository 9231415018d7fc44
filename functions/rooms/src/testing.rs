//! The AWS of in-process tests: a real table engine in memory, and a queue, a bus and a connections API that record
//! calls. Handlers run in the test's process, over loopback.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    body::Bytes,
    extract::{Path, State as AxumState},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::post,
};
use confab_aws::{Aws, AwsConfig, Table};
use confab_core::{Clock, CorrelationId, Env, TicketId, Timestamp, UserId, after, before};
use confab_lambda::{ApiRequest, OsEntropy, Platform, QueueMessage, Router, SystemClock};
use confab_live::BroadcastJob;
use confab_testkit::{request, sample};
use confab_worker::Consistency;
use rooms_domain::{
    Draft, Message, Person, Quote, Room, RoomCode, RoomName, RoomUpdate, Ticket, Username,
};
use serde_json::{Value, json};

use crate::{
    config::Config,
    state::{Part, State},
    store::{PostOutcome, RoomForUser, Store},
    workers::{ws_broadcast, ws_disconnect},
};

const TABLE: &str = "Rooms";
const SECRET: &str = "rooms-seal-secret";

/// Decides for each call, by its target and body, whether it fails and how.
type FailCall = Box<dyn FnMut(&str, &Value) -> Option<(StatusCode, Value)> + Send>;

#[derive(Default)]
struct Recorded {
    /// Frames by connection, in the order of their posts.
    posts: BTreeMap<String, Vec<Value>>,
    closed: Vec<String>,
    /// Connections whose posts and closings fail with a status.
    statuses: HashMap<String, u16>,
    sent: Vec<Value>,
    published: Vec<Value>,
    fail_call: Option<FailCall>,
}

struct Fake {
    table_url: String,
    client: reqwest::Client,
    recorded: Mutex<Recorded>,
}

/// AWS, and one room in it.
pub(crate) struct Cloud {
    fake: Arc<Fake>,
    variables: Vec<(&'static str, String)>,
    aws: Aws,
    pub(crate) store: Store,
    pub(crate) clock: SystemClock,
}

pub(crate) fn user(number: u8) -> UserId {
    UserId::new(Timestamp::UNIX_EPOCH, &move || [number; 10])
}

pub(crate) fn correlation_id() -> CorrelationId {
    CorrelationId::new(Timestamp::UNIX_EPOCH, &|| [7; 10])
}

pub(crate) fn code() -> RoomCode {
    RoomCode::new(&|| [1; 10])
}

pub(crate) fn job<B>(body: B) -> QueueMessage<B> {
    QueueMessage {
        body,
        correlation_id: correlation_id(),
        receives: 1,
        time_left: Duration::from_secs(25),
    }
}

pub(crate) fn person(number: u8) -> Person {
    let username = Username::parse(&format!("Person {number}")).unwrap();
    Person::new(user(number), username, Timestamp::UNIX_EPOCH)
}

/// A public room that the first user hosts.
pub(crate) fn room() -> Room {
    Room {
        code: code(),
        name: RoomName::parse("Roof at dusk").unwrap(),
        description: String::new(),
        host: user(1),
        host_name: person(1).username,
        created_at: Timestamp::UNIX_EPOCH,
        access_code: None,
        is_public: true,
        is_read_only: false,
        photo: None,
        pins: Vec::new(),
        back_room: None,
        front: None,
        closed_at: None,
    }
}

/// A loaded room, for a person whose membership decides their access.
pub(crate) fn loaded_for(room: Room, person: Option<Person>) -> RoomForUser {
    let user = person.as_ref().map(|person| person.user_id);
    RoomForUser {
        access: room.access_level(user, person.as_ref()),
        room,
        version: 1,
        reserved_seq: 0,
        online: 0,
        counted_at_ms: 0,
        person,
    }
}

async fn connections(
    AxumState(fake): AxumState<Arc<Fake>>,
    Path(id): Path<String>,
    body: Bytes,
) -> StatusCode {
    let mut recorded = fake.recorded.lock().unwrap();
    if let Some(status) = recorded.statuses.get(&id) {
        return StatusCode::from_u16(*status).unwrap();
    }
    recorded
        .posts
        .entry(id)
        .or_default()
        .push(serde_json::from_slice(&body).unwrap());
    StatusCode::OK
}

async fn close(AxumState(fake): AxumState<Arc<Fake>>, Path(id): Path<String>) -> StatusCode {
    let mut recorded = fake.recorded.lock().unwrap();
    if let Some(status) = recorded.statuses.get(&id) {
        return StatusCode::from_u16(*status).unwrap();
    }
    recorded.closed.push(id);
    StatusCode::NO_CONTENT
}

async fn service(
    AxumState(fake): AxumState<Arc<Fake>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    // Opening a connection during init sends a request without a target.
    let Some(target) = headers.get("x-amz-target") else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let target = target.to_str().unwrap().to_owned();
    let asked: Value = serde_json::from_slice(&body).unwrap();
    let failure = match &mut fake.recorded.lock().unwrap().fail_call {
        Some(fail_call) => fail_call(&target, &asked),
        None => None,
    };
    if let Some((status, answer)) = failure {
        return (status, axum::Json(answer)).into_response();
    }
    if target.starts_with("DynamoDB") {
        let answer = fake
            .client
            .post(&fake.table_url)
            .headers(headers)
            .body(body)
            .send()
            .await
            .unwrap();
        let (status, headers) = (answer.status(), answer.headers().clone());
        return (status, headers, answer.bytes().await.unwrap()).into_response();
    }
    let mut recorded = fake.recorded.lock().unwrap();
    let entries = asked["Entries"].as_array().cloned().unwrap_or_default();
    let answer = match target.as_str() {
        "AmazonSQS.SendMessageBatch" => {
            let body = |entry: &Value| {
                serde_json::from_str(entry["MessageBody"].as_str().unwrap()).unwrap()
            };
            recorded.sent.extend(entries.iter().map(body));
            json!({ "Successful": [], "Failed": [] })
        }
        "AWSEvents.PutEvents" => {
            recorded.published.extend(entries.iter().cloned());
            json!({ "FailedEntryCount": 0, "Entries": entries.iter().map(|_| json!({})).collect::<Vec<_>>() })
        }
        _ => {
            let names = asked["Names"].as_array().cloned().unwrap_or_default();
            let named = |name: &Value| json!({ "Name": name, "Value": SECRET });
            json!({ "Parameters": names.iter().map(named).collect::<Vec<_>>(), "InvalidParameters": [] })
        }
    };
    axum::Json(answer).into_response()
}

/// An event of the HTTP API, from one address.
fn api_event(routes: &Router<State>, method: &str, path: &str, body: &Value) -> Value {
    let mut event = sample("rooms", "chat-messages.say");
    let route_key = json!(routes.find(method, path).unwrap());
    event["routeKey"] = route_key.clone();
    event["requestContext"]["routeKey"] = route_key;
    event["rawPath"] = json!(path);
    event["requestContext"]["http"]["method"] = json!(method);
    event["requestContext"]["http"]["path"] = json!(path);
    event["requestContext"]["http"]["sourceIp"] = json!("192.0.2.7");
    event["body"] = json!(body.to_string());
    event
}

impl Cloud {
    pub(crate) async fn new() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let table_url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(dynoxide::server::serve_on(
            listener,
            dynoxide::Database::memory().unwrap(),
        ));
        let client = confab_provider_base::http_client().unwrap();
        let fake = Arc::new(Fake {
            table_url,
            client,
            recorded: Mutex::default(),
        });
        let router = axum::Router::new()
            .route("/live/@connections/{id}", post(connections).delete(close))
            .fallback(service)
            .with_state(Arc::clone(&fake));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        let variables = [
            ("AWS_REGION", "us-east-1"),
            ("AWS_ACCESS_KEY_ID", "test"),
            ("AWS_SECRET_ACCESS_KEY", "test"),
            ("AWS_ENDPOINT_URL", &url),
            ("CONFAB_TABLE", TABLE),
            ("CONFAB_BUCKET", "rooms"),
            (
                "CONFAB_BROADCAST_QUEUE_URL",
                &format!("{url}/000000000000/broadcasts.fifo"),
            ),
            ("CONFAB_EVENT_BUS", "bus"),
            ("ROOMS_SEAL_SECRET_PARAM", "/rooms/seal"),
            ("SOCKET_ENDPOINT", &format!("{url}/live")),
        ];
        let variables: Vec<_> = variables
            .into_iter()
            .map(|(name, value)| (name, value.to_owned()))
            .collect();
        let env = Env::from_iter(variables.clone());
        let aws = Aws::new(AwsConfig::from_env(&env).unwrap()).unwrap();
        let config = Config::new(env);
        let clock = SystemClock::default();
        let table = Table::new(aws.dynamodb(), TABLE);
        let cloud = Self {
            fake,
            variables,
            store: Store::new(table, Arc::new(clock), config.message_ttl().unwrap()),
            aws,
            clock,
        };
        let key = |name: &str, kind: &str| json!({ "AttributeName": name, "KeyType": kind });
        let attribute = |name: &str| json!({ "AttributeName": name, "AttributeType": "S" });
        let table = json!({
            "TableName": TABLE,
            "BillingMode": "PAY_PER_REQUEST",
            "KeySchema": [key("pk", "HASH"), key("sk", "RANGE")],
            "AttributeDefinitions": [attribute("pk"), attribute("sk")],
        });
        cloud.table("CreateTable", &table).await;
        cloud.store.create_room(&room(), &person(1)).await.unwrap();
        cloud
    }

    /// An operation of DynamoDB as its wire format has it.
    pub(crate) async fn table(&self, operation: &str, asked: &Value) -> Value {
        let asked = self
            .fake
            .client
            .post(&self.fake.table_url)
            .body(asked.to_string());
        let asked = asked
            .header("x-amz-target", format!("DynamoDB_20120810.{operation}"))
            .header("content-type", "application/x-amz-json-1.0")
            .header("authorization", "AWS4-HMAC-SHA256 Credential=t/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0")
            .header("x-amz-date", "20260101T000000Z");
        let answer = asked.send().await.unwrap();
        let status = answer.status();
        let answer: Value = answer.json().await.unwrap();
        assert!(status.is_success(), "{operation}: {answer}");
        answer
    }

    /// Writes a row that the store would not write.
    pub(crate) async fn put_row(&self, pk: &str, sk: &str, others: Value) {
        let mut item = json!({ "pk": { "S": pk }, "sk": { "S": sk } });
        item.as_object_mut()
            .unwrap()
            .extend(others.as_object().unwrap().clone());
        self.table("PutItem", &json!({ "TableName": TABLE, "Item": item }))
            .await;
    }

    pub(crate) async fn row(&self, pk: &str, sk: &str) -> Value {
        let key = json!({ "pk": { "S": pk }, "sk": { "S": sk } });
        self.table("GetItem", &json!({ "TableName": TABLE, "Key": key }))
            .await["Item"]
            .clone()
    }

    /// The state of a function, as it starts with its parts.
    pub(crate) async fn state(&self, parts: &[Part]) -> Arc<State> {
        let platform = Platform {
            env: Env::from_iter(self.variables.clone()),
            aws: self.aws.clone(),
            clock: Arc::new(self.clock),
        };
        Arc::new(State::new(platform, parts).await.unwrap())
    }

    /// A store whose messages have another TTL.
    pub(crate) fn store_with_ttl(&self, message_ttl: Duration) -> Store {
        let table = Table::new(self.aws.dynamodb(), TABLE);
        Store::new(table, Arc::new(self.clock), message_ttl)
    }

    pub(crate) async fn add_member(&self, number: u8) {
        self.store
            .join(code(), None, &person(number))
            .await
            .unwrap();
    }

    /// A ticket issued so many seconds ago.
    pub(crate) fn ticket(&self, number: u8, seconds_ago: u64) -> Ticket {
        let issued_at = before(self.clock.now(), Duration::from_secs(seconds_ago));
        Ticket {
            id: TicketId::new(issued_at, &OsEntropy),
            room: code(),
            user: user(number),
            address: String::new().into(),
        }
    }

    /// Opens a connection, and names it after its ticket.
    pub(crate) async fn connect_with(&self, ticket: &Ticket) -> String {
        let connection = ticket.id.to_string();
        assert!(self.put_connection(ticket, &connection).await);
        connection
    }

    /// Stores a connection. Returns `false` when its ticket was used before.
    pub(crate) async fn put_connection(&self, ticket: &Ticket, connection: &str) -> bool {
        let connections = &self.store.connections;
        connections
            .put(&ticket.room, ticket.id, &ticket.user, connection)
            .await
            .unwrap()
    }

    pub(crate) async fn connect(&self, number: u8, seconds_ago: u64) -> String {
        self.connect_with(&self.ticket(number, seconds_ago)).await
    }

    /// Closes a connection, as API Gateway reports it.
    pub(crate) async fn disconnect(&self, ticket: &Ticket) {
        let state = self.state(ws_disconnect::PARTS).await;
        let connection = ticket.id.to_string();
        ws_disconnect::disconnect(&state, ticket, &connection, correlation_id())
            .await
            .unwrap();
    }

    /// Stores a message of a member without broadcasting it.
    pub(crate) async fn post(&self, number: u8, text: &str) -> Message {
        self.post_with(&self.store, number, text, None).await
    }

    pub(crate) async fn post_with(
        &self,
        store: &Store,
        number: u8,
        text: &str,
        quote: Option<Quote>,
    ) -> Message {
        let loaded = store
            .load_room_for(code(), Some(user(number)), Consistency::Strong)
            .await
            .unwrap();
        let reserved_seq = loaded.reserved_seq;
        let latest = store
            .latest_messages(code(), reserved_seq, Consistency::Strong, correlation_id())
            .await
            .unwrap();
        let id = format!("{:0>8}", latest.last_seq + 1);
        let reply_to = quote.as_ref().map(|quote| quote.seq);
        let draft = Draft::parse(&id, text, reply_to).unwrap();
        let outcome = store
            .append_message(&loaded, &draft, quote, latest, None, correlation_id())
            .await
            .unwrap();
        match outcome {
            PostOutcome::Created { message, .. } => message,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) fn anonymous_request(
        &self,
        routes: &Router<State>,
        method: &str,
        path: &str,
        body: &Value,
    ) -> ApiRequest {
        let mut event = api_event(routes, method, path, body);
        let headers = event["headers"].as_object_mut().unwrap();
        headers.remove("authorization");
        ApiRequest::new(request(&event), correlation_id())
    }

    /// A request of a user, as API Gateway sends it.
    pub(crate) async fn request(
        &self,
        routes: &Router<State>,
        (method, path): (&str, &str),
        number: u8,
        body: &Value,
    ) -> ApiRequest {
        let until = after(self.clock.now(), Duration::from_secs(60));
        let state = self.state(&[Part::Sessions]).await;
        let sessions = state.sessions().unwrap();
        let token = sessions.issue(user(number), until).await.unwrap();
        let mut event = api_event(routes, method, path, body);
        event["headers"]["authorization"] = json!(format!("Bearer {token}"));
        ApiRequest::new(request(&event), correlation_id())
    }

    /// Broadcasts a batch of jobs, one for each update.
    pub(crate) async fn broadcast(&self, updates: Vec<RoomUpdate>) {
        let at = self.clock.now();
        let jobs = updates.into_iter().map(|update| {
            job(BroadcastJob::V1 {
                channel: code(),
                at,
                updates: vec![update],
                after: None,
            })
        });
        let state = self.state(ws_broadcast::PARTS).await;
        ws_broadcast::handle(state, jobs.collect()).await.unwrap();
    }

    /// The frames that a connection received.
    pub(crate) fn frames(&self, connection: &str) -> Vec<Value> {
        self.fake
            .recorded
            .lock()
            .unwrap()
            .posts
            .get(connection)
            .cloned()
            .unwrap_or_default()
    }

    /// The texts of the messages that a connection received.
    pub(crate) fn message_texts(&self, connection: &str) -> Vec<String> {
        let frames = self.frames(connection);
        let messages = frames
            .iter()
            .flat_map(|frame| frame["messages"].as_array().into_iter().flatten());
        messages
            .map(|message| message["text"].as_str().unwrap().to_owned())
            .collect()
    }

    pub(crate) fn frame_types(&self, connection: &str) -> Vec<String> {
        self.frames(connection)
            .iter()
            .map(|frame| frame["type"].as_str().unwrap().to_owned())
            .collect()
    }

    pub(crate) fn is_closed(&self, connection: &str) -> bool {
        self.fake
            .recorded
            .lock()
            .unwrap()
            .closed
            .iter()
            .any(|closed| closed == connection)
    }

    /// Fails posts to a connection and its closing with a status; `None` ends that.
    pub(crate) fn set_connection_status(&self, connection: &str, status: Option<u16>) {
        let statuses = &mut self.fake.recorded.lock().unwrap().statuses;
        match status {
            Some(status) => statuses.insert(connection.to_owned(), status),
            None => statuses.remove(connection),
        };
    }

    pub(crate) fn fail_calls(
        &self,
        fail_call: impl FnMut(&str, &Value) -> Option<(StatusCode, Value)> + Send + 'static,
    ) {
        self.fake.recorded.lock().unwrap().fail_call = Some(Box::new(fail_call));
    }

    pub(crate) fn published(&self) -> Vec<Value> {
        self.fake.recorded.lock().unwrap().published.clone()
    }

    pub(crate) fn sent(&self) -> Vec<Value> {
        self.fake.recorded.lock().unwrap().sent.clone()
    }
}
