//! Collects what is wrong with settings, so that a form can show all of it at once.

use std::fmt;

use confab_core::{Error, Kind, length};
use serde::Serialize;

use crate::text::{clean_line, clean_text};

/// One thing that is wrong. `field` is a path such as `prechat[2].label`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "contract", derive(ts_rs::TS, utoipa::ToSchema))]
pub struct FieldError {
    pub field: String,
    pub code: &'static str,
    pub message: String,
}

/// Everything that is wrong with settings; never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidSettings(pub Vec<FieldError>);

impl fmt::Display for InvalidSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let errors = self
            .0
            .iter()
            .map(|error| format!("{}: {}", error.field, error.message));
        f.write_str(&errors.collect::<Vec<_>>().join(" "))
    }
}

impl std::error::Error for InvalidSettings {}

impl From<InvalidSettings> for Error {
    fn from(invalid: InvalidSettings) -> Self {
        let message = "Some of the settings are not valid.";
        let errors = serde_json::to_value(&invalid.0).unwrap_or_default();
        Self::new(Kind::Unprocessable, "bad_settings", message)
            .with_errors(errors)
            .with_source(invalid)
    }
}

/// Cleans values in place and notes those out of bounds.
#[derive(Debug, Default)]
pub(super) struct Checker {
    errors: Vec<FieldError>,
}

impl Checker {
    pub(super) fn refuse(
        &mut self,
        field: impl Into<String>,
        code: &'static str,
        message: impl Into<String>,
    ) {
        self.errors.push(FieldError {
            field: field.into(),
            code,
            message: message.into(),
        });
    }

    /// Cleans a text of one line, which has `min` to `max` characters.
    pub(super) fn line(&mut self, field: &str, text: &mut String, min: usize, max: usize) {
        *text = clean_line(text);
        self.check_length(field, text, min, max);
    }

    /// Cleans a text of several lines, which has at most `max` characters.
    pub(super) fn text(&mut self, field: &str, text: &mut String, max: usize) {
        *text = clean_text(text);
        self.check_length(field, text, 0, max);
    }

    /// Cleans a list of lines. Empty ones and repetitions go.
    pub(super) fn lines(
        &mut self,
        field: &str,
        lines: &mut Vec<String>,
        max_lines: usize,
        max_chars: usize,
    ) {
        let mut kept: Vec<String> = Vec::new();
        for line in lines.drain(..) {
            let line = clean_line(&line);
            if !line.is_empty() && !kept.contains(&line) {
                kept.push(line);
            }
        }
        self.count(field, kept.len(), max_lines);
        for (index, line) in kept.iter().enumerate() {
            self.check_length(&format!("{field}[{index}]"), line, 1, max_chars);
        }
        *lines = kept;
    }

    pub(super) fn count(&mut self, field: &str, count: usize, max: usize) {
        if count > max {
            self.refuse(field, "too_many", format!("There can be at most {max}."));
        }
    }

    pub(super) fn between(&mut self, field: &str, value: u8, min: u8, max: u8) {
        if !(min..=max).contains(&value) {
            self.refuse(
                field,
                "out_of_range",
                format!("The value is between {min} and {max}."),
            );
        }
    }

    fn check_length(&mut self, field: &str, text: &str, min: usize, max: usize) {
        if length(text) < min {
            self.refuse(field, "required", "This cannot be empty.");
        } else if length(text) > max {
            self.refuse(
                field,
                "too_long",
                format!("This can have at most {max} characters."),
            );
        }
    }

    /// Returns what was noted.
    pub(super) fn into_errors(self) -> Vec<FieldError> {
        self.errors
    }

    pub(super) fn finish(self) -> Result<(), InvalidSettings> {
        if self.errors.is_empty() {
            Ok(())
        } else {
            Err(InvalidSettings(self.errors))
        }
    }
}
