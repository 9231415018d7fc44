//! Message texts in Telegram's HTML, and their limits.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::TelegramError;

/// Telegram counts Unicode code points after the markup is parsed, although it places entities in
/// UTF-16 units.
pub const MAX_TEXT_CHARS: usize = 4_096;
pub const MAX_CAPTION_CHARS: usize = 1_024;
/// The limit on the text before its markup is parsed.
const MAX_MARKUP_BYTES: usize = 32 * 1024;
/// The longest character reference that Telegram reads, such as `&quot;` or `&#1114111;`.
const MAX_REFERENCE_BYTES: usize = 10;

/// A text with markup such as `<b>`. Text from outside enters it escaped.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Html(String);

impl Html {
    /// Escapes a text from outside.
    pub fn text(text: &str) -> Self {
        Self(escape_html(text))
    }

    /// Takes our own markup. The caller has escaped text from outside with [`escape_html`].
    pub fn markup(markup: impl Into<String>) -> Self {
        Self(markup.into())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub fn is_empty(&self) -> bool {
        self.0.trim().is_empty()
    }

    /// Returns the number of characters as Telegram counts them: a tag is none, and a character
    /// reference is one.
    pub fn length(&self) -> usize {
        visible_chars(&self.0)
    }

    pub(crate) fn check(&self, max_chars: usize) -> Result<(), TelegramError> {
        if self.0.len() > MAX_MARKUP_BYTES {
            return Err(TelegramError::invalid("the markup is longer than 32 KB"));
        }
        if self.length() > max_chars {
            let reason = format!("the text is longer than {max_chars} characters");
            return Err(TelegramError::invalid(reason));
        }
        Ok(())
    }
}

impl fmt::Debug for Html {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Html(<{} bytes>)", self.0.len())
    }
}

/// Escapes a text for Telegram's HTML, in a text and in an attribute.
pub fn escape_html(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            _ => escaped.push(c),
        }
    }
    escaped
}

fn visible_chars(markup: &str) -> usize {
    let (mut count, mut rest) = (0, markup);
    while let Some(c) = rest.chars().next() {
        let tag_end = if c == '<' { rest.find('>') } else { None };
        if let Some(end) = tag_end {
            rest = &rest[end + 1..];
            continue;
        }
        count += 1;
        let taken = if c == '&' {
            reference_bytes(rest)
        } else {
            c.len_utf8()
        };
        rest = &rest[taken..];
    }
    count
}

/// Returns the length of the character reference at the start, or that of the bare `&`.
fn reference_bytes(text: &str) -> usize {
    let is_name = |b: &u8| b.is_ascii_alphanumeric() || *b == b'#';
    let name = text.bytes().skip(1).take_while(|b| is_name(b)).count();
    let length = name + 2;
    let is_reference = name > 0 && text.as_bytes().get(length - 1) == Some(&b';');
    if is_reference && length <= MAX_REFERENCE_BYTES {
        return length;
    }
    1
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn text_from_outside_has_no_markup_left() {
        let html = Html::text(r#"<a href="x">Tom & Jerry</a>"#);
        assert_eq!(
            html.as_str(),
            "&lt;a href=&quot;x&quot;&gt;Tom &amp; Jerry&lt;/a&gt;"
        );
    }

    #[test]
    fn length_leaves_out_tags_and_counts_references_once() {
        for (markup, length) in [
            ("", 0),
            ("plain", 5),
            ("<b>bold</b> &lt;3", 7),
            (r#"<a href="https://a.example/?x=1&amp;y=2">here</a>"#, 4),
            ("&#128512;&amp;", 2),
            ("a & b; c", 8),
            ("&;", 2),
            ("&waytoolongname;", 16),
            ("1 < 2", 5),
            ("שלום עולם", 9),
            ("😀👩‍👩‍👧", 6),
            ("<pre>a\nb</pre>", 3),
        ] {
            assert_eq!(Html::markup(markup).length(), length, "{markup}");
        }
    }

    #[test]
    fn limits_apply_to_code_points_after_the_markup_is_parsed() {
        let emoji = Html::text(&"😀".repeat(4_096));
        emoji.check(MAX_TEXT_CHARS).unwrap();
        Html::text(&"😀".repeat(4_097))
            .check(MAX_TEXT_CHARS)
            .unwrap_err();
        let escaped = Html::markup(format!("<b>{}</b>", escape_html(&"&".repeat(1_024))));
        escaped.check(MAX_CAPTION_CHARS).unwrap();
        let markup = Html::markup("<b></b>".repeat(5_000));
        assert_eq!(markup.length(), 0);
        markup.check(MAX_TEXT_CHARS).unwrap_err();
    }

    #[test]
    fn debug_output_contains_no_text() {
        let shown = format!("{:?}", Html::text("a private topic"));
        assert_eq!(shown, "Html(<15 bytes>)");
    }

    proptest! {
        #[test]
        fn escaped_text_counts_as_many_characters_as_the_text(text in any::<String>()) {
            let html = Html::text(&text);
            prop_assert!(!html.as_str().contains(['<', '>', '"']));
            prop_assert_eq!(html.length(), text.chars().count());
        }

        #[test]
        fn counting_never_panics_on_any_markup(markup in "[<>&;#a-z😀ש ]{0,60}") {
            prop_assert!(Html::markup(markup.clone()).length() <= markup.chars().count());
        }
    }
}
