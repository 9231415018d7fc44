//! `ws-connect`: stores connections, one for each ticket.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use confab_core::Result;
use confab_testkit::{Enumeration, Faults, Scenario, enumerate};
use serde_json::{Value, json};

use crate::{
    invariants,
    sockets::{Socket, code},
    world::{World, lock},
};

#[tokio::test]
async fn connections_are_stored_for_two_hours() {
    let world = World::open().await;
    let socket = world.connect(&world.host).await;
    let row = world.connection_row(&socket.opened).await;
    assert_eq!(
        (&row["c"], &row["u"]),
        (&json!(socket.opened.connection_id), &json!(world.host.id))
    );
    assert_eq!(row["expires_at"], world.now().as_second() + 2 * 3_600);
    invariants::check(&world, "a connection").await;
}

#[tokio::test]
async fn a_ticket_opens_one_connection() {
    let world = World::open().await;
    let token = world.ticket(world.room, &world.host).await;
    let first = world.opening("first", &token).await;
    let others = [
        world.opening("second", &token).await,
        world.opening("third", &token).await,
    ];
    world.call_connect(&first, json!({})).await.unwrap();
    assert_eq!(
        code(world.call_connect(&others[0], json!({})).await),
        "unauthenticated"
    );
    assert_eq!(world.connection_row(&first).await["c"], "first");
    world.disconnect(&first).await.unwrap();
    assert_eq!(
        code(world.call_connect(&others[1], json!({})).await),
        "unauthenticated",
        "it was used"
    );
    assert_eq!(world.connection_row(&first).await["c"], Value::Null);
}

#[tokio::test]
async fn pages_of_other_origins_cannot_connect() {
    let world = World::with_variable("ROOMS_ORIGIN", "https://rooms.example").await;
    let token = world.ticket(world.room, &world.host).await;
    let opened = world.opening("connection", &token).await;
    for headers in [
        json!({}),
        json!({ "Origin": "https://evil.example" }),
        json!({ "Origin": "null" }),
    ] {
        assert_eq!(
            code(world.call_connect(&opened, headers.clone()).await),
            "forbidden",
            "{headers}"
        );
    }
    assert_eq!(world.connection_row(&opened).await, Value::Null);
    world
        .call_connect(&opened, json!({ "Origin": "https://rooms.example" }))
        .await
        .unwrap();
}

/// They had a ticket before they lost the right to read.
#[tokio::test]
async fn users_who_may_no_longer_read_cannot_connect() {
    let world = World::open().await;
    let (banned, reader) = (world.member("Noa").await, world.user().await);
    let mut openings = Vec::new();
    for (user, id) in [
        (&banned, "banned"),
        (&reader, "reader"),
        (&world.host, "host"),
    ] {
        let token = world.ticket(world.room, user).await;
        openings.push(world.opening(id, &token).await);
    }
    world.moderate(&banned, "ban").await;
    world
        .change(world.room, &world.host, json!({ "is_public": false }))
        .await;
    let refused = ["forbidden", "room_not_found"];
    for (opened, refused) in openings.iter().zip(refused) {
        assert_eq!(code(world.call_connect(opened, json!({})).await), refused);
        assert_eq!(world.connection_row(opened).await["c"], Value::Null);
    }
    world.call_connect(&openings[2], json!({})).await.unwrap();
    invariants::check(&world, "refused connections").await;
}

#[tokio::test]
async fn closed_rooms_cannot_be_connected_to() {
    let world = World::open().await;
    let token = world.ticket(world.room, &world.host).await;
    let opened = world.opening("connection", &token).await;
    world.close(world.room, &world.host).await;
    assert_eq!(
        code(world.call_connect(&opened, json!({})).await),
        "room_not_found"
    );
    assert_eq!(world.connection_row(&opened).await["c"], Value::Null);
}

#[tokio::test]
async fn events_without_a_ticket_are_refused() {
    let world = World::open().await;
    let token = world.ticket(world.room, &world.host).await;
    let valid = world.opening("connection", &token).await;
    for name in ["ticket", "room", "user"] {
        let mut opened = valid.clone();
        opened.authorizer.as_object_mut().unwrap().remove(name);
        assert_eq!(
            code(world.call_connect(&opened, json!({})).await),
            "broken_event",
            "{name}"
        );
    }
    let mut earlier = valid.clone();
    earlier
        .authorizer
        .as_object_mut()
        .unwrap()
        .remove("address");
    world.call_connect(&earlier, json!({})).await.unwrap();
}

/// API Gateway calls `$connect` once. A client whose connection was refused opens another one with a new ticket.
struct Connect {
    world: World,
    first: Arc<Socket>,
    is_refused: AtomicBool,
}

impl Connect {
    async fn arrange(is_banned: bool) -> Self {
        let world = World::open().await;
        let user = world.member("Noa").await;
        let token = world.ticket(world.room, &user).await;
        let first = world.attach(world.room, &user, &token).await;
        if is_banned {
            world.moderate(&user, "ban").await;
        }
        world.state("ws-connect").await;
        Self {
            world,
            first,
            is_refused: AtomicBool::new(false),
        }
    }

    async fn act(&self) -> Result<()> {
        if self.is_refused.load(Ordering::Relaxed) {
            return Ok(());
        }
        match self.world.call_connect(&self.first.opened, json!({})).await {
            Err(error) if !error.is_server_error() => {
                self.is_refused.store(true, Ordering::Relaxed);
                Ok(())
            }
            outcome => outcome,
        }
    }
}

struct Connecting(Connect);

impl Scenario for Connecting {
    async fn arrange() -> Self {
        Self(Connect::arrange(false).await)
    }

    fn faults(&self) -> &Faults {
        self.0.world.cloud.faults()
    }

    async fn act(&self) -> Result<()> {
        self.0.act().await
    }

    /// The connection is stored, or its ticket stays used.
    async fn check(&self, story: &str) {
        let Connect { world, first, .. } = &self.0;
        let row = world.connection_row(&first.opened).await;
        assert_ne!(row, Value::Null, "{story}");
        world.say(&world.host, "hello").await;
        invariants::check(world, story).await;
    }
}

#[tokio::test]
async fn tickets_open_one_connection_whatever_call_fails() {
    let Enumeration { calls, .. } = enumerate::<Connecting>().await;
    assert!(calls >= 2, "{calls}");
}

struct ConnectingBanned(Connect);

impl Scenario for ConnectingBanned {
    async fn arrange() -> Self {
        Self(Connect::arrange(true).await)
    }

    fn faults(&self) -> &Faults {
        self.0.world.cloud.faults()
    }

    async fn act(&self) -> Result<()> {
        self.0.act().await
    }

    /// A connection that API Gateway refused is never open, and one that stays stored receives nothing.
    async fn check(&self, story: &str) {
        let Connect { world, first, .. } = &self.0;
        world.say(&world.host, "after").await;
        world.deliver_broadcasts().await;
        assert!(first.texts().is_empty(), "{story}");
        lock(&world.sockets).clear();
        invariants::check(world, story).await;
    }
}

#[tokio::test]
async fn banned_users_cannot_connect_whatever_call_fails() {
    let Enumeration { calls, .. } = enumerate::<ConnectingBanned>().await;
    assert!(calls >= 3, "{calls}");
}
