//! Event patterns.

use serde_json::Value;

/// Whether an event matches a pattern. Unknown operators are refused when the template is opened.
pub(super) fn matches(pattern: &Value, event: &Value) -> bool {
    match pattern {
        Value::Object(fields) => {
            fields
                .iter()
                .all(|(name, wanted)| match (name.as_str(), wanted) {
                    ("$or", Value::Array(any)) => any.iter().any(|one| matches(one, event)),
                    (_, Value::Array(any)) => {
                        any.iter().any(|one| matches_field(one, event.get(name)))
                    }
                    (_, nested) => event.get(name).is_some_and(|value| matches(nested, value)),
                })
        }
        _ => false,
    }
}

fn matches_field(wanted: &Value, value: Option<&Value>) -> bool {
    if let Some(Value::Array(values)) = value {
        return values.iter().any(|one| matches_field(wanted, Some(one)));
    }
    let Some((operator, argument)) = wanted
        .as_object()
        .and_then(|operator| operator.iter().next())
    else {
        return value == Some(wanted);
    };
    let text = value.and_then(Value::as_str);
    let with = argument.as_str().unwrap_or_default();
    match operator.as_str() {
        "exists" => value.is_some() == argument.as_bool().unwrap_or(true),
        "prefix" => text.is_some_and(|text| text.starts_with(with)),
        "suffix" => text.is_some_and(|text| text.ends_with(with)),
        "equals-ignore-case" => text.is_some_and(|text| text.eq_ignore_ascii_case(with)),
        "anything-but" => value.is_some_and(|value| match argument {
            Value::Array(not) => !not.contains(value),
            not => not != value,
        }),
        "numeric" => value
            .and_then(Value::as_f64)
            .is_some_and(|number| compare(number, argument)),
        _ => false,
    }
}

fn compare(number: f64, argument: &Value) -> bool {
    let parts = argument.as_array().map(Vec::as_slice).unwrap_or_default();
    parts.chunks(2).all(|pair| match pair {
        [Value::String(operator), bound] => {
            bound.as_f64().is_some_and(|bound| match operator.as_str() {
                "<" => number < bound,
                "<=" => number <= bound,
                ">" => number > bound,
                ">=" => number >= bound,
                "=" => (number - bound).abs() < f64::EPSILON,
                _ => false,
            })
        }
        _ => false,
    })
}

/// Returns the first operator of a pattern that the emulator does not know.
pub(super) fn unknown_operator(pattern: &Value) -> Option<String> {
    const KNOWN: &[&str] = &[
        "exists",
        "prefix",
        "suffix",
        "equals-ignore-case",
        "anything-but",
        "numeric",
    ];
    match pattern {
        Value::Object(fields) => fields.values().find_map(unknown_operator),
        Value::Array(any) => any
            .iter()
            .find_map(|one| match one.as_object()?.keys().next() {
                Some(operator)
                    if !KNOWN.contains(&operator.as_str())
                        && !one.as_object()?.values().all(Value::is_array) =>
                {
                    Some(operator.clone())
                }
                _ => None,
            }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn patterns_match_as_on_aws() {
        let event = json!({ "detail-type": "payment_received", "detail": { "amount": 150, "tags": ["a", "b"], "state": "paid" } });
        let yes = [
            json!({ "detail-type": ["payment_received", "other"] }),
            json!({ "detail": { "amount": [{ "numeric": [">", 100, "<=", 150] }] } }),
            json!({ "detail": { "tags": ["b"] } }),
            json!({ "detail": { "state": [{ "prefix": "pa" }], "missing": [{ "exists": false }] } }),
            json!({ "detail": { "state": [{ "anything-but": ["open"] }] } }),
            json!({ "$or": [{ "detail-type": ["x"] }, { "detail": { "state": ["paid"] } }] }),
        ];
        for pattern in yes {
            assert!(matches(&pattern, &event), "{pattern}");
        }
        let no = [
            json!({ "detail-type": ["payment"] }),
            json!({ "detail": { "amount": [{ "numeric": ["<", 150] }] } }),
            json!({ "detail": { "state": [{ "exists": false }] } }),
            json!({ "nothing": ["x"] }),
        ];
        for pattern in no {
            assert!(!matches(&pattern, &event), "{pattern}");
        }
    }

    #[test]
    fn unknown_operators_are_named() {
        assert_eq!(
            unknown_operator(&json!({ "detail": { "a": [{ "cidr": "10.0.0.0/8" }] } })),
            Some("cidr".to_owned())
        );
        assert_eq!(
            unknown_operator(&json!({ "detail": { "a": [{ "prefix": "x" }, "y"] } })),
            None
        );
    }
}
