use serde_json::{Value, json};

use super::*;

fn row(id: &str, tags: &[&str], text: &str) -> Value {
    json!({"id": id, "reference": "Proverbs 15:1", "tags": tags, "text": text})
}

fn file(language: &str, rows: &[Value]) -> String {
    json!({"format": 1, "language": language, "edition": "Test Edition", "rows": rows}).to_string()
}

fn problem(row: Value) -> String {
    Shelf::load(&[&file("en", &[row])]).unwrap_err().problem
}

#[test]
fn verses_are_found_by_tag_and_printed_byte_for_byte() {
    // Decomposed on purpose: a shelf's bytes are not normalized.
    let text = "Cafe\u{301} \"doors\"  open,  but slowly.";
    let rows = [
        row("one", &["door"], text),
        row("two", &["rest"], "Sit down."),
    ];
    let shelf = Shelf::load(&[&file("en", &rows)]).unwrap();
    let found = shelf.candidates("Doors", Language::En);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].text.as_bytes(), text.as_bytes());
    assert_eq!(found[0].source(), "Proverbs 15:1 · Test Edition");
}

#[test]
fn languages_without_an_edition_have_no_verses() {
    let shelf = Shelf::load(&[&file("en", &[row("one", &["rest"], "Sit down.")])]).unwrap();
    assert!(shelf.has(Language::En) && !shelf.has(Language::De));
    assert!(shelf.candidates("rest", Language::De).is_empty());
    assert_eq!(shelf.any(Language::De, 7), None);
    assert_eq!(Shelf::default().any(Language::En, 7), None);
    assert!(shelf.any(Language::En, u64::MAX).is_some());
}

#[test]
fn verses_are_about_a_text_by_their_tags_and_not_by_their_words() {
    let rows = [row("one", &["peace"], "They shall make pruning hooks.")];
    let shelf = Shelf::load(&[&file("en", &rows)]).unwrap();
    let verse = shelf.candidates("React hooks", Language::En).remove(0);
    assert!(!verse.is_about("React hooks", Language::En));
    assert!(verse.is_about("Peace!", Language::En));
}

#[test]
fn at_most_twelve_candidates_are_handed_out() {
    let rows: Vec<Value> = (0..30)
        .map(|n| row(&format!("v{n}"), &["rest"], "Sit down."))
        .collect();
    let shelf = Shelf::load(&[&file("en", &rows)]).unwrap();
    assert_eq!(shelf.candidates("rest", Language::En).len(), MAX_CANDIDATES);
}

#[test]
fn editions_of_several_languages_share_ids_but_one_language_does_not() {
    let english = file("en", &[row("one", &["rest"], "Sit down.")]);
    let russian = json!({"format": 1, "language": "ru", "edition": null, "rows": [
        {"id": "one", "reference": "Притчи 15:1", "tags": ["покой"], "text": "Сядь и отдохни."},
    ]});
    let shelf = Shelf::load(&[&english, &russian.to_string()]).unwrap();
    assert_eq!(shelf.any(Language::Ru, 0).unwrap().source(), "Притчи 15:1");
    let error = Shelf::load(&[&english, &english]).unwrap_err();
    assert_eq!((error.file, error.row), (1, Some(1)));
    assert_eq!(
        error.to_string(),
        "shelf file 1, row 1: the id one occurs twice"
    );
}

#[test]
fn files_with_a_bad_row_are_refused_with_its_number() {
    let good = || row("one", &["rest"], "Sit down.");
    let with = |name: &str, value: Value| {
        let mut row = good();
        row[name] = value;
        row
    };
    for (bad, reason) in [
        (with("id", json!("One")), "the id"),
        (with("id", json!("")), "the id"),
        (with("reference", json!("")), "the reference"),
        (with("reference", json!("Psalm\u{202e} 1")), "the reference"),
        (with("tags", json!([])), "the tags"),
        (with("tags", json!(["Rest"])), "the tags"),
        (with("text", json!("")), "the text is not of 1"),
        (
            with("text", json!("x".repeat(MAX_VERSE + 1))),
            "the text is not of 1",
        ),
        (with("text", json!(" Sit down.")), "one trimmed line"),
        (with("text", json!("Sit\ndown.")), "one trimmed line"),
        (with("text", json!("Sit\u{200f} down.")), "one trimmed line"),
        (with("text", json!("Sit &mdash; down.")), "markup"),
        (with("text", json!("He [was] there.")), "markup"),
        (with("text", json!("Сядь и отдохни.")), "script"),
        (with("text", json!("123:4")), "script"),
        (with("extra", json!(1)), "unknown field"),
    ] {
        let problem = problem(bad.clone());
        assert!(problem.contains(reason), "{bad}: {problem}");
    }
    let error = Shelf::load(&[&file("en", &[good(), with("id", json!("!"))])]).unwrap_err();
    assert_eq!(error.row, Some(2));
}

#[test]
fn hebrew_rows_keep_vowel_points_and_have_no_cantillation() {
    let hebrew = |text: &str| {
        let row = json!({"id": "one", "reference": "משלי ט״ו א", "tags": ["מענה"], "text": text});
        Shelf::load(&[&file("he", &[row])])
    };
    let pointed = "מַעֲנֶה רַּךְ";
    assert_eq!(
        hebrew(pointed).unwrap().any(Language::He, 0).unwrap().text,
        pointed
    );
    assert!(
        hebrew("מַֽעֲנֶה\u{596} רַּךְ")
            .unwrap_err()
            .problem
            .contains("cantillation")
    );
}

#[test]
fn broken_files_are_refused() {
    for text in [
        "",
        "[]",
        "{}",
        r#"{"format":2,"language":"en","edition":null,"rows":[]}"#,
    ] {
        assert!(Shelf::load(&[text]).is_err(), "{text}");
    }
    assert!(Shelf::load(&[r#"{"format":1,"language":"xx","edition":null,"rows":[]}"#]).is_err());
}
