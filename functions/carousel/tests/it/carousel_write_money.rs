//! `carousel-write` and what the model costs: budgets, the breaker and the cache.

use std::time::Duration;

use carousel_domain::{ComposedReason, CostKind, CostRow, Usage, WriteJob, WriteResult};
use serde_json::{Value, json};

use crate::{
    model::{PLENTY, all_written, budgets, job, topic_job, written},
    world::World,
};

const BUDGET_NOTE: &str = "its budget is used up";

fn composed(result: &WriteResult) -> Option<ComposedReason> {
    match result {
        WriteResult::Deck { composed, .. } | WriteResult::Slide { composed, .. } => *composed,
        other => panic!("{other:?}"),
    }
}

/// Returns the job of another chat and person.
fn of(owner: u32, job: WriteJob) -> WriteJob {
    WriteJob {
        chat: format!("tg:{owner}"),
        owner: owner.to_string(),
        ..job
    }
}

/// Lets every answer of the model be lost, so that reservations stay.
pub(crate) async fn lose_answers(world: &World) {
    let lost = json!([{ "path": "chat", "drop_after": true, "times": 99 }]);
    world.model_faults(lost).await;
}

/// Returns a job whose answer is not cached.
pub(crate) fn other_ideas(key: &str) -> WriteJob {
    let source = json!({ "source": "topic", "text": "small habits" });
    job(key, source, json!({ "task": "deck", "not_these": ["Old"] }))
}

/// Returns what one call for `other_ideas` reserves.
pub(crate) async fn reservation() -> u64 {
    let world = World::open_with_model().await;
    lose_answers(&world).await;
    world.write_texts(other_ideas("a:1")).await.unwrap();
    world.spent_in_month().await
}

#[tokio::test]
async fn calls_are_settled_in_all_three_budgets_by_what_the_model_counted() {
    let world = World::open_with_model().await;
    world
        .write_texts(topic_job("a:1", "small habits"))
        .await
        .unwrap();
    let (calls, input, output) = world.model_calls("chat/completions").await;
    assert_eq!(calls, 1);
    let spent = world.spent().await;
    assert_eq!(spent.len(), 3, "{spent:?}");
    for (budget, spent) in spent {
        assert_eq!(spent, input + 2 * output, "{budget}");
    }
    let usage = |kind, units| Usage { kind, units };
    let expected = [
        usage(CostKind::InputTokens, input),
        usage(CostKind::OutputTokens, output),
    ];
    assert_eq!(written(&world).1, expected);
}

#[tokio::test]
async fn cost_rows_of_a_carousel_add_up_to_what_the_budgets_spent() {
    let world = World::open_with_model().await;
    let dana = world.person("en").await;
    let repaired = json!([{ "path": "chat", "answer": "wrong_count" }]);
    world.model_faults(repaired).await;
    world.say(&dana, "/carousel 3: small habits").await;
    let saga: Value = world.saga(&dana).await;
    let rows: Vec<CostRow> = serde_json::from_value(saga["cost"].clone()).unwrap();
    let of_model = rows
        .iter()
        .filter(|row| matches!(row.kind, CostKind::InputTokens | CostKind::OutputTokens));
    let micros: u64 = of_model.map(CostRow::micros).sum();
    assert_eq!(world.completions().await, 2);
    assert!(micros > 0);
    assert_eq!(world.spent_in_month().await, micros);
}

#[tokio::test]
async fn carousels_without_a_model_have_no_cost_of_a_model() {
    let world = World::open().await;
    let dana = world.person("en").await;
    world.say(&dana, "/carousel 1: small habits").await;
    let saga = world.saga(&dana).await;
    let cost = saga["cost"].to_string();
    assert!(
        cost.contains("object_puts") && !cost.contains("tokens"),
        "{cost}"
    );
}

#[tokio::test]
async fn spent_budgets_leave_the_composer_with_a_note_and_no_call() {
    for (stop, limits) in [
        ("person", budgets(1, PLENTY, PLENTY)),
        ("day", budgets(PLENTY, 1, PLENTY)),
        ("month", budgets(PLENTY, PLENTY, 1)),
    ] {
        let world = World::open_with_budgets(&limits).await;
        let dana = world.person("en").await;
        world.say(&dana, "/carousel 1: small habits").await;
        let texts = world.texts(&dana).await.join("\n");
        assert!(texts.contains(BUDGET_NOTE), "{stop}: {texts}");
        assert_eq!(world.completions().await, 0, "{stop}");
        assert_eq!(world.spent().await.values().sum::<u64>(), 0, "{stop}");
    }
}

#[tokio::test]
async fn budget_that_is_reached_in_a_series_lets_the_next_carousel_be_composed() {
    let one = reservation().await;
    let world = World::open_with_budgets(&budgets(one, PLENTY, PLENTY)).await;
    for number in 1..=3 {
        let job = other_ideas(&format!("a:{number}"));
        world.write_texts(job).await.unwrap();
    }
    let results = all_written(&world);
    let reasons: Vec<_> = results.iter().map(|(result, _)| composed(result)).collect();
    let budget = Some(ComposedReason::Budget);
    assert_eq!(reasons, [None, budget, budget]);
    assert_eq!(world.completions().await, 1);
    world.write_texts(of(6, other_ideas("b:1"))).await.unwrap();
    assert_eq!(
        composed(&written(&world).0),
        None,
        "another person has money"
    );
    world.clock().advance(Duration::from_secs(24 * 3600));
    world.write_texts(other_ideas("a:4")).await.unwrap();
    assert_eq!(composed(&written(&world).0), None, "another day has money");
}

#[tokio::test]
async fn two_writers_at_the_edge_of_a_budget_do_not_pass_it() {
    let one = reservation().await;
    for (limit, calls) in [(2 * one - 1, 1), (2 * one, 2)] {
        for limits in [
            budgets(PLENTY, limit, PLENTY),
            budgets(PLENTY, PLENTY, limit),
        ] {
            let world = World::open_with_budgets(&limits).await;
            lose_answers(&world).await;
            let first = world.write_texts(of(6, other_ideas("a:1")));
            let second = world.write_texts(of(7, other_ideas("b:1")));
            let (first, second) = tokio::join!(first, second);
            first.and(second).unwrap();
            assert_eq!(world.completions().await, calls, "{limits}");
            assert!(world.spent_in_month().await <= limit, "{limits}");
        }
    }
}

#[tokio::test]
async fn repair_without_money_leaves_what_can_be_cut_or_the_composer() {
    let one = reservation().await;
    let world = World::open_with_budgets(&budgets(one, PLENTY, PLENTY)).await;
    world.model_answers("wrong_count").await;
    world.write_texts(other_ideas("a:1")).await.unwrap();
    assert_eq!(composed(&written(&world).0), Some(ComposedReason::Budget));
    assert_eq!(world.completions().await, 1);
    let (_, usage) = written(&world);
    assert_eq!(usage.len(), 2, "the call was paid: {usage:?}");
}

#[tokio::test]
async fn breaker_opens_after_five_failures_and_one_probe_closes_it() {
    let world = World::open_with_model().await;
    let outage = json!([{ "path": "moderations", "http": 503, "times": 6 }]);
    world.model_faults(outage).await;
    let write = async |number: u32| {
        let topic = format!("small habit{number}");
        let job = topic_job(&format!("a:{number}"), &topic);
        world.write_texts(job).await.unwrap();
        composed(&written(&world).0)
    };
    let moderated = async || world.model_calls("moderations").await.0;
    let unavailable = Some(ComposedReason::Unavailable);
    for number in 1..=5 {
        assert_eq!(write(number).await, unavailable);
    }
    assert_eq!(moderated().await, 5);
    assert_eq!(write(6).await, unavailable);
    assert_eq!(moderated().await, 5, "an open breaker calls nothing");
    world.clock().advance(Duration::from_secs(61));
    assert_eq!(write(7).await, unavailable, "the probe fails");
    assert_eq!(moderated().await, 6);
    assert_eq!(write(8).await, unavailable);
    assert_eq!(moderated().await, 6, "open again");
    world.clock().advance(Duration::from_secs(61));
    assert_eq!(write(9).await, None, "the probe succeeds");
    assert_eq!(write(10).await, None);
}

#[tokio::test]
async fn failures_that_lie_far_apart_do_not_open_the_breaker() {
    let world = World::open_with_model().await;
    let outage = json!([{ "path": "moderations", "http": 503, "times": 6 }]);
    world.model_faults(outage).await;
    for number in 1..=6 {
        let job = topic_job(&format!("a:{number}"), "small habits");
        world.write_texts(job).await.unwrap();
        if number == 3 {
            world.clock().advance(Duration::from_secs(601));
        }
    }
    assert_eq!(world.model_calls("moderations").await.0, 6);
    world
        .write_texts(topic_job("b:1", "small habits"))
        .await
        .unwrap();
    assert_eq!(composed(&written(&world).0), None);
}

#[tokio::test]
async fn half_open_breaker_admits_one_of_two_writers() {
    let world = World::open_with_model().await;
    let outage = json!([{ "path": "moderations", "http": 503, "times": 5 }]);
    world.model_faults(outage).await;
    for number in 1..=5 {
        let job = topic_job(&format!("a:{number}"), "small habits");
        world.write_texts(job).await.unwrap();
    }
    world.clock().advance(Duration::from_secs(61));
    let first = world.write_texts(of(6, topic_job("b:1", "small habits")));
    let second = world.write_texts(of(7, topic_job("c:1", "small habits")));
    let (first, second) = tokio::join!(first, second);
    first.and(second).unwrap();
    assert_eq!(world.completions().await, 1);
}

#[tokio::test]
async fn same_topic_of_a_person_is_written_once_a_day() {
    let world = World::open_with_model().await;
    let write = async |job: WriteJob| {
        world.write_texts(job).await.unwrap();
        written(&world)
    };
    let (first, _) = write(topic_job("a:1", "small habits")).await;
    let (again, usage) = write(topic_job("b:1", "  small  habits ")).await;
    assert_eq!((&again, usage), (&first, Vec::new()));
    assert_eq!(world.completions().await, 1);
    write(of(6, topic_job("c:1", "small habits"))).await;
    assert_eq!(world.completions().await, 2, "another person");
    write(other_ideas("d:1")).await;
    assert_eq!(world.completions().await, 3, "other ideas");
    world.clock().advance(Duration::from_secs(24 * 3600));
    write(topic_job("e:1", "small habits")).await;
    assert_eq!(world.completions().await, 4, "another day");
}

#[tokio::test]
async fn one_slide_is_asked_for_once_and_composed_when_its_answer_is_bad() {
    for (mode, reason) in [("good", None), ("too_long", Some(ComposedReason::Unusable))] {
        let world = World::open_with_model().await;
        world
            .write_texts(topic_job("a:1", "small habits"))
            .await
            .unwrap();
        let WriteResult::Deck { draft, .. } = written(&world).0 else {
            panic!()
        };
        world.model_answers(mode).await;
        let source = json!({ "source": "topic", "text": "small habits" });
        let task = json!({ "task": "slide", "number": 2, "not_these": [draft.slides[1].title] });
        let slide = WriteJob {
            draft: Some(draft),
            ..job("a:2", source, task)
        };
        world.write_texts(slide).await.unwrap();
        let (result, _) = written(&world);
        assert!(
            matches!(result, WriteResult::Slide { .. }),
            "{mode}: {result:?}"
        );
        assert_eq!(composed(&result), reason, "{mode}");
        assert_eq!(world.completions().await, 2, "{mode}: deck and slide");
    }
}

#[tokio::test]
async fn texts_of_the_model_are_stored_among_the_rows_of_the_chat_alone() {
    let world = World::open_with_model().await;
    world
        .write_texts(topic_job("a:1", "small habits"))
        .await
        .unwrap();
    for row in world.rows().await {
        let pk = row["pk"].as_s().unwrap();
        let is_of_chat = pk == "CHAT#tg:5";
        assert!(is_of_chat || pk.starts_with("BUDGET#"), "{pk}");
        assert!(
            is_of_chat || !format!("{row:?}").contains("habits"),
            "{row:?}"
        );
    }
}
