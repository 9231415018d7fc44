//! JSON from outside, read so that a broken part costs no more than itself.

use std::{fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer,
    de::{SeqAccess, Visitor},
};
use serde_json::value::RawValue;

/// A string, or a number where a string belongs. Anything else is as good as absent.
#[derive(Debug, Default)]
pub struct Text(Option<String>);

impl Text {
    pub fn get(&self) -> Option<&str> {
        self.0.as_deref()
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <&RawValue>::deserialize(deserializer)?.get();
        Ok(Self(match raw.as_bytes().first() {
            Some(b'"') => serde_json::from_str(raw).ok(),
            Some(b'-' | b'0'..=b'9') => Some(raw.to_owned()),
            _ => None,
        }))
    }
}

/// A value that is absent when it is not what it should be.
#[derive(Debug)]
pub struct Part<T>(pub Option<T>);

impl<T> Default for Part<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Part<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <&RawValue>::deserialize(deserializer)?.get();
        Ok(Self(serde_json::from_str(raw).ok()))
    }
}

/// The good elements of an array, and how many others there were.
#[derive(Debug)]
pub struct Many<T> {
    pub items: Vec<T>,
    pub broken: usize,
}

impl<T> Default for Many<T> {
    fn default() -> Self {
        Self {
            items: Vec::new(),
            broken: 0,
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Many<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <&RawValue>::deserialize(deserializer)?.get();
        if raw == "null" {
            return Ok(Self::default());
        }
        let elements =
            serde_json::Deserializer::from_str(raw).deserialize_seq(Elements(PhantomData));
        Ok(elements.unwrap_or(Self {
            items: Vec::new(),
            broken: 1,
        }))
    }
}

struct Elements<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for Elements<T> {
    type Value = Many<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut many = Many::default();
        while let Some(Part(element)) = seq.next_element::<Part<T>>()? {
            match element {
                Some(element) => many.items.push(element),
                None => many.broken += 1,
            }
        }
        Ok(many)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_read_where_a_string_belongs() {
        let texts: Many<Text> = serde_json::from_str(r#"["a", 17, null, {}, "\ud83d"]"#).unwrap();
        let texts: Vec<_> = texts.items.iter().map(Text::get).collect();
        assert_eq!(texts, [Some("a"), Some("17"), None, None, None]);
    }

    #[test]
    fn broken_elements_are_counted_and_the_others_kept() {
        let many: Many<u8> = serde_json::from_str(r#"[1, "two", 3, 1000]"#).unwrap();
        assert_eq!((many.items, many.broken), (vec![1, 3], 2));
        let many: Many<u8> = serde_json::from_str(r#"{"not": "a list"}"#).unwrap();
        assert_eq!((many.items.len(), many.broken), (0, 1));
    }
}
