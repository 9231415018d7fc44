use proptest::prelude::*;

use super::*;

const DAY: i64 = 86_400;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn suspend() -> LifecycleEvent {
    LifecycleEvent::Suspend {
        reason: "Spam".into(),
    }
}

/// Applies events, one each second from second 100.
fn run(events: &[LifecycleEvent]) -> Lifecycle {
    let mut life = Lifecycle::start_trial(at(0));
    for (event, second) in events.iter().zip(100..) {
        life = life.apply(event, at(second)).unwrap();
    }
    life
}

fn check_trial(life: &Lifecycle, second: i64) -> TenantStatus {
    let checked = life.apply(&LifecycleEvent::CheckTrial, at(second)).unwrap();
    checked.status()
}

#[test]
fn trial_ends_after_14_days_unless_it_is_subscribed() {
    let trial = run(&[]);
    assert_eq!(
        (trial.status(), trial.access()),
        (TenantStatus::Trial, TenantAccess::Full)
    );
    assert_eq!(check_trial(&trial, 14 * DAY - 1), TenantStatus::Trial);
    assert_eq!(check_trial(&trial, 14 * DAY), TenantStatus::Suspended);
    let active = run(&[LifecycleEvent::Subscribe]);
    assert_eq!(check_trial(&active, 14 * DAY), TenantStatus::Active);
    let ended = trial
        .apply(&LifecycleEvent::CheckTrial, at(20 * DAY))
        .unwrap();
    assert_eq!(ended.access(), TenantAccess::ReadOnly);
    assert_eq!(ended.holds[&HoldReason::TrialEnded].since, at(14 * DAY));
    let paid = ended
        .apply(&LifecycleEvent::Subscribe, at(21 * DAY))
        .unwrap();
    assert_eq!(paid.status(), TenantStatus::Active);
}

#[test]
fn tenant_is_due_at_the_end_of_its_trial_and_at_its_erasure() {
    let trial = run(&[]);
    assert_eq!(trial.due_at(), Some(at(14 * DAY)));
    let ended = trial
        .apply(&LifecycleEvent::CheckTrial, at(14 * DAY))
        .unwrap();
    assert_eq!(ended.due_at(), None);
    let subscribed = run(&[LifecycleEvent::Subscribe]);
    assert_eq!(subscribed.due_at(), None);
    let deleted = subscribed.apply(&LifecycleEvent::Delete, at(DAY)).unwrap();
    assert_eq!(deleted.due_at(), Some(at(31 * DAY)));
    let restored = deleted.apply(&LifecycleEvent::Restore, at(2 * DAY));
    assert_eq!(restored.unwrap().due_at(), None);
    let both = run(&[LifecycleEvent::Delete]);
    assert_eq!(both.due_at(), Some(at(14 * DAY)));
}

#[test]
fn unpaid_tenant_reads_and_pays_and_is_active_again() {
    use LifecycleEvent::{Subscribe, Unsubscribe};
    let unpaid = run(&[Subscribe, Unsubscribe, Unsubscribe]);
    assert_eq!(
        (unpaid.status(), unpaid.access()),
        (TenantStatus::Suspended, TenantAccess::ReadOnly)
    );
    assert_eq!(
        unpaid.holds[&HoldReason::Unpaid].since,
        at(101),
        "the first time counts"
    );
    assert_eq!(
        run(&[Subscribe, Unsubscribe, Subscribe]).status(),
        TenantStatus::Active
    );
    assert_eq!(run(&[Unsubscribe]), run(&[]), "a trial has no subscription");
}

#[test]
fn payment_does_not_lift_what_an_operator_suspended() {
    use LifecycleEvent::{Resume, Subscribe, Unsubscribe};
    let suspended = run(&[suspend(), Subscribe]);
    assert_eq!(
        (suspended.status(), suspended.access()),
        (TenantStatus::Suspended, TenantAccess::Closed)
    );
    assert_eq!(
        run(&[suspend(), Subscribe, Resume]).status(),
        TenantStatus::Active
    );
    let unpaid = run(&[Subscribe, Unsubscribe, suspend(), Resume]);
    assert_eq!(
        (unpaid.status(), unpaid.access()),
        (TenantStatus::Suspended, TenantAccess::ReadOnly)
    );
    assert_eq!(run(&[Resume]), run(&[]));
}

#[test]
fn suspension_needs_a_reason_and_keeps_the_first() {
    for reason in ["", " \n", &"x".repeat(501)] {
        let event = LifecycleEvent::Suspend {
            reason: reason.into(),
        };
        assert!(run(&[]).apply(&event, at(1)).is_err());
    }
    let again = LifecycleEvent::Suspend {
        reason: "Other".into(),
    };
    let hold = &run(&[suspend(), again]).holds[&HoldReason::Platform];
    assert_eq!((hold.since, hold.note.as_deref()), (at(100), Some("Spam")));
}

#[test]
fn deletion_can_be_taken_back_for_30_days() {
    use LifecycleEvent::{Delete, Restore, Subscribe};
    let deleting = run(&[Subscribe, Delete, Delete]);
    assert_eq!(
        (deleting.status(), deleting.access()),
        (TenantStatus::Deleting, TenantAccess::ReadOnly)
    );
    let erase_at = deleting.deletion.unwrap().erase_at;
    assert_eq!(erase_at, at(101 + 30 * DAY), "the first request counts");
    let last = at(100 + 30 * DAY);
    assert!(!deleting.is_erasable(last) && deleting.is_erasable(erase_at));
    assert_eq!(
        deleting.apply(&Restore, last).unwrap().status(),
        TenantStatus::Active
    );
    assert_eq!(
        deleting.apply(&Restore, erase_at).unwrap_err().code(),
        "already_erased"
    );
    assert_eq!(run(&[Restore]), run(&[]));
}

#[test]
fn stored_names_do_not_change() {
    let life = run(&[
        LifecycleEvent::Subscribe,
        suspend(),
        LifecycleEvent::Unsubscribe,
        LifecycleEvent::Delete,
    ]);
    let json = serde_json::to_value(&life).unwrap();
    assert_eq!(json["standing"]["kind"], "subscribed");
    assert_eq!(json["holds"]["platform"]["note"], "Spam");
    assert!(json["holds"]["unpaid"].is_object());
    assert_eq!(serde_json::from_value::<Lifecycle>(json).unwrap(), life);
}

fn any_event() -> impl Strategy<Value = LifecycleEvent> {
    prop_oneof![
        Just(LifecycleEvent::Subscribe),
        Just(LifecycleEvent::Unsubscribe),
        Just(LifecycleEvent::CheckTrial),
        Just(suspend()),
        Just(LifecycleEvent::Resume),
        Just(LifecycleEvent::Delete),
        Just(LifecycleEvent::Restore),
    ]
}

proptest! {
    #[test]
    fn repeated_events_change_nothing(
        events in proptest::collection::vec((any_event(), 0_i64..3 * DAY), 0..30),
    ) {
        let (mut life, mut now) = (Lifecycle::start_trial(at(0)), 0);
        for (event, pause) in events {
            now += pause;
            let Ok(next) = life.apply(&event, at(now)) else { continue };
            prop_assert_eq!(next.apply(&event, at(now)).unwrap(), next.clone());
            let is_open = next.access() == TenantAccess::Full;
            prop_assert_eq!(is_open, next.holds.is_empty() && next.deletion.is_none());
            life = next;
        }
    }

    #[test]
    fn operators_and_payments_commute(
        payments in proptest::collection::vec(prop_oneof![
            Just(LifecycleEvent::Subscribe), Just(LifecycleEvent::Unsubscribe)], 0..6),
        operators in proptest::collection::vec(prop_oneof![
            Just(suspend()), Just(LifecycleEvent::Resume), Just(LifecycleEvent::Delete)], 0..6),
    ) {
        let status = |first: &[LifecycleEvent], second: &[LifecycleEvent]| {
            run(&[first, second].concat()).status()
        };
        prop_assert_eq!(status(&payments, &operators), status(&operators, &payments));
    }
}
