//! Tenant isolation as `local` watches it: by the trace header that the SDK sends with each call of an invocation.

use anyhow::{Context, Result, ensure};
use confab_e2e::{Place, eventually};
use serde_json::{Value, json};

fn read(keys: &[[&str; 2]]) -> Value {
    json!({ "do": "read", "table": "rows", "keys": keys })
}

async fn invoke(place: &Place, order: &Value) -> Result<()> {
    let answer = place.post("/api/functions/probe/invoke", order).await?;
    ensure!(answer["status"] == "ok", "{answer}");
    Ok(())
}

async fn violations(place: &Place) -> Result<Vec<Value>> {
    let state = place.get("/api/state").await?;
    let violations = state["tenant_violations"].as_array().cloned();
    violations.context("a list")
}

#[tokio::test]
async fn invocation_that_mixes_tenants_is_reported() -> Result<()> {
    let place = Place::running("tests/tenants.yaml").await?;
    let allowed = [
        read(&[["T#a", "HEAD"], ["T#a#CONV#1", "HEAD"], ["U#1", "PERSON"]]),
        read(&[["T#b", "HEAD"]]),
        read(&[["T#a", "TENANT"], ["T#b", "TENANT"]]),
    ];
    for order in &allowed {
        invoke(&place, order).await?;
    }
    assert_eq!(violations(&place).await?, Vec::<Value>::new());
    invoke(&place, &read(&[["T#a", "HEAD"], ["T#b#CONV#1", "HEAD"]])).await?;
    let found = violations(&place).await?;
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0]["function"], "probe");
    assert_eq!(found[0]["tenants"], json!(["a", "b"]));
    assert_eq!(found[0]["second"], "dynamodb GetItem rows");
    let log = place.get("/api/logs?function=probe").await?.to_string();
    assert!(log.contains("tenant keys mixed"), "{log}");
    Ok(())
}

#[tokio::test]
async fn batch_may_hold_messages_of_several_tenants() -> Result<()> {
    let place = Place::running("tests/tenants.yaml").await?;
    let sqs = aws_sdk_sqs::Client::new(&place.aws_config()?);
    let queue = format!("{}/000000000000/work", place.aws);
    let entry = |number: usize, order: Value| {
        let entry = aws_sdk_sqs::types::SendMessageBatchRequestEntry::builder();
        entry
            .id(number.to_string())
            .message_body(order.to_string())
            .build()
    };
    let send = async |orders: Vec<Value>| {
        let entries = orders.into_iter().enumerate();
        let entries: Result<Vec<_>, _> = entries.map(|(n, order)| entry(n, order)).collect();
        let batch = sqs.send_message_batch().queue_url(&queue);
        batch.set_entries(Some(entries?)).send().await?;
        place.is_empty("work").await
    };
    send(vec![read(&[["T#a", "HEAD"]]), read(&[["T#b", "HEAD"]])]).await?;
    assert_eq!(violations(&place).await?, Vec::<Value>::new());
    send(vec![read(&[
        ["T#a", "HEAD"],
        ["T#b", "HEAD"],
        ["T#c", "HEAD"],
    ])])
    .await?;
    eventually(|| async {
        let found = violations(&place).await?;
        ensure!(found.len() == 1, "{found:?}");
        Ok(())
    })
    .await
}
