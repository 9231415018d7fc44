use std::time::Duration;

use confab_core::after;
use serde_json::json;

use super::{tests::*, *};
use crate::{EndReason, Handler, HandoffReason, Priority};

#[test]
fn snoozed_conversations_wake_when_due_or_when_the_visitor_writes() {
    let open = run(&started(false), &[(post("help"), visitor())]);
    let snooze = |until| Command::Snooze { until };
    let snoozed = run(&open, &[(snooze(at(100)), agent(1))]);
    assert_eq!(
        (snoozed.status, snoozed.snooze_until),
        (ConversationStatus::Snoozed, Some(at(100)))
    );
    let wake = |now| apply_command(&snoozed, &Command::Wake, &Author::System, now).unwrap();
    assert_eq!(wake(at(99)).head, snoozed, "early");
    let woken = wake(at(100));
    assert_eq!(events(&woken), [&ConversationEvent::Reopened]);
    assert_eq!(
        (woken.head.status, woken.head.snooze_until),
        (ConversationStatus::Open, None)
    );
    let twice = apply_command(&woken.head, &Command::Wake, &Author::System, at(101)).unwrap();
    assert_eq!(twice.head, woken.head);
    let written = run(&snoozed, &[(post("hello?"), visitor())]);
    assert_eq!(
        (written.status, written.snooze_until),
        (ConversationStatus::Open, None)
    );
    let answered = run(&snoozed, &[(post("soon"), agent(1))]);
    assert_eq!(
        answered.status,
        ConversationStatus::Snoozed,
        "an answer does not wake it"
    );
    for until in [
        at(-1),
        open.updated_at,
        after(open.updated_at, MAX_SNOOZE + Duration::from_secs(1)),
    ] {
        assert_eq!(
            refusal(&open, &snooze(until), &agent(1)),
            Refusal::BadSnooze,
            "{until}"
        );
    }
    assert_eq!(
        refusal(&started(true), &snooze(at(100)), &agent(1)),
        Refusal::NotOpen
    );
}

#[test]
fn assignment_takes_a_conversation_from_its_bot() {
    let assign = |assignee| Command::Assign { assignee };
    let head = started(true);
    let transition = apply_command(&head, &assign(Some(user(2))), &agent(1), at(9)).unwrap();
    let reason = HandoffReason::Assigned;
    let handed_off = ConversationEvent::HandedOff {
        to: Handler::Human,
        reason,
        team: None,
    };
    let assigned = ConversationEvent::Assigned {
        assignee: Some(user(2)),
    };
    assert_eq!(events(&transition), [&handed_off, &assigned]);
    let again = apply_command(&transition.head, &assign(Some(user(2))), &agent(1), at(10)).unwrap();
    assert_eq!(again.head, transition.head);
    let closed = run(&transition.head, &[(end(EndReason::Resolved), agent(1))]);
    assert_eq!(refusal(&closed, &assign(None), &agent(1)), Refusal::Closed);
}

#[test]
fn answer_assigns_an_unassigned_conversation() {
    let head = run(&started(false), &[(post("help"), visitor())]);
    let answered = apply_command(&head, &post("yes?"), &agent(1), at(31)).unwrap();
    assert_eq!(
        events(&answered),
        [&ConversationEvent::Assigned {
            assignee: Some(user(1))
        }]
    );
    assert_eq!(answered.head.first_reply_ms, Some(30_000), "from the wait");
    assert_eq!(answered.head.waiting_since, None);
    let other = run(&answered.head, &[(post("me too"), agent(2))]);
    assert_eq!(other.assignee, Some(user(1)), "stays");
    assert_eq!(other.first_reply_ms, Some(30_000));
}

#[test]
fn hand_offs_that_change_nothing_are_silent() {
    let head = started(true);
    let handed = run(&head, &[(hand_off(), visitor())]);
    assert_eq!(run(&handed, &[(hand_off(), visitor())]), handed);
    let back = run(&handed, &[(Command::HandToBot, agent(1))]);
    assert_eq!(
        (back.status, back.waiting_since),
        (ConversationStatus::Bot, None)
    );
    assert_eq!(run(&back, &[(Command::HandToBot, agent(1))]), back);
    assert_eq!(
        refusal(&started(false), &Command::HandToBot, &agent(1)),
        Refusal::NoBot
    );
    let closed = run(&handed, &[(end(EndReason::Left), visitor())]);
    assert_eq!(refusal(&closed, &hand_off(), &visitor()), Refusal::Closed);
    assert_eq!(
        refusal(&closed, &Command::HandToBot, &agent(1)),
        Refusal::Closed
    );
}

#[test]
fn unread_counts_messages_of_the_visitor_after_the_mark() {
    let head = run(
        &started(true),
        &[
            (post("1"), visitor()),
            (post("2"), visitor()),
            (post("3"), visitor()),
        ],
    );
    assert_eq!((head.last_seq, head.unread), (4, 3));
    let read = |seq| run(&head, &[(Command::Read { seq }, agent(1))]);
    assert_eq!(read(3).unread, 1);
    assert_eq!(read(4).unread, 0);
    assert_eq!(
        read(u64::MAX).read_seq,
        4,
        "numbers of the future are not read"
    );
    assert_eq!(
        run(&read(4), &[(Command::Read { seq: 2 }, agent(1))]),
        read(4),
        "late"
    );
    let by_visitor = run(
        &head,
        &[
            (post("answer"), bot()),
            (Command::Read { seq: 5 }, visitor()),
        ],
    );
    assert_eq!((by_visitor.visitor_read_seq, by_visitor.unread), (5, 3));
}

#[test]
fn tags_are_bounded() {
    let tags: Vec<_> = (0..20)
        .map(|n| {
            (
                Command::AddTag {
                    tag: format!("t{n}"),
                },
                agent(1),
            )
        })
        .collect();
    let full = run(&started(true), &tags);
    assert_eq!(full.tags.len(), 20);
    assert_eq!(
        refusal(
            &full,
            &Command::AddTag {
                tag: "one more".into()
            },
            &agent(1)
        ),
        Refusal::TooManyTags
    );
    assert_eq!(
        run(&full, &[(Command::AddTag { tag: "t1".into() }, agent(1))]),
        full
    );
}

#[test]
fn patches_apply_to_the_version_that_the_agent_saw() {
    let patch =
        |body: serde_json::Value| serde_json::from_value::<ConversationPatch>(body).unwrap();
    let head = run(&started(true), &[(post("help"), visitor())]);
    let body = json!({ "version": head.version, "assignee": user(2), "priority": "high", "tags": ["VIP"], "team": team(1) });
    let patched = patch(body.clone())
        .apply(&head, &agent(1), at(9))
        .unwrap()
        .head;
    assert_eq!(
        (patched.assignee, patched.team),
        (Some(user(2)), Some(team(1)))
    );
    assert_eq!((patched.priority, patched.tags.len()), (Priority::High, 1));
    assert_eq!(patched.version, head.version + 1, "one change");
    let stale = patch(body).apply(&patched, &agent(1), at(10)).unwrap_err();
    assert_eq!(stale.code(), "changed_meanwhile");
    let version = patched.version;
    let freed =
        patch(json!({ "version": version, "assignee": null })).apply(&patched, &agent(1), at(10));
    assert_eq!(freed.unwrap().head.assignee, None, "null is not absent");
    let snoozed = patch(json!({ "version": version, "snooze_until": at(100) })).apply(
        &patched,
        &agent(1),
        at(10),
    );
    let snoozed = snoozed.unwrap().head;
    let woken = patch(json!({ "version": snoozed.version, "snooze_until": null })).apply(
        &snoozed,
        &agent(1),
        at(11),
    );
    assert_eq!(woken.unwrap().head.status, ConversationStatus::Open);
    let closed =
        patch(json!({ "version": version, "status": "closed" })).apply(&patched, &agent(1), at(10));
    assert_eq!(closed.unwrap().head.status, ConversationStatus::Closed);
    let by_visitor =
        patch(json!({ "version": version, "priority": "low" })).apply(&patched, &visitor(), at(10));
    assert_eq!(by_visitor.unwrap_err().code(), "forbidden");
    for odd in [
        json!({}),
        json!({ "version": 1, "extra": 1 }),
        json!({ "version": 1, "status": "snoozed" }),
    ] {
        assert!(serde_json::from_value::<ConversationPatch>(odd).is_err());
    }
}
