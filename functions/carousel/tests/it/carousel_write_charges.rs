//! `carousel-write` and what may be charged although no answer came: usage of earlier deliveries, gateways and timeouts.

use std::time::Duration;

use carousel::workers::carousel_write;
use carousel_domain::{ComposedReason, WriteJob, WriteResult};
use confab_lambda::QueueMessage;
use serde_json::json;

use crate::{
    model::{topic_job, written},
    world::World,
};

fn composed(result: &WriteResult) -> Option<ComposedReason> {
    match result {
        WriteResult::Deck { composed, .. } => *composed,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn composer_tells_what_earlier_deliveries_used() {
    let world = World::open_with_model().await;
    let job = topic_job("a:1", "small habits");
    world.write_texts(job.clone()).await.unwrap();
    let (_, usage) = written(&world);
    assert!(!usage.is_empty());
    let composer_only = WriteJob {
        is_composer_only: true,
        ..job
    };
    world.write_texts(composer_only).await.unwrap();
    let (result, again) = written(&world);
    assert_eq!(composed(&result), Some(ComposedReason::Unavailable));
    assert_eq!(again, usage);
    assert_eq!(world.completions().await, 1);
}

#[tokio::test]
async fn model_without_prices_is_not_asked() {
    for free in ["input_tokens", "output_tokens"] {
        let mut prices = json!({ "day": "2026-11-01", "input_tokens": 1, "cached_tokens": 1,
            "output_tokens": 1, "render_megabyte_millis": 1, "object_puts": 1 });
        prices[free] = 0.into();
        for prices in [String::new(), prices.to_string()] {
            let mut world = World::open_with_model().await;
            world.cloud.set_variable("CAROUSEL_PRICES", prices.clone());
            let job = topic_job("a:1", "small habits");
            world.write_texts(job).await.unwrap();
            let (result, _) = written(&world);
            assert_eq!(
                composed(&result),
                Some(ComposedReason::NoModel),
                "{prices:?}"
            );
            assert_eq!(world.model_calls("moderations").await.0, 0, "{prices:?}");
            assert_eq!(world.completions().await, 0, "{prices:?}");
        }
    }
}

#[tokio::test]
async fn failures_of_a_gateway_keep_the_reservation() {
    for (status, may_be_charged) in [(408, true), (502, true), (504, true), (503, false)] {
        let world = World::open_with_model().await;
        let fault = json!([{ "path": "chat", "http": status, "times": 9 }]);
        world.model_faults(fault).await;
        let job = topic_job("a:1", "small habits");
        world.write_texts(job).await.unwrap();
        let (result, _) = written(&world);
        assert_eq!(
            composed(&result),
            Some(ComposedReason::Unavailable),
            "{status}"
        );
        let is_kept = world.spent_in_month().await > 0;
        assert_eq!(is_kept, may_be_charged, "{status}");
    }
}

/// Lets five completions of carousels of this length be late. Returns who writes the next one.
async fn writer_after_late_answers(slides: u8) -> Option<ComposedReason> {
    let world = World::open_with_model().await;
    let late = json!([{ "path": "chat", "hang_ms": 600_000, "times": 5 }]);
    world.model_faults(late).await;
    let state = world.state("carousel-write").await;
    for number in 1..=5 {
        let job = WriteJob {
            count: slides,
            ..topic_job(&format!("a:{number}"), "small habits")
        };
        let message = QueueMessage {
            // Of these, one second is for the call.
            time_left: Duration::from_secs(11),
            ..world.message(job)
        };
        carousel_write::handle(state.clone(), message)
            .await
            .unwrap();
        let (result, _) = written(&world);
        assert_eq!(composed(&result), Some(ComposedReason::Unavailable));
    }
    assert!(world.spent_in_month().await > 0, "calls may be charged");
    let job = topic_job("b:1", "small habits");
    world.write_texts(job).await.unwrap();
    composed(&written(&world).0)
}

#[tokio::test]
async fn late_answers_to_large_requests_do_not_open_the_breaker() {
    let (small, large) = tokio::join!(writer_after_late_answers(3), writer_after_late_answers(15));
    assert_eq!(small, Some(ComposedReason::Unavailable));
    assert_eq!(large, None);
}
