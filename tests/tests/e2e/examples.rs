//! Templates that have nothing to do with Confab's products, as `local` runs them.

use anyhow::{Context, Result, ensure};
use confab_e2e::{PATIENCE, Place, eventually};
use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio_tungstenite::{connect_async, tungstenite::Message};

async fn guestbook() -> Result<Place> {
    Place::running("local/emulator/examples/guestbook/template.yaml").await
}

#[tokio::test]
#[ignore = "needs Node.js, Python and their runtime clients: local/emulator/examples/install"]
async fn node_and_python_functions_serve_requests_messages_and_frames() -> Result<()> {
    let place = guestbook().await?;
    let entries = format!("{}/entries", place.gateway);
    let empty = place.http.post(&entries).json(&json!({})).send().await?;
    ensure!(
        empty.status() == 400,
        "{}: {}",
        empty.status(),
        empty.text().await?
    );
    let sent = place
        .http
        .post(&entries)
        .json(&json!({ "text": "I was here" }))
        .send()
        .await?;
    assert_eq!(sent.status(), 202);
    let id = sent.json::<Value>().await?["id"]
        .as_str()
        .context("an id")?
        .to_owned();
    let entry = eventually(|| async {
        let answer = place.http.get(format!("{entries}/{id}")).send().await?;
        ensure!(answer.status() == 200, "{}", answer.status());
        Ok(answer.json::<Value>().await?)
    })
    .await?;
    assert_eq!(entry["text"], "I was here");

    let state = place.get("/api/state").await?;
    let url = state["addresses"]["socket"].as_str().context("a socket")?;
    let (mut socket, _) = connect_async(url).await?;
    socket
        .send(Message::text(
            json!({ "action": "greet", "name": "Dana" }).to_string(),
        ))
        .await?;
    let frame = tokio::time::timeout(PATIENCE, socket.next())
        .await?
        .context("a frame")??;
    assert_eq!(frame.to_text()?, r#"{"greeting":"Hello, Dana!"}"#);
    Ok(())
}

#[tokio::test]
async fn control_room_shows_functions_and_routes_of_any_template() -> Result<()> {
    let place = guestbook().await?;
    let state = place.get("/api/state").await?;
    assert_eq!(state["products"], json!([]));
    let functions = state["functions"].as_array().context("functions")?;
    let triggers = |name: &str| {
        let function = functions.iter().find(|function| function["name"] == name);
        function
            .map(|function| function["triggers"].clone())
            .unwrap_or_default()
    };
    assert_eq!(
        triggers("web"),
        json!(["POST /entries", "socket $connect", "socket greet"])
    );
    assert_eq!(
        triggers("worker"),
        json!(["GET /entries/{id}", "queue confab-Submitted"])
    );
    Ok(())
}
