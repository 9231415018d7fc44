//! `carousel-stats`: counts and alerts for the operator, and the services with their health.

use std::{collections::BTreeSet, time::Duration};

use confab_testkit::TestRequest;
use serde_json::{Value, json};

use crate::{
    journal::{OPERATOR_KEY, completed, requested},
    world::World,
};

fn keys(value: &Value) -> Vec<&str> {
    value
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect()
}

#[tokio::test]
async fn counts_are_for_the_operator_alone() {
    let world = World::open().await;
    for path in ["/stats", "/metrics"] {
        let request = TestRequest::get(path);
        for request in [request.clone(), request.clone().token("guess")] {
            let refused = world.get_stats(&request).await;
            assert_eq!(
                (refused.status, refused.code()),
                (401, "unauthenticated"),
                "{path}"
            );
        }
        assert_eq!(
            world.get_stats(&request.token(OPERATOR_KEY)).await.status,
            200,
            "{path}"
        );
    }
}

#[tokio::test]
async fn stats_have_the_keys_that_first_clients_read() {
    let world = World::open().await;
    let stats = world.stats().await;
    assert_eq!(stats["service"], "carousel");
    let config = &stats["config"];
    assert_eq!(config["maxSlidesPerCarousel"], 15);
    assert_eq!(config["defaultStyle"], "essay");
    assert!(
        config["supportedLanguages"]
            .as_array()
            .unwrap()
            .contains(&json!("he"))
    );
    let bus = &stats["eventBus"];
    let expected = [
        "eventCountsByType",
        "isRunning",
        "subscriptionsByType",
        "totalEventsProcessed",
        "totalSubscriptions",
    ];
    assert_eq!(keys(bus), expected);
    assert_eq!(
        (&bus["isRunning"], &bus["totalEventsProcessed"]),
        (&json!(true), &json!(0))
    );
    for key in ["counters", "stages", "funnel", "alerts"] {
        assert!(!stats[key].is_null(), "{key}");
    }
}

#[tokio::test]
async fn every_event_type_of_the_carousel_is_subscribed_and_reaches_the_journal() {
    let world = World::open().await;
    let dana = world.person("en").await;
    world.say(&dana, "/carousel 1: small habits").await;
    let published = world.cloud.events().len();
    assert_eq!(world.run_journal().await, published, "the rule selects all");
    let stats = world.stats().await;
    let bus = &stats["eventBus"];
    assert_eq!(bus["totalEventsProcessed"], published);
    let subscribed: BTreeSet<_> = keys(&bus["subscriptionsByType"]).into_iter().collect();
    assert_eq!(bus["totalSubscriptions"], subscribed.len());
    let contracts = std::fs::read_dir(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../events/contracts"
    ));
    let names = contracts
        .unwrap()
        .map(|file| file.unwrap().file_name().into_string().unwrap());
    // Types with dots are those of the carousel.
    let types = names.filter_map(|name| Some(name.strip_suffix(".json")?.to_owned()));
    let types: Vec<_> = types.filter(|name| name.contains('.')).collect();
    assert_eq!(types.len(), subscribed.len());
    for event_type in types {
        assert!(
            subscribed.contains(event_type.as_str()),
            "{event_type} is not journaled"
        );
    }
}

#[tokio::test]
async fn stats_are_of_the_hours_that_were_asked_for() {
    let world = World::open().await;
    let at = world.now();
    for number in 0..4 {
        let earlier = at - Duration::from_secs(number * 12 * 3_600);
        world.journal(&requested(number, earlier)).await.unwrap();
        world
            .journal(&completed(10 + number, earlier, 900))
            .await
            .unwrap();
    }
    for (query, count) in [
        ("", 2),
        ("?hours=1", 1),
        ("?hours=13", 2),
        ("?hours=37", 4),
        ("?hours=168", 4),
    ] {
        let request = TestRequest::get(format!("/stats{query}")).token(OPERATOR_KEY);
        let answer = world.get_stats(&request).await;
        assert_eq!(answer.body["counters"]["requested"], count, "{query}");
        assert_eq!(
            answer.body["stages"].as_array().unwrap().len(),
            count,
            "{query}"
        );
    }
    let stats = world.stats().await;
    let stage = &stats["stages"][1];
    assert_eq!(
        (&stage["stage"], &stage["count"]),
        (&json!("total"), &json!(1))
    );
    for key in ["p50Millis", "p95Millis", "p99Millis"] {
        let millis = stage[key].as_u64().unwrap();
        assert!((820..=980).contains(&millis), "{key}: {millis}");
    }
    for hours in ["0", "169", "-1", "x", "1.5", "99999999999999999999"] {
        let request = TestRequest::get(format!("/stats?hours={hours}")).token(OPERATOR_KEY);
        let refused = world.get_stats(&request).await;
        assert_eq!(
            (refused.status, refused.code()),
            (400, "bad_hours"),
            "{hours}"
        );
    }
}

#[tokio::test]
async fn metrics_are_counters_of_the_day() {
    let world = World::open().await;
    world.journal(&requested(1, world.now())).await.unwrap();
    world
        .journal(&completed(2, world.now(), 900))
        .await
        .unwrap();
    let yesterday = world.now() - Duration::from_secs(24 * 3_600);
    world.journal(&requested(3, yesterday)).await.unwrap();
    let answer = world
        .get_stats(&TestRequest::get("/metrics").token(OPERATOR_KEY))
        .await;
    assert!(answer.header("content-type").starts_with("text/plain"));
    for line in [
        "# TYPE carousel_requested_total counter",
        "carousel_requested_total 1",
        "carousel_requested_by_language_total{language=\"en\"} 1",
        "carousel_events_total{type=\"carousel.completed\"} 1",
        "carousel_stage_milliseconds_count{stage=\"total\"} 1",
    ] {
        assert!(
            answer.text.lines().any(|found| found == line),
            "{line}: {}",
            answer.text
        );
    }
    for line in answer.text.lines().filter(|line| !line.starts_with('#')) {
        let (name, value) = line.rsplit_once(' ').unwrap();
        assert!(
            name.starts_with("carousel_") && value.parse::<u64>().is_ok(),
            "{line}"
        );
    }
}

#[tokio::test]
async fn services_are_listed_with_their_health() {
    let world = World::open().await;
    let health = async || {
        let answer = world.get_stats(&TestRequest::get("/")).await;
        assert_eq!(answer.status, 200);
        let services = answer.body["services"].as_array().unwrap().clone();
        assert_eq!(services[0]["name"], "Carousel Generator");
        services[0]["health"].as_str().unwrap().to_owned()
    };
    assert_eq!(health().await, "unknown");
    world.sweep().await.unwrap();
    assert_eq!(health().await, "healthy");
    world.clock().advance(Duration::from_secs(600));
    assert_eq!(health().await, "unknown");
}
