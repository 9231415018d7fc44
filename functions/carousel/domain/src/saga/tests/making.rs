//! From the request to the drawn slides, and how it stops on the way.

use super::*;
use crate::{CancelReason, CarouselEvent, Usage, WriteTask};

#[test]
fn request_reserves_quota_sends_one_message_and_one_write_job() {
    let run = Run::new(5);
    assert_eq!(run.saga.state, SagaState::Requested);
    assert_eq!(run.quota(), [QuotaChange::Reserve]);
    assert_eq!(new_messages(&run.effects), 1);
    assert_eq!(
        run.events(),
        ["carousel.generate.requested", "ai.content.requested"]
    );
    let [job] = run.write_jobs()[..] else {
        panic!("one job");
    };
    assert_eq!(job.key, format!("{}:1", run.saga.id));
    assert_eq!((job.count, job.is_composer_only), (5, false));
}

#[test]
fn number_of_slides_is_clamped() {
    assert_eq!(Run::new(0).saga.count, 1);
    assert_eq!(Run::new(99).saga.count, 15);
}

#[test]
fn texts_lead_to_a_job_for_each_slide_and_the_seeds_events_in_order() {
    let mut run = Run::new(5);
    run.write();
    assert_eq!(run.saga.state, SagaState::Rendering);
    assert_eq!(run.render_jobs(), [1, 2, 3, 4, 5]);
    let events = [
        "ai.analysis.completed",
        "carousel.content.analyzed",
        "carousel.slides.generated",
    ];
    assert_eq!(run.events(), events);
}

#[test]
fn pages_with_one_hash_are_drawn_once() {
    let mut run = Run::new(2);
    let same = |_: &Page| "same".to_owned();
    let prices = prices();
    let trigger = SagaTrigger::Written {
        revision: 1,
        result: WriteResult::Deck {
            draft: draft(2),
            composed: None,
        },
        usage: Vec::new(),
    };
    let context = StepContext {
        hash_page: &same,
        ..context(START, &prices)
    };
    let decision = step(run.saga.clone(), &trigger, context);
    (run.saga, run.effects) = (decision.state, decision.effects);
    assert_eq!(run.render_jobs(), [1]);
    let trigger = run.rendered(1);
    run.apply(&trigger);
    assert_eq!(run.saga.state, SagaState::Delivering);
}

#[test]
fn copies_of_texts_count_once() {
    let mut run = Run::new(3);
    run.write();
    run.ignores(&SagaTrigger::Written {
        revision: 1,
        result: WriteResult::Refused,
        usage: Vec::new(),
    });
}

#[test]
fn silent_writer_is_asked_again_then_the_composer_then_the_carousel_fails() {
    let mut run = Run::new(3);
    run.done(is_board);
    run.ignores(&SagaTrigger::DeadlinePassed);
    let key = format!("{}:1", run.saga.id);
    for is_composer_only in [false, true] {
        let due_at = run.saga.due_at.unwrap().as_millisecond();
        assert_eq!(due_at - run.now, 45_000);
        run.overdue();
        let [job] = run.write_jobs()[..] else {
            panic!("one job");
        };
        assert_eq!((&job.key, job.is_composer_only), (&key, is_composer_only));
    }
    run.overdue();
    assert_eq!(run.saga.failure, Some(FailReason::Writing));
    assert_eq!(run.quota(), [QuotaChange::Return]);
    assert_eq!(run.events(), ["carousel.failed"]);
    assert_eq!(run.saga.due_at, None);
}

#[test]
fn failed_writer_is_followed_by_the_composer_at_once() {
    for result in [
        WriteResult::Failed,
        WriteResult::Slide {
            slide: slide("x"),
            composed: None,
        },
        WriteResult::Deck {
            draft: draft(0),
            composed: None,
        },
        WriteResult::Deck {
            draft: draft(16),
            composed: None,
        },
    ] {
        let mut run = Run::new(3);
        run.written(result.clone());
        assert!(run.write_jobs()[0].is_composer_only, "{result:?}");
        run.written(result);
        assert_eq!(run.saga.state, SagaState::Failed);
    }
}

#[test]
fn refused_topic_costs_nothing_and_is_not_tried_again() {
    let mut run = Run::new(3);
    run.done(is_board).wait(1).written(WriteResult::Refused);
    assert_eq!(run.saga.failure, Some(FailReason::Refused));
    assert_eq!(run.quota(), [QuotaChange::Return]);
    let [Call::EditMessage { keyboard: None, .. }] = run.calls()[..] else {
        panic!("an edit without a button: {:?}", run.effects);
    };
    assert_eq!(run.write_jobs(), [] as [&WriteJob; 0]);
}

#[test]
fn slides_of_another_revision_hash_or_number_do_not_count() {
    let mut run = Run::new(3);
    run.write();
    let good = run.rendered(2);
    let SagaTrigger::Rendered { hash, file, .. } = &good else {
        panic!("{good:?}");
    };
    let other = |revision, number, hash: &str| SagaTrigger::Rendered {
        revision,
        number,
        hash: hash.to_owned(),
        file: file.clone(),
        usage: Vec::new(),
    };
    for trigger in [
        other(2, 2, hash),
        other(0, 2, hash),
        other(1, 1, hash),
        other(1, 2, "other"),
        other(1, 0, hash),
        other(1, 4, hash),
        other(1, 255, hash),
    ] {
        run.ignores(&trigger);
    }
    run.apply(&good);
    assert_eq!(run.saga.drawn(), 1);
    run.ignores(&good);
}

#[test]
fn missing_slides_are_drawn_again_three_times_and_then_the_carousel_fails() {
    let mut run = Run::new(5);
    run.write();
    let trigger = run.rendered(3);
    run.apply(&trigger);
    let hashes = run.saga.hashes.clone();
    for _ in 0..3 {
        run.overdue();
        assert_eq!(run.render_jobs(), [1, 2, 4, 5]);
        assert_eq!(run.saga.hashes, hashes, "the same ids");
    }
    run.overdue();
    assert_eq!(run.saga.failure, Some(FailReason::Rendering));
    assert_eq!(run.quota(), [QuotaChange::Return]);
}

#[test]
fn progress_is_edited_every_three_seconds_and_only_when_it_changes() {
    let mut run = Run::new(5);
    run.done(is_board).wait(1).write();
    assert_eq!(run.calls(), [] as [&Call; 0], "a second after the message");
    run.wait(2);
    let trigger = run.rendered(1);
    run.apply(&trigger);
    assert!(run.text().ends_with("Drawing: 1 of 5"), "{}", run.text());
    run.wait(2);
    let trigger = run.rendered(2);
    run.apply(&trigger);
    assert_eq!(run.calls(), [] as [&Call; 0]);
    run.wait(1);
    let trigger = run.rendered(3);
    run.apply(&trigger);
    assert!(run.text().ends_with("Drawing: 3 of 5"));
    run.wait(5).ignores(&trigger);
}

#[test]
fn progress_waits_for_its_message_id() {
    let mut run = Run::new(5);
    run.wait(5).write();
    assert_eq!(run.calls(), [] as [&Call; 0]);
    run.done(is_board);
    assert!(run.text().contains("1. s1\n2. s2"), "{}", run.text());
    assert!(run.text().ends_with("Drawing: 0 of 5"));
}

#[test]
fn lost_progress_message_is_never_sent_again_and_the_work_goes_on() {
    let mut run = Run::new(1);
    run.settle(is_board, SendOutcome::Unknown).wait(5).write();
    assert_eq!(new_messages(&run.effects), 0);
    run.draw().done(is_album).done(is_final);
    assert_eq!(run.saga.state, SagaState::Delivered);
    assert_eq!(new_messages(&run.all), 3, "progress, slide, buttons");
}

#[test]
fn failure_is_told_in_a_message_of_its_own_when_there_is_none_to_edit() {
    let mut run = Run::new(1);
    run.settle(is_board, SendOutcome::Unknown);
    run.written(WriteResult::Refused);
    assert_eq!(new_messages(&run.effects), 1);
    run.settle(is_board, SendOutcome::Unknown);
    assert_eq!(new_messages(&run.effects), 0, "and not again");
}

#[test]
fn cancelled_carousel_sends_nothing_more_whatever_arrives() {
    let mut late = Vec::new();
    let mut run = Run::new(2);
    let written = SagaTrigger::Written {
        revision: 1,
        result: WriteResult::Deck {
            draft: draft(2),
            composed: None,
        },
        usage: Vec::new(),
    };
    late.push(written);
    run.write();
    late.extend([run.rendered(1), run.rendered(2)]);
    run.apply(&SagaTrigger::Cancel);
    assert_eq!(run.saga.state, SagaState::Cancelled);
    assert_eq!(run.saga.revision, 2);
    assert_eq!(run.quota(), [QuotaChange::Return]);
    assert_eq!(run.events(), ["carousel.cancelled"]);
    for trigger in &late {
        run.ignores(trigger);
    }
    run.done(is_board);
    assert_eq!(new_messages(&run.effects), 0);
    assert!(
        run.text().starts_with("Cancelled"),
        "the late message is edited"
    );
    run.ignores(&SagaTrigger::Cancel);
    assert_eq!(run.saga.due_at, None);
}

#[test]
fn unreachable_chat_cancels_without_a_call() {
    for outcome in [None, Some(SendOutcome::Unreachable)] {
        let mut run = Run::new(2);
        match outcome {
            None => run.apply(&SagaTrigger::Unreachable),
            Some(outcome) => run.settle(is_board, outcome),
        };
        assert_eq!(run.saga.cancellation, Some(CancelReason::Unreachable));
        assert_eq!(run.calls(), [] as [&Call; 0]);
        assert_eq!(run.quota(), [QuotaChange::Return]);
        assert_eq!(run.saga.pending, []);
    }
}

#[test]
fn failed_carousel_begins_anew_and_reserves_again() {
    let mut run = Run::new(2);
    run.done(is_board);
    run.overdue().overdue().overdue().wait(5);
    let revision = run.saga.revision;
    run.apply(&SagaTrigger::Retry { revision });
    assert_eq!(run.saga.state, SagaState::Requested);
    assert_eq!(run.saga.revision, 2);
    assert_eq!(run.quota(), [QuotaChange::Reserve]);
    assert_eq!(new_messages(&run.effects), 0, "the message is edited");
    assert_eq!(
        run.refusal(&SagaTrigger::Retry { revision }),
        Some(Refusal::OlderVersion)
    );
    let now = run.saga.revision;
    assert_eq!(
        run.refusal(&SagaTrigger::Retry { revision: now }),
        Some(Refusal::NotNow)
    );
}

#[test]
fn retry_after_a_failed_drawing_keeps_texts_and_drawn_slides() {
    let mut run = Run::new(3);
    run.write();
    let trigger = run.rendered(2);
    run.apply(&trigger);
    run.overdue().overdue().overdue().overdue();
    assert_eq!(run.saga.state, SagaState::Failed);
    run.apply(&SagaTrigger::Retry { revision: 1 });
    assert_eq!(run.render_jobs(), [1, 3]);
    assert_eq!(run.write_jobs(), [] as [&WriteJob; 0]);
    assert_eq!(run.events(), ["carousel.generate.requested"]);
}

#[test]
fn later_outcomes_and_unknown_sends_change_nothing() {
    let mut run = Run::new(2);
    let send = run.pending(is_board).send;
    let outcome = SendOutcome::Later;
    run.ignores(&SagaTrigger::Settled { send, outcome });
    let outcome = SendOutcome::Unknown;
    run.ignores(&SagaTrigger::Settled { send: 99, outcome });
}

#[test]
fn cost_is_the_sum_of_what_workers_report() {
    let mut run = Run::new(1);
    let usage = |kind, units| vec![Usage { kind, units }];
    run.apply(&SagaTrigger::Written {
        revision: 1,
        result: WriteResult::Deck {
            draft: draft(1),
            composed: None,
        },
        usage: usage(CostKind::InputTokens, 1_000),
    });
    let SagaTrigger::Rendered { hash, file, .. } = run.rendered(1) else {
        panic!("a rendered slide");
    };
    run.apply(&SagaTrigger::Rendered {
        revision: 1,
        number: 1,
        hash,
        file,
        usage: usage(CostKind::RenderMegabyteMillis, 1769 * 70),
    });
    run.done(is_album).done(is_final);
    let micros = run
        .saga
        .cost
        .0
        .iter()
        .map(crate::CostRow::micros)
        .sum::<u64>();
    assert_eq!((run.saga.cost.micros(), micros), (152, 152));
    let completed = run.effects.iter().find_map(|effect| match effect {
        Effect::Publish {
            event: CarouselEvent::Completed(completed),
        } => Some(completed.micros),
        _ => None,
    });
    assert_eq!(completed, Some(152));
}

#[test]
fn events_carry_no_text() {
    let run = {
        let mut run = Run::new(2);
        run.write().draw().done(is_album).done(is_final);
        run
    };
    for effect in &run.all {
        if let Effect::Publish { event } = effect {
            let json = serde_json::to_string(event).unwrap();
            for text in ["habits", "Start small"] {
                assert!(!json.contains(text), "{json}");
            }
        }
    }
    let task = WriteTask::Deck {
        not_these: Vec::new(),
    };
    assert_eq!(run.saga.task, task);
}
