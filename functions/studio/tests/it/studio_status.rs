//! `studio-status`: delivery statuses move a message forward, and an undelivered photo is sent again.

use confab_core::Error;
use confab_messaging::{DeliveryFailure, DeliveryStatus};
use confab_testkit::{Enumeration, Fault, Faults, Scenario, enumerate};
use serde_json::Value;
use studio_domain::{Job, StatusJob, Trigger};

use crate::{
    invariants,
    world::{CONVERSATION_QUEUE, Person, STATUS_QUEUE, World, check},
};

/// The statuses of messages, by the ids of their effects.
async fn stages(world: &World) -> Vec<(String, String)> {
    let rows = world.rows().await;
    let effects = rows.iter().filter(|row| row["direction"] == "out");
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    effects
        .map(|row| (text(&row["id"]), text(&row["stage"])))
        .collect()
}

fn undelivered(world: &World) -> Vec<(String, bool)> {
    let jobs = world.jobs::<Job>(CONVERSATION_QUEUE).into_iter();
    jobs.filter_map(|job| match job {
        Job::V2 {
            trigger:
                Trigger::ImageUndelivered {
                    object,
                    is_window_closed,
                },
            ..
        } => Some((object, is_window_closed)),
        _ => None,
    })
    .collect()
}

/// The same status at another stage.
fn at_stage(job: &StatusJob, stage: DeliveryStatus, code: Option<i64>) -> StatusJob {
    let StatusJob::V1 { status } = job;
    let mut status = status.clone();
    status.stage = stage;
    status.error = code.map(|code| DeliveryFailure {
        code,
        title: "failed".to_owned(),
    });
    StatusJob::V1 { status }
}

/// A person who has received the four photos of an order, and a status of the last photo.
async fn delivered_photos(world: &World) -> (Person, StatusJob) {
    let (person, user) = world.new_user("meta").await;
    let order = world.add_made_order(user).await;
    world.make(check(order.id)).await.unwrap();
    let made = world.last_job(CONVERSATION_QUEUE);
    world.conversation(made).await.unwrap();
    let known = world.jobs::<StatusJob>(STATUS_QUEUE).len();
    world.deliver_webhooks().await;
    let images: Vec<_> = world
        .simulators
        .sent()
        .into_iter()
        .filter(|stored| stored.message.content.name() == "image")
        .map(|stored| stored.message.id)
        .collect();
    let statuses = world.jobs::<StatusJob>(STATUS_QUEUE).split_off(known);
    let of_photo = statuses
        .into_iter()
        .rfind(|StatusJob::V1 { status }| images.contains(&status.message_id));
    (person, of_photo.unwrap())
}

#[tokio::test]
async fn statuses_move_messages_forward_in_any_order() {
    let world = World::with_pack().await;
    let (_, _) = world.new_user("meta").await;
    let sent: StatusJob = world.jobs(STATUS_QUEUE).remove(0);
    let [(_, stage)] = stages(&world).await.try_into().unwrap();
    assert_eq!(stage, "delivered");
    let read = at_stage(&sent, DeliveryStatus::Read, None);
    let failed = at_stage(&sent, DeliveryStatus::Failed, Some(131_026));
    for late in [&read, &sent, &failed, &read] {
        world.status(late.clone()).await.unwrap();
    }
    let [(_, stage)] = stages(&world).await.try_into().unwrap();
    assert_eq!(stage, "read");
    invariants::check(&world, "forward").await;
}

#[tokio::test]
async fn statuses_of_unknown_and_erased_messages_change_nothing() {
    let world = World::with_pack().await;
    let (person, _) = world.new_user("meta").await;
    let sent: StatusJob = world.jobs(STATUS_QUEUE).remove(0);
    let StatusJob::V1 { status } = &sent;
    let mut foreign = status.clone();
    foreign.reference = None;
    world
        .status(StatusJob::V1 { status: foreign })
        .await
        .unwrap();
    world.tap(&person, "31").await;
    world
        .erase(world.last_job(crate::world::ERASE_QUEUE))
        .await
        .unwrap();
    let read = at_stage(&sent, DeliveryStatus::Read, None);
    world.status(read).await.unwrap();
    assert!(stages(&world).await.is_empty(), "no row is created again");
    invariants::check(&world, "unknown").await;
}

#[tokio::test]
async fn undelivered_photos_are_sent_once_more() {
    for (code, is_window_closed) in [(131_053, false), (131_047, true), (63_016, true)] {
        let world = World::with_pack().await;
        let (person, status) = delivered_photos(&world).await;
        let failed = at_stage(&status, DeliveryStatus::Failed, Some(code));
        for _ in 0..2 {
            world.status(failed.clone()).await.unwrap();
        }
        let queued = undelivered(&world);
        assert_eq!(queued.len(), 1, "{code}");
        assert_eq!(queued[0].1, is_window_closed, "{code}");
        let resend: Job = world.last_job(CONVERSATION_QUEUE);
        for _ in 0..2 {
            world.conversation(resend.clone()).await.unwrap();
        }
        let expected = if is_window_closed { 4 } else { 5 };
        assert_eq!(world.pictures(&person), expected, "{code}");
        world.deliver_statuses().await;
        invariants::check(&world, "sent once more").await;
    }
}

#[tokio::test]
async fn undelivered_photo_is_sent_again_after_a_delivery_that_failed_behind_its_save() {
    let world = World::with_pack().await;
    let (_, status) = delivered_photos(&world).await;
    let failed = at_stage(&status, DeliveryStatus::Failed, Some(131_053));
    world.state("studio-status").await;
    world.cloud.faults().plan(1, Fault::LostBefore);
    world.status(failed.clone()).await.unwrap_err();
    world.cloud.faults().clear();
    assert!(undelivered(&world).is_empty());
    world.status(failed).await.unwrap();
    assert_eq!(undelivered(&world).len(), 1);
}

#[tokio::test]
async fn undelivered_texts_are_not_sent_again() {
    let world = World::with_pack().await;
    let (person, _) = world.new_user("meta").await;
    let job = world
        .job_of(
            &person,
            serde_json::json!({ "type": "text", "text": "help" }),
        )
        .await;
    world.conversation(job).await.unwrap();
    world.deliver_webhooks().await;
    let sent: StatusJob = world.last_job(STATUS_QUEUE);
    let failed = at_stage(&sent, DeliveryStatus::Failed, Some(131_026));
    world.status(failed).await.unwrap();
    assert!(undelivered(&world).is_empty());
    invariants::check(&world, "texts").await;
}

/// A photo that failed to arrive.
struct Failing {
    world: World,
    person: Person,
    failed: StatusJob,
}

impl Scenario for Failing {
    async fn arrange() -> Self {
        let world = World::open().await;
        let (person, status) = delivered_photos(&world).await;
        world.state("studio-status").await;
        let failed = at_stage(&status, DeliveryStatus::Failed, Some(131_053));
        Self {
            world,
            person,
            failed,
        }
    }

    fn faults(&self) -> &Faults {
        self.world.cloud.faults()
    }

    async fn act(&self) -> Result<(), Error> {
        self.world.begin_delivery_without_statuses();
        self.world.status(self.failed.clone()).await
    }

    async fn check(&self, story: &str) {
        let queued = undelivered(&self.world);
        assert!(!queued.is_empty(), "{story}: the photo is not sent again");
        let resend: Job = self.world.last_job(CONVERSATION_QUEUE);
        self.world.conversation(resend).await.unwrap();
        assert_eq!(self.world.pictures(&self.person), 5, "{story}");
        invariants::check(&self.world, story).await;
    }
}

#[tokio::test]
async fn undelivered_photos_are_sent_once_more_whatever_call_fails() {
    let Enumeration { calls, .. } = enumerate::<Failing>().await;
    assert!(calls >= 2, "{calls}");
}
