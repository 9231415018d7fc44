//! `chat-people`: lists the people of a room, and lets its host moderate them.

use confab_testkit::TestRequest;
use rooms_domain::Goods;
use serde_json::{Value, json};

use crate::{
    invariants,
    scenario::{Story, enumerate_requests},
    world::{User, World},
};

fn list_request(world: &World) -> TestRequest {
    TestRequest::get(format!("/api/chats/{}/people/", world.room))
}

async fn people(world: &World, user: &User) -> Value {
    let listed = world
        .send("chat-people", &list_request(world).token(&user.token))
        .await;
    assert_eq!(listed.status, 200, "{listed:?}");
    listed.body
}

#[tokio::test]
async fn people_are_listed_with_those_online_first() {
    let world = World::open().await;
    let (noa, omer) = (world.member("Noa").await, world.member("Omer").await);
    let reader = world.user().await;
    world.connect(&omer).await;
    world.connect(&reader).await;
    let listed = people(&world, &noa).await;
    assert_eq!(
        (&listed["online"], &listed["banned"]),
        (&json!(2), &Value::Null)
    );
    let view = |user: &User, name: &str, role: &str, is_online: bool| json!({ "user_id": user.id, "username": name, "role": role, "is_online": is_online, "is_muted": false });
    let expected = json!([
        view(&omer, "Omer", "member", true),
        view(&world.host, "Dana", "host", false),
        view(&noa, "Noa", "member", false),
    ]);
    assert_eq!(listed["people"], expected);
}

#[tokio::test]
async fn the_banned_are_listed_for_the_host_alone() {
    let world = World::open().await;
    let (noa, omer) = (world.member("Noa").await, world.member("Omer").await);
    world.moderate(&noa, "ban").await;
    let banned = json!([{ "user_id": noa.id, "username": "Noa" }]);
    assert_eq!(people(&world, &world.host).await["banned"], banned);
    assert_eq!(people(&world, &omer).await["banned"], Value::Null);
    assert_eq!(
        people(&world, &omer).await["people"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
}

#[tokio::test]
async fn lists_are_refused_to_strangers_and_banned_users() {
    let world = World::open().await;
    let (noa, stranger) = (world.member("Noa").await, world.user().await);
    world.moderate(&noa, "ban").await;
    world
        .change(world.room, &world.host, json!({ "access_code": "Sesame" }))
        .await;
    let list = || list_request(&world);
    let cases = [
        (list(), 404, "room_not_found"),
        (list().token(&stranger.token), 404, "room_not_found"),
        (list().token(&noa.token), 404, "room_not_found"),
        (list().token("forged.token"), 401, "unauthenticated"),
        (
            TestRequest::get("/api/chats/0000000000/people/"),
            404,
            "room_not_found",
        ),
    ];
    world.assert_refused("chat-people", cases).await;
}

#[tokio::test]
async fn muted_people_are_told_and_cannot_post() {
    let world = World::open().await;
    let noa = world.member("Noa").await;
    let (theirs, hosts) = (world.connect(&noa).await, world.connect(&world.host).await);
    for _ in 0..2 {
        world.moderate(&noa, "mute").await;
    }
    let refused = world.post(&noa, "message-0001", "hello").await;
    assert_eq!(
        (refused.status, &refused.body["code"]),
        (403, &json!("muted"))
    );
    invariants::check(&world, "a muted user").await;
    assert_eq!(theirs.last()["is_muted"], true);
    assert!(
        hosts.frames_of("muted").is_empty(),
        "a mute is sent to its user alone"
    );
    world.moderate(&noa, "unmute").await;
    world.say(&noa, "thank you").await;
    invariants::check(&world, "an unmuted user").await;
}

#[tokio::test]
async fn kicked_people_are_disconnected_and_may_rejoin() {
    let world = World::open().await;
    let noa = world.member("Noa").await;
    let socket = world.connect(&noa).await;
    world.moderate(&noa, "kick").await;
    world.say(&world.host, "after").await;
    invariants::check(&world, "a kicked user").await;
    assert_eq!(socket.types(), ["kicked"]);
    world.advance(10);
    assert_eq!(world.join(world.room, &noa, "Noa").await.status, 200);
    let again = world.connect(&noa).await;
    world.say(&world.host, "welcome back").await;
    invariants::check(&world, "a user who rejoined").await;
    assert_eq!(again.texts(), ["welcome back"]);
}

#[tokio::test]
async fn banned_people_are_disconnected_until_the_ban_is_lifted() {
    let world = World::open().await;
    let noa = world.member("Noa").await;
    let socket = world.connect(&noa).await;
    world.moderate(&noa, "ban").await;
    world.say(&world.host, "after").await;
    invariants::check(&world, "a banned user").await;
    assert_eq!(socket.last()["reason"], "banned");
    assert_eq!(world.join(world.room, &noa, "Noa").await.status, 403);
    world.moderate(&noa, "unban").await;
    assert_eq!(world.join(world.room, &noa, "Noa").await.status, 200);
    invariants::check(&world, "a user whose ban was lifted").await;
}

#[tokio::test]
async fn only_the_host_moderates_and_never_themselves() {
    let world = World::open().await;
    let (noa, omer) = (world.member("Noa").await, world.member("Omer").await);
    let (stranger, host) = (world.user().await, &world.host);
    let mut cases = Vec::new();
    for act in ["mute", "unmute", "kick", "ban", "unban"] {
        cases.push((world.moderation(&noa, &omer, act), 403, "forbidden"));
        cases.push((world.moderation(&stranger, &omer, act), 403, "forbidden"));
        cases.push((world.moderation(host, host, act), 409, "the_host"));
        cases.push((
            world.moderation(host, &stranger, act),
            404,
            "person_not_found",
        ));
    }
    let path = format!("/api/chats/{}/people/{}/", world.room, omer.id);
    let body = || json!({ "act": "ban" });
    cases.extend([
        (TestRequest::post(&path, body()), 401, "unauthenticated"),
        (world.moderation(host, &omer, "promote"), 400, "bad_json"),
        (
            TestRequest::post(&path, json!({ "act": "ban", "why": "x" })).token(&host.token),
            400,
            "bad_json",
        ),
        (
            TestRequest::post(format!("/api/chats/{}/people/dana/", world.room), body())
                .token(&host.token),
            404,
            "person_not_found",
        ),
        (
            world.moderation(host, &omer, "unban"),
            404,
            "person_not_found",
        ),
    ]);
    world.assert_refused("chat-people", cases).await;
}

/// A world with a back room in which a member is.
async fn world_with_guest() -> (World, User) {
    let world = World::open().await;
    let guest = world.member("Noa").await;
    world.open_back_room().await;
    world.buy(&guest, Goods::BackRoom).await;
    (world, guest)
}

async fn places(world: &World, user: &User) -> [Value; 2] {
    let back = world.room_row(world.room).await["back_room"].clone();
    let back = back.as_str().unwrap().parse().unwrap();
    let front = world.person_row(world.room, user).await;
    let back = world.person_row(back, user).await;
    [front["place"].clone(), back["place"].clone()]
}

#[tokio::test]
async fn a_ban_covers_the_back_room_until_it_is_lifted() {
    let (world, guest) = world_with_guest().await;
    let back = world.room_row(world.room).await["back_room"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    let socket = world.connect_to(back, &guest).await;
    world.moderate(&guest, "ban").await;
    assert_eq!(places(&world, &guest).await, ["banned", "banned"]);
    invariants::check(&world, "a guest who was banned").await;
    assert_eq!(socket.last()["reason"], "banned");
    world.moderate(&guest, "unban").await;
    assert_eq!(places(&world, &guest).await, ["left", "left"]);
    invariants::check(&world, "a guest whose ban was lifted").await;
}

struct Ban;

impl Story for Ban {
    const FUNCTION: &'static str = "chat-people";
    const SUCCESS: &'static [u16] = &[204];

    async fn arrange() -> (World, TestRequest) {
        let (world, guest) = world_with_guest().await;
        world.connect(&guest).await;
        let back = world.room_row(world.room).await["back_room"]
            .as_str()
            .unwrap()
            .parse()
            .unwrap();
        world.connect_to(back, &guest).await;
        let request = world.moderation(&world.host, &guest, "ban");
        (world, request)
    }

    async fn check(world: &World, story: &str) {
        for socket in world.sockets.lock().unwrap().iter() {
            let updates = world.updates(socket.room).into_iter();
            let removals = updates
                .filter(|update| update["news"] == "shown_out")
                .count();
            assert!(removals > 0, "{story}: a ban was never broadcast");
            world
                .removals
                .lock()
                .unwrap()
                .push((socket.room, socket.user, 0, world.now()));
        }
        let mut users = world
            .sockets
            .lock()
            .unwrap()
            .iter()
            .map(|socket| socket.user)
            .collect::<Vec<_>>();
        let user = User {
            id: users.remove(0),
            token: String::new(),
        };
        assert_eq!(places(world, &user).await, ["banned", "banned"], "{story}");
        world.say(&world.host, "after").await;
    }
}

#[tokio::test]
async fn users_are_banned_whatever_call_fails() {
    let ran = enumerate_requests::<Ban>().await;
    assert!(ran.calls >= 5, "{ran:?}");
}

struct Unban;

impl Story for Unban {
    const FUNCTION: &'static str = "chat-people";
    /// A repeated request finds no banned user.
    const SUCCESS: &'static [u16] = &[204, 404];

    async fn arrange() -> (World, TestRequest) {
        let (world, guest) = world_with_guest().await;
        world.moderate(&guest, "ban").await;
        let request = world.moderation(&world.host, &guest, "unban");
        (world, request)
    }

    async fn check(world: &World, story: &str) {
        let rows = world.rows().await;
        let banned = rows.iter().filter(|row| row["place"] == "banned").count();
        assert_eq!(banned, 0, "{story}");
    }
}

#[tokio::test]
async fn bans_are_lifted_in_both_rooms_whatever_call_fails() {
    let ran = enumerate_requests::<Unban>().await;
    assert!(ran.calls >= 3, "{ran:?}");
}

struct Mute;

impl Story for Mute {
    const FUNCTION: &'static str = "chat-people";
    const SUCCESS: &'static [u16] = &[204];

    async fn arrange() -> (World, TestRequest) {
        let world = World::open().await;
        let noa = world.member("Noa").await;
        let request = world.moderation(&world.host, &noa, "mute");
        (world, request)
    }

    async fn check(world: &World, story: &str) {
        let rows = world.rows().await;
        let muted = rows.iter().filter(|row| row["is_muted"] == true).count();
        assert_eq!(muted, 1, "{story}");
    }
}

#[tokio::test]
async fn users_are_muted_whatever_call_fails() {
    let ran = enumerate_requests::<Mute>().await;
    assert!(ran.calls >= 3, "{ran:?}");
}
