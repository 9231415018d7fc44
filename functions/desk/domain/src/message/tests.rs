use confab_core::length;
use proptest::prelude::*;
use serde_json::json;

use super::*;

fn visitor() -> Author {
    let id = VisitorId::new(Timestamp::UNIX_EPOCH, &|| [1; 10]);
    Author::Visitor {
        id,
        name: Some("Dana".into()),
    }
}

fn agent(number: u8) -> Author {
    let id = UserId::new(Timestamp::UNIX_EPOCH, &move || [number; 10]);
    Author::Agent {
        id,
        name: "Noa".into(),
    }
}

fn bot() -> Author {
    let id = BotId::new(Timestamp::UNIX_EPOCH, &|| [3; 10]);
    Author::Bot {
        id,
        name: "Helper".into(),
    }
}

fn draft(text: &str) -> MessageDraft {
    MessageDraft::parse("12345678", text).unwrap()
}

fn message(draft: &MessageDraft, author: &Author) -> Message {
    Message::of_draft(draft, author, 7, Timestamp::UNIX_EPOCH)
}

fn note(text: &str) -> Message {
    message(
        &MessageDraft::note("12345678", text, [].into()).unwrap(),
        &agent(1),
    )
}

#[test]
fn texts_have_1_to_4000_characters() {
    assert_eq!(draft(&"x".repeat(4_000)).text.as_str().len(), 4_000);
    assert_eq!(draft(" a\u{202e}\r\nb ").text.as_str(), "a\nb");
    for text in ["", "  \n ", "\u{200b}\u{202e}", &"x".repeat(4_001)] {
        assert_eq!(MessageText::parse(text).unwrap_err().code(), "too_long");
    }
}

#[test]
fn client_ids_have_8_to_64_plain_characters() {
    for text in ["12345678", &"a-B_9".repeat(12)] {
        assert!(ClientMessageId::parse(text).is_ok(), "{text}");
    }
    for text in [
        "",
        "1234567",
        "1234 678",
        "12345678\n",
        "ａａａａａａａａ",
        &"x".repeat(65),
    ] {
        assert_eq!(
            ClientMessageId::parse(text).unwrap_err().code(),
            "bad_client_msg_id"
        );
        assert!(serde_json::from_value::<ClientMessageId>(json!(text)).is_err());
    }
    assert!(ClientMessageId::parse(ClientMessageId::of_bot(u64::MAX, 9).as_str()).is_ok());
}

#[test]
fn drafts_with_too_many_files_or_mentions_are_refused() {
    let file = Attachment::parse("u1", "a.png", "image/png", 5).unwrap();
    assert!(draft("x").with_attachments(vec![file.clone(); 5]).is_ok());
    let error = draft("x").with_attachments(vec![file; 6]).unwrap_err();
    assert_eq!(error.code(), "too_many_files");
    let users = (0..11).map(|n| UserId::new(Timestamp::UNIX_EPOCH, &move || [n; 10]));
    let error = MessageDraft::note("12345678", "x", users.collect()).unwrap_err();
    assert_eq!(error.code(), "too_many_mentions");
}

#[test]
fn retries_are_known_by_author_and_client_id() {
    let stored = message(&draft("hello"), &visitor());
    assert!(draft("hello again").is_repeat_of(&stored, &visitor()));
    assert!(!draft("hello").is_repeat_of(&stored, &agent(1)));
    let note = MessageDraft::note("12345678", "hello", [].into()).unwrap();
    assert!(!note.is_repeat_of(&stored, &visitor()));
    let renamed = match visitor() {
        Author::Visitor { id, .. } => Author::Visitor { id, name: None },
        other => other,
    };
    assert!(draft("hello").is_repeat_of(&stored, &renamed));
}

#[test]
fn authors_and_admins_delete_messages() {
    let of_visitor = message(&draft("secret"), &visitor());
    let of_agent = message(&draft("secret"), &agent(1));
    for (message, by, is_admin, may) in [
        (&of_visitor, visitor(), false, true),
        (&of_visitor, agent(1), false, false),
        (&of_visitor, agent(1), true, true),
        (&of_visitor, bot(), false, false),
        (&of_agent, agent(1), false, true),
        (&of_agent, agent(2), false, false),
        (&of_agent, agent(2), true, true),
        (&of_agent, visitor(), false, false),
        (&of_agent, visitor(), true, false),
    ] {
        assert_eq!(
            message.deleted(&by, is_admin).is_ok(),
            may,
            "{by:?} {is_admin}"
        );
    }
}

#[test]
fn tombstones_keep_the_number_and_lose_the_content() {
    let file = Attachment::parse("u1", "a.png", "image/png", 5).unwrap();
    let draft = draft("secret").with_attachments(vec![file]).unwrap();
    let tombstone = message(&draft, &visitor())
        .deleted(&visitor(), false)
        .unwrap();
    assert_eq!(
        (tombstone.seq, tombstone.rev, tombstone.is_deleted),
        (7, 1, true)
    );
    let text = serde_json::to_string(&tombstone).unwrap();
    assert!(
        !text.contains("secret") && !text.contains("a.png"),
        "{text}"
    );
    assert_eq!(
        tombstone.deleted(&visitor(), false).unwrap(),
        tombstone,
        "again"
    );
}

#[test]
fn events_cannot_be_deleted_and_visitors_do_not_learn_of_notes() {
    let event = Message::of_event(
        ConversationEvent::TookOver,
        &agent(1),
        3,
        Timestamp::UNIX_EPOCH,
    );
    assert_eq!(
        event.deleted(&agent(1), true).unwrap_err().code(),
        "forbidden"
    );
    assert_eq!(
        note("x").deleted(&visitor(), false).unwrap_err().code(),
        "message_not_found"
    );
}

#[test]
fn visitors_never_see_notes_or_how_they_are_handled() {
    let at = Timestamp::UNIX_EPOCH;
    let event = |event| Message::of_event(event, &agent(1), 3, at);
    let user = UserId::new(at, &|| [1; 10]);
    for hidden in [
        note("the customer is rude"),
        note("x").deleted(&agent(1), false).unwrap(),
        event(ConversationEvent::Assigned {
            assignee: Some(user),
        }),
        event(ConversationEvent::Snoozed { until: at }),
        event(ConversationEvent::Csat { score: 1 }),
        event(ConversationEvent::Rule { rule: "vip".into() }),
        event(ConversationEvent::Ended {
            reason: EndReason::Spam,
        }),
    ] {
        assert_eq!(VisitorMessage::of(&hidden), None, "{hidden:?}");
    }
    let handed_off = ConversationEvent::HandedOff {
        to: Handler::Human,
        reason: HandoffReason::Sentiment,
        team: None,
    };
    let seen = serde_json::to_value(VisitorMessage::of(&event(handed_off)).unwrap()).unwrap();
    assert_eq!(
        seen["event"],
        json!({ "type": "handed_off", "to": "human" })
    );
    assert_eq!(
        seen["author"],
        json!({ "kind": "agent", "name": "Noa" }),
        "no user id"
    );
}

#[test]
fn visitors_see_client_ids_of_their_own_messages_only() {
    let own = VisitorMessage::of(&message(&draft("hi"), &visitor())).unwrap();
    assert!(own.client_msg_id.is_some());
    assert_eq!(own.author, VisitorAuthor::Visitor);
    let answer = VisitorMessage::of(&message(&draft("hi"), &agent(1))).unwrap();
    assert_eq!(answer.client_msg_id, None);
}

#[test]
fn messages_keep_their_form_in_the_table() {
    for message in [
        message(&draft("hi"), &visitor()),
        note("hm"),
        Message::of_event(
            ConversationEvent::Started,
            &Author::System,
            1,
            Timestamp::UNIX_EPOCH,
        ),
    ] {
        let row = serde_json::to_value(&message).unwrap();
        assert_eq!(serde_json::from_value::<Message>(row).unwrap(), message);
    }
    let started = Message::of_event(
        ConversationEvent::Started,
        &Author::System,
        1,
        Timestamp::UNIX_EPOCH,
    );
    let row = serde_json::to_value(&started).unwrap();
    assert_eq!(row["kind"], "event");
    assert_eq!(row["event"], json!({ "type": "started" }));
}

proptest! {
    #[test]
    fn parsed_texts_are_within_bounds(text in "\\PC{0,80}") {
        if let Ok(parsed) = MessageText::parse(&text) {
            prop_assert!((1..=MAX_TEXT_CHARS).contains(&length(parsed.as_str())));
            prop_assert_eq!(MessageText::parse(parsed.as_str()).unwrap(), parsed);
        }
    }
}
