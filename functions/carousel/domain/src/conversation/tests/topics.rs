//! Topics, commands and limits.

use proptest::prelude::*;

use super::*;
use crate::{Brand, FailReason};

#[test]
fn free_text_is_a_topic() {
    let mut talk = Talk::new();
    assert!(talk.says("small habits").contains("Writing"));
    assert_eq!(talk.saga().source, Source::Topic("small habits".into()));
    assert_eq!((talk.saga().count, talk.saga().language), (7, Language::En));
    let events = [
        "user.message.received",
        "carousel.generate.requested",
        "ai.content.requested",
    ];
    assert_eq!(talk.events(), events);
    assert_eq!(talk.chat().running.len(), 1);
    assert_eq!(talk.chat().used_today(talk.now), 1);
}

#[test]
fn copy_of_an_update_finds_its_carousel() {
    let mut talk = Talk::new();
    talk.says("small habits");
    // The inbox stops copies. One that slips through changes nothing.
    talk.updates -= 1;
    talk.says("small habits");
    assert_eq!(talk.state.sagas.len(), 1);
    assert_eq!(talk.chat().used_today(talk.now), 1);
}

#[test]
fn long_or_several_lines_are_the_persons_own_text() {
    for (text, is_text) in [
        ("x".repeat(200), false),
        ("x".repeat(201), true),
        ("one\ntwo".to_owned(), true),
        ("👩‍👩‍👧".repeat(200), false),
        ("x".repeat(4096), true),
    ] {
        let mut talk = Talk::new();
        talk.says(&text);
        let is_found = matches!(talk.saga().source, Source::Text(_));
        assert_eq!(is_found, is_text, "{} characters", text.chars().count());
    }
    let mut talk = Talk::new();
    assert!(talk.says(&"x".repeat(4097)).contains("4097 characters"));
    assert!(talk.state.sagas.is_empty());
}

#[test]
fn command_takes_a_number_of_slides_and_asks_for_a_missing_topic() {
    let mut talk = Talk::new();
    talk.says("/carousel@CarouselBot 5: small habits");
    assert_eq!(talk.saga().count, 5);
    let mut talk = Talk::new();
    assert!(
        talk.says("/carousel")
            .contains("What should the carousel be about")
    );
    let is_question = |call: &Call| {
        matches!(
            call,
            Call::SendMessage {
                reply_hint: Some(_),
                ..
            }
        )
    };
    assert!(is_question(talk.calls()[0]));
    talk.says("small habits");
    assert_eq!(talk.saga().source, Source::Topic("small habits".into()));
    assert_eq!(talk.chat().question, None);
}

#[test]
fn hostile_letters_are_dropped_from_topics() {
    let mut talk = Talk::new();
    talk.says("\u{202e}small\u{0} \u{2067}habits\u{7}");
    assert_eq!(talk.saga().source, Source::Topic("small habits".into()));
    let mut talk = Talk::new();
    assert!(talk.says("\u{202e}\u{0}").contains("What should"));
}

#[test]
fn slides_follow_the_script_of_the_topic() {
    for (topic, language) in [
        ("маленькие привычки", Language::Ru),
        ("הרגלים קטנים", Language::He),
        ("छोटी आदतें", Language::Hi),
        ("عادات صغيرة", Language::Ar),
        ("小习惯", Language::Zh),
        ("μικρές συνήθειες", Language::El),
        ("🌱 123", Language::En),
    ] {
        let mut talk = Talk::new();
        talk.says(topic);
        assert_eq!(talk.saga().language, language, "{topic}");
    }
    for topic in ["小さな習慣", "작은 습관"] {
        let mut talk = Talk::new();
        assert!(talk.says(topic).contains("not possible yet"), "{topic}");
    }
}

#[test]
fn wisdom_is_one_slide_of_verse() {
    let mut talk = Talk::new();
    talk.says("/wisdom rest");
    assert_eq!(talk.saga().count, 1);
    assert_eq!(talk.saga().source, Source::Wisdom(Some("rest".into())));
    assert_eq!(talk.saga().content.look.template, Template::Verse);
    let mut talk = Talk::new();
    talk.says("/wisdom");
    assert_eq!(talk.saga().source, Source::Wisdom(None));
}

#[test]
fn running_carousels_are_bounded() {
    let mut talk = Talk::new();
    for topic in ["a", "b", "c"] {
        talk.says(topic);
    }
    assert!(
        talk.says("d")
            .contains("3 carousels are already being made")
    );
    assert_eq!(talk.state.sagas.len(), 3);
    talk.says("/cancel");
    assert!(talk.says("d").contains("Writing"));
}

#[test]
fn quota_is_for_a_day_and_comes_back_with_a_failure() {
    let mut talk = Talk::new();
    talk.limits.carousels_a_day = 1;
    talk.says("a");
    talk.news(SagaTrigger::Written {
        revision: 1,
        result: WriteResult::Refused,
        usage: Vec::new(),
    });
    assert_eq!(talk.saga().failure, Some(FailReason::Refused));
    assert_eq!(talk.chat().used_today(talk.now), 0);
    talk.state.sagas.clear();
    talk.says("b");
    talk.deliver();
    assert!(talk.says("c").contains("the limit is 1 a day"));
    talk.waits(24 * 3600);
    assert!(talk.says("c").contains("Writing"));
}

#[test]
fn cancel_stops_everything_and_says_when_there_is_nothing() {
    let mut talk = Talk::new();
    assert!(talk.says("/cancel").contains("Nothing is being made"));
    talk.says("a");
    assert_eq!(talk.says("/cancel"), "Cancelled.");
    assert_eq!(talk.saga().state, SagaState::Cancelled);
    assert!(talk.chat().running.is_empty());
    talk.says("/carousel");
    assert_eq!(talk.says("/cancel"), "Cancelled.", "the question");
    assert_eq!(talk.chat().question, None);
}

#[test]
fn plain_commands_answer() {
    let mut talk = Talk::new();
    for (command, answer) in [
        ("/start", "I turn a topic into a carousel"),
        ("/start payload", "I turn a topic into a carousel"),
        ("/help", "/wisdom"),
        ("/privacy", "90 days"),
        ("/myid", "5200000001"),
        ("/language", "Which language"),
        ("/my", "no carousels yet"),
        ("/brand", "Your brand"),
        ("/series", "no series yet"),
        ("/ask", "I work with topics"),
    ] {
        assert!(
            talk.says(command).contains(answer),
            "{command}: {}",
            talk.text()
        );
    }
    assert!(talk.says("/help@OtherBot").is_empty());
    assert!(talk.state.sagas.is_empty());
}

#[test]
fn other_content_is_answered_in_a_private_chat() {
    let mut talk = Talk::new();
    talk.update(UpdateContent::Other);
    assert!(talk.text().contains("I work with topics"));
}

#[test]
fn question_is_forgotten_after_a_day() {
    let mut talk = Talk::new();
    talk.says("/brand");
    talk.taps_action(TapAction::EditBrand(crate::BrandField::Name));
    talk.waits(24 * 3600);
    talk.says("small habits");
    assert_eq!(talk.chat().brand, Brand::default());
    assert_eq!(talk.state.sagas.len(), 1);
}

#[test]
fn page_request_makes_a_carousel_without_a_chat_of_telegram() {
    let mut talk = Talk::new();
    let request = PageRequest {
        id: "key-1".into(),
        requested_at: start(),
        chat: "page:1".into(),
        owner: "tester".into(),
        origin: Origin::Test,
        ui: UiLanguage::En,
        source: Source::Topic("small habits".into()),
        count: 5,
        language: Language::En,
        template: Template::Night,
        format: Format::Square,
    };
    let trigger = Trigger::Request {
        request: Box::new(request),
    };
    talk.apply(&trigger);
    assert_eq!(talk.saga().origin, Origin::Test);
    assert_eq!(talk.chat().address, None);
    talk.apply(&trigger);
    assert_eq!(talk.effects, [], "a copy");
}

#[test]
fn news_without_a_chat_mean_nothing() {
    let mut talk = Talk::new();
    let carousel = CarouselId::of_request("x", start());
    talk.apply(&Trigger::Carousel {
        carousel,
        trigger: SagaTrigger::DeadlinePassed,
    });
    talk.apply(&Trigger::SeriesDue).apply(&Trigger::Unreachable);
    assert_eq!(talk.state, ChatState::default());
}

#[test]
fn triggers_and_rows_survive_a_queue() {
    let mut talk = Talk::new();
    talk.says("a");
    let carousel = talk.saga().id;
    for trigger in [
        Trigger::Carousel {
            carousel,
            trigger: SagaTrigger::WriteAgain {
                revision: 1,
                number: Some(3),
            },
        },
        Trigger::SeriesDue,
        Trigger::LogoStored { object: None },
        Trigger::QuestionSent {
            number: 1,
            outcome: SendOutcome::Unknown,
        },
    ] {
        let json = serde_json::to_string(&trigger).unwrap();
        assert_eq!(serde_json::from_str::<Trigger>(&json).unwrap(), trigger);
    }
    let json = serde_json::to_string(talk.chat()).unwrap();
    assert_eq!(&serde_json::from_str::<Chat>(&json).unwrap(), talk.chat());
}

proptest! {
    #[test]
    fn any_text_is_answered_within_telegrams_limits(text in "(/[a-z]{0,9} ?)?.{0,300}") {
        let mut talk = Talk::new();
        for _ in 0..2 {
            talk.says(&text);
            for call in talk.calls() {
                if let Call::SendMessage { text, .. } = call {
                    let length = crate::utf16_length(&text.text());
                    prop_assert!((1..=crate::MAX_MESSAGE).contains(&length));
                }
            }
        }
    }
}
