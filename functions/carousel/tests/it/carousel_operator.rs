//! `carousel-operator`: the webhook and the menu of commands at Telegram, and rollups that are counted again from the
//! journal.

use std::time::Duration;

use carousel::workers::carousel_operator::OperatorCommand;
use confab_aws::{Condition, Table, number};
use confab_core::Result;
use confab_testkit::{Faults, Scenario, enumerate, sample};
use serde_json::{Value, json};

use crate::{
    journal::{TODAY, completed, requested},
    world::{TOKEN, World},
};

const URL: &str = "http://127.0.0.1:7071/telegram";

async fn connect(world: &World, url: &str) -> Result<Value> {
    let command = json!({ "step": "connect", "url": url });
    world.command(&command).await
}

/// Asks Telegram as the bot.
async fn ask_telegram(world: &World, method: &str) -> Value {
    let path = format!("/telegram/bot{TOKEN}/{method}");
    world.control("POST", &path, &json!({})).await["result"].clone()
}

#[tokio::test]
async fn webhook_and_menu_are_registered_in_all_languages() {
    let world = World::open().await;
    for _ in 0..2 {
        // Telegram takes one registration a second.
        world.clock().advance(Duration::from_secs(2));
        let connected = connect(&world, URL).await.unwrap();
        assert_eq!(connected["url"], URL);
        assert_eq!(connected["username"], "carousel_bot");
        assert_eq!(
            (&connected["commands"], &connected["languages"]),
            (&json!(9), &json!(5))
        );
    }
    let webhook = ask_telegram(&world, "getWebhookInfo").await;
    assert_eq!(webhook["url"], URL);
    assert_eq!(
        webhook["allowed_updates"],
        json!(["message", "callback_query", "my_chat_member"])
    );
    let calls = world.telegram_calls().await.into_iter();
    let menus = calls.filter(|call| call["method"] == "setMyCommands");
    assert_eq!(
        menus.count(),
        12,
        "a menu for each language and one for the others, twice"
    );
}

#[tokio::test]
async fn bad_addresses_change_nothing() {
    let world = World::open().await;
    for url in [
        "",
        "http://carousel.example/telegram",
        "ftp://x",
        "javascript:0",
    ] {
        let refused = connect(&world, url).await.unwrap_err();
        assert_eq!(refused.code(), "bad_url", "{url}");
    }
    let unknown = "https://carousel.example/telegram";
    let refused = connect(&world, unknown).await.unwrap_err();
    assert_eq!(refused.code(), "url_refused");
    assert!(
        refused.message().contains("Failed to resolve host"),
        "{refused}"
    );
    assert_eq!(ask_telegram(&world, "getWebhookInfo").await["url"], "");
}

/// Returns the counts of `/stats`, without the alerts.
async fn counts(world: &World) -> Value {
    let stats = world.stats().await;
    json!([
        stats["counters"],
        stats["stages"],
        stats["funnel"],
        stats["eventBus"]
    ])
}

/// Adds a wrong count to the rollups of the generation.
async fn spoil(world: &World, generation: u64) {
    let mut row = Table::key(
        format!("ROLLUP#{generation}#{TODAY}#0"),
        format!("{TODAY}T12#requested"),
    );
    row.insert("all@00".to_owned(), number(77));
    world
        .journal_table()
        .put(row, Condition::none())
        .await
        .unwrap();
}

#[tokio::test]
async fn replaying_twice_gives_equal_totals() {
    let world = World::open().await;
    for number in 0..30 {
        world
            .journal(&requested(number, world.now()))
            .await
            .unwrap();
        world
            .journal(&completed(100 + number, world.now(), number * 90))
            .await
            .unwrap();
    }
    let before = counts(&world).await;
    for generation in [2, 3] {
        assert_eq!(world.rebuild().await.unwrap(), generation);
        assert_eq!(counts(&world).await, before);
        assert_eq!(world.check_rollups("rebuilt").await, 60);
    }
}

#[tokio::test]
async fn wrong_rollups_are_seen_and_repaired() {
    let world = World::open().await;
    world.journal(&requested(1, world.now())).await.unwrap();
    let before = counts(&world).await;
    spoil(&world, 1).await;
    let compare = json!({ "step": "compare", "day": TODAY });
    let compared = world.command(&compare).await.unwrap();
    assert!(compared["count"].as_u64() > Some(0), "{compared}");
    world.rebuild().await.unwrap();
    assert_eq!(world.check_rollups("repaired").await, 1);
    assert_eq!(counts(&world).await, before);
}

#[tokio::test]
async fn event_of_another_contract_version_is_reported_and_blocks_no_rebuild() {
    let world = World::open().await;
    let mut older = requested(1, world.now());
    older["version"] = json!(0);
    for event in [older, requested(2, world.now())] {
        world.journal(&event).await.unwrap();
    }
    let before = counts(&world).await;
    world.rebuild().await.unwrap();
    assert_eq!(counts(&world).await, before);
    let compare = json!({ "step": "compare", "day": TODAY });
    let compared = world.command(&compare).await.unwrap();
    let numbers = (&compared["events"], &compared["unread"], &compared["count"]);
    assert_eq!(numbers, (&json!(2), &json!(1), &json!(0)), "{compared}");
    let begun = world.command(&json!({ "step": "begin" })).await.unwrap();
    world.clock().advance(Duration::from_secs(60));
    let count = json!({ "step": "count", "generation": begun["generation"], "day": TODAY });
    let counted = world.command(&count).await.unwrap();
    assert_eq!(counted, json!({ "events": 2, "unread": 1 }));
}

#[tokio::test]
async fn events_that_arrive_during_a_rebuild_are_counted_once() {
    let world = World::open().await;
    let at = world.now();
    let arrive = async |number| {
        world.journal(&requested(number, at)).await.unwrap();
        // Copies of earlier events, too.
        for copy in 0..number {
            world.journal(&requested(copy, at)).await.unwrap();
        }
    };
    arrive(0).await;
    let begun = world.command(&json!({ "step": "begin" })).await.unwrap();
    let generation = &begun["generation"];
    arrive(1).await;
    world.clock().advance(Duration::from_secs(60));
    arrive(2).await;
    for day in begun["days"].as_array().unwrap() {
        let count = json!({ "step": "count", "generation": generation, "day": day });
        world.command(&count).await.unwrap();
        if day == TODAY {
            arrive(3).await;
            // A day may be counted twice, as after a lost reply.
            world.command(&count).await.unwrap();
        }
    }
    arrive(4).await;
    world
        .command(&json!({ "step": "finish", "generation": generation }))
        .await
        .unwrap();
    arrive(5).await;
    assert_eq!(world.check_rollups("during a rebuild").await, 6);
    assert_eq!(world.stats().await["counters"]["requested"], 6);
}

#[tokio::test]
async fn steps_out_of_order_are_refused() {
    let world = World::open().await;
    let count =
        |generation, day: &str| json!({ "step": "count", "generation": generation, "day": day });
    let finish = |generation| json!({ "step": "finish", "generation": generation });
    let code = async |command: Value| world.command(&command).await.unwrap_err().code().to_owned();
    assert_eq!(code(count(2, TODAY)).await, "superseded");
    assert_eq!(code(finish(2)).await, "superseded");
    world.command(&json!({ "step": "begin" })).await.unwrap();
    assert_eq!(code(count(2, TODAY)).await, "not_ready");
    world.clock().advance(Duration::from_secs(60));
    for day in ["2026-08-01", "2027-01-01", "today", "", "2026-11-29T12"] {
        assert_eq!(code(count(2, day)).await, "bad_day", "{day}");
        assert_eq!(
            code(json!({ "step": "compare", "day": day })).await,
            "bad_day",
            "{day}"
        );
    }
    assert_eq!(code(count(3, TODAY)).await, "superseded");
    assert_eq!(code(finish(2)).await, "not_counted");
    // Another rebuild takes its place.
    let second = world.command(&json!({ "step": "begin" })).await.unwrap();
    assert_eq!(second["generation"], 3);
    assert_eq!(code(count(2, TODAY)).await, "superseded");
    assert_eq!(world.rebuild().await.unwrap(), 4);
    assert_eq!(
        world.command(&finish(4)).await.unwrap(),
        json!({ "generation": 4 })
    );
}

#[tokio::test]
async fn replay_publishes_nothing_and_sends_no_message() {
    let world = World::open().await;
    let dana = world.person("en").await;
    world.say(&dana, "/carousel 1: small habits").await;
    world.run_journal().await;
    let before = (
        world.cloud.events().len(),
        world.messages(&dana).await.len(),
    );
    world.rebuild().await.unwrap();
    assert_eq!(
        (
            world.cloud.events().len(),
            world.messages(&dana).await.len()
        ),
        before
    );
    assert_eq!(world.run_journal().await, 0);
}

#[test]
fn carousel_operator_samples_are_commands() {
    for name in ["compare", "connect"] {
        let mut command = sample("carousel", &format!("carousel-operator.{name}"));
        serde_json::from_value::<OperatorCommand>(command.clone()).unwrap();
        command["force"] = json!(true);
        serde_json::from_value::<OperatorCommand>(command).unwrap_err();
    }
}

/// A day is counted while any call fails.
struct Counting(World);

impl Scenario for Counting {
    async fn arrange() -> Self {
        let world = World::open().await;
        for number in 0..3 {
            world
                .journal(&requested(number, world.now()))
                .await
                .unwrap();
        }
        world.command(&json!({ "step": "begin" })).await.unwrap();
        world.clock().advance(Duration::from_secs(60));
        world.journal(&requested(3, world.now())).await.unwrap();
        Self(world)
    }

    fn faults(&self) -> &Faults {
        self.0.cloud.faults()
    }

    async fn act(&self) -> Result<()> {
        let count = json!({ "step": "count", "generation": 2, "day": TODAY });
        self.0.command(&count).await.map(drop)
    }

    async fn check(&self, story: &str) {
        // The other days are empty. Counting them for each fault would take minutes.
        let pointer = Table::key("POINTER", "POINTER");
        let read = Condition::none()
            .name_attribute("#c", "current")
            .value(":two", number(2));
        self.0
            .journal_table()
            .update(pointer, "SET #c = :two", read)
            .await
            .unwrap();
        assert_eq!(self.0.check_rollups(story).await, 4, "{story}");
        assert_eq!(self.0.stats().await["counters"]["requested"], 4, "{story}");
    }
}

#[tokio::test]
async fn day_is_counted_once_whatever_call_fails() {
    enumerate::<Counting>().await;
}
