//! The one door to environment variables. A service's Config goes through it once, at start.

use std::{collections::HashMap, fmt, str::FromStr};

/// The process's environment, or a given one in tests.
pub struct Env(Source);

enum Source {
    Process,
    Given(HashMap<String, String>),
}

#[derive(Debug, PartialEq, Eq)]
pub enum EnvError {
    Missing(String),
    Malformed { name: String, reason: String },
}

impl fmt::Display for EnvError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(name) => write!(f, "the environment variable {name} is not set"),
            Self::Malformed { name, reason } => {
                write!(f, "the environment variable {name} is malformed: {reason}")
            }
        }
    }
}

impl std::error::Error for EnvError {}

impl fmt::Debug for Env {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Env")
    }
}

impl Env {
    pub fn of_process() -> Self {
        Self(Source::Process)
    }

    pub fn of<const N: usize>(variables: [(&str, &str); N]) -> Self {
        let given = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
        Self(Source::Given(HashMap::from(given)))
    }

    /// An empty variable is an absent one: a template's empty parameter means "not configured".
    #[expect(clippy::disallowed_methods, reason = "this is the one door")]
    pub fn optional(&self, name: &str) -> Option<String> {
        let value = match &self.0 {
            Source::Process => std::env::var(name).ok(),
            Source::Given(variables) => variables.get(name).cloned(),
        };
        value.filter(|value| !value.is_empty())
    }

    pub fn required(&self, name: &str) -> Result<String, EnvError> {
        self.optional(name)
            .ok_or_else(|| EnvError::Missing(name.to_owned()))
    }

    pub fn parsed<T: FromStr<Err: fmt::Display>>(&self, name: &str) -> Result<Option<T>, EnvError> {
        self.optional(name)
            .map(|value| {
                value.parse().map_err(|error: T::Err| EnvError::Malformed {
                    name: name.to_owned(),
                    reason: error.to_string(),
                })
            })
            .transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_variable_is_named() {
        let env = Env::of([("EMPTY", ""), ("NUMBER", "x")]);
        assert_eq!(
            env.required("EMPTY").unwrap_err().to_string(),
            "the environment variable EMPTY is not set"
        );
        assert!(matches!(
            env.parsed::<i64>("NUMBER"),
            Err(EnvError::Malformed { .. })
        ));
    }
}
