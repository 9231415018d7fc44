//! The AWS of in-process tests: a real table engine in memory, and a queue, a bus and a connections API that record what
//! they are told. Handlers run in the test's process, over loopback.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Router,
    body::Bytes,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::post,
};
use confab_aws::{Aws, AwsConfig, Keyring, Queue, Sockets, Table};
use confab_core::{Clock, CorrelationId, Env, TicketId, Timestamp, UserId, after, before};
use confab_lambda::{ApiRequest, OsEntropy, QueueMessage, SystemClock};
use confab_testkit::{request, sample};
use confab_worker::Consistency;
use rooms_domain::{
    BroadcastJob, Draft, Message, News, Person, Room, RoomCode, RoomName, Session, Ticket, Username,
};
use serde_json::{Value, json};

use crate::{
    Broadcaster, Departures, Rooms, SEAL, Sessions,
    store::{Said, Store},
    workers::ws_broadcast::Cursors,
};

const TABLE: &str = "Rooms";
const SECRET: &str = "rooms-seal-secret";

type Failing = Box<dyn FnMut(&str, &Value) -> Option<(StatusCode, Value)> + Send>;

#[derive(Default)]
struct Recorded {
    /// Frames by connection, in the order of their posts.
    posts: BTreeMap<String, Vec<Value>>,
    closed: Vec<String>,
    /// Connections that answer posts and closings with a status of their own.
    statuses: HashMap<String, u16>,
    sent: Vec<Value>,
    published: Vec<Value>,
    failing: Option<Failing>,
}

struct Fake {
    table_url: String,
    client: reqwest::Client,
    recorded: Mutex<Recorded>,
}

/// AWS, and one room in it.
pub(crate) struct Cloud {
    fake: Arc<Fake>,
    env: Env,
    aws: Aws,
    url: String,
    pub(crate) store: Store,
    pub(crate) clock: SystemClock,
}

pub(crate) fn user(number: u8) -> UserId {
    UserId::new(Timestamp::UNIX_EPOCH, &move || [number; 10])
}

pub(crate) fn trace() -> CorrelationId {
    CorrelationId::new(Timestamp::UNIX_EPOCH, &|| [7; 10])
}

pub(crate) fn code() -> RoomCode {
    RoomCode::new(&|| [1; 10])
}

pub(crate) fn job<B>(body: B) -> QueueMessage<B> {
    QueueMessage {
        body,
        correlation_id: trace(),
        receives: 1,
        time_left: Duration::from_secs(25),
    }
}

pub(crate) fn person(number: u8) -> Person {
    let username = Username::parse(&format!("Person {number}")).unwrap();
    Person::new(user(number), username, Timestamp::UNIX_EPOCH)
}

/// A public room of the first user.
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

async fn connections(
    State(fake): State<Arc<Fake>>,
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

async fn close(State(fake): State<Arc<Fake>>, Path(id): Path<String>) -> StatusCode {
    let mut recorded = fake.recorded.lock().unwrap();
    if let Some(status) = recorded.statuses.get(&id) {
        return StatusCode::from_u16(*status).unwrap();
    }
    recorded.closed.push(id);
    StatusCode::NO_CONTENT
}

async fn service(State(fake): State<Arc<Fake>>, headers: HeaderMap, body: Bytes) -> Response {
    // A connection that is opened ahead of its first call asks for nothing.
    let Some(target) = headers.get("x-amz-target") else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let target = target.to_str().unwrap().to_owned();
    let asked: Value = serde_json::from_slice(&body).unwrap();
    let failing = |recorded: &mut Recorded| {
        recorded
            .failing
            .as_mut()
            .and_then(|failing| failing(&target, &asked))
    };
    if let Some((status, answer)) = failing(&mut fake.recorded.lock().unwrap()) {
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
fn asked(method: &str, path: &str, body: &Value) -> Value {
    let mut event = sample("rooms", "chat-messages.say");
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
        let router = Router::new()
            .route("/live/@connections/{id}", post(connections).delete(close))
            .fallback(service)
            .with_state(Arc::clone(&fake));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        let env = Env::from_iter([
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
        ]);
        let aws = Aws::new(AwsConfig::from_env(&env).unwrap()).unwrap();
        let clock = SystemClock::default();
        let message_ttl = Duration::from_secs(30 * 24 * 3_600);
        let store = Store::new(
            Table::new(aws.dynamodb(), TABLE),
            Arc::new(clock),
            message_ttl,
        );
        let cloud = Self {
            fake,
            env,
            aws,
            url,
            store,
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
        cloud.store.create(&room(), &person(1)).await.unwrap();
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

    /// A row that no store of ours would write.
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

    pub(crate) async fn joins(&self, number: u8) {
        self.store
            .join(code(), None, &person(number))
            .await
            .unwrap();
    }

    /// A ticket that was made so many seconds ago.
    pub(crate) fn ticket(&self, number: u8, seconds_ago: u64) -> Ticket {
        let made_at = before(self.clock.now(), Duration::from_secs(seconds_ago));
        Ticket {
            id: TicketId::new(made_at, &OsEntropy),
            room: code(),
            user: user(number),
            address: String::new().into(),
        }
    }

    /// Opens a connection, and names it after its ticket.
    pub(crate) async fn connects_with(&self, ticket: &Ticket) -> String {
        let connection = ticket.id.to_string();
        assert!(self.store.connected(ticket, &connection).await.unwrap());
        connection
    }

    pub(crate) async fn connects(&self, number: u8, seconds_ago: u64) -> String {
        self.connects_with(&self.ticket(number, seconds_ago)).await
    }

    /// What API Gateway tells of a closed connection.
    pub(crate) async fn disconnects(&self, ticket: &Ticket) {
        let deps = Departures {
            store: self.store.clone(),
            broadcasts: self.queue(),
            clock: self.clock,
        };
        crate::workers::ws_disconnect::leave(&deps, ticket, &ticket.id.to_string(), trace())
            .await
            .unwrap();
    }

    /// Stores a message of a member; no broadcast is told of it.
    pub(crate) async fn says(&self, number: u8, text: &str) -> Message {
        let visited = self
            .store
            .visit(code(), Some(user(number)), Consistency::Strong)
            .await
            .unwrap();
        let latest = self
            .store
            .latest(code(), visited.reserved, Consistency::Strong, trace())
            .await
            .unwrap();
        let draft = Draft::parse(&format!("{:0>8}", latest.last_seq + 1), text, None).unwrap();
        match self
            .store
            .say(&visited, &draft, None, latest, None, trace())
            .await
            .unwrap()
        {
            Said::New { message, .. } => message,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) fn broadcaster(&self) -> Arc<Broadcaster> {
        Arc::new(Broadcaster {
            store: self.store.clone(),
            sockets: self.sockets(),
            broadcasts: self.queue(),
            cursors: Cursors::default(),
            clock: self.clock,
        })
    }

    pub(crate) async fn rooms(&self) -> Arc<Rooms> {
        Arc::new(Rooms::new(&self.env, &self.aws, &[SEAL]).await.unwrap())
    }

    pub(crate) async fn sessions(&self) -> Sessions {
        let Rooms { doorman, store, .. } = Rooms::new(&self.env, &self.aws, &[SEAL]).await.unwrap();
        Sessions {
            doorman,
            store,
            clock: self.clock,
            entropy: OsEntropy,
        }
    }

    pub(crate) fn asks_without_session(&self, method: &str, path: &str, body: Value) -> ApiRequest {
        let mut event = asked(method, path, &body);
        event["headers"]
            .as_object_mut()
            .unwrap()
            .remove("authorization");
        ApiRequest::new(request(&event), trace())
    }

    /// A request of a user, as API Gateway hands it on.
    pub(crate) async fn asks(
        &self,
        method: &str,
        path: &str,
        number: u8,
        body: Value,
    ) -> ApiRequest {
        let session = Session { user: user(number) };
        let until = after(self.clock.now(), Duration::from_secs(60));
        let keys = Keyring::read(&self.env, &self.aws, &[SEAL]).await.unwrap();
        let token = keys.seal(SEAL, &session, until).await.unwrap();
        let mut event = asked(method, path, &body);
        event["headers"]["authorization"] = json!(format!("Bearer {token}"));
        ApiRequest::new(request(&event), trace())
    }

    fn sockets(&self) -> Sockets {
        Sockets::new(&self.aws, format!("{}/live", self.url))
    }

    fn queue(&self) -> Queue {
        Queue::new(
            &self.aws,
            format!("{}/000000000000/broadcasts.fifo", self.url),
        )
    }

    /// Broadcasts a batch of jobs, one for each piece of news.
    pub(crate) async fn broadcasts(&self, news: Vec<News>) {
        let at = self.clock.now();
        let jobs = news.into_iter().map(|news| {
            job(BroadcastJob::V1 {
                room: code(),
                at,
                news: vec![news],
                after: None,
            })
        });
        crate::workers::ws_broadcast::handle(self.broadcaster(), jobs.collect())
            .await
            .unwrap();
    }

    /// The frames that a connection was sent.
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

    /// The texts of the messages that a connection was sent.
    pub(crate) fn texts(&self, connection: &str) -> Vec<String> {
        let frames = self.frames(connection);
        let messages = frames
            .iter()
            .flat_map(|frame| frame["messages"].as_array().into_iter().flatten());
        messages
            .map(|message| message["text"].as_str().unwrap().to_owned())
            .collect()
    }

    pub(crate) fn kinds(&self, connection: &str) -> Vec<String> {
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

    /// From now on posts to a connection and its closing are answered with a status; `None`: as if nothing was wrong.
    pub(crate) fn answers(&self, connection: &str, status: Option<u16>) {
        let statuses = &mut self.fake.recorded.lock().unwrap().statuses;
        match status {
            Some(status) => statuses.insert(connection.to_owned(), status),
            None => statuses.remove(connection),
        };
    }

    /// Decides of each call, by its target and body, whether it fails and how.
    pub(crate) fn fails(
        &self,
        failing: impl FnMut(&str, &Value) -> Option<(StatusCode, Value)> + Send + 'static,
    ) {
        self.fake.recorded.lock().unwrap().failing = Some(Box::new(failing));
    }

    pub(crate) fn published(&self) -> Vec<Value> {
        self.fake.recorded.lock().unwrap().published.clone()
    }

    pub(crate) fn sent(&self) -> Vec<Value> {
        self.fake.recorded.lock().unwrap().sent.clone()
    }
}
