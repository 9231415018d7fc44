//! `chat-join`: suggests names, joins rooms and leaves them.

use std::time::Duration;

use confab_testkit::{Fault, TestRequest};
use serde_json::{Value, json};

use crate::{
    invariants,
    scenario::{Story, enumerate_requests},
    world::{World, text},
};

fn code(response: &confab_testkit::TestResponse) -> (u16, &str) {
    (response.status, text(&response.body, "code"))
}

#[tokio::test]
async fn suggested_names_are_free() {
    let world = World::open().await;
    let user = world.user().await;
    let request = TestRequest::get(format!("/api/chats/{}/join/", world.room)).token(&user.token);
    let suggested = world.send("chat-join", &request).await;
    assert_eq!(suggested.status, 200, "{suggested:?}");
    let names = suggested.body["suggestions"].as_array().unwrap();
    assert_eq!(names.len(), 3);
    let joined = world
        .join(world.room, &user, names[0].as_str().unwrap())
        .await;
    assert_eq!(joined.status, 200, "{joined:?}");
    let anonymous = TestRequest::get(format!("/api/chats/{}/join/", world.room));
    let nowhere = TestRequest::get("/api/chats/0000000000/join/").token(&user.token);
    let cases = [
        (anonymous, 401, "unauthenticated"),
        (nowhere, 404, "room_not_found"),
    ];
    world.assert_refused("chat-join", cases).await;
}

#[tokio::test]
async fn users_join_under_a_name_of_their_own() {
    let world = World::open().await;
    let user = world.user().await;
    for _ in 0..2 {
        let joined = world.join(world.room, &user, "Noa").await;
        assert_eq!(joined.status, 200, "{joined:?}");
        let you = &joined.body["you"];
        assert_eq!(
            (&you["role"], &you["username"]),
            (&json!("member"), &json!("Noa"))
        );
    }
    let renamed = world.join(world.room, &user, "Noa B").await;
    assert_eq!(renamed.body["you"]["username"], "Noa B");
    invariants::check(&world, "a joined user").await;
}

#[tokio::test]
async fn joins_are_refused_with_a_reason_and_change_nothing() {
    let world = World::open().await;
    let (user, host) = (world.user().await, &world.host);
    let back = world.open_back_room().await;
    let join = |room, body: Value| world.join_request(room, &user, body);
    let named = |name: &str| json!({ "username": name });
    let path = format!("/api/chats/{}/join/", world.room);
    let cases = [
        (
            TestRequest::post(&path, named("Noa")),
            401,
            "unauthenticated",
        ),
        (join(world.room, named("Dana")), 409, "name_taken"),
        (join(world.room, named("D\u{430}na")), 409, "name_taken"),
        (join(world.room, named("x")), 400, "bad_name"),
        (join(world.room, named(&"x".repeat(25))), 400, "bad_name"),
        (join(world.room, json!({})), 400, "bad_json"),
        (
            join(world.room, json!({ "username": "Noa", "role": "host" })),
            400,
            "bad_json",
        ),
        (
            join(world.room, json!({ "username": "x".repeat(64 * 1024) })),
            413,
            "too_large",
        ),
        (join(back, named("Noa")), 403, "not_paid"),
        (
            TestRequest::post("/api/chats/0000000000/join/", named("Noa")).token(&host.token),
            404,
            "room_not_found",
        ),
    ];
    world.assert_refused("chat-join", cases).await;
}

#[tokio::test]
async fn private_rooms_are_joined_with_their_access_code() {
    let world = World::open().await;
    let member = world.member("Omer").await;
    world
        .change(world.room, &world.host, json!({ "access_code": "Sesame" }))
        .await;
    let user = world.user().await;
    let join = |access_code: Value| {
        world.join_request(
            world.room,
            &user,
            json!({ "username": "Noa", "access_code": access_code }),
        )
    };
    let cases = [
        (join(Value::Null), 403, "wrong_access_code"),
        (join(json!("sesame")), 403, "wrong_access_code"),
        (join(json!("")), 403, "wrong_access_code"),
    ];
    world.assert_refused("chat-join", cases).await;
    assert_eq!(
        world.send("chat-join", &join(json!("Sesame"))).await.status,
        200
    );
    let again = world.join(world.room, &member, "Omer").await;
    assert_eq!(again.status, 200, "members need no code");
}

#[tokio::test]
async fn access_codes_are_guessed_thirty_times_an_hour() {
    let world = World::open().await;
    world
        .change(world.room, &world.host, json!({ "access_code": "Sesame" }))
        .await;
    let user = world.user().await;
    let key = format!("join#{}#{}", world.room, user.id);
    world.fill_limit(&key, 29, Duration::from_secs(120)).await;
    let body = json!({ "username": "Noa", "access_code": "guess" });
    let guess = world.join_request(world.room, &user, body);
    let outcomes = [
        world.send("chat-join", &guess).await,
        world.send("chat-join", &guess).await,
    ];
    assert_eq!(code(&outcomes[0]), (403, "wrong_access_code"));
    assert_eq!(code(&outcomes[1]), (429, "rate_limited"));
}

#[tokio::test]
async fn a_name_stays_taken_after_its_owner_has_left() {
    let world = World::open().await;
    let (owner, other) = (world.member("Noa").await, world.user().await);
    assert_eq!(world.leave(world.room, &owner).await.status, 204);
    let taken = world.join(world.room, &other, "N\u{43e}a").await;
    assert_eq!(code(&taken), (409, "name_taken"));
    assert_eq!(world.join(world.room, &owner, "Noa").await.status, 200);
    invariants::check(&world, "a user who came back").await;
}

#[tokio::test]
async fn banned_users_cannot_rejoin() {
    let world = World::open().await;
    let user = world.member("Noa").await;
    world.moderate(&user, "ban").await;
    let rejoin = world.join_request(world.room, &user, json!({ "username": "Noa" }));
    world
        .assert_refused("chat-join", [(rejoin, 403, "banned")])
        .await;
    assert_eq!(world.leave(world.room, &user).await.status, 204);
    assert_eq!(
        world.person_row(world.room, &user).await["place"],
        "banned",
        "a ban survives a departure"
    );
    invariants::check(&world, "a banned user").await;
}

#[tokio::test]
async fn users_rename_themselves_ten_times_an_hour() {
    let world = World::open().await;
    let user = world.member("Name 0").await;
    for number in 1..=10 {
        let renamed = world
            .join(world.room, &user, &format!("Name {number}"))
            .await;
        assert_eq!(renamed.status, 200, "{renamed:?}");
    }
    let refused = world.join(world.room, &user, "Name 99").await;
    assert_eq!(code(&refused), (429, "rate_limited"));
    assert_eq!(
        world.join(world.room, &user, "Name 10").await.status,
        200,
        "it is their name"
    );
    invariants::check(&world, "a user with eleven names").await;
}

#[tokio::test]
async fn renamed_hosts_are_shown_under_their_new_name() {
    let world = World::open().await;
    let renamed = world.join(world.room, &world.host, "Dana B").await;
    assert_eq!(renamed.body["host"]["username"], "Dana B");
    assert_eq!(
        world.updates_of("room").last().unwrap()["room"]["host"]["username"],
        "Dana B"
    );
    invariants::check(&world, "a renamed host").await;
}

/// The process died between the rename and its broadcast, and the client repeats the request.
#[tokio::test]
async fn interrupted_renames_of_the_host_are_broadcast_by_a_retry() {
    let world = World::open().await;
    let faults = world.cloud.faults();
    world.state("chat-join").await;
    faults.clear();
    world.join(world.room, &world.host, "Dana B").await;
    let calls = faults.calls();
    let send = calls
        .iter()
        .position(|call| call.0.ends_with("SendMessageBatch"));
    faults.plan(send.unwrap(), Fault::DiesBefore);
    let died = faults.run(world.join(world.room, &world.host, "Dana C"));
    assert_eq!(died.await, None);
    faults.clear();
    world.join(world.room, &world.host, "Dana C").await;
    let updates = world.updates_of("room");
    assert_eq!(
        updates.last().unwrap()["room"]["host"]["username"],
        "Dana C"
    );
}

#[tokio::test]
async fn users_who_left_are_disconnected() {
    let world = World::open().await;
    let user = world.member("Noa").await;
    let socket = world.connect(&user).await;
    for _ in 0..2 {
        assert_eq!(world.leave(world.room, &user).await.status, 204);
    }
    world.note_removal(world.room, &user).await;
    world.say(&world.host, "after").await;
    invariants::check(&world, "a user who left").await;
    assert_eq!(socket.last()["reason"], "left");
}

#[tokio::test]
async fn the_host_cannot_leave() {
    let world = World::open().await;
    let path = format!("/api/chats/{}/join/", world.room);
    let cases = [
        (
            TestRequest::delete(&path).token(&world.host.token),
            409,
            "the_host",
        ),
        (TestRequest::delete(&path), 401, "unauthenticated"),
        (
            TestRequest::delete("/api/chats/0000000000/join/").token(&world.host.token),
            404,
            "room_not_found",
        ),
    ];
    world.assert_refused("chat-join", cases).await;
}

#[tokio::test]
async fn strangers_who_leave_change_nothing() {
    let world = World::open().await;
    let (stranger, before) = (world.user().await, world.rows_without_limits().await);
    assert_eq!(world.leave(world.room, &stranger).await.status, 204);
    assert_eq!(world.rows_without_limits().await, before);
}

struct Join;

impl Story for Join {
    const FUNCTION: &'static str = "chat-join";
    const SUCCESS: &'static [u16] = &[200];

    /// A former member comes back to a private room.
    async fn arrange() -> (World, TestRequest) {
        let world = World::open().await;
        let user = world.member("Noa").await;
        world.leave(world.room, &user).await;
        world
            .change(world.room, &world.host, json!({ "access_code": "Sesame" }))
            .await;
        let body = json!({ "username": "Noa B", "access_code": "Sesame" });
        let request = world.join_request(world.room, &user, body);
        (world, request)
    }

    async fn check(world: &World, story: &str) {
        let rows = world.rows().await;
        let noa = rows.iter().find(|row| text(row, "username") == "Noa B");
        assert_eq!(noa.unwrap()["place"], "inside", "{story}");
    }
}

#[tokio::test]
async fn users_join_whatever_call_fails() {
    let ran = enumerate_requests::<Join>().await;
    assert!(ran.calls >= 6, "{ran:?}");
}

struct HostRename;

impl Story for HostRename {
    const FUNCTION: &'static str = "chat-join";
    const SUCCESS: &'static [u16] = &[200];

    async fn arrange() -> (World, TestRequest) {
        let world = World::open().await;
        let body = json!({ "username": "Dana B" });
        let request = world.join_request(world.room, &world.host, body);
        (world, request)
    }

    async fn check(world: &World, story: &str) {
        assert_eq!(
            world.room_row(world.room).await["host_name"],
            "Dana B",
            "{story}"
        );
        let updates = world.updates_of("room");
        let name = updates
            .last()
            .map(|update| update["room"]["host"]["username"].clone());
        assert_eq!(
            name,
            Some(json!("Dana B")),
            "{story}: the new name was never broadcast"
        );
    }
}

#[tokio::test]
async fn hosts_are_renamed_whatever_call_fails() {
    let ran = enumerate_requests::<HostRename>().await;
    assert!(ran.calls >= 7, "{ran:?}");
}

struct Departure;

impl Story for Departure {
    const FUNCTION: &'static str = "chat-join";
    const SUCCESS: &'static [u16] = &[204];

    async fn arrange() -> (World, TestRequest) {
        let world = World::open().await;
        let user = world.member("Noa").await;
        world.connect(&user).await;
        let path = format!("/api/chats/{}/join/", world.room);
        let request = TestRequest::delete(path).token(&user.token);
        (world, request)
    }

    async fn check(world: &World, story: &str) {
        let updates = world.updates_of("shown_out");
        assert!(
            !updates.is_empty(),
            "{story}: the departure was never broadcast"
        );
        let socket = world.sockets.lock().unwrap()[0].clone();
        world
            .removals
            .lock()
            .unwrap()
            .push((world.room, socket.user, 0, world.now()));
        world.say(&world.host, "after").await;
    }
}

#[tokio::test]
async fn users_leave_whatever_call_fails() {
    let ran = enumerate_requests::<Departure>().await;
    assert!(ran.calls >= 4, "{ran:?}");
}
