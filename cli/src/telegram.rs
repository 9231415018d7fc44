//! `confab telegram connect`: has the carousel register its webhook and its menu of commands at Telegram.

use anyhow::Result;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    answer::Answer,
    operator::execute,
    ports::{Functions, Webhooks},
};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Connected {
    username: String,
    url: String,
    pending: i64,
    commands: usize,
    languages: usize,
    last_error: Option<String>,
}

pub(crate) async fn connect(place: &(impl Functions + Webhooks)) -> Result<Answer> {
    let url = place.telegram_webhook().await?;
    let json: Value = execute(place, json!({ "step": "connect", "url": url })).await?;
    let connected: Connected = serde_json::from_value(json.clone())?;
    let mut text = format!(
        "@{} calls {}.\n{} updates are waiting. The menu has {} commands in {} languages.\n",
        connected.username,
        connected.url,
        connected.pending,
        connected.commands,
        connected.languages,
    );
    // It may be older than this registration.
    if let Some(error) = &connected.last_error {
        text.push_str(&format!("Its last failed call: {error}.\n"));
    }
    Ok(Answer::fine(text, json))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{fakes::World, ports::Outcome};

    fn world(has_failed: bool, payload: &Value) -> World {
        let payload = payload.to_string();
        World {
            outcome: Some(Outcome {
                has_failed,
                payload,
            }),
            ..World::default()
        }
    }

    #[tokio::test]
    async fn webhook_of_this_place_is_registered_and_shown() {
        let connected = json!({
            "username": "carousel_bot", "url": "https://carousel.example/telegram", "pending": 2,
            "commands": 9, "languages": 5, "lastError": "Read timeout expired",
        });
        let world = world(false, &connected);
        let answer = connect(&world).await.unwrap();
        assert!(answer.is_fine);
        for part in [
            "@carousel_bot calls https://carousel.example/telegram.",
            "2 updates are waiting. The menu has 9 commands in 5 languages.",
            "Read timeout expired",
        ] {
            assert!(answer.text.contains(part), "{}", answer.text);
        }
        let command = json!({ "step": "connect", "url": "https://carousel.example/telegram" });
        let invoked = format!("invoke carousel-operator {command}");
        assert_eq!(*world.done.borrow(), [invoked]);
    }

    #[tokio::test]
    async fn refusals_of_telegram_are_shown() {
        let refused = json!({ "errorMessage": "url_refused: Failed to resolve host" });
        let error = connect(&world(true, &refused)).await.unwrap_err();
        assert!(
            error.to_string().contains("Failed to resolve host"),
            "{error}"
        );
    }
}
