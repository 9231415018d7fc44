//! `desk-messages`: reads, posts and deletes messages.

use confab_testkit::{Repeated, TestRequest, enumerate_repeated};
use desk_domain::{Hours, Role, TimeZoneName, Week};
use serde_json::{Value, json};

use crate::{
    talk::{
        GREETING, HANDOFF, Talk, UNKNOWN_CONVERSATION, message_body, note_body, numbers, path,
        texts,
    },
    world::text,
};

#[tokio::test]
async fn posted_messages_are_stored_and_published() {
    let talk = Talk::open().await;
    let (visitor, agent) = (talk.visitor().await, talk.agent().await);
    let id = talk.start_with_people(&visitor).await;
    let posted = talk
        .post(&agent.token, &id, message_body("message-0001", "I am here"))
        .await;
    assert_eq!(posted.status, 201, "{posted:?}");
    assert_eq!(posted.body["author"]["name"], "Noa");
    let page = talk.page(&visitor.token, &id, "").await;
    assert_eq!(texts(&page).last().unwrap(), "I am here");
    let head = talk.head(&id).await;
    assert_eq!(
        (&head["assignee"], &head["unread"]),
        (&json!(agent.id), &json!(0))
    );
    talk.check(&id, "a message").await;
}

#[tokio::test]
async fn bot_answers_in_the_same_transaction() {
    let talk = Talk::open().await;
    let visitor = talk.visitor().await;
    let id = talk.start(&visitor, None).await;
    talk.say(&visitor.token, &id, "a human, please").await;
    let page = talk.page(&visitor.token, &id, "").await;
    let expected = [
        "[started]",
        GREETING,
        "a human, please",
        HANDOFF,
        "[handed_off]",
    ];
    assert_eq!(texts(&page), expected);
    let head = talk.head(&id).await;
    assert_eq!(
        (&head["status"], &head["version"]),
        (&json!("open"), &json!(2)),
        "an exchange is one change"
    );
    talk.check(&id, "an exchange").await;
}

#[tokio::test]
async fn person_who_took_over_silences_the_bot() {
    let talk = Talk::open().await;
    let (visitor, agent) = (talk.visitor().await, talk.agent().await);
    let id = talk.start(&visitor, None).await;
    talk.say(&agent.token, &id, "Hello, I am Noa").await;
    talk.say(&visitor.token, &id, "a human, please").await;
    let page = talk.page(&visitor.token, &id, "?after=2").await;
    let expected = ["[took_over]", "Hello, I am Noa", "a human, please"];
    assert_eq!(texts(&page), expected);
}

#[tokio::test]
async fn conversation_whose_bot_was_deleted_goes_to_people() {
    let talk = Talk::open().await;
    let visitor = talk.visitor().await;
    let id = talk.start(&visitor, None).await;
    let path = format!("/chatbots/{}", talk.bot.id);
    let deleted = talk
        .world
        .admin(&talk.workspace, TestRequest::delete(path))
        .await;
    assert!(deleted.status < 300, "{deleted:?}");
    // Settings are known for half a minute.
    talk.world.advance(31);
    talk.say(&visitor.token, &id, "hello?").await;
    let head = talk.head(&id).await;
    assert_eq!(head["handled_by"], "human");
}

#[tokio::test]
async fn retries_return_the_first_message() {
    let talk = Talk::open().await;
    let (visitor, agent) = (talk.visitor().await, talk.agent().await);
    let id = talk.start_with_people(&visitor).await;
    let body = message_body("message-0001", "hello");
    let first = talk.post(&visitor.token, &id, body.clone()).await;
    let again = talk
        .post(&visitor.token, &id, message_body("message-0001", "again"))
        .await;
    assert_eq!((again.status, &again.body), (200, &first.body));
    let of_agent = talk.post(&agent.token, &id, body).await;
    assert_eq!(of_agent.status, 201, "ids are an author's own");
    let confused = talk
        .post(&agent.token, &id, note_body("message-0001", "hello"))
        .await;
    assert_eq!(
        (confused.status, confused.code()),
        (409, "client_msg_id_used")
    );
    talk.check(&id, "a retry").await;
}

#[tokio::test]
async fn twenty_writers_at_once_get_numbers_of_their_own() {
    let talk = Talk::open().await;
    let visitor = talk.visitor().await;
    let id = talk.start_with_people(&visitor).await;
    let mut tokens = vec![visitor.token.clone()];
    for _ in 0..19 {
        tokens.push(talk.agent().await.token);
    }
    let before = talk.head(&id).await["last_seq"].as_u64().unwrap();
    // Each sends twice at once, as a client does whose first attempt seems lost.
    let posts = tokens.iter().chain(&tokens).map(|token| {
        let body = message_body("message-0001", "hello");
        talk.post(token, &id, body)
    });
    let posted = futures::future::join_all(posts).await;
    let (mut numbers, mut created) = (Vec::new(), 0);
    for answer in &posted {
        assert!(matches!(answer.status, 200 | 201), "{answer:?}");
        created += u32::from(answer.status == 201);
        numbers.push(answer.body["seq"].as_u64().unwrap());
    }
    assert_eq!(created, 20, "each message is stored once");
    numbers.sort_unstable();
    numbers.dedup();
    assert_eq!(numbers.len(), 20);
    assert!(numbers.iter().all(|seq| *seq > before));
    talk.check(&id, "twenty writers").await;
}

/// Six write units: a head, a message and its idempotency key, each twice in a transaction.
#[tokio::test]
async fn message_is_three_rows_of_one_kilobyte_and_five_calls() {
    let talk = Talk::open().await;
    let (visitor, agent) = (talk.visitor().await, talk.agent().await);
    let id = talk.start_with_people(&visitor).await;
    talk.say(&agent.token, &id, "I am here").await;
    talk.say(&visitor.token, &id, "Where is my order?").await;
    talk.world.advance(5);
    let before = talk.world.rows_without_limits().await;
    talk.world.cloud.faults().clear();
    talk.say(&visitor.token, &id, "It is number 1042.").await;
    let calls = talk.world.cloud.faults().calls();
    let mut calls: Vec<_> = calls
        .iter()
        .map(|call| call.0.rsplit('.').next().unwrap().to_owned())
        .collect();
    calls.sort();
    let expected = [
        "BatchGetItem",
        "SendMessageBatch",
        "TransactWriteItems",
        "UpdateItem",
        "UpdateItem",
    ];
    assert_eq!(calls, expected, "two limits are taken at once");
    let mut rows = talk.world.rows_without_limits().await;
    rows.retain(|row| !before.contains(row));
    assert_eq!(rows.len(), 3, "{rows:?}");
    for row in &rows {
        let size = size_of(row) - 3;
        assert!(size <= 1_024, "{size} {row}");
    }
    let place = |rows: &[Value]| {
        let head = rows.iter().find(|row| row["sk"] == "HEAD").unwrap();
        head["gsk"].clone()
    };
    assert_eq!(place(&before), place(&rows), "the index is not written");
}

/// The bytes of a value, as DynamoDB counts them.
fn size_of(value: &Value) -> usize {
    match value {
        Value::Null | Value::Bool(_) => 1,
        Value::Number(number) => number.to_string().len() / 2 + 2,
        Value::String(text) => text.len(),
        Value::Array(items) => 3 + items.iter().map(|item| size_of(item) + 1).sum::<usize>(),
        Value::Object(fields) => {
            let field = |(name, value): (&String, &Value)| name.len() + size_of(value) + 1;
            3 + fields.iter().map(field).sum::<usize>()
        }
    }
}

#[tokio::test]
async fn posts_are_refused_with_a_reason_and_store_nothing() {
    let talk = Talk::open().await;
    let (visitor, other, agent) = (
        talk.visitor().await,
        talk.visitor().await,
        talk.agent().await,
    );
    let viewer = talk.member("Vi", Role::Viewer).await;
    let stranger = talk.stranger().await.token;
    let id = talk.start_with_people(&visitor).await;
    let valid = || message_body("message-0001", "hello");
    let with = |name: &str, value: Value| {
        let mut body = valid();
        body[name] = value;
        body
    };
    let post = |id: &str, body: Value| TestRequest::post(path(id, "/messages"), body);
    let own = |body: Value| post(&id, body).token(&visitor.token);
    let staff = |body: Value| post(&id, body).token(&agent.token);
    let nowhere = UNKNOWN_CONVERSATION;
    let hidden = "conversation_not_found";
    let cases = [
        (post(&id, valid()), 401, "unauthenticated"),
        (post(&id, valid()).token("x.y"), 401, "unauthenticated"),
        (post(&id, valid()).token("x.y.z"), 401, "unauthenticated"),
        (post(&id, valid()).token(&viewer.token), 403, "forbidden"),
        (post(&id, valid()).token(&other.token), 404, hidden),
        (post(&id, valid()).token(&stranger), 404, hidden),
        (post(nowhere, valid()).token(&visitor.token), 404, hidden),
        (post(nowhere, valid()).token(&agent.token), 404, hidden),
        (post("cnv_x", valid()).token(&agent.token), 404, hidden),
        (own(with("colour", json!("red"))), 400, "bad_json"),
        (own(with("text", json!(5))), 400, "bad_json"),
        (own(with("text", json!(" \u{200b}"))), 400, "too_long"),
        (own(with("text", json!("x".repeat(4_001)))), 400, "too_long"),
        (
            own(with("client_msg_id", json!("short"))),
            400,
            "bad_client_msg_id",
        ),
        (own(with("reply_to", json!(99))), 400, "bad_reply"),
        (own(with("kind", json!("note"))), 403, "forbidden"),
        (own(with("kind", json!("event"))), 400, "bad_json"),
        (own(with("lang", json!("klingon!"))), 400, "bad_json"),
        (
            own(with("attachments", json!(["upl_x"]))),
            404,
            "file_not_found",
        ),
        (own(with("page", json!("x".repeat(1_001)))), 400, "bad_page"),
        (staff(with("mentions", json!([agent.id]))), 403, "forbidden"),
    ];
    talk.world.assert_refused("desk-messages", cases).await;
    let mut mention = note_body("message-0001", "look");
    mention["mentions"] = json!([viewer.id]);
    let cases = [(staff(mention), 422, "unknown_mention")];
    talk.world.assert_refused("desk-messages", cases).await;
    let blocked = TestRequest::post(
        format!("/contacts/{}/block", visitor.id),
        json!({ "is_blocked": true }),
    );
    let blocked = talk.contacts(&agent.token, blocked).await;
    assert_eq!(blocked.status, 200, "{blocked:?}");
    let cases = [(own(valid()), 403, "blocked")];
    talk.world.assert_refused("desk-messages", cases).await;
}

#[tokio::test]
async fn ended_conversation_is_reopened_unless_its_bot_forbids_it() {
    let talk = Talk::open().await;
    let (visitor, agent) = (talk.visitor().await, talk.agent().await);
    let id = talk.start_with_people(&visitor).await;
    talk.end(&agent.token, &id, "resolved").await;
    talk.say(&visitor.token, &id, "one more thing").await;
    assert_eq!(talk.head(&id).await["status"], "open");
    let never = |draft: &mut Value| draft["reopening"] = json!("never");
    talk.world
        .redeploy(&talk.workspace, talk.bot.id, never)
        .await;
    talk.world.advance(31);
    let id = talk.start_with_people(&visitor).await;
    talk.end(&agent.token, &id, "resolved").await;
    let refused = talk
        .post(&visitor.token, &id, message_body("message-0001", "hello"))
        .await;
    assert_eq!((refused.status, refused.code()), (409, "closed"));
}

#[tokio::test]
async fn visitors_see_neither_notes_nor_how_they_are_handled() {
    let talk = Talk::open().await;
    let (visitor, agent) = (talk.visitor().await, talk.agent().await);
    let id = talk.start_with_people(&visitor).await;
    let other = talk.agent().await;
    let mut note = note_body("message-0001", "a secret");
    note["mentions"] = json!([other.id]);
    let noted = talk.post(&agent.token, &id, note).await;
    assert_eq!(noted.status, 201, "{noted:?}");
    talk.say(&agent.token, &id, "hello").await;
    let seen = talk.page(&visitor.token, &id, "").await.to_string();
    for hidden in ["secret", "usr_", "assigned"] {
        assert!(!seen.contains(hidden), "{seen}");
    }
    let page = talk.page(&agent.token, &id, "").await;
    assert!(texts(&page).contains(&"a secret".to_owned()));
    let mention = format!("MENTION#{}", other.id);
    let row = talk.world.row(&talk.conversation_pk(&id), &mention).await;
    assert!(text(&row, "gpk").ends_with(&format!("INBOX#mentions#{}", other.id)));
}

#[tokio::test]
async fn pages_are_read_before_and_after_a_number() {
    let talk = Talk::open().await;
    let (visitor, agent) = (talk.visitor().await, talk.agent().await);
    let id = talk.start_with_people(&visitor).await;
    for number in 6..=9 {
        let seq = talk.say(&visitor.token, &id, "hello").await;
        assert_eq!(seq, number);
    }
    let page = async |query: &str| talk.page(&agent.token, &id, query).await;
    let latest = page("").await;
    assert_eq!(numbers(&latest), (1..=9).collect::<Vec<_>>());
    assert_eq!(
        (&latest["last_seq"], &latest["first_seq"]),
        (&json!(9), &json!(1))
    );
    assert_eq!(numbers(&page("?limit=2").await), [8, 9]);
    assert_eq!(numbers(&page("?before=3").await), [1, 2]);
    assert_eq!(numbers(&page("?before=3&limit=1").await), [2]);
    assert_eq!(numbers(&page("?after=6&limit=2").await), [7, 8]);
    let after_all = format!("?after={}", u64::MAX);
    assert_eq!(numbers(&page(&after_all).await), Vec::<u64>::new());
    assert_eq!(numbers(&page("?before=0").await), Vec::<u64>::new());
    let get = |query: &str| {
        let request = TestRequest::get(format!("{}{query}", path(&id, "/messages")));
        request.token(&agent.token)
    };
    let cases = [
        (get("?before=2&after=1"), 400, "bad_page"),
        (get("?before=x"), 400, "bad_query"),
        (get("?limit=0"), 400, "bad_limit"),
        (get("?limit=101"), 400, "bad_limit"),
    ];
    talk.world.assert_refused("desk-messages", cases).await;
}

#[tokio::test]
async fn deleted_messages_are_tombstones_and_leave_no_subject() {
    let talk = Talk::open().await;
    let (visitor, agent) = (talk.visitor().await, talk.agent().await);
    let id = talk.start(&visitor, Some("My card number is 4111")).await;
    let delete = |seq: u64| TestRequest::delete(path(&id, &format!("/messages/{seq}")));
    let refused = talk.messages(&agent.token, delete(3)).await;
    assert_eq!((refused.status, refused.code()), (403, "forbidden"));
    for _ in 0..2 {
        let deleted = talk.messages(&visitor.token, delete(3)).await;
        assert_eq!(deleted.status, 204, "{deleted:?}");
    }
    let rows = talk.world.partition(&talk.conversation_pk(&id)).await;
    assert!(!json!(rows).to_string().contains("4111"), "{rows:?}");
    let page = talk.page(&visitor.token, &id, "").await;
    assert_eq!(page["messages"][2]["is_deleted"], true);
    let changed = talk.updates("conversation", "changed");
    assert_eq!(changed.len(), 1, "SQS drops the copy");
    let admin = talk.member("Ada", Role::Admin).await;
    assert_eq!(talk.messages(&admin.token, delete(2)).await.status, 204);
    let cases = [
        (delete(1).token(&admin.token), 403, "forbidden"),
        (delete(99).token(&admin.token), 404, "message_not_found"),
        (delete(0).token(&admin.token), 404, "message_not_found"),
    ];
    talk.world.assert_refused("desk-messages", cases).await;
    let note = talk
        .post(&agent.token, &id, note_body("message-0001", "a secret"))
        .await;
    let request = delete(note.body["seq"].as_u64().unwrap()).token(&visitor.token);
    let cases = [(request, 404, "message_not_found")];
    talk.world.assert_refused("desk-messages", cases).await;
}

#[tokio::test]
async fn address_that_a_visitor_writes_fills_the_contact() {
    let talk = Talk::open().await;
    // Open on no day.
    let hours = Hours {
        timezone: TimeZoneName::default(),
        week: Week::default(),
        holidays: Vec::new(),
    };
    let closed = json!({ "version": 1, "hours": hours });
    talk.world
        .put(&talk.workspace.pk(""), "HOURS", &closed)
        .await;
    let visitor = talk.visitor().await;
    let id = talk.start_with_people(&visitor).await;
    assert_eq!(talk.head(&id).await["handled_by"], "bot");
    talk.say(&visitor.token, &id, "it's dana@shop.example")
        .await;
    let pk = talk.workspace.pk(&format!("#VIS#{}", visitor.id));
    let contact = talk.world.row(&pk, "VISITOR").await;
    assert_eq!(contact["email"], "dana@shop.example");
    assert_eq!(talk.head(&id).await["handled_by"], "human");
    talk.check(&id, "an address").await;
}

struct Post(String);

impl Repeated for Post {
    type World = Talk;

    const FUNCTION: &'static str = "desk-messages";
    const SUCCESS: &'static [u16] = &[200, 201];

    async fn arrange() -> (Self, Talk, TestRequest) {
        let talk = Talk::open().await;
        let visitor = talk.visitor().await;
        let id = talk.start(&visitor, None).await;
        let body = message_body("message-0001", "a human, please");
        let request = TestRequest::post(path(&id, "/messages"), body).token(&visitor.token);
        (Self(id), talk, request)
    }

    async fn check(&self, talk: &Talk, story: &str) {
        let Self(id) = self;
        talk.check(id, story).await;
        let messages = talk.rows_with(id, "MSG#").await;
        let texts: Vec<_> = messages.iter().map(|row| text(row, "text")).collect();
        let expected = ["", GREETING, "a human, please", HANDOFF, ""];
        assert_eq!(
            texts, expected,
            "{story}: the message and its answer are stored once"
        );
    }
}

#[tokio::test]
async fn message_and_answer_are_stored_once_whatever_call_fails() {
    let ran = enumerate_repeated::<Post>().await;
    assert!(ran.calls >= 5, "{ran:?}");
}

struct Deletion(String);

impl Repeated for Deletion {
    type World = Talk;

    const FUNCTION: &'static str = "desk-messages";
    const SUCCESS: &'static [u16] = &[204];

    async fn arrange() -> (Self, Talk, TestRequest) {
        let talk = Talk::open().await;
        let visitor = talk.visitor().await;
        let id = talk.start(&visitor, Some("My card number is 4111")).await;
        let request = TestRequest::delete(path(&id, "/messages/3")).token(&visitor.token);
        (Self(id), talk, request)
    }

    async fn check(&self, talk: &Talk, story: &str) {
        let Self(id) = self;
        talk.check(id, story).await;
        let rows = talk.world.partition(&talk.conversation_pk(id)).await;
        assert!(!json!(rows).to_string().contains("4111"), "{story}");
        let changed = talk.updates("conversation", "changed");
        assert!(!changed.is_empty(), "{story}: sockets were told");
    }
}

#[tokio::test]
async fn message_is_deleted_whatever_call_fails() {
    enumerate_repeated::<Deletion>().await;
}
