//! What errors of the model mean for a job.

use confab_openai::ModelError;

/// Tells whether no waiting helps: the request, the model's name or the account is rejected.
pub(super) fn is_defect(error: &ModelError) -> bool {
    matches!(error, ModelError::Unpaid | ModelError::Refused { .. })
}

/// Tells whether another call may help at once.
pub(super) fn may_help_again(error: &ModelError) -> bool {
    matches!(
        error,
        ModelError::NotReached(_)
            | ModelError::Unusable(_)
            | ModelError::Busy {
                retry_after: None,
                ..
            }
    )
}

/// Describes an error without the provider's message, which may quote what was asked.
pub(super) fn reason_of(error: &ModelError) -> String {
    match error {
        ModelError::Refused { status, .. } => format!("refused with {status}"),
        ModelError::Busy { status, .. } => format!("temporarily unavailable: HTTP {status}"),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn log_has_no_message_of_the_provider() {
        let message = "Invalid topic: small habits".to_owned();
        let refused = ModelError::Refused {
            status: 400,
            of_content: false,
            message: message.clone(),
        };
        let busy = ModelError::Busy {
            status: 503,
            retry_after: None,
            reason: format!("HTTP 503: {message}"),
        };
        assert_eq!(reason_of(&refused), "refused with 400");
        assert_eq!(reason_of(&busy), "temporarily unavailable: HTTP 503");
    }
}
