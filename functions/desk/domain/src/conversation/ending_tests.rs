use confab_core::after;

use super::{tests::*, *};
use crate::{EndReason, ReopenPolicy};

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
