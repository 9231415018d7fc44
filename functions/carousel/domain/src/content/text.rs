//! Cleans, measures and cuts texts. Lengths are grapheme clusters, as people count characters.

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};
use unicode_segmentation::UnicodeSegmentation;

use crate::Script;

/// Combining marks on one base character; no script needs more.
const MAX_MARKS: usize = 6;
/// The longest emoji sequence has eleven code points. Longer chains are attacks on the renderer.
pub(super) const MAX_GRAPHEME_CHARS: usize = 16;

pub fn grapheme_count(text: &str) -> usize {
    text.graphemes(true).count()
}

/// Normalizes a text to one line in NFC: no control, direction or invisible characters, single spaces.
pub(crate) fn clean_line(text: &str) -> String {
    clean(text).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Normalizes a text like [`clean_line`], but keeps its lines, and one empty line between paragraphs.
pub(crate) fn clean_paragraphs(text: &str) -> String {
    let cleaned = clean(text);
    let mut lines: Vec<String> = Vec::new();
    for line in cleaned.lines() {
        let line = line.split_whitespace().collect::<Vec<_>>().join(" ");
        let follows_empty = lines.last().is_none_or(String::is_empty);
        if !(line.is_empty() && follows_empty) {
            lines.push(line);
        }
    }
    lines.join("\n").trim_end().to_owned()
}

fn clean(text: &str) -> String {
    let unified = text.replace("\r\n", "\n");
    let unified: Vec<char> = unified
        .chars()
        .map(unify_space)
        .filter(|c| !is_hidden(*c))
        .collect();
    let joined: String = without_stray_joiners(&unified).nfc().collect();
    let mut bounded = String::with_capacity(joined.len());
    for grapheme in limit_marks(&joined).graphemes(true) {
        if grapheme.chars().count() <= MAX_GRAPHEME_CHARS {
            bounded.push_str(grapheme);
            continue;
        }
        let start: String = grapheme.chars().take(MAX_GRAPHEME_CHARS).collect();
        bounded.push_str(start.trim_end_matches(is_joiner));
    }
    bounded
}

fn unify_space(c: char) -> char {
    match c {
        '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}' => '\n',
        c if c.is_whitespace() => ' ',
        c => c,
    }
}

/// Detects controls, direction marks, fillers, tags, private use and noncharacters. Joiners and emoji
/// variation selectors stay where scripts and emoji need them.
pub(super) fn is_hidden(c: char) -> bool {
    (c.is_control() && c != '\n')
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}' | '\u{e000}'..='\u{f8ff}'
            | '\u{fdd0}'..='\u{fdef}' | '\u{fe00}'..='\u{fe0d}' | '\u{feff}' | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffb}' | '\u{fffe}' | '\u{ffff}' | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{10ffff}')
}

fn is_joiner(c: char) -> bool {
    matches!(c, '\u{200c}' | '\u{200d}' | '\u{fe0e}' | '\u{fe0f}')
}

/// Drops joiners and variation selectors that join nothing: at spaces, twice, and in scripts without them.
fn without_stray_joiners(text: &[char]) -> impl Iterator<Item = char> {
    let mut base = None;
    let mut follows_joiner = false;
    text.iter().enumerate().filter_map(move |(at, &c)| {
        if is_joiner(c) {
            let is_selector = matches!(c, '\u{fe0e}' | '\u{fe0f}');
            let is_inside = text
                .get(at + 1)
                .is_some_and(|next| !next.is_whitespace() && !is_joiner(*next));
            let joins = base.is_some_and(|base| may_join(base, is_selector));
            let keeps = joins && !follows_joiner && (is_inside || is_selector);
            follows_joiner |= keeps && !is_selector;
            return keeps.then_some(c);
        }
        follows_joiner = false;
        if !is_combining_mark(c) {
            base = (!c.is_whitespace()).then_some(c);
        }
        Some(c)
    })
}

fn may_join(base: char, is_selector: bool) -> bool {
    if is_selector {
        return !base.is_alphabetic();
    }
    match Script::of(base) {
        Some(Script::Arabic | Script::Devanagari) => true,
        Some(_) => false,
        None => !base.is_ascii(),
    }
}

fn limit_marks(text: &str) -> String {
    let mut marks = 0;
    let keeps = |c: &char| {
        if is_combining_mark(*c) {
            marks += 1;
            return marks <= MAX_MARKS;
        }
        if !is_joiner(*c) {
            marks = 0;
        }
        true
    };
    text.chars().filter(keeps).collect()
}

/// Returns the text in lower case, character by character, so that parts of a text stay parts of it.
pub(super) fn fold(text: &str) -> String {
    text.chars().flat_map(char::to_lowercase).collect()
}

/// Returns the longest beginning of whole sentences within the limit.
pub(super) fn cut_at_sentence(text: &str, limit: usize) -> Option<&str> {
    cut_at(text, limit, text.split_sentence_bounds())
}

/// Returns the longest beginning of whole words within the limit.
pub(super) fn cut_at_word(text: &str, limit: usize) -> Option<&str> {
    cut_at(text, limit, text.split_word_bounds())
}

fn cut_at<'a>(
    text: &'a str,
    limit: usize,
    parts: impl Iterator<Item = &'a str>,
) -> Option<&'a str> {
    let mut end = 0;
    let mut at = 0;
    let mut length = 0;
    for part in parts {
        at += part.len();
        let with_part = length + grapheme_count(part.trim_end());
        if with_part > limit {
            break;
        }
        length += grapheme_count(part);
        end = at;
    }
    let cut = text[..end].trim_end();
    (!cut.is_empty()).then_some(cut)
}

/// Returns the first `limit` graphemes.
pub(super) fn first_graphemes(text: &str, limit: usize) -> &str {
    let end = text
        .grapheme_indices(true)
        .nth(limit)
        .map_or(text.len(), |(at, _)| at);
    &text[..end]
}

/// Shortens a text to the limit at the end of a word, with an ellipsis.
pub(super) fn ellipsis(text: &str, limit: usize) -> String {
    if grapheme_count(text) <= limit {
        return text.to_owned();
    }
    let room = limit.saturating_sub(1);
    let cut = cut_at_word(text, room).unwrap_or_else(|| first_graphemes(text, room));
    let is_pause =
        |c: char| c.is_whitespace() || matches!(c, ',' | ';' | ':' | '،' | '؛' | '—' | '–' | '-');
    format!("{}…", cut.trim_end_matches(is_pause))
}

#[cfg(test)]
mod tests;
