//! `weekly-cleanup`: publishes once a week that expired data is to be deleted.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use confab_core::{Clock, CorrelationId, Kind, Result};
use confab_lambda::ScheduledRun;
use confab_testkit::{Cloud, Enumeration, Fault, Faults, Scenario, enumerate};
use maintenance::{Part, State, workers::weekly_cleanup};
use serde_json::{Value, json};

/// A queue that subscribes to the event.
const SUBSCRIBER: &str = "confab-studio-cleanup";
const HOUR: Duration = Duration::from_secs(3600);

/// The schedule of the weekly cleanup in an empty cloud.
struct Schedule {
    cloud: Cloud,
    state: Arc<State>,
}

impl Schedule {
    async fn open() -> Self {
        let cloud = Cloud::open().await;
        let platform = cloud.platform("weekly-cleanup");
        let state = State::new(platform, weekly_cleanup::PARTS).await.unwrap();
        Self {
            cloud,
            state: Arc::new(state),
        }
    }

    async fn run(&self) -> Result<()> {
        let at = self.cloud.clock().now();
        let run = ScheduledRun {
            at,
            correlation_id: CorrelationId::of_event("test"),
            time_left: Duration::from_secs(10),
        };
        weekly_cleanup::handle(self.state.clone(), run).await
    }

    /// Returns the events that a subscriber has received.
    fn received(&self) -> Vec<Value> {
        let messages = self.cloud.queued(SUBSCRIBER).into_iter();
        messages
            .map(|mut message| message["detail"].take())
            .collect()
    }

    fn ids(&self) -> BTreeSet<String> {
        let received = self.received();
        received
            .iter()
            .map(|event| event["id"].to_string())
            .collect()
    }
}

#[tokio::test]
async fn runs_publish_that_the_cleanup_is_due() {
    let schedule = Schedule::open().await;
    schedule.run().await.unwrap();
    let received = schedule.received();
    assert_eq!(received.len(), 1);
    let event = &received[0];
    assert_eq!(
        (&event["type"], &event["source"], &event["data"]),
        (
            &json!("cleanup_due"),
            &json!("maintenance"),
            &json!({ "dry_run": false })
        )
    );
    assert_eq!(event["causation_id"], "weekly-cleanup#2026-11-29");
    assert_eq!(event["occurred_at"], json!(schedule.cloud.clock().now()));
}

#[tokio::test]
async fn runs_of_one_day_are_one_event_and_a_week_later_another() {
    let schedule = Schedule::open().await;
    for _ in 0..2 {
        schedule.run().await.unwrap();
        schedule.cloud.clock().advance(HOUR);
    }
    assert_eq!((schedule.received().len(), schedule.ids().len()), (2, 1));
    schedule.cloud.clock().advance(7 * 24 * HOUR);
    schedule.run().await.unwrap();
    assert_eq!((schedule.received().len(), schedule.ids().len()), (3, 2));
}

#[tokio::test]
async fn runs_fail_while_the_bus_is_away_so_that_the_scheduler_tries_again() {
    let schedule = Schedule::open().await;
    for fault in [Fault::Throttled, Fault::LostBefore] {
        schedule.cloud.faults().plan(0, fault);
        let error = schedule.run().await.unwrap_err();
        assert_eq!(error.kind(), Kind::Unavailable, "{fault:?}");
        schedule.cloud.faults().clear();
    }
    assert!(schedule.received().is_empty());
    schedule.run().await.unwrap();
    assert_eq!(schedule.received().len(), 1);
}

#[tokio::test]
async fn parts_that_were_not_started_are_an_error() {
    let cloud = Cloud::open().await;
    let parts: &[Part] = &[];
    let state = State::new(cloud.platform("weekly-cleanup"), parts).await;
    let schedule = Schedule {
        state: Arc::new(state.unwrap()),
        cloud,
    };
    let error = schedule.run().await.unwrap_err();
    assert_eq!(
        (error.kind(), error.code()),
        (Kind::Internal, "part_not_started")
    );
}

impl Scenario for Schedule {
    async fn arrange() -> Self {
        Self::open().await
    }

    fn faults(&self) -> &Faults {
        self.cloud.faults()
    }

    async fn act(&self) -> Result<()> {
        self.run().await
    }

    async fn check(&self, story: &str) {
        assert_eq!(self.ids().len(), 1, "{story}");
    }
}

#[tokio::test]
async fn cleanups_are_published_with_one_id_whatever_call_fails() {
    let Enumeration { calls, .. } = enumerate::<Schedule>().await;
    assert!(calls >= 1, "{calls}");
}
