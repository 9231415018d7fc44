//! What is paid for in rooms: pins, tips and the back room; each is given once, or its money goes back. The same on
//! local and on a deployed stack.

use anyhow::{Context, Result, ensure};
use confab_e2e::{Guest, Live, Place, Shop, Taken, eventually};
use futures::future::try_join_all;
use reqwest::Method;
use serde_json::{Value, json};

/// A host, a member, the room's code and the member's socket.
async fn a_room(place: &Place, name: &str) -> Result<(Guest, Guest, String, Live)> {
    let (host, member) = (Guest::new(place).await?, Guest::new(place).await?);
    let code = host.opens(name, "Dana").await?;
    member.joins(&code, "Omer").await?;
    let live = member.connects(&code).await?;
    live.greets(None).await?;
    Ok((host, member, code, live))
}

async fn wants_pin(who: &Guest, code: &str, seq: u64, tier: u32) -> Result<Taken> {
    who.takes(
        &format!("/api/chats/{code}/pins/"),
        &json!({ "seq": seq, "tier": tier }),
    )
    .await
}

async fn pin_of(who: &Guest, code: &str) -> Result<Value> {
    Ok(who.gets(&format!("/api/chats/{code}/")).await?["pin"].clone())
}

/// The view of a member.
async fn told(who: &Guest, path: &str, body: &Value) -> Result<(u16, String)> {
    let (status, answer) = who.asks(Method::POST, path, Some(body)).await?;
    Ok((
        status.as_u16(),
        answer["code"].as_str().unwrap_or_default().to_owned(),
    ))
}

#[tokio::test]
async fn pins_stay_until_outbid_and_end_with_their_refund() -> Result<()> {
    let place = Place::any().await?;
    let (host, member, code, live) = a_room(&place, "Balloons").await?;
    host.says(&code, "message-1", "a red one over the market")
        .await?;
    member.says(&code, "message-2", "and a blue one").await?;
    let offers = member.gets(&format!("/api/chats/{code}/offers/")).await?;
    let tiers = |offers: &Value| -> Vec<_> {
        offers["pins"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|pin| pin["tier"].as_u64())
            .collect()
    };
    assert_eq!(tiers(&offers), [100, 200, 500, 1_000, 1_500, 2_000]);

    let first = wants_pin(&member, &code, 1, 500).await?;
    assert_eq!(
        (&first.offer["minutes"], &first.offer["price"]["minor"]),
        (&json!(20), &json!(500))
    );
    assert_eq!(
        pin_of(&host, &code).await?,
        Value::Null,
        "nothing is given before it is paid"
    );
    first.is_paid(&place).await?;
    let pin = live.hears("pin").await?["pin"].clone();
    assert_eq!((&pin["seq"], &pin["username"]), (&json!(1), &json!("Dana")));
    assert_eq!(
        (&pin["text"], &pin["next_price"]["minor"]),
        (&json!("a red one over the market"), &json!(1_000))
    );
    assert_eq!(
        pin_of(&host, &code).await?,
        pin,
        "later members see it, too"
    );

    // As high is not higher.
    let pins = format!("/api/chats/{code}/pins/");
    assert_eq!(
        told(&host, &pins, &json!({ "seq": 2, "tier": 500 })).await?,
        (409, "outbid".into())
    );
    assert_eq!(
        tiers(&host.gets(&format!("/api/chats/{code}/offers/")).await?),
        [1_000, 1_500, 2_000]
    );
    let second = wants_pin(&host, &code, 2, 1_000).await?;
    second.is_paid(&place).await?;
    live.hears_of("pin", |frame| frame["pin"]["seq"] == 2)
        .await?;

    // The higher one is paid back: the lower one, whose time is not over, is at the top again.
    second.is_paid_back(&place).await?;
    eventually(|| async {
        let pin = pin_of(&member, &code).await?;
        ensure!(pin["seq"] == 1, "{pin}");
        Ok(())
    })
    .await?;
    first.is_paid_back(&place).await?;
    live.hears_of("pin", |frame| frame["pin"].is_null()).await?;
    assert_eq!(pin_of(&member, &code).await?, Value::Null);
    Ok(())
}

#[tokio::test]
async fn one_of_concurrent_pins_wins_and_the_others_are_refunded() -> Result<()> {
    let place = Place::any().await?;
    let (host, member, code, _live) = a_room(&place, "Front row").await?;
    host.says(&code, "message-1", "here").await?;
    let mut takers = Vec::new();
    for who in [&host, &member, &member, &host] {
        takers.push(wants_pin(who, &code, 1, 2_000).await?);
    }
    try_join_all(takers.iter().map(|taken| taken.is_paid(&place))).await?;
    let states = eventually(|| async {
        let states = try_join_all(takers.iter().map(|taken| taken.state(&place))).await?;
        let back = states.iter().filter(|state| *state == "refunded").count();
        ensure!(back == 3, "{states:?}");
        Ok(states)
    })
    .await?;
    assert_eq!(states.iter().filter(|state| *state == "paid").count(), 1);
    assert_eq!(pin_of(&host, &code).await?["seq"], 1);
    Ok(())
}

#[tokio::test]
async fn purchases_for_deleted_messages_are_refunded() -> Result<()> {
    let place = Place::any().await?;
    let (host, member, code, _live) = a_room(&place, "Short lived").await?;
    member.says(&code, "message-1", "a word").await?;
    member.says(&code, "message-2", "another word").await?;
    // Paid after the message went.
    let late = wants_pin(&member, &code, 1, 100).await?;
    member
        .asks(
            Method::DELETE,
            &format!("/api/chats/{code}/messages/1/"),
            None,
        )
        .await?;
    late.is_paid(&place).await?;
    late.comes_to(&place, "refunded").await?;
    assert_eq!(pin_of(&host, &code).await?, Value::Null);
    let pins = format!("/api/chats/{code}/pins/");
    assert_eq!(
        told(&member, &pins, &json!({ "seq": 1, "tier": 100 })).await?,
        (404, "message_not_found".into())
    );
    assert_eq!(
        told(&member, &pins, &json!({ "seq": 2, "tier": 150 })).await?,
        (400, "bad_tier".into())
    );
    assert_eq!(
        told(
            &member,
            &pins,
            &json!({ "seq": 2, "tier": 100, "price": 1 })
        )
        .await?
        .0,
        400
    );

    // Paid after the payer may not write any more.
    let muted = wants_pin(&member, &code, 2, 100).await?;
    let act = |act: &str| json!({ "act": act });
    let him = format!("/api/chats/{code}/people/{}/", member.id);
    host.asks(Method::POST, &him, Some(&act("mute"))).await?;
    muted.is_paid(&place).await?;
    muted.comes_to(&place, "refunded").await?;
    host.asks(Method::POST, &him, Some(&act("unmute"))).await?;

    // The host deletes a message with a paid pin.
    let taken = wants_pin(&member, &code, 2, 100).await?;
    taken.is_paid(&place).await?;
    taken.comes_to(&place, "paid").await?;
    eventually(|| async {
        pin_of(&host, &code).await?["seq"]
            .as_u64()
            .context("no pin")
    })
    .await?;
    host.asks(
        Method::DELETE,
        &format!("/api/chats/{code}/messages/2/"),
        None,
    )
    .await?;
    assert_eq!(pin_of(&member, &code).await?, Value::Null);
    taken.comes_to(&place, "refunded").await?;

    // The room closes while a pin is up, and another is being paid.
    member.says(&code, "message-3", "the last word").await?;
    let up = wants_pin(&member, &code, 3, 100).await?;
    let under_way = wants_pin(&member, &code, 3, 200).await?;
    up.is_paid(&place).await?;
    eventually(|| async {
        pin_of(&host, &code).await?["seq"]
            .as_u64()
            .context("no pin")
    })
    .await?;
    host.asks(Method::DELETE, &format!("/api/chats/{code}/"), None)
        .await?;
    under_way.is_paid(&place).await?;
    up.comes_to(&place, "refunded").await?;
    under_way.comes_to(&place, "refunded").await?;
    Ok(())
}

#[tokio::test]
async fn tips_are_shown_counted_and_removed_on_refund() -> Result<()> {
    let place = Place::any().await?;
    let (host, member, code, live) = a_room(&place, "Busker").await?;
    let tips = format!("/api/chats/{code}/tips/");
    assert_eq!(
        told(&host, &tips, &json!({ "amount": 300 })).await?,
        (409, "the_host".into())
    );
    assert_eq!(
        told(&member, &tips, &json!({ "amount": 301 })).await?,
        (400, "bad_amount".into())
    );
    let stranger = Guest::new(&place).await?;
    assert_eq!(
        told(&stranger, &tips, &json!({ "amount": 300 })).await?,
        (403, "not_a_member".into())
    );
    let (small, large) = (
        member.takes(&tips, &json!({ "amount": 300 })).await?,
        member.takes(&tips, &json!({ "amount": 1_000 })).await?,
    );
    // A message whose client id is an order's id does no harm.
    member.says(&code, &small.order, "just words").await?;
    small.is_paid(&place).await?;
    large.is_paid(&place).await?;
    let of = |cents: u64| move |message: &&Value| message["tip"]["minor"] == cents;
    eventually(|| async {
        let shown = live.shown();
        let both = shown.iter().any(|message| of(300)(&message))
            && shown.iter().any(|message| of(1_000)(&message));
        ensure!(both, "{shown:?}");
        Ok(())
    })
    .await?;
    let read = host.reads(&code).await?;
    assert_eq!(read, live.shown(), "each once, in order");
    let tips_read = read.iter().filter(|message| message["tip"].is_object());
    assert!(
        tips_read
            .clone()
            .all(|message| message["username"] == "Omer" && message["text"] == "")
    );
    assert_eq!((read.len(), tips_read.count()), (3, 2));
    assert_eq!(
        host.gets(&tips).await?["totals"],
        json!([{ "minor": 1_300, "currency": "USD" }])
    );
    assert_eq!(
        member.asks(Method::GET, &tips, None).await?.0.as_u16(),
        403,
        "it is the host's"
    );

    large.is_paid_back(&place).await?;
    let changed = live.hears("changed").await?;
    assert_eq!(
        (
            &changed["message"]["is_deleted"],
            &changed["message"]["tip"]
        ),
        (&json!(true), &Value::Null)
    );
    eventually(|| async {
        let counted = host.gets(&tips).await?;
        ensure!(
            counted["totals"] == json!([{ "minor": 300, "currency": "USD" }]),
            "{counted}"
        );
        Ok(())
    })
    .await?;
    Ok(())
}

#[tokio::test]
async fn back_rooms_admit_paying_members_only() -> Result<()> {
    let place = Place::any().await?;
    let (host, member, code, live) = a_room(&place, "Stage").await?;
    let path = format!("/api/chats/{code}/back-room/");
    let nothing = json!({});
    assert_eq!(
        told(&member, &path, &nothing).await?,
        (404, "back_room_not_found".into())
    );
    let (status, opened) = host.asks(Method::POST, &path, Some(&nothing)).await?;
    assert_eq!(status.as_u16(), 201, "{opened}");
    let back = opened["code"].as_str().context("a code")?.to_owned();
    assert_eq!(
        host.posts(&path, &nothing).await?["code"],
        back,
        "it is opened once"
    );
    live.hears_of("room", |frame| frame["room"]["back_room"]["code"].is_null())
        .await?;

    // It cannot be found by its code either.
    let seen = member.gets(&format!("/api/chats/{code}/")).await?;
    assert_eq!(seen["back_room"], json!({ "code": null }));
    let join = format!("/api/chats/{back}/join/");
    let wanted = json!({ "username": "Omer" });
    assert_eq!(
        told(&member, &join, &wanted).await?,
        (403, "not_paid".into())
    );
    let (status, _) = member
        .asks(Method::GET, &format!("/api/chats/{back}/messages/"), None)
        .await?;
    assert_eq!(status.as_u16(), 404);
    let opened_to_all = json!({ "is_public": true });
    let (status, _) = host
        .asks(
            Method::PATCH,
            &format!("/api/chats/{back}/"),
            Some(&opened_to_all),
        )
        .await?;
    assert_eq!(status.as_u16(), 400);

    let entrance = member.takes(&path, &nothing).await?;
    let again = member.takes(&path, &nothing).await?;
    entrance.is_paid(&place).await?;
    let enters = eventually(|| async {
        let (_, answer) = member.asks(Method::POST, &path, Some(&nothing)).await?;
        answer["code"]
            .as_str()
            .map(str::to_owned)
            .with_context(|| answer.to_string())
    })
    .await?;
    assert_eq!(enters, back);
    member
        .says(&back, "message-1", "so this is where it is")
        .await?;
    assert_eq!(host.reads(&back).await?[0]["username"], "Omer");
    let his = member.connects(&back).await?;
    his.greets(None).await?;

    // The same person pays once more: once is enough.
    again.is_paid(&place).await?;
    again.comes_to(&place, "refunded").await?;
    member.says(&back, "message-2", "still here").await?;

    // Who left may come back; who is paid back is shown out, and pays again.
    member.asks(Method::DELETE, &join, None).await?;
    member.joins(&back, "Omer").await?;
    entrance.is_paid_back(&place).await?;
    his.hears("kicked").await?;
    eventually(|| async {
        ensure!(told(&member, &join, &wanted).await? == (403, "not_paid".into()));
        Ok(())
    })
    .await?;
    assert_eq!(
        member.gets(&format!("/api/chats/{code}/")).await?["back_room"],
        json!({ "code": null })
    );

    // It closes with the room in front. Entrances of today and open pins are refunded.
    let last = member.takes(&path, &nothing).await?;
    last.is_paid(&place).await?;
    eventually(|| async { member.says(&back, "message-3", "again").await.map(drop) }).await?;
    let (status, _) = host
        .asks(Method::DELETE, &format!("/api/chats/{back}/"), None)
        .await?;
    assert_eq!(status.as_u16(), 409);
    let pin = wants_pin(&member, &back, 1, 500).await?;
    pin.is_paid(&place).await?;
    eventually(|| async {
        pin_of(&host, &back).await?["seq"]
            .as_u64()
            .context("no pin")
    })
    .await?;
    host.asks(Method::DELETE, &format!("/api/chats/{code}/"), None)
        .await?;
    last.comes_to(&place, "refunded").await?;
    pin.comes_to(&place, "refunded").await?;
    assert_eq!(
        member.gets("/api/chats/mine/").await?["rooms"],
        json!([]),
        "nothing is left of either"
    );
    let (status, _) = member
        .asks(Method::GET, &format!("/api/chats/{back}/"), None)
        .await?;
    assert_eq!(status.as_u16(), 404);
    Ok(())
}

/// News of an order that was paid and paid back come twice, and the second before the first.
#[tokio::test]
async fn payment_events_can_arrive_in_any_order() -> Result<()> {
    use confab_contracts::payments::{PaymentReceived, PaymentRefunded, ReturnReason};
    use confab_core::{Currency, Money};
    let place = Place::any().await?;
    let (host, member, code, live) = a_room(&place, "Echo chamber").await?;
    host.says(&code, "message-1", "here").await?;
    let shop = Shop::at(&place);
    let purchase = |item: &str, reference: String| confab_contracts::payments::Purchase {
        product: "rooms".into(),
        item: item.into(),
        payer: member.id.clone(),
        reference,
    };
    let amount = Money::new(300, Currency::Usd);
    let (backwards, twice) = (
        shop.offer("rooms.tip_300", &member.id),
        shop.offer("rooms.tip_300", &member.id),
    );
    let received = |order_id| PaymentReceived {
        order_id,
        purchase: purchase("rooms.tip_300", code.clone()),
        amount,
        credits: 0,
    };
    let refunded = PaymentRefunded {
        order_id: backwards.order_id,
        purchase: purchase("rooms.tip_300", code.clone()),
        returned: amount,
        is_all: true,
        reason: ReturnReason::Refund,
    };
    shop.payments_say(refunded, 2).await?;
    place.is_empty("confab-rooms-paid").await?;
    shop.payments_say(received(backwards.order_id), 3).await?;
    shop.payments_say(received(twice.order_id), 5).await?;
    place.is_empty("confab-rooms-paid").await?;
    eventually(|| async {
        ensure!(
            live.shown()
                .iter()
                .filter(|message| message["tip"]["minor"] == 300)
                .count()
                == 1,
            "{:?}",
            live.shown()
        );
        Ok(())
    })
    .await?;
    let read = host.reads(&code).await?;
    assert_eq!(read.len(), 2, "{read:?}");
    let counted = host.gets(&format!("/api/chats/{code}/tips/")).await?;
    assert_eq!(
        counted["totals"],
        json!([{ "minor": 300, "currency": "USD" }])
    );
    Ok(())
}
