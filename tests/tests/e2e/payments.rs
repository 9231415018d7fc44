//! Buying, from the offer to the books. The same on local and on a deployed stack.

use anyhow::{Context, Result};
use confab_contracts::payments::{CreditUsed, Offer, RefundRequested};
use confab_core::Timestamp;
use confab_e2e::{PRODUCT, Place, Shop, eventually, state_of};
use futures::future::try_join_all;
use serde_json::{Value, json};

/// A person of this test alone.
fn new_payer() -> String {
    use confab_core::{Clock, UserId};
    UserId::new(
        confab_lambda::SystemClock::default().now(),
        &confab_lambda::OsEntropy,
    )
    .to_string()
}

fn kinds(rows: &Value) -> Vec<(String, i64)> {
    let rows = rows.as_array().into_iter().flatten();
    rows.map(|row| {
        (
            row["kind"].as_str().unwrap_or_default().to_owned(),
            row["amount"].as_i64().unwrap_or_default(),
        )
    })
    .collect()
}

fn told(file: &Value) -> Vec<(&str, bool)> {
    let told = file["told"].as_array().into_iter().flatten();
    told.map(|told| {
        (
            told["type"].as_str().unwrap_or_default(),
            told["is_told"] == true,
        )
    })
    .collect()
}

#[tokio::test]
async fn paid_orders_are_fulfilled_and_booked() -> Result<()> {
    let place = Place::any().await?;
    let shop = Shop::at(&place);
    let payer = new_payer();
    let offer = shop.offer("studio.standard", &payer);
    let order = shop.takes(&offer).await?;
    assert_eq!(state_of(&order), "pending");
    assert_eq!(
        order["amount"],
        json!({ "minor": 2_900, "currency": "USD" }),
        "the price is the list's"
    );
    assert_eq!(shop.pays(&order, "success").await?["next"], "done");
    shop.comes_to(offer.order_id, "paid").await?;
    assert_eq!(shop.credits(&payer).await?, 1);
    let file = eventually(|| async {
        let file = shop.books(&format!("orders/{}", offer.order_id)).await?;
        (told(&file) == [("received", true)])
            .then_some(file.clone())
            .with_context(|| file.to_string())
    })
    .await?;
    let mut rows = kinds(&file["rows"]);
    rows.sort();
    assert_eq!(
        rows,
        [("charge".to_owned(), 2_900), ("fee".to_owned(), -114)],
        "2.9 % and 30 cents are Stripe's"
    );
    assert_eq!(
        (&file["order"]["balance"], &file["order"]["fees"]),
        (&json!(2_900), &json!(114))
    );
    Ok(())
}

#[tokio::test]
async fn one_offer_is_one_order_and_one_checkout() -> Result<()> {
    let place = Place::any().await?;
    let shop = Shop::at(&place);
    let offer = shop.offer("studio.lite", &new_payer());
    let orders = try_join_all((0..5).map(|_| shop.takes(&offer))).await?;
    assert!(
        orders.iter().all(|order| order["url"] == orders[0]["url"]),
        "{orders:?}"
    );
    shop.pays(&orders[0], "success").await?;
    shop.comes_to(offer.order_id, "paid").await?;
    let paid = shop.takes(&offer).await?;
    assert_eq!(
        (state_of(&paid), &paid["url"]),
        ("paid", &Value::Null),
        "one order has one checkout"
    );
    Ok(())
}

#[tokio::test]
async fn declined_cards_leave_the_checkout_open() -> Result<()> {
    let place = Place::any().await?;
    let shop = Shop::at(&place);
    let offer = shop.offer("studio.lite", &new_payer());
    let order = shop.takes(&offer).await?;
    assert_eq!(shop.pays(&order, "declined").await?["next"], "declined");
    assert_eq!(
        shop.pays(&order, "three_d_secure").await?["next"],
        "authenticate"
    );
    shop.authenticates(&order, true).await?;
    shop.comes_to(offer.order_id, "paid").await
}

/// Waits until the product was told that the payment is on its way, and of nothing else.
async fn is_pending(shop: &Shop<'_>, offer: &Offer) -> Result<()> {
    eventually(|| async {
        let file = shop.books(&format!("orders/{}", offer.order_id)).await?;
        (told(&file) == [("pending", true)])
            .then_some(())
            .with_context(|| file.to_string())
    })
    .await
}

#[tokio::test]
async fn bank_debits_settle_or_fail_days_later() -> Result<()> {
    let place = Place::any().await?;
    let shop = Shop::at(&place);
    for (card, end, grants) in [("async_success", "paid", 1), ("async_failure", "failed", 0)] {
        let payer = new_payer();
        let offer = shop.offer("studio.lite", &payer);
        let order = shop.takes(&offer).await?;
        shop.pays(&order, card).await?;
        is_pending(&shop, &offer).await?;
        assert_eq!(state_of(&shop.order(offer.order_id).await?), "pending");
        shop.at_stripe(&order, "settle", &json!({})).await?;
        shop.comes_to(offer.order_id, end).await?;
        assert_eq!(shop.credits(&payer).await?, grants, "{card}");
    }
    Ok(())
}

#[tokio::test]
async fn partial_refunds_are_booked_and_a_full_refund_revokes() -> Result<()> {
    let place = Place::any().await?;
    let shop = Shop::at(&place);
    let payer = new_payer();
    let (offer, order) = shop.sells("studio.lite", &payer).await?;
    shop.at_stripe(&order, "refund", &json!({ "amount": 400 }))
        .await?;
    let path = format!("orders/{}", offer.order_id);
    eventually(|| async {
        let file = shop.books(&path).await?;
        (file["order"]["balance"] == 1_500)
            .then_some(())
            .with_context(|| file.to_string())
    })
    .await?;
    assert_eq!(
        shop.credits(&payer).await?,
        1,
        "a part is given back, the rest is still theirs"
    );
    shop.at_stripe(&order, "refund", &json!({})).await?;
    shop.comes_to(offer.order_id, "refunded").await?;
    assert_eq!(shop.credits(&payer).await?, 0);
    let file = shop.books(&path).await?;
    let rows = kinds(&file["rows"]);
    let own = rows.iter().filter(|(kind, _)| kind != "fee");
    assert_eq!(own.map(|(_, amount)| amount).sum::<i64>(), 0, "{rows:?}");
    let kinds: Vec<_> = told(&file).into_iter().map(|(kind, _)| kind).collect();
    assert_eq!(kinds, ["received", "refunded", "refunded"]);
    Ok(())
}

#[tokio::test]
async fn disputes_reverse_the_payment_and_won_ones_are_flagged() -> Result<()> {
    let place = Place::any().await?;
    let shop = Shop::at(&place);
    let payer = new_payer();
    let (offer, order) = shop.sells("studio.lite", &payer).await?;
    let dispute = shop.at_stripe(&order, "dispute", &json!({})).await?;
    shop.comes_to(offer.order_id, "disputed").await?;
    assert_eq!(shop.credits(&payer).await?, 0);
    let id = dispute["id"].as_str().context("a dispute has an id")?;
    place
        .post(
            &format!("/api/stripe/disputes/{id}/close"),
            &json!({ "won": true }),
        )
        .await?;
    shop.comes_to(offer.order_id, "paid").await?;
    let flags = shop.flags().await?;
    let ours = flags
        .iter()
        .find(|flag| flag["order_id"] == offer.order_id.to_string())
        .context("no flag")?;
    assert_eq!(ours["flag"], "came_back");
    Ok(())
}

/// The only flag of an order.
fn flag_in(file: &Value) -> Option<&str> {
    file["order"]["flags"]
        .as_object()?
        .values()
        .next()?
        .as_str()
}

/// Waits until an order has a balance and a flag.
async fn comes_to_balance(
    shop: &Shop<'_>,
    offer: &Offer,
    balance: i64,
    flag: Option<&str>,
) -> Result<Value> {
    eventually(|| async {
        let file = shop.books(&format!("orders/{}", offer.order_id)).await?;
        let is_there = file["order"]["balance"] == balance && flag_in(&file) == flag;
        is_there
            .then_some(file.clone())
            .with_context(|| file.to_string())
    })
    .await
}

#[tokio::test]
async fn disputes_after_a_refund_are_booked_as_they_are() -> Result<()> {
    let place = Place::any().await?;
    let shop = Shop::at(&place);
    let payer = new_payer();
    let (offer, order) = shop.sells("studio.lite", &payer).await?;
    shop.at_stripe(&order, "refund", &json!({ "amount": 400 }))
        .await?;
    comes_to_balance(&shop, &offer, 1_500, None).await?;
    let dispute = shop.at_stripe(&order, "dispute", &json!({})).await?;
    comes_to_balance(&shop, &offer, -400, Some("overdrawn")).await?;
    assert_eq!(
        shop.credits(&payer).await?,
        0,
        "what was taken back is not theirs"
    );
    let id = dispute["id"].as_str().context("a dispute has an id")?;
    place
        .post(
            &format!("/api/stripe/disputes/{id}/close"),
            &json!({ "won": false, "returned": 400 }),
        )
        .await?;
    let file = comes_to_balance(&shop, &offer, 0, None).await?;
    assert_eq!(
        (state_of(&file["order"]), &file["order"]["disputed"]),
        ("disputed", &json!(1_500))
    );
    Ok(())
}

#[tokio::test]
async fn failed_refunds_restore_the_balance() -> Result<()> {
    let place = Place::any().await?;
    let shop = Shop::at(&place);
    let (offer, order) = shop.sells("studio.lite", &new_payer()).await?;
    let refund = shop.at_stripe(&order, "refund", &json!({})).await?;
    shop.comes_to(offer.order_id, "refunded").await?;
    let id = refund["id"].as_str().context("a refund has an id")?;
    place
        .post(&format!("/api/stripe/refunds/{id}/fail"), &json!({}))
        .await?;
    comes_to_balance(&shop, &offer, 1_900, Some("came_back"))
        .await
        .map(drop)
}

#[tokio::test]
async fn inquiries_move_no_money() -> Result<()> {
    let place = Place::any().await?;
    let shop = Shop::at(&place);
    let payer = new_payer();
    let (offer, order) = shop.sells("studio.lite", &payer).await?;
    let inquiry = shop
        .at_stripe(&order, "dispute", &json!({ "inquiry": true }))
        .await?;
    let id = inquiry["id"].as_str().context("an inquiry has an id")?;
    shop.at_stripe(&order, "refund", &json!({ "amount": 100 }))
        .await?;
    comes_to_balance(&shop, &offer, 1_800, None).await?;
    place
        .post(&format!("/api/stripe/disputes/{id}/escalate"), &json!({}))
        .await?;
    comes_to_balance(&shop, &offer, -100, Some("overdrawn"))
        .await
        .map(drop)
}

#[tokio::test]
async fn payments_that_do_not_fit_their_order_are_flagged_and_not_booked() -> Result<()> {
    let place = Place::any().await?;
    let shop = Shop::at(&place);
    let (paid, _) = shop.sells("studio.lite", &new_payer()).await?;
    let unpaid = shop.offer("studio.lite", &new_payer());
    shop.takes(&unpaid).await?;
    let unknown_order = shop.offer("studio.lite", &new_payer());
    let by_dashboard = |order: &Offer| {
        json!({ "amount": 1_900, "currency": "usd", "by": "dashboard",
        "metadata": { "order_id": order.order_id.to_string() } })
    };
    let by_link = |order: &Offer| {
        json!({ "amount": 100, "currency": "gbp", "by": "payment_link",
        "client_reference_id": order.order_id.to_string() })
    };
    for (order, payment, flag) in [
        (&paid, by_dashboard(&paid), "paid_twice"),
        (&unpaid, by_link(&unpaid), "foreign_order"),
        (
            &unknown_order,
            by_dashboard(&unknown_order),
            "unknown_order",
        ),
    ] {
        let payment = place.post("/api/stripe/payments", &payment).await?;
        eventually(|| async {
            let flags = shop.flags().await?;
            let is_server_error = |found: &&Value| match flag {
                // There is no order to name: the flag has the event alone.
                "unknown_order" => found["order_id"].is_null(),
                _ => found["order_id"] == order.order_id.to_string(),
            };
            let found = flags
                .iter()
                .filter(is_server_error)
                .any(|found| found["flag"] == flag);
            found
                .then_some(())
                .with_context(|| format!("{flag}: {flags:?} {payment}"))
        })
        .await?;
    }
    assert_eq!(state_of(&shop.order(unpaid.order_id).await?), "pending");
    let file = shop.books(&format!("orders/{}", paid.order_id)).await?;
    assert_eq!(
        (&file["order"]["received"], told(&file).len()),
        (&json!(1_900), 1)
    );
    Ok(())
}

#[tokio::test]
async fn second_payment_stays_flagged_until_it_is_refunded() -> Result<()> {
    let place = Place::any().await?;
    let shop = Shop::at(&place);
    let (offer, order) = shop.sells("studio.lite", &new_payer()).await?;
    let payment = json!({ "amount": 1_900, "currency": "usd", "by": "dashboard",
        "metadata": { "order_id": offer.order_id.to_string() } });
    let second = place.post("/api/stripe/payments", &payment).await?;
    let second = second["payment_intent"].as_str().context("a payment")?;
    comes_to_balance(&shop, &offer, 1_900, Some("paid_twice")).await?;
    // A notice of the first payment says nothing of the second.
    shop.at_stripe(&order, "refund", &json!({ "amount": 400 }))
        .await?;
    comes_to_balance(&shop, &offer, 1_500, Some("paid_twice")).await?;
    let is_open = || async {
        let flags = shop.flags().await?;
        let ours = flags
            .iter()
            .find(|flag| flag["order_id"] == offer.order_id.to_string());
        anyhow::Ok(ours.context("the flag is listed")?["is_open"] == true)
    };
    assert!(is_open().await?);
    place
        .post(&format!("/api/stripe/payments/{second}/refund"), &json!({}))
        .await?;
    comes_to_balance(&shop, &offer, 1_500, None).await?;
    assert!(!is_open().await?);
    shop.at_stripe(&order, "refund", &json!({ "amount": 100 }))
        .await?;
    comes_to_balance(&shop, &offer, 1_400, None).await.map(drop)
}

#[tokio::test]
async fn concurrent_spends_take_the_last_credit_once() -> Result<()> {
    let place = Place::any().await?;
    let shop = Shop::at(&place);
    let payer = new_payer();
    shop.sells("studio.lite", &payer).await?;
    let spends: Vec<_> = (0..100).map(|_| shop.spend(&payer, 1)).collect();
    let answers = try_join_all(spends.iter().map(|spend| shop.spends(spend))).await?;
    let mut counts = std::collections::BTreeMap::new();
    for answer in &answers {
        *counts.entry(answer.status().as_u16()).or_insert(0) += 1;
    }
    assert_eq!(counts, [(200, 1), (409, 99)].into());
    assert_eq!(shop.credits(&payer).await?, 0);
    // The winner asks again: it is the same spend.
    let winner = answers
        .iter()
        .position(|answer| answer.status() == 200)
        .context("a winner")?;
    assert_eq!(shop.spends(&spends[winner]).await?.status(), 200);
    assert_eq!(shop.credits(&payer).await?, 0);
    Ok(())
}

#[tokio::test]
async fn refunds_of_spent_credits_leave_a_negative_balance() -> Result<()> {
    let place = Place::any().await?;
    let shop = Shop::at(&place);
    let payer = new_payer();
    let (offer, order) = shop.sells("studio.lite", &payer).await?;
    assert_eq!(shop.spends(&shop.spend(&payer, 1)).await?.status(), 200);
    shop.at_stripe(&order, "refund", &json!({})).await?;
    shop.comes_to(offer.order_id, "refunded").await?;
    assert_eq!(shop.credits(&payer).await?, -1);
    let account = shop.account(&payer).await?;
    let expected = [("credit", 1), ("spend", -1), ("reversal", -1)];
    assert_eq!(
        kinds(&account["rows"]),
        expected.map(|(kind, amount)| (kind.to_owned(), amount))
    );
    assert_eq!(shop.spends(&shop.spend(&payer, 1)).await?.status(), 409);
    Ok(())
}

/// A payment of another product or of none, in an event that is signed as Stripe signs.
async fn stripe_tells(
    place: &Place,
    body: &Value,
    secret: &str,
    at: i64,
) -> Result<reqwest::Response> {
    let body = body.to_string();
    let at = confab_core::Timestamp::from_second(at)?;
    let signature = confab_stripe::sign(&secret.into(), body.as_bytes(), at);
    let signature = signature.map_err(|error| anyhow::anyhow!("{error}"))?;
    let request = place
        .http
        .post(format!("{}/payment-received", place.gateway));
    Ok(request
        .header("stripe-signature", signature)
        .body(body)
        .send()
        .await?)
}

/// An id of SUMIT that no other test has at the same time.
fn new_entity() -> i64 {
    use confab_core::Clock;
    confab_lambda::SystemClock::default().now().as_microsecond()
}

fn now() -> i64 {
    use confab_core::Clock;
    confab_lambda::SystemClock::default().now().as_second()
}

const SECRET: &str = "whsec_local";

#[tokio::test]
async fn unsigned_payment_notices_are_refused() -> Result<()> {
    let place = Place::any().await?;
    let event = json!({ "id": "evt_forged", "object": "event", "type": "charge.refunded", "data": { "object": {} } });
    for (secret, at) in [
        ("whsec_other", now()),
        (SECRET, now() - 301),
        (SECRET, now() + 400),
    ] {
        assert_eq!(
            stripe_tells(&place, &event, secret, at).await?.status(),
            401,
            "{secret} {at}"
        );
    }
    for path in [
        "/payment-received",
        "/payment-received/",
        "/payment-received/guess",
        "/api/payments/webhook/",
    ] {
        let answer = place
            .http
            .post(format!("{}{path}", place.gateway))
            .body(event.to_string())
            .send()
            .await?;
        assert!(
            [401, 404].contains(&answer.status().as_u16()),
            "{path}: {}",
            answer.status()
        );
    }
    Ok(())
}

#[tokio::test]
async fn unrelated_stripe_events_are_accepted_and_ignored() -> Result<()> {
    let place = Place::any().await?;
    let shop = Shop::at(&place);
    let unknown = json!({ "id": format!("evt_{}", new_payer()), "object": "event", "type": "customer.created",
        "data": { "object": { "id": "cus_1", "object": "customer" } } });
    assert_eq!(
        stripe_tells(&place, &unknown, SECRET, now())
            .await?
            .status(),
        200
    );
    let thin = json!({ "id": "evt_thin", "object": "v2.core.event", "type": "v1.billing.meter.no_meter_found" });
    assert_eq!(
        stripe_tells(&place, &thin, SECRET, now()).await?.status(),
        200
    );
    // A payment of another shop in the same account needs no attention.
    let theirs = place
        .post(
            "/api/stripe/payments",
            &json!({ "amount": 500, "by": "dashboard" }),
        )
        .await?;
    let payment = theirs["payment_intent"].as_str().context("a payment")?;
    let id = format!("evt_{}", new_payer());
    let event = json!({ "id": id, "object": "event", "type": "payment_intent.succeeded", "created": now(),
        "data": { "object": { "id": payment, "object": "payment_intent", "amount_received": 500, "currency": "usd" } } });
    assert_eq!(
        stripe_tells(&place, &event, SECRET, now()).await?.status(),
        200
    );
    eventually(|| async {
        let waiting = place.depth("confab-payments.fifo").await?;
        (waiting == 0)
            .then_some(())
            .with_context(|| format!("{waiting} are waiting"))
    })
    .await?;
    let flags = shop.flags().await?;
    assert!(
        flags
            .iter()
            .all(|flag| flag["event"] != format!("stripe#{id}")),
        "{flags:?}"
    );
    let broken = place
        .http
        .post(format!("{}/payment-received", place.gateway));
    let signature = confab_stripe::sign(
        &SECRET.into(),
        b"{",
        confab_core::Timestamp::from_second(now())?,
    );
    let signature = signature.map_err(|error| anyhow::anyhow!("{error}"))?;
    assert_eq!(
        broken
            .header("stripe-signature", signature)
            .body("{")
            .send()
            .await?
            .status(),
        400
    );
    Ok(())
}

#[tokio::test]
async fn payments_of_another_checkout_do_not_pay_an_order() -> Result<()> {
    let place = Place::any().await?;
    let shop = Shop::at(&place);
    let (cheap, dear) = (
        shop.offer("rooms.pin_100", &new_payer()),
        shop.offer("studio.premium", &new_payer()),
    );
    let (cheap_order, _) = (shop.takes(&cheap).await?, shop.takes(&dear).await?);
    shop.pays(&cheap_order, "success").await?;
    shop.comes_to(cheap.order_id, "paid").await?;
    let payments = place.get("/api/stripe/payments").await?;
    let payment = payments.to_string();
    let session = cheap_order["url"]
        .as_str()
        .and_then(|url| url.rsplit('/').next())
        .context("a session")?;
    assert!(payment.contains(session), "{payment}");
    // Signed, but it says that the cheap session is the dear order's.
    let lie = json!({ "id": format!("evt_{}", new_payer()), "object": "event", "type": "checkout.session.completed",
        "created": now(), "data": { "object": { "id": session, "object": "checkout.session", "payment_status": "paid",
            "client_reference_id": dear.order_id.to_string() } } });
    assert_eq!(
        stripe_tells(&place, &lie, SECRET, now()).await?.status(),
        200
    );
    comes_to_balance(&shop, &dear, 0, Some("foreign_order")).await?;
    assert_eq!(state_of(&shop.order(dear.order_id).await?), "pending");
    Ok(())
}

#[tokio::test]
async fn bad_requests_are_explained_and_change_nothing() -> Result<()> {
    let place = Place::any().await?;
    let shop = Shop::at(&place);
    let unsold = shop.offer("studio.unheard_of", &new_payer());
    assert_eq!(shop.asks_to_pay(&unsold).await?.status(), 422);
    assert!(
        shop.order(unsold.order_id).await.is_err(),
        "nothing was kept of it"
    );
    let offer = shop.offer("studio.lite", &new_payer());
    shop.takes(&offer).await?;
    let mut other = offer.clone();
    other.purchase.item = "studio.premium".into();
    assert_eq!(shop.asks_to_pay(&other).await?.status(), 409);
    for (path, body, status) in [
        (
            "/api/payments/checkout/",
            json!({ "offer": "e30.e30" }),
            401,
        ),
        (
            "/api/payments/checkout/",
            json!({ "offer": "x", "amount": 1 }),
            400,
        ),
        ("/api/payments/checkout/", json!([]), 400),
        ("/api/payments/spend/", json!({ "spend": "e30.e30" }), 401),
        ("/api/payments/spend/", json!({}), 400),
    ] {
        let answer = shop.api(path, &body).await?;
        assert_eq!(answer.status(), status, "{path} {body}");
        assert_eq!(answer.headers()["content-type"], "application/problem+json");
    }
    for (authorization, status) in [
        ("Bearer guess", 401),
        ("Basic operator-key", 401),
        ("bearer operator-key", 200),
        ("BEARER  operator-key", 200),
    ] {
        let books = place
            .http
            .get(format!("{}/api/payments/ledger/orders", place.gateway));
        let answer = books.header("authorization", authorization).send().await?;
        assert_eq!(answer.status(), status, "{authorization}");
    }
    Ok(())
}

#[tokio::test]
async fn sumit_and_signed_notices_pay_orders() -> Result<()> {
    let place = Place::any().await?;
    let shop = Shop::at(&place);
    // SUMIT knows a number and the title of a tier; its address is its only secret.
    let (payer, phone) = (new_payer(), format!("97252{:07}", now() % 10_000_000));
    let offer = shop.offer_to_number("studio.standard", &payer, &phone)?;
    shop.takes(&offer).await?;
    let trigger = json!({ "EntityID": new_entity(), "Properties": { "Property_M-5": [phone], "Property_M-10": ["Dana"],
        "Property_M-3": [{ "Name": "Standard" }] } });
    for _ in 0..3 {
        let address = format!("{}/payment-received/payment-secret-path", place.gateway);
        assert_eq!(
            place
                .http
                .post(address)
                .body(trigger.to_string())
                .send()
                .await?
                .status(),
            200
        );
    }
    shop.comes_to(offer.order_id, "paid").await?;
    assert_eq!(shop.credits(&payer).await?, 1);
    // Anybody else signs a claim.
    let payer = new_payer();
    let offer = shop.offer("studio.lite", &payer);
    shop.takes(&offer).await?;
    is_paid_elsewhere(&place, &offer, 0).await?;
    shop.comes_to(offer.order_id, "paid").await?;
    assert_eq!(shop.credits(&payer).await?, 1);
    Ok(())
}

/// What was returned of the first payment says nothing of the second.
#[tokio::test]
async fn second_payment_elsewhere_is_flagged_after_the_first_was_refunded() -> Result<()> {
    let place = Place::any().await?;
    let shop = Shop::at(&place);
    let phone = format!("97254{:07}", now() % 10_000_000);
    let offer = shop.offer_to_number("studio.standard", &new_payer(), &phone)?;
    let order = shop.takes(&offer).await?;
    shop.pays(&order, "success").await?;
    shop.comes_to(offer.order_id, "paid").await?;
    shop.at_stripe(&order, "refund", &json!({})).await?;
    comes_to_balance(&shop, &offer, 0, None).await?;
    let trigger = json!({ "EntityID": new_entity(), "Properties": { "Property_M-5": [phone], "Property_M-10": ["Dana"],
        "Property_M-3": [{ "Name": "Standard" }] } });
    let address = format!("{}/payment-received/payment-secret-path", place.gateway);
    assert_eq!(
        place
            .http
            .post(address)
            .body(trigger.to_string())
            .send()
            .await?
            .status(),
        200
    );
    comes_to_balance(&shop, &offer, 0, Some("paid_twice"))
        .await
        .map(drop)
}

/// What a link leads to: the page to pay on, as an order that was taken has it.
async fn leads_to(shop: &Shop<'_>, link: &str) -> Result<Value> {
    let answer = shop.opens(link, "en").await?;
    let location = answer
        .headers()
        .get("location")
        .and_then(|to| to.to_str().ok());
    assert_eq!(
        (
            answer.status().as_u16(),
            &answer.headers()["cache-control"] == "no-store"
        ),
        (303, true)
    );
    Ok(json!({ "url": location.context("a page")? }))
}

/// A page for a person, with what it says.
async fn says(answer: reqwest::Response) -> Result<(u16, String)> {
    let headers = answer.headers();
    assert_eq!(headers["content-type"], "text/html; charset=utf-8");
    assert_eq!(headers["cache-control"], "no-store");
    let policy = headers["content-security-policy"].to_str()?;
    assert!(
        policy.starts_with("default-src 'none'; style-src 'sha256-"),
        "{policy}"
    );
    let status = answer.status().as_u16();
    let html = answer.text().await?;
    let (_, rest) = html.split_once("<h1>").context("a heading")?;
    let (title, _) = rest.split_once("</h1>").context("a heading")?;
    Ok((status, title.to_owned()))
}

#[tokio::test]
async fn pay_links_lead_to_the_checkout_until_paid() -> Result<()> {
    let place = Place::any().await?;
    let shop = Shop::at(&place);
    let payer = new_payer();
    let offer = shop.offer("studio.standard", &payer);
    let link = shop.link(&offer)?;
    // Messengers look first, several at once, and a person comes to the same page as they did.
    let looks = try_join_all((0..5).map(|_| leads_to(&shop, &link))).await?;
    let head = place.http.head(&link).send().await?;
    assert_eq!(
        (
            head.status().as_u16(),
            head.headers().contains_key("location")
        ),
        (303, true)
    );
    let order = leads_to(&shop, &link).await?;
    assert!(looks.iter().all(|look| look == &order), "{looks:?} {order}");
    assert_eq!(
        shop.takes(&offer).await?["url"],
        order["url"],
        "by whatever way it is taken"
    );
    assert_eq!(shop.pays(&order, "success").await?["next"], "done");
    shop.comes_to(offer.order_id, "paid").await?;
    assert_eq!(
        says(shop.opens(&link, "fr").await?).await?,
        (200, "This is already paid".to_owned())
    );
    let hebrew = shop
        .opens(&link, "he-IL,he;q=0.9,en;q=0.8")
        .await?
        .text()
        .await?;
    assert!(
        hebrew.contains("<html lang=\"he\" dir=\"rtl\">") && hebrew.contains("כבר שולם"),
        "{hebrew}"
    );
    let file = eventually(|| async {
        let file = shop.agrees(offer.order_id, &shop.held().await?).await?;
        (told(&file) == [("received", true)])
            .then_some(file.clone())
            .with_context(|| file.to_string())
    });
    assert_eq!(file.await?["order"]["received"], 2_900);
    shop.at_stripe(&order, "refund", &json!({})).await?;
    shop.comes_to(offer.order_id, "refunded").await?;
    assert_eq!(
        says(shop.opens(&link, "en").await?).await?,
        (410, "Your payment was returned".to_owned())
    );
    let back = place
        .http
        .get(format!("{}/api/payments/back", place.gateway))
        .send()
        .await?;
    assert_eq!(says(back).await?, (200, "Thank you".to_owned()));
    Ok(())
}

#[tokio::test]
async fn invalid_pay_links_explain_and_create_no_order() -> Result<()> {
    let place = Place::any().await?;
    let shop = Shop::at(&place);
    let offer = shop.offer("studio.lite", &new_payer());
    let expired = shop.link_until(&offer, Timestamp::from_second(now() - 1)?)?;
    let link = shop.link(&offer)?;
    let cut_off = link[..link.len() - 9].to_owned();
    let changed = link.replacen("pay/e", "pay/f", 1);
    let forged = format!("{}/api/payments/pay/e30.e30", place.gateway);
    let unsold = shop.link(&shop.offer("studio.unheard_of", &new_payer()))?;
    for (link, status, title) in [
        (expired, 410, "This link has expired"),
        (cut_off, 401, "This link is incomplete"),
        (changed, 401, "This link is incomplete"),
        (forged, 401, "This link is incomplete"),
        (unsold, 422, "This is not for sale"),
    ] {
        assert_eq!(
            says(shop.opens(&link, "en").await?).await?,
            (status, title.to_owned()),
            "{link}"
        );
    }
    assert!(
        shop.order(offer.order_id).await.is_err(),
        "nothing was kept of it"
    );
    Ok(())
}

#[tokio::test]
async fn short_links_lead_to_the_checkout_of_their_offer() -> Result<()> {
    let place = Place::any().await?;
    let shop = Shop::at(&place);
    let phone = "972525550199";
    let offer = shop.offer_to_number("studio.standard", &new_payer(), phone)?;
    let links = try_join_all((0..5).map(|_| shop.short_link(&offer))).await?;
    assert!(
        links
            .iter()
            .all(|link| *link == links[0] && link.ends_with(&offer.order_id.to_string())),
        "{links:?}"
    );
    let looks = try_join_all(links.iter().map(|link| leads_to(&shop, link))).await?;
    let order = shop.takes(&offer).await?;
    assert!(
        looks.iter().all(|look| look["url"] == order["url"]),
        "{looks:?} {order}"
    );
    // The other product's way to know who pays still works.
    let trigger = json!({ "EntityID": new_entity(), "Properties": { "Property_M-5": [phone], "Property_M-10": ["Dana"],
        "Property_M-3": [{ "Name": "Standard" }] } });
    let address = format!("{}/payment-received/payment-secret-path", place.gateway);
    assert_eq!(
        place
            .http
            .post(address)
            .body(trigger.to_string())
            .send()
            .await?
            .status(),
        200
    );
    shop.comes_to(offer.order_id, "paid").await?;
    assert_eq!(
        says(shop.opens(&links[0], "en").await?).await?,
        (200, "This is already paid".to_owned())
    );
    Ok(())
}

#[tokio::test]
async fn invalid_short_links_explain() -> Result<()> {
    let place = Place::any().await?;
    let shop = Shop::at(&place);
    let link = |id: &dyn std::fmt::Display| format!("{}/api/payments/pay/{id}", place.gateway);
    let unknown_order = shop.offer("studio.lite", &new_payer()).order_id;
    let ancient = confab_core::OrderId::new(
        Timestamp::from_second(now() - 25 * 3_600)?,
        &confab_lambda::OsEntropy,
    );
    for (link, status, title) in [
        (link(&unknown_order), 404, "This link is incomplete"),
        (link(&ancient), 410, "This link has expired"),
        (
            link(&&unknown_order.to_string()[..20]),
            401,
            "This link is incomplete",
        ),
    ] {
        assert_eq!(
            says(shop.opens(&link, "en").await?).await?,
            (status, title.to_owned()),
            "{link}"
        );
    }
    assert_eq!(
        shop.asks_to_keep(&shop.offer("studio.unheard_of", &new_payer()))
            .await?
            .status(),
        422
    );
    assert_eq!(
        shop.api("/api/payments/offers/", &json!({ "offer": "e30.e30" }))
            .await?
            .status(),
        401
    );
    // Another purchase under the same id changes nothing.
    let offer = shop.offer("studio.lite", &new_payer());
    let good = shop.short_link(&offer).await?;
    let mut other = offer.clone();
    other.purchase.item = "studio.premium".into();
    assert_eq!(shop.asks_to_keep(&other).await?.status(), 409);
    leads_to(&shop, &good).await?;
    assert_eq!(shop.order(offer.order_id).await?["item"], "studio.lite");
    Ok(())
}

#[tokio::test]
async fn cancelled_checkouts_say_that_nothing_was_paid() -> Result<()> {
    let place = Place::any().await?;
    let shop = Shop::at(&place);
    let order = shop.takes(&shop.offer("studio.lite", &new_payer())).await?;
    let session = order["url"]
        .as_str()
        .and_then(|url| url.rsplit('/').next())
        .context("a session")?;
    let checkout = place.get(&format!("/api/pay/{session}")).await?;
    assert_eq!(
        checkout["cancel_url"],
        "https://shop.example/thanks?cancelled=1"
    );
    for (query, language, title) in [
        ("", "en", "Thank you"),
        ("?cancelled=1", "en", "Nothing was paid"),
        ("?cancelled=1", "he", "לא בוצע תשלום"),
    ] {
        let address = format!("{}/api/payments/back{query}", place.gateway);
        assert_eq!(
            says(shop.opens(&address, language).await?).await?,
            (200, title.to_owned()),
            "{query}"
        );
    }
    Ok(())
}

#[tokio::test]
async fn long_pay_links_work_and_pending_debits_are_not_paid_twice() -> Result<()> {
    let place = Place::any().await?;
    let shop = Shop::at(&place);
    let mut offer = shop.offer("studio.lite", &new_payer());
    offer.purchase.reference = "r".repeat(1_200);
    let link = shop.link(&offer)?;
    let segment = link.rsplit('/').next().unwrap_or_default().len();
    assert!(segment > 1_800, "{segment}");
    let order = leads_to(&shop, &link).await?;
    shop.pays(&order, "async_success").await?;
    eventually(|| async {
        let answer = shop.opens(&link, "en").await?;
        anyhow::ensure!(answer.status() == 200, "{}", answer.status());
        Ok(())
    })
    .await?;
    assert_eq!(
        says(shop.opens(&link, "en").await?).await?,
        (200, "Your payment is on its way".to_owned())
    );
    shop.at_stripe(&order, "settle", &json!({})).await?;
    shop.comes_to(offer.order_id, "paid").await
}

fn refund(offer: &Offer) -> RefundRequested {
    RefundRequested {
        order_id: offer.order_id,
        product: PRODUCT.into(),
        reason: "no photos".into(),
    }
}

fn credit(offer: &Offer) -> CreditUsed {
    CreditUsed {
        order_id: offer.order_id,
        product: PRODUCT.into(),
    }
}

/// Waits until all of an order's money is back, in one refund that was asked for, and Stripe says the same.
async fn is_back(shop: &Shop<'_>, offer: &Offer, refunds: usize) -> Result<Value> {
    shop.comes_to(offer.order_id, "refunded").await?;
    shop.is_heard().await?;
    assert_eq!(shop.refunds(offer.order_id).await?.len(), refunds);
    let file = eventually(|| async {
        let file = shop.agrees(offer.order_id, &shop.held().await?).await?;
        anyhow::ensure!(told(&file).iter().all(|(_, is_told)| *is_told), "{file}");
        Ok(file)
    });
    let file = file.await?;
    assert_eq!(
        (&file["order"]["balance"], flag_in(&file)),
        (&json!(0), None),
        "{file}"
    );
    assert_eq!(shop.credits(&offer.purchase.payer).await?, 0);
    Ok(file)
}

#[tokio::test]
async fn unfulfillable_purchases_are_refunded_once() -> Result<()> {
    let place = Place::any().await?;
    let shop = Shop::at(&place);
    for copies in [1, 5] {
        let (offer, _) = shop.sells("studio.lite", &new_payer()).await?;
        shop.says(refund(&offer), copies).await?;
        let file = is_back(&shop, &offer, 1).await?;
        assert_eq!(told(&file), [("received", true), ("refunded", true)]);
        assert_eq!(
            file["order"]["refund"],
            json!({ "reason": "no photos", "step": "made" })
        );
        // Another wish of the same, and one after the other, change nothing.
        shop.says(refund(&offer), 1).await?;
        is_back(&shop, &offer, 1).await?;
    }
    Ok(())
}

#[tokio::test]
async fn refund_requests_return_the_rest_after_a_manual_refund() -> Result<()> {
    let place = Place::any().await?;
    let shop = Shop::at(&place);
    let (offer, order) = shop.sells("studio.lite", &new_payer()).await?;
    shop.at_stripe(&order, "refund", &json!({ "amount": 400 }))
        .await?;
    shop.says(refund(&offer), 2).await?;
    is_back(&shop, &offer, 2).await?;
    // What all went back by hand is no wish any more.
    let (offer, order) = shop.sells("studio.lite", &new_payer()).await?;
    shop.at_stripe(&order, "refund", &json!({})).await?;
    shop.comes_to(offer.order_id, "refunded").await?;
    shop.says(refund(&offer), 2).await?;
    let file = is_back(&shop, &offer, 1).await?;
    assert_eq!(file["order"]["refund"], Value::Null);
    Ok(())
}

#[tokio::test]
async fn refund_requests_wait_for_pending_payments() -> Result<()> {
    let place = Place::any().await?;
    let shop = Shop::at(&place);
    for card in ["success", "async_success"] {
        let offer = shop.offer("studio.lite", &new_payer());
        let order = shop.takes(&offer).await?;
        if card == "async_success" {
            shop.pays(&order, card).await?;
            is_pending(&shop, &offer).await?;
        }
        shop.says(refund(&offer), 2).await?;
        shop.is_heard().await?;
        eventually(|| async {
            let file = shop.books(&format!("orders/{}", offer.order_id)).await?;
            (file["order"]["refund"]["step"] == "wanted")
                .then_some(())
                .with_context(|| file.to_string())
        })
        .await?;
        match card {
            "success" => {
                let answer = says(shop.opens(&shop.link(&offer)?, "en").await?).await?;
                assert_eq!(
                    answer,
                    (410, "This link has expired".to_owned()),
                    "unfulfillable purchases are not sold"
                );
                // The page was open before.
                shop.pays(&order, card).await?;
            }
            _ => drop(shop.at_stripe(&order, "settle", &json!({})).await?),
        }
        let file = is_back(&shop, &offer, 1).await?;
        // What was decided in one step has no order in the list.
        let mut told = told(&file);
        told.sort_unstable();
        told.retain(|(kind, _)| *kind != "pending");
        assert_eq!(
            told,
            [
                ("received", true),
                ("refund_requested", true),
                ("refunded", true)
            ],
            "{card}"
        );
    }
    Ok(())
}

#[tokio::test]
async fn concurrent_refund_request_and_payment_end_in_a_refund() -> Result<()> {
    let place = Place::any().await?;
    let shop = Shop::at(&place);
    for _ in 0..5 {
        let offer = shop.offer("studio.lite", &new_payer());
        let order = shop.takes(&offer).await?;
        let paying = async { shop.pays(&order, "success").await.map(drop) };
        tokio::try_join!(paying, shop.says(refund(&offer), 3))?;
        is_back(&shop, &offer, 1).await?;
    }
    Ok(())
}

#[tokio::test]
async fn refund_requests_of_another_product_are_refused() -> Result<()> {
    let place = Place::any().await?;
    let shop = Shop::at(&place);
    let payer = new_payer();
    let (offer, _) = shop.sells("studio.lite", &payer).await?;
    shop.says(
        RefundRequested {
            product: "rooms".into(),
            ..refund(&offer)
        },
        1,
    )
    .await?;
    shop.says(
        CreditUsed {
            product: "rooms".into(),
            ..credit(&offer)
        },
        1,
    )
    .await?;
    shop.says(refund(&shop.offer("studio.lite", &payer)), 1)
        .await?;
    shop.is_heard().await?;
    let file = shop.agrees(offer.order_id, &shop.held().await?).await?;
    assert_eq!(
        (state_of(&file["order"]), &file["order"]["refund"]),
        ("paid", &Value::Null)
    );
    assert_eq!(
        (
            shop.credits(&payer).await?,
            shop.refunds(offer.order_id).await?.len()
        ),
        (1, 0)
    );
    Ok(())
}

/// A payment that a provider without a module of its own tells of.
async fn is_paid_elsewhere(place: &Place, offer: &Offer, refunded: i64) -> Result<()> {
    let claim =
        json!({ "order_id": offer.order_id.to_string(), "payment": format!("p-{}", offer.order_id),
        "received": { "minor": 1_900, "currency": "USD" }, "refunded": refunded })
        .to_string();
    let at = Timestamp::from_second(now())?;
    let signature =
        confab_provider_base::generic::sign(&"payment-webhook-secret".into(), claim.as_bytes(), at);
    let signature = signature.map_err(|error| anyhow::anyhow!("{error}"))?;
    let told = place
        .http
        .post(format!("{}/payment-received", place.gateway));
    assert_eq!(
        told.header("x-signature", signature)
            .body(claim)
            .send()
            .await?
            .status(),
        200
    );
    Ok(())
}

async fn flags_of(shop: &Shop<'_>, offer: &Offer) -> Result<Vec<String>> {
    let flags = shop.flags().await?;
    let ours = flags
        .iter()
        .filter(|flag| flag["order_id"] == offer.order_id.to_string());
    Ok(ours
        .map(|flag| flag["flag"].as_str().unwrap_or_default().to_owned())
        .collect())
}

#[tokio::test]
async fn refunds_without_a_provider_api_are_flagged_once() -> Result<()> {
    let place = Place::any().await?;
    let shop = Shop::at(&place);
    let offer = shop.offer("studio.lite", &new_payer());
    shop.takes(&offer).await?;
    is_paid_elsewhere(&place, &offer, 0).await?;
    shop.comes_to(offer.order_id, "paid").await?;
    shop.says(refund(&offer), 5).await?;
    comes_to_balance(&shop, &offer, 1_900, Some("refund_by_hand")).await?;
    shop.is_heard().await?;
    assert_eq!(flags_of(&shop, &offer).await?, ["refund_by_hand"]);
    is_paid_elsewhere(&place, &offer, 1_900).await?;
    comes_to_balance(&shop, &offer, 0, None).await?;
    // Here the wish was first.
    let offer = shop.offer("studio.lite", &new_payer());
    shop.takes(&offer).await?;
    shop.says(refund(&offer), 1).await?;
    shop.is_heard().await?;
    is_paid_elsewhere(&place, &offer, 0).await?;
    comes_to_balance(&shop, &offer, 1_900, Some("refund_by_hand")).await?;
    assert_eq!(flags_of(&shop, &offer).await?, ["refund_by_hand"]);
    Ok(())
}

#[tokio::test]
async fn disputed_money_is_refunded_after_it_returns() -> Result<()> {
    let place = Place::any().await?;
    let shop = Shop::at(&place);
    let (offer, order) = shop.sells("studio.lite", &new_payer()).await?;
    let dispute = shop.at_stripe(&order, "dispute", &json!({})).await?;
    shop.comes_to(offer.order_id, "disputed").await?;
    shop.says(refund(&offer), 2).await?;
    let file = comes_to_balance(&shop, &offer, 0, Some("refund_by_hand")).await?;
    assert_eq!(
        (
            state_of(&file["order"]),
            shop.refunds(offer.order_id).await?.len()
        ),
        ("disputed", 0)
    );
    assert_eq!(flags_of(&shop, &offer).await?, ["refund_by_hand"]);
    let id = dispute["id"].as_str().context("a dispute has an id")?;
    place
        .post(
            &format!("/api/stripe/disputes/{id}/close"),
            &json!({ "won": true }),
        )
        .await?;
    is_back(&shop, &offer, 1).await?;
    Ok(())
}

fn spends(rows: &Value) -> usize {
    kinds(rows)
        .iter()
        .filter(|(kind, _)| kind == "spend")
        .count()
}

#[tokio::test]
async fn credits_of_an_order_are_spent_once() -> Result<()> {
    let place = Place::any().await?;
    let shop = Shop::at(&place);
    let payer = new_payer();
    let (first, _) = shop.sells("studio.lite", &payer).await?;
    let (second, _) = shop.sells("studio.lite", &payer).await?;
    shop.says(credit(&first), 5).await?;
    let file = eventually(|| async {
        let file = shop.books(&format!("orders/{}", first.order_id)).await?;
        (file["order"]["used"] == true)
            .then_some(file.clone())
            .with_context(|| file.to_string())
    });
    assert_eq!(file.await?["order"]["balance"], 1_900);
    shop.is_heard().await?;
    let account = shop.account(&payer).await?;
    assert_eq!(
        (spends(&account["rows"]), shop.credits(&payer).await?),
        (1, 1)
    );
    let spend = account["rows"]
        .as_array()
        .into_iter()
        .flatten()
        .find(|row| row["kind"] == "spend");
    assert_eq!(
        spend.context("a row")?["order_id"],
        first.order_id.to_string()
    );
    shop.says(credit(&second), 2).await?;
    shop.says(credit(&first), 1).await?;
    eventually(|| async {
        let left = shop.credits(&payer).await?;
        (left == 0)
            .then_some(())
            .with_context(|| format!("{left} are left"))
    })
    .await?;
    shop.is_heard().await?;
    assert_eq!(shop.credits(&payer).await?, 0);
    shop.agrees(first.order_id, &shop.held().await?)
        .await
        .map(drop)
}

#[tokio::test]
async fn missing_credits_are_not_taken_later() -> Result<()> {
    let place = Place::any().await?;
    let shop = Shop::at(&place);
    // One credit is another order's: it stays, whatever became of this one's.
    let payer = new_payer();
    let (returned, order) = shop.sells("studio.lite", &payer).await?;
    shop.sells("studio.lite", &payer).await?;
    shop.at_stripe(&order, "refund", &json!({})).await?;
    shop.comes_to(returned.order_id, "refunded").await?;
    shop.says(credit(&returned), 2).await?;
    shop.is_heard().await?;
    assert_eq!(shop.credits(&payer).await?, 1);
    // Spent before in another way; what is bought after it is not touched by a late copy.
    let payer = new_payer();
    let (spent, _) = shop.sells("studio.lite", &payer).await?;
    assert_eq!(shop.spends(&shop.spend(&payer, 1)).await?.status(), 200);
    shop.says(credit(&spent), 2).await?;
    shop.is_heard().await?;
    assert_eq!(shop.credits(&payer).await?, 0);
    shop.sells("studio.lite", &payer).await?;
    shop.says(credit(&spent), 2).await?;
    shop.is_heard().await?;
    assert_eq!(shop.credits(&payer).await?, 1);
    Ok(())
}
