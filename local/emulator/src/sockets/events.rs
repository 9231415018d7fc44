//! The events that functions behind the WebSocket API get, and the frames that API Gateway writes by itself.

use axum::http::HeaderMap;
use bytes::Bytes;
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value, json};

use super::{connection::About, new_id};
use crate::{cloud::Cloud, template::SocketApi};

/// Everybody is on this machine.
pub(super) const SOURCE_IP: &str = "127.0.0.1";

pub(super) fn connect(
    cloud: &Cloud,
    api: &SocketApi,
    about: &About,
    headers: &HeaderMap,
    query: &str,
) -> Value {
    let mut event = request(headers, query);
    event.insert(
        "requestContext".to_owned(),
        context(cloud, api, about, "$connect", "CONNECT"),
    );
    event.insert("isBase64Encoded".to_owned(), json!(false));
    Value::Object(event)
}

/// What the authorizer is asked before.
pub(super) fn authorize(
    cloud: &Cloud,
    api: &SocketApi,
    about: &About,
    headers: &HeaderMap,
    query: &str,
    arn: &str,
) -> Value {
    let mut event = request(headers, query);
    for name in [
        "queryStringParameters",
        "multiValueQueryStringParameters",
        "stageVariables",
    ] {
        event.entry(name).or_insert_with(|| json!({}));
    }
    event.insert("type".to_owned(), json!("REQUEST"));
    event.insert("methodArn".to_owned(), json!(arn));
    event.insert(
        "requestContext".to_owned(),
        context(cloud, api, about, "$connect", "CONNECT"),
    );
    Value::Object(event)
}

/// Headers and query come with neither this nor the next.
pub(super) fn message(
    cloud: &Cloud,
    api: &SocketApi,
    about: &About,
    route_key: &str,
    body: &str,
) -> Value {
    let mut context = context(cloud, api, about, route_key, "MESSAGE");
    context["messageId"] = json!(new_id());
    json!({ "requestContext": context, "body": body, "isBase64Encoded": false })
}

pub(super) fn disconnect(
    cloud: &Cloud,
    api: &SocketApi,
    about: &About,
    code: u16,
    reason: &str,
) -> Value {
    let mut context = context(cloud, api, about, "$disconnect", "DISCONNECT");
    context["disconnectStatusCode"] = json!(code);
    context["disconnectReason"] = json!(reason);
    // AWS sends these four, and all but one of them are empty.
    json!({
        "headers": { "Host": about.domain, "x-api-key": "", "X-Forwarded-For": "", "x-restapi": "" },
        "multiValueHeaders": { "Host": [about.domain], "x-api-key": [""], "X-Forwarded-For": [""], "x-restapi": [""] },
        "requestContext": context,
        "isBase64Encoded": false,
    })
}

/// What a client sees when a message of its own led to nothing.
pub(super) fn refusal(message: &str, about: &About) -> Bytes {
    let request_id = new_id();
    json!({ "message": message, "connectionId": about.id, "requestId": request_id })
        .to_string()
        .into()
}

fn context(
    cloud: &Cloud,
    api: &SocketApi,
    about: &About,
    route_key: &str,
    event_type: &str,
) -> Value {
    let now = cloud.clock.timestamp();
    let request_id = new_id();
    let mut identity = json!({ "sourceIp": SOURCE_IP });
    if let Some(agent) = &about.user_agent {
        identity["userAgent"] = json!(agent);
    }
    let mut context = json!({
        "routeKey": route_key,
        "eventType": event_type,
        "extendedRequestId": request_id,
        "requestTime": now.strftime("%d/%b/%Y:%H:%M:%S +0000").to_string(),
        "messageDirection": "IN",
        "stage": api.stage,
        "connectedAt": about.connected_at,
        "requestTimeEpoch": now.as_millisecond(),
        "identity": identity,
        "requestId": request_id,
        "domainName": about.domain,
        "connectionId": about.id,
        "apiId": api.id,
    });
    if let Some(authorizer) = &about.authorizer {
        context["authorizer"] = authorizer.clone();
    }
    context
}

fn request(headers: &HeaderMap, query: &str) -> Map<String, Value> {
    let mut last = Map::new();
    let mut all = Map::new();
    for name in headers
        .keys()
        .filter(|name| !matches!(name.as_str(), "connection" | "upgrade"))
    {
        let values: Vec<_> = headers
            .get_all(name)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .collect();
        last.insert(titled(name.as_str()), json!(values.last()));
        all.insert(titled(name.as_str()), json!(values));
    }
    let trace = format!("Root=1-{}", uuid::Uuid::new_v4().simple());
    let own = [
        ("X-Amzn-Trace-Id", trace.as_str()),
        ("X-Forwarded-For", SOURCE_IP),
        ("X-Forwarded-Port", "443"),
        ("X-Forwarded-Proto", "https"),
    ];
    for (name, value) in own {
        last.insert(name.to_owned(), json!(value));
        all.insert(name.to_owned(), json!([value]));
    }
    let mut event = Map::from_iter([
        ("headers".to_owned(), last.into()),
        ("multiValueHeaders".to_owned(), all.into()),
    ]);
    let parameters = parameters(query);
    if !parameters.is_empty() {
        let mut last = Map::new();
        let mut all: Map<String, Value> = Map::new();
        for (name, value) in parameters {
            if let Some(values) = all
                .entry(name.clone())
                .or_insert_with(|| json!([]))
                .as_array_mut()
            {
                values.push(json!(value));
            }
            last.insert(name, json!(value));
        }
        event.insert("queryStringParameters".to_owned(), last.into());
        event.insert("multiValueQueryStringParameters".to_owned(), all.into());
    }
    event
}

/// Decoded, in their order.
pub(super) fn parameters(query: &str) -> Vec<(String, String)> {
    let decoded = |text: &str| {
        percent_decode_str(&text.replace('+', " "))
            .decode_utf8_lossy()
            .into_owned()
    };
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(n, v)| (decoded(n), decoded(v)))
        .collect()
}

/// The server has headers in small letters, and AWS hands them over as clients write them: `Sec-WebSocket-Key`.
fn titled(name: &str) -> String {
    let words = name.split('-').map(|word| match word {
        "websocket" => "WebSocket".to_owned(),
        _ => word[..1.min(word.len())].to_uppercase() + &word[1.min(word.len())..],
    });
    words.collect::<Vec<_>>().join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_and_parameters_come_once_and_as_lists() {
        let mut headers = HeaderMap::new();
        headers.append("sec-websocket-key", "abc".parse().unwrap());
        headers.append("upgrade", "websocket".parse().unwrap());
        headers.append("cookie", "a=1".parse().unwrap());
        headers.append("cookie", "b=2".parse().unwrap());
        let event = request(&headers, "ticket=a%2Bb+c&ticket=d&flag");
        assert_eq!(event["headers"]["Sec-WebSocket-Key"], "abc");
        assert_eq!(event["headers"]["Cookie"], "b=2");
        assert_eq!(event["multiValueHeaders"]["Cookie"], json!(["a=1", "b=2"]));
        assert!(event["headers"].get("Upgrade").is_none());
        assert_eq!(
            event["queryStringParameters"],
            json!({ "ticket": "d", "flag": "" })
        );
        assert_eq!(
            event["multiValueQueryStringParameters"]["ticket"],
            json!(["a+b c", "d"])
        );
        assert!(!request(&headers, "").contains_key("queryStringParameters"));
    }
}
