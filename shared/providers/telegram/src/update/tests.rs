mod hostile;

use serde_json::{Value, json};

use super::*;

const BOT: i64 = 7_000_000_001;
const DANA: i64 = 5_200_000_001;

fn now() -> Timestamp {
    Timestamp::from_second(1_795_000_500).unwrap()
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn read(update: &Value) -> Update {
    parse(update.to_string().as_bytes(), now()).unwrap()
}

fn message(update: &Value) -> Message {
    match read(update).kind {
        UpdateKind::Message(message) => *message,
        other => panic!("{other:?}"),
    }
}

fn callback(update: &Value) -> CallbackQuery {
    match read(update).kind {
        UpdateKind::CallbackQuery(query) => query,
        other => panic!("{other:?}"),
    }
}

fn member_change(update: &Value) -> MemberChange {
    match read(update).kind {
        UpdateKind::MyChatMember(change) => change,
        other => panic!("{other:?}"),
    }
}

fn other(update: &Value) -> String {
    match read(update).kind {
        UpdateKind::Other { name } => name,
        other => panic!("{other:?}"),
    }
}

fn dana() -> Value {
    json!({"id": DANA, "is_bot": false, "first_name": "Dana", "language_code": "he"})
}

fn private_chat() -> Chat {
    Chat {
        id: DANA,
        kind: ChatKind::Private,
    }
}

/// A message of Dana's with these fields besides those that each message has.
fn sent(fields: Value) -> Value {
    let mut message = json!({"message_id": 11, "from": dana(), "date": 1_795_000_000,
        "chat": {"id": DANA, "first_name": "Dana", "type": "private"}});
    message
        .as_object_mut()
        .unwrap()
        .extend(fields.as_object().unwrap().clone());
    json!({"update_id": 900_001, "message": message})
}

fn tapped(message: Value) -> Value {
    json!({"update_id": 900_002, "callback_query": {"id": "22334455667788", "from": dana(), "message": message,
        "chat_instance": "-318", "data": "c1:ed:01m7ym613fe0yvvhrd4bj8893d:1:4"}})
}

fn membership(status: &Value) -> Value {
    json!({"update_id": 900_004, "my_chat_member": {"chat": {"id": DANA, "type": "private"}, "from": dana(),
        "date": 1_795_000_090, "old_chat_member": {"user": {"id": BOT, "is_bot": true}, "status": "member"},
        "new_chat_member": status}})
}

#[test]
fn command_in_a_private_chat_is_parsed() {
    let update = sent(json!({"text": "/carousel small habits",
        "entities": [{"offset": 0, "length": 9, "type": "bot_command"}]}));
    let expected = Message {
        id: 11,
        chat: private_chat(),
        from: Some(Person {
            id: DANA,
            is_bot: false,
            first_name: "Dana".into(),
            language: Some("he".into()),
        }),
        sent_at: at(1_795_000_000),
        text: Some("/carousel small habits".into()),
        command: Some(Command {
            name: "carousel".into(),
            bot: None,
            argument: "small habits".into(),
        }),
        reply_to: None,
        attachment: None,
        migrate_to_chat_id: None,
    };
    assert_eq!(message(&update), expected);
    let update = read(&update);
    assert_eq!(update.dedup_id(BOT), "tg7000000001-900001");
    assert_eq!(update.group().as_deref(), Some("tg:5200000001"));
}

#[test]
fn command_in_a_group_names_its_bot() {
    let update = sent(json!({"text": "/carousel@Bot topic",
        "entities": [{"offset": 0, "length": 13, "type": "bot_command"}],
        "chat": {"id": -1_002_000_000_000_123_i64, "title": "Team", "type": "supergroup"}}));
    let command = message(&update).command.unwrap();
    assert!(command.is_for("bot") && !command.is_for("other"));
    assert_eq!(command.argument.as_str(), "topic");
    assert_eq!(message(&update).chat.kind, ChatKind::Supergroup);
    assert_eq!(
        read(&update).group().as_deref(),
        Some("tg:-1002000000000123")
    );
}

#[test]
fn reply_names_the_message_that_it_answers() {
    let update = sent(json!({"text": "Rest is work too\nPlan it first.",
        "reply_to_message": {"message_id": 16, "chat": {"id": DANA, "type": "private"}, "date": 1_795_000_050,
            "text": "Slide 4: what should it say?"}}));
    let message = message(&update);
    assert_eq!(message.reply_to, Some(16));
    assert_eq!(
        message.text,
        Some("Rest is work too\nPlan it first.".into())
    );
    assert_eq!(message.command, None);
}

#[test]
fn tap_names_its_message_and_data() {
    let update = tapped(
        json!({"message_id": 14, "from": {"id": BOT, "is_bot": true, "first_name": "Carousel"},
        "chat": {"id": DANA, "type": "private"}, "date": 1_795_000_030, "text": "Ready"}),
    );
    let query = callback(&update);
    assert_eq!((query.id.as_str(), query.from.id), ("22334455667788", DANA));
    assert_eq!(
        query.data.as_deref(),
        Some("c1:ed:01m7ym613fe0yvvhrd4bj8893d:1:4")
    );
    let expected = CallbackMessage {
        id: 14,
        chat: private_chat(),
        is_accessible: true,
    };
    assert_eq!(query.message, Some(expected));
    assert_eq!(read(&update).group().as_deref(), Some("tg:5200000001"));
}

#[test]
fn tap_on_an_inaccessible_message_is_told_apart() {
    let chat = json!({"id": -100, "type": "group"});
    let update = tapped(json!({"message_id": 14, "chat": chat, "date": 0}));
    assert!(!callback(&update).message.unwrap().is_accessible);
    assert_eq!(read(&update).group().as_deref(), Some("tg:-100"));
}

#[test]
fn tap_without_a_message_belongs_to_the_persons_chat() {
    for message in [Value::Null, json!({}), json!(7)] {
        let update = tapped(message);
        assert_eq!(callback(&update).message, None);
        assert_eq!(read(&update).group().as_deref(), Some("tg:5200000001"));
    }
}

#[test]
fn membership_says_whether_the_bot_can_write() {
    for (status, is_member) in [
        (json!({"status": "kicked", "until_date": 0}), false),
        (json!({"status": "left"}), false),
        (json!({"status": "member"}), true),
        (
            json!({"status": "administrator", "can_be_edited": false}),
            true,
        ),
        (json!({"status": "creator"}), true),
        (json!({"status": "restricted", "is_member": true}), true),
        (json!({"status": "restricted", "is_member": false}), false),
        (json!({"status": "new_status"}), false),
    ] {
        let change = member_change(&membership(&status));
        assert_eq!(
            (change.was_member, change.is_member),
            (true, is_member),
            "{status}"
        );
        assert_eq!(
            (change.chat, change.at),
            (private_chat(), at(1_795_000_090))
        );
    }
    assert_eq!(other(&membership(&Value::Null)), "broken:my_chat_member");
}

#[test]
fn largest_downloadable_photo_is_chosen() {
    let size = |id: &str, side: u32, bytes: Value| json!({"file_id": id, "file_unique_id": "u", "width": side, "height": side, "file_size": bytes});
    let picture = |id: &str, size| {
        Some(Attachment::Picture(Picture {
            file_id: id.into(),
            size,
        }))
    };
    let limit = MAX_BYTES;
    for (photo, expected) in [
        (
            json!([
                size("AgAC-s", 90, json!(1_411)),
                size("AgAC-x", 800, json!(81_234))
            ]),
            picture("AgAC-x", Some(81_234)),
        ),
        (
            json!([size("AgAC-x", 800, json!(5)), size("AgAC-s", 90, json!(9))]),
            picture("AgAC-x", Some(5)),
        ),
        (
            json!([
                size("a", 90, json!(limit)),
                size("b", 800, json!(limit + 1))
            ]),
            picture("a", Some(limit)),
        ),
        (
            json!([size("a", 90, Value::Null), {"file_id": "b"}, {"width": 1_000}, 7]),
            picture("a", None),
        ),
        (
            json!([size("a", 90, json!(limit + 1))]),
            Some(Attachment::TooLarge),
        ),
        (json!([]), None),
        (json!({}), None),
    ] {
        let message = message(&sent(json!({"photo": photo, "caption": "logo"})));
        assert_eq!(message.attachment, expected, "{photo}");
        assert_eq!(message.text, Some("logo".into()));
    }
}

const MAX_BYTES: u64 = crate::MAX_DOWNLOAD_BYTES as u64;

#[test]
fn document_is_a_picture_when_its_type_says_so() {
    for (mime_type, is_picture) in [
        (json!("image/png"), true),
        (json!("IMAGE/JPEG"), true),
        (json!("image/svg+xml"), false),
        (json!("application/pdf"), false),
        (Value::Null, false),
    ] {
        let document = json!({"file_id": "BQAC", "file_unique_id": "u", "mime_type": mime_type, "file_size": 7});
        let attachment = message(&sent(json!({"document": document}))).attachment;
        let expected = Attachment::Picture(Picture {
            file_id: "BQAC".into(),
            size: Some(7),
        });
        assert_eq!(attachment, is_picture.then_some(expected), "{mime_type}");
    }
    let large = json!({"file_id": "BQAC", "mime_type": "image/png", "file_size": MAX_BYTES + 1});
    let attachment = message(&sent(json!({"document": large}))).attachment;
    assert_eq!(attachment, Some(Attachment::TooLarge));
}

#[test]
fn caption_may_begin_with_a_command() {
    let update = sent(
        json!({"caption": "/brand logo", "photo": [{"file_id": "a"}],
        "caption_entities": [{"offset": 0, "length": 6, "type": "bot_command"}],
        "entities": [{"offset": 1, "length": 2, "type": "bot_command"}]}),
    );
    assert_eq!(message(&update).command.unwrap().name, "brand");
}

#[test]
fn group_that_became_a_supergroup_tells_its_new_id() {
    let update = sent(
        json!({"chat": {"id": -123, "type": "group"}, "migrate_to_chat_id": -1_001_234_567_890_i64}),
    );
    assert_eq!(
        message(&update).migrate_to_chat_id,
        Some(-1_001_234_567_890)
    );
}

#[test]
fn longest_text_fits_with_every_character_escaped() {
    let emoji = "😀".repeat(4_096);
    let escaped = "\\ud83d\\ude00".repeat(4_096);
    let body = sent(json!({"text": "TEXT", "reply_to_message": {"message_id": 1, "text": "TEXT"}}));
    let body = body.to_string().replace("TEXT", &escaped);
    match parse(body.as_bytes(), now()).unwrap().kind {
        UpdateKind::Message(message) => assert_eq!(message.text, Some(emoji.into())),
        other => panic!("{other:?}"),
    }
}

#[test]
fn updates_that_are_only_counted_have_no_group() {
    let edited = json!({"update_id": 5, "edited_message": {"message_id": 11}});
    assert_eq!(read(&edited).kind, UpdateKind::EditedMessage);
    assert_eq!(read(&edited).group(), None);
    for (update, name) in [
        (
            json!({"update_id": 6, "chat_boost": {"boost": {}}}),
            "chat_boost",
        ),
        (json!({"update_id": 7}), "none"),
        (json!({"update_id": 8, "new\n\"type\"": 1}), "newtype"),
        (json!({"update_id": 9, "новый": 1}), "unnamed"),
        (json!({"update_id": 10, "message": 7}), "broken:message"),
        (
            json!({"update_id": 11, "message": {"message_id": 1}}),
            "broken:message",
        ),
        (
            json!({"update_id": 12, "callback_query": {"id": "1"}}),
            "broken:callback_query",
        ),
    ] {
        assert_eq!(other(&update), name);
        assert_eq!(read(&update).group(), None);
    }
}

#[test]
fn ids_beyond_32_bits_are_kept() {
    let id = (1_i64 << 52) - 1;
    let update = json!({"update_id": id, "message": {"message_id": id, "chat": {"id": -id}}});
    assert_eq!((read(&update).id, message(&update).id), (id, id));
    assert_eq!(read(&update).dedup_id(BOT), "tg7000000001-4503599627370495");
    assert_eq!(message(&update).chat.id, -id);
}
