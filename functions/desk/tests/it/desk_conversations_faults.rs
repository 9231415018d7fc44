//! `desk-conversations`: each call of a request fails, and the client repeats the request.

use confab_testkit::{Repeated, TestRequest, enumerate_repeated};
use serde_json::json;

use crate::{
    talk::{GREETING, Talk, path, start_body},
    world::text,
};

struct Start;

impl Repeated for Start {
    type World = Talk;

    const FUNCTION: &'static str = "desk-conversations";
    const SUCCESS: &'static [u16] = &[200, 201];

    async fn arrange() -> (Self, Talk, TestRequest) {
        let talk = Talk::open().await;
        let visitor = talk.visitor().await;
        let body = start_body("conversation-1", Some("a human, please"));
        let request = TestRequest::post("/conversations", body).token(&visitor.token);
        (Self, talk, request)
    }

    async fn check(&self, talk: &Talk, story: &str) {
        let rows = talk.world.rows().await;
        let heads: Vec<_> = rows.iter().filter(|row| row["sk"] == "HEAD").collect();
        assert_eq!(heads.len(), 1, "{story}: one conversation");
        let id = text(heads[0], "id");
        let used = talk.world.row(&talk.workspace.pk("#USE"), "2026-11").await;
        assert_eq!(used["conversations"], 1, "{story}: it is counted once");
        let messages = talk.rows_with(id, "MSG#").await;
        assert_eq!(messages[1]["text"], GREETING, "{story}");
        assert_eq!(messages.len(), 5, "{story}");
        let told = talk.updates("inbox", "head_changed");
        assert!(!told.is_empty(), "{story}: the inbox was told");
    }
}

#[tokio::test]
async fn one_conversation_is_started_whatever_call_fails() {
    let ran = enumerate_repeated::<Start>().await;
    assert!(ran.calls >= 8, "{ran:?}");
}

struct End(String);

impl Repeated for End {
    type World = Talk;

    const FUNCTION: &'static str = "desk-conversations";
    const SUCCESS: &'static [u16] = &[200];

    async fn arrange() -> (Self, Talk, TestRequest) {
        let talk = Talk::open().await;
        let (visitor, agent) = (talk.visitor().await, talk.agent().await);
        let id = talk.start_with_people(&visitor).await;
        let body = json!({ "reason": "resolved", "ask_csat": true });
        let request = TestRequest::put(path(&id, "/end"), body).token(&agent.token);
        (Self(id), talk, request)
    }

    async fn check(&self, talk: &Talk, story: &str) {
        let Self(id) = self;
        let head = talk.head(id).await;
        assert_eq!(head["status"], "closed", "{story}");
        assert_eq!(head["last_seq"], 6, "{story}: it ends once");
        let told = talk.updates("conversation", "ended");
        assert!(!told.is_empty(), "{story}: sockets were told");
        let heads = talk.updates("inbox", "head_changed");
        let is_told = heads
            .iter()
            .any(|update| update["head"] == without_index(&head));
        assert!(is_told, "{story}: the inbox was told");
    }
}

/// Returns a head as it is published: without its place in the indexes, and with what it has not.
fn without_index(head: &serde_json::Value) -> serde_json::Value {
    let mut head = head.clone();
    let fields = head.as_object_mut().unwrap();
    for name in ["pk", "sk", "gpk", "gsk", "dpk", "dsk"] {
        fields.remove(name);
    }
    let head: desk_domain::Head = serde_json::from_value(head).unwrap();
    serde_json::to_value(head).unwrap()
}

#[tokio::test]
async fn conversation_ends_once_whatever_call_fails() {
    let ran = enumerate_repeated::<End>().await;
    assert!(ran.calls >= 4, "{ran:?}");
}

struct Handoff(String);

impl Repeated for Handoff {
    type World = Talk;

    const FUNCTION: &'static str = "desk-conversations";
    const SUCCESS: &'static [u16] = &[200];

    async fn arrange() -> (Self, Talk, TestRequest) {
        let talk = Talk::open().await;
        let visitor = talk.visitor().await;
        let id = talk.start(&visitor, None).await;
        let body = json!({ "to": "human" });
        let request = TestRequest::post(path(&id, "/handoff"), body).token(&visitor.token);
        (Self(id), talk, request)
    }

    async fn check(&self, talk: &Talk, story: &str) {
        let Self(id) = self;
        let head = talk.head(id).await;
        assert_eq!(head["handled_by"], "human", "{story}");
        assert_eq!(head["last_seq"], 3, "{story}: it is handed over once");
        let heads = talk.updates("inbox", "head_changed");
        let is_told = heads
            .iter()
            .any(|update| update["head"] == without_index(&head));
        assert!(is_told, "{story}: the inbox was told");
    }
}

#[tokio::test]
async fn conversation_is_handed_over_once_whatever_call_fails() {
    let ran = enumerate_repeated::<Handoff>().await;
    assert!(ran.calls >= 4, "{ran:?}");
}
