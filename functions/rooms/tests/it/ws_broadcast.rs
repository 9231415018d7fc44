//! `ws-broadcast`: delivers the updates of a room to its connections.

use std::sync::Arc;

use confab_core::Result;
use confab_testkit::{Enumeration, Fault, Faults, Scenario, enumerate};
use serde_json::{Value, json};

use crate::{
    invariants,
    sockets::Socket,
    world::{User, World, lock},
};

/// A room with a host, two members, and a connection of each that was opened a minute ago.
struct FullRoom {
    world: World,
    noa: User,
    host: Arc<Socket>,
    noas: Arc<Socket>,
    omers: Arc<Socket>,
}

async fn full_room() -> FullRoom {
    let world = World::open().await;
    let (noa, omer) = (world.member("Noa").await, world.member("Omer").await);
    let room = FullRoom {
        host: world.connect(&world.host).await,
        noas: world.connect(&noa).await,
        omers: world.connect(&omer).await,
        world,
        noa,
    };
    room.world.advance(60);
    room
}

impl FullRoom {
    /// Lets the host post a message, and takes its job.
    async fn say(&self, text: &str) -> Vec<Value> {
        self.world.say(&self.world.host, text).await;
        self.world.take_broadcasts()
    }

    async fn remove_noa(&self, act: &str) {
        if act == "leave" {
            assert_eq!(
                self.world.leave(self.world.room, &self.noa).await.status,
                204
            );
            self.world.note_removal(self.world.room, &self.noa).await;
        } else {
            self.world.moderate(&self.noa, act).await;
        }
    }

    /// Plans a fault of the call whose name ends so, of those that broadcasting these jobs to a copy of the room makes.
    async fn plan(&self, twin: &Self, jobs: &[Value], name: &str, fault: Fault) {
        self.world.state("ws-broadcast").await;
        twin.world.state("ws-broadcast").await;
        twin.world.cloud.faults().clear();
        twin.world.broadcast(jobs).await.unwrap();
        let calls = twin.world.cloud.faults().calls();
        let number = calls.iter().position(|call| call.0.contains(name));
        self.world.cloud.faults().plan(number.unwrap(), fault);
    }
}

fn busy(mut jobs: Vec<Value>) -> Vec<Value> {
    for job in &mut jobs {
        job["news"][0]["is_busy"] = json!(true);
    }
    jobs
}

#[tokio::test]
async fn messages_reach_all_connections_in_order() {
    let room = full_room().await;
    let mut jobs = room.say("first").await;
    jobs.extend(room.say("second").await);
    room.world.broadcast(&jobs).await.unwrap();
    for socket in [&room.host, &room.noas, &room.omers] {
        assert_eq!(socket.texts(), ["first", "second"]);
        assert_eq!(socket.types(), ["messages"], "both go out in one frame");
        assert_eq!(socket.last()["last_seq"], 2);
    }
}

#[tokio::test]
async fn removed_users_receive_no_later_message_of_the_same_batch() {
    for act in ["ban", "kick", "leave"] {
        let room = full_room().await;
        let mut jobs = room.say("before").await;
        room.remove_noa(act).await;
        jobs.extend(room.say("after").await);
        room.world.broadcast(&jobs).await.unwrap();
        assert_eq!(
            (room.noas.types(), room.noas.is_closed()),
            (vec!["kicked".to_owned()], true),
            "{act}"
        );
        for socket in [&room.host, &room.omers] {
            assert_eq!(
                (socket.texts(), socket.is_closed()),
                (vec!["before".to_owned(), "after".to_owned()], false)
            );
        }
        invariants::check(&room.world, act).await;
    }
}

/// The broadcaster reads all messages since the first one, including those posted after the removal.
#[tokio::test]
async fn removed_users_receive_no_later_message_of_a_busy_room() {
    let room = full_room().await;
    let jobs = busy(room.say("before").await);
    room.remove_noa("ban").await;
    room.say("after").await;
    room.world.advance(1);
    room.world.broadcast(&jobs).await.unwrap();
    assert_eq!(room.host.texts(), ["before", "after"]);
    assert_eq!(
        (room.noas.texts(), &room.noas.frames()[0]["reason"]),
        (vec![], &json!("banned"))
    );
    invariants::check(&room.world, "a busy room").await;
}

/// The job of each message of a busy room is delivered, but only the first one has something to do.
#[tokio::test]
async fn messages_of_a_busy_room_are_posted_once() {
    let room = full_room().await;
    let (first, second) = (
        busy(room.say("first").await),
        busy(room.say("second").await),
    );
    room.world.advance(1);
    for jobs in [&first, &second, &first] {
        room.world.broadcast(jobs).await.unwrap();
    }
    assert_eq!(room.omers.texts(), ["first", "second"]);
}

/// The process crashed between the removal and its publication.
#[tokio::test]
async fn unpublished_removals_close_connections_with_the_next_broadcast() {
    let room = full_room().await;
    room.remove_noa("kick").await;
    room.world.take_broadcasts();
    let jobs = room.say("after").await;
    room.world.broadcast(&jobs).await.unwrap();
    assert_eq!(
        (room.noas.types(), room.noas.is_closed()),
        (vec!["kicked".to_owned()], true)
    );
    assert_eq!(room.omers.texts(), ["after"]);
}

/// API Gateway fails to close the connection: the removal stays for the next broadcast.
#[tokio::test(start_paused = true)]
async fn removed_connections_that_could_not_be_closed_receive_no_message() {
    let (room, twin) = (full_room().await, full_room().await);
    let mut removals = Vec::new();
    for room in [&twin, &room] {
        room.remove_noa("ban").await;
        removals.push(room.world.take_broadcasts());
    }
    room.plan(&twin, &removals[0], "DELETE", Fault::LostBefore)
        .await;
    room.world.broadcast(&removals[1]).await.unwrap();
    assert!(!room.noas.is_closed());
    room.world.cloud.faults().clear();
    let jobs = room.say("after").await;
    room.world.broadcast(&jobs).await.unwrap();
    assert_eq!(
        (room.noas.types(), room.noas.is_closed()),
        (vec!["kicked".to_owned(); 2], true)
    );
    assert_eq!(room.host.texts(), ["after"]);
    invariants::check(&room.world, "a connection that was closed late").await;
}

/// SQS delivers the batch a second time.
#[tokio::test]
async fn repeated_batches_post_no_message_to_removed_users() {
    let room = full_room().await;
    let mut jobs = room.say("before").await;
    room.remove_noa("ban").await;
    jobs.extend(room.say("after").await);
    for _ in 0..2 {
        room.world.broadcast(&jobs).await.unwrap();
    }
    assert_eq!(room.noas.texts(), Vec::<String>::new());
    invariants::check(&room.world, "a repeated batch").await;
}

#[tokio::test]
async fn users_who_rejoin_receive_messages_on_their_new_connection() {
    let room = full_room().await;
    let world = &room.world;
    room.remove_noa("leave").await;
    world.advance(30);
    assert_eq!(world.join(world.room, &room.noa, "Noa").await.status, 200);
    let new = world.connect(&room.noa).await;
    world.say(&world.host, "welcome back").await;
    invariants::check(world, "a user who rejoined").await;
    assert_eq!(room.noas.types(), ["kicked"]);
    assert_eq!(new.texts(), ["welcome back"]);
}

#[tokio::test]
async fn readers_receive_no_message_after_the_room_is_restricted_to_members() {
    let room = full_room().await;
    let (world, reader) = (&room.world, room.world.user().await);
    let socket = world.connect(&reader).await;
    world
        .change(world.room, &world.host, json!({ "is_public": false }))
        .await;
    world.note_removal(world.room, &reader).await;
    world.take_broadcasts();
    let jobs = room.say("among us").await;
    world.broadcast(&jobs).await.unwrap();
    assert_eq!(
        (socket.types(), &socket.last()["reason"]),
        (vec!["kicked".to_owned()], &json!("members_only"))
    );
    assert_eq!(room.omers.texts(), ["among us"]);
    invariants::check(world, "a restricted room").await;
}

/// Otherwise each later broadcast would read them.
#[tokio::test]
async fn removals_are_deleted_once_their_connections_are_closed() {
    let room = full_room().await;
    room.remove_noa("ban").await;
    let pk = format!("REMOVED#{}", room.world.room);
    assert_eq!(room.world.partition(&pk).await.len(), 1);
    room.world.deliver_broadcasts().await;
    assert_eq!(room.world.partition(&pk).await, Vec::<Value>::new());
}

/// A message, connections, a removal and a member that no function would write.
#[tokio::test]
async fn malformed_rows_are_skipped() {
    let room = full_room().await;
    let world = &room.world;
    let pk = format!("ROOM#{}", world.room);
    let broken = || json!({ "seq": "two", "text": 5 });
    let first = busy(room.say("first").await);
    world.put_row(&pk, "MSG#000000000002", broken()).await;
    let third = world.post(&world.host, "message-0003", "third").await;
    assert_eq!(
        third.body["seq"], 3,
        "the number of a malformed message stays in use"
    );
    let live = format!("LIVE#{}", world.room);
    let until = 9_999_999_999_i64;
    world
        .put_row(&live, "no ticket", json!({ "c": "x", "expires_at": until }))
        .await;
    world
        .put_row(
            &live,
            "tkt_zzz",
            json!({ "c": "y", "u": "no user", "expires_at": until }),
        )
        .await;
    world.put_row(&live, "zzz", json!({ "c": 1 })).await;
    world
        .put_row(&format!("REMOVED#{}", world.room), "usr_broken", broken())
        .await;
    let person = confab_core::UserId::new(world.now(), &|| [3; 10]);
    world
        .put_row(&pk, &format!("PERSON#{person}"), broken())
        .await;
    world.advance(1);
    let before = confab_core::before(world.now(), std::time::Duration::from_secs(600));
    let mut restriction = first[0].clone();
    restriction["news"] = json!([{ "news": "members_only", "at": before }]);
    world
        .broadcast(&[first[0].clone(), restriction])
        .await
        .unwrap();
    for socket in [&room.host, &room.noas, &room.omers] {
        assert_eq!(socket.texts(), ["first", "third"]);
    }
}

/// A malformed row at the end of a page is the cursor of the next page.
#[tokio::test]
async fn a_broadcast_continues_after_a_malformed_connection() {
    let room = full_room().await;
    let mut jobs = room.say("hello").await;
    jobs[0]["after"] = json!("no ticket");
    room.world.broadcast(&jobs).await.unwrap();
    for socket in [&room.host, &room.noas, &room.omers] {
        assert_eq!(socket.texts(), ["hello"], "tickets come after the cursor");
    }
}

#[tokio::test]
async fn continued_broadcasts_reach_later_connections_alone() {
    let room = full_room().await;
    let mut jobs = room.say("hello").await;
    let mut tickets = [&room.host, &room.noas, &room.omers].map(|socket| socket.opened.ticket());
    tickets.sort_unstable();
    jobs[0]["after"] = json!(tickets[1]);
    room.world.broadcast(&jobs).await.unwrap();
    for socket in [&room.host, &room.noas, &room.omers] {
        let expected = usize::from(socket.opened.ticket() == tickets[2]);
        assert_eq!(socket.texts().len(), expected);
    }
}

/// DynamoDB fails for a moment.
#[tokio::test(start_paused = true)]
async fn failed_reads_are_repeated() {
    for fault in [Fault::LostBefore, Fault::ReplyLost, Fault::Throttled] {
        for name in ["Query", "BatchGetItem"] {
            let (room, twin) = (full_room().await, full_room().await);
            let mut restrictions = Vec::new();
            let mut readers = Vec::new();
            for room in [&twin, &room] {
                let world = &room.world;
                let reader = world.user().await;
                readers.push(world.connect(&reader).await);
                world
                    .change(world.room, &world.host, json!({ "is_public": false }))
                    .await;
                restrictions.push(world.take_broadcasts());
            }
            room.plan(&twin, &restrictions[0], name, fault).await;
            room.world.broadcast(&restrictions[1]).await.unwrap();
            assert!(
                readers[1].is_closed() && !room.noas.is_closed(),
                "{fault:?} {name}"
            );
        }
    }
}

#[tokio::test(start_paused = true)]
async fn failed_posts_are_repeated_once() {
    let (room, twin) = (full_room().await, full_room().await);
    let (jobs, twins_jobs) = (room.say("hello").await, twin.say("hello").await);
    room.plan(&twin, &twins_jobs, "POST", Fault::LostBefore)
        .await;
    room.world.broadcast(&jobs).await.unwrap();
    for socket in [&room.host, &room.noas, &room.omers] {
        assert_eq!(socket.texts(), ["hello"]);
    }
}

#[tokio::test]
async fn gone_connections_are_deleted_unless_they_are_opening() {
    let room = full_room().await;
    let world = &room.world;
    let vanished = world.connect_vanished(&room.noa).await;
    world.advance(4);
    let jobs = room.say("hello").await;
    world.broadcast(&jobs).await.unwrap();
    assert_eq!(
        world.connection_row(&vanished).await["c"],
        "vanished",
        "its handshake may not have ended"
    );
    world.advance(56);
    let jobs = room.say("hello again").await;
    world.broadcast(&jobs).await.unwrap();
    assert_eq!(world.connection_row(&vanished).await, Value::Null);
    assert_eq!(room.omers.texts(), ["hello", "hello again"]);
}

#[tokio::test]
async fn expired_connections_receive_nothing() {
    let room = full_room().await;
    room.world.advance(2 * 3_600);
    let jobs = room.say("hello").await;
    room.world.broadcast(&jobs).await.unwrap();
    assert!(room.omers.texts().is_empty(), "API Gateway has closed it");
}

/// Clients have repaired the gap by then.
#[tokio::test]
async fn late_updates_are_skipped_unless_they_remove_or_change() {
    let room = full_room().await;
    let mut jobs = room.say("hello").await;
    room.remove_noa("kick").await;
    let reaction = room.world.reaction(&room.world.host, 1, "👍", true);
    assert_eq!(room.world.messages_request(&reaction).await.status, 200);
    jobs.extend(room.world.take_broadcasts());
    room.world.advance(61);
    room.world.broadcast(&jobs).await.unwrap();
    assert_eq!(room.omers.types(), ["changed"]);
    assert_eq!(room.noas.types(), ["kicked"]);
}

#[tokio::test]
async fn batches_without_jobs_do_nothing() {
    let room = full_room().await;
    room.world.broadcast(&[]).await.unwrap();
    assert!(room.omers.frames().is_empty());
}

/// A batch with a message, a removal and a later message, delivered until it is handled.
struct Batch {
    room: FullRoom,
    jobs: Vec<Value>,
}

impl Scenario for Batch {
    async fn arrange() -> Self {
        let room = full_room().await;
        let mut jobs = room.say("before").await;
        room.remove_noa("ban").await;
        jobs.extend(room.say("after").await);
        room.world.state("ws-broadcast").await;
        Self { room, jobs }
    }

    fn faults(&self) -> &Faults {
        self.room.world.cloud.faults()
    }

    async fn act(&self) -> Result<()> {
        self.room.world.broadcast(&self.jobs).await
    }

    /// Messages that were posted in vain are repaired by the client.
    async fn check(&self, story: &str) {
        let FullRoom {
            world,
            noas,
            omers,
            host,
            ..
        } = &self.room;
        assert!(noas.texts().is_empty(), "{story}");
        for socket in [host, omers] {
            let texts = socket.texts();
            let is_in_order = texts.chunks(2).all(|texts| texts == ["before", "after"]);
            assert!(is_in_order && !texts.is_empty(), "{story}: {texts:?}");
            assert!(!socket.is_closed(), "{story}");
        }
        world.say(&world.host, "later").await;
        invariants::check(world, story).await;
        assert!(noas.is_closed(), "{story}");
        assert!(
            world
                .partition(&format!("REMOVED#{}", world.room))
                .await
                .is_empty(),
            "{story}"
        );
        assert_eq!(lock(&world.removals).len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn batches_are_delivered_whatever_call_fails() {
    let Enumeration { calls, .. } = enumerate::<Batch>().await;
    assert!(calls >= 7, "{calls}");
}
