//! `payments-health`: whether the process runs, and whether its table and queue answer.

use std::sync::Arc;

use confab_testkit::{Fault, TestRequest, send};
use payments::{State, routes::payments_health};
use serde_json::json;

use crate::world::World;

async fn state(world: &World) -> Arc<State> {
    world.state("payments-health", payments_health::PARTS).await
}

#[tokio::test]
async fn health_needs_no_call_and_readiness_asks_table_and_queue() {
    let world = World::open().await;
    let state = state(&world).await;
    let routes = payments_health::routes();
    for (path, status, calls) in [("health", "healthy", 0), ("ready", "ready", 2)] {
        world.cloud.faults().clear();
        let request = TestRequest::get(format!("/payments/{path}"));
        let answer = send(&routes, &state, &world.clock, &request).await;
        let body = json!({ "service": "payments", "status": status });
        assert_eq!((answer.status, answer.body), (200, body), "{path}");
        assert_eq!(world.cloud.faults().calls().len(), calls, "{path}");
        let request = TestRequest::head(format!("/payments/{path}"));
        let head = send(&routes, &state, &world.clock, &request).await;
        assert_eq!((head.status, head.text.as_str()), (200, ""), "{path}");
    }
}

#[tokio::test]
async fn functions_are_healthy_and_not_ready_while_a_dependency_is_away() {
    let world = World::open().await;
    let routes = payments_health::routes();
    for fault in [Fault::LostBefore, Fault::ReplyLost, Fault::Throttled] {
        for call in [0, 1] {
            let state = state(&world).await;
            world.cloud.faults().plan(call, fault);
            let request = TestRequest::get("/payments/ready");
            let answer = send(&routes, &state, &world.clock, &request).await;
            world.cloud.faults().clear();
            assert_eq!(
                (answer.status, &answer.body["code"]),
                (503, &json!("not_ready")),
                "{fault:?} {call}"
            );
            let request = TestRequest::get("/payments/health");
            let answer = send(&routes, &state, &world.clock, &request).await;
            assert_eq!(answer.status, 200, "{fault:?} {call}");
        }
    }
}

#[tokio::test]
async fn readiness_is_cached_so_that_callers_cause_no_calls() {
    let world = World::open().await;
    let state = state(&world).await;
    let routes = payments_health::routes();
    world.cloud.faults().clear();
    for _ in 0..5 {
        let request = TestRequest::get("/payments/ready");
        let answer = send(&routes, &state, &world.clock, &request).await;
        assert_eq!(answer.status, 200);
    }
    assert_eq!(world.cloud.faults().calls().len(), 2);
}
