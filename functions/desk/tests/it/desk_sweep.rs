//! `desk-sweep`: finds what is due, and leaves each to a job of its own.

use std::time::Duration;

use confab_core::{CorrelationId, Result};
use confab_lambda::{OsEntropy, ScheduledRun};
use confab_testkit::invocation;
use desk::workers::desk_sweep;
use serde_json::{Value, json};

use crate::{
    talk::Talk,
    world::{DUE_QUEUE, text},
};

async fn sweep(talk: &Talk) -> Result<()> {
    let at = talk.world.now();
    let run = ScheduledRun {
        at,
        correlation_id: CorrelationId::new(at, &OsEntropy),
        time_left: Duration::from_secs(50),
    };
    let state = talk.world.state("desk-sweep").await;
    invocation(desk_sweep::handle(state, run)).await
}

/// Returns the conversations for which jobs were ever queued.
fn queued(talk: &Talk) -> Vec<String> {
    let jobs = talk.world.cloud.queued(DUE_QUEUE).into_iter();
    let jobs = jobs.filter(|job| job["subject"]["kind"] == "conversation");
    let mut ids: Vec<_> = jobs
        .map(|job| text(&job["subject"], "id").to_owned())
        .collect();
    ids.sort();
    ids
}

#[tokio::test]
async fn due_conversations_of_all_workspaces_are_queued() {
    let talk = Talk::open().await;
    let mut due = vec![talk.snoozed().await, talk.snoozed().await];
    // Another workspace in the same cloud.
    let workspace = talk.world.workspace().await;
    let bot = talk.world.deployed_bot(&workspace).await;
    let other = Talk {
        world: talk.world,
        workspace,
        bot,
    };
    due.push(other.snoozed().await);
    due.sort();
    sweep(&other).await.unwrap();
    assert_eq!(queued(&other).len(), 0, "nothing is due yet");
    other.world.advance(3_600);
    for _ in 0..2 {
        sweep(&other).await.unwrap();
    }
    assert_eq!(
        queued(&other),
        due,
        "a schedule that fires twice is one run"
    );
    other.world.advance(301);
    sweep(&other).await.unwrap();
    assert_eq!(queued(&other).len(), 6, "what stays due is queued again");
}

#[tokio::test]
async fn queued_jobs_wake_their_conversations() {
    let talk = Talk::open().await;
    let id = talk.snoozed().await;
    talk.world.advance(3_600);
    sweep(&talk).await.unwrap();
    for job in talk.world.take(DUE_QUEUE) {
        talk.run_due(&job).await.unwrap();
    }
    assert_eq!(talk.head(&id).await["status"], "open");
    talk.world.advance(301);
    sweep(&talk).await.unwrap();
    assert_eq!(talk.world.take(DUE_QUEUE), Vec::<Value>::new());
}

#[tokio::test]
async fn malformed_key_hides_no_other() {
    let talk = Talk::open().await;
    let id = talk.snoozed().await;
    talk.world.advance(3_600);
    for shard in 0..16 {
        let row = json!({ "dpk": format!("DUE#{shard}"), "dsk": "000000000001" });
        let pk = format!("X#{shard}");
        talk.world.put(&pk, "HEAD", &row).await;
    }
    sweep(&talk).await.unwrap();
    assert_eq!(queued(&talk), [id]);
}

#[tokio::test]
async fn idle_conversations_are_found_and_those_that_wait_for_people_are_not() {
    let talk = Talk::open().await;
    let visitor = talk.visitor().await;
    let idle = talk.start(&visitor, None).await;
    let waiting = talk.start_with_people(&visitor).await;
    talk.world.advance(86_400 - 1);
    sweep(&talk).await.unwrap();
    assert_eq!(queued(&talk), [] as [&str; 0], "it is early");
    talk.world.advance(601);
    sweep(&talk).await.unwrap();
    assert_eq!(queued(&talk), [idle.as_str()]);
    for job in talk.world.take(DUE_QUEUE) {
        talk.run_due(&job).await.unwrap();
    }
    assert_eq!(talk.head(&idle).await["status"], "closed");
    assert_eq!(talk.head(&waiting).await["status"], "open");
    talk.world.advance(301);
    sweep(&talk).await.unwrap();
    assert_eq!(talk.world.take(DUE_QUEUE), Vec::<Value>::new());
}
