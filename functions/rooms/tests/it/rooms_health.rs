//! `rooms-health`: whether the process runs, and whether the services that it needs answer.

use confab_testkit::{Fault, TestRequest};
use serde_json::json;

use crate::world::World;

#[tokio::test]
async fn rooms_are_healthy_and_ready() {
    let world = World::open().await;
    for (path, status) in [("/rooms/health", "healthy"), ("/rooms/ready", "ready")] {
        let answer = world.send("rooms-health", &TestRequest::get(path)).await;
        let expected = json!({ "service": "rooms", "status": status });
        assert_eq!((answer.status, answer.body), (200, expected));
    }
}

#[tokio::test]
async fn health_asks_no_other_service() {
    let world = World::open().await;
    world.state("rooms-health").await;
    world.cloud.faults().clear();
    let health = world
        .send("rooms-health", &TestRequest::get("/rooms/health"))
        .await;
    assert_eq!(
        (health.status, world.cloud.faults().calls().len()),
        (200, 0)
    );
}

/// The table, then the queue, does not answer.
#[tokio::test]
async fn rooms_are_not_ready_while_a_service_fails() {
    let ready = TestRequest::get("/rooms/ready");
    let world = World::open().await;
    world.state("rooms-health").await;
    world.cloud.faults().clear();
    world.send("rooms-health", &ready).await;
    let calls = world.cloud.faults().calls().len();
    assert!(calls >= 2, "{calls}");
    for number in 0..calls {
        let world = World::open().await;
        world.state("rooms-health").await;
        world.cloud.faults().plan(number, Fault::LostBefore);
        let answer = world.send("rooms-health", &ready).await;
        assert_eq!(
            (answer.status, &answer.body["code"]),
            (503, &json!("not_ready"))
        );
        let health = TestRequest::get("/rooms/health");
        assert_eq!(world.send("rooms-health", &health).await.status, 200);
    }
}
