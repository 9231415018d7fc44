//! `desk-ws-message`: messages, typing, pings and ends that clients send over sockets. `desk_ws_hello.rs` has the tests
//! of `hello` and `watch`.

use std::sync::Arc;

use confab_core::{Result, TicketId, Timestamp};
use confab_testkit::{Enumeration, Fault, Faults, Scenario, enumerate};
use desk_domain::{ConversationId, MAX_FRAME_BYTES};
use serde_json::{Value, json};

use crate::{
    sockets::{Socket, hello, message_frame, numbers, ticket_id, ticket_of},
    workspace::{AgentSession, VisitorSession, Workspace},
    world::BROADCAST_QUEUE,
};

const ID: &str = "message-0001";

/// A visitor and an agent with sockets that show their conversation.
pub(crate) struct Talk {
    pub(crate) workspace: Workspace,
    pub(crate) visitor: VisitorSession,
    pub(crate) agent: AgentSession,
    pub(crate) conversation: ConversationId,
    pub(crate) visitors: Arc<Socket>,
    pub(crate) agents: Arc<Socket>,
}

pub(crate) async fn talk() -> Talk {
    let workspace = Workspace::open().await;
    let (visitor, agent) = (workspace.visitor().await, workspace.agent("Dana").await);
    let conversation = workspace.conversation(&visitor).await;
    let talk = Talk {
        visitors: workspace.visitor_socket(&visitor).await,
        agents: workspace.agent_socket(&agent).await,
        workspace,
        visitor,
        agent,
        conversation,
    };
    talk.visitors.hello(&[(conversation, 1)]).await;
    talk.agents.hello(&[]).await;
    talk.agents.watch(conversation).await;
    talk.settle().await;
    talk
}

impl Talk {
    /// Delivers what is queued, and forgets it.
    async fn settle(&self) {
        self.workspace.world.deliver_broadcasts().await;
        self.visitors.clear();
        self.agents.clear();
    }

    async fn deliver(&self) {
        self.workspace.world.deliver_broadcasts().await;
    }

    fn frame(&self, kind: &str) -> Value {
        json!({ "type": kind, "conversation_id": self.conversation })
    }

    /// All frames about the conversation that a visitor may send.
    pub(crate) fn visitor_frames(&self, conversation: ConversationId) -> Vec<Value> {
        vec![
            message_frame(conversation, ID, "hello"),
            json!({ "type": "typing:start", "conversation_id": conversation }),
            json!({ "type": "typing:stop", "conversation_id": conversation }),
            json!({ "type": "ping", "read": { "conversation_id": conversation, "seq": 1 } }),
            json!({ "type": "conversation:end", "conversation_id": conversation }),
        ]
    }

    /// All frames about the conversation that an agent may send.
    pub(crate) fn agent_frames(&self, conversation: ConversationId) -> Vec<Value> {
        let mut frames = self.visitor_frames(conversation);
        frames.push(json!({ "type": "watch", "conversation_id": conversation }));
        frames
    }
}

fn answer(kind: &str, code: &str) -> (String, String) {
    (kind.to_owned(), code.to_owned())
}

// Messages.

#[tokio::test]
async fn messages_reach_the_sockets_of_their_conversation_and_the_inbox() {
    let talk = talk().await;
    let other = talk.workspace.agent("Omer").await;
    let inbox = talk.workspace.agent_socket(&other).await;
    talk.visitors.say(talk.conversation, ID, "hello").await;
    talk.deliver().await;
    for socket in [&talk.visitors, &talk.agents] {
        let received = socket.frames_of("message:receive");
        assert_eq!(numbers(&received[0]), (vec![2], 1, 2));
        assert_eq!(socket.texts(), ["hello"]);
    }
    assert!(inbox.texts().is_empty(), "Omer does not watch it");
    for socket in [&inbox, &talk.agents] {
        let head = &socket.frames_of("head")[0]["head"];
        assert_eq!((&head["last_seq"], &head["unread"]), (&json!(2), &json!(1)));
    }
    assert!(talk.visitors.frames_of("head").is_empty());
    let own = &talk.visitors.frames_of("message:receive")[0]["messages"][0];
    assert_eq!(own["client_msg_id"], ID, "the author finds its own message");
}

#[tokio::test]
async fn answers_of_agents_reach_the_visitor_without_their_ids() {
    let talk = talk().await;
    talk.agents
        .say(talk.conversation, ID, "How can I help?")
        .await;
    talk.deliver().await;
    let received = talk.visitors.frames_of("message:receive");
    let message = received[0]["messages"].as_array().unwrap().last().unwrap();
    assert_eq!(
        message["author"],
        json!({ "kind": "agent", "name": "Dana" })
    );
    let user = talk.agent.user.to_string();
    assert!(!received[0].to_string().contains(&user));
}

#[tokio::test]
async fn notes_reach_agents_alone_and_their_numbers_visitors_too() {
    let talk = talk().await;
    let mut note = message_frame(talk.conversation, ID, "secret");
    note["is_note"] = json!(true);
    talk.agents.frame(note).await.unwrap();
    talk.agents
        .say(talk.conversation, "message-0002", "hello")
        .await;
    talk.deliver().await;
    assert_eq!(talk.agents.texts(), ["secret", "hello"]);
    assert_eq!(talk.visitors.texts(), ["hello"]);
    let covered = talk.visitors.frames_of("message:receive");
    let covered: Vec<_> = covered.iter().map(numbers).collect();
    assert_eq!(covered[0].1, 1);
    let last_seq = talk.workspace.last_seq(talk.conversation).await;
    assert_eq!(covered.last().unwrap().2, last_seq);
    let pairs = covered.windows(2);
    assert!(pairs.into_iter().all(|pair| pair[0].2 == pair[1].1));
}

#[tokio::test]
async fn a_message_that_is_sent_again_is_stored_once() {
    let talk = talk().await;
    for _ in 0..2 {
        talk.visitors.say(talk.conversation, ID, "hello").await;
    }
    assert_eq!(talk.workspace.texts(talk.conversation).await, ["hello"]);
    talk.deliver().await;
    assert_eq!(talk.agents.texts(), ["hello"]);
    // The author has it from the answer to the copy, too.
    assert_eq!(talk.visitors.texts(), ["hello", "hello"]);
}

#[tokio::test]
async fn messages_that_are_sent_at_once_get_numbers_without_gaps() {
    let talk = talk().await;
    let send = |socket: &Arc<Socket>, number: usize| {
        let frame = message_frame(talk.conversation, &format!("message-{number:04}"), "hello");
        let socket = socket.clone();
        async move { socket.frame(frame).await }
    };
    let sent = tokio::join!(
        send(&talk.visitors, 1),
        send(&talk.agents, 2),
        send(&talk.visitors, 3),
        send(&talk.agents, 4)
    );
    for outcome in [sent.0, sent.1, sent.2, sent.3] {
        outcome.unwrap();
    }
    talk.deliver().await;
    let mut seqs: Vec<_> = talk
        .agents
        .frames_of("message:receive")
        .iter()
        .flat_map(|frame| numbers(frame).0)
        .collect();
    seqs.sort_unstable();
    let last_seq = talk.workspace.last_seq(talk.conversation).await;
    assert_eq!(seqs, (2..=last_seq).collect::<Vec<_>>());
    assert_eq!(talk.agents.texts().len(), 4);
}

#[tokio::test]
async fn refused_messages_are_answered_with_their_id_and_store_nothing() {
    let talk = talk().await;
    let before = talk.workspace.world.rows_without_limits().await;
    let long = "x".repeat(4_001);
    let frame = |change: Value| {
        let mut frame = message_frame(talk.conversation, ID, "hello");
        for (name, value) in change.as_object().unwrap() {
            frame[name] = value.clone();
        }
        frame
    };
    for (frame, code) in [
        (frame(json!({ "text": "" })), "too_long"),
        (frame(json!({ "text": long })), "too_long"),
        (frame(json!({ "reply_to": 9 })), "bad_reply"),
        (frame(json!({ "is_note": true })), "forbidden"),
        (frame(json!({ "lang": "no language" })), "bad_language"),
        (
            frame(json!({ "attachments": ["nothing"] })),
            "file_not_found",
        ),
        (frame(json!({ "author": "usr_1" })), "bad_frame"),
    ] {
        talk.visitors.frame(frame.clone()).await.unwrap();
        assert_eq!(
            talk.visitors.last_answer(),
            answer("refused", code),
            "{frame}"
        );
        assert_eq!(talk.visitors.last()["client_msg_id"], ID);
    }
    let short = message_frame(talk.conversation, "short", "hello");
    talk.visitors.frame(short).await.unwrap();
    assert_eq!(
        talk.visitors.last_answer(),
        answer("refused", "bad_client_msg_id")
    );
    assert_eq!(talk.workspace.world.rows_without_limits().await, before);
    assert!(talk.workspace.world.take(BROADCAST_QUEUE).is_empty());
}

#[tokio::test]
async fn malformed_and_huge_frames_are_refused() {
    let talk = talk().await;
    let huge = vec![b' '; MAX_FRAME_BYTES + 1];
    for (frame, code) in [
        (&b""[..], "bad_frame"),
        (b"{}", "bad_frame"),
        (b"\xff\xfe", "bad_frame"),
        (br#"{"type":"dance"}"#, "unknown_type"),
        (
            br#"{"type":"hello","conversations":{"cnv_1":1}}"#,
            "bad_frame",
        ),
        (br#"{"type":"ping","extra":1}"#, "bad_frame"),
        (&huge, "too_large"),
    ] {
        let world = &talk.workspace.world;
        world
            .frame_bytes(&talk.visitors.opened, frame)
            .await
            .unwrap();
        assert_eq!(talk.visitors.last_answer(), answer("refused", code));
    }
}

/// A conversation of another tenant, one of another visitor, and one that does not exist are answered alike.
#[tokio::test]
async fn conversations_of_others_are_answered_like_those_that_do_not_exist() {
    let talk = talk().await;
    let other = Workspace::over(talk.workspace.world.clone()).await;
    let foreign = other.conversation(&other.visitor().await).await;
    let stranger = talk.workspace.visitor().await;
    let strangers = talk.workspace.conversation(&stranger).await;
    let unknown = ConversationId::new(Timestamp::UNIX_EPOCH, &|| [7; 10]);
    let before = talk.workspace.world.rows_without_limits().await;
    let expected = answer("refused", "conversation_not_found");
    for id in [foreign, strangers, unknown] {
        for frame in talk.visitor_frames(id) {
            talk.visitors.frame(frame.clone()).await.unwrap();
            assert_eq!(talk.visitors.last_answer(), expected, "{frame}");
            assert_eq!(
                talk.visitors.last()["title"],
                "There is no such conversation.",
                "{frame}"
            );
        }
    }
    for id in [foreign, unknown] {
        for frame in talk.agent_frames(id) {
            talk.agents.frame(frame.clone()).await.unwrap();
            assert_eq!(talk.agents.last_answer(), expected, "{frame}");
        }
    }
    assert_eq!(talk.workspace.world.rows_without_limits().await, before);
    assert!(talk.workspace.world.take(BROADCAST_QUEUE).is_empty());
}

/// Only a sealed ticket names a tenant, and the membership is checked there.
#[tokio::test]
async fn holders_act_in_the_tenant_of_their_ticket_alone() {
    let talk = talk().await;
    let other = Workspace::over(talk.workspace.world.clone()).await;
    let mut opened = talk.agents.opened.clone();
    let mut ticket = ticket_of(&opened);
    ticket["tenant"] = json!(other.tenant);
    opened.authorizer["ticket"] = json!(ticket.to_string());
    let world = &talk.workspace.world;
    world.frame(&opened, &talk.frame("watch")).await.unwrap();
    // Dana is no member there.
    assert_eq!(talk.agents.last_answer(), answer("bye", "signed_out"));
}

#[tokio::test]
async fn visitors_write_into_conversations_that_were_joined_to_their_contact() {
    let talk = talk().await;
    let workspace = &talk.workspace;
    let merged = workspace.visitor().await;
    let old = workspace.conversation(&merged).await;
    let joined = json!({ "is_verified": true, "merged": [merged.id] });
    let part = format!("VIS#{}", talk.visitor.id);
    workspace.change(&part, "VISITOR", joined).await;
    // A session whose identity the site did not vouch for reads its own conversations alone.
    talk.visitors.say(old, ID, "hello").await;
    assert_eq!(
        talk.visitors.last_answer(),
        answer("refused", "conversation_not_found")
    );
    let verified = workspace.session_of(talk.visitor.id, true);
    let socket = workspace.visitor_socket(&verified).await;
    socket.hello(&[(old, 1)]).await;
    socket.say(old, ID, "hello again").await;
    talk.deliver().await;
    assert_eq!(socket.texts(), ["hello again"]);
    assert_eq!(workspace.texts(old).await, ["hello again"]);
}

// Typing.

#[tokio::test]
async fn typing_is_broadcast_once_an_interval_to_the_others() {
    let talk = talk().await;
    for _ in 0..3 {
        talk.visitors
            .frame(talk.frame("typing:start"))
            .await
            .unwrap();
    }
    talk.visitors
        .frame(talk.frame("typing:stop"))
        .await
        .unwrap();
    talk.agents.frame(talk.frame("typing:start")).await.unwrap();
    talk.deliver().await;
    assert_eq!(talk.agents.types(), ["typing:start", "typing:stop"]);
    assert_eq!(talk.visitors.types(), ["typing:start"]);
    assert_eq!(
        talk.visitors.last()["author"],
        json!({ "kind": "agent", "name": "Dana" })
    );
    talk.workspace.world.advance(3);
    talk.visitors
        .frame(talk.frame("typing:start"))
        .await
        .unwrap();
    let typing = talk.workspace.world.updates("conversation", "typing");
    assert_eq!(typing.len(), 4);
}

#[tokio::test]
async fn typing_is_not_broadcast_to_a_crowd() {
    let talk = talk().await;
    let part = format!("CONV#{}", talk.conversation);
    let row = talk.workspace.connection(&part, &talk.agents.opened).await;
    for number in 0..50_u8 {
        let ticket = TicketId::new(talk.workspace.now(), &move || [number; 10]);
        talk.workspace
            .put(&part, &format!("LIVE#{ticket}"), &row)
            .await;
    }
    talk.visitors
        .frame(talk.frame("typing:start"))
        .await
        .unwrap();
    assert!(talk.visitors.frames().is_empty(), "it is no error");
    assert!(
        talk.workspace
            .world
            .updates("conversation", "typing")
            .is_empty()
    );
}

// Pings.

#[tokio::test]
async fn pings_are_answered_with_the_last_number_and_advance_the_read_mark() {
    let talk = talk().await;
    talk.agents.say(talk.conversation, ID, "hello").await;
    talk.settle().await;
    let last_seq = talk.workspace.last_seq(talk.conversation).await;
    let ping = |seq: u64| json!({ "type": "ping", "read": { "conversation_id": talk.conversation, "seq": seq } });
    for (seq, expected) in [(1, 1), (99, last_seq), (1, last_seq)] {
        talk.visitors.frame(ping(seq)).await.unwrap();
        let head = talk.workspace.head(talk.conversation).await;
        assert_eq!(head["visitor_read_seq"], expected, "{seq}");
        let pong = talk.visitors.last();
        assert_eq!(
            (&pong["type"], &pong["last_seq"]),
            (&json!("pong"), &json!(last_seq))
        );
    }
    talk.visitors
        .frame(json!({ "type": "ping" }))
        .await
        .unwrap();
    assert_eq!(talk.visitors.last()["last_seq"], Value::Null);
    talk.visitors
        .say(talk.conversation, "message-0002", "thanks")
        .await;
    talk.agents.frame(ping(99)).await.unwrap();
    let head = talk.workspace.head(talk.conversation).await;
    assert_eq!(
        (&head["read_seq"], &head["unread"]),
        (&json!(last_seq + 1), &json!(0))
    );
}

#[tokio::test]
async fn visitors_who_vanish_are_told_to_be_offline_by_the_next_ping_of_an_agent() {
    let talk = talk().await;
    let ping =
        json!({ "type": "ping", "read": { "conversation_id": talk.conversation, "seq": 1 } });
    let online = || {
        let told = talk.workspace.world.updates("conversation", "presence");
        let last = told
            .last()
            .map(|update| update["is_visitor_online"].clone());
        (told.len(), last.unwrap_or_default())
    };
    assert_eq!(online(), (1, json!(true)));
    // Pings of the visitor are signs of life.
    for _ in 0..4 {
        talk.workspace.world.advance(45);
        talk.visitors.frame(ping.clone()).await.unwrap();
        talk.agents.frame(ping.clone()).await.unwrap();
    }
    assert_eq!(online(), (1, json!(true)));
    talk.workspace.world.advance(90);
    for _ in 0..2 {
        talk.agents.frame(ping.clone()).await.unwrap();
        assert_eq!(online(), (2, json!(false)));
    }
    talk.visitors.frame(ping).await.unwrap();
    assert_eq!(online(), (3, json!(true)));
    talk.deliver().await;
    assert!(talk.visitors.frames_of("presence").is_empty());
    assert_eq!(talk.agents.last()["is_visitor_online"], true);
}

// Ends.

#[tokio::test]
async fn either_side_ends_a_conversation_once() {
    for is_agent in [true, false] {
        let talk = talk().await;
        let socket = if is_agent {
            &talk.agents
        } else {
            &talk.visitors
        };
        for _ in 0..2 {
            socket.frame(talk.frame("conversation:end")).await.unwrap();
        }
        let head = talk.workspace.head(talk.conversation).await;
        assert_eq!(head["status"], "closed");
        let reason = if is_agent { "resolved" } else { "left" };
        assert_eq!(head["ended"]["reason"], reason);
        talk.deliver().await;
        for socket in [&talk.visitors, &talk.agents] {
            let ends = socket.frames_of("conversation:end");
            assert!(!ends.is_empty());
            assert_eq!(ends[0]["conversation"]["is_closed"], true);
        }
    }
}

#[tokio::test]
async fn visitors_do_not_say_that_they_are_spam() {
    let talk = talk().await;
    let mut end = talk.frame("conversation:end");
    end["reason"] = json!("spam");
    talk.visitors.frame(end.clone()).await.unwrap();
    assert_eq!(talk.visitors.last_answer(), answer("refused", "forbidden"));
    talk.agents.frame(end).await.unwrap();
    talk.deliver().await;
    let seen = json!(talk.visitors.frames());
    assert!(!seen.to_string().contains("spam"), "{seen}");
}

// Lost access.

#[tokio::test]
async fn sockets_of_agents_who_have_lost_their_access_end_with_their_next_frame() {
    for is_removed in [true, false] {
        for number in 0..8 {
            let talk = talk().await;
            let mut frames = talk.agent_frames(talk.conversation);
            frames.extend([hello(&[]), json!({ "type": "ping" })]);
            if is_removed {
                talk.workspace.remove(&talk.agent).await;
            } else {
                talk.workspace.sign_out(&talk.agent).await;
            }
            talk.agents.frame(frames[number].clone()).await.unwrap();
            let ended = (answer("bye", "signed_out"), true);
            let agents = &talk.agents;
            assert_eq!(
                (agents.last_answer(), agents.is_closed()),
                ended,
                "{}",
                frames[number]
            );
            assert!(talk.workspace.world.take(BROADCAST_QUEUE).is_empty());
        }
    }
}

#[tokio::test]
async fn sockets_of_blocked_visitors_end_with_their_next_frame() {
    for number in 0..7 {
        let talk = talk().await;
        let mut frames = talk.visitor_frames(talk.conversation);
        frames.extend([hello(&[]), json!({ "type": "ping" })]);
        talk.workspace.block(&talk.visitor).await;
        talk.visitors.frame(frames[number].clone()).await.unwrap();
        let visitors = &talk.visitors;
        assert_eq!(
            (visitors.last_answer(), visitors.is_closed()),
            (answer("bye", "blocked"), true),
            "{}",
            frames[number]
        );
        assert!(talk.workspace.world.take(BROADCAST_QUEUE).is_empty());
    }
}

#[tokio::test]
async fn sockets_of_a_suspended_tenant_end_with_their_next_frame() {
    let talk = talk().await;
    talk.workspace.suspend().await;
    for socket in [&talk.visitors, &talk.agents] {
        socket.frame(json!({ "type": "ping" })).await.unwrap();
        assert_eq!(
            (socket.last_answer(), socket.is_closed()),
            (answer("bye", "suspended"), true)
        );
    }
}

#[tokio::test]
async fn conversations_of_a_tenant_without_a_plan_are_shown_and_not_changed() {
    let talk = talk().await;
    let mut tenant = talk.workspace.row("", "TENANT").await;
    tenant["lifecycle"]["holds"]["trial_ended"] = json!({ "since": talk.workspace.now() });
    talk.workspace.put("", "TENANT", &tenant).await;
    talk.workspace.world.advance(30);
    talk.agents.frame(talk.frame("watch")).await.unwrap();
    assert_eq!(talk.agents.types(), ["backfill", "presence"]);
    for kind in ["message:send", "typing:start", "conversation:end"] {
        let mut frame = talk.frame(kind);
        if kind == "message:send" {
            frame = message_frame(talk.conversation, ID, "hello");
        }
        talk.agents.frame(frame).await.unwrap();
        assert_eq!(
            talk.agents.last_answer(),
            answer("refused", "payment_needed"),
            "{kind}"
        );
    }
}

#[tokio::test]
async fn connections_that_are_gone_are_deleted() {
    let workspace = Workspace::open().await;
    let visitor = workspace.visitor().await;
    let socket = workspace.visitor_socket(&visitor).await;
    let mut gone = socket.opened.clone();
    "gone".clone_into(&mut gone.connection_id);
    let part = format!("VIS#{}", visitor.id);
    let vanished = json!({ "c": "gone", "u": visitor.id, "expires_at": 9_999_999_999_i64 });
    let sk = format!("LIVE#{}", ticket_id(&gone));
    workspace.put(&part, &sk, &vanished).await;
    workspace.world.advance(60);
    let ping = json!({ "type": "ping" });
    workspace.world.frame(&gone, &ping).await.unwrap();
    assert_eq!(workspace.connection(&part, &gone).await, Value::Null);
}

// Calls.

/// The services that were called, in order, by the last part of their names.
fn called(talk: &Talk) -> Vec<String> {
    let calls = talk.workspace.world.cloud.faults().calls().into_iter();
    let names = calls.map(|call| {
        let name = call.0.rsplit('.').next().unwrap_or_default();
        name.split(' ').next().unwrap_or_default().to_owned()
    });
    names.collect()
}

/// One step reads and counts, one writes, one queues, and one finds the sockets.
#[tokio::test]
async fn a_message_reaches_the_post_to_the_agents_socket_after_four_calls_in_a_row() {
    let talk = talk().await;
    talk.visitors.say(talk.conversation, ID, "warm").await;
    talk.settle().await;
    talk.workspace.world.advance(20);
    let faults = talk.workspace.world.cloud.faults();
    faults.clear();
    talk.visitors
        .say(talk.conversation, "message-0002", "hello")
        .await;
    let mut calls = called(&talk);
    calls[..3].sort();
    assert_eq!(
        calls,
        [
            "BatchGetItem",
            "UpdateItem",
            "UpdateItem",
            "TransactWriteItems",
            "SendMessageBatch"
        ]
    );
    let jobs = talk.workspace.world.take(BROADCAST_QUEUE);
    let job = jobs
        .iter()
        .find(|job| job["room"]["kind"] == "conversation");
    faults.clear();
    let job = std::slice::from_ref(job.unwrap());
    talk.workspace.world.broadcast(job).await.unwrap();
    assert_eq!(called(&talk), ["Query", "Query", "POST", "POST"]);
    assert_eq!(talk.agents.texts(), ["hello"]);
}

// Faults.

#[tokio::test]
async fn our_own_failures_are_answered_without_their_cause() {
    let talk = talk().await;
    talk.visitors.say(talk.conversation, ID, "warm").await;
    let faults = talk.workspace.world.cloud.faults();
    faults.clear();
    talk.visitors
        .say(talk.conversation, "message-0002", "hello")
        .await;
    let calls = called(&talk);
    let send = calls.iter().position(|call| call == "SendMessageBatch");
    faults.plan(send.unwrap(), Fault::LostBefore);
    let frame = message_frame(talk.conversation, "message-0003", "hello");
    let failed = talk.visitors.frame(frame).await;
    assert!(failed.unwrap_err().is_server_error());
    assert_eq!(talk.visitors.last_answer(), answer("refused", "try_again"));
    assert_eq!(talk.visitors.last()["client_msg_id"], "message-0003");
    let title = talk.visitors.last()["title"].as_str().unwrap().to_owned();
    assert!(!title.contains("connection"), "{title}");
}

struct Posting(Talk);

impl Scenario for Posting {
    async fn arrange() -> Self {
        Self(talk().await)
    }

    fn faults(&self) -> &Faults {
        self.0.workspace.world.cloud.faults()
    }

    /// The client sends the message again until it comes back.
    async fn act(&self) -> Result<()> {
        let queued = self.0.workspace.world.updates("conversation", "appended");
        if queued
            .iter()
            .any(|update| update.to_string().contains("hello"))
        {
            return Ok(());
        }
        let frame = message_frame(self.0.conversation, ID, "hello");
        self.0.visitors.frame(frame).await
    }

    async fn check(&self, story: &str) {
        let talk = &self.0;
        let texts = talk.workspace.texts(talk.conversation).await;
        assert_eq!(texts, ["hello"], "{story}");
        talk.deliver().await;
        assert_eq!(talk.agents.texts(), ["hello"], "{story}");
        assert!(
            talk.visitors.texts().contains(&"hello".to_owned()),
            "{story}"
        );
        let heads = talk.agents.frames_of("head");
        assert_eq!(heads.last().unwrap()["head"]["last_seq"], 2, "{story}");
    }
}

#[tokio::test]
async fn messages_are_stored_and_broadcast_once_whatever_call_fails() {
    let Enumeration { calls, .. } = enumerate::<Posting>().await;
    assert!(calls >= 5, "{calls}");
}
