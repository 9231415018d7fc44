use proptest::prelude::*;

use super::*;
use crate::ProvisionProgress;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn requested_as(isolation: Isolation) -> ProvisionEvent {
    ProvisionEvent::Requested {
        id: ProvisionRunId::new(at(1), &|| [1; 10]),
        tenant: TenantId::new(at(1), &|| [2; 10]),
        isolation,
        by: UserId::new(at(1), &|| [3; 10]),
    }
}

fn requested() -> ProvisionEvent {
    requested_as(Isolation::Pooled)
}

fn done(step: ProvisionStep) -> ProvisionEvent {
    ProvisionEvent::StepDone { step }
}

fn failed(step: ProvisionStep, code: &str) -> ProvisionEvent {
    ProvisionEvent::StepFailed {
        step,
        code: code.into(),
        is_permanent: false,
    }
}

fn begun() -> ProvisionRun {
    decide_provision(None, &requested(), at(1)).unwrap().0
}

fn after_events(events: &[ProvisionEvent]) -> (ProvisionRun, Vec<StepRequest>) {
    let mut result = decide_provision(None, &requested(), at(1)).unwrap();
    for (event, second) in events.iter().zip(2..) {
        result = decide_provision(Some(&result.0), event, at(second)).unwrap();
    }
    result
}

fn steps_of(requests: &[StepRequest]) -> Vec<ProvisionStep> {
    requests.iter().map(|request| request.step).collect()
}

const POOLED: [ProvisionStep; 5] = [
    ProvisionStep::Validated,
    ProvisionStep::Identity,
    ProvisionStep::Defaults,
    ProvisionStep::Index,
    ProvisionStep::Ready,
];

/// Runs into the failure of the step after `Validated`: sixty tries that fail.
fn given_up() -> ProvisionRun {
    let mut run = after_events(&[done(ProvisionStep::Validated)]).0;
    for second in 10..10 + i64::from(MAX_STEP_TRIES) {
        let started = ProvisionEvent::TryStarted {
            step: ProvisionStep::Identity,
        };
        run = decide_provision(Some(&run), &started, at(second))
            .unwrap()
            .0;
        assert!(run.awaits(ProvisionStep::Identity), "a try is allowed");
        run = decide_provision(
            Some(&run),
            &failed(ProvisionStep::Identity, "store_failed"),
            at(second),
        )
        .unwrap()
        .0;
    }
    run
}

#[test]
fn pooled_tenant_gets_its_steps_in_order_and_skips_what_it_shares() {
    let (mut run, mut requests) = decide_provision(None, &requested(), at(1)).unwrap();
    let mut asked = Vec::new();
    while let [request] = requests[..] {
        asked.push(request.step);
        (run, requests) = decide_provision(Some(&run), &done(request.step), at(2)).unwrap();
    }
    assert_eq!(asked, POOLED);
    assert_eq!(run.state, ProvisionState::Ready);
    assert!(POOLED.iter().all(|step| run.has_completed(*step)));
    assert!(
        ProvisionStep::ALL
            .iter()
            .all(|step| step.is_needed(Isolation::Table))
    );
}

#[test]
fn progress_counts_the_needed_steps_alone() {
    let (run, _) = after_events(&[
        done(ProvisionStep::Validated),
        done(ProvisionStep::Identity),
    ]);
    let expected = ProvisionProgress {
        state: ProvisionState::Running,
        current: ProvisionStep::Defaults,
        step: 2,
        of: 5,
    };
    assert_eq!(run.progress(), expected);
    let json = serde_json::to_value(run.progress()).unwrap();
    assert_eq!(
        json,
        serde_json::json!({ "state": "running", "current": "defaults", "step": 2, "of": 5 })
    );
    let failure = serde_json::to_value(given_up().progress()).unwrap();
    assert_eq!(
        (&failure["state"], &failure["code"]),
        (&"failed".into(), &"store_failed".into())
    );
}

#[test]
fn second_request_asks_for_the_current_step_again() {
    let (run, requests) = after_events(&[done(ProvisionStep::Validated), requested()]);
    assert_eq!(steps_of(&requests), [ProvisionStep::Identity]);
    assert_eq!((run.round, run.version), (0, 2), "the run is not changed");
    let all: Vec<_> = POOLED.map(done).into_iter().collect();
    let (ready, _) = after_events(&all);
    let (again, requests) = decide_provision(Some(&ready), &requested(), at(99)).unwrap();
    assert_eq!((again, requests), (ready, vec![]));
}

#[test]
fn other_isolations_are_refused() {
    let refused =
        decide_provision(Some(&begun()), &requested_as(Isolation::Table), at(2)).unwrap_err();
    assert_eq!(refused.code(), "isolation_differs");
    for isolation in [Isolation::Table, Isolation::Stack] {
        let refused = decide_provision(None, &requested_as(isolation), at(2)).unwrap_err();
        assert_eq!(refused.code(), "isolation_unavailable");
    }
}

#[test]
fn events_of_an_unknown_run_are_refused() {
    for event in [
        done(ProvisionStep::Validated),
        ProvisionEvent::TryStarted {
            step: ProvisionStep::Validated,
        },
    ] {
        assert_eq!(
            decide_provision(None, &event, at(2)).unwrap_err().code(),
            "run_not_found"
        );
    }
}

#[test]
fn sixty_failed_tries_fail_the_run_with_the_code_of_the_step() {
    let run = given_up();
    assert_eq!(
        run.state,
        ProvisionState::Failed {
            code: "store_failed".into()
        }
    );
    assert_eq!(
        (run.step, run.tries),
        (ProvisionStep::Identity, MAX_STEP_TRIES)
    );
    assert!(
        run.has_completed(ProvisionStep::Validated),
        "what was made is listed"
    );
    assert!(!run.awaits(ProvisionStep::Identity));
    let started = ProvisionEvent::TryStarted {
        step: ProvisionStep::Identity,
    };
    assert_eq!(
        decide_provision(Some(&run), &started, at(99)).unwrap(),
        (run, vec![])
    );
}

#[test]
fn tries_that_die_without_an_answer_count() {
    let started = ProvisionEvent::TryStarted {
        step: ProvisionStep::Validated,
    };
    let tries = usize::try_from(MAX_STEP_TRIES).unwrap();
    let run = after_events(&vec![started.clone(); tries]).0;
    assert!(
        run.awaits(ProvisionStep::Validated),
        "the sixtieth try may still answer"
    );
    let run = decide_provision(Some(&run), &started, at(99)).unwrap().0;
    assert_eq!(
        run.state,
        ProvisionState::Failed {
            code: "no_answer".into()
        }
    );
}

#[test]
fn request_continues_a_failed_run_at_its_step_with_new_messages() {
    let failed_run = given_up();
    let (run, requests) = decide_provision(Some(&failed_run), &requested(), at(100)).unwrap();
    assert_eq!(
        (run.state.clone(), run.tries, run.round),
        (ProvisionState::Running, 0, 1)
    );
    assert_eq!(steps_of(&requests), [ProvisionStep::Identity]);
    let before = StepRequest {
        round: 0,
        ..requests[0]
    };
    assert_ne!(before.deduplication_key(), requests[0].deduplication_key());
}

#[test]
fn permanent_failure_ends_the_run_at_once() {
    let event = ProvisionEvent::StepFailed {
        step: ProvisionStep::Validated,
        code: "plan_changed".into(),
        is_permanent: true,
    };
    let (run, requests) = after_events(&[event]);
    assert_eq!(
        (run.state, requests),
        (
            ProvisionState::Failed {
                code: "plan_changed".into()
            },
            vec![]
        )
    );
}

#[test]
fn late_success_of_a_step_that_was_given_up_continues_the_run() {
    let (run, requests) =
        decide_provision(Some(&given_up()), &done(ProvisionStep::Identity), at(100)).unwrap();
    assert_eq!(run.state, ProvisionState::Running);
    assert_eq!(steps_of(&requests), [ProvisionStep::Defaults]);
}

#[test]
fn events_of_steps_that_are_over_ask_for_the_current_step_again() {
    for late in [
        done(ProvisionStep::Validated),
        failed(ProvisionStep::Validated, "slow"),
        ProvisionEvent::TryStarted {
            step: ProvisionStep::Validated,
        },
    ] {
        let (before, _) = after_events(&[done(ProvisionStep::Validated)]);
        let (run, requests) = decide_provision(Some(&before), &late, at(9)).unwrap();
        assert_eq!(run, before, "{late:?}");
        assert_eq!(steps_of(&requests), [ProvisionStep::Identity], "{late:?}");
    }
    let (run, requests) = after_events(&[done(ProvisionStep::Index)]);
    assert_eq!(
        (run.step, requests),
        (ProvisionStep::Validated, vec![]),
        "a step that was never asked for"
    );
}

#[test]
fn stored_run_is_read_back() {
    for run in [begun(), given_up()] {
        let json = serde_json::to_string(&run).unwrap();
        assert_eq!(serde_json::from_str::<ProvisionRun>(&json).unwrap(), run);
    }
}

/// What happens to one delivery of a step.
#[derive(Debug, Clone, Copy)]
enum Fate {
    Succeeds,
    Fails,
    DiesBeforeTheStep,
    DiesBeforeTheSave,
    DiesBeforeTheSend,
    DeliveredTwice,
}

fn any_fate() -> impl Strategy<Value = Fate> {
    prop_oneof![
        Just(Fate::Succeeds),
        Just(Fate::Fails),
        Just(Fate::DiesBeforeTheStep),
        Just(Fate::DiesBeforeTheSave),
        Just(Fate::DiesBeforeTheSend),
        Just(Fate::DeliveredTwice),
    ]
}

/// The queue and the store of the saga. A delivery that dies or fails stays on the queue.
struct Worker {
    run: ProvisionRun,
    queue: Vec<StepRequest>,
    performed: Vec<ProvisionStep>,
}

impl Worker {
    fn save(&mut self, event: &ProvisionEvent) -> Vec<StepRequest> {
        let (run, steps) = decide_provision(Some(&self.run), event, at(5)).unwrap();
        self.run = run;
        steps
    }

    fn deliver(&mut self, fate: Fate) {
        let Some(request) = self.queue.first().copied() else {
            return;
        };
        let step = request.step;
        let steps = self.save(&ProvisionEvent::TryStarted { step });
        if !self.run.awaits(step) {
            self.queue.remove(0);
            self.queue.extend(steps);
            return;
        }
        match fate {
            Fate::DiesBeforeTheStep => return,
            Fate::Fails => return drop(self.save(&failed(step, "broken"))),
            _ => self.performed.push(step),
        }
        if matches!(fate, Fate::DiesBeforeTheSave) {
            return;
        }
        let steps = self.save(&done(step));
        if matches!(fate, Fate::DiesBeforeTheSend) {
            return;
        }
        if !matches!(fate, Fate::DeliveredTwice) {
            self.queue.remove(0);
        }
        self.queue.extend(steps);
    }
}

proptest! {
    #[test]
    fn run_becomes_ready_wherever_a_process_dies(
        fates in proptest::collection::vec(any_fate(), 0..40),
    ) {
        let (run, queue) = decide_provision(None, &requested(), at(1)).unwrap();
        let mut worker = Worker { run, queue, performed: Vec::new() };
        for fate in fates {
            worker.deliver(fate);
        }
        for _ in 0..1_000 {
            worker.deliver(Fate::Succeeds);
        }
        prop_assert_eq!(&worker.run.state, &ProvisionState::Ready);
        prop_assert!(worker.queue.is_empty());
        let completed: Vec<_> = worker.run.completed.iter().map(|completed| completed.step).collect();
        prop_assert_eq!(completed, POOLED);
        worker.performed.dedup();
        prop_assert_eq!(worker.performed, POOLED, "no step begins before the one before it is done");
    }
}
