//! Dead letters as the sweep tells them: each once, under an id of its own, and not too many at a time.

use confab_core::{CorrelationId, EventId, Timestamp};

use super::{
    folding::at,
    watching::{MINUTE, quiet, seen},
    *,
};

fn letter(message: &str) -> DeadLetterSeen {
    DeadLetterSeen {
        queue: "confab-carousel-write".into(),
        message: message.into(),
        reason: "unreadable_job".into(),
        correlation_id: CorrelationId::of_event(message),
    }
}

fn with(totals: &Totals, now: Timestamp, letters: Vec<DeadLetterSeen>) -> WatchContext<'_> {
    WatchContext {
        dead_letters: Some(letters.len() as u64),
        letters,
        ..seen(totals, now)
    }
}

/// Takes what the watch owes, and returns the dead letters of it.
fn told(watch: &mut Watch) -> Vec<(String, EventId, CorrelationId)> {
    let errors = watch.outbox.drain(..).filter_map(|event| match event {
        WatchEvent::Error(error) => Some((error.data.message, error.id, error.correlation_id)),
        _ => None,
    });
    errors.collect()
}

#[test]
fn dead_letter_is_reported_once_under_its_own_correlation_id() {
    let none = Totals::default();
    let mut watch = quiet();
    let mut found = Vec::new();
    for letters in [
        vec![letter("a")],
        vec![letter("b"), letter("a")],
        vec![letter("b")],
    ] {
        watch = observe(watch, &with(&none, at(0), letters));
        found.extend(told(&mut watch));
    }
    let found: Vec<_> = found.into_iter().map(|(name, _, id)| (name, id)).collect();
    let expected = ["a", "b"].map(|name| (name.to_owned(), CorrelationId::of_event(name)));
    assert_eq!(found, expected);
}

#[test]
fn letter_that_comes_back_after_a_look_is_not_reported_again() {
    let none = Totals::default();
    let mut watch = observe(quiet(), &with(&none, at(0), vec![letter("a")]));
    assert_eq!(told(&mut watch).len(), 1);
    for round in 1..20 {
        // An empty count now and then, as SQS gives an approximate one.
        let letters = Vec::from_iter((round % 3 == 0).then(|| letter("a")));
        watch = observe(watch, &with(&none, at(round * MINUTE), letters));
        assert_eq!(told(&mut watch), [], "round {round}");
    }
}

#[test]
fn letters_are_forgotten_when_their_queues_stay_empty_or_their_retention_is_over() {
    let none = Totals::default();
    let mut emptied = observe(quiet(), &with(&none, at(0), vec![letter("a")]));
    told(&mut emptied);
    let mut kept = emptied.clone();
    for round in 1..=10 {
        emptied = observe(emptied, &with(&none, at(round * MINUTE), Vec::new()));
    }
    let again = with(&none, at(11 * MINUTE), vec![letter("a")]);
    emptied = observe(emptied, &again);
    assert_eq!(told(&mut emptied).len(), 1, "it has died again");
    let day = 24 * 60 * MINUTE;
    for (age, count) in [(14 * day, 0), (14 * day + MINUTE, 1)] {
        kept = observe(kept, &with(&none, at(age), vec![letter("a")]));
        assert_eq!(told(&mut kept).len(), count, "{age}");
    }
}

#[test]
fn id_of_a_dead_letter_follows_from_its_queue_and_message_and_first_sight() {
    let none = Totals::default();
    let id = |correlation: &str, reason: &str, minute: i64, name: &str| {
        let seen = DeadLetterSeen {
            correlation_id: CorrelationId::of_event(correlation),
            reason: reason.into(),
            ..letter(name)
        };
        let mut watch = observe(quiet(), &with(&none, at(minute * MINUTE), vec![seen]));
        told(&mut watch)[0].1
    };
    assert_eq!(id("one", "panicked", 1, "a"), id("other", "late", 1, "a"));
    assert_ne!(id("one", "panicked", 1, "a"), id("one", "panicked", 1, "b"));
    assert_ne!(id("one", "panicked", 1, "a"), id("one", "panicked", 2, "a"));
}

#[test]
fn letters_wait_while_the_outbox_is_long() {
    let none = Totals::default();
    let letters: Vec<_> = (0..250).map(|number| letter(&number.to_string())).collect();
    let mut watch = quiet();
    for round in 0..5 {
        watch = observe(watch, &with(&none, at(round * MINUTE), letters.clone()));
    }
    assert!(!watch.has_room());
    let mut found = Vec::new();
    for round in 5..9 {
        let (owed, size) = (watch.outbox.len(), serde_json::to_string(&watch).unwrap());
        assert!(owed <= 102, "{owed}");
        assert!(size.len() < 200_000, "{} bytes", size.len());
        found.extend(told(&mut watch).into_iter().map(|(name, ..)| name));
        watch = observe(watch, &with(&none, at(round * MINUTE), letters.clone()));
    }
    assert_eq!(found.len(), 250, "each of them once");
    assert!(watch.has_room());
}

#[test]
fn states_of_an_earlier_release_can_be_read() {
    let mut saved = serde_json::to_value(Watch::default()).unwrap();
    for added in ["empty_runs", "swept_at"] {
        saved.as_object_mut().unwrap().remove(added).unwrap();
    }
    let read = serde_json::from_value::<Watch>(saved).unwrap();
    assert_eq!(read, Watch::default());
}
