//! `update-images`: the operator begins a refresh of the packs, and sees its progress.

use confab_core::Error;
use confab_testkit::{Enumeration, Faults, Scenario, TestRequest, TestResponse, enumerate};
use serde_json::json;
use studio_domain::PackJob;

use crate::{
    invariants,
    world::{PACK_QUEUE, World},
};

const PATH: &str = "/update-images";

async fn send(world: &World, request: TestRequest) -> TestResponse {
    let request = world.operator(request);
    world.send("update-images", &request).await
}

fn begin() -> TestRequest {
    TestRequest::post(PATH, json!({}))
}

#[tokio::test]
async fn operator_begins_a_refresh_and_sees_its_progress() {
    let world = World::open().await;
    let none = send(&world, TestRequest::get(PATH)).await;
    assert_eq!(
        (none.status, &none.body["code"]),
        (404, &json!("refresh_not_found"))
    );
    let begun = send(&world, begin()).await;
    assert_eq!(begun.status, 202, "{begun:?}");
    let PackJob::V1 { refresh, .. } = world.last_job(PACK_QUEUE);
    assert_eq!(begun.body["id"], json!(refresh));
    assert_eq!(begun.body["packs"], json!(null), "the list is awaited");
    world.packs(world.last_job(PACK_QUEUE)).await.unwrap();
    let jobs = world.jobs::<PackJob>(PACK_QUEUE).split_off(1);
    world.packs(jobs[0].clone()).await.unwrap();
    let progress = send(&world, TestRequest::get(PATH)).await;
    assert_eq!(progress.status, 200);
    let body = &progress.body;
    let numbers = (&body["packs"], &body["pictures"], &body["pictures_drawn"]);
    assert_eq!(numbers, (&json!(6), &json!(12), &json!(1)), "{body}");
    invariants::check(&world, "begun").await;
}

#[tokio::test]
async fn later_refreshes_replace_earlier_ones() {
    let world = World::open().await;
    let first = send(&world, begin()).await;
    let second = send(&world, begin()).await;
    assert_ne!(first.body["id"], second.body["id"]);
    assert_eq!(world.jobs::<PackJob>(PACK_QUEUE).len(), 2);
    let progress = send(&world, TestRequest::get(PATH)).await;
    assert_eq!(progress.body["id"], second.body["id"]);
}

#[tokio::test]
async fn others_than_the_operator_begin_and_see_nothing() {
    let world = World::open().await;
    for request in [
        begin(),
        begin().token("other-key"),
        TestRequest::get(PATH),
        TestRequest::get(PATH).token("operator-key-"),
    ] {
        let answer = world.send("update-images", &request).await;
        assert_eq!(answer.status, 401, "{request:?}");
        assert_eq!(answer.body["code"], "unauthenticated");
    }
    assert!(world.cloud.queued(PACK_QUEUE).is_empty());
}

/// An operator who repeats the request until it is accepted.
struct Beginning {
    world: World,
}

impl Scenario for Beginning {
    async fn arrange() -> Self {
        let world = World::open().await;
        world.state("update-images").await;
        Self { world }
    }

    fn faults(&self) -> &Faults {
        self.world.cloud.faults()
    }

    async fn act(&self) -> Result<(), Error> {
        let answer = send(&self.world, begin()).await;
        match answer.status {
            202 => Ok(()),
            503 => Err(Error::unavailable("not_begun", answer.body.to_string())),
            status => panic!("{status}: {answer:?}"),
        }
    }

    async fn check(&self, story: &str) {
        let progress = send(&self.world, TestRequest::get(PATH)).await;
        assert_eq!(progress.status, 200, "{story}");
        // A refresh that is seen was sent.
        let jobs = self.world.jobs::<PackJob>(PACK_QUEUE);
        let is_sent = jobs
            .iter()
            .any(|PackJob::V1 { refresh, .. }| progress.body["id"] == json!(refresh));
        assert!(is_sent, "{story}: {progress:?} was not sent");
        invariants::check(&self.world, story).await;
    }
}

#[tokio::test]
async fn refreshes_that_are_seen_were_sent_whatever_call_fails() {
    let Enumeration { calls, .. } = enumerate::<Beginning>().await;
    assert!(calls >= 3, "{calls}");
}
