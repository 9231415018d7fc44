use super::*;
use crate::{MAX_CALLBACK_ANSWER, MAX_MESSAGE, utf16_length};

/// Limits of Telegram: of a command's description, and of the hint in an input field.
const MAX_DESCRIPTION: usize = 256;
const MAX_HINT: usize = 64;
/// What fits a phone: half a row of buttons.
const MAX_BUTTON: usize = 24;

/// The fields of a language with their names, read from its source.
fn fields(source: &str) -> Vec<(&str, &str)> {
    let lines = source
        .lines()
        .filter_map(|line| line.trim().split_once(": "));
    let is_text = |(_, value): &(&str, &str)| value.starts_with('"');
    lines
        .filter(is_text)
        .map(|(name, value)| (name, value.trim_end_matches(',').trim_matches('"')))
        .collect()
}

const SOURCES: [(UiLanguage, &str); 5] = [
    (UiLanguage::En, include_str!("english.rs")),
    (UiLanguage::Ru, include_str!("russian.rs")),
    (UiLanguage::He, include_str!("hebrew.rs")),
    (UiLanguage::Hi, include_str!("hindi.rs")),
    (UiLanguage::Ar, include_str!("arabic.rs")),
];

fn placeholders(text: &str) -> Vec<&str> {
    let mut names: Vec<_> = text
        .split('{')
        .skip(1)
        .filter_map(|rest| rest.split_once('}'))
        // `\u{2068}` in the source is a character.
        .map(|(name, _)| name)
        .filter(|name| !name.starts_with("20"))
        .collect();
    names.sort_unstable();
    names
}

#[test]
fn languages_have_the_same_placeholders() {
    let english = fields(SOURCES[0].1);
    assert!(english.len() > 100, "the check must see the texts");
    for (language, source) in SOURCES {
        let translated = fields(source);
        assert_eq!(translated.len(), english.len(), "{language:?}");
        for ((name, text), (same, original)) in translated.iter().zip(&english) {
            assert_eq!(name, same, "{language:?}");
            assert_eq!(
                placeholders(text),
                placeholders(original),
                "{language:?}: {name}"
            );
        }
    }
}

#[test]
fn texts_are_within_the_limits_of_their_place() {
    for (language, source) in SOURCES {
        for (name, text) in fields(source) {
            let limit = match name {
                _ if name.starts_with("button_") && !text.contains('{') => MAX_BUTTON,
                _ if name.starts_with("hint_") => MAX_HINT,
                "older_version" | "not_yours" | "busy" | "too_late_to_cancel"
                | "too_many_rewrites" | "unknown_button" | "preparing_file" | "brand_missing"
                | "updating" | "cancelled_all" | "language_changed" | "private_only" => {
                    MAX_CALLBACK_ANSWER
                }
                _ => MAX_MESSAGE / 4,
            };
            let length = utf16_length(text);
            assert!(
                (1..=limit).contains(&length),
                "{language:?}: {name} has {length}"
            );
        }
        for description in texts(language).command_descriptions {
            assert!((1..=MAX_DESCRIPTION).contains(&utf16_length(description)));
        }
        for names in [
            &texts(language).template_names[..],
            &texts(language).format_names,
        ] {
            assert!(names.iter().all(|name| utf16_length(name) <= MAX_BUTTON));
        }
    }
}

/// The letters of a text without its placeholders, commands and examples.
fn own_words(text: &str) -> impl Iterator<Item = char> {
    let parts = text
        .split('{')
        .map(|part| part.rsplit('}').next().unwrap_or(part));
    let words = parts.flat_map(str::split_whitespace);
    let words = words.filter(|word| !word.starts_with(['/', '@', '#', '\\']));
    words.flat_map(str::chars)
}

#[test]
fn texts_are_in_the_script_of_their_language() {
    for (language, source) in SOURCES {
        let script = crate::Language::from(language).script();
        for (name, text) in fields(source) {
            if matches!(name, "button_pdf" | "language_name" | "my_id" | "zone") {
                continue;
            }
            let letters = own_words(text).filter_map(crate::Script::of);
            let (own, all) = letters.fold((0, 0), |(own, all), found| {
                (own + usize::from(found == script), all + 1)
            });
            assert!(own * 2 > all, "{language:?}: {name}: {text}");
        }
    }
}

#[test]
fn commands_of_the_help_exist_and_fit_the_menu() {
    for language in UiLanguage::ALL {
        for command in COMMANDS.iter().filter(|command| **command != "help") {
            let is_named = texts(language).help.contains(&format!("/{command}"));
            assert!(is_named, "{language:?}: {command}");
        }
    }
    let is_good = |name: &&str| name.bytes().all(|byte| byte.is_ascii_lowercase());
    assert!(
        COMMANDS
            .iter()
            .all(|name| is_good(name) && name.len() <= 32)
    );
}

#[test]
fn digits_are_the_same_in_every_language() {
    for (language, source) in SOURCES {
        let is_foreign = |letter: char| letter.is_numeric() && !letter.is_ascii_digit();
        assert!(!source.contains(is_foreign), "{language:?}");
    }
}

#[test]
fn values_are_isolated_in_right_to_left_texts_only() {
    let values = [("done", "5".to_owned()), ("total", "8".to_owned())];
    let fill = |language| {
        let texts = texts(language);
        texts.fill(texts.drawing, &values)
    };
    assert_eq!(fill(UiLanguage::En), "🎨 Drawing: 5 of 8");
    for language in [UiLanguage::He, UiLanguage::Ar] {
        let filled = fill(language);
        assert!(filled.contains("\u{2068}5\u{2069}"), "{filled}");
        assert!(filled.contains("\u{2068}8\u{2069}"), "{filled}");
    }
}

#[test]
fn values_are_no_templates() {
    let english = texts(UiLanguage::En);
    let values = [
        ("topic", "{limit} {x".to_owned()),
        ("limit", "30".to_owned()),
    ];
    let filled = english.fill("{topic} and {limit}, {unknown}", &values);
    assert_eq!(filled, "{limit} {x and 30, ");
    assert_eq!(english.fill("an open {brace", &values), "an open {brace");
}
