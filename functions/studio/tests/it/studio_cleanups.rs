//! `studio-cleanups`: the operator begins cleanups, and reads their reports.

use confab_core::Error;
use confab_testkit::{Enumeration, Faults, Scenario, TestRequest, TestResponse, enumerate};
use serde_json::json;
use studio_domain::CleanupJob;

use crate::{
    invariants,
    world::{CLEANUP_QUEUE, World},
};

const PATH: &str = "/api/studio/cleanups";

async fn send(world: &World, request: TestRequest) -> TestResponse {
    let request = world.operator(request);
    world.send("studio-cleanups", &request).await
}

fn begin(dry_run: bool) -> TestRequest {
    TestRequest::post(PATH, json!({ "dry_run": dry_run }))
}

#[tokio::test]
async fn operator_begins_cleanups_and_reads_their_reports() {
    let world = World::open().await;
    let none = send(&world, TestRequest::get(PATH)).await;
    assert_eq!((none.status, none.body), (200, json!({ "cleanups": [] })));
    for dry_run in [true, false] {
        let begun = send(&world, begin(dry_run)).await;
        assert_eq!(begun.status, 202, "{begun:?}");
        let job: CleanupJob = world.last_job(CLEANUP_QUEUE);
        let CleanupJob::Due { detail } = &job else {
            panic!("{job:?}");
        };
        assert_eq!(begun.body["run"], json!(detail.id));
        assert_eq!(detail.data.dry_run, dry_run);
        world.cleanup(job).await.unwrap();
        world.clock().advance(crate::world::DAY);
    }
    let reports = send(&world, TestRequest::get(PATH)).await.body["cleanups"].clone();
    let dry_runs: Vec<_> = reports
        .as_array()
        .unwrap()
        .iter()
        .map(|report| (report["dry_run"].clone(), report["finished_at"].is_string()))
        .collect();
    assert_eq!(
        dry_runs,
        [(json!(false), true), (json!(true), true)],
        "newest first"
    );
    invariants::check(&world, "read").await;
}

#[tokio::test]
async fn others_than_the_operator_begin_and_read_nothing() {
    let world = World::open().await;
    for request in [
        begin(false),
        begin(false).token("other-key"),
        TestRequest::get(PATH),
        TestRequest::get(PATH).token("other-key"),
    ] {
        let answer = world.send("studio-cleanups", &request).await;
        assert_eq!(answer.status, 401, "{request:?}");
        assert_eq!(answer.body["code"], "unauthenticated");
    }
    assert!(world.cloud.queued(CLEANUP_QUEUE).is_empty());
}

#[tokio::test]
async fn unreadable_requests_begin_nothing() {
    let world = World::open().await;
    let huge = json!({ "dry_run": true, "text": "x".repeat(70_000) });
    for (body, status, code) in [
        (json!({}), 400, "bad_json"),
        (json!({ "dry_run": "yes" }), 400, "bad_json"),
        (json!({ "dry_run": true, "at": 1 }), 400, "bad_json"),
        (huge, 413, "too_large"),
    ] {
        let answer = send(&world, TestRequest::post(PATH, body)).await;
        assert_eq!(
            (answer.status, &answer.body["code"]),
            (status, &json!(code))
        );
    }
    assert!(world.cloud.queued(CLEANUP_QUEUE).is_empty());
}

/// An operator who repeats the request until it is accepted.
struct Beginning {
    world: World,
}

impl Scenario for Beginning {
    async fn arrange() -> Self {
        let world = World::open().await;
        world.state("studio-cleanups").await;
        Self { world }
    }

    fn faults(&self) -> &Faults {
        self.world.cloud.faults()
    }

    async fn act(&self) -> Result<(), Error> {
        let answer = send(&self.world, begin(true)).await;
        match answer.status {
            202 => Ok(()),
            503 => Err(Error::unavailable("not_begun", answer.body.to_string())),
            status => panic!("{status}: {answer:?}"),
        }
    }

    async fn check(&self, story: &str) {
        let jobs = self.world.jobs::<CleanupJob>(CLEANUP_QUEUE);
        assert!(!jobs.is_empty(), "{story}: nothing has begun");
        invariants::check(&self.world, story).await;
    }
}

#[tokio::test]
async fn cleanups_are_begun_whatever_call_fails() {
    let Enumeration { calls, .. } = enumerate::<Beginning>().await;
    assert!(calls >= 1, "{calls}");
}
