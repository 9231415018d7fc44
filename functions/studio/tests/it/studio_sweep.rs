//! `studio-sweep`: timers that are due are queued, and packs are refreshed once a day.

use std::time::Duration;

use confab_core::{Error, UserId};
use confab_testkit::{Enumeration, Faults, Scenario, enumerate};
use studio_domain::{Job, PackJob, Trigger};

use crate::{
    invariants,
    world::{CONVERSATION_QUEUE, DAY, GENERATION_QUEUE, PACK_QUEUE, World},
};

fn timers(world: &World) -> Vec<(String, UserId)> {
    let jobs = world.jobs::<Job>(CONVERSATION_QUEUE).into_iter();
    jobs.filter_map(|job| match job {
        Job::V2 {
            id,
            user_id,
            trigger: Trigger::TimerFired,
        } => Some((id, user_id)),
        _ => None,
    })
    .collect()
}

#[tokio::test]
async fn due_timers_are_queued_and_orders_are_requested_again() {
    let world = World::with_pack().await;
    let (_, idle) = world.new_user("meta").await;
    let (_, user) = world.new_user("meta").await;
    let order = world.add_paid_order(user).await;
    world.sweep().await.unwrap();
    assert!(timers(&world).is_empty(), "not due yet");
    world.clock().advance(Duration::from_secs(601));
    for _ in 0..2 {
        world.sweep().await.unwrap();
    }
    let queued = timers(&world);
    assert_eq!(queued.len(), 1, "{queued:?}");
    assert_eq!(queued[0].1, user);
    assert_ne!(queued[0].1, idle);
    world
        .conversation(world.last_job(CONVERSATION_QUEUE))
        .await
        .unwrap();
    assert_eq!(world.cloud.queued(GENERATION_QUEUE).len(), 1);
    let order = world
        .user(user)
        .await
        .unwrap()
        .conversation
        .order(order.id)
        .cloned();
    assert!(order.unwrap().next_check_at > world.now(), "checked later");
    invariants::check(&world, "due").await;
}

#[tokio::test]
async fn users_who_stay_due_get_another_timer_in_the_next_minute() {
    let world = World::with_pack().await;
    let (_, user) = world.new_user("meta").await;
    world.add_paid_order(user).await;
    world.clock().advance(Duration::from_secs(601));
    world.sweep().await.unwrap();
    world.clock().advance(Duration::from_secs(60));
    world.sweep().await.unwrap();
    let queued = timers(&world);
    assert_eq!(queued.len(), 2);
    assert_ne!(queued[0].0, queued[1].0);
}

#[tokio::test]
async fn packs_are_refreshed_once_a_day() {
    let world = World::with_pack().await;
    world.sweep().await.unwrap();
    assert!(world.cloud.queued(PACK_QUEUE).is_empty(), "young enough");
    world.clock().advance(DAY);
    for _ in 0..2 {
        world.sweep().await.unwrap();
    }
    assert_eq!(world.jobs::<PackJob>(PACK_QUEUE).len(), 1);
    // A list that never arrives is asked for again after a quarter of an hour.
    world.clock().advance(Duration::from_secs(900));
    world.sweep().await.unwrap();
    assert_eq!(world.jobs::<PackJob>(PACK_QUEUE).len(), 2);
}

/// A schedule that fires until the sweep succeeds, with one user due and packs to refresh.
struct Sweeping {
    world: World,
    user: UserId,
}

impl Scenario for Sweeping {
    async fn arrange() -> Self {
        let world = World::with_pack().await;
        let (_, user) = world.new_user("meta").await;
        world.add_paid_order(user).await;
        world.clock().advance(DAY);
        world.state("studio-sweep").await;
        Self { world, user }
    }

    fn faults(&self) -> &Faults {
        self.world.cloud.faults()
    }

    async fn act(&self) -> Result<(), Error> {
        self.world.sweep().await
    }

    async fn check(&self, story: &str) {
        let queued = timers(&self.world);
        assert_eq!(queued.len(), 1, "{story}: {queued:?}");
        assert_eq!(queued[0].1, self.user, "{story}");
        assert!(!self.world.cloud.queued(PACK_QUEUE).is_empty(), "{story}");
        invariants::check(&self.world, story).await;
    }
}

#[tokio::test]
async fn due_timers_are_queued_whatever_call_fails() {
    let Enumeration { calls, .. } = enumerate::<Sweeping>().await;
    assert!(calls >= 5, "{calls}");
}
