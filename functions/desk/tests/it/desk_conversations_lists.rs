//! `desk-conversations`: the views of the inbox, and the history of visitors.

use confab_lambda::OsEntropy;
use confab_testkit::{Call, TestRequest};
use desk_domain::{ConversationId, Role};
use serde_json::json;

use crate::{
    talk::{Agent, Talk, UNKNOWN_VISITOR, Visitor, ids, note_body},
    world::text,
};

async fn listed(talk: &Talk, agent: &Agent, query: &str) -> Vec<String> {
    let request = TestRequest::get(format!("/conversations{query}"));
    ids(&talk.conversations(&agent.token, request).await)
}

/// Starts conversations of a visitor ten seconds apart, which are handed to people.
async fn waiting(talk: &Talk, visitor: &Visitor, count: usize) -> Vec<String> {
    let mut started = Vec::new();
    for _ in 0..count {
        started.push(talk.start_with_people(visitor).await);
        talk.world.advance(10);
    }
    started
}

#[tokio::test]
async fn each_view_shows_its_conversations() {
    let talk = Talk::open().await;
    let (visitor, agent, other) = (talk.visitor().await, talk.agent().await, talk.agent().await);
    let bot = talk.start(&visitor, None).await;
    let [mine, theirs, free, asleep, over] =
        <[String; 5]>::try_from(waiting(&talk, &visitor, 5).await).unwrap();
    talk.patch(&agent.token, &mine, json!({ "assignee": agent.id }))
        .await;
    talk.patch(&agent.token, &theirs, json!({ "assignee": other.id }))
        .await;
    let until = confab_core::after(talk.world.now(), std::time::Duration::from_secs(3_600));
    let snoozed = talk
        .patch(&agent.token, &asleep, json!({ "snooze_until": until }))
        .await;
    assert_eq!(snoozed.status, 200, "{snoozed:?}");
    talk.end(&agent.token, &over, "resolved").await;
    let mut note = note_body("message-0001", "look");
    note["mentions"] = json!([agent.id]);
    talk.post(&other.token, &over, note).await;
    let view = async |name: &str| listed(&talk, &agent, &format!("?view={name}")).await;
    assert_eq!(view("mine").await, std::slice::from_ref(&mine));
    assert_eq!(view("unassigned").await, std::slice::from_ref(&free));
    assert_eq!(view("all").await, [free.clone(), theirs.clone(), mine]);
    assert_eq!(view("bot").await, [bot]);
    assert_eq!(view("snoozed").await, [asleep]);
    assert_eq!(view("closed").await, std::slice::from_ref(&over));
    assert_eq!(view("mentions").await, [over]);
    assert_eq!(listed(&talk, &other, "?view=mine").await, [theirs]);
    assert_eq!(listed(&talk, &other, "?view=mentions").await.len(), 0);
}

async fn counts(talk: &Talk, agent: &Agent) -> Vec<(String, u64, bool)> {
    let request = TestRequest::get("/conversations/counts");
    let counted = talk.conversations(&agent.token, request).await;
    assert_eq!(counted.status, 200, "{counted:?}");
    let items = counted.body["items"].as_array().unwrap().iter();
    let items = items.map(|item| {
        (
            text(item, "view").to_owned(),
            item["count"].as_u64().unwrap(),
            item["has_more"].as_bool().unwrap(),
        )
    });
    items.collect()
}

#[tokio::test]
async fn views_are_counted_for_each_agent() {
    let talk = Talk::open().await;
    let (visitor, agent, other) = (talk.visitor().await, talk.agent().await, talk.agent().await);
    talk.start(&visitor, None).await;
    let [mine, theirs, _, asleep, over] =
        <[String; 5]>::try_from(waiting(&talk, &visitor, 5).await).unwrap();
    for (id, assignee) in [(&mine, agent.id), (&theirs, other.id)] {
        let patched = talk.patch(&agent.token, id, json!({ "assignee": assignee }));
        assert_eq!(patched.await.status, 200);
    }
    let until = confab_core::after(talk.world.now(), std::time::Duration::from_secs(3_600));
    talk.patch(&agent.token, &asleep, json!({ "snooze_until": until }))
        .await;
    let mut note = note_body("message-0001", "look");
    note["mentions"] = json!([agent.id]);
    talk.post(&other.token, &over, note).await;
    talk.end(&agent.token, &over, "resolved").await;
    let expected = |mine: u64, mentions: u64| {
        [
            ("mine", mine),
            ("unassigned", 1),
            ("all", 3),
            ("bot", 1),
            ("snoozed", 1),
            ("mentions", mentions),
        ]
        .map(|(view, count)| (view.to_owned(), count, false))
    };
    assert_eq!(counts(&talk, &agent).await, expected(1, 1));
    assert_eq!(counts(&talk, &other).await, expected(1, 0));
    let viewer = talk.member("Vera", Role::Viewer).await;
    let stranger = talk.stranger().await;
    assert!(
        counts(&talk, &stranger)
            .await
            .iter()
            .all(|(_, count, _)| *count == 0),
        "another workspace has its own"
    );
    let get = |token: &str| TestRequest::get("/conversations/counts").token(token);
    let key = talk
        .world
        .bot_key(&talk.workspace, &["conversations:read"], &[])
        .await;
    let cases = [
        (get(&visitor.token), 403, "forbidden"),
        (get(&viewer.token), 403, "forbidden"),
        (get(&key), 403, "forbidden"),
        (
            TestRequest::get("/conversations/counts"),
            401,
            "unauthenticated",
        ),
    ];
    talk.world.assert_refused("desk-conversations", cases).await;
}

#[tokio::test]
async fn many_conversations_are_counted_up_to_a_bound_and_none_is_read() {
    let talk = Talk::open().await;
    let agent = talk.agent().await;
    let list = talk.workspace.pk("#INBOX#bot#-");
    for number in 0..101 {
        let id = ConversationId::new(talk.world.now(), &OsEntropy);
        let row = json!({ "gpk": list, "gsk": format!("{number:012}#{id}") });
        let pk = talk.conversation_pk(&id.to_string());
        talk.world.put(&pk, "HEAD", &row).await;
    }
    talk.world.state("desk-conversations").await;
    talk.world.cloud.faults().clear();
    let counted = counts(&talk, &agent).await;
    assert!(
        counted.contains(&("bot".to_owned(), 100, true)),
        "{counted:?}"
    );
    let calls = talk.world.cloud.faults().calls();
    let is_read = |call: &&Call| call.0.ends_with(".BatchGetItem") || call.0.ends_with(".Scan");
    assert_eq!(calls.iter().find(is_read), None);
    assert!(calls.len() < 12, "{calls:?}");
}

#[tokio::test]
async fn filters_narrow_a_view() {
    let talk = Talk::open().await;
    let (visitor, agent) = (talk.visitor().await, talk.agent().await);
    let found = waiting(&talk, &visitor, 3).await;
    talk.patch(&agent.token, &found[0], json!({ "tags": ["vip"] }))
        .await;
    talk.patch(&agent.token, &found[1], json!({ "assignee": agent.id }))
        .await;
    let first = [found[0].clone()];
    assert_eq!(listed(&talk, &agent, "?tag=VIP").await, first);
    let assigned = format!("?assignee={}", agent.id);
    assert_eq!(listed(&talk, &agent, &assigned).await, [found[1].clone()]);
    assert_eq!(listed(&talk, &agent, "?q=human+plea").await.len(), 3);
    assert_eq!(listed(&talk, &agent, "?q=refund").await.len(), 0);
    let bot = format!("?bot={}&tag=vip", talk.bot.id);
    assert_eq!(listed(&talk, &agent, &bot).await, first);
    let get = |query: &str| {
        let request = TestRequest::get(format!("/conversations?{query}"));
        request.token(&agent.token)
    };
    let long = format!("q={}", "x".repeat(201));
    let cases = [
        (get("view=secret"), 400, "bad_query"),
        (get("bot=x"), 400, "bad_query"),
        (get("limit=0"), 400, "bad_limit"),
        (get("limit=101"), 400, "bad_limit"),
        (get(&long), 400, "bad_query"),
        (get("after=x"), 400, "bad_cursor"),
        (get("").token(&visitor.token), 403, "forbidden"),
    ];
    talk.world.assert_refused("desk-conversations", cases).await;
}

#[tokio::test]
async fn pages_continue_their_own_list_only() {
    let talk = Talk::open().await;
    let (visitor, agent) = (talk.visitor().await, talk.agent().await);
    let mut started = waiting(&talk, &visitor, 5).await;
    // In two partitions, which are merged.
    talk.patch(&agent.token, &started[1], json!({ "assignee": agent.id }))
        .await;
    started.reverse();
    let (mut seen, mut after, mut pages) = (Vec::new(), String::new(), 0);
    loop {
        let request = TestRequest::get(format!("/conversations?limit=2{after}"));
        let page = talk.conversations(&agent.token, request).await;
        seen.extend(ids(&page));
        pages += 1;
        match page.body["next"].as_str() {
            Some(next) => after = format!("&after={next}"),
            None => break,
        }
    }
    assert_eq!((seen, pages), (started, 3));
    let first = TestRequest::get("/conversations?limit=2");
    let first = talk.conversations(&agent.token, first).await;
    let cursor = first.body["next"].as_str().unwrap();
    let get = |query: &str| TestRequest::get(format!("/conversations?{query}after={cursor}"));
    let (stranger, other) = (talk.stranger().await, talk.agent().await);
    let cases = [
        (get("view=bot&").token(&agent.token), 400, "bad_cursor"),
        (get("tag=vip&").token(&agent.token), 400, "bad_cursor"),
        (get("").token(&other.token), 400, "bad_cursor"),
        (get("").token(&stranger.token), 400, "bad_cursor"),
    ];
    talk.world.assert_refused("desk-conversations", cases).await;
}

#[tokio::test]
async fn history_is_the_visitors_own_and_the_agents_all() {
    let talk = Talk::open().await;
    let (visitor, other, agent) = (
        talk.visitor().await,
        talk.visitor().await,
        talk.agent().await,
    );
    let mut own = waiting(&talk, &visitor, 3).await;
    own.reverse();
    let theirs = waiting(&talk, &other, 1).await;
    let history = |visitor: &str, query: &str| {
        TestRequest::get(format!("/conversations/visitor/{visitor}{query}"))
    };
    let mine = talk
        .conversations(&visitor.token, history(&visitor.id, ""))
        .await;
    assert_eq!(ids(&mine), own);
    assert!(mine.body["items"][0].get("subject").is_none(), "{mine:?}");
    let page = talk
        .conversations(&visitor.token, history(&visitor.id, "?limit=2"))
        .await;
    assert_eq!(ids(&page), own[..2]);
    let next = format!("?after={}", page.body["next"].as_str().unwrap());
    let rest = talk
        .conversations(&visitor.token, history(&visitor.id, &next))
        .await;
    assert_eq!(ids(&rest), own[2..]);
    assert!(rest.body["next"].is_null());
    // An unverified visitor sees nothing of those who were merged into the contact, but agents do.
    let merge = TestRequest::post(
        format!("/contacts/{}/merge", other.id),
        json!({ "into": visitor.id }),
    );
    let merged = talk.contacts(&agent.token, merge).await;
    assert_eq!(merged.status, 200, "{merged:?}");
    let mine = talk
        .conversations(&visitor.token, history(&visitor.id, ""))
        .await;
    assert_eq!(ids(&mine), own);
    let all = talk
        .conversations(&agent.token, history(&visitor.id, ""))
        .await;
    assert_eq!(ids(&all), [theirs, own].concat());
    let stranger = talk.stranger().await;
    let unknown = "visitor_not_found";
    let cases = [
        (history(&other.id, "").token(&visitor.token), 404, unknown),
        (
            history(UNKNOWN_VISITOR, "").token(&visitor.token),
            404,
            unknown,
        ),
        (
            history(UNKNOWN_VISITOR, "").token(&agent.token),
            404,
            unknown,
        ),
        (
            history(&visitor.id, "").token(&stranger.token),
            404,
            unknown,
        ),
        (
            history(&visitor.id, &next).token(&stranger.token),
            400,
            "bad_cursor",
        ),
    ];
    talk.world.assert_refused("desk-conversations", cases).await;
}

#[tokio::test]
async fn verified_visitor_goes_on_in_what_was_joined() {
    let talk = Talk::open().await;
    let (visitor, agent) = (talk.visitor().await, talk.agent().await);
    let id = talk.start_with_people(&visitor).await;
    let secret = talk
        .world
        .identity_secret(&talk.workspace, talk.bot.id)
        .await;
    let session = talk.world.verified_session(&talk.bot, &secret, "7").await;
    let verified = Visitor::of(&session);
    let before = talk.show(&verified.token, &id).await;
    assert_eq!(before.status, 404, "{before:?}");
    let merge = TestRequest::post(
        format!("/contacts/{}/merge", visitor.id),
        json!({ "into": verified.id }),
    );
    talk.contacts(&agent.token, merge).await;
    assert_eq!(talk.show(&verified.token, &id).await.status, 200);
    let body = crate::talk::message_body("message-0001", "it is me");
    let posted = talk.post(&verified.token, &id, body.clone()).await;
    assert_eq!(posted.status, 201, "{posted:?}");
    let again = talk.post(&verified.token, &id, body).await;
    assert_eq!((again.status, again.body), (200, posted.body));
    talk.check(&id, "a joined conversation").await;
}
