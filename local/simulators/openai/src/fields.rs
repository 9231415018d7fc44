//! Fields of a request. Unknown fields are refused by name, as OpenAI does.

use serde_json::{Map, Value};

use crate::api_error::ApiError;

#[derive(Debug, Clone)]
pub(crate) struct Fields<'a> {
    map: &'a Map<String, Value>,
    /// The path of the object, such as `messages[0]`; empty for the request itself.
    at: String,
}

impl<'a> Fields<'a> {
    pub(crate) fn of(value: &'a Value, at: impl Into<String>) -> Result<Self, ApiError> {
        let at = at.into();
        match value.as_object() {
            Some(map) => Ok(Self { map, at }),
            None => Err(ApiError::kind_of(&at, "an object")),
        }
    }

    pub(crate) fn place(&self, name: &str) -> String {
        if self.at.is_empty() {
            name.to_owned()
        } else {
            format!("{}.{name}", self.at)
        }
    }

    /// Refuses unknown fields. `others` are fields of OpenAI that are not simulated.
    pub(crate) fn only(&self, known: &[&str], others: &[&str]) -> Result<(), ApiError> {
        for (name, value) in self.map {
            if others.contains(&name.as_str()) && !value.is_null() {
                return Err(ApiError::not_here(&self.place(name)));
            }
            if !known.contains(&name.as_str()) && !others.contains(&name.as_str()) {
                return Err(ApiError::unknown(&self.place(name)));
            }
        }
        Ok(())
    }

    /// Returns `None` for a field that is missing or null.
    pub(crate) fn get(&self, name: &str) -> Option<&'a Value> {
        self.map.get(name).filter(|value| !value.is_null())
    }

    pub(crate) fn need(&self, name: &str) -> Result<&'a Value, ApiError> {
        self.get(name)
            .ok_or_else(|| ApiError::missing(&self.place(name)))
    }

    pub(crate) fn text(&self, name: &str) -> Result<&'a str, ApiError> {
        self.need(name)?
            .as_str()
            .ok_or_else(|| ApiError::kind_of(&self.place(name), "a string"))
    }

    pub(crate) fn list(&self, name: &str) -> Result<&'a Vec<Value>, ApiError> {
        let list = self
            .need(name)?
            .as_array()
            .ok_or_else(|| ApiError::kind_of(&self.place(name), "an array"))?;
        if list.is_empty() {
            Err(ApiError::value(
                &self.place(name),
                "an array with at least one element",
            ))
        } else {
            Ok(list)
        }
    }

    pub(crate) fn number(
        &self,
        name: &str,
        least: u64,
        most: u64,
    ) -> Result<Option<u64>, ApiError> {
        let Some(value) = self.get(name) else {
            return Ok(None);
        };
        let number = value
            .as_u64()
            .ok_or_else(|| ApiError::kind_of(&self.place(name), "an integer"))?;
        if (least..=most).contains(&number) {
            Ok(Some(number))
        } else {
            Err(ApiError::value(
                &self.place(name),
                &format!("{least} to {most}"),
            ))
        }
    }

    pub(crate) fn number_between(&self, name: &str, least: f64, most: f64) -> Result<(), ApiError> {
        let Some(value) = self.get(name) else {
            return Ok(());
        };
        let number = value
            .as_f64()
            .ok_or_else(|| ApiError::kind_of(&self.place(name), "a number"))?;
        if (least..=most).contains(&number) {
            Ok(())
        } else {
            Err(ApiError::value(
                &self.place(name),
                &format!("{least} to {most}"),
            ))
        }
    }

    pub(crate) fn one_of(
        &self,
        name: &str,
        values: &[&'static str],
    ) -> Result<Option<&'static str>, ApiError> {
        let Some(value) = self.get(name) else {
            return Ok(None);
        };
        let found = values.iter().find(|known| value == **known);
        let expected =
            || ApiError::value(&self.place(name), &format!("one of {}", values.join(", ")));
        found.copied().map(Some).ok_or_else(expected)
    }
}
