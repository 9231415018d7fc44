//! What strangers and broken senders do to `/SmsReceived`. The same on local and on a deployed stack.

use anyhow::Result;
use confab_e2e::{Place, sign_meta};
use serde_json::{Value, json};

#[tokio::test]
async fn webhooks_with_a_wrong_signature_get_401_and_no_reply() -> Result<()> {
    let place = Place::any().await?;
    let dana = place.person("Dana", "meta").await?;
    let message = json!({ "from": dana.about["phone"], "from_user_id": dana.about["user_id"], "id": "wamid.forged", "timestamp": "1700000000", "type": "text",
        "text": { "body": "help" } });
    let body = json!({ "object": "whatsapp_business_account", "entry": [{ "id": "1", "changes": [{ "field": "messages",
        "value": { "messaging_product": "whatsapp", "messages": [message] } }] }] });
    let body = body.to_string();
    let other = sign_meta(b"another body");
    for signature in [
        None,
        Some(""),
        Some("sha256="),
        Some("sha256=00"),
        Some("sha1=abc"),
        Some(other.as_str()),
    ] {
        let answer = place.webhook(body.clone(), signature).await?;
        assert_eq!(answer.status(), 401, "{signature:?}");
        assert_eq!(answer.headers()["content-type"], "application/problem+json");
    }
    // A conversation keeps its order: what had been queued would have been answered before this.
    dana.asks("hi").await?;
    dana.was_answered_once_in_order().await
}

#[tokio::test]
async fn signed_malformed_bodies_are_refused() -> Result<()> {
    let place = Place::any().await?;
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let cases: [(&str, Vec<u8>); 5] = [
        ("nothing", Vec::new()),
        (
            "half a body",
            br#"{"object":"whatsapp_business_account","entry":["#.to_vec(),
        ),
        ("no JSON", b"hello".to_vec()),
        ("deep nesting", deep.into_bytes()),
        ("a list", b"[]".to_vec()),
    ];
    for (name, body) in cases {
        let answer = place.signed_webhook(body).await?;
        assert_eq!(answer.status(), 400, "{name}");
    }
    Ok(())
}

#[tokio::test]
async fn signed_unknown_events_are_accepted() -> Result<()> {
    let place = Place::any().await?;
    let envelope = |value: Value| json!({ "object": "whatsapp_business_account", "entry": [{ "id": "1", "changes": [value] }] });
    let cases = [
        json!({ "object": "whatsapp_business_account", "entry": [] }),
        json!({ "object": "page", "entry": [{ "anything": true }] }),
        envelope(json!({ "field": "account_update", "value": { "event": "x" } })),
        envelope(json!({ "field": "messages", "value": {} })),
        envelope(
            json!({ "field": "messages", "value": { "messages": [{ "type": "hologram" }, 7, null] } }),
        ),
        envelope(json!({ "field": "messages", "value": null })),
        // What a queue cannot carry.
        envelope(
            json!({ "field": "messages", "value": { "metadata": { "phone_number_id": "106540352242922" }, "messages": [
            { "from": "16505559999", "id": "wamid.odd", "timestamp": "1700000000", "type": "text",
              "text": { "body": "a\u{FFFF}b\u{0}c\u{1}" } },
            { "from": "16505559999", "id": "wamid.odd2", "timestamp": "1700000000", "type": "interactive",
              "interactive": { "type": "button_reply", "button_reply": { "id": "2", "title": "x\u{FFFE}" } } },
        ] } }),
        ),
    ];
    for body in cases {
        let answer = place.signed_webhook(body.to_string()).await?;
        assert_eq!(answer.status(), 200, "{body}");
    }
    Ok(())
}

#[tokio::test]
async fn huge_bodies_are_refused_without_a_server_error() -> Result<()> {
    let place = Place::any().await?;
    for size in [4 * 1024 * 1024 + 1, 6 * 1024 * 1024, 9 * 1024 * 1024] {
        let answer = place.signed_webhook(vec![b' '; size]).await?;
        assert_eq!(answer.status(), 413, "{size} bytes");
    }
    Ok(())
}
