//! `ws-message`: frames of clients.

use std::sync::Arc;

use confab_core::Result;
use confab_testkit::{Enumeration, Fault, Faults, Scenario, enumerate};
use rooms_domain::MAX_FRAME_BYTES;
use serde_json::{Value, json};

use crate::{
    invariants,
    sockets::{Socket, message_frame},
    world::{User, World, lock},
};

fn hello(last_seq: Option<u64>) -> Value {
    json!({ "type": "hello", "last_seq": last_seq })
}

fn refused(code: &str, id: Value) -> (Value, Value, Value) {
    (json!("refused"), json!(code), id)
}

/// The type, code and message id of the last frame.
fn last(socket: &Socket) -> (Value, Value, Value) {
    let frame = socket.last();
    (
        frame["type"].clone(),
        frame["code"].clone(),
        frame["client_msg_id"].clone(),
    )
}

async fn open() -> (World, User, Arc<Socket>) {
    let world = World::open().await;
    let member = world.member("Noa").await;
    let socket = world.connect(&member).await;
    (world, member, socket)
}

#[tokio::test]
async fn new_clients_are_welcomed_without_a_history() {
    let (world, _, socket) = open().await;
    world.say(&world.host, "hello").await;
    world.frame(&socket.opened, &hello(None)).await.unwrap();
    let expected = json!({
        "v": 1, "type": "welcome", "last_seq": 1, "online": 1, "now": "2026-11-29T12:00:00Z",
        "until": "2026-11-29T14:00:00Z",
    });
    assert_eq!(socket.frames(), [expected]);
}

#[tokio::test]
async fn missed_messages_are_sent_in_order() {
    let (world, _, socket) = open().await;
    for text in ["first", "second", "third"] {
        world.say(&world.host, text).await;
    }
    world.frame(&socket.opened, &hello(Some(1))).await.unwrap();
    assert_eq!(socket.types(), ["welcome", "backfill"]);
    assert_eq!(
        (socket.texts(), &socket.last()["last_seq"]),
        (vec!["second".to_owned(), "third".to_owned()], &json!(3))
    );
    world.frame(&socket.opened, &hello(Some(3))).await.unwrap();
    world.frame(&socket.opened, &hello(Some(99))).await.unwrap();
    assert_eq!(
        socket.types()[2..],
        ["welcome", "welcome"],
        "nothing is missed"
    );
}

#[tokio::test]
async fn clients_that_missed_many_messages_load_the_latest_page() {
    let (world, _, socket) = open().await;
    world.say(&world.host, "first").await;
    let mut late = world.message_row(1).await;
    late["seq"] = json!(102);
    let pk = format!("ROOM#{}", world.room);
    world.put_row(&pk, "MSG#000000000102", late).await;
    world.frame(&socket.opened, &hello(Some(1))).await.unwrap();
    let expected = json!({ "v": 1, "type": "backfill_overflow", "first_seq": 1, "last_seq": 102 });
    assert_eq!(socket.last(), expected);
    world.frame(&socket.opened, &hello(Some(2))).await.unwrap();
    assert_eq!(socket.last()["type"], "backfill");
}

/// Messages of 2,000 characters in three bytes each do not fit into one frame.
#[tokio::test]
async fn long_gaps_are_split_into_frames() {
    let (world, _, socket) = open().await;
    for _ in 0..8 {
        world.say(&world.host, &"\u{20ac}".repeat(2_000)).await;
    }
    world.frame(&socket.opened, &hello(Some(0))).await.unwrap();
    let frames = socket.frames_of("backfill");
    assert!(frames.len() > 1);
    for frame in &frames {
        assert!(frame.to_string().len() <= MAX_FRAME_BYTES);
    }
    assert_eq!(socket.messages().len(), 8);
}

#[tokio::test]
async fn posted_messages_reach_all_connections_once() {
    let (world, member, socket) = open().await;
    let others = [
        world.connect(&member).await,
        world.connect(&world.host).await,
    ];
    for _ in 0..2 {
        world
            .frame(&socket.opened, &message_frame("message-0001", "hello"))
            .await
            .unwrap();
    }
    assert_eq!(world.history().await, ["hello"]);
    invariants::check(&world, "a message of a socket").await;
    for connection in [&socket, &others[0], &others[1]] {
        assert_eq!(connection.texts(), ["hello"]);
    }
}

#[tokio::test]
async fn refused_messages_are_answered_with_their_id_and_store_nothing() {
    let (world, _, socket) = open().await;
    let reader = world.user().await;
    let readers = world.connect(&reader).await;
    let before = world.rows_without_limits().await;
    let id = "message-0001";
    for (connection, frame, code) in [
        (&socket, message_frame(id, ""), "too_long"),
        (&socket, message_frame(id, &"x".repeat(2_001)), "too_long"),
        (
            &socket,
            json!({ "type": "message", "client_msg_id": id, "text": "x", "reply_to": 9 }),
            "message_not_found",
        ),
        (&readers, message_frame(id, "hello"), "not_a_member"),
    ] {
        world.frame(&connection.opened, &frame).await.unwrap();
        assert_eq!(last(connection), refused(code, json!(id)));
    }
    assert_eq!(world.rows_without_limits().await, before);
}

#[tokio::test]
async fn malformed_and_huge_frames_are_refused() {
    let (world, _, socket) = open().await;
    let huge = vec![b' '; MAX_FRAME_BYTES + 1];
    for (frame, code) in [
        (&b""[..], "bad_frame"),
        (b"{}", "bad_frame"),
        (b"\xff\xfe", "bad_frame"),
        (br#"{"type":"dance"}"#, "bad_frame"),
        (br#"{"type":"hello","last_seq":-1}"#, "bad_frame"),
        (
            br#"{"type":"message","client_msg_id":"message-0001","text":"x","user_id":"usr_1"}"#,
            "bad_frame",
        ),
        (&huge, "too_large"),
    ] {
        world.frame_bytes(&socket.opened, frame).await.unwrap();
        assert_eq!(last(&socket), refused(code, Value::Null));
    }
    world
        .frame(&socket.opened, &message_frame("short", "hello"))
        .await
        .unwrap();
    assert_eq!(last(&socket), refused("bad_client_msg_id", json!("short")));
}

#[tokio::test]
async fn muted_users_are_refused_and_stay_connected() {
    let (world, member, socket) = open().await;
    world.moderate(&member, "mute").await;
    for frame in [
        message_frame("message-0001", "hello"),
        json!({ "type": "typing", "on": true }),
    ] {
        world.frame(&socket.opened, &frame).await.unwrap();
        assert_eq!(socket.last()["code"], "muted");
    }
    assert!(!socket.is_closed());
    assert!(world.updates_of("typing").is_empty());
}

#[tokio::test]
async fn authors_who_post_too_fast_are_told_to_wait() {
    let (world, _, socket) = open().await;
    for number in 1..=9 {
        let frame = message_frame(&format!("message-{number:04}"), "hello");
        world.frame(&socket.opened, &frame).await.unwrap();
    }
    assert_eq!(last(&socket), refused("too_fast", json!("message-0009")));
    assert_eq!(world.last_seq(world.room).await, 8);
}

/// The limit of an address counts messages of its sockets too.
#[tokio::test]
async fn sockets_post_for_the_address_of_their_ticket() {
    let (world, _, socket) = open().await;
    let key = format!("message#{}#192.0.2.7", world.room);
    world
        .fill_limit(&key, 300, std::time::Duration::from_millis(100))
        .await;
    world
        .frame(&socket.opened, &message_frame("message-0001", "hello"))
        .await
        .unwrap();
    assert_eq!(last(&socket), refused("too_fast", json!("message-0001")));
}

#[tokio::test]
async fn typing_is_broadcast_once_an_interval() {
    let (world, member, socket) = open().await;
    let typing = |on: bool| json!({ "type": "typing", "on": on });
    for _ in 0..3 {
        world.frame(&socket.opened, &typing(true)).await.unwrap();
    }
    world.frame(&socket.opened, &typing(false)).await.unwrap();
    let expected =
        |on: bool| json!({ "news": "typing", "user_id": member.id, "username": "Noa", "on": on });
    assert_eq!(
        world.updates_of("typing"),
        [expected(true), expected(false)]
    );
    world.advance(3);
    world.frame(&socket.opened, &typing(true)).await.unwrap();
    assert_eq!(world.updates_of("typing").len(), 3);
    let count = json!({ "online": 51, "counted_at_ms": world.now().as_millisecond() });
    world
        .put_row(&format!("ROOM#{}", world.room), "ONLINE", count)
        .await;
    world.advance(3);
    world.frame(&socket.opened, &typing(true)).await.unwrap();
    assert_eq!(world.updates_of("typing").len(), 3, "the room is too large");
}

#[tokio::test]
async fn pings_are_answered_and_advance_the_read_marker() {
    let (world, member, socket) = open().await;
    for text in ["first", "second"] {
        world.say(&world.host, text).await;
    }
    let read_seq = async || world.person_row(world.room, &member).await["read_seq"].clone();
    for (sent, expected) in [
        (None, Value::Null),
        (Some(1), json!(1)),
        (Some(99), json!(2)),
        (Some(1), json!(2)),
    ] {
        let ping = json!({ "type": "ping", "read_seq": sent });
        world.frame(&socket.opened, &ping).await.unwrap();
        assert_eq!(read_seq().await, expected, "{sent:?}");
    }
    let pong = socket.last();
    assert_eq!(
        (&pong["type"], &pong["last_seq"], &pong["online"]),
        (&json!("pong"), &json!(2), &json!(1))
    );
    let reader = world.user().await;
    let readers = world.connect(&reader).await;
    world
        .frame(&readers.opened, &json!({ "type": "ping", "read_seq": 1 }))
        .await
        .unwrap();
    assert_eq!(readers.last()["type"], "pong");
}

/// Any frame of a user who may no longer read closes the connection.
#[tokio::test]
async fn users_who_may_no_longer_read_are_disconnected() {
    let frames = [
        hello(Some(0)),
        message_frame("message-0001", "hello"),
        json!({ "type": "typing", "on": true }),
        json!({ "type": "ping" }),
    ];
    for frame in frames {
        let world = World::open().await;
        let (banned, kicked) = (world.member("Noa").await, world.member("Omer").await);
        let reader = world.user().await;
        let mut sockets = Vec::new();
        for user in [&banned, &kicked, &reader] {
            sockets.push(world.connect(user).await);
        }
        world.moderate(&banned, "ban").await;
        world.moderate(&kicked, "kick").await;
        world
            .change(world.room, &world.host, json!({ "is_public": false }))
            .await;
        world.say(&world.host, "after").await;
        for (socket, reason) in sockets.iter().zip(["banned", "kicked", "members_only"]) {
            world.frame(&socket.opened, &frame).await.unwrap();
            let expected = json!({ "v": 1, "type": "kicked", "reason": reason });
            assert_eq!(
                (socket.frames(), socket.is_closed()),
                (vec![expected], true),
                "{frame}"
            );
        }
        invariants::check(&world, "removed users").await;
    }
}

#[tokio::test]
async fn frames_to_a_closed_room_close_the_connection() {
    let (world, _, socket) = open().await;
    world.close(world.room, &world.host).await;
    world.frame(&socket.opened, &hello(None)).await.unwrap();
    assert_eq!(
        (&socket.last()["reason"], socket.is_closed()),
        (&json!("closed"), true)
    );
}

#[tokio::test]
async fn connections_that_are_gone_are_deleted() {
    let (world, member, _) = open().await;
    let vanished = world.connect_vanished(&member).await;
    world.advance(60);
    world.frame(&vanished, &hello(None)).await.unwrap();
    assert_eq!(world.connection_row(&vanished).await, Value::Null);
}

#[tokio::test]
async fn our_own_failures_are_answered_without_their_cause() {
    let (world, _, socket) = open().await;
    world.state("ws-message").await;
    world.cloud.faults().clear();
    world
        .frame(&socket.opened, &message_frame("message-0001", "hello"))
        .await
        .unwrap();
    let calls = world.cloud.faults().calls();
    let send = calls
        .iter()
        .position(|call| call.0.ends_with("SendMessageBatch"))
        .unwrap();
    world.cloud.faults().plan(send, Fault::LostBefore);
    let failed = world
        .frame(&socket.opened, &message_frame("message-0002", "hello"))
        .await;
    assert!(failed.unwrap_err().is_server_error());
    assert_eq!(last(&socket), refused("try_again", json!("message-0002")));
    let title = socket.last()["title"].as_str().unwrap().to_owned();
    assert!(!title.contains("connection"), "{title}");
}

/// The client repeats a frame on the same connection until it receives an answer.
struct Frame {
    world: World,
    socket: Arc<Socket>,
    frame: Value,
}

impl Frame {
    async fn arrange(frame: Value) -> Self {
        let (world, _, socket) = open().await;
        for text in ["first", "second"] {
            world.say(&world.host, text).await;
        }
        world.deliver_broadcasts().await;
        socket.frames();
        world.state("ws-message").await;
        Self {
            world,
            socket,
            frame,
        }
    }
}

struct Posting(Frame);

impl Scenario for Posting {
    async fn arrange() -> Self {
        Self(Frame::arrange(message_frame("message-0003", "hello")).await)
    }

    fn faults(&self) -> &Faults {
        self.0.world.cloud.faults()
    }

    /// The author has the message once its broadcast is queued. Until then, the client sends it again.
    async fn act(&self) -> Result<()> {
        let Frame {
            world,
            socket,
            frame,
        } = &self.0;
        if world.broadcasts_of("hello") > 0 {
            return Ok(());
        }
        world.frame(&socket.opened, frame).await
    }

    async fn check(&self, story: &str) {
        let Frame { world, socket, .. } = &self.0;
        assert_eq!(
            world.history().await,
            ["first", "second", "hello"],
            "{story}"
        );
        invariants::check(world, story).await;
        assert_eq!(socket.texts(), ["first", "second", "hello"], "{story}");
    }
}

#[tokio::test]
async fn messages_of_sockets_are_stored_once_and_broadcast_whatever_call_fails() {
    let Enumeration { calls, .. } = enumerate::<Posting>().await;
    assert!(calls >= 5, "{calls}");
}

struct Welcome(Frame);

impl Scenario for Welcome {
    async fn arrange() -> Self {
        Self(Frame::arrange(hello(Some(1))).await)
    }

    fn faults(&self) -> &Faults {
        self.0.world.cloud.faults()
    }

    async fn act(&self) -> Result<()> {
        let Frame {
            world,
            socket,
            frame,
        } = &self.0;
        world.frame(&socket.opened, frame).await
    }

    async fn check(&self, story: &str) {
        let Frame { world, socket, .. } = &self.0;
        assert!(!socket.frames_of("welcome").is_empty(), "{story}");
        let backfill = socket.frames_of("backfill").pop().unwrap_or_default();
        assert_eq!(backfill["messages"][0]["text"], "second", "{story}");
        invariants::check(world, story).await;
    }
}

#[tokio::test]
async fn clients_are_welcomed_whatever_call_fails() {
    let Enumeration { calls, .. } = enumerate::<Welcome>().await;
    assert!(calls >= 8, "{calls}");
}

/// A banned user's connection that sends a frame.
struct Removal(Frame);

impl Scenario for Removal {
    async fn arrange() -> Self {
        let frame = Frame::arrange(message_frame("message-0003", "hello")).await;
        let user = User {
            id: frame.socket.user,
            token: String::new(),
        };
        frame.world.moderate(&user, "ban").await;
        frame.world.say(&frame.world.host, "after").await;
        Self(frame)
    }

    fn faults(&self) -> &Faults {
        self.0.world.cloud.faults()
    }

    async fn act(&self) -> Result<()> {
        let Frame {
            world,
            socket,
            frame,
        } = &self.0;
        world.frame(&socket.opened, frame).await
    }

    async fn check(&self, story: &str) {
        let Frame { world, socket, .. } = &self.0;
        assert!(socket.is_closed(), "{story}");
        invariants::check(world, story).await;
        assert_eq!(lock(&world.removals).len(), 1);
    }
}

#[tokio::test]
async fn banned_users_post_nothing_whatever_call_fails() {
    let Enumeration { calls, .. } = enumerate::<Removal>().await;
    assert!(calls >= 5, "{calls}");
}
