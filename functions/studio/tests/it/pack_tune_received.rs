//! `pack-tune-received`: callbacks of Astria make the worker poll the order of their ticket.

use confab_core::{Error, OrderId, Sealed, Timestamp, after, seal};
use confab_testkit::{Enumeration, Faults, Scenario, enumerate};
use serde::{Deserialize, Serialize};
use studio_domain::{GenerationJob, GenerationTask};

use crate::{
    invariants,
    simulators::Webhook,
    world::{DAY, GENERATION_QUEUE, World, start},
};

#[derive(Debug, Serialize, Deserialize)]
struct Ticket {
    order: OrderId,
}

impl Sealed for Ticket {
    const PURPOSE: &'static str = "pack-tune-received";
}

#[derive(Debug, Serialize, Deserialize)]
struct OfferTicket {
    order: OrderId,
}

impl Sealed for OfferTicket {
    const PURPOSE: &'static str = "offer";
}

fn callback(ticket: &str, body: &[u8]) -> Webhook {
    Webhook {
        method: "POST",
        path: format!("/pack-tune-received?ticket={ticket}"),
        headers: vec![("content-type".to_owned(), "application/json".to_owned())],
        body: body.to_vec(),
    }
}

fn ticket(order: OrderId, expires_at: Timestamp) -> String {
    seal(b"seal-secret", &Ticket { order }, expires_at).unwrap()
}

/// The orders that are to be polled.
fn polled(world: &World) -> Vec<OrderId> {
    let jobs = world.jobs::<GenerationJob>(GENERATION_QUEUE).into_iter();
    jobs.filter_map(|GenerationJob::V1 { task }| match task {
        GenerationTask::Check { order } => Some(order),
        GenerationTask::Start { .. } => None,
    })
    .collect()
}

fn an_order(world: &World) -> OrderId {
    OrderId::new(world.now(), &confab_lambda::OsEntropy)
}

#[tokio::test]
async fn callbacks_of_astria_lead_to_polls_of_their_order() {
    let world = World::with_pack().await;
    let (_, user) = world.new_user("meta").await;
    let order = world.add_paid_order(user).await;
    world.make(start(user, &order)).await.unwrap();
    world.finish_tunes().await;
    let callbacks = world.simulators.take_webhooks();
    assert_eq!(callbacks.len(), 2, "of the tune and of its prompts");
    for webhook in &callbacks {
        assert_eq!(world.receive(webhook).await, (200, String::new()));
    }
    assert_eq!(polled(&world), [order.id, order.id]);
}

#[tokio::test]
async fn bodies_of_callbacks_are_not_read() {
    let world = World::open().await;
    let order = an_order(&world);
    let ticket = ticket(order, after(world.now(), DAY));
    let huge = vec![b'['; 1024 * 1024];
    let bodies: [&[u8]; 4] = [b"", b"{", b"\xff\xfe", &huge];
    for body in bodies {
        assert_eq!(world.receive(&callback(&ticket, body)).await.0, 200);
    }
    assert_eq!(polled(&world), [order; 4]);
}

#[tokio::test]
async fn callbacks_without_a_valid_ticket_are_refused_and_poll_nothing() {
    let world = World::open().await;
    let order = an_order(&world);
    let tomorrow = after(world.now(), DAY);
    let valid = ticket(order, tomorrow);
    let sealed_by_others = seal(b"other", &Ticket { order }, tomorrow).unwrap();
    let of_another_purpose = seal(b"seal-secret", &OfferTicket { order }, tomorrow).unwrap();
    let cases = [
        ("no ticket", String::new(), "unauthenticated"),
        ("a changed one", format!("x{valid}"), "unauthenticated"),
        ("another secret", sealed_by_others, "unauthenticated"),
        ("another purpose", of_another_purpose, "unauthenticated"),
        ("a huge one", "x".repeat(5_000), "unauthenticated"),
        ("an expired one", ticket(order, world.now()), "expired"),
    ];
    for (cause, ticket, code) in cases {
        let (status, body) = world.receive(&callback(&ticket, b"{}")).await;
        assert_eq!(status, 401, "{cause}: {body}");
        assert!(body.contains(code), "{cause}: {body}");
    }
    let without_query = Webhook {
        path: "/pack-tune-received".to_owned(),
        ..callback("", b"{}")
    };
    assert_eq!(world.receive(&without_query).await.0, 401);
    assert!(polled(&world).is_empty());
}

/// Astria calls back once, and does not repeat it: the test does.
struct CallingBack {
    world: World,
    order: OrderId,
}

impl Scenario for CallingBack {
    async fn arrange() -> Self {
        let world = World::open().await;
        world.state("pack-tune-received").await;
        let order = an_order(&world);
        Self { world, order }
    }

    fn faults(&self) -> &Faults {
        self.world.cloud.faults()
    }

    async fn act(&self) -> Result<(), Error> {
        let ticket = ticket(self.order, after(self.world.now(), DAY));
        let (status, body) = self.world.receive(&callback(&ticket, b"[]")).await;
        match status {
            200 => Ok(()),
            503 => Err(Error::unavailable("not_taken", body)),
            status => panic!("{status}: {body}"),
        }
    }

    async fn check(&self, story: &str) {
        let polled = polled(&self.world);
        assert!(!polled.is_empty(), "{story}: nothing is polled");
        assert!(polled.iter().all(|order| *order == self.order), "{story}");
        invariants::check(&self.world, story).await;
    }
}

#[tokio::test]
async fn callbacks_lead_to_polls_whatever_call_fails() {
    let Enumeration { calls, .. } = enumerate::<CallingBack>().await;
    assert!(calls >= 1, "{calls}");
}
