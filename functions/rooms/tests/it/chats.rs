//! `chats`: creates, shows, lists, changes and closes rooms.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use confab_core::{Error, Result};
use confab_testkit::{Cloud, Enumeration, Faults, Scenario, TestRequest, enumerate};
use serde_json::{Value, json};

use crate::{
    invariants,
    model::{Model, photo},
    payments::{Order, pin},
    scenario::{Story, enumerate_requests},
    world::{User, World, text},
};

fn creation(user: &User, new: Value) -> TestRequest {
    TestRequest::post("/api/chats/create/", new).token(&user.token)
}

fn new_room() -> Value {
    json!({ "name": "Roof at dusk", "username": "Dana" })
}

async fn mine(world: &World, user: &User) -> Vec<Value> {
    let request = TestRequest::get("/api/chats/mine/").token(&user.token);
    let mine = world.send("chats", &request).await;
    assert_eq!(mine.status, 200, "{mine:?}");
    mine.body["rooms"].as_array().unwrap().clone()
}

#[tokio::test]
async fn created_rooms_belong_to_their_host() {
    let world = World::open().await;
    let user = world.user().await;
    let new = json!({ "name": " The  roof ", "description": "After nine.", "username": "Noa" });
    let created = world.send("chats", &creation(&user, new)).await;
    assert_eq!(created.status, 201, "{created:?}");
    let room = &created.body;
    assert_eq!(
        (&room["name"], &room["description"]),
        (&json!("The roof"), &json!("After nine."))
    );
    assert_eq!(
        room["host"],
        json!({ "user_id": user.id, "username": "Noa" })
    );
    assert_eq!(
        (&room["is_public"], &room["is_private"]),
        (&json!(true), &json!(false))
    );
    assert_eq!(room["you"]["role"], "host");
    let code = text(room, "code").parse().unwrap();
    assert_eq!(world.show(code, &user).await.body, *room);
    invariants::check(&world, "a new room").await;
}

#[tokio::test]
async fn rooms_with_an_access_code_are_private() {
    let world = World::open().await;
    let new = json!({ "name": "Backstage", "username": "Noa", "is_private": true, "access_code": "open sesame" });
    let created = world.send("chats", &creation(&world.host, new)).await;
    let room = &created.body;
    assert_eq!(
        (created.status, &room["is_private"], &room["is_public"]),
        (201, &json!(true), &json!(false))
    );
    assert!(!created.body.to_string().contains("sesame"), "{created:?}");
}

#[tokio::test]
async fn invalid_rooms_are_refused_and_store_nothing() {
    let world = World::open().await;
    let with = |name: &str, value: Value| {
        let mut new = new_room();
        new[name] = value;
        creation(&world.host, new)
    };
    let private = |code: Value| {
        let mut new = new_room();
        new["is_private"] = json!(true);
        new["access_code"] = code;
        creation(&world.host, new)
    };
    let unknown_photo = "pho_00000000000000000000000000";
    let cases = [
        (
            TestRequest::post("/api/chats/create/", new_room()),
            401,
            "unauthenticated",
        ),
        (
            TestRequest::post("/api/chats/create/", new_room()).token("x"),
            401,
            "unauthenticated",
        ),
        (with("name", json!("x")), 400, "bad_name"),
        (with("name", json!("x".repeat(61))), 400, "bad_name"),
        (with("username", json!("x")), 400, "bad_name"),
        (with("description", json!("x".repeat(301))), 400, "too_long"),
        (with("colour", json!("red")), 400, "bad_json"),
        (with("access_code", json!("sesame")), 400, "bad_access_code"),
        (private(Value::Null), 400, "bad_access_code"),
        (private(json!("abc")), 400, "bad_access_code"),
        (with("photo_id", json!("pho_1")), 400, "bad_json"),
        (
            with("photo_id", json!(unknown_photo)),
            404,
            "photo_not_found",
        ),
        (
            with("description", json!("x".repeat(64 * 1024))),
            413,
            "too_large",
        ),
    ];
    world.assert_refused("chats", cases).await;
}

#[tokio::test]
async fn users_create_thirty_rooms_an_hour() {
    let world = World::open().await;
    let key = format!("room#{}", world.host.id);
    world.fill_limit(&key, 29, Duration::from_secs(120)).await;
    world.create_room(&world.host, new_room()).await;
    let refused = world
        .send("chats", &creation(&world.host, new_room()))
        .await;
    assert_eq!(
        (refused.status, &refused.body["code"]),
        (429, &json!("rate_limited"))
    );
    world.advance(120);
    world.create_room(&world.host, new_room()).await;
}

#[tokio::test]
async fn photos_are_attached_by_their_owner() {
    let mut cloud = Cloud::open().await;
    let _model = Model::serve(&mut cloud).await;
    let world = World::over(cloud).await;
    let (owner, other) = (world.user().await, world.user().await);
    let owned = world.analyzed(Some(&owner), &photo()).await;
    let with_photo = |user: &User, photo| {
        let mut new = new_room();
        new["photo_id"] = json!(photo);
        creation(user, new)
    };
    let unanalyzed = world.upload(Some(&owner), &photo()).await;
    let cases = [
        (with_photo(&other, owned), 404, "photo_not_found"),
        (with_photo(&owner, unanalyzed), 404, "photo_not_found"),
    ];
    world.assert_refused("chats", cases).await;
    let created = world.send("chats", &with_photo(&owner, owned)).await;
    assert_eq!(created.status, 201, "{created:?}");
    assert_eq!(created.body["photo"]["width"], 96);
    invariants::check(&world, "a room with a photo").await;
}

/// The host of the first room with a photo that has no owner becomes its owner.
#[tokio::test]
async fn photos_without_an_owner_become_the_hosts() {
    let mut cloud = Cloud::open().await;
    let _model = Model::serve(&mut cloud).await;
    let world = World::over(cloud).await;
    let photo = world.analyzed(None, &photo()).await;
    let mut new = new_room();
    new["photo_id"] = json!(photo);
    assert_eq!(
        world
            .send("chats", &creation(&world.host, new.clone()))
            .await
            .status,
        201
    );
    let other = world.user().await;
    let refused = world.send("chats", &creation(&other, new)).await;
    assert_eq!(
        (refused.status, &refused.body["code"]),
        (404, &json!("photo_not_found"))
    );
}

#[tokio::test]
async fn rooms_are_listed_for_their_members_the_latest_first() {
    let world = World::open().await;
    let user = world.member("Noa").await;
    world.say(&world.host, "hello").await;
    world.advance(60);
    let own = world.create_room(&user, new_room()).await;
    let rooms = mine(&world, &user).await;
    let codes: Vec<_> = rooms.iter().map(|room| room["code"].clone()).collect();
    assert_eq!(codes, [json!(own), json!(world.room)]);
    assert_eq!(rooms[1]["last_seq"], 1);
    world.leave(world.room, &user).await;
    world.close(own, &user).await;
    assert_eq!(mine(&world, &user).await, Vec::<Value>::new());
    let stranger = TestRequest::get("/api/chats/mine/");
    world
        .assert_refused("chats", [(stranger, 401, "unauthenticated")])
        .await;
}

#[tokio::test]
async fn rooms_are_shown_as_far_as_a_user_may_see_them() {
    let world = World::open().await;
    let (member, stranger) = (world.member("Noa").await, world.user().await);
    let anonymous = TestRequest::get(format!("/api/chats/{}/", world.room));
    let shown = world.send("chats", &anonymous).await;
    assert_eq!(
        (shown.status, &shown.body["you"]["role"]),
        (200, &json!("reader"))
    );
    assert_eq!(
        world.show(world.room, &member).await.body["you"]["role"],
        "member"
    );
    let restricted = world
        .change(world.room, &world.host, json!({ "access_code": "sesame" }))
        .await;
    assert_eq!(restricted.status, 200, "{restricted:?}");
    let shown = world.show(world.room, &stranger).await.body;
    assert_eq!(
        (&shown["name"], &shown["host"]),
        (&json!("Roof at dusk"), &Value::Null)
    );
    assert_eq!(
        (&shown["last_seq"], &shown["you"]["role"]),
        (&json!(0), &json!("stranger"))
    );
    world.moderate(&member, "ban").await;
    let get = |path: &str| TestRequest::get(path);
    let path = format!("/api/chats/{}/", world.room);
    let cases = [
        (get(&path).token(&member.token), 404, "room_not_found"),
        (get(&path).token("forged.token"), 401, "unauthenticated"),
        (get("/api/chats/0000000000/"), 404, "room_not_found"),
        (get("/api/chats/no-code/"), 404, "room_not_found"),
    ];
    world.assert_refused("chats", cases).await;
}

#[tokio::test]
async fn changes_of_the_host_are_stored_and_broadcast() {
    let world = World::open().await;
    let change = json!({ "name": "The cellar", "description": "Below.", "is_read_only": true });
    for _ in 0..2 {
        let changed = world.change(world.room, &world.host, change.clone()).await;
        assert_eq!(
            (changed.status, &changed.body["name"]),
            (200, &json!("The cellar"))
        );
    }
    let updates = world.updates_of("room");
    assert_eq!(updates.last().unwrap()["room"]["name"], "The cellar");
    assert_eq!(updates.last().unwrap()["room"]["you"], Value::Null);
    invariants::check(&world, "a changed room").await;
}

#[tokio::test]
async fn changes_are_refused_with_a_reason_and_change_nothing() {
    let world = World::open().await;
    let (member, stranger) = (world.member("Noa").await, world.user().await);
    let back = world.open_back_room().await;
    let change = |room, user: &User, change: Value| {
        TestRequest::patch(format!("/api/chats/{room}/"), change).token(&user.token)
    };
    let (room, host) = (world.room, &world.host);
    let path = format!("/api/chats/{room}/");
    let name = || json!({ "name": "The cellar" });
    let cases = [
        (TestRequest::patch(&path, name()), 401, "unauthenticated"),
        (change(room, &member, name()), 403, "forbidden"),
        (change(room, &stranger, name()), 403, "forbidden"),
        (change(back, &stranger, name()), 404, "room_not_found"),
        (
            change(back, host, json!({ "is_public": true })),
            400,
            "paid_entrance",
        ),
        (
            change(back, host, json!({ "access_code": "sesame" })),
            400,
            "paid_entrance",
        ),
        (change(room, host, json!({ "name": "x" })), 400, "bad_name"),
        (
            change(room, host, json!({ "access_code": "abc" })),
            400,
            "bad_access_code",
        ),
        (
            change(room, host, json!({ "host": "usr_1" })),
            400,
            "bad_json",
        ),
        (
            change(room, host, json!({ "description": "x".repeat(301) })),
            400,
            "too_long",
        ),
    ];
    world.assert_refused("chats", cases).await;
}

#[tokio::test]
async fn restricted_rooms_remove_readers_and_keep_members() {
    let world = World::open().await;
    let (member, reader) = (world.member("Noa").await, world.user().await);
    let (kept, removed) = (world.connect(&member).await, world.connect(&reader).await);
    let restricted = world
        .change(world.room, &world.host, json!({ "is_public": false }))
        .await;
    assert_eq!(restricted.status, 200);
    world.note_removal(world.room, &reader).await;
    world.say(&world.host, "among us").await;
    invariants::check(&world, "a restricted room").await;
    assert_eq!(
        removed.last(),
        json!({ "v": 1, "type": "kicked", "reason": "members_only" })
    );
    assert_eq!(
        (kept.texts(), kept.is_closed()),
        (vec!["among us".to_owned()], false)
    );
}

#[tokio::test]
async fn closed_rooms_are_gone_for_all_users() {
    let world = World::open().await;
    let member = world.member("Noa").await;
    let socket = world.connect(&member).await;
    assert_eq!(world.close(world.room, &world.host).await.status, 204);
    assert_eq!(world.show(world.room, &world.host).await.status, 404);
    assert_eq!(
        world.post(&member, "message-0001", "late").await.status,
        404
    );
    assert_eq!(world.join(world.room, &member, "Noa").await.status, 404);
    world.deliver_broadcasts().await;
    assert_eq!(socket.last()["reason"], "closed");
    assert!(socket.is_closed());
    assert_eq!(world.closings().len(), 1);
    assert_eq!(
        world.close(world.room, &world.host).await.status,
        204,
        "closings are idempotent"
    );
    let ids: Vec<_> = world
        .closings()
        .iter()
        .map(|job| job["detail"]["id"].clone())
        .collect();
    assert_eq!(ids[0], ids[1]);
}

#[tokio::test]
async fn rooms_are_closed_by_their_host_alone() {
    let world = World::open().await;
    let (member, stranger) = (world.member("Noa").await, world.user().await);
    let back = world.open_back_room().await;
    let close = |room| TestRequest::delete(format!("/api/chats/{room}/"));
    let cases = [
        (close(world.room), 401, "unauthenticated"),
        (close(world.room).token(&member.token), 403, "forbidden"),
        (close(back).token(&stranger.token), 404, "room_not_found"),
        (close(back).token(&world.host.token), 409, "behind_another"),
        (
            TestRequest::delete("/api/chats/0000000000/").token(&member.token),
            404,
            "room_not_found",
        ),
    ];
    world.assert_refused("chats", cases).await;
    assert!(world.closings().is_empty());
}

struct Creation;

impl Story for Creation {
    const FUNCTION: &'static str = "chats";
    const SUCCESS: &'static [u16] = &[201];

    async fn arrange() -> (World, TestRequest) {
        let mut cloud = Cloud::open().await;
        let _model = Model::serve(&mut cloud).await;
        let world = World::over(cloud).await;
        let user = world.user().await;
        let photo = world.analyzed(Some(&user), &photo()).await;
        let mut new = new_room();
        new["photo_id"] = json!(photo);
        let request = creation(&user, new);
        (world, request)
    }

    async fn check(world: &World, story: &str) {
        let rows = world.rows().await;
        let rooms = rows.iter().filter(|row| row["sk"] == "ROOM").count();
        assert!(rooms >= 2, "{story}: no room was created");
    }
}

#[tokio::test]
async fn rooms_are_created_whatever_call_fails() {
    let ran = enumerate_requests::<Creation>().await;
    assert!(ran.calls >= 5, "{ran:?}");
}

struct Restriction;

impl Story for Restriction {
    const FUNCTION: &'static str = "chats";
    const SUCCESS: &'static [u16] = &[200];

    async fn arrange() -> (World, TestRequest) {
        let world = World::open().await;
        let reader = world.user().await;
        world.connect(&reader).await;
        let change = json!({ "name": "The cellar", "is_public": false });
        let request = TestRequest::patch(format!("/api/chats/{}/", world.room), change);
        let request = request.token(&world.host.token);
        (world, request)
    }

    async fn check(world: &World, story: &str) {
        assert_eq!(
            world.room_row(world.room).await["is_public"],
            false,
            "{story}"
        );
        assert!(
            !world.updates_of("room").is_empty(),
            "{story}: the change was never broadcast"
        );
        let socket = world.sockets.lock().unwrap()[0].clone();
        world
            .removals
            .lock()
            .unwrap()
            .push((world.room, socket.user, 0, world.now()));
        world.say(&world.host, "among us").await;
    }
}

#[tokio::test]
async fn readers_are_removed_whatever_call_fails() {
    let ran = enumerate_requests::<Restriction>().await;
    assert!(ran.calls >= 4, "{ran:?}");
}

/// A host closes a room with a pin and an entrance, and its worker completes the closing.
struct Closing {
    world: World,
    request: TestRequest,
    is_answered: AtomicBool,
    orders: [Order; 2],
}

impl Scenario for Closing {
    async fn arrange() -> Self {
        let world = World::open().await;
        let payer = world.member("Noa").await;
        world.open_back_room().await;
        let seq = world.say(&world.host, "look here").await;
        let entrance = world.buy(&payer, rooms_domain::Goods::BackRoom).await;
        let pin = world.buy(&payer, pin(seq, 500)).await;
        world.connect(&payer).await;
        let request = TestRequest::delete(format!("/api/chats/{}/", world.room));
        let request = request.token(&world.host.token);
        world.state("chats").await;
        world.state("rooms-paid").await;
        Self {
            world,
            request,
            is_answered: AtomicBool::new(false),
            orders: [pin, entrance],
        }
    }

    fn faults(&self) -> &Faults {
        self.world.cloud.faults()
    }

    async fn act(&self) -> Result<()> {
        if !self.is_answered.load(Ordering::Relaxed) {
            let closed = self.world.send("chats", &self.request).await;
            if closed.status != 204 {
                return Err(Error::unavailable("not_closed", format!("{closed:?}")));
            }
            self.is_answered.store(true, Ordering::Relaxed);
        }
        for job in self.world.closings() {
            self.world.paid_job(&job).await?;
        }
        Ok(())
    }

    async fn check(&self, story: &str) {
        let world = &self.world;
        for order in &self.orders {
            let reasons = world.refund_reasons(order);
            assert!(!reasons.is_empty(), "{story}: {order:?} is not refunded");
        }
        let rows = world.rows().await;
        let of_rooms = ["ROOM#", "MINE#"];
        let left = rows
            .iter()
            .find(|row| of_rooms.iter().any(|pk| text(row, "pk").starts_with(pk)));
        assert_eq!(left, None, "{story}");
        invariants::check(world, story).await;
        let socket = world.sockets.lock().unwrap()[0].clone();
        assert!(
            socket.is_closed(),
            "{story}: a connection to a closed room is open"
        );
    }
}

#[tokio::test]
async fn closed_rooms_are_refunded_and_deleted_whatever_call_fails() {
    let Enumeration { calls, .. } = enumerate::<Closing>().await;
    assert!(calls >= 12, "{calls}");
}
