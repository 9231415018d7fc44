//! Taps on the buttons of a carousel.

use proptest::prelude::*;

use super::*;

#[test]
fn edited_slide_goes_from_button_to_render_job_with_one_question_and_no_other_message() {
    let mut talk = Talk::delivered();
    assert_eq!(talk.taps_carousel(TapAction::ChooseSlide), None);
    assert_eq!(talk.buttons().len(), 8, "seven slides and back");
    talk.taps_carousel(TapAction::EditSlide(4));
    assert!(talk.text().starts_with("Slide 4: what should it say?"));
    talk.says("Rest is work too\nPlan it first.");
    let is_render = |effect: &&Effect| matches!(effect, Effect::Render { .. });
    assert_eq!(talk.effects.iter().filter(is_render).count(), 1);
    assert!(!talk.calls().iter().any(|call| call.is_new_message()));
    let slide = &talk.saga().content.slides()[3];
    assert_eq!(
        (&*slide.title, &*slide.body),
        ("Rest is work too", "Plan it first.")
    );
    assert_eq!(talk.chat().question, None);
}

#[test]
fn words_that_do_not_fit_leave_the_question_open() {
    let mut talk = Talk::delivered();
    talk.taps_carousel(TapAction::EditSlide(1));
    assert!(
        talk.says(&"x".repeat(71))
            .contains("71 characters, and a title fits 70")
    );
    let body = format!("t\n{}", "x".repeat(221));
    assert!(
        talk.says(&body)
            .contains("221 characters, and a slide fits 220")
    );
    assert_eq!(talk.says("\u{202e}"), "");
    assert!(talk.chat().question.is_some());
    talk.says(&format!("Short{}", "\u{301}".repeat(4000)));
    let title = &talk.saga().content.slides()[0].title;
    assert!(
        title.starts_with("Shor") && title.chars().count() < 12,
        "{title}"
    );
}

#[test]
fn answer_about_an_older_version_is_told_so() {
    let mut talk = Talk::delivered();
    talk.taps_carousel(TapAction::EditSlide(1));
    let question = talk.chat().question.clone();
    talk.taps_carousel(TapAction::SetTemplate(Template::Bold));
    assert_eq!(talk.chat().question, None, "another change took its place");
    talk.state.chat.as_mut().unwrap().question = question;
    assert!(talk.says("Late").contains("older version"));
}

#[test]
fn buttons_of_an_older_revision_say_so() {
    let mut talk = Talk::delivered();
    let older = talk.saga().tap(TapAction::Pdf).encode();
    talk.taps_carousel(TapAction::SetFormat(Format::Story));
    let answer = talk.taps(&older).unwrap();
    assert!(answer.contains("older version"), "{answer}");
}

#[test]
fn other_people_may_not_tap() {
    let mut talk = Talk::delivered();
    talk.user = OTHER;
    let before = talk.state.clone();
    for action in [
        TapAction::Pdf,
        TapAction::Cancel,
        TapAction::Open,
        TapAction::ChooseSlide,
    ] {
        let answer = talk.taps_carousel(action).unwrap();
        assert!(answer.contains("someone else"), "{answer}");
        assert_eq!(talk.state, before);
        assert_eq!(talk.calls().len(), 1);
    }
}

#[test]
fn carousel_of_another_chat_is_unknown() {
    let mut talk = Talk::delivered();
    let data = talk.saga().tap(TapAction::Pdf).encode();
    talk.state.chat.as_mut().unwrap().key = "tg:-5".into();
    let before = talk.state.clone();
    assert!(talk.taps(&data).unwrap().contains("no longer works"));
    assert_eq!(talk.state, before);
}

#[test]
fn every_button_of_a_carousel_is_answered_and_does_something() {
    for action in [
        TapAction::ChooseSlide,
        TapAction::EditSlide(2),
        TapAction::RewriteSlide(2),
        TapAction::ChooseTemplate,
        TapAction::SetTemplate(Template::Night),
        TapAction::ChooseFormat,
        TapAction::SetFormat(Format::Square),
        TapAction::Back,
        TapAction::Again,
        TapAction::Pdf,
        TapAction::Files,
        TapAction::Open,
    ] {
        let mut talk = Talk::delivered();
        talk.taps_carousel(action);
        let is_answer = |effect: &&Effect| {
            let call = Effect::Call {
                call: talk.calls()[0].clone(),
            };
            **effect == call || matches!(effect, Effect::Publish { .. })
        };
        let others = talk.effects.iter().filter(|effect| !is_answer(effect));
        assert!(others.count() > 0, "{action:?}");
    }
}

#[test]
fn brand_button_needs_a_brand() {
    let mut talk = Talk::delivered();
    let answer = talk.taps_carousel(TapAction::ApplyBrand).unwrap();
    assert!(answer.contains("/brand"));
    talk.state.chat.as_mut().unwrap().brand.name = Some("Dana".into());
    talk.taps_carousel(TapAction::ApplyBrand);
    assert_eq!(talk.saga().content.look.brand.name.as_deref(), Some("Dana"));
}

#[test]
fn cancel_button_stops_the_carousel_once() {
    let mut talk = Talk::new();
    talk.says("a");
    let cancel = talk.saga().tap(TapAction::Cancel).encode();
    assert_eq!(talk.taps(&cancel).as_deref(), Some("Cancelled."));
    assert!(talk.taps(&cancel).unwrap().contains("older version"));
}

#[test]
fn retry_is_bounded_as_a_new_carousel_is() {
    let mut talk = Talk::new();
    talk.limits.carousels_a_day = 1;
    talk.says("a");
    talk.taps_carousel(TapAction::Cancel);
    let retry = talk.saga().tap(TapAction::Retry).encode();
    talk.says("b");
    assert_eq!(talk.taps(&retry), None);
    assert!(talk.text().contains("the limit is 1 a day"));
    talk.says("/cancel");
    talk.taps(&retry);
    let running = talk.state.sagas.values().filter(|saga| saga.is_running());
    assert_eq!(running.count(), 1);
    assert_eq!(talk.chat().used_today(talk.now), 1);
}

#[test]
fn unsure_album_is_resolved_by_its_buttons() {
    for action in [TapAction::SendAgain, TapAction::ConfirmArrival] {
        let mut talk = Talk::new();
        talk.says("a");
        talk.news(SagaTrigger::Written {
            revision: 1,
            result: WriteResult::Deck {
                draft: draft(7),
                composed: None,
            },
            usage: Vec::new(),
        });
        talk.draw();
        let send = talk.saga().pending.last().unwrap().send;
        let outcome = SendOutcome::Unknown;
        talk.news(SagaTrigger::Settled { send, outcome });
        assert!(talk.saga().is_unsure());
        talk.taps_carousel(action);
        assert!(!talk.saga().is_unsure(), "{action:?}");
    }
}

#[test]
fn list_opens_a_carousel_of_any_revision() {
    let mut talk = Talk::delivered();
    talk.says("/my");
    let buttons = talk.buttons();
    let [(label, data)] = &buttons[..] else {
        panic!("one carousel");
    };
    assert_eq!(label, "small habits");
    talk.taps(data);
    assert!(talk.text().contains("Ready to post"));
}

#[test]
fn list_is_bounded() {
    let mut talk = Talk::new();
    talk.limits.carousels_a_day = 100;
    for number in 0..15 {
        talk.says(&format!("topic {number}"));
        talk.says("/cancel");
    }
    talk.says("/my");
    assert_eq!(talk.buttons().len(), 10);
    assert_eq!(talk.buttons()[0].0, "topic 14");
}

#[test]
fn forged_numbers_and_ids_change_nothing() {
    let mut talk = Talk::delivered();
    let before = talk.state.clone();
    let id = talk.saga().id;
    for data in [
        format!("c1:ed:{id}:1:0"),
        format!("c1:ed:{id}:1:8"),
        format!("c1:rw:{id}:1:255"),
        format!("c1:sa:{id}:1:"),
        format!("c1:rt:{id}:1:"),
        format!("c1:er:{id}:1:"),
        "c1:pd:01m7ym613fe0yvvhrd4bj8893d:1:".to_owned(),
        "c1:pd::0:".to_owned(),
        "c2:pd::0:".to_owned(),
        String::new(),
    ] {
        talk.taps(&data);
        assert_eq!(talk.state, before, "{data}");
    }
}

proptest! {
    #[test]
    fn any_data_has_one_answer(data in "(c1:)?[a-z:0-9]{0,60}") {
        let mut talk = Talk::new();
        talk.taps(&data);
    }
}
