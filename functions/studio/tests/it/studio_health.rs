//! `studio-health`: whether the process runs, and whether its table and queues answer.

use confab_testkit::{Fault, TestRequest};
use serde_json::json;
use studio::routes::studio_health;

use crate::world::World;

#[tokio::test]
async fn health_and_readiness_are_told_on_every_address() {
    let world = World::open().await;
    for (path, status) in [
        ("/health", "healthy"),
        ("/ready", "ready"),
        ("/studio/health", "healthy"),
        ("/studio/ready", "ready"),
    ] {
        let told = world.send("studio-health", &TestRequest::get(path)).await;
        let expected = json!({ "service": "studio", "status": status });
        assert_eq!((told.status, told.body), (200, expected), "{path}");
    }
}

#[tokio::test]
async fn studio_is_not_ready_when_one_of_its_parts_does_not_answer() {
    let world = World::open().await;
    let ready = TestRequest::get("/studio/ready");
    let clock = world.clock();
    let mut number = 0;
    loop {
        // A check is cached for seconds, so that each one has a new process.
        let parts = studio_health::PARTS;
        let state = world.new_state("studio-health", parts).await.unwrap();
        let routes = studio_health::routes();
        world.cloud.faults().plan(number, Fault::LostBefore);
        let told = confab_testkit::send(&routes, &state, &clock, &ready).await;
        let calls = world.cloud.faults().calls().len();
        world.cloud.faults().clear();
        if calls <= number {
            assert_eq!(told.status, 200, "{told:?}");
            break;
        }
        assert_eq!(
            (told.status, &told.body["code"]),
            (503, &json!("not_ready"))
        );
        let health = TestRequest::get("/studio/health");
        let told = confab_testkit::send(&routes, &state, &clock, &health).await;
        assert_eq!(told.status, 200, "{told:?}");
        number += 1;
    }
    assert_eq!(number, 5, "the table and four queues are asked");
}
