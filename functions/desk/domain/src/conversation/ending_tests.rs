use std::time::Duration;

use confab_core::after;

use super::{tests::*, *};
use crate::{EndReason, HandoffReason, ReopenPolicy};

#[test]
fn ending_again_changes_nothing() {
    let head = run(
        &started(true),
        &[(post("help"), visitor()), (hand_off(), visitor())],
    );
    let transition = apply_command(&head, &end(EndReason::Resolved), &agent(1), at(50)).unwrap();
    let closed = transition.head;
    assert_eq!(
        (closed.status, closed.waiting_since, closed.unread),
        (ConversationStatus::Closed, None, 0)
    );
    let again = apply_command(&closed, &end(EndReason::NoReply), &Author::System, at(60)).unwrap();
    assert_eq!((again.head, again.entries), (closed, vec![]));
}

#[test]
fn messages_reopen_a_conversation_if_the_bot_allows_it() {
    let ended = |reopening| {
        let head = Head {
            reopening,
            ..started(true)
        };
        run(
            &head,
            &[(post("help"), visitor()), (end(EndReason::Resolved), bot())],
        )
    };
    let reopened = apply_command(
        &ended(ReopenPolicy::Always),
        &post("again"),
        &visitor(),
        at(100),
    )
    .unwrap();
    assert_eq!(events(&reopened), [&ConversationEvent::Reopened]);
    assert_eq!(
        (reopened.head.status, reopened.head.ended),
        (ConversationStatus::Bot, None)
    );
    let never = ended(ReopenPolicy::Never);
    assert_eq!(refusal(&never, &post("again"), &visitor()), Refusal::Closed);
    assert!(!VisitorHead::of(&never, at(100)).may_write);
    assert_eq!(
        refusal(&never, &post("x"), &Author::System),
        Refusal::Closed
    );
    let by_agent = apply_command(&never, &post("one more thing"), &agent(1), at(100)).unwrap();
    assert_eq!(
        events(&by_agent),
        [&ConversationEvent::Reopened, &ConversationEvent::TookOver]
    );
    assert_eq!(by_agent.head.status, ConversationStatus::Open);
}

#[test]
fn visitors_rate_within_a_day_of_the_end() {
    let rate = |score| Command::Rate(Csat::parse(score, "thanks").unwrap());
    let head = run(&started(true), &[(post("help"), visitor())]);
    assert_eq!(refusal(&head, &rate(5), &visitor()), Refusal::NotEnded);
    let closed = run(&head, &[(end(EndReason::Resolved), agent(1))]);
    assert!(VisitorHead::of(&closed, at(10)).asks_csat);
    let rated = run(&closed, &[(rate(5), visitor())]);
    assert_eq!(rated.csat.as_ref().unwrap().score, 5);
    assert!(!VisitorHead::of(&rated, at(10)).asks_csat);
    assert_eq!(run(&rated, &[(rate(5), visitor())]), rated, "again");
    assert_eq!(
        run(&rated, &[(rate(2), visitor())]).csat.unwrap().score,
        2,
        "a second thought"
    );
    let late = after(closed.ended.unwrap().at, CSAT_WINDOW);
    assert_eq!(
        apply_command(&closed, &rate(5), &visitor(), late),
        Err(Refusal::RatingExpired)
    );
    assert_eq!(refusal(&closed, &rate(5), &agent(1)), Refusal::Forbidden);
    for score in [0, 6] {
        assert_eq!(Csat::parse(score, "").unwrap_err().code(), "bad_score");
    }
    assert_eq!(
        Csat::parse(5, &"x".repeat(501)).unwrap_err().code(),
        "too_long"
    );
}

#[test]
fn blocks_end_the_conversation_and_silence_the_visitor() {
    let head = run(&started(true), &[(post("buy pills"), visitor())]);
    let block = |is_blocked| Command::Block { is_blocked };
    let blocked = run(&head, &[(block(true), agent(1))]);
    assert_eq!(blocked.ended.unwrap().reason, EndReason::Spam);
    assert_eq!(
        refusal(&blocked, &post("more"), &visitor()),
        Refusal::Blocked
    );
    assert_eq!(refusal(&blocked, &hand_off(), &visitor()), Refusal::Blocked);
    let view = VisitorHead::of(&blocked, at(100));
    assert!(!view.may_write && !view.asks_csat);
    assert_eq!(run(&blocked, &[(block(true), agent(1))]), blocked);
    let unblocked = run(
        &blocked,
        &[(block(false), agent(1)), (post("sorry"), visitor())],
    );
    assert_eq!(unblocked.status, ConversationStatus::Bot);
}

#[test]
fn visitors_see_nothing_of_how_people_sort_and_discuss() {
    let steps = [
        (post("help"), visitor()),
        (
            Command::AddTag {
                tag: "difficult".into(),
            },
            agent(1),
        ),
        (note([user(2)].into()), agent(1)),
        (post("yes?"), agent(1)),
    ];
    let head = run(&started(true), &steps);
    let seen = serde_json::to_value(VisitorHead::of(&head, at(10))).unwrap();
    let keys: Vec<_> = seen.as_object().unwrap().keys().cloned().collect();
    let mut expected = [
        "id",
        "is_closed",
        "handled_by",
        "language",
        "last_seq",
        "last_at",
        "read_seq",
        "asks_csat",
        "csat_score",
        "may_write",
    ];
    expected.sort_unstable();
    let mut keys: Vec<_> = keys.iter().map(String::as_str).collect();
    keys.sort_unstable();
    assert_eq!(keys, expected);
}

fn end_idle(head: &Head, now: Timestamp) -> Transition {
    apply_command(head, &Command::EndIdle, &Author::System, now).unwrap()
}

#[test]
fn idle_conversations_end_once_without_a_reply() {
    let answered = [(post("help"), visitor()), (post("done"), agent(1))];
    for head in [
        run(
            &started(true),
            &[(post("hi"), visitor()), (post("hi"), bot())],
        ),
        run(&started(true), &answered),
        run(&started(false), &answered),
    ] {
        let idle_at = head.idle_at().unwrap();
        assert_eq!(idle_at, after(head.last_at, IDLE_AFTER));
        let early = end_idle(&head, idle_at - Duration::from_secs(1));
        assert_eq!((&early.head, early.entries.len()), (&head, 0));
        let ended = end_idle(&head, idle_at);
        let reason = EndReason::NoReply;
        assert_eq!(events(&ended), [&ConversationEvent::Ended { reason }]);
        assert!(ended.head.ended.is_some_and(|ending| !ending.asks_csat));
        let twice = end_idle(&ended.head, idle_at);
        assert_eq!((&twice.head, twice.entries.len()), (&ended.head, 0));
        // A note does not count as a message.
        let noted = run(&head, &[(note([].into()), agent(2))]);
        assert_eq!(noted.idle_at(), head.idle_at());
        // A message that arrives before wins.
        let written = apply_command(&head, &post("wait"), &visitor(), idle_at).unwrap();
        assert_eq!(end_idle(&written.head, idle_at).head, written.head);
    }
}

#[test]
fn conversations_that_wait_for_a_person_are_never_idle() {
    let asked = run(
        &started(true),
        &[(post("help"), visitor()), (hand_off(), visitor())],
    );
    let open = run(&started(false), &[(post("help"), visitor())]);
    let address = BotStage::Address {
        is_reminded: false,
        reason: HandoffReason::Asked,
        team: None,
    };
    let address = Command::SetStage {
        stage: address,
        unknown: 0,
    };
    let address = run(
        &started(true),
        &[(post("help"), visitor()), (address, bot())],
    );
    let until = at(5_000_000);
    let snoozed = run(&started(false), &[(Command::Snooze { until }, agent(1))]);
    for head in [asked, open, address, snoozed.clone()] {
        assert_eq!(head.idle_at(), None, "{head:?}");
        let ended = end_idle(&head, after(head.last_at, 400 * IDLE_AFTER));
        assert_eq!(ended.head.status, head.status);
    }
    // A conversation that wakes has the whole time again.
    let woken = apply_commands(
        &snoozed,
        &[Command::Wake, Command::EndIdle],
        &Author::System,
        until,
    );
    let woken = woken.unwrap().head;
    assert_eq!(woken.status, ConversationStatus::Open);
    assert_eq!(woken.idle_at(), Some(after(until, IDLE_AFTER)));
}

#[test]
fn due_time_of_an_idle_conversation_moves_every_ten_minutes_at_most() {
    let head = |last_at| Head {
        last_at,
        ..started(true)
    };
    // A time on the step.
    let time = |second: i64| at(200 + second);
    let due = |second| head(time(second)).due_at().unwrap();
    assert_eq!(due(0), after(time(0), IDLE_AFTER));
    for second in [1, 300, 599, 600] {
        assert_eq!(due(second), after(time(600), IDLE_AFTER), "{second}");
    }
    let until = at(100);
    let snoozed = Head {
        status: ConversationStatus::Snoozed,
        snooze_until: Some(until),
        ..started(true)
    };
    assert_eq!(snoozed.due_at(), Some(until));
}
