//! JSON schemas: checks of strict ones, and values that fit them.

use serde_json::{Map, Value};

use crate::api_error::ApiError;

/// Checks that every object of a strict schema is closed and requires all of its properties.
pub(crate) fn check(name: &str, schema: &Value) -> Result<(), ApiError> {
    if schema["type"] != "object" {
        return Err(ApiError::schema(
            name,
            "schema must be a JSON Schema of 'type: \"object\"'.",
        ));
    }
    check_within(name, schema)
}

fn check_within(name: &str, schema: &Value) -> Result<(), ApiError> {
    match schema {
        Value::Array(schemas) => schemas
            .iter()
            .try_for_each(|schema| check_within(name, schema)),
        Value::Object(fields) => {
            if let Some(properties) = fields.get("properties").and_then(Value::as_object) {
                closed(name, fields, properties)?;
            }
            fields
                .values()
                .try_for_each(|schema| check_within(name, schema))
        }
        _ => Ok(()),
    }
}

fn closed(
    name: &str,
    fields: &Map<String, Value>,
    properties: &Map<String, Value>,
) -> Result<(), ApiError> {
    if fields.get("additionalProperties") != Some(&Value::Bool(false)) {
        return Err(ApiError::schema(
            name,
            "'additionalProperties' is required to be supplied and to be false.",
        ));
    }
    let required = fields
        .get("required")
        .and_then(Value::as_array)
        .map(Vec::as_slice)
        .unwrap_or_default();
    match properties
        .keys()
        .find(|property| !required.iter().any(|name| name == property.as_str()))
    {
        Some(property) => {
            let what = format!(
                "'required' is required to be an array including every key. Missing '{property}'."
            );
            Err(ApiError::schema(name, &what))
        }
        None => Ok(()),
    }
}

/// Fills a schema with known values, and with minimal ones elsewhere.
pub(crate) fn filled(schema: &Value, known: Option<&Value>) -> Value {
    let kind = match &schema["type"] {
        Value::Array(kinds) => kinds.first().and_then(Value::as_str).unwrap_or_default(),
        kind => kind.as_str().unwrap_or_default(),
    };
    let known = known.filter(|value| match kind {
        "string" => {
            value.is_string()
                && schema["enum"]
                    .as_array()
                    .is_none_or(|values| values.contains(value))
        }
        "boolean" => value.is_boolean(),
        "integer" | "number" => value.is_number(),
        "array" => value.is_array(),
        _ => value.is_object(),
    });
    match kind {
        "object" => {
            let properties = schema["properties"].as_object().into_iter().flatten();
            let filled = properties.map(|(name, schema)| {
                (
                    name.clone(),
                    filled(schema, known.and_then(|known| known.get(name))),
                )
            });
            Value::Object(filled.collect())
        }
        "array" => {
            let elements = known.and_then(Value::as_array).into_iter().flatten();
            elements
                .map(|element| filled(&schema["items"], Some(element)))
                .collect()
        }
        "string" => known
            .or_else(|| schema["enum"].get(0))
            .cloned()
            .unwrap_or_else(|| "".into()),
        "boolean" => known.cloned().unwrap_or(false.into()),
        "integer" | "number" => known.cloned().unwrap_or(0.into()),
        _ => schema["anyOf"]
            .get(0)
            .map(|schema| filled(schema, known))
            .unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn strict_schemas_must_be_closed() {
        let texts = |required: &[&str], closed: bool| json!({"type": "object", "properties": {"a": {"type": "string"}}, "required": required, "additionalProperties": !closed});
        check("x", &texts(&["a"], true)).unwrap();
        for schema in [
            texts(&[], true),
            texts(&["a"], false),
            json!({"type": "array"}),
            json!({}),
            json!({"type": "object", "properties": {"b": {"type": "array", "items": texts(&[], true)}}, "required": ["b"], "additionalProperties": false}),
        ] {
            assert_eq!(
                check("x", &schema).unwrap_err().summary(),
                "400 response_format",
                "{schema}"
            );
        }
    }

    #[test]
    fn schemas_are_filled_with_known_and_minimal_values() {
        let schema = json!({"type": "object", "properties": {
            "title": {"type": "string"}, "kind": {"type": "string", "enum": ["a", "b"]}, "count": {"type": "integer"},
            "sure": {"type": "boolean"}, "note": {"type": ["string", "null"]}, "rooms": {"type": "array", "items":
                {"type": "object", "properties": {"name": {"type": "string"}}}}, "either": {"anyOf": [{"type": "number"}, {"type": "null"}]},
        }});
        let known = json!({"title": "Pier", "kind": "c", "rooms": [{"name": "x", "key": "y"}], "count": "7", "more": 1});
        let expected = json!({"title": "Pier", "kind": "a", "count": 0, "sure": false, "note": "", "rooms": [{"name": "x"}], "either": 0});
        assert_eq!(filled(&schema, Some(&known)), expected);
        assert_eq!(filled(&schema, None)["rooms"], json!([]));
    }
}
