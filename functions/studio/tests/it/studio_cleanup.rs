//! `studio-cleanup`: expired messages, pictures and models are counted and deleted.

use std::time::Duration;

use confab_contracts::maintenance::CleanupDue;
use confab_core::{CorrelationId, Error, EventId, PhotoId, UserId};
use confab_lambda::OsEntropy;
use confab_testkit::{Enumeration, Faults, Scenario, enumerate};
use serde_json::{Value, json};
use studio::workers::studio_cleanup;
use studio_domain::{CleanupDueEvent, CleanupJob, Job, Trigger};

use crate::world::{CLEANUP_QUEUE, CONVERSATION_QUEUE, DAY, World};

fn due(world: &World, dry_run: bool) -> CleanupJob {
    let now = world.now();
    CleanupJob::Due {
        detail: CleanupDueEvent {
            id: EventId::new(now, &OsEntropy),
            occurred_at: now,
            correlation_id: CorrelationId::new(now, &OsEntropy),
            data: CleanupDue { dry_run },
        },
    }
}

/// A month ago: a user with a message, a selfie and a model. Today: an orphaned and a fresh selfie.
async fn month_old_world() -> (World, UserId) {
    let world = World::with_pack().await;
    let (_, user) = world.user_with_selfies("meta").await;
    world.add_made_order(user).await;
    world
        .edit(user, |user| {
            user.conversation.orders.clear();
            user.next_timer_at = None;
        })
        .await;
    world.clock().advance(DAY * 32);
    let (_, fresh) = world.new_user("meta").await;
    let stranger = UserId::new(world.now(), &OsEntropy);
    for owner in [fresh, stranger] {
        let photo = PhotoId::new(world.now(), &OsEntropy);
        let key = format!("people/{owner}/selfies/{photo}.jpg");
        let objects = world.objects();
        objects.put(&key, "image/jpeg", vec![1]).await.unwrap();
    }
    (world, user)
}

async fn report(world: &World) -> Value {
    let rows = world.rows().await;
    let mut reports = rows.into_iter().filter(|row| row["pk"] == "CLEANUPS");
    reports.next_back().unwrap()
}

fn found() -> Value {
    json!({ "messages": 2, "idle_people": 1, "orphans": 1, "expired_pictures": 4, "models": 1 })
}

fn idle_timers(world: &World, user: UserId) -> usize {
    let jobs = world.jobs::<Job>(CONVERSATION_QUEUE).into_iter();
    jobs.filter(|job| {
        matches!(job, Job::V2 { id, user_id, trigger: Trigger::TimerFired }
            if id.starts_with("idle#") && *user_id == user)
    })
    .count()
}

async fn left(world: &World) -> (usize, usize) {
    let objects = world.objects();
    let pictures = objects.list("people/", None).await.unwrap().len();
    (pictures, world.simulators.tunes().await.len())
}

#[tokio::test]
async fn dry_runs_count_and_delete_nothing() {
    let (world, user) = month_old_world().await;
    let before = left(&world).await;
    world.cleanup(due(&world, true)).await.unwrap();
    let report = report(&world).await;
    assert_eq!(report["found"], found());
    assert_eq!((left(&world).await, before), ((6, 1), (6, 1)));
    assert_eq!(idle_timers(&world, user), 0);
    assert_eq!(world.events("cleanup_finished")[0]["data"]["dry_run"], true);
}

#[tokio::test]
async fn expired_data_and_orphans_are_deleted_and_the_rest_is_kept() {
    let (world, user) = month_old_world().await;
    world.cleanup(due(&world, false)).await.unwrap();
    assert_eq!(report(&world).await["found"], found());
    assert_eq!(left(&world).await, (1, 0), "the fresh selfie");
    assert_eq!(idle_timers(&world, user), 1);
    world
        .conversation(world.last_job(CONVERSATION_QUEUE))
        .await
        .unwrap();
    let album = world.user(user).await.unwrap().conversation.photos;
    assert!(album.0.is_empty(), "face data has left the conversation");
    let event = &world.events("cleanup_finished")[0];
    assert_eq!(event["data"]["found"], found());
}

#[tokio::test]
async fn finished_cleanups_are_announced_again_but_not_repeated() {
    let (world, _) = month_old_world().await;
    let job = due(&world, false);
    world.cleanup(job.clone()).await.unwrap();
    world.cleanup(job).await.unwrap();
    assert_eq!(report(&world).await["found"], found(), "counted once");
    let events = world.events("cleanup_finished");
    assert_eq!(events.len(), 2);
    assert_eq!(events[0], events[1], "the same event");
}

#[tokio::test]
async fn models_of_other_apps_are_left_alone() {
    let (world, _) = month_old_world().await;
    for row in world.rows().await {
        if let Some(pk) = row["pk"].as_str().filter(|pk| pk.starts_with("MAKE#")) {
            let key = confab_aws::Table::key(pk, "MAKE");
            world.table().delete(key).await.unwrap();
        }
    }
    world.cleanup(due(&world, false)).await.unwrap();
    assert_eq!(world.simulators.tunes().await.len(), 1);
}

#[tokio::test]
async fn cleanup_continues_in_another_job_when_its_time_ends() {
    let (world, _) = month_old_world().await;
    let state = world.state("studio-cleanup").await;
    let mut message = world.message(due(&world, false));
    message.time_left = Duration::from_secs(29);
    studio_cleanup::handle(state, message).await.unwrap();
    assert!(report(&world).await["finished_at"].is_null());
    world.cleanup(world.last_job(CLEANUP_QUEUE)).await.unwrap();
    assert_eq!(report(&world).await["found"], found());
    assert!(report(&world).await["finished_at"].is_string());
}

/// A cleanup that is repeated until it succeeds.
struct Cleaning {
    world: World,
    user: UserId,
    job: CleanupJob,
}

impl Scenario for Cleaning {
    async fn arrange() -> Self {
        let (world, user) = month_old_world().await;
        let job = due(&world, false);
        world.state("studio-cleanup").await;
        Self { world, user, job }
    }

    fn faults(&self) -> &Faults {
        self.world.cloud.faults()
    }

    async fn act(&self) -> Result<(), Error> {
        self.world.cleanup(self.job.clone()).await
    }

    async fn check(&self, story: &str) {
        assert_eq!(left(&self.world).await, (1, 0), "{story}");
        assert!(idle_timers(&self.world, self.user) >= 1, "{story}");
        let report = report(&self.world).await;
        assert!(report["finished_at"].is_string(), "{story}: {report}");
        let events = self.world.events("cleanup_finished");
        assert!(!events.is_empty(), "{story}: not announced");
    }
}

#[tokio::test]
async fn expired_data_is_deleted_whatever_call_fails() {
    let Enumeration { calls, .. } = enumerate::<Cleaning>().await;
    assert!(calls >= 20, "{calls}");
}
