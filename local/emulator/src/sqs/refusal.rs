//! Errors of the JSON protocol.

use axum::http::StatusCode;

use super::engine::SqsError;

/// An error response of SQS: its status, type and message.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub status: StatusCode,
    pub kind: &'static str,
    pub message: String,
}

impl From<SqsError> for Refusal {
    fn from(error: SqsError) -> Self {
        let (status, kind) = match &error {
            SqsError::NoQueue => (StatusCode::BAD_REQUEST, "QueueDoesNotExist"),
            SqsError::NoReceipt => (StatusCode::BAD_REQUEST, "ReceiptHandleIsInvalid"),
            SqsError::NotInFlight => (StatusCode::BAD_REQUEST, "MessageNotInflight"),
            SqsError::Characters => (StatusCode::BAD_REQUEST, "InvalidMessageContents"),
            SqsError::NoSource | SqsError::NoTask => {
                (StatusCode::NOT_FOUND, "ResourceNotFoundException")
            }
            SqsError::Invalid(_) => (StatusCode::BAD_REQUEST, "InvalidParameterValue"),
            SqsError::Missing(_) => (StatusCode::BAD_REQUEST, "MissingParameter"),
            SqsError::TooLong(_) => (StatusCode::BAD_REQUEST, "BatchRequestTooLong"),
            SqsError::File(_) => (StatusCode::INTERNAL_SERVER_ERROR, "InternalError"),
        };
        Self {
            status,
            kind,
            message: error.to_string(),
        }
    }
}

impl Refusal {
    /// Returns the code of the older query protocol, which clients compare.
    pub(crate) fn legacy_code(&self) -> String {
        match self.kind {
            "QueueDoesNotExist" => "AWS.SimpleQueueService.NonExistentQueue".to_owned(),
            "EmptyBatchRequest"
            | "TooManyEntriesInBatchRequest"
            | "BatchEntryIdsNotDistinct"
            | "BatchRequestTooLong"
            | "InvalidBatchEntryId"
            | "MessageNotInflight"
            | "UnsupportedOperation" => format!("AWS.SimpleQueueService.{}", self.kind),
            other => other.to_owned(),
        }
    }
}
