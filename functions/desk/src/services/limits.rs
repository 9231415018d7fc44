//! Limits of plans, as errors.

use confab_core::{Error, Kind};
use desk_domain::{LimitName, LimitReached};
use serde_json::json;

/// The answer when a conditional write finds a limit reached.
pub(crate) fn limit_reached(name: LimitName) -> Error {
    let message = format!("Your plan allows no further {}.", name.unit());
    Error::new(Kind::PaymentRequired, LimitReached::CODE, message)
        .with_errors(json!({ "limit": name }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn error_names_the_limit() {
        let error = limit_reached(LimitName::Seats);
        assert_eq!(error.code(), "limit_reached");
        assert_eq!(error.message(), "Your plan allows no further seat.");
        assert_eq!(error.errors(), Some(&json!({ "limit": "seats" })));
    }
}
