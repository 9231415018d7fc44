//! Describes a failure of AWS in one line, with advice for common failures.

use std::{error::Error, fmt::Debug};

use aws_sdk_sqs::error::{ProvideErrorMetadata, SdkError};

/// For `map_err`: `doing` is what was to be done.
pub(crate) fn failed<E, R>(doing: &str) -> impl Fn(SdkError<E, R>) -> anyhow::Error
where
    E: ProvideErrorMetadata + Error + 'static,
    R: Debug + 'static,
{
    move |error| {
        let told = match error.as_service_error() {
            Some(answer) => match (answer.code(), answer.message()) {
                (Some(code), Some(message)) => format!("{code}: {message}"),
                (Some(code), None) => code.to_owned(),
                _ => chain(&error),
            },
            None => chain(&error),
        };
        let advice = advice(&told)
            .map(|advice| format!(" {advice}"))
            .unwrap_or_default();
        anyhow::anyhow!("{doing}: {}.{advice}", told.trim_end_matches('.'))
    }
}

fn chain(error: &dyn Error) -> String {
    let mut texts = vec![error.to_string()];
    let mut source = error.source();
    while let Some(cause) = source {
        let text = cause.to_string();
        if !texts.contains(&text) {
            texts.push(text);
        }
        source = cause.source();
    }
    texts.join(": ")
}

fn advice(told: &str) -> Option<&'static str> {
    let has = |words: &[&str]| words.iter().any(|word| told.contains(word));
    if has(&[
        "ExpiredToken",
        "token has expired",
        "token is expired",
        "InvalidGrant",
    ]) {
        Some("Log in again: aws sso login.")
    } else if has(&[
        "no providers in chain",
        "credential provider was not enabled",
        "CredentialsNotLoaded",
    ]) {
        Some(
            "There are no AWS credentials: run `aws configure sso`, set AWS_PROFILE, or pass --profile.",
        )
    } else if has(&["credentials-login"]) {
        Some(
            "This command does not support `aws login`: run eval \"$(aws configure export-credentials --format env)\" first.",
        )
    } else if has(&[
        "UnrecognizedClient",
        "InvalidClientTokenId",
        "SignatureDoesNotMatch",
    ]) {
        Some("AWS does not know these credentials: check AWS_PROFILE or --profile.")
    } else if has(&["AccessDenied", "not authorized"]) {
        Some("Ask the account's administrator for this permission, or use another --profile.")
    } else if has(&["dns error", "connect", "timed out"]) {
        Some("Check the network and the region.")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn common_failures_come_with_advice() {
        for (told, word) in [
            (
                "ExpiredTokenException: The security token included in the request is expired",
                "sso login",
            ),
            (
                "dispatch failure: other: no providers in chain provided credentials",
                "configure sso",
            ),
            (
                "AccessDenied: User is not authorized to perform: sqs:GetQueueUrl",
                "permission",
            ),
        ] {
            assert!(
                advice(told).is_some_and(|advice| advice.contains(word)),
                "{told}"
            );
        }
        assert_eq!(
            advice("ValidationError: Stack with id x does not exist"),
            None
        );
    }
}
