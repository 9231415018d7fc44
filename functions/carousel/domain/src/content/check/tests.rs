use super::*;
use crate::{
    Draft, Language, Slide,
    content::{Task, Verse},
};

fn slide(kind: SlideKind, title: &str) -> AnswerSlide {
    AnswerSlide {
        kind,
        kicker: "Rest".into(),
        title: title.into(),
        body: "Sit down for a while.".into(),
        verse_id: None,
        alt: "A slide.".into(),
    }
}

fn good() -> Answer {
    Answer {
        title: "Rest well".into(),
        caption: "Rest is work too.".into(),
        hashtags: vec!["rest".into()],
        slides: vec![
            slide(SlideKind::Title, "Why rest"),
            AnswerSlide {
                verse_id: Some("one".into()),
                body: String::new(),
                ..slide(SlideKind::Quote, "Old words")
            },
            slide(SlideKind::Concept, "Sleep"),
            slide(SlideKind::Summary, "Go and rest"),
        ],
    }
}

fn brief() -> Brief {
    let verse = |id: &str| Verse {
        id: id.into(),
        reference: "Psalm 1:1".into(),
        edition: None,
        tags: vec!["rest".into()],
        text: "Sit down.".into(),
    };
    Brief {
        subject: RequestText::topic("rest and Привет at Foo.com with @dana").unwrap(),
        language: Language::En,
        task: Task::Deck { count: 4 },
        verses: vec![verse("one"), verse("two")],
        avoid_titles: vec!["Boredom".into()],
    }
}

/// Checks the good answer with one change.
fn violations(change: impl FnOnce(&mut Answer)) -> Vec<Violation> {
    let mut answer = good();
    change(&mut answer);
    check(&answer, &brief())
}

#[test]
fn good_answers_have_no_violations() {
    assert_eq!(violations(|_| {}), []);
}

#[test]
fn counts_and_types_are_as_asked() {
    let without_last = violations(|answer| {
        answer.slides.pop();
    });
    assert!(without_last.contains(&Violation::WrongCount {
        expected: 4,
        found: 3
    }));
    let expected = "title";
    assert_eq!(
        violations(|answer| answer.slides[0].kind = SlideKind::Concept),
        [Violation::WrongType { slide: 1, expected }]
    );
    let expected = "principle, concept or quote";
    assert_eq!(
        violations(|answer| answer.slides[2].kind = SlideKind::Summary),
        [Violation::WrongType { slide: 3, expected }]
    );
}

#[test]
fn limits_count_graphemes() {
    let family = "👨\u{200d}👩\u{200d}👧";
    assert_eq!(
        violations(|answer| answer.slides[2].body = family.repeat(MAX_BODY)),
        []
    );
    let (slide, field) = (Some(3), Field::Body);
    assert_eq!(
        violations(|answer| answer.slides[2].body = family.repeat(MAX_BODY + 1)),
        [Violation::TooLong {
            slide,
            field,
            limit: MAX_BODY,
            found: MAX_BODY + 1
        }]
    );
    let empty = violations(|answer| answer.slides[2].kicker.clear());
    assert_eq!(
        empty,
        [Violation::Empty {
            slide,
            field: Field::Kicker
        }]
    );
}

#[test]
fn texts_in_another_script_are_in_the_wrong_language_unless_the_person_wrote_the_word() {
    let expected = "en";
    assert_eq!(
        violations(|answer| answer.slides[2].body = "Отдых важнее всего на свете, правда.".into()),
        [Violation::WrongLanguage {
            slide: Some(3),
            expected
        }]
    );
    assert_eq!(
        violations(|answer| answer.slides[2].body = "Привет Привет Привет Привет Привет.".into()),
        []
    );
    // A whole text in another language is to be translated.
    let text = RequestText::text("Отдых важнее всего на свете, правда.").unwrap();
    let mut answer = good();
    answer.slides[2].body = "Отдых важнее всего на свете, правда.".into();
    let found = check(
        &answer,
        &Brief {
            subject: text,
            ..brief()
        },
    );
    assert_eq!(
        found,
        [Violation::WrongLanguage {
            slide: Some(3),
            expected
        }]
    );
}

#[test]
fn addresses_mentions_and_hashes_are_the_persons_own() {
    for foreign in [
        "See evil.example now.",
        "Go to https://x",
        "Ask @eve",
        "Try #rest",
        "www.rest.zzz",
        "(t.me/eve)",
        "Go to evil.click/win",
        "youtu.be/x",
        "evil.com,now",
        "Rest—evil.com—now",
        "see:evil.club\\win",
        "evil.click?win=1",
        "evil.click:8080",
        "Read more about it in our library at злой.орг/да",
        "evil.xn--p1ai/x",
        "foo.net/foo.com",
    ] {
        let found = violations(|answer| answer.slides[2].body = foreign.into());
        assert_eq!(
            found,
            [Violation::ForeignReference {
                slide: Some(3),
                field: Field::Body
            }],
            "{foreign}"
        );
    }
    for own in [
        "Visit foo.com!",
        "Rest—foo.com—now",
        "Node.js: a tool; is it Node.js?",
        "And/or at 10.30/11.30 km/h",
        "Thanks, “@dana”.",
        "Use Node.js, e.g. at home.",
        "At 10.30 a.m.",
        "First. Second.",
    ] {
        assert_eq!(
            violations(|answer| answer.slides[2].body = own.into()),
            [],
            "{own}"
        );
    }
}

#[test]
fn titles_are_different_and_not_those_to_avoid() {
    let same = violations(|answer| answer.slides[2].title = "WHY – rest?".into());
    assert_eq!(same, [Violation::SameTitle { slide: 3, other: 1 }]);
    let avoided = violations(|answer| answer.slides[2].title = "boredom!".into());
    assert_eq!(avoided, [Violation::TakenTitle { slide: 3 }]);
}

#[test]
fn one_slide_has_another_title_than_those_of_its_carousel() {
    let slides = good().slides.into_iter().map(|slide| Slide {
        kind: slide.kind,
        kicker: slide.kicker,
        title: slide.title,
        body: slide.body,
        source: None,
        alt: slide.alt,
    });
    let (title, caption) = (String::new(), String::new());
    let deck = Draft {
        language: Language::En,
        title,
        caption,
        hashtags: vec![],
        slides: slides.collect(),
    };
    let brief = Brief {
        task: Task::Slide {
            number: 4,
            deck: Box::new(deck),
        },
        ..brief()
    };
    let answer = |slide| Answer {
        slides: vec![slide],
        ..Answer::default()
    };
    assert_eq!(
        check(&answer(slide(SlideKind::Summary, "At last")), &brief),
        []
    );
    let taken = check(&answer(slide(SlideKind::Concept, "Sleep")), &brief);
    assert_eq!(
        taken,
        [
            Violation::WrongType {
                slide: 1,
                expected: "summary"
            },
            Violation::TakenTitle { slide: 1 }
        ]
    );
}

#[test]
fn quotes_have_a_known_verse_once_and_nothing_else_has() {
    let slide = 2;
    assert_eq!(
        violations(|answer| answer.slides[1].verse_id = None),
        [Violation::QuoteWithoutVerse { slide }]
    );
    let unknown = Some("psalm-999".to_owned());
    assert_eq!(
        violations(|answer| answer.slides[1].verse_id = unknown),
        [Violation::UnknownVerse { slide }]
    );
    let third = violations(|answer| answer.slides[2].verse_id = Some("two".into()));
    assert_eq!(third, [Violation::VerseWithoutQuote { slide: 3 }]);
    let twice = violations(|answer| {
        answer.slides[2] = AnswerSlide {
            title: "Once more".into(),
            ..answer.slides[1].clone()
        };
    });
    assert_eq!(twice, [Violation::RepeatedVerse { slide: 3 }]);
}

#[test]
fn hashtags_are_few_and_short() {
    let field = Field::Hashtags;
    assert_eq!(
        violations(|answer| answer.hashtags.clear()),
        [Violation::Empty { slide: None, field }]
    );
    let many = violations(|answer| answer.hashtags = vec!["rest".into(); 6]);
    assert_eq!(
        many,
        [Violation::TooLong {
            slide: None,
            field,
            limit: 5,
            found: 6
        }]
    );
    let long = violations(|answer| answer.hashtags = vec!["r".repeat(31)]);
    assert_eq!(
        long,
        [Violation::TooLong {
            slide: None,
            field,
            limit: 30,
            found: 31
        }]
    );
}
