//! `studio-erase`: nothing of an erased user is left, at Astria or here.

use confab_core::{Error, UserId};
use confab_testkit::{Enumeration, Faults, Scenario, enumerate};
use serde_json::json;
use studio_domain::{EraseJob, OrderStatus};

use crate::{
    invariants,
    world::{ERASE_QUEUE, Person, REDELIVERY_DELAY, World, start},
};

/// A user with a conversation, a rated order with a model, and a question; and the job that erases
/// them.
async fn user_to_erase(world: &World) -> (Person, UserId, EraseJob) {
    let (person, user) = world.new_user("meta").await;
    let order = world.add_made_order(user).await;
    let photo = format!("people/{user}/orders/{}/1-0", order.id);
    let objects = world.objects();
    objects.put(&photo, "image/png", vec![1]).await.unwrap();
    world
        .edit(user, |user| {
            user.conversation.orders[0].status = OrderStatus::Delivered;
        })
        .await;
    world.tap(&person, "6_2").await;
    world.text(&person, "too dark").await;
    world.text(&person, "support").await;
    world.text(&person, "Where is my invoice?").await;
    world.tap(&person, "31").await;
    (person, user, world.last_job(ERASE_QUEUE))
}

#[tokio::test]
async fn everything_of_the_user_is_deleted_and_nothing_of_others() {
    let world = World::open().await;
    let (_, other) = world.new_user("twilio").await;
    let others = world.add_made_order(other).await;
    let (_, _, job) = user_to_erase(&world).await;
    world.erase(job).await.unwrap();
    invariants::check(&world, "erased").await;
    assert!(world.user(other).await.is_some());
    assert_eq!(world.tunes_of(others.id).await.len(), 1);
    let objects = world.objects();
    let prefix = format!("people/{other}/");
    assert_eq!(objects.list(&prefix, None).await.unwrap().len(), 4);
}

#[tokio::test]
async fn repeated_and_unknown_erasures_delete_nothing_more() {
    let world = World::open().await;
    let (_, other) = world.new_user("meta").await;
    let (_, _, job) = user_to_erase(&world).await;
    for _ in 0..2 {
        world.erase(job.clone()).await.unwrap();
    }
    let stranger = EraseJob::V1 {
        user_id: UserId::new(world.now(), &confab_lambda::OsEntropy),
        orders: Vec::new(),
    };
    world.erase(stranger).await.unwrap();
    assert!(world.user(other).await.is_some());
    invariants::check(&world, "repeated").await;
}

#[tokio::test]
async fn rows_are_kept_until_astria_has_deleted_the_models() {
    let world = World::open().await;
    let (_, user, job) = user_to_erase(&world).await;
    let down = json!([{ "path": "tunes/", "http": 503, "times": 1 }]);
    world.simulators.fail_astria(down).await;
    world.erase(job.clone()).await.unwrap_err();
    assert!(world.user(user).await.is_some(), "they say what is left");
    world.erase(job).await.unwrap();
    invariants::check(&world, "later").await;
}

#[tokio::test]
async fn model_whose_response_was_lost_is_found_and_deleted() {
    let world = World::open().await;
    let (person, user) = world.new_user("meta").await;
    let order = world.add_paid_order(user).await;
    let lost = json!([{ "path": "p/", "drop_after": true, "times": 1 }]);
    world.simulators.fail_astria(lost).await;
    world.make(start(user, &order)).await.unwrap_err();
    world.clock().advance(REDELIVERY_DELAY);
    assert_eq!(world.tunes_of(order.id).await.len(), 1);
    world.tap(&person, "31").await;
    world.erase(world.last_job(ERASE_QUEUE)).await.unwrap();
    assert!(world.tunes_of(order.id).await.is_empty());
    invariants::check(&world, "found").await;
}

/// An erasure that is repeated until it succeeds.
struct Erasing {
    world: World,
    job: EraseJob,
}

impl Scenario for Erasing {
    async fn arrange() -> Self {
        let world = World::open().await;
        let (_, _, job) = user_to_erase(&world).await;
        world.state("studio-erase").await;
        Self { world, job }
    }

    fn faults(&self) -> &Faults {
        self.world.cloud.faults()
    }

    async fn act(&self) -> Result<(), Error> {
        self.world.begin_delivery_without_statuses();
        self.world.erase(self.job.clone()).await
    }

    async fn check(&self, story: &str) {
        invariants::check(&self.world, story).await;
    }
}

#[tokio::test]
async fn nothing_of_an_erased_user_is_left_whatever_call_fails() {
    let Enumeration { calls, .. } = enumerate::<Erasing>().await;
    assert!(calls >= 20, "{calls}");
}
