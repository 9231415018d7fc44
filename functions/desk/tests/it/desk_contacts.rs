//! `desk-contacts`: the visitors as agents see them.

use confab_testkit::{Repeated, TestRequest, enumerate_repeated};
use desk_domain::Role;
use serde_json::{Value, json};

use crate::{
    talk::{Agent, Talk, UNKNOWN_VISITOR, Visitor, ids, message_body, start_body},
    world::text,
};

fn contact_path(id: &str, rest: &str) -> String {
    format!("/contacts/{id}{rest}")
}

fn merge(id: &str, into: &str) -> TestRequest {
    TestRequest::post(contact_path(id, "/merge"), json!({ "into": into }))
}

fn block(id: &str, is_blocked: bool) -> TestRequest {
    let body = json!({ "is_blocked": is_blocked });
    TestRequest::post(contact_path(id, "/block"), body)
}

/// Names a visitor. Returns the contact.
async fn name(talk: &Talk, agent: &Agent, visitor: &Visitor, name: &str) -> Value {
    let shown = talk
        .contacts(
            &agent.token,
            TestRequest::get(contact_path(&visitor.id, "")),
        )
        .await;
    let body = json!({ "version": shown.body["version"], "name": name });
    let request = TestRequest::patch(contact_path(&visitor.id, ""), body);
    let named = talk.contacts(&agent.token, request).await;
    assert_eq!(named.status, 200, "{named:?}");
    named.body
}

async fn audited(talk: &Talk, action: &str) -> usize {
    let rows = talk
        .world
        .partition(&talk.workspace.pk("#AUDIT#2026-11"))
        .await;
    rows.iter().filter(|row| row["action"] == action).count()
}

#[tokio::test]
async fn known_contacts_are_listed_and_found() {
    let talk = Talk::open().await;
    let agent = talk.agent().await;
    let mut visitors = Vec::new();
    for (number, known) in ["Dana", "Noa", ""].into_iter().enumerate() {
        let visitor = talk.visitor().await;
        if !known.is_empty() {
            name(&talk, &agent, &visitor, known).await;
        }
        visitors.push(visitor);
        talk.world.advance(60 * (number as u64 + 1));
    }
    let list = async |query: &str| {
        let request = TestRequest::get(format!("/contacts{query}"));
        talk.contacts(&agent.token, request).await
    };
    let (dana, noa) = (visitors[0].id.clone(), visitors[1].id.clone());
    assert_eq!(ids(&list("").await), [noa.clone(), dana.clone()]);
    assert_eq!(ids(&list("?q=dan").await), std::slice::from_ref(&dana));
    assert_eq!(ids(&list("?q=eve").await).len(), 0);
    let first = list("?limit=1").await;
    assert_eq!(ids(&first), [noa]);
    let next = first.body["next"].as_str().unwrap();
    let second = list(&format!("?limit=1&after={next}")).await;
    assert_eq!(ids(&second), [dana]);
    assert!(second.body["next"].is_null(), "{second:?}");
    let get = |query: &str| TestRequest::get(format!("/contacts?{query}"));
    let continued = get(&format!("q=dana&after={next}"));
    let (stranger, viewer) = (talk.stranger().await, talk.member("Vi", Role::Viewer).await);
    let foreign = get(&format!("after={next}"));
    let cases = [
        (continued.token(&agent.token), 400, "bad_cursor"),
        (foreign.token(&stranger.token), 400, "bad_cursor"),
        (get("limit=0").token(&agent.token), 400, "bad_limit"),
        (get("").token(&viewer.token), 403, "forbidden"),
        (get("").token(&visitors[0].token), 401, "unauthenticated"),
        (get(""), 401, "unauthenticated"),
    ];
    talk.world.assert_refused("desk-contacts", cases).await;
}

#[tokio::test]
async fn changes_apply_to_the_version_that_the_agent_saw() {
    let talk = Talk::open().await;
    let (visitor, agent) = (talk.visitor().await, talk.agent().await);
    let named = name(&talk, &agent, &visitor, "Dana").await;
    assert_eq!(named["name"], "Dana");
    assert_eq!(audited(&talk, "contact.changed").await, 1);
    let patch = |body: Value| TestRequest::patch(contact_path(&visitor.id, ""), body);
    let version = named["version"].clone();
    let stranger = talk.stranger().await;
    let stale = json!({ "version": 1, "name": "Eve" });
    let with = |name: &str, value: &str| json!({ "version": version, name: value });
    let unknown = TestRequest::patch(contact_path(UNKNOWN_VISITOR, ""), with("name", "x"));
    let missing = "contact_not_found";
    let cases = [
        (patch(stale).token(&agent.token), 409, "changed_meanwhile"),
        (
            patch(with("email", "dana")).token(&agent.token),
            400,
            "bad_email",
        ),
        (
            patch(with("phone", "x")).token(&agent.token),
            400,
            "bad_phone",
        ),
        (
            patch(with("colour", "red")).token(&agent.token),
            400,
            "bad_json",
        ),
        (
            patch(with("name", "x")).token(&stranger.token),
            404,
            missing,
        ),
        (unknown.token(&agent.token), 404, missing),
        (
            TestRequest::get(contact_path("vis_x", "")).token(&agent.token),
            404,
            missing,
        ),
    ];
    talk.world.assert_refused("desk-contacts", cases).await;
}

#[tokio::test]
async fn merged_contacts_are_one_for_agents() {
    let talk = Talk::open().await;
    let (first, second) = (talk.visitor().await, talk.visitor().await);
    let agent = talk.agent().await;
    name(&talk, &agent, &first, "Dana").await;
    for _ in 0..2 {
        let merged = talk
            .contacts(&agent.token, merge(&first.id, &second.id))
            .await;
        assert_eq!(merged.status, 200, "{merged:?}");
        assert_eq!(merged.body["merged"], json!([first.id]));
        assert_eq!(merged.body["name"], "Dana");
    }
    assert_eq!(audited(&talk, "contact.merged").await, 1);
    let listed = talk
        .contacts(&agent.token, TestRequest::get("/contacts"))
        .await;
    assert_eq!(ids(&listed), std::slice::from_ref(&second.id));
    let secret = talk
        .world
        .identity_secret(&talk.workspace, talk.bot.id)
        .await;
    let session = talk.world.verified_session(&talk.bot, &secret, "7").await;
    let verified = Visitor::of(&session);
    let stranger = talk.stranger().await;
    let missing = "contact_not_found";
    let third = talk.visitor().await;
    let cases = [
        (
            merge(&third.id, &third.id).token(&agent.token),
            409,
            "same_contact",
        ),
        (
            merge(&first.id, &third.id).token(&agent.token),
            409,
            "already_merged",
        ),
        (
            merge(&verified.id, &third.id).token(&agent.token),
            409,
            "verified_contact",
        ),
        (
            merge(&third.id, UNKNOWN_VISITOR).token(&agent.token),
            404,
            missing,
        ),
        (
            merge(&third.id, &second.id).token(&stranger.token),
            404,
            missing,
        ),
    ];
    talk.world.assert_refused("desk-contacts", cases).await;
}

#[tokio::test]
async fn blocked_visitor_writes_nothing_until_the_block_is_lifted() {
    let talk = Talk::open().await;
    let (visitor, agent) = (talk.visitor().await, talk.agent().await);
    let open = talk.start_with_people(&visitor).await;
    let bot = talk.start(&visitor, None).await;
    for _ in 0..2 {
        let blocked = talk.contacts(&agent.token, block(&visitor.id, true)).await;
        assert_eq!(blocked.status, 200, "{blocked:?}");
        assert!(blocked.body["blocked_at"].is_string());
    }
    assert_eq!(audited(&talk, "contact.blocked").await, 1);
    for id in [&open, &bot] {
        let head = talk.head(id).await;
        assert_eq!(
            (&head["status"], &head["ended"]["reason"]),
            (&json!("closed"), &json!("spam"))
        );
        assert_eq!(head["visitor"]["is_blocked"], true);
    }
    let removed = talk.updates("visitor", "removed");
    assert_eq!(removed.len(), 1, "SQS drops the copy");
    assert_eq!(removed[0]["reason"], "blocked");
    let body = message_body("message-0001", "hello");
    let posted = talk.post(&visitor.token, &open, body).await;
    assert_eq!((posted.status, posted.code()), (403, "blocked"));
    let start = TestRequest::post("/conversations", start_body("conversation-9", None));
    let started = talk.conversations(&visitor.token, start).await;
    assert_eq!((started.status, started.code()), (403, "blocked"));
    let lifted = talk.contacts(&agent.token, block(&visitor.id, false)).await;
    assert!(lifted.body["blocked_at"].is_null(), "{lifted:?}");
    talk.say(&visitor.token, &open, "I am sorry").await;
    assert_eq!(talk.head(&open).await["status"], "open");
}

#[tokio::test]
async fn block_reaches_all_visitors_of_a_contact() {
    let talk = Talk::open().await;
    let (first, second) = (talk.visitor().await, talk.visitor().await);
    let agent = talk.agent().await;
    let id = talk.start_with_people(&first).await;
    talk.contacts(&agent.token, merge(&first.id, &second.id))
        .await;
    let blocked = talk.contacts(&agent.token, block(&second.id, true)).await;
    assert_eq!(blocked.status, 200, "{blocked:?}");
    let posted = talk
        .post(&first.token, &id, message_body("message-0001", "hello"))
        .await;
    assert_eq!((posted.status, posted.code()), (403, "blocked"));
}

struct Block(Visitor, String);

impl Repeated for Block {
    type World = Talk;

    const FUNCTION: &'static str = "desk-contacts";
    const SUCCESS: &'static [u16] = &[200];

    async fn arrange() -> (Self, Talk, TestRequest) {
        let talk = Talk::open().await;
        let (visitor, agent) = (talk.visitor().await, talk.agent().await);
        let id = talk.start_with_people(&visitor).await;
        let request = block(&visitor.id, true).token(&agent.token);
        (Self(visitor, id), talk, request)
    }

    async fn check(&self, talk: &Talk, story: &str) {
        let Self(visitor, id) = self;
        let pk = talk.workspace.pk(&format!("#VIS#{}", visitor.id));
        let contact = talk.world.row(&pk, "VISITOR").await;
        assert!(!text(&contact, "blocked_at").is_empty(), "{story}");
        assert_eq!(audited(talk, "contact.blocked").await, 1, "{story}");
        assert_eq!(talk.head(id).await["status"], "closed", "{story}");
        let removed = talk.updates("visitor", "removed");
        assert!(!removed.is_empty(), "{story}: the sockets are closed");
    }
}

#[tokio::test]
async fn visitor_is_blocked_whatever_call_fails() {
    enumerate_repeated::<Block>().await;
}
