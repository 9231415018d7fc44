use rooms_domain::{Change, ClientMessageId, News, Reason};
use serde_json::json;

use super::*;
use crate::testing::{Cloud, code, person, room, user};

fn said(message: &Message) -> News {
    News::Said {
        message: Box::new(message.clone()),
        is_busy: false,
    }
}

fn busy(message: &Message) -> News {
    News::Said {
        message: Box::new(message.clone()),
        is_busy: true,
    }
}

fn out(number: u8, reason: Reason, at: Timestamp) -> News {
    News::ShownOut {
        user_id: Some(user(number)),
        reason,
        at,
    }
}

/// A room with a host, a second and a third member, and a connection of each.
async fn full_room() -> (Cloud, [String; 3]) {
    let cloud = Cloud::new().await;
    cloud.joins(2).await;
    cloud.joins(3).await;
    let connections = [
        cloud.connects(1, 60).await,
        cloud.connects(2, 60).await,
        cloud.connects(3, 60).await,
    ];
    (cloud, connections)
}

#[tokio::test]
async fn removed_users_receive_nothing_said_after_the_removal_in_the_same_batch() {
    for reason in [Reason::Banned, Reason::Kicked, Reason::Left] {
        let (cloud, [host, removed, other]) = full_room().await;
        let first = cloud.says(1, "before").await;
        cloud
            .store
            .remove_person(code(), user(2), reason)
            .await
            .unwrap();
        let second = cloud.says(1, "after").await;
        cloud
            .broadcasts(vec![
                said(&first),
                out(2, reason, cloud.clock.now()),
                said(&second),
            ])
            .await;
        assert_eq!(cloud.kinds(&removed), ["kicked"], "{reason:?}");
        assert!(cloud.is_closed(&removed));
        for stays in [host, other] {
            assert_eq!(cloud.texts(&stays), ["before", "after"]);
            assert!(!cloud.is_closed(&stays));
        }
    }
}

/// The broadcast of a message comes first: the room is busy, and takes what was said since.
#[tokio::test]
async fn removed_users_receive_nothing_said_after_the_removal_when_the_room_is_busy() {
    let (cloud, [host, removed, _]) = full_room().await;
    let first = cloud.says(1, "before").await;
    cloud
        .store
        .remove_person(code(), user(2), Reason::Banned)
        .await
        .unwrap();
    cloud.says(1, "after").await;
    cloud.broadcasts(vec![busy(&first)]).await;
    assert_eq!(cloud.texts(&host), ["before", "after"]);
    assert_eq!(cloud.texts(&removed), Vec::<String>::new());
    assert_eq!(cloud.frames(&removed)[0]["reason"], "banned");
}

/// The process that removed died before it told the broadcaster.
#[tokio::test]
async fn removals_end_connections_when_no_broadcast_was_told_of_them() {
    let (cloud, [_, removed, other]) = full_room().await;
    cloud
        .store
        .remove_person(code(), user(2), Reason::Kicked)
        .await
        .unwrap();
    let message = cloud.says(1, "after").await;
    cloud.broadcasts(vec![said(&message)]).await;
    assert_eq!(cloud.kinds(&removed), ["kicked"]);
    assert!(cloud.is_closed(&removed));
    assert_eq!(cloud.texts(&other), ["after"]);
}

/// API Gateway fails for a while: the connection stays open, and later batches know it still.
#[tokio::test]
async fn connections_that_would_not_close_receive_nothing_from_later_batches() {
    let (cloud, [host, removed, _]) = full_room().await;
    cloud
        .store
        .remove_person(code(), user(2), Reason::Banned)
        .await
        .unwrap();
    cloud.answers(&removed, Some(500));
    cloud
        .broadcasts(vec![out(2, Reason::Banned, cloud.clock.now())])
        .await;
    cloud.answers(&removed, None);
    let message = cloud.says(1, "after").await;
    cloud.broadcasts(vec![said(&message)]).await;
    assert_eq!(cloud.kinds(&removed), ["kicked"]);
    assert!(cloud.is_closed(&removed));
    assert_eq!(cloud.texts(&host), ["after"]);
}

/// A job comes again after all of it was done, beside one whose message is new.
#[tokio::test]
async fn batches_that_come_again_post_nothing_to_the_removed() {
    let (cloud, [_, removed, _]) = full_room().await;
    let first = cloud.says(1, "before").await;
    cloud
        .store
        .remove_person(code(), user(2), Reason::Banned)
        .await
        .unwrap();
    let at = cloud.clock.now();
    let second = cloud.says(1, "after").await;
    for _ in 0..2 {
        cloud
            .broadcasts(vec![
                said(&first),
                out(2, Reason::Banned, at),
                said(&second),
            ])
            .await;
    }
    assert_eq!(cloud.texts(&removed), Vec::<String>::new());
}

#[tokio::test]
async fn users_who_come_back_receive_messages_on_their_new_connection() {
    let (cloud, [_, old, _]) = full_room().await;
    let was = &cloud
        .store
        .people(
            code(),
            &[user(2)],
            Consistency::Strong,
            crate::testing::trace(),
        )
        .await
        .unwrap()[0];
    cloud
        .store
        .remove_person(code(), user(2), Reason::Left)
        .await
        .unwrap();
    let at = before(cloud.clock.now(), Duration::from_secs(30));
    let left = Person {
        place: rooms_domain::Place::Left,
        ..was.clone()
    };
    cloud
        .store
        .join(code(), Some(&left), &person(2))
        .await
        .unwrap();
    let new = cloud.connects(2, 0).await;
    let message = cloud.says(1, "welcome back").await;
    cloud
        .broadcasts(vec![out(2, Reason::Left, at), said(&message)])
        .await;
    assert_eq!(cloud.kinds(&old), ["kicked"]);
    assert_eq!(cloud.texts(&new), ["welcome back"]);
}

#[tokio::test]
async fn readers_receive_nothing_said_after_the_room_closed_to_them() {
    let (cloud, [_, member, _]) = full_room().await;
    let reader = cloud.connects(9, 60).await;
    let visited = cloud
        .store
        .visit(code(), Some(user(1)), Consistency::Strong)
        .await
        .unwrap();
    let closed = room()
        .changed(&Change {
            is_public: Some(false),
            ..Change::default()
        })
        .unwrap();
    assert!(
        cloud
            .store
            .change(&closed, visited.version, true)
            .await
            .unwrap()
    );
    let message = cloud.says(1, "among us").await;
    cloud.broadcasts(vec![said(&message)]).await;
    assert_eq!(cloud.frames(&reader)[0]["reason"], "members_only");
    assert_eq!(cloud.kinds(&reader), ["kicked"]);
    assert_eq!(cloud.texts(&member), ["among us"]);
}

/// Once all connections have ended, a broadcast costs no more than before.
#[tokio::test]
async fn removals_are_forgotten_when_their_connections_have_ended() {
    let (cloud, _) = full_room().await;
    cloud
        .store
        .remove_person(code(), user(2), Reason::Banned)
        .await
        .unwrap();
    cloud
        .broadcasts(vec![out(2, Reason::Banned, cloud.clock.now())])
        .await;
    assert_eq!(
        cloud
            .store
            .removals(code(), crate::testing::trace())
            .await
            .unwrap(),
        []
    );
}

/// Rows as no code of ours writes them: a message, a connection, a removal and a member.
#[tokio::test]
async fn unreadable_rows_cost_nothing_but_themselves() {
    let (cloud, [host, member, _]) = full_room().await;
    let room = format!("ROOM#{}", code());
    let first = cloud.says(1, "first").await;
    let broken = json!({ "seq": { "S": "two" }, "text": { "N": "5" } });
    cloud
        .put_row(&room, "MSG#000000000002", broken.clone())
        .await;
    let third = cloud.says(1, "third").await;
    assert_eq!(
        third.seq, 3,
        "the number of an unreadable message is not given out again"
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
            json!({ "c": { "S": "y" }, "u": { "S": "nobody" }, "expires_at": until }),
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
        .broadcasts(vec![
            busy(&first),
            News::MembersOnly {
                at: before(cloud.clock.now(), Duration::from_secs(1)),
            },
        ])
        .await;
    for connection in [host, member] {
        assert_eq!(cloud.texts(&connection), ["first", "third"]);
    }
}

/// An unreadable row at the end of a page of connections is where the next page begins.
#[tokio::test]
async fn a_broadcast_goes_on_behind_an_unreadable_connection() {
    let (cloud, [host, ..]) = full_room().await;
    let message = cloud.says(1, "hello").await;
    let (at, news) = (cloud.clock.now(), vec![said(&message)]);
    let job = BroadcastJob::V1 {
        room: code(),
        at,
        news,
        after: Some("no ticket".into()),
    };
    handle(cloud.broadcaster(), vec![crate::testing::job(job)])
        .await
        .unwrap();
    assert_eq!(cloud.texts(&host), ["hello"]);
}

/// API Gateway was slow, and the rest of the room is left to another invocation.
#[test]
fn continuations_fit_a_queue_message_and_keep_the_order() {
    let message = |seq: u64| Message {
        seq,
        at: Timestamp::UNIX_EPOCH,
        user_id: user(1),
        username: person(1).username,
        text: "ש".repeat(2_000).into(),
        client_msg_id: ClientMessageId::parse(&format!("message-{seq:04}")).unwrap(),
        reply_to: None,
        is_deleted: false,
        reactions: Vec::new(),
        rev: 0,
        tip: None,
    };
    let news: Vec<_> = (1..=100).map(|seq| said(&message(seq))).collect();
    let parts = parts(news.clone()).unwrap();
    assert!(parts.len() > 1);
    for part in &parts {
        assert!(serde_json::to_string(part).unwrap().len() < 240 * 1024);
    }
    let rejoined = serde_json::to_value(parts.concat()).unwrap();
    assert_eq!(rejoined, serde_json::to_value(news).unwrap());
}

/// DynamoDB fails for a moment: members are read again, as connections are.
#[tokio::test]
async fn failing_reads_of_members_are_repeated() {
    let (cloud, [_, member, _]) = full_room().await;
    let reader = cloud.connects(9, 60).await;
    let mut failures = 8;
    cloud.fails(move |target, asked| {
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
        .broadcasts(vec![News::MembersOnly {
            at: cloud.clock.now(),
        }])
        .await;
    assert!(cloud.is_closed(&reader) && !cloud.is_closed(&member));
}
