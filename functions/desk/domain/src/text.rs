//! Cleans texts of people: no direction overrides, no invisible characters, no towers of marks.

use confab_core::{Error, Result, length};
use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// Combining marks on one base character; no script needs more.
const MAX_MARKS: usize = 6;
/// Bytes that are cleaned for each character of a limit, so that a huge text costs nothing.
const MAX_BYTES_PER_CHAR: usize = 8;

/// Parses a name of 1 to `max` characters.
pub(crate) fn parse_name(text: &str, max: usize) -> Result<String> {
    parse_optional_name(text, max)?.ok_or_else(|| bad_name(max))
}

/// Parses a name of up to `max` characters. An empty one is `None`.
pub(crate) fn parse_optional_name(text: &str, max: usize) -> Result<Option<String>> {
    clean_within(text, max, clean_line).ok_or_else(|| bad_name(max))
}

fn bad_name(max: usize) -> Error {
    Error::invalid("bad_name", format!("A name has 1 to {max} characters."))
}

/// Parses a text of up to `max` characters that keeps its line breaks. An empty one is `None`.
pub(crate) fn parse_paragraphs(text: &str, max: usize) -> Result<Option<String>> {
    clean_within(text, max, clean_text).ok_or_else(|| {
        let message = format!("A text has at most {max} characters.");
        Error::invalid("text_too_long", message)
    })
}

/// Cleans a text. The outer `None` is one that is too long, the inner one is an empty one.
fn clean_within(text: &str, max: usize, clean: fn(&str) -> String) -> Option<Option<String>> {
    if text.len() > max * MAX_BYTES_PER_CHAR {
        return None;
    }
    let cleaned = clean(text);
    (length(&cleaned) <= max).then(|| Some(cleaned).filter(|text| !text.is_empty()))
}

/// Normalizes a text to one line in NFC with single spaces. It is empty if nothing of it can be seen.
pub(crate) fn clean_line(text: &str) -> String {
    let visible = text.chars().map(unify_space).filter(|c| !is_hidden(*c));
    let composed = limit_marks(visible.nfc());
    seen_or_empty(composed.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// Cleans a text of several lines. It is empty if nothing of it can be seen. Line breaks, joiners and direction marks
/// stay.
pub(crate) fn clean_text(text: &str) -> String {
    let unified = text.replace("\r\n", "\n");
    let visible = unified.chars().map(unify_break).filter(|c| !is_hidden(*c));
    seen_or_empty(limit_marks(visible).trim().to_owned())
}

/// Joiners, direction marks and variation selectors alone are not seen.
fn seen_or_empty(text: String) -> String {
    let is_mark = |c| matches!(c, '\u{200c}'..='\u{200f}' | '\u{fe00}'..='\u{fe0f}');
    if text.chars().all(|c| c.is_whitespace() || is_mark(c)) {
        return String::new();
    }
    text
}

fn unify_break(c: char) -> char {
    match c {
        '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}' => '\n',
        c => c,
    }
}

fn unify_space(c: char) -> char {
    if c.is_whitespace() { ' ' } else { c }
}

/// Detects controls, direction overrides and isolates, fillers, tags, private use and noncharacters. Joiners and
/// direction marks are kept, because scripts and emoji need them.
fn is_hidden(c: char) -> bool {
    (c.is_control() && !matches!(c, '\n' | '\t'))
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{2800}' | '\u{3164}' | '\u{e000}'..='\u{f8ff}' | '\u{fdd0}'..='\u{fdef}' | '\u{feff}'
            | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{fffe}' | '\u{ffff}' | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{10ffff}')
}

/// Keeps the first `MAX_MARKS` combining marks of each base character. A joiner is not a base character.
fn limit_marks(text: impl Iterator<Item = char>) -> String {
    let mut marks = 0;
    let is_kept = |c: &char| {
        if is_combining_mark(*c) {
            marks += 1;
            return marks <= MAX_MARKS;
        }
        if !matches!(c, '\u{200c}'..='\u{200f}') {
            marks = 0;
        }
        true
    };
    text.filter(is_kept).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn direction_overrides_and_invisible_characters_are_dropped() {
        assert_eq!(clean_text("a\u{202e}b\u{2066}c\u{2069}\0\u{7}"), "abc");
        assert_eq!(clean_text(" one\r\ntwo\u{2028}three \n"), "one\ntwo\nthree");
        assert_eq!(clean_text("\u{200b}\u{feff}\u{e0041}"), "");
        assert_eq!(clean_text("\u{200d}\u{200f} \u{fe0f}"), "");
        assert_eq!(clean_line("\u{200d}\u{200f} \u{fe0f}"), "");
        assert_eq!(clean_line(" Dana\u{202e} \t of\n Troy "), "Dana of Troy");
        assert_eq!(clean_line("Cafe\u{301}"), "Café");
    }

    #[test]
    fn scripts_and_emoji_keep_their_marks_and_joiners() {
        for text in [
            "שָׁלוֹם",
            "हिन्दी",
            "می\u{200c}خواهم",
            "👩\u{200d}👧",
            "א\u{200f}1",
        ] {
            assert_eq!(clean_text(text), text);
        }
        let tower = format!("a{}b", "\u{33c}".repeat(400));
        assert_eq!(length(&clean_text(&tower)), 2 + MAX_MARKS);
    }

    #[test]
    fn names_are_one_line_without_invisible_characters() {
        let name = |text| parse_name(text, 20).unwrap();
        assert_eq!(name("  Dana \n of\tTroy "), "Dana of Troy");
        assert_eq!(name("Da\u{202e}na\u{feff}"), "Dana");
        assert_eq!(name("Jose\u{301}"), "José");
        assert_eq!(name("علی\u{200c}رضا"), "علی\u{200c}رضا");
        for odd in [
            "",
            " \n",
            "\u{200d}\u{200d}",
            "\u{202e}",
            &"x".repeat(21),
            &"x".repeat(1 << 20),
        ] {
            assert_eq!(parse_name(odd, 20).unwrap_err().code(), "bad_name");
        }
    }

    #[test]
    fn paragraphs_keep_line_breaks_and_their_limit() {
        let text = parse_paragraphs(" one\n\ntwo\u{202e} \n", 20).unwrap();
        assert_eq!(text.as_deref(), Some("one\n\ntwo"));
        assert_eq!(parse_paragraphs(" \u{feff}\n", 20).unwrap(), None);
        assert!(parse_paragraphs(&"x".repeat(21), 20).is_err());
        assert!(parse_paragraphs(&"\u{feff}".repeat(1_000), 20).is_err());
    }

    proptest! {
        #[test]
        fn parsed_names_are_normalized(text in ".{0,30}") {
            if let Ok(name) = parse_name(&text, 80) {
                prop_assert_eq!(parse_name(&name, 80).unwrap(), name);
            }
        }

        #[test]
        fn cleaning_is_idempotent(text in "[a-z \n\t\u{300}-\u{33f}\u{200b}-\u{200f}\u{202a}-\u{202e}א-ת가-갂ᄀ-ᇿ]{0,60}") {
            let (cleaned, line) = (clean_text(&text), clean_line(&text));
            prop_assert_eq!(clean_text(&cleaned), cleaned);
            prop_assert_eq!(clean_line(&line), line.clone());
            prop_assert!(!line.contains('\n'));
        }
    }
}
