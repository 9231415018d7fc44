use std::time::Duration;

use confab_core::{Clock, Timestamp, before};
use confab_worker::{Consistency, SaveOutcome};
use rooms_domain::{Membership, Message, Person, RemovalReason, RoomChange, RoomUpdate};
use serde_json::json;

use super::*;
use crate::testing::{Cloud, code, correlation_id, job, person, room, user};

fn posted(message: &Message) -> RoomUpdate {
    RoomUpdate::MessagePosted {
        message: Box::new(message.clone()),
        is_busy: false,
    }
}

fn busy(message: &Message) -> RoomUpdate {
    RoomUpdate::MessagePosted {
        message: Box::new(message.clone()),
        is_busy: true,
    }
}

fn removal(number: u8, reason: RemovalReason, at: Timestamp) -> RoomUpdate {
    RoomUpdate::Removed {
        user_id: Some(user(number)),
        reason,
        at,
    }
}

/// A room with a host, a second and a third member, and a connection of each.
async fn full_room() -> (Cloud, [String; 3]) {
    let cloud = Cloud::new().await;
    cloud.add_member(2).await;
    cloud.add_member(3).await;
    let connections = [
        cloud.connect(1, 60).await,
        cloud.connect(2, 60).await,
        cloud.connect(3, 60).await,
    ];
    (cloud, connections)
}

#[tokio::test]
async fn removed_users_receive_no_later_message_of_the_same_batch() {
    for reason in [
        RemovalReason::Banned,
        RemovalReason::Kicked,
        RemovalReason::Left,
    ] {
        let (cloud, [host, removed, other]) = full_room().await;
        let first = cloud.post(1, "before").await;
        cloud
            .store
            .remove_member(code(), user(2), reason)
            .await
            .unwrap();
        let second = cloud.post(1, "after").await;
        cloud
            .broadcast(vec![
                posted(&first),
                removal(2, reason, cloud.clock.now()),
                posted(&second),
            ])
            .await;
        assert_eq!(cloud.frame_types(&removed), ["kicked"], "{reason:?}");
        assert!(cloud.is_closed(&removed));
        for member in [host, other] {
            assert_eq!(cloud.message_texts(&member), ["before", "after"]);
            assert!(!cloud.is_closed(&member));
        }
    }
}

/// The broadcaster reads all messages since the first one, including those posted after the removal.
#[tokio::test]
async fn removed_users_receive_no_later_message_of_a_busy_room() {
    let (cloud, [host, removed, _]) = full_room().await;
    let first = cloud.post(1, "before").await;
    cloud
        .store
        .remove_member(code(), user(2), RemovalReason::Banned)
        .await
        .unwrap();
    cloud.post(1, "after").await;
    cloud.broadcast(vec![busy(&first)]).await;
    assert_eq!(cloud.message_texts(&host), ["before", "after"]);
    assert_eq!(cloud.message_texts(&removed), Vec::<String>::new());
    assert_eq!(cloud.frames(&removed)[0]["reason"], "banned");
}

/// The process crashed between the removal and its publication.
#[tokio::test]
async fn unpublished_removals_close_connections_with_the_next_broadcast() {
    let (cloud, [_, removed, other]) = full_room().await;
    cloud
        .store
        .remove_member(code(), user(2), RemovalReason::Kicked)
        .await
        .unwrap();
    let message = cloud.post(1, "after").await;
    cloud.broadcast(vec![posted(&message)]).await;
    assert_eq!(cloud.frame_types(&removed), ["kicked"]);
    assert!(cloud.is_closed(&removed));
    assert_eq!(cloud.message_texts(&other), ["after"]);
}

/// API Gateway fails for a while, so that the connection stays open.
#[tokio::test]
async fn removed_connections_that_could_not_be_closed_receive_no_message() {
    let (cloud, [host, removed, _]) = full_room().await;
    cloud
        .store
        .remove_member(code(), user(2), RemovalReason::Banned)
        .await
        .unwrap();
    cloud.set_connection_status(&removed, Some(500));
    cloud
        .broadcast(vec![removal(2, RemovalReason::Banned, cloud.clock.now())])
        .await;
    cloud.set_connection_status(&removed, None);
    let message = cloud.post(1, "after").await;
    cloud.broadcast(vec![posted(&message)]).await;
    assert_eq!(cloud.frame_types(&removed), ["kicked"]);
    assert!(cloud.is_closed(&removed));
    assert_eq!(cloud.message_texts(&host), ["after"]);
}

/// SQS delivers the batch a second time.
#[tokio::test]
async fn repeated_batches_post_no_message_to_removed_users() {
    let (cloud, [_, removed, _]) = full_room().await;
    let first = cloud.post(1, "before").await;
    cloud
        .store
        .remove_member(code(), user(2), RemovalReason::Banned)
        .await
        .unwrap();
    let at = cloud.clock.now();
    let second = cloud.post(1, "after").await;
    for _ in 0..2 {
        cloud
            .broadcast(vec![
                posted(&first),
                removal(2, RemovalReason::Banned, at),
                posted(&second),
            ])
            .await;
    }
    assert_eq!(cloud.message_texts(&removed), Vec::<String>::new());
}

#[tokio::test]
async fn users_who_rejoin_receive_messages_on_their_new_connection() {
    let (cloud, [_, old, _]) = full_room().await;
    let was = &cloud
        .store
        .find_people(code(), &[user(2)], Consistency::Strong, correlation_id())
        .await
        .unwrap()[0];
    cloud
        .store
        .remove_member(code(), user(2), RemovalReason::Left)
        .await
        .unwrap();
    let at = before(cloud.clock.now(), Duration::from_secs(30));
    let left = Person {
        membership: Membership::Left,
        ..was.clone()
    };
    cloud
        .store
        .join(code(), Some(&left), &person(2))
        .await
        .unwrap();
    let new = cloud.connect(2, 0).await;
    let message = cloud.post(1, "welcome back").await;
    cloud
        .broadcast(vec![removal(2, RemovalReason::Left, at), posted(&message)])
        .await;
    assert_eq!(cloud.frame_types(&old), ["kicked"]);
    assert_eq!(cloud.message_texts(&new), ["welcome back"]);
}

#[tokio::test]
async fn readers_receive_no_message_after_the_room_is_restricted_to_members() {
    let (cloud, [_, member, _]) = full_room().await;
    let reader = cloud.connect(9, 60).await;
    let loaded = cloud
        .store
        .load_room_for(code(), Some(user(1)), Consistency::Strong)
        .await
        .unwrap();
    let closed = room()
        .with_change(&RoomChange {
            is_public: Some(false),
            ..RoomChange::default()
        })
        .unwrap();
    let saved = cloud.store.update_room(&closed, loaded.version, true).await;
    assert_eq!(saved.unwrap(), SaveOutcome::Saved);
    let message = cloud.post(1, "among us").await;
    cloud.broadcast(vec![posted(&message)]).await;
    assert_eq!(cloud.frames(&reader)[0]["reason"], "members_only");
    assert_eq!(cloud.frame_types(&reader), ["kicked"]);
    assert_eq!(cloud.message_texts(&member), ["among us"]);
}

/// Otherwise each later broadcast would read them.
#[tokio::test]
async fn removals_are_deleted_once_their_connections_are_closed() {
    let (cloud, _) = full_room().await;
    cloud
        .store
        .remove_member(code(), user(2), RemovalReason::Banned)
        .await
        .unwrap();
    cloud
        .broadcast(vec![removal(2, RemovalReason::Banned, cloud.clock.now())])
        .await;
    let removals = &cloud.store.removals;
    let removals = removals.list(&code(), correlation_id()).await.unwrap();
    assert!(removals.is_empty(), "{removals:?}");
}

/// A message, a connection, a removal and a member that the store would not write.
#[tokio::test]
async fn malformed_rows_are_skipped() {
    let (cloud, [host, member, _]) = full_room().await;
    let room = format!("ROOM#{}", code());
    let first = cloud.post(1, "first").await;
    let broken = json!({ "seq": { "S": "two" }, "text": { "N": "5" } });
    cloud
        .put_row(&room, "MSG#000000000002", broken.clone())
        .await;
    let third = cloud.post(1, "third").await;
    assert_eq!(
        third.seq, 3,
        "the number of a malformed message stays in use"
    );
    let until = json!({ "N": "9999999999" });
    let live = format!("LIVE#{}", code());
    cloud
        .put_row(
            &live,
            "no ticket",
            json!({ "c": { "S": "x" }, "expires_at": until }),
        )
        .await;
    cloud
        .put_row(
            &live,
            "tkt_zzz",
            json!({ "c": { "S": "y" }, "u": { "S": "no user" }, "expires_at": until }),
        )
        .await;
    cloud
        .put_row(&live, "zzz", json!({ "c": { "N": "1" } }))
        .await;
    cloud
        .put_row(&format!("REMOVED#{}", code()), "usr_broken", broken.clone())
        .await;
    cloud
        .put_row(&room, &format!("PERSON#{}", user(3)), broken)
        .await;
    cloud
        .broadcast(vec![
            busy(&first),
            RoomUpdate::ReadersRemoved {
                at: before(cloud.clock.now(), Duration::from_secs(1)),
            },
        ])
        .await;
    for connection in [host, member] {
        assert_eq!(cloud.message_texts(&connection), ["first", "third"]);
    }
}

/// A malformed row at the end of a page is the cursor of the next page.
#[tokio::test]
async fn a_broadcast_continues_after_a_malformed_connection() {
    let (cloud, [host, ..]) = full_room().await;
    let message = cloud.post(1, "hello").await;
    let (at, updates) = (cloud.clock.now(), vec![posted(&message)]);
    let continuation = BroadcastJob::V1 {
        channel: code(),
        at,
        updates,
        after: Some("no ticket".into()),
    };
    handle(cloud.state(PARTS).await, vec![job(continuation)])
        .await
        .unwrap();
    assert_eq!(cloud.message_texts(&host), ["hello"]);
}

/// DynamoDB fails for a moment.
#[tokio::test]
async fn failed_reads_of_members_are_repeated() {
    let (cloud, [_, member, _]) = full_room().await;
    let reader = cloud.connect(9, 60).await;
    let mut failures = 8;
    cloud.fail_calls(move |target, asked| {
        let is_of_members =
            target.ends_with("BatchGetItem") && asked.to_string().contains("PERSON#");
        if !is_of_members || failures == 0 {
            return None;
        }
        failures -= 1;
        let kind = "com.amazonaws.dynamodb.v20120810#InternalServerError";
        Some((
            axum::http::StatusCode::INTERNAL_SERVER_ERROR,
            json!({ "__type": kind, "message": "" }),
        ))
    });
    cloud
        .broadcast(vec![RoomUpdate::ReadersRemoved {
            at: cloud.clock.now(),
        }])
        .await;
    assert!(cloud.is_closed(&reader) && !cloud.is_closed(&member));
}
