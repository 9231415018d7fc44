use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::{
    Author, ConversationId, Message, MessageDraft, VisitorAuthor, VisitorHead, VisitorMessage,
    conversation::tests::{agent, at, started, visitor},
};

fn id() -> ConversationId {
    ConversationId::new(at(0), &|| [4; 10])
}

fn parse(frame: &Value) -> Result<ClientFrame, FrameRefusal> {
    ClientFrame::parse(&serde_json::to_vec(frame).unwrap())
}

fn code(frame: &Value) -> &'static str {
    parse(frame).unwrap_err().code
}

fn message(seq: u64, text: &str, author: &Author) -> Message {
    let draft = MessageDraft::parse("12345678", text).unwrap();
    Message::of_draft(&draft, author, seq, at(0))
}

fn render(frame: &ServerFrame<'_>) -> Value {
    serde_json::from_slice(&frame.render().unwrap()).unwrap()
}

#[test]
fn client_frames_have_the_names_of_the_specification() {
    for (frame, conversation) in [
        (json!({ "type": "hello" }), None),
        (
            json!({ "type": "hello", "conversations": { id().to_string(): 12 } }),
            None,
        ),
        (
            json!({ "type": "message:send", "conversation_id": id(), "client_msg_id": "12345678", "text": "hi" }),
            Some(id()),
        ),
        (
            json!({ "type": "typing:start", "conversation_id": id() }),
            Some(id()),
        ),
        (
            json!({ "type": "typing:stop", "conversation_id": id() }),
            Some(id()),
        ),
        (json!({ "type": "ping" }), None),
        (
            json!({ "type": "ping", "read": { "conversation_id": id(), "seq": 4 } }),
            Some(id()),
        ),
        (
            json!({ "type": "conversation:end", "conversation_id": id(), "reason": "left" }),
            Some(id()),
        ),
        (
            json!({ "type": "watch", "conversation_id": id() }),
            Some(id()),
        ),
        (
            json!({ "type": "unwatch", "conversation_id": id() }),
            Some(id()),
        ),
    ] {
        assert_eq!(
            parse(&frame).unwrap().conversation_id(),
            conversation,
            "{frame}"
        );
    }
}

#[test]
fn unknown_types_are_refused_by_their_code() {
    for kind in ["dance", "message:receive", "HELLO", "", "message"] {
        assert_eq!(code(&json!({ "type": kind })), "unknown_type", "{kind}");
    }
}

#[test]
fn malformed_frames_are_refused() {
    for frame in [
        json!({}),
        json!([]),
        json!({ "type": 5 }),
        json!({ "type": "ping", "extra": 1 }),
        json!({ "type": "hello", "conversations": { "cnv_1": 1 } }),
        json!({ "type": "hello", "conversations": { id().to_string(): -1 } }),
        json!({ "type": "ping", "read": { "conversation_id": id() } }),
        json!({ "type": "watch" }),
        json!({ "type": "watch", "conversation_id": "../x" }),
        json!({ "type": "conversation:end", "conversation_id": id(), "reason": "bored" }),
    ] {
        assert_eq!(code(&frame), "bad_frame", "{frame}");
    }
    for bytes in [&b""[..], b"\xff", b"{", b"null"] {
        assert_eq!(ClientFrame::parse(bytes).unwrap_err().code, "bad_frame");
    }
    let large = vec![b' '; MAX_FRAME_BYTES + 1];
    assert_eq!(ClientFrame::parse(&large).unwrap_err().code, "too_large");
}

#[test]
fn lists_of_client_frames_are_bounded() {
    let many = |count: u8| {
        let ids = (0..count).map(|n| {
            (
                ConversationId::new(at(0), &move || [n; 10]).to_string(),
                json!(1),
            )
        });
        json!({ "type": "hello", "conversations": ids.collect::<serde_json::Map<_, _>>() })
    };
    assert!(parse(&many(20)).is_ok());
    assert_eq!(code(&many(21)), "too_many");
    let send = json!({
        "type": "message:send",
        "conversation_id": id(),
        "client_msg_id": "12345678",
        "text": "hi",
        "attachments": vec!["u"; 6],
    });
    let refusal = parse(&send).unwrap_err();
    assert_eq!(
        (refusal.code, refusal.client_msg_id.as_deref()),
        ("too_many_files", Some("12345678"))
    );
}

#[test]
fn refused_messages_name_their_client_id() {
    let frame = json!({ "type": "message:send", "client_msg_id": "12345678", "text": "hi" });
    let refusal = parse(&frame).unwrap_err();
    assert_eq!(
        render(&ServerFrame::refused(&refusal)),
        json!({ "v": 1, "type": "refused", "code": "bad_frame", "title": "The frame is not valid.", "client_msg_id": "12345678" })
    );
    let hostile = json!({ "type": "message:send", "client_msg_id": "x".repeat(10_000) });
    assert_eq!(parse(&hostile).unwrap_err().client_msg_id, None);
}

#[test]
fn server_frames_have_the_names_of_the_specification() {
    let head = started(true);
    let (visitor_head, last_seqs, stats) = (
        VisitorHead::of(&head, at(0)),
        BTreeMap::from([(id(), 4)]),
        json!({}),
    );
    let (conversation_id, author) = (
        id(),
        VisitorAuthor::Bot {
            name: "Helper".into(),
        },
    );
    let messages = MessageList::Agent(&[]);
    let frames = [
        ServerFrame::Welcome {
            now: at(0),
            until: at(9),
            last_seqs: &last_seqs,
        },
        ServerFrame::MessageReceive {
            conversation_id,
            messages,
            after_seq: 0,
            last_seq: 0,
        },
        ServerFrame::Backfill {
            conversation_id,
            messages,
            after_seq: 0,
            last_seq: 0,
        },
        ServerFrame::Changed {
            conversation_id,
            messages,
        },
        ServerFrame::TypingStart {
            conversation_id,
            author: &author,
        },
        ServerFrame::TypingStop {
            conversation_id,
            author: &author,
        },
        ServerFrame::ConversationEnd {
            conversation: &visitor_head,
        },
        ServerFrame::Head { head: &head },
        ServerFrame::Presence {
            conversation_id: Some(conversation_id),
            agents: 1,
            is_visitor_online: Some(true),
        },
        ServerFrame::AnswerPart {
            turn_id: "t",
            at: 0,
            text: "An",
        },
        ServerFrame::AnswerOver {
            turn_id: "t",
            verdict: AnswerVerdict::TakenOver,
        },
        ServerFrame::Stats { stats: &stats },
        ServerFrame::Pong {
            now: at(0),
            last_seq: Some(4),
        },
        ServerFrame::Bye {
            reason: ByeReason::Renew,
        },
    ];
    let types: Vec<_> = frames
        .iter()
        .map(|frame| render(frame)["type"].clone())
        .collect();
    assert_eq!(
        types,
        [
            "welcome",
            "message:receive",
            "backfill",
            "changed",
            "typing:start",
            "typing:stop",
            "conversation:end",
            "head",
            "presence",
            "answer:part",
            "answer:over",
            "stats",
            "pong",
            "bye",
        ]
    );
    assert!(frames.iter().all(|frame| render(frame)["v"] == 1));
}

#[test]
fn presence_of_the_inbox_names_no_conversation() {
    let presence = ServerFrame::Presence {
        conversation_id: None,
        agents: 2,
        is_visitor_online: None,
    };
    let expected = json!({ "v": 1, "type": "presence", "agents": 2 });
    assert_eq!(render(&presence), expected);
}

#[test]
fn visitors_frames_skip_notes_and_name_the_numbers_they_cover() {
    let note = MessageDraft::note("12345678", "secret", [].into()).unwrap();
    let log = [
        message(5, "hello", &visitor()),
        Message::of_draft(&note, &agent(1), 6, at(0)),
        message(7, "hi", &agent(1)),
    ];
    let seen: Vec<_> = log.iter().filter_map(VisitorMessage::of).collect();
    let batches = split_into_batches(&seen, 4, 7);
    let batch = &batches[0];
    let frame = ServerFrame::MessageReceive {
        conversation_id: id(),
        messages: MessageList::Visitor(batch.messages),
        after_seq: batch.after_seq,
        last_seq: batch.last_seq,
    };
    let frame = render(&frame);
    assert!(!frame.to_string().contains("secret"));
    let seqs: Vec<_> = frame["messages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|message| message["seq"].clone())
        .collect();
    assert_eq!(seqs, [5, 7]);
    assert_eq!(
        (frame["after_seq"].clone(), frame["last_seq"].clone()),
        (json!(4), json!(7))
    );
}

#[test]
fn notes_alone_make_an_empty_batch_for_visitors() {
    let batches = split_into_batches::<VisitorMessage>(&[], 4, 5);
    assert_eq!(
        batches,
        [MessageBatch {
            messages: &[],
            after_seq: 4,
            last_seq: 5
        }]
    );
}

proptest! {
    #[test]
    fn batches_fit_and_cover_every_number(gaps in prop::collection::vec((1_u64..4, 1_usize..4_000), 0..40)) {
        let mut seq = 10;
        let messages: Vec<_> = gaps.iter().map(|(gap, length)| {
            seq += gap;
            message(seq, &"ж".repeat(*length), &visitor())
        }).collect();
        let last_seq = seq + 2;
        let batches = split_into_batches(&messages, 10, last_seq);
        let mut covered = 10;
        for batch in &batches {
            prop_assert_eq!(batch.after_seq, covered, "no gap between batches");
            covered = batch.last_seq;
            let frame = ServerFrame::Backfill {
                conversation_id: id(),
                messages: MessageList::Agent(batch.messages),
                after_seq: batch.after_seq,
                last_seq: batch.last_seq,
            };
            let length = frame.render().unwrap().len();
            prop_assert!(length <= MAX_FRAME_BYTES || batch.messages.len() == 1, "{}", length);
            let covers = batch.after_seq + 1..=batch.last_seq;
            prop_assert!(batch.messages.iter().all(|message| covers.contains(&message.seq)));
        }
        prop_assert_eq!(covered, last_seq);
        let all: Vec<_> = batches.iter().flat_map(|batch| batch.messages).cloned().collect();
        prop_assert_eq!(all, messages);
    }

    #[test]
    fn parser_never_panics(text in "\\PC{0,200}", kind in prop::sample::select(ClientFrame::TYPES.to_vec())) {
        prop_assert!(ClientFrame::parse(text.as_bytes()).is_err() || text.contains("type"));
        let frame = json!({ "type": kind, "text": text });
        if let Err(refusal) = parse(&frame) {
            prop_assert_eq!(refusal.code, "bad_frame");
        }
    }
}
