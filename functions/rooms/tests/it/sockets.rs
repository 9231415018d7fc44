//! Connections of clients to rooms.

use std::{ops::Deref, sync::Arc};

use confab_core::{Error, Result, Timestamp, UserId};
use confab_testkit::{
    ClientConnection, OpenedConnection, TestRequest, authorizer_context, authorizer_request,
};
use rooms::workers::{ws_authorize, ws_connect, ws_disconnect, ws_message};
use rooms_domain::RoomCode;
use serde_json::{Value, json};

use crate::world::{User, World, lock};

/// A connection to a room, and all frames that it received.
pub(crate) struct Socket {
    pub(crate) user: UserId,
    pub(crate) room: RoomCode,
    pub(crate) opened: OpenedConnection,
    client: ClientConnection,
}

impl Deref for Socket {
    type Target = ClientConnection;

    fn deref(&self) -> &ClientConnection {
        &self.client
    }
}

impl Socket {
    /// Returns the messages that arrived, posted now or missed before.
    pub(crate) fn messages(&self) -> Vec<Value> {
        let frames = self.frames().into_iter();
        frames
            .flat_map(|frame| frame["messages"].as_array().cloned().unwrap_or_default())
            .collect()
    }

    pub(crate) fn texts(&self) -> Vec<String> {
        let messages = self.messages().into_iter();
        messages
            .map(|message| message["text"].as_str().unwrap().to_owned())
            .collect()
    }

    pub(crate) fn opened_before(&self, at: Timestamp) -> bool {
        self.opened.connected_at_ms <= at.as_millisecond()
    }
}

impl World {
    pub(crate) fn ticket_request(&self, room: RoomCode, user: &User) -> TestRequest {
        TestRequest::post("/api/ws-ticket", json!({ "code": room })).token(&user.token)
    }

    /// Issues a ticket, and returns the token in its address.
    pub(crate) async fn ticket(&self, room: RoomCode, user: &User) -> String {
        let request = self.ticket_request(room, user);
        let ticket = self.send("ws-ticket", &request).await;
        assert_eq!(ticket.status, 201, "{ticket:?}");
        let url = ticket.body["url"].as_str().unwrap();
        url.split_once("?ticket=").unwrap().1.to_owned()
    }

    /// Lets the authorizer decide. Returns the context of the connection.
    pub(crate) async fn authorize(&self, query: Value) -> Result<Value> {
        let state = self.state("ws-authorize").await;
        let allow = ws_authorize::handle(state, authorizer_request(&query)).await?;
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
    pub(crate) async fn call_connect(
        &self,
        opened: &OpenedConnection,
        headers: Value,
    ) -> Result<()> {
        let state = self.state("ws-connect").await;
        ws_connect::handle(state, opened.request("$connect", headers, b"")).await
    }

    /// Opens a connection of a user to the room.
    pub(crate) async fn connect(&self, user: &User) -> Arc<Socket> {
        self.connect_to(self.room, user).await
    }

    pub(crate) async fn connect_to(&self, room: RoomCode, user: &User) -> Arc<Socket> {
        let token = self.ticket(room, user).await;
        let socket = self.attach(room, user, &token).await;
        self.call_connect(&socket.opened, json!({})).await.unwrap();
        socket
    }

    /// Opens a connection with a ticket, and calls no route.
    pub(crate) async fn attach(&self, room: RoomCode, user: &User, token: &str) -> Arc<Socket> {
        let attached = self.cloud.connect("/live").unwrap();
        let socket = Arc::new(Socket {
            user: user.id,
            room,
            opened: self.opening(attached.id(), token).await,
            client: ClientConnection::new(attached),
        });
        lock(&self.sockets).push(socket.clone());
        socket
    }

    /// Stores the connection of a client that has vanished without a word.
    pub(crate) async fn connect_vanished(&self, user: &User) -> OpenedConnection {
        let token = self.ticket(self.room, user).await;
        let opened = self.opening("vanished", &token).await;
        self.call_connect(&opened, json!({})).await.unwrap();
        opened
    }

    /// Hands a frame of a client to the function.
    pub(crate) async fn frame(&self, opened: &OpenedConnection, frame: &Value) -> Result<()> {
        self.frame_bytes(opened, frame.to_string().as_bytes()).await
    }

    pub(crate) async fn frame_bytes(&self, opened: &OpenedConnection, frame: &[u8]) -> Result<()> {
        let state = self.state("ws-message").await;
        ws_message::handle(state, opened.request("$default", json!({}), frame)).await
    }

    /// Calls `$disconnect`.
    pub(crate) async fn disconnect(&self, opened: &OpenedConnection) -> Result<()> {
        let state = self.state("ws-disconnect").await;
        ws_disconnect::handle(state, opened.request("$disconnect", json!({}), b"")).await
    }

    /// Reads the row of a connection; null when there is none.
    pub(crate) async fn connection_row(&self, opened: &OpenedConnection) -> Value {
        let room = opened.authorizer["room"].as_str().unwrap();
        self.row(&format!("LIVE#{room}"), opened.ticket()).await
    }
}

/// A frame that posts a message.
pub(crate) fn message_frame(id: &str, text: &str) -> Value {
    json!({ "type": "message", "client_msg_id": id, "text": text })
}

/// Returns the code of an error.
pub(crate) fn code<T: std::fmt::Debug>(outcome: Result<T>) -> String {
    let error: Error = outcome.unwrap_err();
    error.code().to_owned()
}
