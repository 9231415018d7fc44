//! From a client's message to the function of its route. Each goes by itself, as on AWS: a slow one does not hold up the
//! next, so two messages of one connection may be worked on at once and end in any order.

use std::sync::Arc;

use serde_json::Value;
use tokio::sync::OwnedSemaphorePermit;
use tokio_tungstenite::tungstenite::Utf8Bytes;

use super::{
    connection::Connection,
    events,
    integration::{Reply, ask, status},
};
use crate::{cloud::Cloud, template::SocketApi};

/// The permit is the message's place among those of its client.
pub(super) async fn hand_over(
    cloud: Arc<Cloud>,
    connection: Arc<Connection>,
    text: Utf8Bytes,
    permit: Option<OwnedSemaphorePermit>,
) {
    let api = &connection.about.api.spec;
    connection.about.api.counts.came_in(text.len());
    let told = match route_key(api, &text).and_then(|key| Some((key, api.routes.get(key)?))) {
        None => Some("Forbidden"),
        Some((key, route)) => {
            let event = events::message(&cloud, api, &connection.about, key, &text);
            match ask(&cloud, &route.function_arn, &event, route.timeout).await {
                // Whatever the status is, it stays here: a client sees what is posted to it.
                Reply::Answered(answer) if status(&answer).is_some() => None,
                Reply::Answered(_) | Reply::Failed(_) | Reply::Throttled => {
                    Some("Internal server error")
                }
                Reply::TimedOut => Some("Endpoint request timed out"),
            }
        }
    };
    if let Some(told) = told {
        cloud.sockets.post(
            &connection,
            events::refusal(told, &connection.about),
            cloud.clock.now(),
        );
    }
    drop(permit);
}

/// A key that a client may name and that is there, else `$default` if that is.
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
    fn a_message_finds_the_route_that_it_names() {
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
    fn a_key_may_lie_deeper_and_without_a_default_there_may_be_none() {
        let api = api(&["to", "do"], &["say"]);
        assert_eq!(route_key(&api, r#"{"to":{"do":"say"}}"#), Some("say"));
        assert_eq!(route_key(&api, r#"{"to":"say"}"#), None);
    }
}
