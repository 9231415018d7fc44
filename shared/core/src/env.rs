//! Environment variables as a map. `confab-lambda` reads the process's.

use std::{collections::HashMap, fmt, str::FromStr};

/// Environment variables, read once at start by a service's `Config`.
pub struct Env(HashMap<String, String>);

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum EnvError {
    #[error("the environment variable {0} is not set")]
    Missing(String),
    #[error("the environment variable {name} is malformed: {reason}")]
    Malformed { name: String, reason: String },
}

/// Shows names only, since values may be secret.
impl fmt::Debug for Env {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl<K: Into<String>, V: Into<String>> FromIterator<(K, V)> for Env {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(variables: I) -> Self {
        let own = |(name, value): (K, V)| (name.into(), value.into());
        Self(variables.into_iter().map(own).collect())
    }
}

impl Env {
    /// Returns a variable that is set and not empty: an empty template parameter means "not configured".
    pub fn optional(&self, name: &str) -> Option<&str> {
        self.0
            .get(name)
            .map(String::as_str)
            .filter(|value| !value.is_empty())
    }

    pub fn required(&self, name: &str) -> Result<&str, EnvError> {
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
    fn missing_variables_are_named() {
        let env = Env::from_iter([("EMPTY", ""), ("NUMBER", "x")]);
        assert_eq!(
            env.required("EMPTY").unwrap_err().to_string(),
            "the environment variable EMPTY is not set"
        );
        assert!(matches!(
            env.parsed::<i64>("NUMBER"),
            Err(EnvError::Malformed { .. })
        ));
    }

    #[test]
    fn debug_output_hides_values() {
        let env = Env::from_iter([("TOKEN", "hunter2")]);
        assert_eq!(format!("{env:?}"), r#"{"TOKEN"}"#);
    }
}
