//! `photo-look`: decodes photos within bounds, moderates them, and captions them.

use confab_core::{PhotoId, Result};
use confab_testkit::{Cloud, Enumeration, Faults, Scenario, enumerate};
use image::Rgb;
use serde_json::{Value, json};

use crate::{
    invariants,
    model::{Model, flagged_photo, photo, picture, skip_pauses},
    sockets::code,
    world::{World, text},
};

async fn studio() -> (World, Model) {
    let mut cloud = Cloud::open().await;
    let model = Model::serve(&mut cloud).await;
    (World::over(cloud).await, model)
}

/// Analyzes a photo. Returns the state of its row and why it was refused.
async fn outcome(world: &World, photo: PhotoId) -> (Value, Value) {
    skip_pauses(world.cloud.faults(), world.analyze(photo))
        .await
        .unwrap();
    let row = world.photo_row(photo).await;
    (row["state"].clone(), row["code"].clone())
}

fn refused(why: &str) -> (Value, Value) {
    (json!("refused"), json!(why))
}

#[tokio::test]
async fn photos_are_encoded_again_and_captioned() {
    let (world, model) = studio().await;
    let id = world.upload(Some(&world.host), &photo()).await;
    assert_eq!(outcome(&world, id).await, (json!("done"), Value::Null));
    let found = &world.photo_row(id).await["found"];
    assert_eq!(
        (&found["width"], &found["height"]),
        (&json!(96), &json!(96))
    );
    assert!(!text(&found["caption"], "title").is_empty(), "{found}");
    let large = world
        .objects()
        .get(&format!("photos/{id}/large.jpg"))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(large[..3], [0xff, 0xd8, 0xff]);
    for endpoint in ["moderations", "chat/completions", "embeddings"] {
        assert_eq!(model.calls(endpoint).await, 1, "{endpoint}");
    }
    invariants::check(&world, "a photo").await;
}

#[tokio::test]
async fn finished_photos_are_not_analyzed_again() {
    let (world, model) = studio().await;
    let id = world.analyzed(Some(&world.host), &photo()).await;
    let before = world.photo_row(id).await;
    world.analyze(id).await.unwrap();
    assert_eq!(world.photo_row(id).await, before);
    assert_eq!(model.calls("chat/completions").await, 1);
}

#[tokio::test]
async fn the_same_bytes_are_captioned_once() {
    let (world, model) = studio().await;
    let first = world.analyzed(Some(&world.host), &photo()).await;
    let other = world.user().await;
    let second = world.analyzed(Some(&other), &photo()).await;
    assert_eq!(model.calls("chat/completions").await, 1);
    let found = async |id| world.photo_row(id).await["found"]["caption"].clone();
    assert_eq!(found(first).await, found(second).await);
    invariants::check(&world, "the same photo twice").await;
}

#[tokio::test]
async fn pictures_that_cannot_be_shown_are_refused_without_the_model() {
    let (world, model) = studio().await;
    let grey = |width, height| picture(width, height, |_, _| Rgb([128, 128, 128]));
    let cut = photo()[..40].to_vec();
    for (bytes, why) in [
        (b"<svg/>".to_vec(), "not_a_picture"),
        (cut, "not_a_picture"),
        (grey(63, 200), "too_small"),
        (grey(1, 1), "too_small"),
    ] {
        let id = world.upload(Some(&world.host), &bytes).await;
        assert_eq!(outcome(&world, id).await, refused(why));
    }
    assert_eq!(model.calls("moderations").await, 0);
    invariants::check(&world, "refused pictures").await;
}

#[tokio::test]
async fn flagged_photos_are_not_allowed_and_not_captioned() {
    let (world, model) = studio().await;
    let id = world.upload(Some(&world.host), &flagged_photo()).await;
    assert_eq!(outcome(&world, id).await, refused("not_allowed"));
    assert_eq!(model.calls("chat/completions").await, 0);
    invariants::check(&world, "a flagged photo").await;
}

#[tokio::test]
async fn photos_that_the_model_declines_are_refused() {
    for mode in ["refusal", "garbage", "short"] {
        let (world, model) = studio().await;
        model.answer_with(mode).await;
        let id = world.upload(Some(&world.host), &photo()).await;
        let (state, why) = outcome(&world, id).await;
        assert_eq!(state, "refused", "{mode}");
        let expected = if mode == "refusal" {
            "not_allowed"
        } else {
            "unavailable"
        };
        assert_eq!(why, expected, "{mode}");
        invariants::check(&world, mode).await;
    }
}

#[tokio::test]
async fn photos_are_unavailable_while_the_model_refuses_all_calls() {
    for status in [400, 401, 500, 503] {
        let (world, model) = studio().await;
        model.fail(json!([{ "http": status, "times": 9 }])).await;
        let id = world.upload(Some(&world.host), &photo()).await;
        assert_eq!(
            outcome(&world, id).await,
            refused("unavailable"),
            "{status}"
        );
        invariants::check(&world, "a model that refuses").await;
    }
}

#[tokio::test]
async fn photos_without_an_embedding_are_shown_all_the_same() {
    let (world, model) = studio().await;
    model
        .fail(json!([{ "path": "embeddings", "http": 400, "times": 9 }]))
        .await;
    let id = world.analyzed(Some(&world.host), &photo()).await;
    assert_eq!(
        world.photo_row(id).await["found"]["traits"]["meaning"],
        json!([])
    );
    invariants::check(&world, "a photo without an embedding").await;
}

#[tokio::test]
async fn photos_that_crash_the_worker_are_given_up() {
    let (world, model) = studio().await;
    let id = world.upload(Some(&world.host), &photo()).await;
    world.analyze_again(id, 3).await.unwrap();
    let row = world.photo_row(id).await;
    assert_eq!(
        (&row["state"], &row["code"]),
        (&json!("refused"), &json!("unavailable"))
    );
    assert_eq!(model.calls("moderations").await, 0);
    invariants::check(&world, "a photo that was given up").await;
}

#[tokio::test]
async fn jobs_of_unknown_and_expired_photos_do_nothing() {
    let (world, model) = studio().await;
    let id = world.upload(Some(&world.host), &photo()).await;
    world.advance(168 * 3600);
    let before = world.rows().await;
    let unknown = PhotoId::new(world.now(), &|| [9; 10]);
    for photo in [id, unknown] {
        world.analyze(photo).await.unwrap();
    }
    assert_eq!(world.rows().await, before);
    assert_eq!(model.calls("moderations").await, 0);
}

#[tokio::test]
async fn photos_whose_upload_is_missing_are_unavailable() {
    let (world, _) = studio().await;
    let id = world.upload(Some(&world.host), &photo()).await;
    world
        .objects()
        .delete(&format!("quarantine/{id}"))
        .await
        .unwrap();
    assert_eq!(outcome(&world, id).await, refused("unavailable"));
}

/// DynamoDB fails: the job is delivered again.
#[tokio::test]
async fn failures_of_our_own_services_fail_the_job() {
    let (world, _) = studio().await;
    let id = world.upload(Some(&world.host), &photo()).await;
    world.state("photo-look").await;
    world
        .cloud
        .faults()
        .plan(0, confab_testkit::Fault::LostBefore);
    assert_eq!(code(world.analyze(id).await), "store_failed");
    world.cloud.faults().clear();
    assert_eq!(world.photo_row(id).await["state"], "looking");
    assert_eq!(outcome(&world, id).await.0, "done");
}

/// A photo of another user is similar to the one of a recent room.
struct Analysis {
    world: World,
    _model: Model,
    photo: PhotoId,
}

impl Scenario for Analysis {
    async fn arrange() -> Self {
        let (world, model) = studio().await;
        let photo = world.upload(Some(&world.host), &photo()).await;
        world.state("photo-look").await;
        Self {
            world,
            _model: model,
            photo,
        }
    }

    fn faults(&self) -> &Faults {
        self.world.cloud.faults()
    }

    async fn act(&self) -> Result<()> {
        let faults = self.world.cloud.faults();
        skip_pauses(faults, self.world.analyze(self.photo)).await
    }

    /// A model that was not reached makes a photo unavailable; nothing else does.
    async fn check(&self, story: &str) {
        let row = self.world.photo_row(self.photo).await;
        let is_unavailable = row["state"] == "refused" && row["code"] == "unavailable";
        let may_be = story.contains("/model/v1/");
        assert!(
            row["state"] == "done" || (is_unavailable && may_be),
            "{story}: {row}"
        );
        invariants::check(&self.world, story).await;
    }
}

#[tokio::test]
async fn photos_are_analyzed_whatever_call_fails() {
    let Enumeration { calls, .. } = Box::pin(enumerate::<Analysis>()).await;
    assert!(calls >= 14, "{calls}");
}
