use confab_core::Private;

use super::{tests::*, *};
use crate::{
    Author, BotTemplate, EmailAddress, Handler, HandoffReason, LanguageTag, Message, MessageDraft,
    MessageKind, NewConversation, PrechatAnswers, apply_command,
    bot::tests::settings,
    conversation::tests::{agent, at, bot, new_conversation, post, visitor},
};

fn draft(text: &str) -> MessageDraft {
    MessageDraft::parse("message-0001", text).unwrap()
}

fn voice<'a>(settings: &'a BotSettings, author: &'a Author) -> Option<BotVoice<'a>> {
    let context = GreeterContext {
        settings,
        hours: None,
        email: None,
    };
    Some(BotVoice { author, context })
}

/// The texts of the messages, with the initial of their authors.
fn texts(entries: &[Message]) -> Vec<String> {
    let messages = entries
        .iter()
        .filter(|entry| entry.kind == MessageKind::Message);
    let text = |entry: &Message| {
        let author = match entry.author {
            Author::Visitor { .. } => "V",
            Author::Bot { .. } => "B",
            Author::Agent { .. } => "A",
            Author::System => "S",
        };
        format!("{author} {}", entry.text.as_str())
    };
    messages.map(text).collect()
}

fn numbers(exchange: &Exchange) -> Vec<u64> {
    let entries = exchange.transition.entries.iter();
    entries.map(|entry| entry.seq).collect()
}

fn start(settings: &BotSettings, first: Option<&str>) -> Exchange {
    let (bot, first) = (bot(), first.map(draft));
    let voice = voice(settings, &bot);
    let new = new_conversation(true);
    start_with_bot(new, first.as_ref(), None, &visitor(), voice, at(0)).unwrap()
}

fn write(exchange: &Exchange, settings: &BotSettings, text: &str) -> Exchange {
    let (bot, head) = (bot(), &exchange.transition.head);
    let voice = voice(settings, &bot);
    post_with_bot(head, &draft(text), None, &visitor(), voice, at(1)).unwrap()
}

#[test]
fn bot_greets_before_the_first_message_and_answers_it() {
    let started = start(&settings(), Some("what is love?"));
    let expected = [
        format!("B {}", built_in(BotText::Greeting)),
        "V what is love?".to_owned(),
        format!("B {}", built_in(BotText::Unknown)),
    ];
    assert_eq!(texts(&started.transition.entries), expected);
    assert_eq!(numbers(&started), [1, 2, 3, 4]);
    assert_eq!(started.transition.head.version, 1);
    assert_eq!(start(&settings(), None).transition.entries.len(), 2);
}

#[test]
fn form_is_asked_for_once_though_a_message_came_with_the_start() {
    let sales = BotTemplate::Sales
        .settings("Helper", LanguageTag::english())
        .unwrap();
    let started = start(&sales, Some("hello"));
    let form = format!("B {}", built_in(BotText::Prechat));
    let expected = [form.clone(), "V hello".to_owned()];
    assert_eq!(texts(&started.transition.entries), expected);
    let reminded = write(&started, &sales, "no");
    assert_eq!(
        texts(&reminded.transition.entries),
        ["V no".to_owned(), form]
    );
    let asked = start(&sales, Some("a human, please"));
    assert_eq!(asked.transition.head.handled_by, Handler::Human);
}

#[test]
fn exchange_is_one_version_and_the_bot_is_silent_with_people() {
    let started = start(&settings(), None);
    let exchange = write(&started, &settings(), "human");
    let before = &started.transition.head;
    let head = &exchange.transition.head;
    assert_eq!(head.version, before.version + 1);
    assert_eq!(head.handled_by, Handler::Human);
    assert_eq!(numbers(&exchange), [3, 4, 5]);
    let silent = write(&exchange, &settings(), "anyone?");
    assert_eq!(texts(&silent.transition.entries), ["V anyone?"]);
    let draft = draft("I am here");
    let agent = post_with_bot(before, &draft, None, &agent(1), None, at(1)).unwrap();
    assert_eq!(texts(&agent.transition.entries), ["A I am here"]);
}

#[test]
fn conversation_whose_bot_is_gone_is_handed_to_people() {
    let started = start(&settings(), None);
    let head = &started.transition.head;
    let posted = post_with_bot(head, &draft("hello"), None, &visitor(), None, at(1)).unwrap();
    assert_eq!(posted.transition.head.handled_by, Handler::Human);
    let last = posted.transition.entries.last().unwrap();
    assert!(matches!(
        last.event,
        Some(crate::ConversationEvent::HandedOff {
            reason: HandoffReason::Off,
            ..
        })
    ));
}

#[test]
fn form_fills_the_contact_also_after_a_person_took_over() {
    let long = "x".repeat(200);
    let answers = [("name", long.as_str()), ("email", "dana@shop.example")];
    let answers = answers.map(|(key, text)| (key.to_owned(), Private::from(text)));
    let answers = PrechatAnswers(answers.into());
    let sales = BotTemplate::Sales
        .settings("Helper", LanguageTag::english())
        .unwrap();
    let started = start(&sales, None);
    let taken = apply_command(&started.transition.head, &post("hi"), &agent(1), at(1)).unwrap();
    let bot = bot();
    let voice = voice(&sales, &bot);
    for head in [&started.transition.head, &taken.head] {
        let filled = fill_prechat_with_bot(head, &answers, &visitor(), voice, at(2)).unwrap();
        let form = filled.form.unwrap();
        assert_eq!(form.name.unwrap().chars().count(), 80);
        assert_eq!(form.email, EmailAddress::parse("dana@shop.example").ok());
        assert_eq!(filled.transition.head.version, head.version + 1);
    }
    let new = NewConversation {
        prechat: answers,
        ..new_conversation(true)
    };
    let started = start_with_bot(new, None, None, &visitor(), voice, at(0)).unwrap();
    assert!(started.form.is_some());
    let greeting = format!("B {}", built_in(BotText::Greeting));
    assert_eq!(texts(&started.transition.entries), [greeting]);
}

#[test]
fn same_act_has_the_same_answer_with_the_same_ids() {
    let started = start(&settings(), Some("what is love?"));
    let ids = |exchange: &Exchange| {
        let entries = exchange.transition.entries.iter();
        let ids = entries.map(|entry| entry.client_msg_id.clone());
        ids.collect::<Vec<_>>()
    };
    let once = write(&started, &settings(), "refund");
    assert_eq!(ids(&once), ids(&write(&started, &settings(), "refund")));
}
