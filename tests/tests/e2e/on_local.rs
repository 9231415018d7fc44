//! What only `local` can tell. See `chaos` for what only `local` can break.

use anyhow::Result;
use confab_e2e::{Place, sign_meta};
use serde_json::json;

#[tokio::test]
async fn wrong_signatures_leave_nothing_but_a_metric() -> Result<()> {
    let place = Place::local().await?;
    let body = json!({ "object": "whatsapp_business_account", "entry": [] }).to_string();
    let other = sign_meta(b"another body");
    for signature in [None, Some("sha256=00"), Some(other.as_str())] {
        assert_eq!(
            place.webhook(body.clone(), signature).await?.status(),
            401,
            "{signature:?}"
        );
    }
    let state = place.get("/api/state").await?;
    let calls: Vec<_> = state["aws_calls"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|call| call["service"] == "sqs")
        .collect();
    assert!(calls.is_empty(), "{calls:?}");
    let rejected = state["metrics"]
        .as_array()
        .into_iter()
        .flatten()
        .find(|metric| metric["name"] == "WebhookRejected");
    assert_eq!(rejected.map(|metric| &metric["total"]), Some(&json!(3.0)));
    Ok(())
}
