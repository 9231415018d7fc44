//! What a carousel is charged for, and which event tells it.

use super::*;

fn tokens(units: u64) -> Vec<Usage> {
    let kind = CostKind::InputTokens;
    vec![Usage { kind, units }]
}

fn written(revision: u32, result: WriteResult, usage: Vec<Usage>) -> SagaTrigger {
    SagaTrigger::Written {
        revision,
        result,
        usage,
    }
}

fn composed(count: usize) -> WriteResult {
    WriteResult::Deck {
        draft: draft(count),
        composed: Some(ComposedReason::Unavailable),
    }
}

fn of_model(count: usize) -> WriteResult {
    WriteResult::Deck {
        draft: draft(count),
        composed: None,
    }
}

fn charged(run: &Run) -> u64 {
    let rows = run.saga.cost.0.iter();
    let of_tokens = rows.filter(|row| row.kind == CostKind::InputTokens);
    of_tokens.map(|row| row.units).sum()
}

/// Returns what all events told.
fn told(run: &Run) -> u64 {
    let spent = |effect: &Effect| match effect {
        Effect::Publish { event } => match event {
            CarouselEvent::Completed(told) => Some(told.spent),
            CarouselEvent::Failed(told) => Some(told.spent),
            CarouselEvent::Cancelled(told) => Some(told.spent),
            _ => None,
        },
        _ => None,
    };
    let spent = run.all.iter().filter_map(spent);
    spent.map(|spent| spent.input_tokens).sum()
}

#[test]
fn answers_after_a_cancellation_are_charged_and_change_nothing_else() {
    let mut run = Run::new(1);
    run.done(is_board).wait(4).apply(&SagaTrigger::Cancel);
    let before = run.saga.clone();
    run.apply(&written(1, of_model(1), tokens(1_000)));
    assert_eq!((charged(&run), run.effects.len()), (1_000, 0));
    run.saga.cost = before.cost.clone();
    run.saga.writing = before.writing.clone();
    assert_eq!(run.saga, before);
}

#[test]
fn calls_that_two_answers_count_are_charged_once() {
    for (first, second) in [(1_000, 1_700), (1_700, 1_000), (1_700, 0), (0, 1_700)] {
        let mut run = Run::new(1);
        let usage = |units| {
            if units == 0 {
                Vec::new()
            } else {
                tokens(units)
            }
        };
        run.apply(&written(1, composed(1), usage(first)));
        run.apply(&written(1, of_model(1), usage(second)));
        assert_eq!(charged(&run), 1_700, "{first} and {second}");
    }
}

#[test]
fn failure_and_the_composers_answer_to_it_are_charged_once() {
    let mut run = Run::new(1);
    run.apply(&written(1, WriteResult::Failed, tokens(1_000)));
    run.apply(&written(1, composed(1), tokens(1_000)));
    assert_eq!(charged(&run), 1_000);
}

#[test]
fn each_revision_has_its_own_calls() {
    let mut run = Run::delivered(1);
    for revision in 1..=12 {
        run.apply(&SagaTrigger::WriteAgain {
            revision,
            number: None,
        });
        let usage = tokens(100);
        run.apply(&written(revision + 1, WriteResult::Refused, usage));
        let next = run.saga.revision;
        assert!(next > revision);
        run.saga.revision = revision + 1;
    }
    assert_eq!(charged(&run), 1_200);
    assert_eq!(run.saga.writing.len(), 8, "the row stays small");
    let stored = serde_json::to_string(&StoredSaga::from(run.saga.clone())).unwrap();
    let read: StoredSaga = serde_json::from_str(&stored).unwrap();
    assert_eq!(read.upcast(), run.saga);
}

#[test]
fn failures_and_cancellations_tell_what_was_spent() {
    let mut run = Run::new(1);
    run.apply(&written(1, WriteResult::Refused, tokens(1_000)));
    assert_eq!(run.events(), ["carousel.failed"]);
    assert_eq!(told(&run), 1_000);
    run.apply(&SagaTrigger::Retry { revision: 1 });
    run.apply(&written(2, of_model(1), tokens(300)));
    run.apply(&SagaTrigger::Cancel);
    assert_eq!(told(&run), 1_300);
    run.apply(&written(2, of_model(1), tokens(500)));
    run.apply(&SagaTrigger::Retry { revision: 3 }).draw();
    run.done(is_album).done(is_final);
    assert_eq!(run.saga.state, SagaState::Delivered);
    assert_eq!((told(&run), charged(&run)), (1_500, 1_500));
}
