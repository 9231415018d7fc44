//! `chat-messages`: reading, posting and deleting messages over REST.

use std::sync::Arc;

use confab_core::Error;
use confab_testkit::{Enumeration, Faults, Scenario, TestRequest, enumerate, send};
use rooms::{State, routes::chat_messages};
use serde_json::json;

use crate::world::{User, World};

#[tokio::test]
async fn posted_messages_are_stored_and_broadcast() {
    let world = World::open().await;
    let posted = world.post(&world.host, "message-0001", "hello").await;
    assert_eq!((posted.status, &posted.body["seq"]), (201, &json!(1)));
    assert_eq!(world.history().await, ["hello"]);
    assert_eq!(world.broadcasts_of("hello"), 1);
}

#[tokio::test]
async fn repeated_posts_are_one_message() {
    let world = World::open().await;
    let first = world.post(&world.host, "message-0001", "hello").await;
    let again = world.post(&world.host, "message-0001", "hello").await;
    assert_eq!((again.status, again.body), (200, first.body));
    assert_eq!(world.history().await, ["hello"]);
}

#[tokio::test]
async fn posts_are_refused_with_a_reason_and_store_nothing() {
    let world = World::open().await;
    let stranger = world.user().await;
    let path = world.messages_path();
    let valid = json!({ "client_msg_id": "message-0001", "text": "hello" });
    let unknown_field =
        json!({ "client_msg_id": "message-0001", "text": "hello", "colour": "red" });
    let cases = [
        (
            TestRequest::post(&path, valid.clone()),
            401,
            "unauthenticated",
        ),
        (
            TestRequest::post(&path, valid.clone()).token("forged.token"),
            401,
            "unauthenticated",
        ),
        (
            TestRequest::post(&path, valid.clone()).token(&stranger.token),
            403,
            "not_a_member",
        ),
        (
            TestRequest::post(&path, unknown_field).token(&world.host.token),
            400,
            "bad_json",
        ),
        (
            TestRequest::post("/api/chats/0000000000/messages/", valid).token(&world.host.token),
            404,
            "room_not_found",
        ),
    ];
    for (request, status, code) in cases {
        let refused = world.messages_request(&request).await;
        assert_eq!(
            (refused.status, &refused.body["code"]),
            (status, &json!(code)),
            "{request:?}"
        );
    }
    assert!(world.history().await.is_empty());
}

#[tokio::test]
async fn only_authors_and_the_host_can_delete() {
    let world = World::open().await;
    let (author, other) = (world.member("Noa").await, world.member("Omer").await);
    world.post(&author, "message-0001", "mine").await;
    let delete = |user: &User| {
        TestRequest::delete(format!("{}1/", world.messages_path())).token(&user.token)
    };
    assert_eq!(world.messages_request(&delete(&other)).await.status, 403);
    assert_eq!(world.history().await, ["mine"]);
    assert_eq!(world.messages_request(&delete(&author)).await.status, 204);
    assert_eq!(
        world.messages_request(&delete(&world.host)).await.status,
        204,
        "deletions are idempotent"
    );
    assert_eq!(world.history().await, [""]);
}

/// A client posts a message, and repeats it until it is answered.
struct Posting {
    world: World,
    state: Arc<State>,
}

impl Scenario for Posting {
    async fn arrange() -> Self {
        let world = World::open().await;
        let state = world
            .state("chat-messages", chat_messages::PARTS)
            .await
            .unwrap();
        Self { world, state }
    }

    fn faults(&self) -> &Faults {
        self.world.cloud.faults()
    }

    async fn act(&self) -> Result<(), Error> {
        let body = json!({ "client_msg_id": "message-0001", "text": "hello" });
        let request = TestRequest::post(self.world.messages_path(), body);
        let request = request.token(&self.world.host.token);
        let clock = self.world.cloud.clock();
        let posted = send(&chat_messages::routes(), &self.state, &clock, &request).await;
        match posted.status {
            200 | 201 => Ok(()),
            status => Err(Error::unavailable("not_posted", status.to_string())),
        }
    }

    async fn check(&self, story: &str) {
        assert_eq!(self.world.history().await, ["hello"], "{story}");
        assert!(
            self.world.broadcasts_of("hello") >= 1,
            "{story}: no broadcast was queued"
        );
    }
}

#[tokio::test]
async fn messages_are_stored_once_and_broadcast_whatever_call_fails() {
    let Enumeration { calls, runs } = enumerate::<Posting>().await;
    println!("{runs} runs over {calls} calls");
    assert!(calls >= 4, "{calls}");
}
