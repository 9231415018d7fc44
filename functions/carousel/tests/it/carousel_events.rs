//! `carousel-events`: the journal, for the operator.

use std::{collections::BTreeSet, time::Duration};

use confab_testkit::{Fault, TestRequest};
use serde_json::{Value, json};

use crate::{
    journal::{OPERATOR_KEY, completed, requested},
    world::World,
};

fn ids(page: &Value) -> Vec<String> {
    let events = page["events"].as_array().unwrap().iter();
    events
        .filter_map(|event| event["id"].as_str().map(str::to_owned))
        .collect()
}

fn times(page: &Value) -> Vec<String> {
    let events = page["events"].as_array().unwrap().iter();
    events
        .filter_map(|event| event["timestamp"].as_str().map(str::to_owned))
        .collect()
}

/// A journal with an event each hour, every third of them a completion.
async fn world_with(count: u64) -> World {
    let world = World::open().await;
    for number in 0..count {
        let at = world.now() - Duration::from_secs(number * 3_600);
        let event = if number.is_multiple_of(3) {
            completed(number, at, 900)
        } else {
            requested(number, at)
        };
        world.journal(&event).await.unwrap();
    }
    world
}

/// Follows `next` to the end, and returns all ids with the number of pages.
async fn all(world: &World, query: &str) -> (Vec<String>, usize) {
    let (mut found, mut after, mut pages) = (Vec::new(), String::new(), 0);
    loop {
        let page = world.events(&format!("{query}&after={after}")).await;
        found.extend(ids(&page));
        pages += 1;
        match page["next"].as_str() {
            Some(next) => next.clone_into(&mut after),
            None => return (found, pages),
        }
        assert!(pages < 100, "the pages never end");
    }
}

#[tokio::test]
async fn events_are_for_the_operator_alone() {
    let world = world_with(1).await;
    let request = TestRequest::get("/events");
    for request in [
        request.clone(),
        request.clone().token("guess"),
        request.clone().token(&OPERATOR_KEY.repeat(1_000)),
    ] {
        let refused = world.get_events(&request).await;
        assert_eq!((refused.status, refused.code()), (401, "unauthenticated"));
        assert!(!refused.text.contains("evt_"), "{}", refused.text);
    }
    assert_eq!(
        world.get_events(&request.token(OPERATOR_KEY)).await.status,
        200
    );
}

#[tokio::test]
async fn events_are_listed_newest_first_in_pages_without_gaps() {
    let world = world_with(130).await;
    let first = world.events("").await;
    assert_eq!(ids(&first).len(), 50);
    assert!(
        times(&first).is_sorted_by(|newer, older| newer > older),
        "{first}"
    );
    for (query, pages) in [
        ("limit=50", 3),
        ("limit=7", 19),
        ("limit=130", 1),
        ("limit=1000", 1),
    ] {
        let (found, count) = all(&world, query).await;
        assert_eq!((found.len(), count), (130, pages), "{query}");
        assert_eq!(found.iter().collect::<BTreeSet<_>>().len(), 130, "{query}");
    }
}

#[tokio::test]
async fn many_events_of_one_moment_are_listed_without_gaps() {
    let world = World::open().await;
    for number in 0..300 {
        world
            .journal(&requested(number, world.now()))
            .await
            .unwrap();
    }
    for limit in [60, 299, 300] {
        let (found, _) = all(&world, &format!("limit={limit}")).await;
        assert_eq!(found.iter().collect::<BTreeSet<_>>().len(), 300, "{limit}");
        assert_eq!(found.len(), 300, "{limit}");
    }
}

#[tokio::test]
async fn events_are_filtered_by_type_time_and_correlation_id() {
    let world = world_with(60).await;
    let (completions, _) = all(&world, "type=carousel.completed&limit=7").await;
    assert_eq!(completions.len(), 20);
    assert!(ids(&world.events("type=nothing.such").await).is_empty());
    // `to` is not included.
    let day = world
        .events("from=2026-11-28T12:00:00Z&to=2026-11-29T12:00:00Z")
        .await;
    assert_eq!(ids(&day).len(), 24);
    let newest = world.events("limit=1").await;
    let chain = newest["events"][0]["correlationId"]
        .as_str()
        .unwrap()
        .to_owned();
    let page = world.events(&format!("correlationId={chain}")).await;
    assert_eq!(ids(&page).len(), 6);
    assert!(times(&page).is_sorted(), "the earliest first: {page}");
    let (found, pages) = all(&world, &format!("correlationId={chain}&limit=4")).await;
    assert_eq!((found, pages), (ids(&page), 2));
    let completions = world
        .events(&format!("correlationId={chain}&type=carousel.completed"))
        .await;
    assert_eq!(ids(&completions).len(), 2);
    let other = "correlationId=cor_00000000000000000000000000";
    assert_eq!(
        world.events(other).await,
        json!({ "events": [], "next": null })
    );
}

#[tokio::test]
async fn old_events_are_reached_over_empty_days() {
    let world = World::open().await;
    let old = world.now() - Duration::from_secs(60 * 24 * 3_600);
    world.journal(&requested(1, old)).await.unwrap();
    assert!(
        ids(&world.events("").await).is_empty(),
        "a week is the default"
    );
    let (found, pages) = all(&world, "from=2026-09-01T00:00:00Z").await;
    assert_eq!(found.len(), 1);
    assert!(pages > 1, "one request reads some days only");
}

#[tokio::test]
async fn hostile_filters_are_refused() {
    let world = world_with(2).await;
    let key = "001795953600000-02-evt_01m7ym613fe0yvvhrd4bj8893d";
    for (query, code) in [
        ("limit=0".to_owned(), "bad_limit"),
        ("limit=1001".to_owned(), "bad_limit"),
        ("limit=-1".to_owned(), "bad_limit"),
        ("limit=99999999999999999999".to_owned(), "bad_limit"),
        ("after=x".to_owned(), "bad_cursor"),
        (format!("after={key}%00"), "bad_cursor"),
        (format!("after={}", "9".repeat(5_000)), "bad_cursor"),
        ("from=yesterday".to_owned(), "bad_time"),
        ("to=2026-13-01T00:00:00Z".to_owned(), "bad_time"),
        (
            "from=2026-11-29T12:00:00Z&to=2026-11-29T12:00:00Z".to_owned(),
            "bad_range",
        ),
        ("to=1970-01-01T00:00:00Z".to_owned(), "bad_range"),
        ("correlationId=cor_1".to_owned(), "bad_correlation_id"),
        (
            "correlationId=%F0%9F%92%B8".to_owned(),
            "bad_correlation_id",
        ),
    ] {
        let request = TestRequest::get(format!("/events?{query}")).token(OPERATOR_KEY);
        let refused = world.get_events(&request).await;
        assert_eq!((refused.status, refused.code()), (400, code), "{query}");
    }
    for harmless in [
        "type=&correlationId=&from=&to=&after=&limit=".to_owned(),
        "after=999999999999999".to_owned(),
        format!("after={key}&to=9999-12-30T00:00:00Z"),
        "from=0001-01-01T00:00:00Z".to_owned(),
        "type=%27%3B--&other=1".to_owned(),
    ] {
        world.events(&harmless).await;
    }
    let past = world.events("after=000000000000000").await;
    assert_eq!(past, json!({ "events": [], "next": null }));
}

#[tokio::test]
async fn events_are_unavailable_while_the_table_is_away() {
    let world = world_with(1).await;
    let request = TestRequest::get("/events").token(OPERATOR_KEY);
    world.get_events(&request).await;
    world.cloud.faults().plan(0, Fault::LostBefore);
    let refused = world.get_events(&request).await;
    world.cloud.faults().clear();
    assert_eq!((refused.status, refused.code()), (503, "store_failed"));
}
