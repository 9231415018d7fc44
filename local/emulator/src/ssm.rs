//! SSM's parameter store, read-only.

use std::collections::BTreeMap;

use serde_json::{Value, json};

/// The values by name.
#[derive(Debug)]
pub(crate) struct ParameterStore(pub(crate) BTreeMap<String, String>);

impl ParameterStore {
    /// Answers `GetParameters`.
    pub(crate) fn get_many(&self, request: &Value) -> Value {
        let names = request
            .get("Names")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(Value::as_str);
        let (mut found, mut invalid) = (Vec::new(), Vec::new());
        for name in names {
            match self.parameter(name) {
                Some(parameter) => found.push(parameter),
                None => invalid.push(name),
            }
        }
        json!({ "Parameters": found, "InvalidParameters": invalid })
    }

    /// Answers `GetParameter`; fails with the name of an unknown parameter.
    pub(crate) fn get_one(&self, request: &Value) -> Result<Value, String> {
        let name = request
            .get("Name")
            .and_then(Value::as_str)
            .unwrap_or_default();
        match self.parameter(name) {
            Some(parameter) => Ok(json!({ "Parameter": parameter })),
            None => Err(name.to_owned()),
        }
    }

    fn parameter(&self, name: &str) -> Option<Value> {
        let value = self.0.get(name)?;
        Some(json!({ "Name": name, "Type": "SecureString", "Value": value, "Version": 1 }))
    }
}
