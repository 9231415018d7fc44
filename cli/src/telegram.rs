//! `confab telegram connect`: has the carousel register its webhook and its menu of commands at Telegram.

use anyhow::Result;
use serde::Deserialize;
use serde_json::json;

use crate::{
    answer::Answer,
    carousel::{Request, call},
    ports::{Functions, OperatorKey, Webhooks},
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

pub(crate) async fn connect(place: &(impl Functions + OperatorKey + Webhooks)) -> Result<Answer> {
    let url = place.telegram_webhook().await?;
    let request = Request::post("/telegram/connect", "/telegram/connect");
    let json = call(
        place,
        "telegram-connect",
        request.body(json!({ "url": url })),
    )
    .await?;
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
