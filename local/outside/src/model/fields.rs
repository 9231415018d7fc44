//! The fields of a request, read one by one: a field that is not known is refused by its name, as OpenAI does.

use serde_json::{Map, Value};

use super::refusal::Refusal;

#[derive(Debug, Clone)]
pub(super) struct Fields<'a> {
    map: &'a Map<String, Value>,
    /// Where it is, such as `messages[0]`; empty for the whole.
    at: String,
}

impl<'a> Fields<'a> {
    pub(super) fn of(value: &'a Value, at: impl Into<String>) -> Result<Self, Refusal> {
        let at = at.into();
        match value.as_object() {
            Some(map) => Ok(Self { map, at }),
            None => Err(Refusal::kind_of(&at, "an object")),
        }
    }

    pub(super) fn place(&self, name: &str) -> String {
        if self.at.is_empty() {
            name.to_owned()
        } else {
            format!("{}.{name}", self.at)
        }
    }

    /// `others` are OpenAI's too, and nobody plays them here.
    pub(super) fn only(&self, known: &[&str], others: &[&str]) -> Result<(), Refusal> {
        for (name, value) in self.map {
            if others.contains(&name.as_str()) && !value.is_null() {
                return Err(Refusal::not_here(&self.place(name)));
            }
            if !known.contains(&name.as_str()) && !others.contains(&name.as_str()) {
                return Err(Refusal::unknown(&self.place(name)));
            }
        }
        Ok(())
    }

    /// None when it is missing or null.
    pub(super) fn get(&self, name: &str) -> Option<&'a Value> {
        self.map.get(name).filter(|value| !value.is_null())
    }

    pub(super) fn need(&self, name: &str) -> Result<&'a Value, Refusal> {
        self.get(name)
            .ok_or_else(|| Refusal::missing(&self.place(name)))
    }

    pub(super) fn text(&self, name: &str) -> Result<&'a str, Refusal> {
        self.need(name)?
            .as_str()
            .ok_or_else(|| Refusal::kind_of(&self.place(name), "a string"))
    }

    pub(super) fn list(&self, name: &str) -> Result<&'a Vec<Value>, Refusal> {
        let list = self
            .need(name)?
            .as_array()
            .ok_or_else(|| Refusal::kind_of(&self.place(name), "an array"))?;
        match list.is_empty() {
            true => Err(Refusal::value(
                &self.place(name),
                "an array with at least one element",
            )),
            false => Ok(list),
        }
    }

    pub(super) fn number(&self, name: &str, least: u64, most: u64) -> Result<Option<u64>, Refusal> {
        let Some(value) = self.get(name) else {
            return Ok(None);
        };
        let number = value
            .as_u64()
            .ok_or_else(|| Refusal::kind_of(&self.place(name), "an integer"))?;
        match (least..=most).contains(&number) {
            true => Ok(Some(number)),
            false => Err(Refusal::value(
                &self.place(name),
                &format!("{least} to {most}"),
            )),
        }
    }

    pub(super) fn number_between(&self, name: &str, least: f64, most: f64) -> Result<(), Refusal> {
        let Some(value) = self.get(name) else {
            return Ok(());
        };
        let number = value
            .as_f64()
            .ok_or_else(|| Refusal::kind_of(&self.place(name), "a number"))?;
        match (least..=most).contains(&number) {
            true => Ok(()),
            false => Err(Refusal::value(
                &self.place(name),
                &format!("{least} to {most}"),
            )),
        }
    }

    pub(super) fn one_of(
        &self,
        name: &str,
        values: &[&'static str],
    ) -> Result<Option<&'static str>, Refusal> {
        let Some(value) = self.get(name) else {
            return Ok(None);
        };
        let found = values.iter().find(|known| value == **known);
        let expected =
            || Refusal::value(&self.place(name), &format!("one of {}", values.join(", ")));
        found.copied().map(Some).ok_or_else(expected)
    }
}
