//! Sanitizes model output: one line, visible characters only, bounded length.

use confab_core::length;
use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

pub(super) const MAX_NAME_CHARS: usize = 40;
const MIN_NAME_CHARS: usize = 2;
const MAX_KEY_CHARS: usize = 48;
/// Pointed Hebrew takes three combining marks; longer stacks would overlap other lines.
const MAX_COMBINING_MARKS: usize = 3;
/// Allows a year or a house number, but no phone number.
const MAX_DIGITS: usize = 6;

/// Returns the first `max_chars` visible characters as one line in NFKC.
pub(super) fn line(text: &str, max_chars: usize) -> String {
    // One character decomposes into up to eighteen, so the input is bounded before it is
    // normalized.
    let spaced = text
        .chars()
        .take(8 * max_chars)
        .map(|c| if c.is_whitespace() { ' ' } else { c });
    let visible: String = spaced
        .filter(|c| !is_invisible(*c))
        .nfkc()
        .filter(|c| !is_invisible(*c))
        .collect();
    let words = visible.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut marks = 0;
    let bounded_marks = words.chars().filter(|c| {
        marks = if is_combining_mark(*c) { marks + 1 } else { 0 };
        marks <= MAX_COMBINING_MARKS
    });
    let line: String = bounded_marks.nfkc().collect();
    clip_at_word(
        line.trim_start_matches(|c: char| is_combining_mark(c) || c == ' '),
        max_chars,
    )
    .to_owned()
}

/// Returns a room name, or `None` when it has markup, an address or a phone number.
pub(super) fn name(text: &str) -> Option<String> {
    let name = line(text, MAX_NAME_CHARS);
    let is_valid = length(&name) >= MIN_NAME_CHARS
        && name.chars().any(char::is_alphabetic)
        && name.chars().filter(|c| c.is_numeric()).count() <= MAX_DIGITS
        && !name.contains(is_markup)
        && !name.split_whitespace().any(is_address);
    if !is_valid {
        return None;
    }
    Some(name)
}

/// Returns a key in lower-case kebab, or `None` without a Latin letter or digit.
pub(super) fn key(text: &str) -> Option<String> {
    let letters = text
        .chars()
        .take(4 * MAX_KEY_CHARS)
        .nfkd()
        .filter(|c| !is_combining_mark(*c));
    let plain: String = letters
        .map(|c| {
            if c.is_ascii_alphanumeric() {
                c.to_ascii_lowercase()
            } else {
                ' '
            }
        })
        .collect();
    let mut key = plain.split_whitespace().collect::<Vec<_>>().join("-");
    key.truncate(MAX_KEY_CHARS);
    key.truncate(key.trim_end_matches('-').len());
    if key.is_empty() {
        return None;
    }
    Some(key)
}

/// Clips at the end of a word, where that keeps more than half.
fn clip_at_word(text: &str, max_chars: usize) -> &str {
    let Some((end, next)) = text.char_indices().nth(max_chars) else {
        return text.trim_end();
    };
    let word_end = if next == ' ' {
        None
    } else {
        text[..end].rfind(' ')
    };
    text[..word_end.filter(|space| 2 * space > end).unwrap_or(end)].trim_end()
}

fn is_markup(c: char) -> bool {
    matches!(
        c,
        '<' | '>' | '{' | '}' | '[' | ']' | '|' | '\\' | '`' | '@' | '='
    )
}

/// Detects URLs such as `https://b.example` and `b.example/x`: rooms are no advertisements.
fn is_address(word: &str) -> bool {
    let is_host = |(before, after): (&str, &str)| {
        before.ends_with(char::is_alphanumeric)
            && after.chars().take_while(|c| c.is_alphabetic()).count() >= 2
    };
    word.contains("://")
        || word
            .match_indices('.')
            .any(|(at, dot)| is_host((&word[..at], &word[at + dot.len()..])))
}

/// Detects control, bidirectional, joining, filler, variation, tag and private-use characters.
fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}'
            | '\u{e000}'..='\u{f8ff}' | '\u{fdd0}'..='\u{fdef}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}'
            | '\u{fff0}'..='\u{ffff}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{10ffff}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use unicode_normalization::is_nfkc;

    use super::*;

    #[test]
    fn name_is_one_visible_line() {
        for (text, expected) in [
            ("Sunset Pier", "Sunset Pier"),
            ("  Sunset \t\r\n Pier\u{2028}North ", "Sunset Pier North"),
            ("Ｓｕｎｓｅｔ ﬁsh", "Sunset fish"),
            ("\u{202e}reiP\u{202c} \u{2067}x\u{2069}\u{200f}", "reiP x"),
            ("Sun\u{200b}\u{ad}set\0\u{7}\u{feff}", "Sunset"),
            ("חוף\u{200e} השקיעה", "חוף השקיעה"),
            ("שָׁלוֹם", "שָׁלוֹם"),
            ("Cafe\u{301}", "Café"),
            ("\u{301}\u{302} x1", "x1"),
            (
                "Z\u{300}\u{301}\u{302}\u{303}\u{304}\u{305} a",
                "Z\u{300}\u{301}\u{302} a",
            ),
            ("🏖\u{fe0f} Beach", "🏖 Beach"),
            ("Rock'n'Roll & Co. No. 5", "Rock'n'Roll & Co. No. 5"),
            ("\u{e000}\u{e0041}Hi", "Hi"),
        ] {
            assert_eq!(name(text).as_deref(), Some(expected), "{text:?}");
        }
    }

    #[test]
    fn name_with_markup_addresses_or_phone_numbers_is_dropped() {
        for text in [
            "",
            " ",
            "x",
            "\u{200b}\u{200b}\u{200b}",
            "12",
            "!!",
            "😀😀",
            "<b>Beach</b>",
            "＜script＞",
            "[x](y)",
            "`rm`",
            "{{name}}",
            "dana@example",
            "Visit evil.example",
            "https://x",
            "Call 054 123 4567",
            "Call 0541234567",
            "a=b",
            "x\\y",
        ] {
            assert_eq!(name(text), None, "{text:?}");
        }
    }

    #[test]
    fn long_line_ends_at_a_word() {
        let long = "The quiet room of those who came too early to the harbour";
        assert_eq!(line(long, 40), "The quiet room of those who came too");
        assert_eq!(line(long, 12), "The quiet");
        assert_eq!(line(long, 3), "The");
        assert_eq!(line(&"x".repeat(1_000_000), 40), "x".repeat(40));
        assert!(length(&line(&"\u{fdfa}".repeat(1_000), 40)) <= 40);
        assert_eq!(
            line(&format!("a {}", "x".repeat(99)), 10),
            format!("a {}", "x".repeat(8))
        );
    }

    #[test]
    fn key_is_lower_case_kebab() {
        for (text, expected) in [
            ("sunset-pier", Some("sunset-pier")),
            (" Sunset  Pier! ", Some("sunset-pier")),
            ("--Café__№ 5--", Some("cafe-no-5")),
            ("חוף", None),
            ("../../etc", Some("etc")),
            ("", None),
            ("---", None),
        ] {
            assert_eq!(key(text).as_deref(), expected, "{text:?}");
        }
        assert_eq!(
            key(&"ab ".repeat(100)).unwrap(),
            "ab-".repeat(16).trim_end_matches('-')
        );
    }

    proptest! {
        #[test]
        fn any_text_is_sanitized(text in "\\PC{0,60}|[\\u0300-\\u036f\\u1100-\\u11ff\\u200b-\\u206f a<>.@]{0,60}|.{0,60}", max_chars in 1_usize..50) {
            let line = line(&text, max_chars);
            prop_assert!(length(&line) <= max_chars && is_nfkc(&line), "{line:?}");
            prop_assert!(!line.contains(is_invisible) && !line.contains("  ") && line.trim() == line, "{line:?}");
            if let Some(name) = name(&text) {
                prop_assert!((MIN_NAME_CHARS..=MAX_NAME_CHARS).contains(&length(&name)) && !name.contains(['<', '>', '@']));
            }
            if let Some(found) = key(&text) {
                prop_assert!(found.len() <= MAX_KEY_CHARS && !found.contains("--") && key(&found) == Some(found.clone()));
                prop_assert!(found.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-'));
            }
        }
    }
}
