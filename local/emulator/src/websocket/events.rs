//! Events of the WebSocket API, and the frames that API Gateway itself sends.

use axum::http::HeaderMap;
use bytes::Bytes;
use jiff::Timestamp;
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value, json};

use super::{connection::ConnectionInfo, id::new_id};
use crate::template::SocketApi;

pub(super) const SOURCE_IP: &str = "127.0.0.1";

pub(super) fn connect(
    now: Timestamp,
    api: &SocketApi,
    info: &ConnectionInfo,
    headers: &HeaderMap,
    query: &str,
) -> Value {
    let mut event = request(headers, query);
    event.insert(
        "requestContext".to_owned(),
        context(now, api, info, "$connect", "CONNECT"),
    );
    event.insert("isBase64Encoded".to_owned(), json!(false));
    Value::Object(event)
}

/// Builds the event of the authorizer.
pub(super) fn authorize(
    now: Timestamp,
    api: &SocketApi,
    info: &ConnectionInfo,
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
        context(now, api, info, "$connect", "CONNECT"),
    );
    Value::Object(event)
}

/// Builds the event of a message. Like that of a disconnect, it has neither headers nor query.
pub(super) fn message(
    now: Timestamp,
    api: &SocketApi,
    info: &ConnectionInfo,
    route_key: &str,
    body: &str,
) -> Value {
    let mut context = context(now, api, info, route_key, "MESSAGE");
    context["messageId"] = json!(new_id());
    json!({ "requestContext": context, "body": body, "isBase64Encoded": false })
}

pub(super) fn disconnect(
    now: Timestamp,
    api: &SocketApi,
    info: &ConnectionInfo,
    code: u16,
    reason: &str,
) -> Value {
    let mut context = context(now, api, info, "$disconnect", "DISCONNECT");
    context["disconnectStatusCode"] = json!(code);
    context["disconnectReason"] = json!(reason);
    // AWS sends these four headers, empty but for the first.
    json!({
        "headers": { "Host": info.domain, "x-api-key": "", "X-Forwarded-For": "", "x-restapi": "" },
        "multiValueHeaders": { "Host": [info.domain], "x-api-key": [""], "X-Forwarded-For": [""], "x-restapi": [""] },
        "requestContext": context,
        "isBase64Encoded": false,
    })
}

/// Builds the frame that tells a client that its message failed.
pub(super) fn error_frame(message: &str, info: &ConnectionInfo) -> Bytes {
    let request_id = new_id();
    json!({ "message": message, "connectionId": info.id, "requestId": request_id })
        .to_string()
        .into()
}

fn context(
    now: Timestamp,
    api: &SocketApi,
    info: &ConnectionInfo,
    route_key: &str,
    event_type: &str,
) -> Value {
    let request_id = new_id();
    let mut identity = json!({ "sourceIp": SOURCE_IP });
    if let Some(agent) = &info.user_agent {
        identity["userAgent"] = json!(agent);
    }
    let mut context = json!({
        "routeKey": route_key,
        "eventType": event_type,
        "extendedRequestId": request_id,
        "requestTime": now.strftime("%d/%b/%Y:%H:%M:%S +0000").to_string(),
        "messageDirection": "IN",
        "stage": api.stage,
        "connectedAt": info.connected_at,
        "requestTimeEpoch": now.as_millisecond(),
        "identity": identity,
        "requestId": request_id,
        "domainName": info.domain,
        "connectionId": info.id,
        "apiId": api.id,
    });
    if let Some(authorizer) = &info.authorizer {
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
        last.insert(title_case(name.as_str()), json!(values.last()));
        all.insert(title_case(name.as_str()), json!(values));
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

/// Returns the decoded query parameters in their order.
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

/// Restores the case in which clients write a header, as AWS passes it: `Sec-WebSocket-Key`.
fn title_case(name: &str) -> String {
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
    fn events_have_headers_and_parameters_as_single_values_and_as_lists() {
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
