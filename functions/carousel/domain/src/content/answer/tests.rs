use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::content::{Field, RequestText, Verse, grapheme_count};

fn verse(id: &str, text: &str) -> Verse {
    Verse {
        id: id.into(),
        reference: "Psalm 1:1".into(),
        edition: Some("Test Edition".into()),
        tags: vec!["rest".into()],
        text: text.into(),
    }
}

fn brief(count: usize) -> Brief {
    Brief {
        subject: RequestText::topic("rest").unwrap(),
        language: Language::En,
        task: Task::Deck { count },
        verses: vec![
            verse("one", "Cafe\u{301}  is \u{201c}open\u{201d}."),
            verse("two", "Sit down."),
        ],
        avoid_titles: Vec::new(),
    }
}

fn slide(kind: &str, title: &str, body: &str, verse: Option<&str>) -> Value {
    json!({"type": kind, "kicker": "Rest", "title": title, "body": body, "verse_id": verse, "alt": "A slide."})
}

fn deck() -> Value {
    json!({"title": "Rest well", "caption": "Rest is work too.", "hashtags": ["#rest", "sleep"], "slides": [
        slide("title", "Rest: why it matters", "Start here.", None),
        slide("quote", "Old words", "I made this up.", Some("one")),
        slide("summary", "Go and rest", "That is all.", None),
    ]})
}

fn parsed(json: &Value, brief: &Brief) -> Answer {
    parse_answer(&json.to_string(), brief).unwrap()
}

#[test]
fn quotes_are_printed_from_the_shelf_byte_for_byte() {
    let brief = brief(3);
    let Ok(Written::Deck(draft)) = accept(parsed(&deck(), &brief), &brief) else {
        panic!()
    };
    let quote = &draft.slides[1];
    assert_eq!(
        quote.body.as_bytes(),
        "Cafe\u{301}  is \u{201c}open\u{201d}.".as_bytes()
    );
    assert_eq!(quote.source.as_deref(), Some("Psalm 1:1 · Test Edition"));
    assert!(quote.alt.contains("Test Edition") && !quote.alt.contains("made this up"));
    assert!(
        draft
            .slides
            .iter()
            .all(|slide| (slide.kind == SlideKind::Quote) == slide.source.is_some())
    );
    assert_eq!(draft.hashtags, ["rest", "sleep"]);
}

#[test]
fn one_slide_is_answered_alone() {
    let brief = brief(3);
    let Ok(Written::Deck(draft)) = accept(parsed(&deck(), &brief), &brief) else {
        panic!()
    };
    let again = Brief {
        task: Task::Slide {
            number: 2,
            deck: Box::new(draft),
        },
        ..brief
    };
    let answer = json!({"slide": slide("concept", "Sleep comes first", "Go to bed.", None)});
    let Ok(Written::Slide(slide)) = accept(parsed(&answer, &again), &again) else {
        panic!()
    };
    assert_eq!(slide.title, "Sleep comes first");
    assert_eq!(
        parse_answer(&deck().to_string(), &again),
        Err(AnswerError::NotTheSchema)
    );
}

#[test]
fn broken_answers_are_no_answers() {
    let whole = deck().to_string();
    for end in 0..whole.len() {
        assert_eq!(
            parse_answer(&whole[..end], &brief(3)),
            Err(AnswerError::NotTheSchema),
            "{end}"
        );
    }
    for text in [
        "I cannot do that.",
        "[]",
        "{\"slides\":[]}",
        "```json\n{}\n```",
    ] {
        assert_eq!(
            parse_answer(text, &brief(3)),
            Err(AnswerError::NotTheSchema)
        );
    }
    let huge = format!("{whole}{}", " ".repeat(MAX_ANSWER_BYTES));
    assert_eq!(parse_answer(&huge, &brief(3)), Err(AnswerError::TooLarge));
}

#[test]
fn long_texts_are_cut_at_sentences_and_others_are_not_accepted() {
    let brief = brief(3);
    let mut long = deck();
    long["slides"][0]["body"] = json!(format!("Begin here. Then {}.", "word ".repeat(60).trim()));
    long["slides"][0]["kicker"] = json!("Rest and sleep and all the rest");
    long["hashtags"] = json!(["a1", "b2", "c3", "d4", "e5", "f6"]);
    let answer = parsed(&long, &brief);
    assert_eq!(accept(answer.clone(), &brief).unwrap_err().len(), 3);
    let Ok(Written::Deck(draft)) = accept_with_cuts(answer, &brief) else {
        panic!()
    };
    assert_eq!(
        (draft.slides[0].body.as_str(), draft.hashtags.len()),
        ("Begin here.", MAX_HASHTAGS)
    );
    assert_eq!(draft.slides[0].kicker, "Rest and sleep and all");

    long["slides"][0]["body"] = json!("word ".repeat(60));
    let violations = accept_with_cuts(parsed(&long, &brief), &brief).unwrap_err();
    let body = (Some(1), Field::Body);
    assert!(
        matches!(violations[..], [Violation::TooLong { slide, field, .. }] if (slide, field) == body)
    );
}

#[test]
fn markup_and_direction_marks_are_plain_text_in_slots() {
    let brief = brief(3);
    let mut hostile = deck();
    hostile["slides"][0]["body"] =
        json!("<b>Rest</b> \u{202e}now\u{202c}\u{200b} {{title}}\n- soon");
    let Ok(Written::Deck(draft)) = accept(parsed(&hostile, &brief), &brief) else {
        panic!()
    };
    assert_eq!(draft.slides[0].body, "<b>Rest</b> now {{title}} - soon");
}

proptest! {
    #[test]
    fn accepted_answers_are_within_all_limits(
        title in "\\PC{0,90}", body in "([a-z]{1,9} ?){0,60}([.!] [a-z ]{0,80})?", tags in proptest::collection::vec("\\PC{0,20}", 0..9),
        verse in proptest::option::of("one|two|three"), kind in "quote|concept|principle|summary",
    ) {
        let brief = brief(3);
        let mut answer = deck();
        answer["hashtags"] = json!(tags);
        answer["slides"][0]["title"] = json!(title);
        answer["slides"][1] = slide(&kind, "Second", &body, verse.as_deref());
        if let Ok(Written::Deck(draft)) = accept_with_cuts(parsed(&answer, &brief), &brief) {
            for slide in &draft.slides {
                prop_assert!((1..=MAX_TITLE).contains(&grapheme_count(&slide.title)));
                prop_assert!(!slide.body.is_empty() && grapheme_count(&slide.body) <= MAX_BODY);
                let printed = brief.verses.iter().any(|verse| verse.text == slide.body);
                prop_assert_eq!(slide.kind == SlideKind::Quote, printed);
            }
            prop_assert!((1..=MAX_HASHTAGS).contains(&draft.hashtags.len()));
            prop_assert!(draft.hashtags.iter().all(|tag| !tag.contains(['#', '@', ' '])));
        }
    }
}
