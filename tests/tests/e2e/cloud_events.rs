//! EventBridge from an event to a subscriber's queue, through the SDK. What AWS documents or was seen to do decides;
//! `local` and MiniStack are asked the same.

use anyhow::{Context, Result};
use aws_sdk_eventbridge::types::{PutEventsRequestEntry, PutEventsResultEntry};
use aws_sdk_sqs::types::MessageSystemAttributeName;
use confab_e2e::{Cloud, MiniStack, eventually, refused};
use serde_json::{Value, json};

fn data() -> Value {
    json!({ "count": 4, "name": "pack one", "state": "done" })
}

fn photos_ready(cloud: &Cloud, data: &Value) -> PutEventsRequestEntry {
    let entry = PutEventsRequestEntry::builder()
        .event_bus_name(cloud.named("bus"))
        .source("confab.studio");
    entry
        .detail_type("photos_ready")
        .detail(json!({ "id": "evt_1", "data": data }).to_string())
        .build()
}

async fn put(
    cloud: &Cloud,
    entries: Vec<PutEventsRequestEntry>,
) -> Result<(i32, Vec<PutEventsResultEntry>)> {
    let put = cloud
        .events
        .put_events()
        .set_entries(Some(entries))
        .send()
        .await?;
    Ok((put.failed_entry_count(), put.entries().to_vec()))
}

/// The next event in the subscriber's queue.
async fn arrived(cloud: &Cloud, queue: &str) -> Result<Value> {
    let queue = cloud.queue(queue).await?;
    eventually(|| async {
        let received = cloud.receive(&queue).await?;
        let body = received
            .first()
            .and_then(|message| message.body())
            .context("nothing has arrived")?;
        Ok(serde_json::from_str(body)?)
    })
    .await
}

/// Of all that was put, only this arrives.
async fn only_arrives(cloud: &Cloud, name: &str) -> Result<()> {
    let last = json!({ "count": 1, "name": name, "state": "last" });
    put(cloud, vec![photos_ready(cloud, &last)]).await?;
    assert_eq!(
        arrived(cloud, "subscriber").await?["detail"]["data"]["name"],
        name
    );
    assert!(
        cloud
            .receive(&cloud.queue("subscriber").await?)
            .await?
            .is_empty()
    );
    Ok(())
}

#[tokio::test]
async fn matching_events_reach_their_target_in_an_envelope() -> Result<()> {
    let cloud = Cloud::start().await?;
    let (failed, entries) = put(&cloud, vec![photos_ready(&cloud, &data())]).await?;
    assert_eq!((failed, entries.len()), (0, 1));
    let event = arrived(&cloud, "subscriber").await?;
    assert_eq!(event["version"], "0");
    assert_eq!(event["id"].as_str(), entries[0].event_id());
    assert_eq!(event["source"], "confab.studio");
    assert_eq!(event["detail-type"], "photos_ready");
    assert_eq!(event["account"], "000000000000");
    assert_eq!(event["region"], "us-east-1");
    assert_eq!(event["resources"], json!([]));
    assert_eq!(event["detail"], json!({ "id": "evt_1", "data": data() }));
    let time = event["time"].as_str().context("a time")?;
    assert!(
        time.len() == 20 && time.ends_with('Z'),
        "whole seconds: {time}"
    );
    Ok(())
}

#[tokio::test]
async fn unmatched_events_reach_no_target() -> Result<()> {
    let cloud = Cloud::start().await?;
    let with = |name: &str, value: Value| {
        let mut data = data();
        data[name] = value;
        photos_ready(&cloud, &data)
    };
    let elsewhere = PutEventsRequestEntry::builder()
        .event_bus_name(cloud.named("bus"))
        .source("confab.rooms");
    let elsewhere = elsewhere
        .detail_type("photos_ready")
        .detail(json!({ "data": data() }).to_string())
        .build();
    let entries = vec![
        elsewhere,
        with("count", json!(0)),
        with("count", json!(11)),
        with("count", json!("4")),
        with("name", json!("Pack")),
        with("state", json!("draft")),
        with("error", json!("there is one")),
        with("error", Value::Null),
    ];
    let (failed, entries) = put(&cloud, entries).await?;
    assert_eq!(
        (failed, entries.len()),
        (0, 8),
        "events without a target are no failure"
    );
    only_arrives(&cloud, "pack").await
}

#[tokio::test]
async fn arrays_match_when_one_element_matches() -> Result<()> {
    let cloud = Cloud::start().await?;
    let several = json!({ "count": [50, 5], "name": ["x", "pack two"], "state": "done" });
    put(&cloud, vec![photos_ready(&cloud, &several)]).await?;
    assert_eq!(
        arrived(&cloud, "subscriber").await?["detail"]["data"],
        several
    );
    Ok(())
}

#[tokio::test]
async fn fifo_targets_receive_their_message_group() -> Result<()> {
    let cloud = Cloud::start().await?;
    let queue = cloud.queue("contents.fifo").await?;
    for number in 1..=2 {
        let entry = PutEventsRequestEntry::builder()
            .event_bus_name(cloud.named("bus"))
            .source("confab.orders");
        put(
            &cloud,
            vec![
                entry
                    .detail_type("paid")
                    .detail(json!({ "number": number }).to_string())
                    .build(),
            ],
        )
        .await?;
    }
    let messages = eventually(|| async {
        let received = cloud.receive(&queue).await?;
        (received.len() == 2)
            .then_some(received)
            .context("not both yet")
    });
    for message in messages.await? {
        let group = message
            .attributes()
            .and_then(|all| all.get(&MessageSystemAttributeName::MessageGroupId));
        assert_eq!(group.map(String::as_str), Some("orders"));
    }
    Ok(())
}

#[tokio::test]
async fn malformed_entries_fail_alone() -> Result<()> {
    let cloud = Cloud::start().await?;
    let broken = |source: &str, kind: &str, detail: &str| {
        let entry = PutEventsRequestEntry::builder().event_bus_name(cloud.named("bus"));
        entry
            .source(source)
            .detail_type(kind)
            .detail(detail)
            .build()
    };
    let entries = vec![
        broken("confab.studio", "photos_ready", "{\"half\":"),
        broken("confab.studio", "photos_ready", "[1]"),
        broken("", "photos_ready", "{}"),
        broken("confab.studio", "", "{}"),
        photos_ready(&cloud, &data()),
    ];
    let (failed, results) = put(&cloud, entries).await?;
    if cloud.differs(MiniStack::TakesAnyEvent) {
        assert_eq!(failed, 0);
    } else {
        let codes: Vec<_> = results
            .iter()
            .map(|result| result.error_code().unwrap_or_default())
            .collect();
        assert_eq!(
            codes,
            [
                "MalformedDetail",
                "MalformedDetail",
                "InvalidArgument",
                "InvalidArgument",
                ""
            ]
        );
        assert_eq!(failed, 4);
    }
    assert!(results[4].event_id().is_some());
    assert_eq!(
        arrived(&cloud, "subscriber").await?["detail"]["data"],
        data()
    );
    Ok(())
}

#[tokio::test]
async fn events_for_an_unknown_bus_are_accepted_and_dropped() -> Result<()> {
    let cloud = Cloud::start().await?;
    let entry = PutEventsRequestEntry::builder()
        .event_bus_name("unknown")
        .source("confab.studio");
    let entry = entry
        .detail_type("photos_ready")
        .detail(json!({ "data": data() }).to_string())
        .build();
    let (failed, results) = put(&cloud, vec![entry]).await?;
    assert_eq!(failed, 0);
    assert!(results[0].event_id().is_some());
    only_arrives(&cloud, "pack").await
}

#[tokio::test]
async fn put_events_takes_at_most_ten_entries() -> Result<()> {
    let cloud = Cloud::start().await?;
    let some = |count| vec![photos_ready(&cloud, &json!({})); count];
    assert_eq!(put(&cloud, some(10)).await?.1.len(), 10);
    let many = cloud
        .events
        .put_events()
        .set_entries(Some(some(11)))
        .send()
        .await;
    assert_eq!(refused(many)?, "ValidationException");
    Ok(())
}
