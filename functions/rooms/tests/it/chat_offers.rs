//! `chat-offers`: what a room sells, links to pay for it, tips and the back room.

use std::sync::Arc;

use confab_testkit::{Cloud, Fault, TestRequest};
use rooms_domain::Goods;
use serde_json::{Value, json};

use crate::{
    invariants,
    payments::{PayApi, pin, tip},
    scenario::{Story, enumerate_requests},
    world::{User, World, text},
};

async fn shop() -> (World, Arc<PayApi>) {
    let mut cloud = Cloud::open().await;
    let pay = PayApi::serve(&mut cloud).await;
    (World::over(cloud).await, pay)
}

fn request(world: &World, user: &User, what: &str, body: Value) -> TestRequest {
    let path = format!("/api/chats/{}/{what}/", world.room);
    TestRequest::post(path, body).token(&user.token)
}

fn pin_request(world: &World, user: &User, seq: u64, tier: u32) -> TestRequest {
    request(world, user, "pins", json!({ "seq": seq, "tier": tier }))
}

fn tip_request(world: &World, user: &User, amount: u32) -> TestRequest {
    request(world, user, "tips", json!({ "amount": amount }))
}

async fn offers(world: &World, user: &User) -> Value {
    let path = format!("/api/chats/{}/offers/", world.room);
    let offers = world
        .send("chat-offers", &TestRequest::get(path).token(&user.token))
        .await;
    assert_eq!(offers.status, 200, "{offers:?}");
    offers.body
}

fn tiers(offers: &Value) -> Vec<u64> {
    let pins = offers["pins"].as_array().unwrap().iter();
    pins.map(|pin| pin["tier"].as_u64().unwrap()).collect()
}

#[tokio::test]
async fn offers_are_what_may_be_bought_now() {
    let (world, _) = shop().await;
    let member = world.member("Noa").await;
    let all = offers(&world, &member).await;
    assert_eq!(tiers(&all), [100, 200, 500, 1_000, 1_500, 2_000]);
    assert_eq!(all["tips"].as_array().unwrap().len(), 4);
    assert_eq!(
        all["pins"][2]["price"],
        json!({ "minor": 500, "currency": "USD" })
    );
    assert_eq!(all["back_room"], Value::Null);
    assert_ne!(offers(&world, &world.host).await["back_room"], Value::Null);
    world.open_back_room().await;
    assert_ne!(offers(&world, &member).await["back_room"], Value::Null);
    let seq = world.say(&world.host, "look here").await;
    world.buy(&member, pin(seq, 500)).await;
    assert_eq!(tiers(&offers(&world, &member).await), [1_000, 1_500, 2_000]);
    world.buy(&member, pin(seq, 2_000)).await;
    assert_eq!(tiers(&offers(&world, &member).await), Vec::<u64>::new());
    world.advance(3_600);
    assert_eq!(tiers(&offers(&world, &member).await).len(), 6);
}

#[tokio::test]
async fn offers_are_shown_to_readers_alone() {
    let (world, _) = shop().await;
    let member = world.member("Noa").await;
    let get = || TestRequest::get(format!("/api/chats/{}/offers/", world.room));
    assert_eq!(world.send("chat-offers", &get()).await.status, 200);
    world
        .change(world.room, &world.host, json!({ "is_public": false }))
        .await;
    world.moderate(&member, "ban").await;
    let cases = [
        (get(), 404, "room_not_found"),
        (get().token(&member.token), 404, "room_not_found"),
        (get().token("forged.token"), 401, "unauthenticated"),
        (
            TestRequest::get("/api/chats/nowhere/offers/"),
            404,
            "room_not_found",
        ),
    ];
    world.assert_refused("chat-offers", cases).await;
}

#[tokio::test]
async fn pins_are_paid_behind_a_link() {
    let (world, pay) = shop().await;
    let member = world.member("Noa").await;
    let seq = world.say(&world.host, "look here").await;
    let link = world
        .send("chat-offers", &pin_request(&world, &member, seq, 500))
        .await;
    assert_eq!(link.status, 201, "{link:?}");
    let order = text(&link.body, "order_id");
    assert!(text(&link.body, "pay_url").ends_with(&format!("/api/payments/pay/{order}")));
    assert_eq!(
        (&link.body["minutes"], &link.body["expires_at"]),
        (&json!(20), &json!("2026-11-29T13:00:00Z"))
    );
    let offer = pay.offers().pop().unwrap();
    assert_eq!(offer.order_id.to_string(), order);
    assert_eq!(
        offer.purchase,
        pin(seq, 500).purchase(world.room, member.id)
    );
    assert!(offer.return_url.ends_with("/api/payments/back"));
    assert_eq!(
        world.room_row(world.room).await["pins"],
        json!([]),
        "nothing is given before it is paid"
    );
    let again = world
        .send("chat-offers", &pin_request(&world, &member, seq, 500))
        .await;
    assert_ne!(
        again.body["order_id"], link.body["order_id"],
        "each request is an order"
    );
}

#[tokio::test]
async fn pins_are_refused_with_a_reason_and_store_no_offer() {
    let (world, pay) = shop().await;
    let (member, stranger) = (world.member("Noa").await, world.user().await);
    let muted = world.member("Omer").await;
    world.moderate(&muted, "mute").await;
    let seq = world.say(&world.host, "look here").await;
    let deleted = world.say(&world.host, "gone").await;
    world
        .messages_request(&world.deletion(&world.host, deleted))
        .await;
    world.buy(&member, pin(seq, 500)).await;
    let anonymous = TestRequest::post(
        format!("/api/chats/{}/pins/", world.room),
        json!({ "seq": 1, "tier": 500 }),
    );
    let cases = [
        (anonymous, 401, "unauthenticated"),
        (
            pin_request(&world, &stranger, seq, 1_000),
            403,
            "not_a_member",
        ),
        (pin_request(&world, &muted, seq, 1_000), 403, "muted"),
        (pin_request(&world, &member, seq, 501), 400, "bad_tier"),
        (pin_request(&world, &member, seq, 500), 409, "outbid"),
        (pin_request(&world, &member, seq, 100), 409, "outbid"),
        (
            pin_request(&world, &member, deleted, 1_000),
            404,
            "message_not_found",
        ),
        (
            pin_request(&world, &member, 99, 1_000),
            404,
            "message_not_found",
        ),
        (
            request(&world, &member, "pins", json!({ "seq": 1 })),
            400,
            "bad_json",
        ),
        (
            request(&world, &member, "pins", json!({ "seq": -1, "tier": 500 })),
            400,
            "bad_json",
        ),
    ];
    world.assert_refused("chat-offers", cases).await;
    assert!(pay.offers().is_empty());
}

#[tokio::test]
async fn tips_are_paid_behind_a_link() {
    let (world, pay) = shop().await;
    let member = world.member("Noa").await;
    let link = world
        .send("chat-offers", &tip_request(&world, &member, 300))
        .await;
    assert_eq!((link.status, &link.body["minutes"]), (201, &Value::Null));
    let offer = pay.offers().pop().unwrap();
    assert_eq!(offer.purchase, tip(300).purchase(world.room, member.id));
    assert_eq!(offer.title, "Roof at dusk: a tip for Dana");
    let stranger = world.user().await;
    let cases = [
        (tip_request(&world, &member, 301), 400, "bad_amount"),
        (tip_request(&world, &world.host, 300), 409, "the_host"),
        (tip_request(&world, &stranger, 300), 403, "not_a_member"),
        (
            request(&world, &member, "tips", json!({ "amount": -1 })),
            400,
            "bad_json",
        ),
    ];
    world.assert_refused("chat-offers", cases).await;
    assert_eq!(pay.offers().len(), 1);
}

#[tokio::test]
async fn goods_without_a_price_are_not_for_sale() {
    let mut cloud = Cloud::open().await;
    cloud.set_variable("PRICES", "rooms.tip_100=1.00 USD");
    let pay = PayApi::serve(&mut cloud).await;
    let world = World::over(cloud).await;
    let member = world.member("Noa").await;
    let offers = offers(&world, &member).await;
    assert_eq!(
        (tiers(&offers), offers["tips"].as_array().unwrap().len()),
        (vec![], 1)
    );
    let cases = [(tip_request(&world, &member, 300), 422, "not_for_sale")];
    world.assert_refused("chat-offers", cases).await;
    assert!(pay.offers().is_empty());
}

#[tokio::test]
async fn links_are_unavailable_while_payments_fails() {
    let (world, pay) = shop().await;
    let member = world.member("Noa").await;
    for status in [400, 500, 503] {
        pay.fail_with(status);
        let cases = [(tip_request(&world, &member, 300), 503, "offer_not_stored")];
        world.assert_refused("chat-offers", cases).await;
    }
    pay.fail_with(201);
    assert_eq!(
        world
            .send("chat-offers", &tip_request(&world, &member, 300))
            .await
            .status,
        201
    );
}

#[tokio::test]
async fn links_are_unavailable_while_payments_is_not_reached() {
    let (world, pay) = shop().await;
    let member = world.member("Noa").await;
    let tip = tip_request(&world, &member, 300);
    world.send("chat-offers", &tip).await;
    world.cloud.faults().clear();
    world.send("chat-offers", &tip).await;
    let calls = world.cloud.faults().calls();
    let to_payments = |call: &confab_testkit::Call| call.0.starts_with("POST /api/payments");
    let number = calls.iter().position(to_payments).unwrap();
    world.cloud.faults().plan(number, Fault::LostBefore);
    let lost = world.send("chat-offers", &tip).await;
    assert_eq!(
        (lost.status, &lost.body["code"]),
        (503, &json!("offer_not_stored"))
    );
    assert_eq!(pay.offers().len(), 2);
}

#[tokio::test]
async fn the_host_opens_a_back_room_once() {
    let (world, _) = shop().await;
    let member = world.member("Noa").await;
    let cases = [(world.back_room_request(&member), 404, "back_room_not_found")];
    world.assert_refused("chat-offers", cases).await;
    let back = world.open_back_room().await;
    let again = world
        .send("chat-offers", &world.back_room_request(&world.host))
        .await;
    assert_eq!((again.status, &again.body["code"]), (200, &json!(back)));
    let path = format!("/api/chats/{back}/back-room/");
    let behind = TestRequest::post(path, json!({})).token(&world.host.token);
    let cases = [(behind, 409, "behind_another")];
    world.assert_refused("chat-offers", cases).await;
    assert_eq!(world.room_row(back).await["front"], json!(world.room));
    invariants::check(&world, "a back room").await;
}

/// The process died between the back room and its broadcast, and the host repeats the request.
#[tokio::test]
async fn interrupted_openings_are_broadcast_by_a_retry() {
    let (world, twin) = (World::open().await, World::open().await);
    for world in [&world, &twin] {
        world.state("chat-offers").await;
    }
    twin.cloud.faults().clear();
    twin.open_back_room().await;
    let calls = twin.cloud.faults().calls();
    let send = calls
        .iter()
        .position(|call| call.0.ends_with("SendMessageBatch"));
    let (faults, request) = (world.cloud.faults(), world.back_room_request(&world.host));
    faults.plan(send.unwrap(), Fault::DiesBefore);
    assert_eq!(faults.run(world.send("chat-offers", &request)).await, None);
    faults.clear();
    assert!(world.updates_of("room").is_empty());
    assert_eq!(world.send("chat-offers", &request).await.status, 200);
    let update = world.updates_of("room").pop().unwrap();
    assert_ne!(update["room"]["back_room"], Value::Null);
}

#[tokio::test]
async fn the_back_room_is_entered_by_paying() {
    let (world, pay) = shop().await;
    let (member, stranger) = (world.member("Noa").await, world.user().await);
    let back = world.open_back_room().await;
    let link = world
        .send("chat-offers", &world.back_room_request(&member))
        .await;
    assert_eq!(link.status, 201, "{link:?}");
    assert_eq!(
        pay.offers().pop().unwrap().purchase,
        Goods::BackRoom.purchase(world.room, member.id)
    );
    let anonymous = TestRequest::post(format!("/api/chats/{}/back-room/", world.room), json!({}));
    let named = request(&world, &member, "back-room", json!({ "username": "Noa" }));
    let cases = [
        (world.back_room_request(&stranger), 403, "not_a_member"),
        (anonymous, 401, "unauthenticated"),
        (named, 400, "bad_json"),
    ];
    world.assert_refused("chat-offers", cases).await;
    world.buy(&member, Goods::BackRoom).await;
    let entered = world
        .send("chat-offers", &world.back_room_request(&member))
        .await;
    assert_eq!((entered.status, &entered.body["code"]), (200, &json!(back)));
    world.moderate(&member, "ban").await;
    let cases = [(world.back_room_request(&member), 404, "room_not_found")];
    world.assert_refused("chat-offers", cases).await;
}

#[tokio::test]
async fn tips_are_listed_for_the_host_alone() {
    let (world, _) = shop().await;
    let member = world.member("Noa").await;
    let first = world.buy(&member, tip(300)).await;
    world.advance(60);
    world.buy(&member, tip(500)).await;
    world.tell_refunded(&first).await.unwrap();
    let path = format!("/api/chats/{}/tips/", world.room);
    let list = TestRequest::get(&path).token(&world.host.token);
    let listed = world.send("chat-offers", &list).await;
    assert_eq!(listed.status, 200, "{listed:?}");
    assert_eq!(
        listed.body["totals"],
        json!([{ "minor": 500, "currency": "USD" }])
    );
    let tips = listed.body["tips"].as_array().unwrap();
    let returned: Vec<_> = tips.iter().map(|tip| tip["is_returned"].clone()).collect();
    assert_eq!(
        (returned, &tips[0]["username"]),
        (vec![json!(false), json!(true)], &json!("Noa"))
    );
    let cases = [
        (
            TestRequest::get(&path).token(&member.token),
            403,
            "forbidden",
        ),
        (TestRequest::get(&path), 401, "unauthenticated"),
    ];
    world.assert_refused("chat-offers", cases).await;
}

struct Opening;

impl Story for Opening {
    const FUNCTION: &'static str = "chat-offers";
    const SUCCESS: &'static [u16] = &[200, 201];

    async fn arrange() -> (World, TestRequest) {
        let world = World::open().await;
        let request = world.back_room_request(&world.host);
        (world, request)
    }

    async fn check(world: &World, story: &str) {
        let rows = world.rows().await;
        let rooms = rows.iter().filter(|row| row["sk"] == "ROOM").count();
        assert_eq!(rooms, 2, "{story}: one back room");
        assert_ne!(
            world.room_row(world.room).await["back_room"],
            Value::Null,
            "{story}"
        );
        assert!(
            !world.updates_of("room").is_empty(),
            "{story}: the back room was never broadcast"
        );
    }
}

#[tokio::test]
async fn one_back_room_is_opened_whatever_call_fails() {
    let ran = enumerate_requests::<Opening>().await;
    assert!(ran.calls >= 4, "{ran:?}");
}

struct PinLink;

impl Story for PinLink {
    const FUNCTION: &'static str = "chat-offers";
    const SUCCESS: &'static [u16] = &[201];

    async fn arrange() -> (World, TestRequest) {
        let (world, _) = shop().await;
        let member = world.member("Noa").await;
        let seq = world.say(&world.host, "look here").await;
        let request = pin_request(&world, &member, seq, 500);
        (world, request)
    }

    async fn check(world: &World, story: &str) {
        assert_eq!(
            world.room_row(world.room).await["pins"],
            json!([]),
            "{story}"
        );
    }
}

#[tokio::test]
async fn links_give_nothing_whatever_call_fails() {
    let ran = enumerate_requests::<PinLink>().await;
    assert!(ran.calls >= 3, "{ran:?}");
}
