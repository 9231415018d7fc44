//! What a command answers: for people, for scripts, and for the shell.

use serde_json::Value;

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) text: String,
    pub(crate) json: Value,
    /// Whether nothing needs attention.
    pub(crate) is_fine: bool,
}

impl Answer {
    pub(crate) fn fine(text: impl Into<String>, json: Value) -> Self {
        Self {
            text: text.into(),
            json,
            is_fine: true,
        }
    }

    pub(crate) fn problem(text: impl Into<String>, json: Value) -> Self {
        Self {
            text: text.into(),
            json,
            is_fine: false,
        }
    }
}

/// The arguments are invalid, or the command cannot be carried out with them. It has an exit code of its own.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Misused(pub(crate) String);
