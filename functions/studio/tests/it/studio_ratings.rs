//! `studio-ratings`: the operator reads ratings, feedback and questions of a month.

use confab_testkit::TestRequest;
use serde_json::{Value, json};
use studio_domain::OrderStatus;

use crate::{
    invariants,
    world::{Person, World},
};

const PATH: &str = "/api/studio/ratings";

async fn ratings(world: &World, query: &str) -> Value {
    let request = world.operator(TestRequest::get(format!("{PATH}{query}")));
    let answer = world.send("studio-ratings", &request).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.body
}

async fn rate(world: &World, channel: &str, stars: u8) -> Person {
    let (person, user) = world.new_user(channel).await;
    world.add_order(user, OrderStatus::Delivered).await;
    world.tap(&person, &format!("6_{stars}")).await;
    person
}

#[tokio::test]
async fn ratings_feedback_and_questions_of_a_month_are_summed_up() {
    let world = World::with_pack().await;
    rate(&world, "meta", 5).await;
    let unhappy = rate(&world, "twilio", 2).await;
    world.text(&unhappy, "too dark").await;
    let (curious, _) = world.new_user("meta").await;
    world.text(&curious, "support").await;
    world.text(&curious, "Where is my invoice?").await;
    let month = ratings(&world, "?month=2026-11").await;
    assert_eq!(month, ratings(&world, "").await, "the current month");
    let sums = (&month["ratings"], &month["average"]);
    assert_eq!(sums, (&json!(2), &json!(3.5)), "{month}");
    assert_eq!(
        month["stars"],
        json!({ "1": 0, "2": 1, "3": 0, "4": 0, "5": 1 })
    );
    assert_eq!(month["words"][0]["words"], "too dark");
    assert_eq!(month["questions"][0]["words"], "Where is my invoice?");
    assert_eq!(month["questions"].as_array().map(Vec::len), Some(1));
    let other = ratings(&world, "?month=2026-10").await;
    assert_eq!(
        (&other["ratings"], &other["average"]),
        (&json!(0), &Value::Null)
    );
    invariants::check(&world, "rated").await;
}

#[tokio::test]
async fn later_ratings_of_an_order_replace_earlier_ones() {
    let world = World::with_pack().await;
    let person = rate(&world, "meta", 1).await;
    world.tap(&person, "6_4").await;
    let month = ratings(&world, "").await;
    assert_eq!(
        (&month["ratings"], &month["average"]),
        (&json!(1), &json!(4.0))
    );
}

#[tokio::test]
async fn others_than_the_operator_are_refused() {
    let world = World::open().await;
    for request in [
        TestRequest::get(PATH),
        TestRequest::get(PATH).token("other-key"),
        TestRequest::get(PATH).token(""),
    ] {
        let answer = world.send("studio-ratings", &request).await;
        assert_eq!(answer.status, 401, "{request:?}");
        assert_eq!(answer.body["code"], "unauthenticated", "{request:?}");
    }
}

#[tokio::test]
async fn unreadable_months_are_refused() {
    let world = World::open().await;
    for month in ["2026-13", "2026", "", "2026-1", "2026-11-01", "%00"] {
        let request = TestRequest::get(format!("{PATH}?month={month}"));
        let answer = world.send("studio-ratings", &world.operator(request)).await;
        assert_eq!(
            (answer.status, &answer.body["code"]),
            (400, &json!("bad_month")),
            "{month}"
        );
    }
}
