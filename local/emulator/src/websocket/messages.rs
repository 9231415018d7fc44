//! Messages of clients to the functions of their routes. As on AWS they run concurrently: two messages of one connection
//! may end in any order.

use std::sync::Arc;

use serde_json::Value;
use tokio::sync::OwnedSemaphorePermit;
use tokio_tungstenite::tungstenite::Utf8Bytes;

use super::{
    connection::Connection,
    events,
    gateway::WebSocketGateway,
    integration::{self, Reply, status},
};
use crate::template::SocketApi;

/// Handles one message. `permit` is its slot among those of its client.
pub(super) async fn handle(
    gateway: Arc<WebSocketGateway>,
    connection: Arc<Connection>,
    text: Utf8Bytes,
    permit: Option<OwnedSemaphorePermit>,
) {
    let api = &connection.info.api.spec;
    connection.info.api.counts.count_inbound(text.len());
    let error = match route_key(api, &text).and_then(|key| Some((key, api.routes.get(key)?))) {
        None => Some("Forbidden"),
        Some((key, route)) => {
            let event =
                events::message(gateway.clock.timestamp(), api, &connection.info, key, &text);
            match integration::invoke(
                &gateway.functions,
                &route.function_arn,
                &event,
                route.timeout,
            )
            .await
            {
                // The response is discarded: clients see what is posted to them.
                Reply::Answered(answer) if status(&answer).is_some() => None,
                Reply::Answered(_) | Reply::Failed(_) | Reply::Throttled => {
                    Some("Internal server error")
                }
                Reply::TimedOut => Some("Endpoint request timed out"),
            }
        }
    };
    if let Some(error) = error {
        let frame = events::error_frame(error, &connection.info);
        gateway
            .connections
            .post(&connection, frame, gateway.clock.now());
    }
    drop(permit);
}

/// Selects the route that the message names, else `$default`.
fn route_key<'a>(api: &'a SocketApi, text: &str) -> Option<&'a str> {
    let named = || {
        let message: Value = serde_json::from_str(text).ok()?;
        let found = api
            .selection
            .iter()
            .try_fold(&message, |value, name| value.get(name))?;
        let key = match found {
            Value::String(key) => key.clone(),
            Value::Number(_) | Value::Bool(_) => found.to_string(),
            Value::Null | Value::Array(_) | Value::Object(_) => return None,
        };
        Some(key).filter(|key| !key.starts_with('$'))
    };
    let known = |key: &str| api.routes.get_key_value(key).map(|(key, _)| key.as_str());
    named()
        .and_then(|key| known(&key))
        .or_else(|| known("$default"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::template::SocketRoute;
    use std::time::Duration;

    fn api(selection: &[&str], keys: &[&str]) -> SocketApi {
        let route = || SocketRoute {
            function_arn: "arn".to_owned(),
            timeout: Duration::from_secs(1),
        };
        SocketApi {
            logical_id: "Api".to_owned(),
            place: "template.yaml:1".to_owned(),
            id: "api".to_owned(),
            path: "live".to_owned(),
            stage: "live".to_owned(),
            selection: selection.iter().map(|name| (*name).to_owned()).collect(),
            routes: keys
                .iter()
                .map(|key| ((*key).to_owned(), route()))
                .collect(),
            authorizer: None,
        }
    }

    #[test]
    fn message_selects_the_route_that_it_names_or_the_default() {
        let api = api(&["action"], &["$connect", "$default", "say", "5"]);
        let cases = [
            (r#"{"action":"say"}"#, "say"),
            (r#"{"action":5}"#, "5"),
            (r#"{"action":"else"}"#, "$default"),
            (r#"{"action":"$connect"}"#, "$default"),
            (r#"{"action":{"say":1}}"#, "$default"),
            (r#"{"Action":"say"}"#, "$default"),
            ("[]", "$default"),
            ("not json", "$default"),
            ("", "$default"),
        ];
        for (text, key) in cases {
            assert_eq!(route_key(&api, text), Some(key), "{text}");
        }
    }

    #[test]
    fn route_key_is_nested_or_missing_when_there_is_no_default() {
        let api = api(&["to", "do"], &["say"]);
        assert_eq!(route_key(&api, r#"{"to":{"do":"say"}}"#), Some("say"));
        assert_eq!(route_key(&api, r#"{"to":"say"}"#), None);
    }
}
