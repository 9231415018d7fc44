//! `carousel-health`: whether the process runs, and whether its table and queues answer.

use carousel::routes::carousel_health;
use confab_testkit::Fault;
use serde_json::json;

use crate::world::World;

#[tokio::test]
async fn carousel_is_ready_when_its_table_and_queues_answer() {
    let world = World::open().await;
    let state = world.state("carousel-health").await;
    for (path, status) in [
        ("/carousel/health", "healthy"),
        ("/carousel/ready", "ready"),
    ] {
        let answer = world.get_health(&state, path).await;
        let expected = json!({ "service": "carousel", "status": status });
        assert_eq!((answer.status, answer.body), (200, expected), "{path}");
    }
}

#[tokio::test]
async fn carousel_is_not_ready_when_one_of_its_parts_does_not_answer() {
    let world = World::open().await;
    for number in 0..4 {
        // A check is cached for seconds, so that each one has a new process.
        let parts = carousel_health::PARTS;
        let state = world.new_state("carousel-health", parts).await.unwrap();
        world.cloud.faults().plan(number, Fault::LostBefore);
        let answer = world.get_health(&state, "/carousel/ready").await;
        world.cloud.faults().clear();
        assert_eq!(
            (answer.status, answer.code()),
            (503, "not_ready"),
            "{number}"
        );
        assert_eq!(
            world.get_health(&state, "/carousel/health").await.status,
            200
        );
    }
}
