//! Publishing events for other services.

use confab_contracts::{Contract, Event};
use confab_core::{Error, Result};
use serde::Deserialize;
use serde_json::json;

use crate::Aws;

/// EventBridge takes ten entries in one call.
const ENTRIES: usize = 10;

#[derive(Debug, Clone)]
pub struct Bus {
    aws: Aws,
    name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Put {
    entries: Vec<PutEntry>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PutEntry {
    error_code: Option<String>,
    error_message: Option<String>,
}

impl Bus {
    pub fn new(aws: &Aws, name: impl Into<String>) -> Self {
        Self {
            aws: aws.clone(),
            name: name.into(),
        }
    }

    /// Publishes events. After an error some may be published: publish all again, since subscribers drop copies by id.
    pub async fn publish<D: Contract>(&self, events: &[Event<D>]) -> Result<()> {
        for chunk in events.chunks(ENTRIES) {
            let entries = chunk
                .iter()
                .map(|event| self.entry(event))
                .collect::<Result<Vec<_>>>()?;
            let put: Put = self
                .aws
                .json(
                    "events",
                    "AWSEvents.PutEvents",
                    &json!({ "Entries": entries }),
                )
                .await?;
            // EventBridge reports a partial failure with HTTP 200.
            let refused = put
                .entries
                .into_iter()
                .find_map(|entry| Some((entry.error_code?, entry.error_message)));
            if let Some((code, message)) = refused {
                return Err(Error::unavailable(
                    "bus_refused",
                    format!("{code}: {}", message.unwrap_or_default()),
                ));
            }
        }
        Ok(())
    }

    fn entry<D: Contract>(&self, event: &Event<D>) -> Result<serde_json::Value> {
        let detail =
            serde_json::to_string(event).map_err(|e| Error::internal("render_failed", e))?;
        Ok(json!({
            "EventBusName": self.name,
            "Source": format!("confab.{}", event.source),
            "DetailType": event.event_type,
            "Detail": detail,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::tests::{answers_once, aws_at};
    use confab_contracts::studio::UserMessageReceived;
    use confab_core::{CorrelationId, EventId, Timestamp, UserId};
    use confab_messaging::Channel;

    fn event() -> Event<UserMessageReceived> {
        let now = Timestamp::UNIX_EPOCH;
        let data = UserMessageReceived {
            user_id: UserId::new(now, &|| [1; 10]),
            message_id: "wamid.1".into(),
            channel: Channel::Meta,
            kind: "text".into(),
        };
        let correlation_id = CorrelationId::new(now, &|| [2; 10]);
        Event::new(
            EventId::new(now, &|| [3; 10]),
            now,
            "studio",
            correlation_id,
            "meta#wamid.1",
            data,
        )
    }

    #[tokio::test]
    async fn events_are_published_in_their_envelope() {
        let (url, asked) =
            answers_once(200, r#"{"FailedEntryCount":0,"Entries":[{"EventId":"1"}]}"#).await;
        Bus::new(&aws_at(url), "confab")
            .publish(&[event()])
            .await
            .unwrap();
        let asked = asked.await.unwrap();
        assert!(asked.contains("AWSEvents.PutEvents"), "{asked}");
        assert!(
            asked.contains(r#""DetailType":"user_message_received""#),
            "{asked}"
        );
        assert!(
            asked.contains(r#"\"causation_id\":\"meta#wamid.1\""#),
            "{asked}"
        );
    }

    #[tokio::test]
    async fn entries_refused_inside_a_200_are_errors() {
        let body = r#"{"FailedEntryCount":1,"Entries":[{"ErrorCode":"ThrottlingException","ErrorMessage":"slow"}]}"#;
        let (url, _asked) = answers_once(200, body).await;
        let error = Bus::new(&aws_at(url), "confab")
            .publish(&[event()])
            .await
            .unwrap_err();
        assert_eq!(error.code(), "bus_refused");
    }
}
