//! `studio-packs`: packs are listed as Astria has them, and each class gets a sheet of samples.

use confab_core::{Error, EventId};
use confab_lambda::OsEntropy;
use confab_testkit::{Enumeration, Faults, Scenario, enumerate};
use serde_json::{Value, json};
use studio_domain::{Class, PackJob, PackTask};

use crate::{
    invariants,
    world::{PACK, PACK_QUEUE, World},
};

fn list(world: &World) -> PackJob {
    PackJob::V1 {
        refresh: EventId::new(world.now(), &OsEntropy),
        task: PackTask::List,
    }
}

fn sheet(world: &World, pack: i64) -> PackJob {
    PackJob::V1 {
        refresh: EventId::new(world.now(), &OsEntropy),
        task: PackTask::RenderSheet {
            pack,
            class: Class::Woman,
        },
    }
}

async fn pack_rows(world: &World) -> Vec<Value> {
    let rows = world.rows().await.into_iter();
    rows.filter(|row| row["sk"].as_str().is_some_and(|sk| sk.starts_with("PACK#")))
        .collect()
}

#[tokio::test]
async fn packs_of_astria_are_listed_and_their_sheets_queued() {
    let world = World::open().await;
    world.packs(list(&world)).await.unwrap();
    let rows = pack_rows(&world).await;
    assert_eq!(rows.len(), 6, "two packs in three tiers");
    assert!(
        rows.iter().all(|row| row["images"]["woman"].is_u64()),
        "{rows:?}"
    );
    let jobs = world.jobs::<PackJob>(PACK_QUEUE);
    assert_eq!(jobs.len(), 12, "a sheet for each pack and class");
    let refresh = world.rows().await;
    let refresh = refresh.iter().find(|row| row["sk"] == "REFRESH").unwrap();
    assert_eq!(refresh["packs"], 6);
}

#[tokio::test]
async fn packs_that_astria_lists_no_more_are_removed_and_unreadable_ones_kept() {
    let world = World::open().await;
    world.packs(list(&world)).await.unwrap();
    let faults = json!([
        { "path": "p/1401", "http": 404, "times": 1 },
        { "path": "p/1402", "http": 500, "times": 1 },
    ]);
    world.simulators.fail_astria(faults).await;
    world.packs(list(&world)).await.unwrap();
    let ids: Vec<_> = pack_rows(&world)
        .await
        .iter()
        .map(|row| row["id"].as_i64().unwrap())
        .collect();
    assert_eq!(ids, [1_402, 1_403, 1_404, 1_405, 1_406]);
}

#[tokio::test]
async fn sheets_are_stored_and_announced() {
    let world = World::with_pack().await;
    world.packs(sheet(&world, PACK)).await.unwrap();
    let key = format!("packs/{PACK}_woman.jpg");
    let stored = world.objects().get(&key).await.unwrap().unwrap();
    assert!(stored.starts_with(&[0xff, 0xd8]), "not a JPEG");
    assert_eq!(pack_rows(&world).await[0]["sheets"]["woman"], key);
    let event = &world.events("pack_images_updated")[0];
    assert_eq!(event["data"], json!({ "pack_id": PACK, "class": "woman" }));
    invariants::check(&world, "rendered").await;
}

#[tokio::test]
async fn listing_keeps_sheets_until_there_are_new_ones() {
    let world = World::with_pack().await;
    world.packs(sheet(&world, PACK)).await.unwrap();
    world.packs(list(&world)).await.unwrap();
    let rows = pack_rows(&world).await;
    let pack = rows.iter().find(|row| row["id"] == PACK).unwrap();
    assert!(pack["sheets"]["woman"].is_string(), "{pack}");
}

#[tokio::test]
async fn unknown_packs_and_lost_samples_are_tried_again() {
    let world = World::with_pack().await;
    world.packs(sheet(&world, 9)).await.unwrap_err();
    let lost = json!([{ "path": "media/", "http": 503, "times": 1 }]);
    world.simulators.fail_astria(lost).await;
    let error = world.packs(sheet(&world, PACK)).await.unwrap_err();
    assert_eq!(error.kind(), confab_core::Kind::Unavailable);
    let gone = json!([{ "path": "media/", "http": 404, "times": 1 }]);
    world.simulators.fail_astria(gone).await;
    world.packs(sheet(&world, PACK)).await.unwrap();
    assert_eq!(
        world.events("pack_images_updated").len(),
        1,
        "of three samples"
    );
    invariants::check(&world, "again").await;
}

/// A list of packs that is fetched until it is saved.
struct Listing {
    world: World,
    job: PackJob,
}

impl Scenario for Listing {
    async fn arrange() -> Self {
        let world = World::open().await;
        let job = list(&world);
        world.state("studio-packs").await;
        Self { world, job }
    }

    fn faults(&self) -> &Faults {
        self.world.cloud.faults()
    }

    async fn act(&self) -> Result<(), Error> {
        self.world.begin_delivery_without_statuses();
        self.world.packs(self.job.clone()).await
    }

    async fn check(&self, story: &str) {
        let rows = pack_rows(&self.world).await;
        // An unreadable pack changes nothing, and none was stored before.
        assert!(
            (5..=6).contains(&rows.len()),
            "{story}: {} packs",
            rows.len()
        );
        let jobs = self.world.jobs::<PackJob>(PACK_QUEUE);
        assert!(jobs.len() >= 2 * rows.len() - 2, "{story}: {}", jobs.len());
        invariants::check(&self.world, story).await;
    }
}

#[tokio::test]
async fn packs_are_listed_whatever_call_fails() {
    let Enumeration { calls, .. } = enumerate::<Listing>().await;
    assert!(calls >= 15, "{calls}");
}

/// A sheet that is rendered until it is announced.
struct Rendering {
    world: World,
    job: PackJob,
}

impl Scenario for Rendering {
    async fn arrange() -> Self {
        let world = World::with_pack().await;
        let job = sheet(&world, PACK);
        world.state("studio-packs").await;
        Self { world, job }
    }

    fn faults(&self) -> &Faults {
        self.world.cloud.faults()
    }

    async fn act(&self) -> Result<(), Error> {
        self.world.begin_delivery_without_statuses();
        self.world.packs(self.job.clone()).await
    }

    async fn check(&self, story: &str) {
        let events = self.world.events("pack_images_updated");
        assert!(!events.is_empty(), "{story}: not announced");
        invariants::check(&self.world, story).await;
    }
}

#[tokio::test]
async fn sheets_are_rendered_whatever_call_fails() {
    let Enumeration { calls, .. } = enumerate::<Rendering>().await;
    assert!(calls >= 7, "{calls}");
}
