//! `ws-disconnect`: deletes closed connections, and counts the others.

use std::sync::Arc;

use confab_core::Result;
use confab_testkit::{Enumeration, Faults, Scenario, enumerate};
use serde_json::{Value, json};

use crate::{
    invariants,
    sockets::{Socket, code},
    world::World,
};

/// Longer than a ticket is remembered.
const TICKET_SECONDS: u64 = 60;

async fn shown_count(world: &World) -> u64 {
    let shown = world.show(world.room, &world.host).await;
    shown.body["online"].as_u64().unwrap()
}

/// Stores the count of a moment so many seconds ago.
async fn store_count(world: &World, online: u32, seconds_ago: i64) {
    let at = world.now().as_millisecond() - seconds_ago * 1_000;
    let row = json!({ "online": online, "counted_at_ms": at });
    world
        .put_row(&format!("ROOM#{}", world.room), "ONLINE", row)
        .await;
}

#[tokio::test]
async fn closed_connections_are_deleted() {
    let world = World::open().await;
    let socket = world.connect(&world.host).await;
    world.advance(TICKET_SECONDS);
    for _ in 0..2 {
        world.disconnect(&socket.opened).await.unwrap();
        assert_eq!(world.connection_row(&socket.opened).await, Value::Null);
    }
    invariants::check(&world, "a closed connection").await;
}

#[tokio::test]
async fn tickets_of_young_connections_stay_used() {
    let world = World::open().await;
    let socket = world.connect(&world.host).await;
    world.disconnect(&socket.opened).await.unwrap();
    let row = world.connection_row(&socket.opened).await;
    assert_eq!(
        (&row["c"], &row["expires_at"]),
        (&Value::Null, &json!(world.now().as_second() + 60))
    );
}

/// The report of a connection that was refused does not end the one that its ticket opened.
#[tokio::test]
async fn other_connections_of_a_ticket_stay_open() {
    let world = World::open().await;
    let socket = world.connect(&world.host).await;
    let mut refused = socket.opened.clone();
    "refused".clone_into(&mut refused.connection_id);
    world.disconnect(&refused).await.unwrap();
    let row = world.connection_row(&socket.opened).await;
    assert_eq!(row["c"], json!(socket.opened.connection_id));
}

#[tokio::test]
async fn counts_are_shown_for_90_seconds() {
    let world = World::open().await;
    for (seconds_ago, expected) in [(0, 302), (90, 302), (91, 0), (20 * 3_600, 0)] {
        store_count(&world, 302, seconds_ago).await;
        assert_eq!(shown_count(&world).await, expected, "{seconds_ago} s ago");
    }
}

#[tokio::test]
async fn departures_from_a_small_room_are_counted_at_once() {
    let world = World::open().await;
    let member = world.member("Noa").await;
    let (first, second) = (
        world.connect(&world.host).await,
        world.connect(&member).await,
    );
    world.advance(TICKET_SECONDS);
    store_count(&world, 2, 30).await;
    world.disconnect(&first.opened).await.unwrap();
    assert_eq!(shown_count(&world).await, 1);
    assert_eq!(
        world.updates_of("online"),
        [json!({ "news": "online", "online": 1 })]
    );
    world.disconnect(&second.opened).await.unwrap();
    assert_eq!(shown_count(&world).await, 0);
    assert_eq!(
        world.updates_of("online").len(),
        1,
        "no connection is left to receive it"
    );
    // API Gateway may report a closing twice.
    world.disconnect(&second.opened).await.unwrap();
    assert_eq!(shown_count(&world).await, 0);
}

/// The room was counted a moment ago, and is too large to be counted at once.
#[tokio::test]
async fn departures_from_a_large_room_are_counted_at_its_interval() {
    let world = World::open().await;
    let socket = world.connect(&world.host).await;
    world.advance(TICKET_SECONDS);
    store_count(&world, 302, 1).await;
    world.disconnect(&socket.opened).await.unwrap();
    assert_eq!(shown_count(&world).await, 302);
    store_count(&world, 302, 5).await;
    world.disconnect(&socket.opened).await.unwrap();
    assert_eq!(shown_count(&world).await, 0);
}

#[tokio::test]
async fn departures_from_a_closed_room_are_not_counted() {
    let world = World::open().await;
    let socket = world.connect(&world.host).await;
    world.close(world.room, &world.host).await;
    world.advance(TICKET_SECONDS);
    world.disconnect(&socket.opened).await.unwrap();
    assert_eq!(world.connection_row(&socket.opened).await, Value::Null);
    assert!(world.updates_of("online").is_empty());
}

#[tokio::test]
async fn events_without_a_ticket_are_broken() {
    let world = World::open().await;
    let socket = world.connect(&world.host).await;
    let mut opened = socket.opened.clone();
    opened.authorizer = json!({});
    assert_eq!(code(world.disconnect(&opened).await), "broken_event");
}

/// API Gateway calls `$disconnect` again when it failed.
struct Disconnect {
    world: World,
    socket: Arc<Socket>,
}

impl Scenario for Disconnect {
    async fn arrange() -> Self {
        let world = World::open().await;
        let member = world.member("Noa").await;
        let socket = world.connect(&world.host).await;
        world.connect(&member).await;
        world.advance(TICKET_SECONDS);
        store_count(&world, 2, 30).await;
        world.state("ws-disconnect").await;
        Self { world, socket }
    }

    fn faults(&self) -> &Faults {
        self.world.cloud.faults()
    }

    async fn act(&self) -> Result<()> {
        self.world.disconnect(&self.socket.opened).await
    }

    async fn check(&self, story: &str) {
        let world = &self.world;
        assert_eq!(
            world.connection_row(&self.socket.opened).await,
            Value::Null,
            "{story}"
        );
        assert_eq!(shown_count(world).await, 1, "{story}");
        invariants::check(world, story).await;
    }
}

#[tokio::test]
async fn connections_are_deleted_whatever_call_fails() {
    let Enumeration { calls, .. } = enumerate::<Disconnect>().await;
    assert!(calls >= 6, "{calls}");
}
