//! What a webhook brought, and the limits on what is kept of it.

use std::borrow::Cow;

use confab_kernel::{Error, Private, Result, messaging::Update};

/// Every update of one webhook. What could not be used is told in `ignored`, in words fit for a metric.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Parsed {
    pub updates: Vec<Update>,
    pub ignored: Vec<Cow<'static, str>>,
}

const MOST_UPDATES: usize = 5_000;
const MOST_REASONS: usize = 100;
const LONGEST_ID: usize = 512;
const LONGEST_TEXT: usize = 65_536;

impl Parsed {
    pub(crate) fn ignore(&mut self, reason: impl Into<Cow<'static, str>>) {
        if self.ignored.len() < MOST_REASONS {
            self.ignored.push(reason.into());
        }
    }

    pub(crate) fn push(&mut self, update: Update) -> Result<()> {
        if self.updates.len() >= MOST_UPDATES {
            return Err(Error::too_large("One webhook may bring 5,000 updates."));
        }
        self.updates.push(update);
        Ok(())
    }
}

/// Some stores refuse NUL, and nobody types it.
pub(crate) fn text(text: &str) -> Private<String> {
    Private(text.chars().filter(|c| *c != '\0').take(LONGEST_TEXT).collect())
}

/// A provider's id, or nothing when it is empty or longer than any id is.
pub(crate) fn id(id: &str) -> Option<String> {
    let id = id.replace('\0', "");
    (1..=LONGEST_ID).contains(&id.len()).then_some(id)
}

/// A provider's word for something, safe in a log line and in the name of a metric.
pub(crate) fn label(word: &str) -> String {
    let safe = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    word.chars().filter(safe).take(64).collect()
}
