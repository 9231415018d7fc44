//! `desk-conversations`: starting, showing and changing conversations.

use confab_testkit::TestRequest;
use desk_domain::Role;
use serde_json::{Value, json};

use crate::{
    talk::{
        GREETING, HANDOFF, Talk, UNKNOWN_CONVERSATION, UNKNOWN_VISITOR, note_body, path,
        start_body, texts,
    },
    world::text,
};

fn start_request(token: &str, body: Value) -> TestRequest {
    TestRequest::post("/conversations", body).token(token)
}

#[tokio::test]
async fn visitor_starts_a_conversation_and_the_bot_greets() {
    let talk = Talk::open().await;
    let visitor = talk.visitor().await;
    let body = start_body("conversation-1", Some("what is love?"));
    let started = talk
        .conversations(&visitor.token, TestRequest::post("/conversations", body))
        .await;
    assert_eq!(started.status, 201, "{started:?}");
    assert_eq!(started.body["handled_by"], "bot");
    assert_eq!(started.body["may_write"], true);
    assert!(started.body.get("assignee").is_none(), "{started:?}");
    let id = text(&started.body, "id");
    let page = talk.page(&visitor.token, id, "").await;
    let texts = texts(&page);
    assert_eq!(texts[..3], ["[started]", GREETING, "what is love?"]);
    assert_eq!(texts.len(), 4, "the bot has answered");
    let used = talk.world.row(&talk.workspace.pk("#USE"), "2026-11").await;
    assert_eq!(used["conversations"], 1);
    talk.check(id, "a start").await;
}

#[tokio::test]
async fn same_client_id_is_the_same_conversation() {
    let talk = Talk::open().await;
    let (visitor, other) = (talk.visitor().await, talk.visitor().await);
    let body = || start_body("conversation-1", Some("hello"));
    let start = async |token: &str| {
        let request = TestRequest::post("/conversations", body());
        talk.conversations(token, request).await
    };
    // Both tabs of a browser start at once.
    let (first, second) = tokio::join!(start(&visitor.token), start(&visitor.token));
    let mut statuses = [first.status, second.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 201]);
    let again = start(&visitor.token).await;
    assert_eq!(again.status, 200, "{again:?}");
    for answer in [&second, &again] {
        assert_eq!(answer.body["id"], first.body["id"]);
    }
    let theirs = start(&other.token).await;
    assert_eq!(theirs.status, 201, "ids are a visitor's own");
    let used = talk.world.row(&talk.workspace.pk("#USE"), "2026-11").await;
    assert_eq!(used["conversations"], 2);
    let rows = talk.world.rows().await;
    let heads = rows.iter().filter(|row| row["sk"] == "HEAD");
    assert_eq!(heads.count(), 2);
}

#[tokio::test]
async fn starts_are_refused_with_a_reason_and_store_nothing() {
    let talk = Talk::open().await;
    let (visitor, agent) = (talk.visitor().await, talk.agent().await);
    let viewer = talk.member("Vi", Role::Viewer).await;
    let foreign = talk.world.workspace().await;
    let foreign_bot = talk.world.deployed_bot(&foreign).await;
    let with = |name: &str, value: Value| {
        let mut body = start_body("conversation-1", None);
        body[name] = value;
        body
    };
    let own = |name: &str, value: Value| start_request(&visitor.token, with(name, value));
    let staff = |name: &str, value: Value| start_request(&agent.token, with(name, value));
    let short = json!({ "client_msg_id": "x", "text": "hi" });
    let cases = [
        (
            TestRequest::post("/conversations", start_body("conversation-1", None)),
            401,
            "unauthenticated",
        ),
        (own("client_conv_id", json!("x")), 400, "bad_client_conv_id"),
        (own("colour", json!("red")), 400, "bad_json"),
        (own("message", short), 400, "bad_client_msg_id"),
        (
            own("bot_id", json!(foreign_bot.id)),
            404,
            "chatbot_not_found",
        ),
        (
            own("visitor_id", json!(UNKNOWN_VISITOR)),
            404,
            "visitor_not_found",
        ),
        (own("contact", json!({ "name": "Eve" })), 403, "forbidden"),
        (own("prechat", json!({ "age": "7" })), 400, "bad_prechat"),
        (staff("prechat", json!({})), 400, "contact_required"),
        (
            staff("visitor_id", json!(UNKNOWN_VISITOR)),
            404,
            "contact_not_found",
        ),
        (
            start_request(&viewer.token, with("visitor_id", json!(visitor.id))),
            403,
            "forbidden",
        ),
    ];
    talk.world.assert_refused("desk-conversations", cases).await;
    let mut foreign_start = with("visitor_id", json!(visitor.id));
    foreign_start["bot_id"] = json!(foreign_bot.id);
    let cases = [(
        start_request(&agent.token, foreign_start),
        404,
        "chatbot_not_found",
    )];
    talk.world.assert_refused("desk-conversations", cases).await;
}

#[tokio::test]
async fn visitor_starts_fifty_conversations_a_day() {
    let talk = Talk::open().await;
    let visitor = talk.visitor().await;
    for _ in 0..50 {
        talk.start(&visitor, None).await;
        talk.world.advance(1);
    }
    let body = start_body("one-too-many", None);
    let cases = [(
        start_request(&visitor.token, body),
        429,
        "too_many_conversations",
    )];
    talk.world.assert_refused("desk-conversations", cases).await;
    talk.world.advance(86_400);
    talk.start(&visitor, None).await;
}

#[tokio::test]
async fn conversations_are_limited_by_the_plan() {
    let talk = Talk::open().await;
    let visitor = talk.visitor().await;
    let pk = talk.workspace.pk("#USE");
    talk.world
        .put(&pk, "2026-11", &json!({ "conversations": 500 }))
        .await;
    let body = start_body("conversation-1", None);
    let cases = [(start_request(&visitor.token, body), 402, "limit_reached")];
    talk.world.assert_refused("desk-conversations", cases).await;
}

#[tokio::test]
async fn agent_begins_with_a_contact() {
    let talk = Talk::open().await;
    let agent = talk.agent().await;
    let mut body = start_body("conversation-1", Some("Your parcel is here"));
    body["contact"] = json!({ "name": "Dana", "email": "dana@shop.example" });
    let started = talk
        .conversations(
            &agent.token,
            TestRequest::post("/conversations", body.clone()),
        )
        .await;
    assert_eq!(started.status, 201, "{started:?}");
    assert_eq!(
        (&started.body["status"], &started.body["assignee"]),
        (&json!("open"), &json!(agent.id))
    );
    let id = text(&started.body, "id");
    let visitor = text(&started.body["visitor"], "id");
    let pk = talk.workspace.pk(&format!("#VIS#{visitor}"));
    let contact = talk.world.row(&pk, "VISITOR").await;
    assert_eq!(contact["email"], "dana@shop.example");
    talk.check(id, "an agent's start").await;
    let again = talk
        .conversations(&agent.token, TestRequest::post("/conversations", body))
        .await;
    assert_eq!(
        (again.status, &again.body["id"]),
        (200, &started.body["id"])
    );
    let rows = talk.world.rows().await;
    let contacts = rows.iter().filter(|row| row["sk"] == "VISITOR");
    assert_eq!(contacts.count(), 1);
}

#[tokio::test]
async fn agents_see_the_head_and_visitors_what_concerns_them() {
    let talk = Talk::open().await;
    let (visitor, other) = (talk.visitor().await, talk.visitor().await);
    let (agent, stranger) = (talk.agent().await, talk.stranger().await);
    let id = talk.start_with_people(&visitor).await;
    let head = talk.show(&agent.token, &id).await;
    assert_eq!(head.status, 200, "{head:?}");
    assert_eq!(head.body["subject"], "a human, please");
    let seen = talk.show(&visitor.token, &id).await;
    assert_eq!(seen.status, 200, "{seen:?}");
    for hidden in ["subject", "tags", "assignee", "version"] {
        assert!(seen.body.get(hidden).is_none(), "{seen:?}");
    }
    let get = |id: &str| TestRequest::get(path(id, ""));
    let hidden = "conversation_not_found";
    let cases = [
        (get(&id), 401, "unauthenticated"),
        (get(&id).token(&other.token), 404, hidden),
        (get(&id).token(&stranger.token), 404, hidden),
        (get(UNKNOWN_CONVERSATION).token(&agent.token), 404, hidden),
        (get(UNKNOWN_CONVERSATION).token(&visitor.token), 404, hidden),
        (get("cnv_x").token(&agent.token), 404, hidden),
    ];
    talk.world.assert_refused("desk-conversations", cases).await;
}

#[tokio::test]
async fn key_of_bots_finds_no_start_that_its_maker_made_without_them() {
    let talk = Talk::open().await;
    let (visitor, agent) = (talk.visitor().await, talk.agent().await);
    let mut body = start_body("conversation-1", None);
    body["visitor_id"] = json!(visitor.id);
    let start = TestRequest::post("/conversations", body.clone());
    let started = talk.conversations(&agent.token, start).await;
    assert_eq!(started.status, 201, "{started:?}");
    let (world, pk) = (&talk.world, talk.workspace.pk(""));
    let bots = [talk.bot.id];
    let key = world
        .bot_key(&talk.workspace, &["conversations:write"], &bots)
        .await;
    let letters = key.strip_prefix("desk_sk_").unwrap();
    let sk = format!("KEY#key_{}", &letters[..26]);
    let mut record = world.row(&pk, &sk).await;
    record["created_by"] = json!(agent.id);
    world.put(&pk, &sk, &record).await;
    body["bot_id"] = json!(talk.bot.id);
    let case = (start_request(&key, body), 404, "conversation_not_found");
    world.assert_refused("desk-conversations", [case]).await;
}

#[tokio::test]
async fn key_of_another_bot_does_not_find_a_conversation() {
    let talk = Talk::open().await;
    let visitor = talk.visitor().await;
    let id = talk.start_with_people(&visitor).await;
    let other = talk.world.deployed_bot(&talk.workspace).await;
    let scopes = ["conversations:read", "conversations:write"];
    let key = async |bots: &[desk_domain::BotId]| {
        let key = talk.world.bot_key(&talk.workspace, &scopes, bots);
        key.await
    };
    let (own, foreign, all) = (
        key(&[talk.bot.id]).await,
        key(&[other.id]).await,
        key(&[]).await,
    );
    assert_eq!(talk.show(&own, &id).await.status, 200);
    assert_eq!(talk.show(&all, &id).await.status, 200);
    let hidden = talk.show(&foreign, &id).await;
    assert_eq!(
        (hidden.status, hidden.code()),
        (404, "conversation_not_found")
    );
    let listed = talk
        .conversations(&foreign, TestRequest::get("/conversations"))
        .await;
    assert_eq!(listed.body["items"], json!([]));
    let said = talk.say(&own, &id, "Your parcel is here").await;
    let page = talk.page(&visitor.token, &id, "?limit=1").await;
    assert_eq!(page["messages"][0]["author"]["name"], "Script");
    assert_eq!(page["messages"][0]["seq"], said);
    let mine = TestRequest::get("/conversations?view=mine");
    let refused = talk.conversations(&own, mine).await;
    assert_eq!((refused.status, refused.code()), (403, "forbidden"));
}

#[tokio::test]
async fn agents_sort_and_assign_the_version_that_they_saw() {
    let talk = Talk::open().await;
    let (visitor, agent) = (talk.visitor().await, talk.agent().await);
    let id = talk.start(&visitor, None).await;
    let change = json!({ "assignee": agent.id, "tags": ["VIP"], "priority": "high" });
    let changed = talk.patch(&agent.token, &id, change).await;
    assert_eq!(changed.status, 200, "{changed:?}");
    assert_eq!(
        (&changed.body["tags"], &changed.body["status"]),
        (&json!(["vip"]), &json!("open"))
    );
    talk.check(&id, "a patch").await;
    let viewer = talk.member("Vi", Role::Viewer).await;
    let patch = |body: Value| TestRequest::patch(path(&id, ""), body);
    let version = changed.body["version"].as_u64().unwrap();
    let stale = json!({ "version": version - 1, "priority": "low" });
    let to = |user: Value| json!({ "version": version, "assignee": user });
    let team = json!({ "version": version, "team": "team_00000000000000000000000000" });
    let unknown = json!("usr_00000000000000000000000000");
    let cases = [
        (patch(stale).token(&agent.token), 409, "changed_meanwhile"),
        (
            patch(to(unknown)).token(&agent.token),
            422,
            "unknown_assignee",
        ),
        (
            patch(to(json!(viewer.id))).token(&agent.token),
            422,
            "unknown_assignee",
        ),
        (patch(team).token(&agent.token), 422, "unknown_team"),
        (
            patch(to(Value::Null)).token(&viewer.token),
            403,
            "forbidden",
        ),
        (
            patch(to(Value::Null)).token(&visitor.token),
            403,
            "forbidden",
        ),
        (
            patch(json!({ "priority": "low" })).token(&agent.token),
            400,
            "bad_json",
        ),
    ];
    talk.world.assert_refused("desk-conversations", cases).await;
    // Two agents change the same version at once.
    let other = talk.agent().await;
    let to = |priority: &str| patch(json!({ "version": version, "priority": priority }));
    let (first, second) = tokio::join!(
        talk.conversations(&agent.token, to("low")),
        talk.conversations(&other.token, to("urgent"))
    );
    let mut statuses = [first.status, second.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409], "{first:?} {second:?}");
}

#[tokio::test]
async fn end_is_told_once_and_rated_within_a_day() {
    let talk = Talk::open().await;
    let (visitor, agent) = (talk.visitor().await, talk.agent().await);
    let id = talk.start_with_people(&visitor).await;
    let rate = |score: u8| {
        let body = json!({ "score": score, "comment": "thanks" });
        TestRequest::post(path(&id, "/csat"), body)
    };
    let early = talk.conversations(&visitor.token, rate(5)).await;
    assert_eq!((early.status, early.code()), (409, "not_ended"));
    for _ in 0..2 {
        let ended = talk.end(&agent.token, &id, "resolved").await;
        assert_eq!(
            (ended.status, &ended.body["status"]),
            (200, &json!("closed"))
        );
    }
    let told = talk.updates("conversation", "ended");
    assert_eq!(told.len(), 1, "SQS drops the copy: {told:?}");
    let seen = talk.show(&visitor.token, &id).await;
    assert_eq!(seen.body["asks_csat"], true, "the bot asks for ratings");
    let rated = talk.conversations(&visitor.token, rate(4)).await;
    assert_eq!((rated.status, &rated.body["csat_score"]), (200, &json!(4)));
    talk.check(&id, "a rating").await;
    let bad = json!({ "score": 6 });
    let cases = [
        (rate(4).token(&agent.token), 403, "forbidden"),
        (
            TestRequest::post(path(&id, "/csat"), bad).token(&visitor.token),
            400,
            "bad_score",
        ),
    ];
    talk.world.assert_refused("desk-conversations", cases).await;
    talk.world.advance(86_400);
    let late = talk.conversations(&visitor.token, rate(1)).await;
    assert_eq!((late.status, late.code()), (409, "csat_expired"));
}

#[tokio::test]
async fn visitors_end_as_resolved_or_left_alone() {
    let talk = Talk::open().await;
    let visitor = talk.visitor().await;
    let id = talk.start_with_people(&visitor).await;
    let spam = talk.end(&visitor.token, &id, "spam").await;
    assert_eq!((spam.status, spam.code()), (403, "forbidden"));
    let unknown = talk.end(&visitor.token, &id, "bored").await;
    assert_eq!((unknown.status, unknown.code()), (400, "bad_json"));
    let left = talk.end(&visitor.token, &id, "left").await;
    assert_eq!((left.status, &left.body["is_closed"]), (200, &json!(true)));
}

#[tokio::test]
async fn conversations_are_handed_over_and_back() {
    let talk = Talk::open().await;
    let (visitor, agent) = (talk.visitor().await, talk.agent().await);
    let id = talk.start(&visitor, None).await;
    let hand = |body: Value| TestRequest::post(path(&id, "/handoff"), body);
    for _ in 0..2 {
        let asked = hand(json!({ "to": "human" }));
        let handed = talk.conversations(&visitor.token, asked).await;
        assert_eq!(
            (handed.status, &handed.body["handled_by"]),
            (200, &json!("human"))
        );
    }
    let cases = [
        (
            hand(json!({ "to": "bot" })).token(&visitor.token),
            403,
            "forbidden",
        ),
        (
            hand(json!({ "to": "human", "reason": "budget" })).token(&visitor.token),
            403,
            "forbidden",
        ),
    ];
    talk.world.assert_refused("desk-conversations", cases).await;
    let back = hand(json!({ "to": "bot" }));
    let back = talk.conversations(&agent.token, back).await;
    assert_eq!((back.status, &back.body["status"]), (200, &json!("bot")));
    talk.check(&id, "hand-offs").await;
    talk.say(&visitor.token, &id, "a human, please").await;
    let page = talk.page(&visitor.token, &id, "?limit=3").await;
    assert_eq!(texts(&page), ["a human, please", HANDOFF, "[handed_off]"]);
}

#[tokio::test]
async fn form_before_the_chat_is_filled_in_later() {
    let talk = Talk::open().await;
    let visitor = talk.visitor().await;
    let form = |draft: &mut Value| {
        draft["prechat"] = json!([
            { "key": "name", "label": "Your name", "type": "text", "required": true },
            { "key": "email", "label": "Email", "type": "email", "required": false },
        ]);
    };
    talk.world
        .redeploy(&talk.workspace, talk.bot.id, form)
        .await;
    let id = talk.start(&visitor, Some("hello")).await;
    let fill = |answers: Value| {
        let body = json!({ "answers": answers });
        TestRequest::put(path(&id, "/prechat"), body)
    };
    let answers = json!({ "name": "Dana", "email": "dana@shop.example" });
    for _ in 0..2 {
        let filled = talk
            .conversations(&visitor.token, fill(answers.clone()))
            .await;
        assert_eq!(filled.status, 200, "{filled:?}");
    }
    let page = talk.page(&visitor.token, &id, "").await;
    let greetings = texts(&page).iter().filter(|text| *text == GREETING).count();
    assert_eq!(greetings, 1, "{page}");
    assert_eq!(talk.head(&id).await["visitor"]["name"], "Dana");
    let pk = talk.workspace.pk(&format!("#VIS#{}", visitor.id));
    let contact = talk.world.row(&pk, "VISITOR").await;
    assert_eq!(
        (&contact["name"], &contact["email"]),
        (&json!("Dana"), &json!("dana@shop.example"))
    );
    talk.check(&id, "a form").await;
    let agent = talk.agent().await;
    let cases = [
        (
            fill(json!({})).token(&visitor.token),
            400,
            "prechat_required",
        ),
        (fill(answers).token(&agent.token), 403, "forbidden"),
    ];
    talk.world.assert_refused("desk-conversations", cases).await;
}

#[tokio::test]
async fn read_marks_move_forward_only() {
    let talk = Talk::open().await;
    let (visitor, agent) = (talk.visitor().await, talk.agent().await);
    let id = talk.start_with_people(&visitor).await;
    assert_eq!(talk.head(&id).await["unread"], 1);
    let read = |seq: u64| TestRequest::post(path(&id, "/read"), json!({ "seq": seq }));
    let marked = talk.conversations(&agent.token, read(99)).await;
    assert_eq!((marked.status, &marked.body["unread"]), (200, &json!(0)));
    let before = talk.head(&id).await;
    talk.conversations(&agent.token, read(1)).await;
    assert_eq!(talk.head(&id).await, before);
    let seen = talk.conversations(&visitor.token, read(4)).await;
    assert_eq!(seen.body["read_seq"], 4);
    talk.check(&id, "read marks").await;
}

#[tokio::test]
async fn drafts_are_kept_for_their_agent() {
    let talk = Talk::open().await;
    let (visitor, agent) = (talk.visitor().await, talk.agent().await);
    let other = talk.agent().await;
    let id = talk.start_with_people(&visitor).await;
    let save = |text: &str| TestRequest::put(path(&id, "/draft"), json!({ "text": text }));
    for text in ["Dear Dana", "Dear Dana, your"] {
        let saved = talk.conversations(&agent.token, save(text)).await;
        assert_eq!(saved.status, 204, "{saved:?}");
    }
    let shown = talk.show(&agent.token, &id).await;
    assert_eq!(shown.body["draft"]["text"], "Dear Dana, your");
    let theirs = talk.show(&other.token, &id).await;
    assert_eq!(theirs.body["draft"], Value::Null);
    talk.conversations(&agent.token, save(" ")).await;
    let shown = talk.show(&agent.token, &id).await;
    assert_eq!(shown.body["draft"], Value::Null);
    let stranger = talk.stranger().await;
    let cases = [
        (save("x").token(&visitor.token), 403, "forbidden"),
        (
            save("x").token(&stranger.token),
            404,
            "conversation_not_found",
        ),
        (
            save(&"x".repeat(4_001)).token(&agent.token),
            400,
            "too_long",
        ),
    ];
    talk.world.assert_refused("desk-conversations", cases).await;
}

#[tokio::test]
async fn transcripts_are_escaped_and_have_no_notes_for_visitors() {
    let talk = Talk::open().await;
    let (visitor, agent) = (talk.visitor().await, talk.agent().await);
    let id = talk
        .start(&visitor, Some("<script>alert(1)</script>"))
        .await;
    talk.post(&agent.token, &id, note_body("message-0001", "a secret"))
        .await;
    let get = |format: &str| TestRequest::get(path(&id, &format!("/transcript?format={format}")));
    let html = talk.conversations(&agent.token, get("html")).await;
    assert_eq!(html.status, 200, "{html:?}");
    assert!(html.header("content-type").starts_with("text/html"));
    assert!(html.header("content-security-policy").contains("sandbox"));
    assert!(!html.text.contains("<script"), "{html:?}");
    assert!(html.text.contains("a secret"));
    let plain = talk.conversations(&visitor.token, get("txt")).await;
    assert!(plain.text.contains("<script>alert(1)</script>"));
    assert!(!plain.text.contains("secret"), "{plain:?}");
    let other = talk.visitor().await;
    let cases = [
        (
            get("txt").token(&other.token),
            404,
            "conversation_not_found",
        ),
        (get("pdf").token(&agent.token), 400, "bad_query"),
    ];
    talk.world.assert_refused("desk-conversations", cases).await;
}
