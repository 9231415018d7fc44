//! What became of an invocation.

use bytes::Bytes;
use serde::Serialize;

/// The end of one invocation.
#[derive(Debug, Clone)]
pub enum Outcome {
    Answered(Bytes),
    Failed(Failure),
}

/// An error as Lambda words it.
#[derive(Debug, Clone, Serialize)]
pub struct Failure {
    #[serde(rename = "errorType")]
    pub kind: String,
    #[serde(rename = "errorMessage")]
    pub message: String,
}

impl Failure {
    pub(super) fn crashed(message: String) -> Self {
        Self {
            kind: "Runtime.ExitError".to_owned(),
            message,
        }
    }

    pub(super) fn timed_out(message: String) -> Self {
        Self {
            kind: "Sandbox.Timedout".to_owned(),
            message,
        }
    }

    /// Whether the process is ending, which may take a moment.
    pub(super) fn ends_the_process(&self) -> bool {
        matches!(self.kind.as_str(), "Runtime.ExitError" | "Sandbox.Timedout")
    }

    pub fn is_throttle(&self) -> bool {
        self.kind == "TooManyRequestsException"
    }
}
