//! Lenient JSON for untrusted input: a malformed part is dropped and its siblings are kept.

use std::{fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer,
    de::{SeqAccess, Visitor},
};
use serde_json::value::RawValue;

/// A string, or a number where a string is expected. Every other type counts as absent.
#[derive(Debug, Default)]
pub struct LenientString(Option<String>);

impl LenientString {
    pub fn get(&self) -> Option<&str> {
        self.0.as_deref()
    }
}

impl<'de> Deserialize<'de> for LenientString {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <&RawValue>::deserialize(deserializer)?.get();
        Ok(Self(match raw.as_bytes().first() {
            Some(b'"') => serde_json::from_str(raw).ok(),
            Some(b'-' | b'0'..=b'9') => Some(raw.to_owned()),
            _ => None,
        }))
    }
}

/// A value that counts as absent when it is malformed.
#[derive(Debug)]
pub struct Lenient<T>(pub Option<T>);

impl<T> Default for Lenient<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Lenient<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <&RawValue>::deserialize(deserializer)?.get();
        Ok(Self(serde_json::from_str(raw).ok()))
    }
}

/// The well-formed elements of an array, and the number of malformed ones.
#[derive(Debug)]
pub struct LenientVec<T> {
    pub items: Vec<T>,
    pub broken: usize,
}

impl<T> Default for LenientVec<T> {
    fn default() -> Self {
        Self {
            items: Vec::new(),
            broken: 0,
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for LenientVec<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <&RawValue>::deserialize(deserializer)?.get();
        if raw == "null" {
            return Ok(Self::default());
        }
        let vec =
            serde_json::Deserializer::from_str(raw).deserialize_seq(LenientVecVisitor(PhantomData));
        Ok(vec.unwrap_or(Self {
            items: Vec::new(),
            broken: 1,
        }))
    }
}

struct LenientVecVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for LenientVecVisitor<T> {
    type Value = LenientVec<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut vec = LenientVec::default();
        while let Some(Lenient(element)) = seq.next_element::<Lenient<T>>()? {
            match element {
                Some(element) => vec.items.push(element),
                None => vec.broken += 1,
            }
        }
        Ok(vec)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lenient_string_accepts_numbers_and_drops_other_types() {
        let texts: LenientVec<LenientString> =
            serde_json::from_str(r#"["a", 17, null, {}, "\ud83d"]"#).unwrap();
        let texts: Vec<_> = texts.items.iter().map(LenientString::get).collect();
        assert_eq!(texts, [Some("a"), Some("17"), None, None, None]);
    }

    #[test]
    fn lenient_vec_counts_malformed_elements_and_keeps_the_rest() {
        let vec: LenientVec<u8> = serde_json::from_str(r#"[1, "two", 3, 1000]"#).unwrap();
        assert_eq!((vec.items, vec.broken), (vec![1, 3], 2));
        let vec: LenientVec<u8> = serde_json::from_str(r#"{"not": "a list"}"#).unwrap();
        assert_eq!((vec.items.len(), vec.broken), (0, 1));
    }
}
