//! Buying, from the offer to the books. The same on local and on a deployed stack.

use std::time::Duration;

use anyhow::{Context, Result};
use confab_e2e::{Place, Shop, eventually, state_of};
use confab_kernel::payments::Offer;
use futures::future::try_join_all;
use serde_json::{Value, json};

/// A person of this test alone.
fn somebody() -> String {
    use confab_kernel::{Clock, UserId};
    UserId::new(confab_lambda::SystemClock::default().now(), &confab_lambda::OsEntropy).to_string()
}

fn kinds(rows: &Value) -> Vec<(String, i64)> {
    let rows = rows.as_array().into_iter().flatten();
    rows.map(|row| (row["kind"].as_str().unwrap_or_default().to_owned(), row["amount"].as_i64().unwrap_or_default()))
        .collect()
}

fn told(file: &Value) -> Vec<(&str, bool)> {
    let told = file["told"].as_array().into_iter().flatten();
    told.map(|told| (told["type"].as_str().unwrap_or_default(), told["is_told"] == true)).collect()
}

#[tokio::test]
async fn what_was_paid_is_granted_and_in_the_books() -> Result<()> {
    let place = Place::any().await?;
    let shop = Shop::at(&place);
    let payer = somebody();
    let offer = shop.offer("studio.standard", &payer);
    let order = shop.takes(&offer).await?;
    assert_eq!(state_of(&order), "pending");
    assert_eq!(order["amount"], json!({ "minor": 2_900, "currency": "USD" }), "the price is the list's");
    assert_eq!(shop.pays(&order, "success").await?["next"], "done");
    shop.comes_to(offer.order_id, "paid").await?;
    assert_eq!(shop.credits(&payer).await?, 1);
    let file = eventually(Duration::from_secs(10), || async {
        let file = shop.books(&format!("orders/{}", offer.order_id)).await?;
        (told(&file) == [("received", true)]).then_some(file.clone()).with_context(|| file.to_string())
    })
    .await?;
    let mut rows = kinds(&file["rows"]);
    rows.sort();
    assert_eq!(rows, [("charge".to_owned(), 2_900), ("fee".to_owned(), -114)], "2.9 % and 30 cents are Stripe's");
    assert_eq!((&file["order"]["balance"], &file["order"]["fees"]), (&json!(2_900), &json!(114)));
    Ok(())
}

#[tokio::test]
async fn the_same_offer_is_one_order_and_one_page() -> Result<()> {
    let place = Place::any().await?;
    let shop = Shop::at(&place);
    let offer = shop.offer("studio.lite", &somebody());
    let orders = try_join_all((0..5).map(|_| shop.takes(&offer))).await?;
    assert!(orders.iter().all(|order| order["url"] == orders[0]["url"]), "{orders:?}");
    shop.pays(&orders[0], "success").await?;
    shop.comes_to(offer.order_id, "paid").await?;
    let paid = shop.takes(&offer).await?;
    assert_eq!((state_of(&paid), &paid["url"]), ("paid", &Value::Null), "nobody pays twice");
    Ok(())
}

#[tokio::test]
async fn a_declined_card_leaves_the_page_open_and_a_checked_one_is_good() -> Result<()> {
    let place = Place::any().await?;
    let shop = Shop::at(&place);
    let offer = shop.offer("studio.lite", &somebody());
    let order = shop.takes(&offer).await?;
    assert_eq!(shop.pays(&order, "declined").await?["next"], "declined");
    assert_eq!(shop.pays(&order, "three_d_secure").await?["next"], "authenticate");
    shop.authenticates(&order, true).await?;
    shop.comes_to(offer.order_id, "paid").await
}

#[tokio::test]
async fn a_slow_bank_says_yes_or_no_in_its_own_time() -> Result<()> {
    let place = Place::any().await?;
    let shop = Shop::at(&place);
    for (card, end, grants) in [("async_success", "paid", 1), ("async_failure", "failed", 0)] {
        let payer = somebody();
        let offer = shop.offer("studio.lite", &payer);
        let order = shop.takes(&offer).await?;
        shop.pays(&order, card).await?;
        assert_eq!(state_of(&shop.order(offer.order_id).await?), "pending");
        shop.at_stripe(&order, "settle", &json!({})).await?;
        shop.comes_to(offer.order_id, end).await?;
        assert_eq!(shop.credits(&payer).await?, grants, "{card}");
    }
    Ok(())
}

#[tokio::test]
async fn refunds_give_back_and_the_last_one_takes_back() -> Result<()> {
    let place = Place::any().await?;
    let shop = Shop::at(&place);
    let payer = somebody();
    let (offer, order) = shop.sells("studio.lite", &payer).await?;
    shop.at_stripe(&order, "refund", &json!({ "amount": 400 })).await?;
    let path = format!("orders/{}", offer.order_id);
    eventually(Duration::from_secs(20), || async {
        let file = shop.books(&path).await?;
        (file["order"]["balance"] == 1_500).then_some(()).with_context(|| file.to_string())
    })
    .await?;
    assert_eq!(shop.credits(&payer).await?, 1, "a part is given back, the rest is still theirs");
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
async fn a_dispute_takes_the_money_and_a_won_one_is_flagged() -> Result<()> {
    let place = Place::any().await?;
    let shop = Shop::at(&place);
    let payer = somebody();
    let (offer, order) = shop.sells("studio.lite", &payer).await?;
    let dispute = shop.at_stripe(&order, "dispute", &json!({})).await?;
    shop.comes_to(offer.order_id, "disputed").await?;
    assert_eq!(shop.credits(&payer).await?, 0);
    let id = dispute["id"].as_str().context("a dispute has an id")?;
    place.post(&format!("/api/stripe/disputes/{id}/close"), &json!({ "won": true })).await?;
    shop.comes_to(offer.order_id, "paid").await?;
    let flags = shop.flags().await?;
    let ours = flags.iter().find(|flag| flag["order_id"] == offer.order_id.to_string()).context("no flag")?;
    assert_eq!(ours["flag"], "came_back");
    Ok(())
}

/// Waits until an order has a balance and a flag.
async fn comes_to_balance(shop: &Shop<'_>, offer: &Offer, balance: i64, flag: Option<&str>) -> Result<Value> {
    eventually(Duration::from_secs(20), || async {
        let file = shop.books(&format!("orders/{}", offer.order_id)).await?;
        let is_there = file["order"]["balance"] == balance && file["order"]["flag"].as_str() == flag;
        is_there.then_some(file.clone()).with_context(|| file.to_string())
    })
    .await
}

#[tokio::test]
async fn a_bank_takes_the_whole_charge_after_a_refund_and_gives_a_part_back() -> Result<()> {
    let place = Place::any().await?;
    let shop = Shop::at(&place);
    let payer = somebody();
    let (offer, order) = shop.sells("studio.lite", &payer).await?;
    shop.at_stripe(&order, "refund", &json!({ "amount": 400 })).await?;
    comes_to_balance(&shop, &offer, 1_500, None).await?;
    let dispute = shop.at_stripe(&order, "dispute", &json!({})).await?;
    comes_to_balance(&shop, &offer, -400, Some("overdrawn")).await?;
    assert_eq!(shop.credits(&payer).await?, 0, "what was taken back is not theirs");
    let id = dispute["id"].as_str().context("a dispute has an id")?;
    place.post(&format!("/api/stripe/disputes/{id}/close"), &json!({ "won": false, "returned": 400 })).await?;
    let file = comes_to_balance(&shop, &offer, 0, None).await?;
    assert_eq!((state_of(&file["order"]), &file["order"]["disputed"]), ("disputed", &json!(1_500)));
    Ok(())
}

#[tokio::test]
async fn a_refund_that_fails_later_is_money_that_is_here_after_all() -> Result<()> {
    let place = Place::any().await?;
    let shop = Shop::at(&place);
    let (offer, order) = shop.sells("studio.lite", &somebody()).await?;
    let refund = shop.at_stripe(&order, "refund", &json!({})).await?;
    shop.comes_to(offer.order_id, "refunded").await?;
    let id = refund["id"].as_str().context("a refund has an id")?;
    place.post(&format!("/api/stripe/refunds/{id}/fail"), &json!({})).await?;
    comes_to_balance(&shop, &offer, 1_900, Some("came_back")).await.map(drop)
}

#[tokio::test]
async fn an_inquiry_takes_nothing() -> Result<()> {
    let place = Place::any().await?;
    let shop = Shop::at(&place);
    let payer = somebody();
    let (offer, order) = shop.sells("studio.lite", &payer).await?;
    let inquiry = shop.at_stripe(&order, "dispute", &json!({ "inquiry": true })).await?;
    let id = inquiry["id"].as_str().context("an inquiry has an id")?;
    shop.at_stripe(&order, "refund", &json!({ "amount": 100 })).await?;
    comes_to_balance(&shop, &offer, 1_800, None).await?;
    place.post(&format!("/api/stripe/disputes/{id}/escalate"), &json!({})).await?;
    comes_to_balance(&shop, &offer, -100, Some("overdrawn")).await.map(drop)
}

#[tokio::test]
async fn money_that_is_not_this_orders_is_flagged_and_books_nothing() -> Result<()> {
    let place = Place::any().await?;
    let shop = Shop::at(&place);
    let (paid, _) = shop.sells("studio.lite", &somebody()).await?;
    let unpaid = shop.offer("studio.lite", &somebody());
    shop.takes(&unpaid).await?;
    let nobodys = shop.offer("studio.lite", &somebody());
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
        (&nobodys, by_dashboard(&nobodys), "unknown_order"),
    ] {
        let payment = place.post("/api/stripe/payments", &payment).await?;
        eventually(Duration::from_secs(20), || async {
            let flags = shop.flags().await?;
            let is_ours = |found: &&Value| match flag {
                // There is no order to name: the flag has the event alone.
                "unknown_order" => found["order_id"].is_null(),
                _ => found["order_id"] == order.order_id.to_string(),
            };
            let found = flags.iter().filter(is_ours).any(|found| found["flag"] == flag);
            found.then_some(()).with_context(|| format!("{flag}: {flags:?} {payment}"))
        })
        .await?;
    }
    assert_eq!(state_of(&shop.order(unpaid.order_id).await?), "pending");
    let file = shop.books(&format!("orders/{}", paid.order_id)).await?;
    assert_eq!((&file["order"]["received"], told(&file).len()), (&json!(1_900), 1));
    Ok(())
}

#[tokio::test]
async fn the_last_credit_is_spent_once() -> Result<()> {
    let place = Place::any().await?;
    let shop = Shop::at(&place);
    let payer = somebody();
    shop.sells("studio.lite", &payer).await?;
    let spends: Vec<_> = (0..100).map(|_| shop.spend(&payer, 1)).collect();
    let answers = try_join_all(spends.iter().map(|spend| shop.spends(spend))).await?;
    let mut counts = std::collections::BTreeMap::new();
    for answer in &answers {
        *counts.entry(answer.status().as_u16()).or_insert(0) += 1;
    }
    assert_eq!(counts, [(200, 1), (409, 99)].into());
    assert_eq!(shop.credits(&payer).await?, 0);
    // Whoever won asks again: it is the same spend.
    let winner = answers.iter().position(|answer| answer.status() == 200).context("a winner")?;
    assert_eq!(shop.spends(&spends[winner]).await?.status(), 200);
    assert_eq!(shop.credits(&payer).await?, 0);
    Ok(())
}

#[tokio::test]
async fn a_refund_of_what_was_spent_leaves_a_debt_and_a_row_that_says_why() -> Result<()> {
    let place = Place::any().await?;
    let shop = Shop::at(&place);
    let payer = somebody();
    let (offer, order) = shop.sells("studio.lite", &payer).await?;
    assert_eq!(shop.spends(&shop.spend(&payer, 1)).await?.status(), 200);
    shop.at_stripe(&order, "refund", &json!({})).await?;
    shop.comes_to(offer.order_id, "refunded").await?;
    assert_eq!(shop.credits(&payer).await?, -1);
    let account = shop.books(&format!("accounts/studio/{payer}")).await?;
    let expected = [("credit", 1), ("spend", -1), ("reversal", -1)];
    assert_eq!(kinds(&account["rows"]), expected.map(|(kind, amount)| (kind.to_owned(), amount)));
    assert_eq!(shop.spends(&shop.spend(&payer, 1)).await?.status(), 409);
    Ok(())
}

/// Another product's or nobody's payment, told by an event that is signed as Stripe signs.
async fn stripe_tells(place: &Place, body: &Value, secret: &str, at: i64) -> Result<reqwest::Response> {
    let body = body.to_string();
    let at = confab_kernel::Timestamp::from_second(at)?;
    let signature = confab_providers::stripe::sign(&secret.into(), body.as_bytes(), at);
    let signature = signature.map_err(|error| anyhow::anyhow!("{error}"))?;
    let request = place.http.post(format!("{}/payment-received", place.gateway));
    Ok(request.header("stripe-signature", signature).body(body).send().await?)
}

fn now() -> i64 {
    use confab_kernel::Clock;
    confab_lambda::SystemClock::default().now().as_second()
}

const SECRET: &str = "whsec_local";

#[tokio::test]
async fn what_is_not_signed_by_a_provider_is_refused() -> Result<()> {
    let place = Place::any().await?;
    let event = json!({ "id": "evt_forged", "object": "event", "type": "charge.refunded", "data": { "object": {} } });
    for (secret, at) in [("whsec_other", now()), (SECRET, now() - 301), (SECRET, now() + 400)] {
        assert_eq!(stripe_tells(&place, &event, secret, at).await?.status(), 401, "{secret} {at}");
    }
    for path in ["/payment-received", "/payment-received/", "/payment-received/guess", "/api/payments/webhook/"] {
        let answer = place.http.post(format!("{}{path}", place.gateway)).body(event.to_string()).send().await?;
        assert!([401, 404].contains(&answer.status().as_u16()), "{path}: {}", answer.status());
    }
    Ok(())
}

#[tokio::test]
async fn what_has_nothing_to_do_with_us_is_accepted_and_grants_nothing() -> Result<()> {
    let place = Place::any().await?;
    let shop = Shop::at(&place);
    let unknown = json!({ "id": format!("evt_{}", somebody()), "object": "event", "type": "customer.created",
        "data": { "object": { "id": "cus_1", "object": "customer" } } });
    assert_eq!(stripe_tells(&place, &unknown, SECRET, now()).await?.status(), 200);
    let thin = json!({ "id": "evt_thin", "object": "v2.core.event", "type": "v1.billing.meter.no_meter_found" });
    assert_eq!(stripe_tells(&place, &thin, SECRET, now()).await?.status(), 200);
    // Another shop's payment in the same account: nobody has to look at it.
    let theirs = place.post("/api/stripe/payments", &json!({ "amount": 500, "by": "dashboard" })).await?;
    let payment = theirs["payment_intent"].as_str().context("a payment")?;
    let id = format!("evt_{}", somebody());
    let event = json!({ "id": id, "object": "event", "type": "payment_intent.succeeded", "created": now(),
        "data": { "object": { "id": payment, "object": "payment_intent", "amount_received": 500, "currency": "usd" } } });
    assert_eq!(stripe_tells(&place, &event, SECRET, now()).await?.status(), 200);
    eventually(Duration::from_secs(20), || async {
        let waiting = place.depth("confab-payments.fifo").await?;
        (waiting == 0).then_some(()).with_context(|| format!("{waiting} are waiting"))
    })
    .await?;
    let flags = shop.flags().await?;
    assert!(flags.iter().all(|flag| flag["event"] != format!("stripe#{id}")), "{flags:?}");
    let broken = place.http.post(format!("{}/payment-received", place.gateway));
    let signature = confab_providers::stripe::sign(&SECRET.into(), b"{", confab_kernel::Timestamp::from_second(now())?);
    let signature = signature.map_err(|error| anyhow::anyhow!("{error}"))?;
    assert_eq!(broken.header("stripe-signature", signature).body("{").send().await?.status(), 400);
    Ok(())
}

#[tokio::test]
async fn an_order_that_somebody_elses_payment_names_is_not_paid_by_it() -> Result<()> {
    let place = Place::any().await?;
    let shop = Shop::at(&place);
    let (cheap, dear) = (shop.offer("rooms.pin_100", &somebody()), shop.offer("studio.premium", &somebody()));
    let (cheap_order, _) = (shop.takes(&cheap).await?, shop.takes(&dear).await?);
    shop.pays(&cheap_order, "success").await?;
    shop.comes_to(cheap.order_id, "paid").await?;
    let payments = place.get("/api/stripe/payments").await?;
    let payment = payments.to_string();
    let session = cheap_order["url"].as_str().and_then(|url| url.rsplit('/').next()).context("a session")?;
    assert!(payment.contains(session), "{payment}");
    // Signed, but it says that the cheap session is the dear order's.
    let lie = json!({ "id": format!("evt_{}", somebody()), "object": "event", "type": "checkout.session.completed",
        "created": now(), "data": { "object": { "id": session, "object": "checkout.session", "payment_status": "paid",
            "client_reference_id": dear.order_id.to_string() } } });
    assert_eq!(stripe_tells(&place, &lie, SECRET, now()).await?.status(), 200);
    comes_to_balance(&shop, &dear, 0, Some("foreign_order")).await?;
    assert_eq!(state_of(&shop.order(dear.order_id).await?), "pending");
    Ok(())
}

#[tokio::test]
async fn bad_requests_say_what_is_wrong_and_change_nothing() -> Result<()> {
    let place = Place::any().await?;
    let shop = Shop::at(&place);
    let unsold = shop.offer("studio.unheard_of", &somebody());
    assert_eq!(shop.asks_to_pay(&unsold).await?.status(), 422);
    assert!(shop.order(unsold.order_id).await.is_err(), "nothing was kept of it");
    let offer = shop.offer("studio.lite", &somebody());
    shop.takes(&offer).await?;
    let mut other = offer.clone();
    other.purchase.item = "studio.premium".into();
    assert_eq!(shop.asks_to_pay(&other).await?.status(), 409);
    for (path, body, status) in [
        ("/api/payments/checkout/", json!({ "offer": "e30.e30" }), 401),
        ("/api/payments/checkout/", json!({ "offer": "x", "amount": 1 }), 400),
        ("/api/payments/checkout/", json!([]), 400),
        ("/api/payments/spend/", json!({ "spend": "e30.e30" }), 401),
        ("/api/payments/spend/", json!({}), 400),
    ] {
        let answer = shop.api(path, &body).await?;
        assert_eq!(answer.status(), status, "{path} {body}");
        assert_eq!(answer.headers()["content-type"], "application/problem+json");
    }
    let closed = place.http.get(format!("{}/api/payments/ledger/orders", place.gateway));
    assert_eq!(closed.bearer_auth("guess").send().await?.status(), 401);
    Ok(())
}

#[tokio::test]
async fn other_providers_tell_in_their_own_ways() -> Result<()> {
    let place = Place::any().await?;
    let shop = Shop::at(&place);
    // SUMIT knows a number and the title of a tier; its address is its only secret.
    let (payer, phone) = (somebody(), format!("97252{:07}", now() % 10_000_000));
    let offer = shop.offer_to_number("studio.standard", &payer, &phone)?;
    shop.takes(&offer).await?;
    let trigger = json!({ "EntityID": now(), "Properties": { "Property_M-5": [phone], "Property_M-10": ["Dana"],
        "Property_M-3": [{ "Name": "Standard" }] } });
    for _ in 0..3 {
        let address = format!("{}/payment-received/payment-secret-path", place.gateway);
        assert_eq!(place.http.post(address).body(trigger.to_string()).send().await?.status(), 200);
    }
    shop.comes_to(offer.order_id, "paid").await?;
    assert_eq!(shop.credits(&payer).await?, 1);
    // Anybody else signs a claim.
    let payer = somebody();
    let offer = shop.offer("studio.lite", &payer);
    shop.takes(&offer).await?;
    let claim = json!({ "order_id": offer.order_id.to_string(), "payment": format!("p-{}", offer.order_id),
        "received": { "minor": 1_900, "currency": "USD" } })
    .to_string();
    let at = confab_kernel::Timestamp::from_second(now())?;
    let signature = confab_providers::generic::sign(&"payment-webhook-secret".into(), claim.as_bytes(), at);
    let signature = signature.map_err(|error| anyhow::anyhow!("{error}"))?;
    let told = place.http.post(format!("{}/payment-received", place.gateway));
    assert_eq!(told.header("x-signature", signature).body(claim).send().await?.status(), 200);
    shop.comes_to(offer.order_id, "paid").await?;
    assert_eq!(shop.credits(&payer).await?, 1);
    Ok(())
}
