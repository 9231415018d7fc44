//! Short texts that people type: names, titles and notices.

use confab_core::{Error, Result, length};
use unicode_normalization::UnicodeNormalization;

/// Normalizes a text of one line: NFC, single spaces, no invisible characters but joiners.
fn single_line(text: &str) -> String {
    let visible = text
        .chars()
        .filter(|c| c.is_whitespace() || !is_invisible(*c));
    let composed: String = visible.nfc().collect();
    composed.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Parses a name of 1 to `max` characters, at least one of them visible.
pub(crate) fn parse_name(text: &str, max: usize) -> Result<String> {
    // The bound comes first, so that a huge text costs nothing.
    let name = if text.len() > max * 8 {
        String::new()
    } else {
        single_line(text)
    };
    let is_visible = name.chars().any(|c| !is_joiner(c));
    if !is_visible || length(&name) > max {
        let message = format!("A name needs 1 to {max} characters.");
        return Err(Error::invalid("bad_name", message));
    }
    Ok(name)
}

/// Parses a text of up to `max` characters that keeps its line breaks. An empty one is `None`.
pub(crate) fn parse_paragraphs(text: &str, max: usize) -> Result<Option<String>> {
    let is_kept = |c: &char| *c == '\n' || *c == '\t' || !is_invisible(*c);
    let kept: String = text.chars().take(max * 8).filter(is_kept).nfc().collect();
    let kept = kept.trim();
    if length(kept) > max || text.len() > max * 8 {
        let message = format!("A text has at most {max} characters.");
        return Err(Error::invalid("text_too_long", message));
    }
    Ok((!kept.is_empty()).then(|| kept.to_owned()))
}

fn is_joiner(c: char) -> bool {
    matches!(c, '\u{200c}' | '\u{200d}')
}

/// Returns whether a character has no shape of its own: controls, direction marks, fillers and tags. Joiners are
/// not among them, because names in Persian and in Indic scripts need them.
pub(crate) fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{180e}' | '\u{200b}'
            | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}'
            | '\u{feff}' | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

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
    }
}
