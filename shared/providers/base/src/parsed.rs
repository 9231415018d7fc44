//! Updates of a parsed webhook, and the limits on stored text.

use std::borrow::Cow;

use confab_core::{Error, Private, Result, clip};
use confab_messaging::Update;

/// The updates of one webhook. `ignored` lists the reasons for skipped parts, fit for metric names.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Parsed {
    pub updates: Vec<Update>,
    pub ignored: Vec<Cow<'static, str>>,
}

/// Meta batches up to 1,000 updates into one webhook.
const MAX_UPDATES: usize = 1_000;
const MAX_IGNORED_REASONS: usize = 100;
const MAX_ID_BYTES: usize = 512;
const MAX_TEXT_CHARS: usize = 65_536;
const MAX_LINE_CHARS: usize = 256;
const MAX_LABEL_CHARS: usize = 64;
/// Bounds the reasons recorded for one malformed array.
const MAX_REASONS_PER_ARRAY: usize = 10;

impl Parsed {
    /// Records why a part was skipped.
    pub fn ignore(&mut self, reason: impl Into<Cow<'static, str>>) {
        if self.ignored.len() < MAX_IGNORED_REASONS {
            self.ignored.push(reason.into());
        }
    }

    /// Records `count` malformed elements of the array `what`.
    pub fn ignore_broken(&mut self, what: &str, count: usize) {
        for _ in 0..count.min(MAX_REASONS_PER_ARRAY) {
            self.ignore(format!("broken:{what}"));
        }
    }

    /// Adds an update, up to `MAX_UPDATES` in one webhook.
    pub fn push(&mut self, update: Update) -> Result<()> {
        if self.updates.len() >= MAX_UPDATES {
            return Err(Error::too_large(
                "A webhook can contain at most 1,000 updates.",
            ));
        }
        self.updates.push(update);
        Ok(())
    }
}

/// Matches characters that queues and stores reject and that keyboards do not produce.
fn is_control_character(c: char) -> bool {
    matches!(c, '\0'..='\u{8}' | '\u{B}' | '\u{C}' | '\u{E}'..='\u{1F}' | '\u{FFFE}' | '\u{FFFF}')
}

/// Cleans and clips a user's text.
pub fn text(text: &str) -> Private<String> {
    Private(
        text.chars()
            .filter(|c| !is_control_character(*c))
            .take(MAX_TEXT_CHARS)
            .collect(),
    )
}

/// Removes control characters and noncharacters.
pub fn strip_control_characters(text: &str) -> String {
    text.replace(is_control_character, "")
}

/// Cleans and clips a short text from a provider, such as a title.
pub fn line(text: &str) -> String {
    clip(&strip_control_characters(text), MAX_LINE_CHARS)
}

/// Cleans a provider's id; returns `None` when it is empty or too long.
pub fn id(id: &str) -> Option<String> {
    let id = strip_control_characters(id);
    (1..=MAX_ID_BYTES).contains(&id.len()).then_some(id)
}

/// Keeps the characters of a provider's code that are safe in log lines and metric names.
pub fn label(word: &str) -> String {
    let is_safe = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    word.chars().filter(is_safe).take(MAX_LABEL_CHARS).collect()
}
