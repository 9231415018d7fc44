//! `studio-photos`: a selfie is fetched, inspected by Astria and stored, and its verdict is queued.

use base64::{Engine, engine::general_purpose::STANDARD};
use confab_core::Error;
use confab_testkit::{Enumeration, Faults, Scenario, enumerate};
use serde_json::{Value, json};
use studio::workers::studio_photos;
use studio_domain::{Job, PhotoJob, RejectionReason, Trigger, Verdict};

use crate::{
    invariants,
    world::{CONVERSATION_QUEUE, PHOTO_QUEUE, Person, TINY_PNG, World},
};

/// A sample photo of Astria, such as `1.jpg?kind=blurry`.
async fn selfie(world: &World, name: &str) -> Vec<u8> {
    let path = format!("/astria/selfies/{name}");
    world.simulators.bytes("GET", &path, &Value::Null).await
}

/// Lets a person send a picture, and returns the job that reviews it.
async fn send(world: &World, person: &Person, picture: &[u8]) -> PhotoJob {
    let data = STANDARD.encode(picture);
    let message = json!({ "type": "image", "data": data, "mime_type": "image/jpeg" });
    world.say(person, message).await;
    world.last_job(PHOTO_QUEUE)
}

/// The verdicts that were queued.
fn verdicts(world: &World) -> Vec<Verdict> {
    let jobs = world.jobs::<Job>(CONVERSATION_QUEUE).into_iter();
    jobs.filter_map(|job| match job {
        Job::V2 {
            trigger: Trigger::PhotoReviewed { verdict, .. },
            ..
        } => Some(verdict),
        _ => None,
    })
    .collect()
}

async fn stored(world: &World) -> Vec<String> {
    world.objects().list("people/", None).await.unwrap()
}

#[tokio::test]
async fn good_selfies_of_both_channels_are_stored_without_their_metadata() {
    for channel in ["meta", "twilio"] {
        let world = World::with_pack().await;
        let (person, user) = world.new_user(channel).await;
        let mut picture = selfie(&world, "1.jpg?class=woman").await;
        picture.extend(b"GPS 32.0853");
        let job = send(&world, &person, &picture).await;
        let PhotoJob::V1 { photo, .. } = &job;
        let key = format!("people/{user}/selfies/{photo}.jpg");
        world.photos(job.clone()).await.unwrap();
        let verdicts = verdicts(&world);
        let [Verdict::Accepted { object, .. }] = verdicts.as_slice() else {
            panic!("{channel}: {verdicts:?}");
        };
        assert_eq!((object, stored(&world).await), (&key, vec![key.clone()]));
        let bytes = world.objects().get(&key).await.unwrap().unwrap();
        assert!(bytes.starts_with(&[0xff, 0xd8]), "{channel}: not a JPEG");
        assert!(!bytes.windows(3).any(|part| part == b"GPS"), "{channel}");
        let event = &world.events("image_processed")[0];
        assert_eq!(event["data"]["is_good"], true);
        invariants::check(&world, channel).await;
    }
}

#[tokio::test]
async fn unusable_pictures_are_rejected_with_their_reason_and_not_stored() {
    let world = World::with_pack().await;
    let (person, _) = world.new_user("meta").await;
    for (picture, expected) in [
        (
            selfie(&world, "1.jpg?kind=blurry").await,
            RejectionReason::Blurry,
        ),
        (
            selfie(&world, "1.jpg?kind=nobody").await,
            RejectionReason::NoFace,
        ),
        (TINY_PNG.to_vec(), RejectionReason::TooSmall),
        (b"GIF89a".to_vec(), RejectionReason::Unreadable),
        (vec![0; 10 * 1024 * 1024 + 1], RejectionReason::TooLarge),
    ] {
        let job = send(&world, &person, &picture).await;
        world.photos(job).await.unwrap();
        let Some(Verdict::Rejected { reason }) = verdicts(&world).pop() else {
            panic!("{expected:?}: not rejected");
        };
        assert_eq!(reason, expected);
    }
    assert!(stored(&world).await.is_empty());
    assert!(
        world
            .events("image_processed")
            .iter()
            .all(|event| event["data"]["is_good"] == false)
    );
    invariants::check(&world, "rejected").await;
}

#[tokio::test]
async fn repeated_reviews_queue_one_verdict() {
    let world = World::with_pack().await;
    let (person, _) = world.new_user("meta").await;
    let picture = selfie(&world, "1.jpg").await;
    let job = send(&world, &person, &picture).await;
    for _ in 0..2 {
        world.photos(job.clone()).await.unwrap();
    }
    assert_eq!((verdicts(&world).len(), stored(&world).await.len()), (1, 1));
    invariants::check(&world, "repeated").await;
}

#[tokio::test]
async fn media_that_is_gone_or_of_another_host_is_rejected_as_expired() {
    let world = World::with_pack().await;
    let (person, _) = world.new_user("twilio").await;
    let PhotoJob::V1 {
        user_id,
        photo,
        from,
        media,
        class,
    } = send(&world, &person, TINY_PNG).await;
    let gone = media.source.replace("/Media/", "/Media/x");
    for source in [gone, "https://169.254.169.254/latest/meta-data".to_owned()] {
        let mut media = media.clone();
        media.source = source;
        let job = PhotoJob::V1 {
            user_id,
            photo,
            from: from.clone(),
            media,
            class,
        };
        world.photos(job).await.unwrap();
    }
    let expired = Verdict::Rejected {
        reason: RejectionReason::Expired,
    };
    assert!(!verdicts(&world).is_empty());
    assert!(verdicts(&world).iter().all(|verdict| *verdict == expired));
}

#[tokio::test]
async fn review_is_given_up_after_four_receives() {
    let world = World::with_pack().await;
    let (person, _) = world.new_user("meta").await;
    let picture = selfie(&world, "1.jpg").await;
    let job = send(&world, &person, &picture).await;
    let down = json!([{ "path": "images/", "http": 503, "times": 9 }]);
    world.simulators.fail_astria(down).await;
    let state = world.state("studio-photos").await;
    let receive = async |receives| {
        let mut message = world.message(job.clone());
        message.receives = receives;
        studio_photos::handle(state.clone(), message).await
    };
    let error = receive(5).await;
    assert!(error.is_ok(), "{error:?}");
    let verdict = verdicts(&world).pop();
    let reason = RejectionReason::Expired;
    assert_eq!(verdict, Some(Verdict::Rejected { reason }));
    assert!(stored(&world).await.is_empty());
    invariants::check(&world, "given up").await;
}

/// A selfie that is reviewed until its verdict is queued.
struct Reviewing {
    world: World,
    job: PhotoJob,
}

impl Scenario for Reviewing {
    async fn arrange() -> Self {
        let world = World::with_pack().await;
        let (person, _) = world.new_user("meta").await;
        let picture = picture(&world).await;
        let job = send(&world, &person, &picture).await;
        world.state("studio-photos").await;
        Self { world, job }
    }

    fn faults(&self) -> &Faults {
        self.world.cloud.faults()
    }

    async fn act(&self) -> Result<(), Error> {
        self.world.begin_delivery_without_statuses();
        self.world.photos(self.job.clone()).await
    }

    async fn check(&self, story: &str) {
        let verdicts = verdicts(&self.world);
        assert!(!verdicts.is_empty(), "{story}: no verdict");
        let first = &verdicts[0];
        assert!(
            matches!(first, Verdict::Accepted { .. }),
            "{story}: {first:?}"
        );
        assert!(verdicts.iter().all(|verdict| verdict == first), "{story}");
        assert_eq!(stored(&self.world).await.len(), 1, "{story}");
        assert!(!self.world.events("image_processed").is_empty(), "{story}");
        invariants::check(&self.world, story).await;
    }
}

/// A good selfie, drawn once.
async fn picture(world: &World) -> Vec<u8> {
    static PICTURE: tokio::sync::OnceCell<Vec<u8>> = tokio::sync::OnceCell::const_new();
    let drawn = PICTURE.get_or_init(|| selfie(world, "1.jpg?class=woman"));
    drawn.await.clone()
}

#[tokio::test]
async fn selfies_are_reviewed_whatever_call_fails() {
    let Enumeration { calls, .. } = enumerate::<Reviewing>().await;
    assert!(calls >= 6, "{calls}");
}
