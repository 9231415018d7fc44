use confab_core::{Timestamp, UserId};
use desk_domain::{
    ConversationEvent, Csat, EndReason, Handler, HandoffReason, LanguageTag, MessageDraft,
    NewConversation, PrechatAnswers, ReopenPolicy, TeamId, VisitorId, VisitorSummary,
    start_conversation,
};
use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::live_channels::SocketEnd;

/// Stands in all that visitors must not receive.
const SECRET: &str = "SECRET";

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn conversation(byte: u8) -> ConversationId {
    ConversationId::new(at(0), &move || [byte; 10])
}

fn user() -> UserId {
    UserId::new(at(0), &|| [2; 10])
}

fn visitor() -> VisitorId {
    VisitorId::new(at(0), &|| [1; 10])
}

fn agent() -> Author {
    Author::Agent {
        id: user(),
        name: "Dana".into(),
    }
}

/// A head whose parts for agents have the secret.
fn head() -> Head {
    let new = NewConversation {
        id: conversation(9),
        visitor: VisitorSummary {
            id: visitor(),
            name: Some(SECRET.into()),
            is_verified: true,
            is_blocked: false,
        },
        bot_id: None,
        language: Some(LanguageTag::parse("en").unwrap()),
        reopening: ReopenPolicy::default(),
        prechat: PrechatAnswers::default(),
    };
    let started = start_conversation(new, None, &Author::System, at(0)).unwrap();
    Head {
        subject: SECRET.into(),
        tags: [SECRET.to_owned()].into(),
        assignee: Some(user()),
        csat: Some(Csat::parse(3, SECRET).unwrap()),
        ..started.head
    }
}

fn message(seq: u64, text: &str) -> Message {
    let draft = MessageDraft::parse("message-0001", text).unwrap();
    Message::of_draft(&draft, &agent(), seq, at(0))
}

fn note(seq: u64) -> Message {
    let draft = MessageDraft::note("message-0001", SECRET, [].into()).unwrap();
    Message::of_draft(&draft, &agent(), seq, at(0))
}

fn event(event: ConversationEvent, seq: u64) -> Message {
    Message::of_event(event, &agent(), seq, at(0))
}

/// An entry of each kind, by a number.
fn entry(kind: u8, seq: u64) -> Message {
    let team = Some(TeamId::new(at(0), &|| [3; 10]));
    match kind {
        0 => message(seq, "hello"),
        1 => note(seq),
        2 => event(ConversationEvent::Started, seq),
        3 => event(
            ConversationEvent::Assigned {
                assignee: Some(user()),
            },
            seq,
        ),
        4 => {
            let handed = ConversationEvent::HandedOff {
                to: Handler::Human,
                reason: HandoffReason::Rule,
                team,
            };
            event(handed, seq)
        }
        5 => event(
            ConversationEvent::Ended {
                reason: EndReason::Spam,
            },
            seq,
        ),
        6 => event(ConversationEvent::Csat { score: 3 }, seq),
        7 => event(
            ConversationEvent::Rule {
                rule: SECRET.to_owned(),
            },
            seq,
        ),
        _ => event(ConversationEvent::Snoozed { until: at(9) }, seq),
    }
}

fn entries(kinds: &[u8], first_seq: u64) -> Vec<Message> {
    kinds
        .iter()
        .zip(first_seq..)
        .map(|(kind, seq)| entry(*kind, seq))
        .collect()
}

fn any_update() -> impl Strategy<Value = LiveUpdate> {
    let kinds = prop::collection::vec(0_u8..9, 0..6);
    let appended = (kinds, 1_u64..50).prop_map(|(kinds, first)| LiveUpdate::Appended {
        conversation: conversation(9),
        entries: entries(&kinds, first),
    });
    let changed = (0_u8..9, 1_u64..50).prop_map(|(kind, seq)| LiveUpdate::Changed {
        conversation: conversation(9),
        message: Box::new(entry(kind, seq)),
    });
    let authors = prop::sample::select(vec![
        agent(),
        Author::System,
        Author::Visitor {
            id: visitor(),
            name: Some(SECRET.into()),
        },
    ]);
    let typing = (authors, any::<bool>()).prop_map(|(author, is_typing)| LiveUpdate::Typing {
        conversation: conversation(9),
        author,
        is_typing,
    });
    let presence =
        (0_u32..9, any::<bool>()).prop_map(|(agents, is_visitor_online)| LiveUpdate::Presence {
            conversation: conversation(9),
            agents,
            is_visitor_online,
        });
    prop_oneof![
        4 => appended,
        2 => changed,
        1 => typing,
        1 => presence,
        1 => Just(LiveUpdate::Ended { head: Box::new(head()), at: at(1) }),
        1 => Just(LiveUpdate::HeadChanged { head: Box::new(head()) }),
        1 => (0_u32..9).prop_map(|agents| LiveUpdate::AgentsOnline { agents }),
        1 => Just(LiveUpdate::Removed { party: None, reason: SocketEnd::Suspended, at: at(1) }),
    ]
}

fn frames_of(updates: &[LiveUpdate], party: Party) -> Vec<Value> {
    let frames = render(updates).unwrap();
    frames
        .of_user(&party)
        .map(|frame| serde_json::from_slice(frame).unwrap())
        .collect()
}

fn types(frames: &[Value]) -> Vec<&str> {
    let types = frames.iter().map(|frame| frame["type"].as_str().unwrap());
    types.collect()
}

/// The numbers of messages, and those that the frame covers.
fn numbers(frame: &Value) -> (Vec<u64>, u64, u64) {
    let messages = frame["messages"].as_array().unwrap().iter();
    let seqs = messages.map(|message| message["seq"].as_u64().unwrap());
    let number = |name: &str| frame[name].as_u64().unwrap();
    (seqs.collect(), number("after_seq"), number("last_seq"))
}

proptest! {
    #[test]
    fn visitors_never_receive_a_note_nor_what_agents_know(
        updates in prop::collection::vec(any_update(), 0..8),
    ) {
        let seen = frames_of(&updates, Party::Visitor(visitor()));
        for frame in &seen {
            let text = frame.to_string();
            prop_assert!(!text.contains(SECRET), "{text}");
            prop_assert!(!text.contains(&user().to_string()), "{text}");
            let kind = frame["type"].as_str().unwrap();
            prop_assert!(
                matches!(
                    kind,
                    "message:receive" | "changed" | "typing:start" | "typing:stop" | "conversation:end"
                ),
                "{kind}"
            );
        }
        // Each number that agents are told of is covered for the visitor, too.
        let covered = |frames: &[Value]| -> Vec<(u64, u64)> {
            let received = frames.iter().filter(|frame| frame["type"] == "message:receive");
            let ranges = received.map(numbers).map(|(_, after, last)| (after, last));
            ranges.collect()
        };
        let all = frames_of(&updates, Party::Agent(user()));
        prop_assert_eq!(covered(&seen), covered(&all));
    }

    #[test]
    fn agents_receive_every_entry_once_and_in_order(
        updates in prop::collection::vec(any_update(), 0..8),
    ) {
        let appended: Vec<u64> = updates
            .iter()
            .flat_map(LiveUpdate::entries)
            .map(|entry| entry.seq)
            .collect();
        let frames = frames_of(&updates, Party::Agent(user()));
        let received = frames.iter().filter(|frame| frame["type"] == "message:receive");
        let received: Vec<u64> = received.flat_map(|frame| numbers(frame).0).collect();
        prop_assert_eq!(received, appended);
    }

    #[test]
    fn updates_are_read_back_from_the_queue(update in any_update()) {
        let json = serde_json::to_string(&update).unwrap();
        prop_assert_eq!(serde_json::from_str::<LiveUpdate>(&json).unwrap(), update);
    }
}

#[test]
fn messages_that_follow_each_other_go_out_in_one_frame() {
    let appended = |byte: u8, kinds: &[u8], first| LiveUpdate::Appended {
        conversation: conversation(byte),
        entries: entries(kinds, first),
    };
    let updates = [
        appended(9, &[0, 1], 4),
        appended(9, &[0], 6),
        appended(9, &[0], 8),
        appended(8, &[0], 9),
    ];
    let seen = frames_of(&updates, Party::Visitor(visitor()));
    let seen: Vec<_> = seen.iter().map(numbers).collect();
    assert_eq!(
        seen,
        [(vec![4, 6], 3, 6), (vec![8], 7, 8), (vec![9], 8, 9),]
    );
}

#[test]
fn conversations_that_end_tell_so_after_their_last_message() {
    let updates = [
        LiveUpdate::Appended {
            conversation: conversation(9),
            entries: entries(&[0, 5], 4),
        },
        LiveUpdate::Ended {
            head: Box::new(head()),
            at: at(1),
        },
    ];
    for party in [Party::Visitor(visitor()), Party::Agent(user())] {
        let frames = frames_of(&updates, party);
        assert_eq!(types(&frames), ["message:receive", "conversation:end"]);
    }
}

#[test]
fn typing_is_not_told_to_who_types() {
    let typing = |author| {
        [LiveUpdate::Typing {
            conversation: conversation(9),
            author,
            is_typing: true,
        }]
    };
    let other = UserId::new(at(0), &|| [7; 10]);
    let (own, other, guest) = (
        Party::Agent(user()),
        Party::Agent(other),
        Party::Visitor(visitor()),
    );
    let of_agent = typing(agent());
    assert!(frames_of(&of_agent, own).is_empty());
    assert_eq!(types(&frames_of(&of_agent, other)), ["typing:start"]);
    assert_eq!(types(&frames_of(&of_agent, guest)), ["typing:start"]);
    let of_visitor = typing(Author::Visitor {
        id: visitor(),
        name: None,
    });
    assert!(frames_of(&of_visitor, guest).is_empty());
    assert_eq!(types(&frames_of(&of_visitor, own)), ["typing:start"]);
}

#[test]
fn updates_that_clients_cannot_repair_are_kept_when_they_are_late() {
    let kept = [
        LiveUpdate::Changed {
            conversation: conversation(9),
            message: Box::new(message(1, "hello")),
        },
        LiveUpdate::HeadChanged {
            head: Box::new(head()),
        },
        LiveUpdate::Removed {
            party: None,
            reason: SocketEnd::Blocked,
            at: at(1),
        },
    ];
    assert!(kept.iter().all(|update| !update.is_transient()));
    let skipped = [
        LiveUpdate::Appended {
            conversation: conversation(9),
            entries: vec![message(1, "hello")],
        },
        LiveUpdate::AgentsOnline { agents: 1 },
    ];
    assert!(skipped.iter().all(LiveUpdate::is_transient));
}
