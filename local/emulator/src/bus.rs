//! EventBridge: events on a bus, patterns of rules, and targets.

use serde_json::{Value, json};

use crate::{
    cloud::Cloud,
    record::Kind,
    sqs::Outgoing,
    template::{Rule, Target},
};

/// An entry that is not taken: its code and what is wrong.
type Refusal = (&'static str, String);

/// Answers `PutEvents`: each entry on its own, as AWS does.
pub fn put_events(cloud: &Cloud, request: &Value) -> Result<Value, String> {
    let entries = request
        .get("Entries")
        .and_then(Value::as_array)
        .map(Vec::as_slice)
        .unwrap_or_default();
    if !(1..=10).contains(&entries.len()) {
        let count = entries.len();
        return Err(format!(
            "{count} entries: there must be at least 1 and at most 10."
        ));
    }
    let results: Vec<_> = entries
        .iter()
        .map(|entry| match put(cloud, entry) {
            Ok(id) => json!({ "EventId": id }),
            Err((code, message)) => json!({ "ErrorCode": code, "ErrorMessage": message }),
        })
        .collect();
    let failed = results
        .iter()
        .filter(|result| result.get("ErrorCode").is_some())
        .count();
    Ok(json!({ "FailedEntryCount": failed, "Entries": results }))
}

fn put(cloud: &Cloud, entry: &Value) -> Result<String, Refusal> {
    let text = |name: &str| entry.get(name).and_then(Value::as_str).unwrap_or_default();
    for name in ["Source", "DetailType", "Detail"] {
        if text(name).is_empty() {
            let told =
                format!("Parameter {name} is not valid. Reason: {name} is a required argument.");
            return Err(("InvalidArgument", told));
        }
    }
    let detail = serde_json::from_str::<Value>(text("Detail"))
        .ok()
        .filter(Value::is_object);
    let detail = detail.ok_or_else(|| ("MalformedDetail", "Detail is malformed.".to_owned()))?;
    let named = text("EventBusName");
    let bus = named
        .rsplit('/')
        .next()
        .filter(|name| !name.is_empty())
        .unwrap_or("default");
    if bus != "default" && !cloud.template.buses.iter().any(|known| known.name == bus) {
        // AWS accepts it and forgets it without a word; here at least the log has one.
        let line = json!({ "level": "ERROR", "message": format!("an event is lost: there is no event bus {bus}") });
        cloud.record.line("events", &line.to_string());
    }
    let id = uuid::Uuid::new_v4().to_string();
    let event = json!({
        "version": "0",
        "id": id,
        "detail-type": text("DetailType"),
        "source": text("Source"),
        "account": cloud.account,
        "time": cloud.clock.timestamp().strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        "region": cloud.region,
        "resources": entry.get("Resources").cloned().unwrap_or_else(|| json!([])),
        "detail": detail,
    });
    for rule in cloud
        .template
        .rules
        .iter()
        .filter(|rule| rule.bus == bus && matches(&rule.pattern, &event))
    {
        let failed = rule
            .targets
            .iter()
            .filter(|target| !deliver(cloud, rule, target, &event))
            .count();
        cloud.record.matched(&rule.bus, &rule.name, failed);
    }
    Ok(id)
}

/// Whether the target has it.
fn deliver(cloud: &Cloud, rule: &Rule, target: &Target, event: &Value) -> bool {
    let correlation = event
        .pointer("/detail/correlation_id")
        .and_then(Value::as_str);
    let sent = match (
        cloud.queues.by_arn(&target.arn),
        cloud.functions.get(&target.arn),
    ) {
        (Ok(queue), _) => {
            let message = Outgoing {
                body: event.to_string(),
                attributes: correlation.map_or_else(
                    || json!({}),
                    |id| json!({ "correlation_id": { "DataType": "String", "StringValue": id } }),
                ),
                group_id: target.group.clone(),
                deduplication_id: event.get("id").and_then(Value::as_str).map(str::to_owned),
                sender: "events".to_owned(),
                ..Outgoing::default()
            };
            cloud
                .queues
                .send(queue, &message)
                .map(drop)
                .map_err(anyhow::Error::from)
        }
        (Err(_), Some(function)) => cloud.invoke_later(function, &event.to_string()),
        (Err(error), None) => Err(error.into()),
    };
    if let Err(error) = &sent {
        cloud.record.line(
            "events",
            &format!("rule {} reached nothing: {error}", rule.name),
        );
    }
    if let Some(id) = correlation {
        let kind = event
            .get("detail-type")
            .and_then(Value::as_str)
            .unwrap_or_default();
        cloud
            .record
            .entry(Kind::Event, &rule.name, id, kind)
            .failed_if(sent.is_err())
            .add();
    }
    sent.is_ok()
}

/// Does an event fit a pattern? Names are AWS's; what local does not know is refused when the template is read.
pub fn matches(pattern: &Value, event: &Value) -> bool {
    match pattern {
        Value::Object(fields) => {
            fields
                .iter()
                .all(|(name, wanted)| match (name.as_str(), wanted) {
                    ("$or", Value::Array(any)) => any.iter().any(|one| matches(one, event)),
                    (_, Value::Array(any)) => any.iter().any(|one| fits(one, event.get(name))),
                    (_, nested) => event.get(name).is_some_and(|value| matches(nested, value)),
                })
        }
        _ => false,
    }
}

fn fits(wanted: &Value, value: Option<&Value>) -> bool {
    if let Some(Value::Array(values)) = value {
        return values.iter().any(|one| fits(wanted, Some(one)));
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
            .is_some_and(|number| compares(number, argument)),
        _ => false,
    }
}

fn compares(number: f64, argument: &Value) -> bool {
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

/// The first operator of a pattern that local does not know.
pub fn unknown_operator(pattern: &Value) -> Option<String> {
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
    fn an_operator_that_is_not_known_is_named() {
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
