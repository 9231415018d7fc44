//! Copies of the route that posts messages, one of them with a bug. The enumeration must report it.

use std::{
    marker::PhantomData,
    sync::atomic::{AtomicBool, Ordering},
};

use confab_aws::{Condition, Entry, Queue, Table};
use confab_core::{CorrelationId, Result};
use confab_live::BroadcastJob;
use confab_testkit::{Faults, Scenario, enumerate};
use rooms_domain::{ClientMessageId, Message, RoomUpdate, Username};
use serde_json::json;

use crate::{invariants, world::World};

const ID: &str = "message-0001";

/// The bug of a route.
trait Bug {
    const DROPS_THE_ERROR_OF_A_SEND: bool;
}

struct NoBug;

impl Bug for NoBug {
    const DROPS_THE_ERROR_OF_A_SEND: bool = false;
}

struct DroppedError;

impl Bug for DroppedError {
    const DROPS_THE_ERROR_OF_A_SEND: bool = true;
}

/// A client of the copy, which posts the first message of the room until it is answered with 200.
struct Posting<B> {
    world: World,
    table: Table,
    queue: Queue,
    is_answered: AtomicBool,
    bug: PhantomData<B>,
}

impl<B: Bug> Posting<B> {
    fn message(&self) -> Message {
        Message {
            seq: 1,
            at: self.world.now(),
            user_id: self.world.host.id,
            username: Username::parse("Dana").unwrap(),
            text: "hello".into(),
            client_msg_id: ClientMessageId::parse(ID).unwrap(),
            reply_to: None,
            is_deleted: false,
            reactions: Vec::new(),
            rev: 0,
            tip: None,
        }
    }

    /// The route: stores the message once, and publishes it also when it was stored before.
    async fn post(&self) -> Result<()> {
        self.store().await?;
        let published = self.publish().await;
        if B::DROPS_THE_ERROR_OF_A_SEND {
            return Ok(());
        }
        published
    }

    async fn store(&self) -> Result<()> {
        let (table, room, message) = (&self.table, self.world.room, self.message());
        let pk = format!("ROOM#{room}");
        let mut row = serde_json::to_value(&message).unwrap();
        row["expires_at"] = json!(self.world.now().as_second() + 3_600);
        let row = Table::to_row(&pk, "MSG#000000000001", &row)?;
        let key = format!("SAID#{}#{ID}", message.user_id);
        let key = Table::to_row(&pk, key, &json!({ "seq": 1 }))?;
        let reserved = Condition::none().value(":next", confab_aws::number(101));
        let writes = vec![
            table.transact_put(row, Condition::not_exists())?,
            table.transact_put(key, Condition::not_exists())?,
            table.transact_update(Table::key(&pk, "ROOM"), "SET reserved = :next", reserved)?,
        ];
        // A conflict is a message that was stored before.
        table.transact(writes).await.map(drop)
    }

    async fn publish(&self) -> Result<()> {
        let (room, message) = (self.world.room, self.message());
        let job = BroadcastJob::V1 {
            channel: room,
            at: message.at,
            updates: vec![RoomUpdate::MessagePosted {
                message: Box::new(message),
                is_busy: false,
            }],
            after: None,
        };
        let correlation_id = CorrelationId::of_event("test");
        let entry = Entry::fifo(&room.to_string(), "said#1", &job, correlation_id)?;
        self.queue.send(&[entry]).await
    }
}

impl<B: Bug> Scenario for Posting<B> {
    async fn arrange() -> Self {
        let world = World::open().await;
        let env = world.cloud.env("chat-messages");
        let aws = world.cloud.aws("chat-messages");
        Self {
            table: Table::new(aws.dynamodb(), env.required("CONFAB_TABLE").unwrap()),
            queue: Queue::new(&aws, env.required("CONFAB_BROADCAST_QUEUE_URL").unwrap()),
            world,
            is_answered: AtomicBool::new(false),
            bug: PhantomData,
        }
    }

    fn faults(&self) -> &Faults {
        self.world.cloud.faults()
    }

    async fn act(&self) -> Result<()> {
        if !self.is_answered.load(Ordering::Relaxed) {
            self.post().await?;
            self.is_answered.store(true, Ordering::Relaxed);
        }
        Ok(())
    }

    async fn check(&self, story: &str) {
        invariants::check(&self.world, story).await;
    }
}

#[tokio::test]
async fn routes_without_a_bug_pass_the_enumeration() {
    let ran = enumerate::<Posting<NoBug>>().await;
    // Of the two calls, the write can meet a conflict too.
    assert_eq!((ran.calls, ran.runs), (2, 11));
}

#[tokio::test]
#[should_panic(expected = "revision 0 of message 1 was never broadcast")]
async fn dropped_errors_of_a_send_are_found() {
    enumerate::<Posting<DroppedError>>().await;
}
