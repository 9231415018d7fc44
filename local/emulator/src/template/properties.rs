//! Properties of resources, none of which may be unknown.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::{Map, Value};

/// A resource's properties, none of which may be unknown.
pub(super) struct Properties<'a> {
    pub(super) of: &'a Map<String, Value>,
}

impl<'a> Properties<'a> {
    pub(super) fn new(kind: &str, value: &'a Value, known: &[&str]) -> Result<Self> {
        let of = value
            .as_object()
            .with_context(|| format!("{kind} is not a mapping"))?;
        if let Some(unknown) = of.keys().find(|key| !known.contains(&key.as_str())) {
            bail!("local does not know {unknown} of {kind}");
        }
        Ok(Self { of })
    }

    pub(super) fn text(&self, name: &str) -> Option<String> {
        match self.of.get(name)? {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        }
    }

    pub(super) fn number(&self, name: &str) -> Result<Option<u64>> {
        self.text(name)
            .map(|text| {
                text.parse()
                    .with_context(|| format!("{name}: {text} is not a number"))
            })
            .transpose()
    }

    pub(super) fn seconds(&self, name: &str, otherwise: u64) -> Result<Duration> {
        Ok(Duration::from_secs(self.number(name)?.unwrap_or(otherwise)))
    }

    pub(super) fn bool(&self, name: &str) -> bool {
        self.of.get(name).and_then(Value::as_bool).unwrap_or(false)
    }
}

/// Returns a text or a list of texts as a list.
pub(super) fn texts(value: Option<&Value>) -> Vec<String> {
    match value {
        Some(Value::String(text)) => vec![text.clone()],
        Some(Value::Array(items)) => items
            .iter()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect(),
        _ => Vec::new(),
    }
}

/// Merges `Globals` into own values, which take precedence. Lists replace each other.
pub(super) fn merge(globals: Value, own: Value) -> Value {
    match (globals, own) {
        (Value::Object(mut globals), Value::Object(own)) => {
            for (key, value) in own {
                let merged = match globals.remove(&key) {
                    Some(global) => merge(global, value),
                    None => value,
                };
                globals.insert(key, merged);
            }
            Value::Object(globals)
        }
        (_, own) => own,
    }
}
