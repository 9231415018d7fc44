use std::time::Duration;

use confab_core::{Clock, before};
use serde_json::json;

use crate::testing::{Cloud, code};

async fn shown_count(cloud: &Cloud) -> u32 {
    cloud.store.find_room(code()).await.unwrap().unwrap().online
}

async fn store_count(cloud: &Cloud, online: u32, seconds_ago: u64) {
    let at = before(cloud.clock.now(), Duration::from_secs(seconds_ago)).as_millisecond();
    let row =
        json!({ "online": { "N": online.to_string() }, "counted_at_ms": { "N": at.to_string() } });
    cloud
        .put_row(&format!("ROOM#{}", code()), "ONLINE", row)
        .await;
}

#[tokio::test]
async fn counts_are_shown_for_90_seconds() {
    let cloud = Cloud::new().await;
    for (seconds_ago, expected) in [(0, 302), (80, 302), (91, 0), (20 * 3_600, 0)] {
        store_count(&cloud, 302, seconds_ago).await;
        assert_eq!(shown_count(&cloud).await, expected, "{seconds_ago} s ago");
    }
}

#[tokio::test]
async fn departures_from_a_small_room_are_counted_at_once() {
    let cloud = Cloud::new().await;
    let (first, second) = (cloud.ticket(1, 60), cloud.ticket(2, 60));
    cloud.connect_with(&first).await;
    cloud.connect_with(&second).await;
    store_count(&cloud, 2, 30).await;
    cloud.disconnect(&first).await;
    assert_eq!(shown_count(&cloud).await, 1);
    let published = &cloud.sent()[0]["news"][0];
    assert_eq!(
        (&published["news"], &published["online"]),
        (&json!("online"), &json!(1))
    );
    cloud.disconnect(&second).await;
    assert_eq!(shown_count(&cloud).await, 0);
    assert_eq!(cloud.sent().len(), 1, "no connection is left to receive it");
    // API Gateway may report a closing twice.
    cloud.disconnect(&second).await;
    assert_eq!(shown_count(&cloud).await, 0);
}

/// The room was counted a moment ago, and is too large to be counted at once.
#[tokio::test]
async fn departures_from_a_large_room_are_counted_at_its_interval() {
    let cloud = Cloud::new().await;
    let ticket = cloud.ticket(1, 60);
    cloud.connect_with(&ticket).await;
    store_count(&cloud, 302, 1).await;
    cloud.disconnect(&ticket).await;
    assert_eq!(shown_count(&cloud).await, 302);
    store_count(&cloud, 302, 5).await;
    cloud.disconnect(&ticket).await;
    assert_eq!(shown_count(&cloud).await, 0);
}
