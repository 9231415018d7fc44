//! What a webhook brought, and the limits on what is kept of it.

use std::borrow::Cow;

use confab_core::{Error, Private, Result, clip};
use confab_messaging::Update;

/// Every update of one webhook. What could not be used is told in `ignored`, in words fit for a metric.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Parsed {
    pub updates: Vec<Update>,
    pub ignored: Vec<Cow<'static, str>>,
}

/// As many as Meta puts into one webhook.
const MOST_UPDATES: usize = 1_000;
const MOST_REASONS: usize = 100;
const LONGEST_ID: usize = 512;
const LONGEST_TEXT: usize = 65_536;

impl Parsed {
    pub fn ignore(&mut self, reason: impl Into<Cow<'static, str>>) {
        if self.ignored.len() < MOST_REASONS {
            self.ignored.push(reason.into());
        }
    }

    pub fn broken(&mut self, what: &str, count: usize) {
        for _ in 0..count.min(10) {
            self.ignore(format!("broken:{what}"));
        }
    }

    pub fn push(&mut self, update: Update) -> Result<()> {
        if self.updates.len() >= MOST_UPDATES {
            return Err(Error::too_large("One webhook may bring 1,000 updates."));
        }
        self.updates.push(update);
        Ok(())
    }
}

/// Queues and stores refuse these, and nobody types them.
fn is_nothing(c: char) -> bool {
    matches!(c, '\0'..='\u{8}' | '\u{B}' | '\u{C}' | '\u{E}'..='\u{1F}' | '\u{FFFE}' | '\u{FFFF}')
}

pub fn text(text: &str) -> Private<String> {
    Private(
        text.chars()
            .filter(|c| !is_nothing(*c))
            .take(LONGEST_TEXT)
            .collect(),
    )
}

pub fn plain(text: &str) -> String {
    text.replace(is_nothing, "")
}

/// A short text of a provider's, such as a title.
pub fn line(text: &str) -> String {
    clip(&plain(text), 256)
}

/// A provider's id, or nothing when it is empty or longer than any id is.
pub fn id(id: &str) -> Option<String> {
    let id = plain(id);
    (1..=LONGEST_ID).contains(&id.len()).then_some(id)
}

/// A provider's word for something, safe in a log line and in the name of a metric.
pub fn label(word: &str) -> String {
    let safe = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    word.chars().filter(safe).take(64).collect()
}
