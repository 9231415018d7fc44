use std::{cell::RefCell, collections::BTreeMap};

use super::*;
use crate::{
    fakes::{Person, World},
    ports::Move,
};

fn queue(name: &str, visible: u64) -> Queue {
    let arn = format!("arn:{name}");
    Queue {
        name: name.into(),
        arn,
        visible,
        is_fifo: name.ends_with(".fifo"),
        ..Queue::default()
    }
}

fn letter(id: &str) -> Letter {
    Letter {
        id: id.into(),
        correlation_id: Some(format!("cor_{id}")),
        reason: None,
        body: "secret words".into(),
        ..Letter::default()
    }
}

/// A queue with its dead-letter queue, which holds these.
fn world(letters: Vec<Vec<Letter>>) -> World {
    let count = letters.iter().map(Vec::len).sum::<usize>() as u64;
    let source = Queue {
        gives_up_to: Some("arn:x-inbound-dlq".into()),
        ..queue("x-inbound", 0)
    };
    World {
        queues: vec![
            source,
            queue("x-inbound-dlq", count),
            queue("x-rule-dlq", 0),
            queue("x-other", 7),
        ],
        letters: RefCell::new(letters),
        ..World::default()
    }
}

fn done(world: &World) -> Vec<String> {
    world.done.borrow().clone()
}

fn ids(ids: &[&str]) -> Vec<String> {
    ids.iter().map(|id| (*id).to_owned()).collect()
}

fn silent(_: &str) {}

#[tokio::test]
async fn every_dead_letter_queue_is_listed_and_no_other() {
    let mut world = world(vec![vec![letter("a")]]);
    world.oldest = BTreeMap::from([("x-inbound-dlq".to_owned(), 61_000)]);
    let answer = list(&world).await.unwrap();
    assert_eq!(
        answer.text,
        "queue          waiting  in flight  oldest     gave up\n\
         x-inbound-dlq        1          0  1 min 1 s  x-inbound\n\
         x-rule-dlq           0          0  -          a rule or a schedule\n\n\
         `confab dlq QUEUE` shows what a queue holds.\n"
    );
    assert_eq!(answer.json[0]["sources"][0], "x-inbound");
}

#[tokio::test]
async fn a_queue_is_meant_by_a_part_of_its_name_that_fits_one() {
    let world = world(Vec::new());
    assert_eq!(
        named(&world, "inbound").await.unwrap().queue.name,
        "x-inbound-dlq"
    );
    for (name, word) in [
        ("dlq", "several"),
        ("other", "There are: x-inbound-dlq, x-rule-dlq"),
    ] {
        let error = named(&world, name).await.unwrap_err();
        assert!(
            error.is::<Misused>() && error.to_string().contains(word),
            "{error}"
        );
    }
}

#[tokio::test]
async fn messages_are_shown_without_their_words_and_let_go() {
    let mut world = world(vec![vec![letter("a")], vec![letter("b")]]);
    world.reasons = BTreeMap::from([("cor_a".to_owned(), "worker: it hurts".to_owned())]);
    let answer = show(&world, "inbound", false, 50).await.unwrap();
    assert!(
        answer.text.contains("why       worker: it hurts")
            && answer.text.contains("the logs do not say")
    );
    assert!(!answer.text.contains("secret words") && answer.json["messages"][0]["body"].is_null());
    assert_eq!(answer.json["messages"].as_array().unwrap().len(), 2);
    assert!(world.in_hand.borrow().is_empty());
    let answer = show(&world, "inbound", true, 1).await.unwrap();
    assert!(
        answer.text.contains("secret words")
            && answer.text.contains("1 message not shown: --limit")
    );
}

#[tokio::test]
async fn a_redrive_is_moved_by_sqs_and_followed_to_its_end() {
    let world = world(vec![vec![letter("a"), letter("b")]]);
    let task = |status: &str, moved| Move {
        status: status.into(),
        moved,
        to_move: Some(2),
        failure: None,
    };
    *world.moves.borrow_mut() = vec![task("RUNNING", 0), task("RUNNING", 1), task("COMPLETED", 2)];
    let told = RefCell::new(Vec::new());
    tokio::time::pause();
    let tell = |progress: &str| told.borrow_mut().push(progress.to_owned());
    let answer = redrive(&world, "inbound", &[], &Person::who_says(true), tell)
        .await
        .unwrap();
    assert_eq!(answer.text, "2 of 2 messages moved.\n");
    assert_eq!(
        told.into_inner(),
        ["0 of 2 messages moved", "1 of 2 messages moved"]
    );
    assert_eq!(done(&world), ["start x-inbound-dlq to x-inbound"]);
}

#[tokio::test]
async fn a_redrive_that_fails_is_a_problem() {
    let world = world(vec![vec![letter("a")]]);
    let failure = Some("AccessDenied".to_owned());
    *world.moves.borrow_mut() = vec![Move {
        status: "FAILED".into(),
        moved: 0,
        to_move: Some(1),
        failure,
    }];
    let answer = redrive(&world, "inbound", &[], &Person::who_says(true), silent)
        .await
        .unwrap();
    assert!(
        !answer.is_fine && answer.text.contains("FAILED: AccessDenied"),
        "{}",
        answer.text
    );
}

#[tokio::test]
async fn nothing_is_moved_without_a_yes_from_nowhere_or_to_nowhere() {
    let full = world(vec![vec![letter("a")]]);
    redrive(&full, "inbound", &[], &Person::who_says(false), silent)
        .await
        .unwrap();
    redrive(
        &full,
        "inbound",
        &ids(&["a"]),
        &Person::who_says(false),
        silent,
    )
    .await
    .unwrap();
    delete(&full, "inbound", "a", &Person::who_says(false))
        .await
        .unwrap();
    assert_eq!(done(&full), ids(&[]));
    let empty = world(Vec::new());
    let person = Person::who_says(true);
    assert!(
        redrive(&empty, "inbound", &[], &person, silent)
            .await
            .unwrap()
            .is_fine
    );
    assert_eq!((person.asked.get(), done(&empty)), (0, ids(&[])));
    assert!(
        redrive(&empty, "rule", &[], &person, silent)
            .await
            .unwrap_err()
            .is::<Misused>()
    );
}

#[tokio::test]
async fn one_message_is_sent_before_it_is_deleted() {
    let world = world(vec![vec![letter("a"), letter("b")], vec![letter("c")]]);
    let answer = redrive(
        &world,
        "inbound",
        &ids(&["c", "a"]),
        &Person::who_says(true),
        silent,
    )
    .await
    .unwrap();
    assert!(answer.is_fine);
    assert_eq!(
        done(&world),
        [
            "send a to x-inbound",
            "delete a",
            "send c to x-inbound",
            "delete c"
        ]
    );
    assert!(world.in_hand.borrow().is_empty());
}

#[tokio::test]
async fn what_cannot_be_sent_stays() {
    let mut world = world(vec![vec![letter("a"), letter("b")]]);
    world.broken = Some("send b to x-inbound");
    let error = redrive(
        &world,
        "inbound",
        &ids(&["a", "b"]),
        &Person::who_says(true),
        silent,
    )
    .await
    .unwrap_err();
    assert!(
        error
            .to_string()
            .contains("b was not sent back; 1 were before it"),
        "{error:#}"
    );
    assert_eq!(done(&world), ["send a to x-inbound", "delete a"]);
    assert!(world.in_hand.borrow().is_empty());
}

#[tokio::test]
async fn what_is_in_both_queues_is_told() {
    let mut world = world(vec![vec![letter("a")]]);
    world.broken = Some("delete a");
    let error = redrive(
        &world,
        "inbound",
        &ids(&["a"]),
        &Person::who_says(true),
        silent,
    )
    .await
    .unwrap_err();
    assert!(
        error.to_string().contains("still in x-inbound-dlq too"),
        "{error:#}"
    );
}

#[tokio::test]
async fn all_are_there_or_none_is_touched() {
    let world = world(vec![vec![letter("a")]]);
    for wanted in [ids(&["a", "z"]), ids(&["z"])] {
        let error = redrive(&world, "inbound", &wanted, &Person::who_says(true), silent)
            .await
            .unwrap_err();
        assert!(
            error.to_string().starts_with("z cannot be taken"),
            "{error:#}"
        );
    }
    assert_eq!(done(&world), ids(&[]));
    assert!(world.in_hand.borrow().is_empty());
}

#[tokio::test]
async fn where_it_came_from_is_where_it_goes() {
    let from = |arn: &str| Letter {
        came_from: Some(arn.into()),
        ..letter("a")
    };
    let mut world = world(vec![vec![from("arn:x-second")]]);
    let second = Queue {
        gives_up_to: Some("arn:x-inbound-dlq".into()),
        ..queue("x-second", 0)
    };
    world.queues.push(second);
    redrive(
        &world,
        "inbound",
        &ids(&["a"]),
        &Person::who_says(true),
        silent,
    )
    .await
    .unwrap();
    assert_eq!(done(&world), ["send a to x-second", "delete a"]);
    *world.letters.borrow_mut() = vec![vec![from("arn:gone")]];
    assert!(
        redrive(
            &world,
            "inbound",
            &ids(&["a"]),
            &Person::who_says(true),
            silent
        )
        .await
        .is_err()
    );
}

#[tokio::test]
async fn one_message_is_deleted_and_the_others_let_go() {
    let world = world(vec![vec![letter("a"), letter("b")]]);
    assert!(
        delete(&world, "inbound", "b", &Person::who_says(true))
            .await
            .unwrap()
            .is_fine
    );
    assert_eq!(done(&world), ["delete b"]);
    assert!(world.in_hand.borrow().is_empty());
}
