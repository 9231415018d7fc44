use confab_kernel::{
    Phone,
    messaging::{Address, Channel, Identity, Media},
};

use super::*;

fn now() -> Timestamp {
    Timestamp::from_second(1_749_416_383).unwrap()
}

fn new_id() -> UserId {
    UserId::new(now(), &|| [1; 10])
}

fn message(content: Content) -> Inbound {
    Inbound {
        id: "wamid.1".into(),
        from: Address {
            channel: Channel::Meta,
            business: "106".into(),
            person: Identity { phone: Phone::parse("16505551234").ok(), scoped_id: None },
        },
        name: Some("Sheena".into()),
        sent_at: now(),
        reply_to: None,
        content,
    }
}

fn text(text: &str) -> Inbound {
    message(Content::Text { text: text.into() })
}

fn choice(id: &str) -> Inbound {
    message(Content::Choice { id: id.into(), title: String::new() })
}

/// Says one thing after the other; gives the person and the last answer.
fn talk(messages: &[Inbound]) -> (User, Option<Body>) {
    let mut known = None;
    let mut last = None;
    for message in messages {
        let decision = converse(known, new_id(), message, now());
        last = decision.effects.into_iter().next_back();
        known = Some(decision.state);
    }
    (known.unwrap(), last)
}

fn said(body: Option<Body>) -> String {
    match body {
        Some(Body::Text { text } | Body::Buttons { text, .. }) => text,
        other => panic!("no text: {other:?}"),
    }
}

#[test]
fn a_newcomer_is_greeted_by_name_and_sees_what_to_do() {
    let (user, answer) = talk(&[text("hi")]);
    assert_eq!(user.language, Language::English);
    assert_eq!(user.offered.len(), 2);
    assert!(said(answer).starts_with("Hello Sheena!"));
}

#[test]
fn a_newcomer_who_writes_hebrew_is_answered_in_hebrew() {
    let (user, answer) = talk(&[text("שלום")]);
    assert_eq!(user.language, Language::Hebrew);
    assert!(said(answer).starts_with("שלום Sheena!"));
}

#[test]
fn the_language_changes_by_button_by_word_by_number_and_by_title() {
    for way in [choice("3_he"), text("עברית"), text("2"), text(" עברית! ")] {
        let (user, answer) = talk(&[text("hi"), choice("3"), way.clone()]);
        assert_eq!(user.language, Language::Hebrew, "{way:?}");
        assert_eq!(said(answer), texts(Language::Hebrew).language_changed);
    }
}

#[test]
fn a_number_means_the_choice_that_was_offered_last() {
    let (_, answer) = talk(&[text("hi"), text("1")]);
    assert_eq!(said(answer), texts(Language::English).how_it_works);
    let (_, answer) = talk(&[text("hi"), text("0")]);
    assert_eq!(said(answer), texts(Language::English).not_understood);
}

#[test]
fn help_is_understood_in_any_language() {
    let (_, answer) = talk(&[text("hi"), text("עזרה")]);
    assert_eq!(said(answer), texts(Language::English).how_it_works);
}

#[test]
fn a_reaction_is_not_answered_and_a_picture_is_answered_honestly() {
    let reaction = message(Content::Reaction { message_id: "wamid.0".into(), emoji: Some("👍".into()) });
    assert_eq!(talk(&[text("hi"), reaction]).1, None);
    let photo = message(Content::Media {
        items: vec![Media { source: "1".into(), mime_type: "image/jpeg".into(), sha256: None }],
        caption: None,
    });
    assert_eq!(said(talk(&[text("hi"), photo]).1), texts(Language::English).photos_not_yet);
}

#[test]
fn an_endless_name_does_not_break_the_greeting() {
    let mut hello = text("hi");
    hello.name = Some("x".repeat(5_000).into());
    let (_, answer) = talk(&[hello]);
    answer.unwrap().check(Channel::Meta).unwrap();
}

#[test]
fn every_text_fits_every_channel_in_every_language() {
    let longest_name = "x".repeat(NAME);
    for language in Language::ALL {
        let pack = texts(language);
        let mut user = User::new(new_id(), now());
        user.name = Some(longest_name.clone().into());
        user.language = language;
        let bodies = [
            Wish::Greeting,
            Wish::Help,
            Wish::ChooseLanguage,
            Wish::Speak(language),
            Wish::Unclear,
            Wish::Photo,
            Wish::Unreadable,
        ]
        .map(|wish| answer(&mut user, wish).unwrap());
        for body in bodies {
            for channel in [Channel::Meta, Channel::Twilio] {
                body.check(channel).unwrap_or_else(|e| panic!("{language:?} {body:?}: {e}"));
            }
        }
        assert!(pack.greeting.contains("{name}"));
    }
}
