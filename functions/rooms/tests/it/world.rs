//! A cloud with one room, its host and its members, and the routes of rooms over it.

use std::sync::Arc;

use confab_lambda::{Router, StartError};
use confab_testkit::{Cloud, TestClock, TestRequest, TestResponse, send};
use rooms::{
    Part, State,
    routes::{chat_join, chat_messages, chats, rooms_sessions},
};
use serde_json::{Value, json};

pub(crate) struct World {
    pub(crate) cloud: Cloud,
    clock: TestClock,
    pub(crate) room: String,
    pub(crate) host: User,
}

/// A user with a session.
#[derive(Debug, Clone)]
pub(crate) struct User {
    pub(crate) token: String,
}

impl World {
    /// Opens a cloud, and creates a public room.
    pub(crate) async fn open() -> Self {
        let cloud = Cloud::open().await;
        let clock = cloud.clock();
        let mut world = Self {
            cloud,
            clock,
            room: String::new(),
            host: User {
                token: String::new(),
            },
        };
        world.host = world.user().await;
        let new = json!({ "name": "Roof at dusk", "username": "Dana" });
        let request = TestRequest::post("/api/chats/create/", new).token(&world.host.token);
        let created = world
            .send("chats", chats::PARTS, chats::routes(), &request)
            .await;
        assert_eq!(created.status, 201, "{created:?}");
        world.room = created.body["code"].as_str().unwrap_or_default().to_owned();
        world
    }

    pub(crate) async fn state(
        &self,
        function: &str,
        parts: &[Part],
    ) -> Result<Arc<State>, StartError> {
        State::new(self.cloud.platform(function), parts)
            .await
            .map(Arc::new)
    }

    /// Sends a request to a function that has exactly the parts, variables and permissions that it has on AWS.
    pub(crate) async fn send(
        &self,
        function: &str,
        parts: &[Part],
        routes: Router<State>,
        request: &TestRequest,
    ) -> TestResponse {
        let state = self.state(function, parts).await.unwrap();
        send(&routes, &state, &self.clock, request).await
    }

    /// Creates a user with a session.
    pub(crate) async fn user(&self) -> User {
        let request = TestRequest::post("/api/sessions/", json!({}));
        let session = self
            .send(
                "rooms-sessions",
                rooms_sessions::PARTS,
                rooms_sessions::routes(),
                &request,
            )
            .await;
        assert_eq!(session.status, 201, "{session:?}");
        User {
            token: session.body["token"]
                .as_str()
                .unwrap_or_default()
                .to_owned(),
        }
    }

    /// Lets a new user join the room.
    pub(crate) async fn member(&self, username: &str) -> User {
        let user = self.user().await;
        let path = format!("/api/chats/{}/join/", self.room);
        let request = TestRequest::post(path, json!({ "username": username })).token(&user.token);
        let joined = self
            .send("chat-join", chat_join::PARTS, chat_join::routes(), &request)
            .await;
        assert_eq!(joined.status, 200, "{joined:?}");
        user
    }

    pub(crate) async fn messages_request(&self, request: &TestRequest) -> TestResponse {
        self.send(
            "chat-messages",
            chat_messages::PARTS,
            chat_messages::routes(),
            request,
        )
        .await
    }

    pub(crate) fn messages_path(&self) -> String {
        format!("/api/chats/{}/messages/", self.room)
    }

    pub(crate) async fn post(&self, user: &User, id: &str, text: &str) -> TestResponse {
        let body = json!({ "client_msg_id": id, "text": text });
        let request = TestRequest::post(self.messages_path(), body).token(&user.token);
        self.messages_request(&request).await
    }

    /// The texts of the room's history, oldest first.
    pub(crate) async fn history(&self) -> Vec<Value> {
        let request = TestRequest::get(self.messages_path()).token(&self.host.token);
        let page = self.messages_request(&request).await;
        assert_eq!(page.status, 200, "{page:?}");
        let messages = page.body["messages"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        messages
            .iter()
            .map(|message| message["text"].clone())
            .collect()
    }

    /// News on the broadcast queue that carry a message with this text.
    pub(crate) fn broadcasts_of(&self, text: &str) -> usize {
        let env = self.cloud.env("chat-messages");
        let queued = self
            .cloud
            .queued(env.required("CONFAB_BROADCAST_QUEUE_URL").unwrap());
        let news = queued
            .iter()
            .flat_map(|job| job["news"].as_array().into_iter().flatten());
        news.filter(|news| news["message"]["text"] == text).count()
    }
}
