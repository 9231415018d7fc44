use confab_core::{Timestamp, UserId};
use desk_domain::{
    Author, ConversationId, MAX_FRAME_BYTES, MessageDraft, NewConversation, PrechatAnswers,
    ReopenPolicy, VisitorId, VisitorSummary, start_conversation,
};
use serde_json::Value;

use super::*;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn head(last_seq: u64) -> Head {
    let new = NewConversation {
        id: ConversationId::new(at(0), &|| [9; 10]),
        visitor: VisitorSummary {
            id: VisitorId::new(at(0), &|| [1; 10]),
            name: None,
            is_verified: false,
            is_blocked: false,
        },
        bot_id: None,
        language: None,
        reopening: ReopenPolicy::default(),
        prechat: PrechatAnswers::default(),
    };
    let started = start_conversation(new, None, &Author::System, at(0)).unwrap();
    Head {
        last_seq,
        ..started.head
    }
}

fn agent() -> Author {
    Author::Agent {
        id: UserId::new(at(0), &|| [2; 10]),
        name: "Dana".into(),
    }
}

fn message(seq: u64, text: &str) -> Message {
    let draft = MessageDraft::parse("message-0001", text).unwrap();
    Message::of_draft(&draft, &agent(), seq, at(0))
}

fn note(seq: u64) -> Message {
    let draft = MessageDraft::note("message-0001", "secret", [].into()).unwrap();
    Message::of_draft(&draft, &agent(), seq, at(0))
}

fn rendered(gap: &Gap<'_>, is_agent: bool) -> Vec<Value> {
    let frames = gap.frames(is_agent).unwrap();
    frames
        .iter()
        .map(|frame| serde_json::from_slice(frame).unwrap())
        .collect()
}

/// The numbers of the messages of a frame, and those that it covers.
fn numbers(frame: &Value) -> (Vec<u64>, u64, u64) {
    let messages = frame["messages"].as_array().unwrap().iter();
    let seqs = messages.map(|message| message["seq"].as_u64().unwrap());
    let number = |name: &str| frame[name].as_u64().unwrap();
    (seqs.collect(), number("after_seq"), number("last_seq"))
}

#[test]
fn notes_are_covered_and_not_sent_to_visitors() {
    let head = head(5);
    let entries = vec![note(3), message(4, "hello"), note(5)];
    let gap = Gap::new(&head, 2, entries);
    let seen = rendered(&gap, false);
    assert_eq!(numbers(&seen[0]), (vec![4], 2, 5));
    assert!(!seen[0].to_string().contains("secret"));
    let all = rendered(&gap, true);
    assert_eq!(numbers(&all[0]), (vec![3, 4, 5], 2, 5));
}

#[test]
fn notes_alone_move_the_number_of_a_visitor() {
    let head = head(3);
    let gap = Gap::new(&head, 2, vec![note(3)]);
    assert_eq!(numbers(&rendered(&gap, false)[0]), (vec![], 2, 3));
}

#[test]
fn clients_without_a_gap_get_no_frame() {
    let head = head(3);
    let gap = Gap::new(&head, 3, Vec::new());
    assert_eq!(gap.frames(true).unwrap(), Vec::<Vec<u8>>::new());
    assert_eq!(gap.last_seq, 3);
}

#[test]
fn messages_that_came_after_the_head_was_read_are_sent() {
    let head = head(3);
    let gap = Gap::new(&head, 3, vec![message(4, "hello")]);
    assert_eq!(numbers(&rendered(&gap, true)[0]), (vec![4], 3, 4));
    assert_eq!(gap.last_seq, 4);
}

#[test]
fn latest_page_tells_where_it_begins() {
    let head = head(200);
    let page = (151..=200).map(|seq| message(seq, "hello")).collect();
    let frames = rendered(&Gap::new(&head, 2, page), true);
    let (seqs, after_seq, last_seq) = numbers(&frames[0]);
    assert_eq!((seqs.first(), after_seq), (Some(&151), 150));
    assert!(last_seq <= 200);
}

/// A row that cannot be read is skipped by the store.
#[test]
fn nothing_is_covered_from_the_first_missing_number_on() {
    let head = head(6);
    let entries = vec![message(3, "a"), message(4, "b"), message(6, "d")];
    let gap = Gap::new(&head, 2, entries);
    assert_eq!(numbers(&rendered(&gap, true)[0]), (vec![3, 4], 2, 4));
    assert_eq!(gap.last_seq, 6, "the client asks for the rest");
}

#[test]
fn long_gaps_are_split_into_frames_without_a_gap_between_them() {
    let head = head(40);
    let text = "\u{20ac}".repeat(4_000);
    let entries = (1..=40).map(|seq| message(seq, &text)).collect();
    let gap = Gap::new(&head, 0, entries);
    let frames = gap.frames(false).unwrap();
    assert!(frames.len() > 1);
    assert!(frames.iter().all(|frame| frame.len() <= MAX_FRAME_BYTES));
    let mut covered = 0;
    for frame in rendered(&gap, false) {
        let (_, after_seq, last_seq) = numbers(&frame);
        assert_eq!(after_seq, covered);
        covered = last_seq;
    }
    assert_eq!(covered, 40);
}

#[test]
fn marker_tells_the_last_number_alone() {
    let frame: Value = serde_json::from_slice(&Gap::marker(&head(7)).unwrap()).unwrap();
    assert_eq!(numbers(&frame), (vec![], 7, 7));
    assert_eq!(frame["type"], "backfill");
}
