use std::time::Duration;

use confab_core::{Clock, before};
use serde_json::json;

use crate::testing::{Cloud, code};

async fn shown(cloud: &Cloud) -> u32 {
    cloud.store.find_room(code()).await.unwrap().unwrap().online
}

async fn counted(cloud: &Cloud, online: u32, seconds_ago: u64) {
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
        counted(&cloud, 302, seconds_ago).await;
        assert_eq!(shown(&cloud).await, expected, "{seconds_ago} s ago");
    }
}

#[tokio::test]
async fn a_departure_is_counted_when_a_socket_closes() {
    let cloud = Cloud::new().await;
    let (first, second) = (cloud.ticket(1, 60), cloud.ticket(2, 60));
    cloud.connects_with(&first).await;
    cloud.connects_with(&second).await;
    counted(&cloud, 2, 30).await;
    cloud.disconnects(&first).await;
    assert_eq!(shown(&cloud).await, 1);
    let told = &cloud.sent()[0]["news"][0];
    assert_eq!(
        (&told["news"], &told["online"]),
        (&json!("online"), &json!(1))
    );
    cloud.disconnects(&second).await;
    assert_eq!(shown(&cloud).await, 0);
    assert_eq!(
        cloud.sent().len(),
        1,
        "the last to leave leaves nobody to tell"
    );
    // A notice of a closed socket may come twice, and after the room is gone.
    cloud.disconnects(&second).await;
    assert_eq!(shown(&cloud).await, 0);
}

/// In a room that was counted a moment ago, with more people than are counted one by one.
#[tokio::test]
async fn departures_from_a_large_room_are_counted_at_its_own_pace() {
    let cloud = Cloud::new().await;
    let ticket = cloud.ticket(1, 60);
    cloud.connects_with(&ticket).await;
    counted(&cloud, 302, 1).await;
    cloud.disconnects(&ticket).await;
    assert_eq!(shown(&cloud).await, 302);
    counted(&cloud, 302, 5).await;
    cloud.disconnects(&ticket).await;
    assert_eq!(shown(&cloud).await, 0);
}
