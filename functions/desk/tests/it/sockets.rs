//! Connections of agents and visitors.

use std::{collections::BTreeMap, ops::Deref, sync::Arc};

use confab_core::{Error, Result};
use confab_testkit::{
    ClientConnection, OpenedConnection, TestRequest, authorizer_context, authorizer_request,
    invocation,
};
use desk::workers::{desk_ws_authorize, desk_ws_broadcast, desk_ws_message, desk_ws_presence};
use desk_domain::ConversationId;
use serde_json::{Map, Value, json};

use crate::{
    workspace::{AgentSession, VisitorSession, Workspace},
    world::{BROADCAST_QUEUE, World},
};

/// SQS hands out at most this many messages of a FIFO queue at once.
const FIFO_BATCH: usize = 10;

/// A connection, and all frames that it received.
pub(crate) struct Socket {
    world: Arc<World>,
    pub(crate) opened: OpenedConnection,
    client: ClientConnection,
}

impl Deref for Socket {
    type Target = ClientConnection;

    fn deref(&self) -> &ClientConnection {
        &self.client
    }
}

/// Returns the ticket of a connection.
pub(crate) fn ticket_of(opened: &OpenedConnection) -> Value {
    serde_json::from_str(opened.ticket()).unwrap()
}

pub(crate) fn ticket_id(opened: &OpenedConnection) -> String {
    ticket_of(opened)["id"].as_str().unwrap().to_owned()
}

impl Socket {
    /// Hands a frame of the client to the function.
    pub(crate) async fn frame(&self, frame: Value) -> Result<()> {
        self.world.frame(&self.opened, &frame).await
    }

    /// Says hello with the last numbers of conversations.
    pub(crate) async fn hello(&self, conversations: &[(ConversationId, u64)]) {
        self.frame(hello(conversations)).await.unwrap();
    }

    pub(crate) async fn watch(&self, conversation: ConversationId) {
        self.frame(json!({ "type": "watch", "conversation_id": conversation }))
            .await
            .unwrap();
    }

    /// Sends a message that is accepted.
    pub(crate) async fn say(&self, conversation: ConversationId, id: &str, text: &str) {
        self.frame(message_frame(conversation, id, text))
            .await
            .unwrap();
    }

    /// Returns the texts that arrived, posted now or missed before.
    pub(crate) fn texts(&self) -> Vec<String> {
        let frames = self.frames().into_iter();
        let frames = frames.filter(|frame| frame["type"] != "changed");
        let messages =
            frames.flat_map(|frame| frame["messages"].as_array().cloned().unwrap_or_default());
        let texts = messages.map(|message| message["text"].as_str().unwrap().to_owned());
        texts.filter(|text| !text.is_empty()).collect()
    }

    /// Returns the type and the code or reason of the last frame.
    pub(crate) fn last_answer(&self) -> (String, String) {
        let last = self.last();
        let text = |name: &str| last[name].as_str().unwrap_or_default().to_owned();
        let reason = [text("code"), text("reason")].concat();
        (text("type"), reason)
    }
}

/// The numbers of a frame's messages, and those that it covers.
pub(crate) fn numbers(frame: &Value) -> (Vec<u64>, u64, u64) {
    let messages = frame["messages"].as_array().unwrap().iter();
    let seqs = messages.map(|message| message["seq"].as_u64().unwrap());
    let number = |name: &str| frame[name].as_u64().unwrap();
    (seqs.collect(), number("after_seq"), number("last_seq"))
}

/// A frame that says hello.
pub(crate) fn hello(conversations: &[(ConversationId, u64)]) -> Value {
    let conversations = conversations.iter();
    let conversations: Map<_, _> = conversations
        .map(|(id, seq)| (id.to_string(), json!(seq)))
        .collect();
    json!({ "type": "hello", "conversations": conversations })
}

/// A frame that posts a message.
pub(crate) fn message_frame(conversation: ConversationId, id: &str, text: &str) -> Value {
    json!({
        "type": "message:send", "conversation_id": conversation, "client_msg_id": id, "text": text,
    })
}

/// Returns the code of an error.
pub(crate) fn code<T: std::fmt::Debug>(outcome: Result<T>) -> String {
    let error: Error = outcome.unwrap_err();
    error.code().to_owned()
}

pub(crate) fn agent_ticket_request(agent: &AgentSession) -> TestRequest {
    TestRequest::post("/ws-ticket", json!({})).token(&agent.token)
}

pub(crate) fn visitor_ticket_request(visitor: &VisitorSession) -> TestRequest {
    TestRequest::post("/widget/ticket", json!({})).token(&visitor.token)
}

impl Workspace {
    /// Opens a connection of an agent.
    pub(crate) async fn agent_socket(&self, agent: &AgentSession) -> Arc<Socket> {
        self.open_socket(&agent_ticket_request(agent)).await
    }

    /// Opens a connection of a visitor.
    pub(crate) async fn visitor_socket(&self, visitor: &VisitorSession) -> Arc<Socket> {
        self.open_socket(&visitor_ticket_request(visitor)).await
    }

    async fn open_socket(&self, request: &TestRequest) -> Arc<Socket> {
        let token = self.world.ticket(request).await;
        let socket = self.attach(&token).await;
        self.world.connect(&socket.opened).await.unwrap();
        socket
    }

    /// Opens a connection with a ticket, and calls no route.
    pub(crate) async fn attach(&self, token: &str) -> Arc<Socket> {
        let attached = self.world.cloud.connect("/desk").unwrap();
        Arc::new(Socket {
            world: self.world.clone(),
            opened: self.world.opening(attached.id(), token).await,
            client: ClientConnection::new(attached),
        })
    }

    /// Returns the row of a connection in a part of the tenant, such as `CONV#cnv_..`; null when there is none.
    pub(crate) async fn connection(&self, part: &str, opened: &OpenedConnection) -> Value {
        let prefix = if part == "LIVE" { "" } else { "LIVE#" };
        let sk = format!("{prefix}{}", ticket_id(opened));
        self.row(part, &sk).await
    }
}

impl World {
    /// Issues a ticket, and returns the token in its address.
    pub(crate) async fn ticket(&self, request: &TestRequest) -> String {
        let ticket = self.send("desk-ws-ticket", request).await;
        assert_eq!(ticket.status, 201, "{ticket:?}");
        let url = ticket.body["url"].as_str().unwrap();
        url.split_once("?ticket=").unwrap().1.to_owned()
    }

    /// Lets the authorizer decide. Returns the context of the connection.
    pub(crate) async fn authorize(&self, query: Value) -> Result<Value> {
        let request = authorizer_request(&query);
        let state = self.state("desk-ws-authorize").await;
        let allow = invocation(desk_ws_authorize::handle(state, request)).await?;
        Ok(authorizer_context(allow))
    }

    /// Describes a connection that API Gateway opens with a ticket.
    pub(crate) async fn opening(&self, connection_id: &str, token: &str) -> OpenedConnection {
        let authorizer = self.authorize(json!({ "ticket": token })).await.unwrap();
        OpenedConnection {
            connection_id: connection_id.to_owned(),
            connected_at_ms: self.now().as_millisecond(),
            authorizer,
        }
    }

    /// Calls `$connect`.
    pub(crate) async fn connect(&self, opened: &OpenedConnection) -> Result<()> {
        let state = self.state("desk-ws-presence").await;
        let request = opened.request("$connect", json!({}), b"");
        invocation(desk_ws_presence::handle(state, request)).await
    }

    /// Calls `$disconnect`.
    pub(crate) async fn disconnect(&self, opened: &OpenedConnection) -> Result<()> {
        let state = self.state("desk-ws-presence").await;
        let request = opened.request("$disconnect", json!({}), b"");
        invocation(desk_ws_presence::handle(state, request)).await
    }

    /// Hands a frame of a client to the function.
    pub(crate) async fn frame(&self, opened: &OpenedConnection, frame: &Value) -> Result<()> {
        self.frame_bytes(opened, frame.to_string().as_bytes()).await
    }

    pub(crate) async fn frame_bytes(&self, opened: &OpenedConnection, frame: &[u8]) -> Result<()> {
        let state = self.state("desk-ws-message").await;
        let request = opened.request("$default", json!({}), frame);
        invocation(desk_ws_message::handle(state, request)).await
    }

    /// Broadcasts one batch of jobs of a channel.
    pub(crate) async fn broadcast(&self, jobs: &[Value]) -> Result<()> {
        let state = self.state("desk-ws-broadcast").await;
        let jobs = jobs.iter().map(|job| self.message(job)).collect();
        invocation(desk_ws_broadcast::handle(state, jobs)).await
    }

    /// Broadcasts the jobs that are new on the queue, in batches of one channel, as SQS delivers them.
    pub(crate) async fn deliver_broadcasts(&self) {
        loop {
            let jobs = self.take(BROADCAST_QUEUE);
            if jobs.is_empty() {
                return;
            }
            let mut channels = BTreeMap::<String, Vec<Value>>::new();
            for job in jobs {
                let channel = job["room"].to_string();
                channels.entry(channel).or_default().push(job);
            }
            for batch in channels.values().flat_map(|jobs| jobs.chunks(FIFO_BATCH)) {
                self.broadcast(batch).await.unwrap();
            }
        }
    }

    /// Returns the updates of a kind that were ever queued for a kind of channels, oldest first.
    pub(crate) fn updates(&self, channel: &str, kind: &str) -> Vec<Value> {
        let jobs = self.cloud.queued(BROADCAST_QUEUE).into_iter();
        let jobs = jobs.filter(|job| job["room"]["kind"] == channel);
        let updates = jobs.flat_map(|job| job["news"].as_array().cloned().unwrap_or_default());
        updates.filter(|update| update["kind"] == kind).collect()
    }
}
