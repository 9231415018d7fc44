//! `rooms-paid`: fulfills purchases, takes them back, and deletes closed rooms.

use std::{marker::PhantomData, time::Duration};

use confab_core::Result;
use confab_testkit::{Enumeration, Faults, Scenario, enumerate};
use rooms::workers::rooms_paid;
use rooms_domain::Goods;
use serde_json::{Value, json};

use crate::{
    invariants,
    payments::{Order, pin, tip},
    sockets::code,
    world::{User, World, lock, text},
};

fn given() -> (String, String) {
    ("given".to_owned(), String::new())
}

fn not_given(why: &str) -> (String, String) {
    ("not_given".to_owned(), why.to_owned())
}

async fn pinned(world: &World) -> Vec<Value> {
    let pins = world.room_row(world.room).await["pins"].clone();
    let pins = pins.as_array().unwrap().iter();
    pins.map(|pin| pin["order"].clone()).collect()
}

/// A room with a member and a message.
async fn room() -> (World, User) {
    let world = World::open().await;
    let member = world.member("Noa").await;
    world.say(&world.host, "look here").await;
    (world, member)
}

#[tokio::test]
async fn paid_pins_are_shown_once() {
    let (world, member) = room().await;
    let order = world.order(&member, pin(1, 500));
    for _ in 0..2 {
        world.tell_received(&order).await.unwrap();
    }
    assert_eq!(world.status(&order).await, given());
    assert_eq!(pinned(&world).await, [json!(order.id)]);
    let shown = world.updates_of("pin").pop().unwrap();
    assert_eq!(shown["pin"]["text"], "look here");
    assert_eq!(shown["pin"]["until"], "2026-11-29T12:20:00Z");
    invariants::check(&world, "a pin").await;
}

#[tokio::test]
async fn higher_pins_cover_lower_ones_until_they_end() {
    let (world, member) = room().await;
    let low = world.buy(&member, pin(1, 500)).await;
    let high = world.buy(&member, pin(1, 1_000)).await;
    assert_eq!(pinned(&world).await, [json!(low.id), json!(high.id)]);
    invariants::check(&world, "a covered pin").await;
    world.tell_refunded(&high).await.unwrap();
    assert_eq!(pinned(&world).await, [json!(low.id)]);
    invariants::check(&world, "an uncovered pin").await;
}

#[tokio::test]
async fn pins_that_do_not_outbid_are_refunded() {
    let (world, member) = room().await;
    world.buy(&member, pin(1, 500)).await;
    let late = world.buy(&member, pin(1, 500)).await;
    assert_eq!(world.status(&late).await, not_given("outbid"));
    assert_eq!(world.refund_reasons(&late), ["another pin was as high"]);
    world.tell_received(&late).await.unwrap();
    invariants::check(&world, "an outbid pin").await;
    world.tell_refunded(&late).await.unwrap();
    assert_eq!(world.status(&late).await.0, "returned");
    invariants::check(&world, "an outbid pin that was refunded").await;
}

#[tokio::test]
async fn pins_of_deleted_messages_are_refunded() {
    let (world, member) = room().await;
    world
        .messages_request(&world.deletion(&world.host, 1))
        .await;
    for seq in [1, 99] {
        let order = world.buy(&member, pin(seq, 500)).await;
        assert_eq!(world.status(&order).await, not_given("message_gone"));
    }
    invariants::check(&world, "a pin of a deleted message").await;
}

#[tokio::test]
async fn payers_who_may_not_have_the_goods_are_refunded() {
    let (world, muted) = room().await;
    world.open_back_room().await;
    world.moderate(&muted, "mute").await;
    let (left, banned) = (world.member("Omer").await, world.member("Lior").await);
    world.leave(world.room, &left).await;
    world.moderate(&banned, "ban").await;
    let stranger = world.user().await;
    let refused = not_given("not_in_the_room");
    for (payer, expected) in [
        (&muted, [false, true, true]),
        (&left, [false, true, false]),
        (&banned, [false, false, false]),
        (&stranger, [false, false, false]),
    ] {
        let goods = [pin(1, 100), tip(300), Goods::BackRoom];
        for (goods, is_given) in goods.into_iter().zip(expected) {
            let order = world.buy(payer, goods).await;
            let expected = if is_given { given() } else { refused.clone() };
            assert_eq!(world.status(&order).await, expected, "{goods:?}");
        }
    }
    invariants::check(&world, "payers of all kinds").await;
}

#[tokio::test]
async fn paid_tips_are_posted_once() {
    let (world, member) = room().await;
    let order = world.order(&member, tip(300));
    for _ in 0..2 {
        world.tell_received(&order).await.unwrap();
    }
    let message = world.message_row(2).await;
    assert_eq!(message["tip"], json!({ "minor": 300, "currency": "USD" }));
    assert_eq!(
        (text(&message, "username"), text(&message, "text")),
        ("Noa", "")
    );
    assert_eq!(world.last_seq(world.room).await, 2);
    assert_eq!(world.purchase(&order).await["said_as"], 2);
    invariants::check(&world, "a tip").await;
}

/// The transaction of such a tip also reserves numbers in the row of the room.
#[tokio::test]
async fn tips_are_posted_as_the_first_message_and_after_a_hundred_others() {
    let world = World::open().await;
    let member = world.member("Noa").await;
    let first = world.buy(&member, tip(300)).await;
    assert_eq!(world.purchase(&first).await["said_as"], 1);
    invariants::check(&world, "a tip as the first message").await;
    let mut late = world.message_row(1).await;
    late["seq"] = json!(101);
    let pk = format!("ROOM#{}", world.room);
    world.put_row(&pk, "MSG#000000000101", late).await;
    let second = world.buy(&member, tip(500)).await;
    assert_eq!(world.purchase(&second).await["said_as"], 102);
    assert_eq!(world.room_row(world.room).await["reserved"], 202);
}

#[tokio::test]
async fn tips_are_posted_among_messages_of_a_busy_author() {
    let (world, member) = room().await;
    for number in 2..=9 {
        world.say(&member, &format!("message {number}")).await;
    }
    let order = world.buy(&member, tip(100)).await;
    assert_eq!(world.purchase(&order).await["said_as"], 10);
    invariants::check(&world, "a tip of a busy author").await;
}

#[tokio::test]
async fn refunded_tips_leave_a_tombstone() {
    let (world, member) = room().await;
    let order = world.buy(&member, tip(300)).await;
    for _ in 0..2 {
        world.tell_refunded(&order).await.unwrap();
    }
    let message = world.message_row(2).await;
    assert_eq!(
        (&message["is_deleted"], &message["tip"]),
        (&json!(true), &Value::Null)
    );
    invariants::check(&world, "a refunded tip").await;
}

#[tokio::test]
async fn paid_entrances_admit_to_the_back_room_once() {
    let (world, member) = room().await;
    let back = world.open_back_room().await;
    let order = world.order(&member, Goods::BackRoom);
    for _ in 0..2 {
        world.tell_received(&order).await.unwrap();
    }
    assert_eq!(
        world.show(back, &member).await.body["you"]["role"],
        "member"
    );
    let second = world.buy(&member, Goods::BackRoom).await;
    assert_eq!(world.status(&second).await, not_given("twice_let_in"));
    invariants::check(&world, "two entrances").await;
}

#[tokio::test]
async fn entrances_without_a_back_room_are_refunded() {
    let (world, member) = room().await;
    let order = world.buy(&member, Goods::BackRoom).await;
    assert_eq!(world.status(&order).await, not_given("no_back_room"));
    invariants::check(&world, "an entrance to nowhere").await;
}

#[tokio::test]
async fn guests_whose_name_is_taken_in_the_back_room_get_another() {
    let (world, member) = room().await;
    let back = world.open_back_room().await;
    let renamed = world.join(back, &world.host, "Noa").await;
    assert_eq!(renamed.status, 200, "{renamed:?}");
    world.buy(&member, Goods::BackRoom).await;
    let guest = world.person_row(back, &member).await;
    assert_ne!(text(&guest, "username"), "Noa");
    invariants::check(&world, "a guest with another name").await;
}

#[tokio::test]
async fn refunded_entrances_end_at_once() {
    let (world, member) = room().await;
    let back = world.open_back_room().await;
    let order = world.buy(&member, Goods::BackRoom).await;
    let socket = world.connect_to(back, &member).await;
    world.tell_refunded(&order).await.unwrap();
    world.note_removal(back, &member).await;
    assert_eq!(world.person_row(back, &member).await["place"], "left");
    assert_eq!(
        world.show(back, &member).await.body["you"]["role"],
        "stranger"
    );
    invariants::check(&world, "a refunded entrance").await;
    assert_eq!(socket.last()["reason"], "kicked");
}

#[tokio::test]
async fn banned_guests_stay_banned_after_a_refund() {
    let (world, member) = room().await;
    let back = world.open_back_room().await;
    let order = world.buy(&member, Goods::BackRoom).await;
    world.moderate(&member, "ban").await;
    world.tell_refunded(&order).await.unwrap();
    assert_eq!(world.person_row(back, &member).await["place"], "banned");
    assert_eq!(world.status(&order).await.0, "returned");
    invariants::check(&world, "a banned guest").await;
}

#[tokio::test]
async fn a_mute_survives_a_refund_and_a_new_entrance() {
    let (world, member) = room().await;
    let back = world.open_back_room().await;
    let first = world.buy(&member, Goods::BackRoom).await;
    let path = format!("/api/chats/{back}/people/{}/", member.id);
    let mute = confab_testkit::TestRequest::post(path, json!({ "act": "mute" }));
    let muted = world
        .send("chat-people", &mute.token(&world.host.token))
        .await;
    assert_eq!(muted.status, 204, "{muted:?}");
    world.tell_refunded(&first).await.unwrap();
    let second = world.buy(&member, Goods::BackRoom).await;
    let guest = world.person_row(back, &member).await;
    assert_eq!(
        (&guest["place"], &guest["is_muted"]),
        (&json!("inside"), &json!(true))
    );
    assert_eq!(guest["entrance"], json!(second.id));
    invariants::check(&world, "a muted guest").await;
}

/// SQS delivers the refund before the payment.
#[tokio::test]
async fn orders_that_are_refunded_first_are_never_fulfilled() {
    let (world, member) = room().await;
    world.open_back_room().await;
    for goods in [pin(1, 500), tip(300), Goods::BackRoom] {
        let order = world.order(&member, goods);
        world.tell_refunded(&order).await.unwrap();
        world.paid_job(&world.received(&order)).await.unwrap();
        assert_eq!(world.status(&order).await.0, "returned", "{goods:?}");
        assert!(world.refund_reasons(&order).is_empty());
    }
    invariants::check(&world, "refunds that came first").await;
}

#[tokio::test]
async fn partial_refunds_take_nothing_back() {
    let (world, member) = room().await;
    let order = world.buy(&member, pin(1, 500)).await;
    world
        .paid_job(&world.refunded(&order, false))
        .await
        .unwrap();
    assert_eq!(world.status(&order).await, given());
    invariants::check(&world, "a partial refund").await;
}

#[tokio::test]
async fn payments_for_a_closed_room_are_refunded() {
    let (world, member) = room().await;
    world.close(world.room, &world.host).await;
    for goods in [pin(1, 500), tip(300), Goods::BackRoom] {
        let order = world.buy(&member, goods).await;
        assert_eq!(
            world.status(&order).await,
            not_given("room_closed"),
            "{goods:?}"
        );
        assert_eq!(world.refund_reasons(&order), ["the room is closed"]);
    }
    invariants::check(&world, "payments for a closed room").await;
}

/// Money was taken for something that rooms do not sell: the job stays and alarms.
#[tokio::test]
async fn unknown_goods_fail_their_job() {
    let (world, member) = room().await;
    let order = world.order(&member, pin(1, 500));
    let with = |name: &str, value: &str| {
        let mut job = world.received(&order);
        job["detail"]["data"][name] = json!(value);
        job
    };
    let before = world.rows().await;
    for job in [
        with("item", "rooms.pin_501"),
        with("reference", "nowhere 1"),
        with("payer", "dana"),
    ] {
        assert_eq!(code(world.paid_job(&job).await), "unknown_goods");
    }
    let mut newer = world.received(&order);
    newer["detail"]["version"] = json!(2);
    assert_eq!(code(world.paid_job(&newer).await), "unknown_version");
    assert_eq!(world.rows().await, before);
}

#[tokio::test]
async fn young_entrances_are_refunded_when_the_room_closes() {
    let (world, old) = room().await;
    let young = world.member("Omer").await;
    world.open_back_room().await;
    let first = world.buy(&old, Goods::BackRoom).await;
    world.advance(24 * 3600);
    let second = world.buy(&young, Goods::BackRoom).await;
    world.close(world.room, &world.host).await;
    for job in world.closings() {
        world.paid_job(&job).await.unwrap();
        world.paid_job(&job).await.unwrap();
    }
    assert_eq!(world.refund_reasons(&first), Vec::<String>::new());
    assert_eq!(
        world.refund_reasons(&second).first().unwrap(),
        "the room is closed"
    );
    let rows = world.rows().await;
    let left = rows.iter().find(|row| text(row, "pk").starts_with("ROOM#"));
    assert_eq!(left, None);
    world.tell_refunded(&second).await.unwrap();
    assert_eq!(
        world.status(&second).await.0,
        "returned",
        "purchases outlive their room"
    );
    invariants::check(&world, "a deleted room").await;
}

/// The room has more rows than one invocation deletes.
#[tokio::test]
async fn large_rooms_are_deleted_by_several_invocations() {
    let (world, _) = room().await;
    let pk = format!("ROOM#{}", world.room);
    for number in 0..120 {
        world
            .put_row(&pk, &format!("SAID#usr_x#{number:04}"), json!({ "seq": 1 }))
            .await;
    }
    world.close(world.room, &world.host).await;
    let closing = world.closings().pop().unwrap();
    let state = world.state("rooms-paid").await;
    let mut message = world.message(&closing);
    message.time_left = Duration::ZERO;
    rooms_paid::handle(state, message).await.unwrap();
    assert_ne!(
        world.room_row(world.room).await,
        Value::Null,
        "the time is over"
    );
    assert_eq!(world.closings().len(), 2, "another invocation continues");
    world.paid_job(&world.closings()[1]).await.unwrap();
    assert_eq!(world.partition(&pk).await, Vec::<Value>::new());
}

/// What payments tells of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Told {
    Received,
    Refunded,
}

/// An event of payments about an order, delivered until it is handled.
trait Story {
    const TOLD: Told;
    /// The status of the purchase in the end.
    const STATUS: &'static str;

    fn goods() -> Goods;

    /// What happened before.
    fn before(_: &World, _: &Order) -> impl Future<Output = ()> {
        async {}
    }
}

struct Delivery<S> {
    world: World,
    order: Order,
    story: PhantomData<S>,
}

impl<S: Story> Scenario for Delivery<S> {
    async fn arrange() -> Self {
        let (world, member) = room().await;
        let back = world.open_back_room().await;
        let order = world.order(&member, S::goods());
        S::before(&world, &order).await;
        if world.person_row(back, &member).await["place"] == "inside" {
            world.connect_to(back, &member).await;
        }
        world.state("rooms-paid").await;
        Self {
            world,
            order,
            story: PhantomData,
        }
    }

    fn faults(&self) -> &Faults {
        self.world.cloud.faults()
    }

    /// At each delivery, no refund was requested before the write that makes it due.
    async fn act(&self) -> Result<()> {
        if !self.world.refund_requests().is_empty() {
            invariants::check_refunds(&self.world, "before a repeated delivery").await;
        }
        match S::TOLD {
            Told::Received => self.world.tell_received(&self.order).await,
            Told::Refunded => self.world.tell_refunded(&self.order).await,
        }
    }

    async fn check(&self, story: &str) {
        let world = &self.world;
        assert_eq!(world.status(&self.order).await.0, S::STATUS, "{story}");
        for socket in lock(&world.sockets).iter() {
            lock(&world.removals).push((socket.room, socket.user, 0, world.now()));
        }
        invariants::check(world, story).await;
    }
}

async fn enumerate_deliveries<S: Story>() -> Enumeration {
    enumerate::<Delivery<S>>().await
}

async fn pay(world: &World, order: &Order) {
    world.tell_received(order).await.unwrap();
}

/// Another member pays for a higher pin.
async fn outbid(world: &World, _: &Order) {
    let other = world.member("Omer").await;
    world.buy(&other, pin(1, 2_000)).await;
}

macro_rules! stories {
    ($($name:ident: $goods:expr, $told:ident, $status:literal $(, after $before:ident)?;)*) => {
        $(
            struct $name;

            impl Story for $name {
                const TOLD: Told = Told::$told;
                const STATUS: &'static str = $status;

                fn goods() -> Goods {
                    $goods
                }

                $(
                    async fn before(world: &World, order: &Order) {
                        $before(world, order).await;
                    }
                )?
            }
        )*
    };
}

stories! {
    PaidPin: pin(1, 500), Received, "given";
    OutbidPin: pin(1, 500), Received, "not_given", after outbid;
    PaidTip: tip(300), Received, "given";
    PaidEntrance: Goods::BackRoom, Received, "given";
    RefundedPin: pin(1, 500), Refunded, "returned", after pay;
    RefundedTip: tip(300), Refunded, "returned", after pay;
    RefundedEntrance: Goods::BackRoom, Refunded, "returned", after pay;
    EarlyRefund: tip(300), Refunded, "returned";
}

#[tokio::test]
async fn pins_are_given_once_whatever_call_fails() {
    let ran = enumerate_deliveries::<PaidPin>().await;
    assert!(ran.calls >= 7, "{ran:?}");
}

#[tokio::test]
async fn outbid_pins_are_refunded_once_whatever_call_fails() {
    let ran = enumerate_deliveries::<OutbidPin>().await;
    assert!(ran.calls >= 6, "{ran:?}");
}

#[tokio::test]
async fn tips_are_given_once_whatever_call_fails() {
    let ran = enumerate_deliveries::<PaidTip>().await;
    assert!(ran.calls >= 7, "{ran:?}");
}

#[tokio::test]
async fn entrances_are_given_once_whatever_call_fails() {
    let ran = enumerate_deliveries::<PaidEntrance>().await;
    assert!(ran.calls >= 5, "{ran:?}");
}

#[tokio::test]
async fn pins_are_taken_back_whatever_call_fails() {
    let ran = enumerate_deliveries::<RefundedPin>().await;
    assert!(ran.calls >= 5, "{ran:?}");
}

#[tokio::test]
async fn tips_are_taken_back_whatever_call_fails() {
    let ran = enumerate_deliveries::<RefundedTip>().await;
    assert!(ran.calls >= 6, "{ran:?}");
}

#[tokio::test]
async fn entrances_are_taken_back_whatever_call_fails() {
    let ran = enumerate_deliveries::<RefundedEntrance>().await;
    assert!(ran.calls >= 6, "{ran:?}");
}

#[tokio::test]
async fn refunds_that_come_first_are_kept_whatever_call_fails() {
    let ran = enumerate_deliveries::<EarlyRefund>().await;
    assert!(ran.calls >= 2, "{ran:?}");
}
