//! Operators of the platform outside of a tenant, those who give commands, and people who may be signed in.

use std::sync::Arc;

use confab_core::{Error, Result, UserId};
use confab_lambda::{ApiRequest, extract::FromRequest};

use super::SignedIn;
use crate::state::State;

/// A person who is signed in, or a request without a token.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OptionalSignedIn(pub(crate) Option<SignedIn>);

impl FromRequest<State> for OptionalSignedIn {
    async fn from_request(request: &Arc<ApiRequest>, state: &Arc<State>) -> Result<Self> {
        if request.bearer().is_none() {
            return Ok(Self(None));
        }
        let person = SignedIn::from_request(request, state).await?;
        Ok(Self(Some(person)))
    }
}

/// An operator of the platform, in no tenant.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PlatformOperator {
    pub(crate) user: UserId,
}

impl FromRequest<State> for PlatformOperator {
    async fn from_request(request: &Arc<ApiRequest>, state: &Arc<State>) -> Result<Self> {
        let user = SignedIn::from_request(request, state).await?.user;
        let person = state.store()?.find_person(user).await?;
        if person.is_some_and(|person| person.platform_role.is_some()) {
            Ok(Self { user })
        } else {
            Err(Error::forbidden(
                "Only operators of the platform can do this.",
            ))
        }
    }
}

/// Bytes of the name of an operator who gives commands. An ARN fits.
const MAX_NAME_BYTES: usize = 300;

/// An operator who gives a command. IAM decides who may invoke the function; the name is for the audit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CommandOperator(String);

impl CommandOperator {
    pub(crate) fn new(name: &str) -> Result<Self> {
        let name = name.trim();
        let is_readable = !name.is_empty()
            && name.len() <= MAX_NAME_BYTES
            && name.chars().all(|c| !c.is_control());
        if is_readable {
            return Ok(Self(name.to_owned()));
        }
        let message = format!("An operator's name has 1 to {MAX_NAME_BYTES} bytes.");
        Err(Error::invalid("bad_operator", message))
    }

    pub(crate) fn name(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operators_have_a_name_that_can_be_read() {
        let arn = "arn:aws:sts::123456789012:assumed-role/operators/olga";
        assert_eq!(CommandOperator::new(arn).unwrap().name(), arn);
        let long = "x".repeat(301);
        for odd in ["", " ", "a\nb", long.as_str()] {
            let refused = CommandOperator::new(odd).unwrap_err();
            assert_eq!(refused.code(), "bad_operator", "{odd}");
        }
    }
}
