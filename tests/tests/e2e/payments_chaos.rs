//! Notices of many orders, in copies and out of order, while the functions are killed; and notices that never come.
//! Local only: AWS cannot lose power or move its clock on request.

#![expect(clippy::print_stdout, reason = "the seed must be seen")]

use std::{
    collections::{BTreeMap, HashMap},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use anyhow::{Context, Result, ensure};
use confab_contracts::payments::{Offer, RefundRequested};
use confab_core::{Clock, OrderId, Timestamp};
use confab_e2e::{PRODUCT, Place, Shop, eventually, state_of};
use futures::{StreamExt, TryStreamExt, stream};
use serde_json::{Value, json};

const COPIES: usize = 5;
const PRICE: i64 = 1_900;
const QUEUES: [&str; 2] = ["confab-payments.fifo", "confab-payments-requests"];
/// What a product does about an order that it cannot give: it asks for a refund. All others are done at Stripe.
const ASK: &str = "ask";
/// Longer than the queue's visibility timeout.
const A_WHILE: Duration = Duration::from_secs(121);

/// The kinds of events that README tells to send here, by how they begin.
const SUBSCRIBED: [&str; 5] = [
    "checkout.session.",
    "payment_intent.succeeded",
    "charge.refund",
    "refund.",
    "charge.dispute.",
];

struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap_or(0) % sides
    }

    fn shuffle<T>(&mut self, list: &mut [T]) {
        for last in (1..list.len()).rev() {
            list.swap(last, self.roll(last + 1));
        }
    }
}

fn now() -> Timestamp {
    confab_lambda::SystemClock::default().now()
}

/// The seed and the size of a run.
#[derive(Clone, Copy)]
struct Flood {
    seed: u64,
    orders: usize,
    deliveries: usize,
}

impl Flood {
    /// `CONFAB_PAYMENTS_CHAOS=2000x10000` delivers ten thousand notices of two thousand orders.
    #[expect(clippy::disallowed_methods, reason = "the suite's own configuration")]
    fn of_environment(seed: u64) -> Result<Self> {
        let given =
            std::env::var("CONFAB_PAYMENTS_CHAOS").unwrap_or_else(|_| "200x1000".to_owned());
        let (orders, deliveries) = given.split_once('x').context("as 200x1000")?;
        Ok(Self {
            seed,
            orders: orders.parse()?,
            deliveries: deliveries.parse()?,
        })
    }
}

#[tokio::test]
async fn orders_are_fulfilled_once_and_the_ledger_equals_stripe() -> Result<()> {
    let seed = u64::try_from(now().as_second() / (24 * 3600))?;
    let flood = Flood::of_environment(seed)?;
    println!("seed {seed}");
    comes(flood).await.with_context(|| format!("seed {seed}"))
}

async fn comes(flood: Flood) -> Result<()> {
    let seed = flood.seed;
    let place = Arc::new(Place::local().await?);
    let mut dice = Dice(seed);
    // Stripe delivers nothing by itself: the test does, and knows what it did.
    place
        .put("/api/stripe/settings", &json!({ "drop_percent": 100 }))
        .await?;
    let (offers, returns) = everybody_pays(&place, flood.orders, &mut dice).await?;
    let paid = events(&place).await?;
    let first = copies_of(&paid, flood.deliveries * 3 / 4, &mut dice);
    let is_over = Arc::new(AtomicBool::new(false));
    let killer = tokio::spawn(kills(place.clone(), is_over.clone(), seed));
    // Money goes back while the workers are asking how things stand.
    futures::try_join!(deliver(&place, &first), money_goes_back(&place, &returns))?;
    let returned: Vec<_> = events(&place)
        .await?
        .into_iter()
        .filter(|event| !paid.contains(event))
        .collect();
    let second = copies_of(&returned, flood.deliveries - first.len(), &mut dice);
    deliver(&place, &second).await?;
    println!("{} notices delivered", first.len() + second.len());
    is_over.store(true, Ordering::Relaxed);
    let killed = killer.await??;
    ensure!(killed > 0, "no process was there to kill");
    everything_is_booked(&place).await?;
    what_was_asked_back_is_back(&place, &returns).await?;
    the_books_agree(&place, &offers).await
}

/// An order of which money goes back, and how.
type Return = (Value, Vec<(&'static str, Value)>);

/// Offers are taken and paid, some never; some are to be refunded in part or in whole, some disputed, some both. Of some
/// the product wants the money to go back, mostly before it has heard of it.
async fn everybody_pays(
    place: &Place,
    orders: usize,
    dice: &mut Dice,
) -> Result<(Vec<Offer>, Vec<Return>)> {
    let shop = Shop::at(place);
    let fates: Vec<_> = (0..orders).map(|number| (number, dice.roll(20))).collect();
    let taken = stream::iter(fates)
        .map(|(number, fate)| async move {
            let offer = shop.offer("studio.lite", &format!("payer{number}"));
            let order = shop.takes(&offer).await?;
            let card = match fate {
                0 => return Ok((offer, None)),
                1 => "async_failure",
                2 => "async_success",
                _ => "success",
            };
            shop.pays(&order, card).await?;
            if let 1 | 2 = fate {
                shop.at_stripe(&order, "settle", &json!({})).await?;
            }
            let part = ("refund", json!({ "amount": 500 }));
            let back = match fate {
                3 => vec![part],
                4 => vec![("refund", json!({}))],
                5 => vec![("dispute", json!({}))],
                6 => vec![part, ("dispute", json!({}))],
                7 => vec![(ASK, json!({}))],
                _ => vec![],
            };
            anyhow::Ok((offer, Some((order, back))))
        })
        .buffer_unordered(8)
        .try_collect::<Vec<_>>()
        .await?;
    let (offers, returns): (Vec<_>, Vec<_>) = taken.into_iter().unzip();
    Ok((offers, returns.into_iter().flatten().collect()))
}

async fn money_goes_back(place: &Place, returns: &[Return]) -> Result<()> {
    let shop = Shop::at(place);
    let steps = stream::iter(returns).map(|(order, steps)| async move {
        for (what, how) in steps {
            match *what {
                ASK => {
                    shop.says(
                        asked_back(order["order_id"].as_str().unwrap_or_default().parse()?),
                        3,
                    )
                    .await?
                }
                what => drop(shop.at_stripe(order, what, how).await?),
            }
        }
        anyhow::Ok(())
    });
    steps.buffer_unordered(2).try_collect().await
}

fn asked_back(order_id: OrderId) -> RefundRequested {
    RefundRequested {
        order_id,
        product: PRODUCT.into(),
        reason: "no photos".into(),
    }
}

async fn what_was_asked_back_is_back(place: &Place, returns: &[Return]) -> Result<()> {
    let payments = place.get("/api/stripe/payments").await?;
    let count = |row: &Value| row["refunds"].as_array().map_or(0, Vec::len);
    let refunds: HashMap<_, _> = payments
        .as_array()
        .into_iter()
        .flatten()
        .map(|row| (row["order_id"].as_str(), count(row)))
        .collect();
    let asked = returns
        .iter()
        .filter(|(_, steps)| steps.iter().any(|(what, _)| *what == ASK));
    let asked: Vec<_> = asked
        .map(|(order, steps)| (order["order_id"].as_str(), steps.len()))
        .collect();
    for (id, wanted) in &asked {
        let state = Shop::at(place)
            .order(id.unwrap_or_default().parse()?)
            .await?;
        let made = refunds.get(id).copied().unwrap_or(0);
        ensure!(
            state_of(&state) == "refunded" && made == *wanted,
            "{state}, {made} refunds"
        );
    }
    ensure!(!asked.is_empty(), "nothing was asked back");
    println!("{} orders were asked back, and are", asked.len());
    Ok(())
}

/// Each payment has at least one notice, each notice one to five copies, all of them shuffled.
fn copies_of(events: &[Value], wanted: usize, dice: &mut Dice) -> Vec<Value> {
    let mut by_payment: BTreeMap<&str, Vec<&Value>> = BTreeMap::new();
    for event in events {
        let object = &event["data"]["object"];
        // A refund and a dispute name the payment alone, and an unpaid checkout has none.
        let names = [&object["payment_intent"], &object["id"]];
        let payment = if object["object"] == "payment_intent" {
            names[1].as_str()
        } else {
            names[0].as_str()
        };
        if let Some(payment) = payment.or(names[1].as_str()) {
            by_payment.entry(payment).or_default().push(event);
        }
    }
    let told: Vec<_> = by_payment.into_values().collect();
    let mut copies: BTreeMap<(usize, usize), usize> = BTreeMap::new();
    for (order, events) in told.iter().enumerate() {
        copies.insert((order, dice.roll(events.len())), 1);
    }
    let mut total = copies.len();
    let most = events.len() * COPIES;
    while total < wanted.min(most) {
        let order = dice.roll(told.len());
        let count = copies
            .entry((order, dice.roll(told[order].len())))
            .or_default();
        if *count < COPIES {
            *count += 1;
            total += 1;
        }
    }
    let copied = copies
        .into_iter()
        .flat_map(|((order, event), count)| vec![told[order][event].clone(); count]);
    let mut deliveries: Vec<_> = copied.collect();
    dice.shuffle(&mut deliveries);
    deliveries
}

async fn events(place: &Place) -> Result<Vec<Value>> {
    let mut all: Vec<Value> = Vec::new();
    loop {
        let after = all.last().and_then(|event| event["id"].as_str());
        let after = after
            .map(|id| format!("&starting_after={id}"))
            .unwrap_or_default();
        let page = place.http.get(format!(
            "{}/stripe/v1/events?limit=100{after}",
            place.outside
        ));
        let page: Value = page
            .bearer_auth("sk_test_local")
            .send()
            .await?
            .error_for_status()?
            .json()
            .await?;
        all.extend(page["data"].as_array().cloned().unwrap_or_default());
        if page["has_more"] != true {
            let kind = |event: &Value| event["type"].as_str().unwrap_or_default().to_owned();
            all.retain(|event| {
                SUBSCRIBED
                    .iter()
                    .any(|prefix| kind(event).starts_with(prefix))
            });
            return Ok(all);
        }
    }
}

/// A fifth of them at once, the others in a few lanes; again until the answer is 2xx, as Stripe does.
async fn deliver(place: &Place, deliveries: &[Value]) -> Result<()> {
    let (at_once, in_lanes) = deliveries.split_at(deliveries.len() / 5);
    let burst = stream::iter(at_once)
        .map(|event| deliver_one(place, event))
        .buffer_unordered(20);
    let lanes = stream::iter(in_lanes)
        .map(|event| deliver_one(place, event))
        .buffer_unordered(6);
    futures::try_join!(burst.try_collect::<()>(), lanes.try_collect::<()>()).map(drop)
}

async fn deliver_one(place: &Place, event: &Value) -> Result<()> {
    let body = event.to_string();
    eventually(|| async {
        let signature = confab_stripe::sign(&"whsec_local".into(), body.as_bytes(), now());
        let signature = signature.map_err(|error| anyhow::anyhow!("{error}"))?;
        let request = place
            .http
            .post(format!("{}/payment-received", place.gateway));
        let answer = request
            .header("stripe-signature", signature)
            .body(body.clone())
            .send()
            .await?;
        ensure!(answer.status().is_success(), "{}", answer.status());
        Ok(())
    })
    .await
}

async fn kills(place: Arc<Place>, is_over: Arc<AtomicBool>, seed: u64) -> Result<u64> {
    let mut dice = Dice(seed ^ 0xdead);
    let mut killed = 0;
    while !is_over.load(Ordering::Relaxed) {
        tokio::time::sleep(Duration::from_millis(200 + dice.roll(800) as u64)).await;
        let function = [
            "payment-received",
            "payments-requests",
            "payments-book",
            "payments-book",
        ][dice.roll(4)];
        let answer = place
            .post(&format!("/api/functions/{function}/kill"), &json!({}))
            .await?;
        killed += answer["killed"].as_u64().unwrap_or(0);
    }
    Ok(killed)
}

/// Where AWS would wait for the visibility timeouts of what died, time is moved.
async fn everything_is_booked(place: &Place) -> Result<()> {
    for _ in 0..20 {
        if eventually(|| is_at_rest(place)).await? == 0 {
            return Ok(());
        }
        place.advance(A_WHILE).await?;
    }
    let lines = place
        .get("/api/logs?function=payments-book&limit=20")
        .await?;
    anyhow::bail!("the queues do not become empty: {lines:#}")
}

/// How much waits for a visibility timeout, once nothing moves any more.
async fn is_at_rest(place: &Place) -> Result<u64> {
    let count = || async {
        let state = place.get("/api/state").await?;
        let queues = state["queues"].as_array().into_iter().flatten();
        let ours: Vec<_> = queues
            .filter(|queue| QUEUES.iter().any(|name| queue["name"] == *name))
            .collect();
        let depth = |name: &str| {
            ours.iter()
                .filter_map(|queue| queue[name].as_u64())
                .sum::<u64>()
        };
        let functions = state["functions"].as_array().into_iter().flatten();
        let at_work: u64 = functions
            .filter_map(|function| function["in_flight"].as_u64())
            .sum();
        anyhow::Ok((depth("visible"), depth("in_flight"), at_work))
    };
    let earlier = count().await?;
    tokio::time::sleep(Duration::from_millis(700)).await;
    let later = count().await?;
    ensure!(
        later == earlier && later.2 == 0,
        "{earlier:?}, then {later:?}"
    );
    Ok(later.0 + later.1)
}

async fn the_books_agree(place: &Place, offers: &[Offer]) -> Result<()> {
    let shop = Shop::at(place);
    let held = shop.held().await?;
    let sums = stream::iter(offers)
        .map(|offer| {
            let held = &held;
            async move {
                order_agrees(shop, offer, held)
                    .await
                    .with_context(|| offer.order_id.to_string())
            }
        })
        .buffer_unordered(8);
    let balances: Vec<i64> = sums.try_collect().await?;
    let number = |row: &Value, name: &str| row[name].as_i64().unwrap_or(0);
    let at_stripe: i64 = held
        .values()
        .map(|row| number(row, "paid") - number(row, "refunded") - number(row, "withheld"))
        .sum();
    assert_eq!(balances.iter().sum::<i64>(), at_stripe);
    println!(
        "{} orders, {at_stripe} minor units in the ledger and at Stripe",
        offers.len()
    );
    Ok(())
}

/// The order's balance, which is what Stripe holds; and what was granted for it.
async fn order_agrees(shop: Shop<'_>, offer: &Offer, held: &HashMap<String, Value>) -> Result<i64> {
    let file = shop.agrees(offer.order_id, held).await?;
    let held = held
        .get(&offer.order_id.to_string())
        .cloned()
        .unwrap_or_default();
    let number = |row: &Value, name: &str| row[name].as_i64().unwrap_or(0);
    let (paid, returned) = (
        number(&held, "paid"),
        number(&held, "refunded") + number(&held, "withheld"),
    );
    ensure!(paid == 0 || paid == PRICE, "{held}");
    let told = file["told"].as_array().context("told")?;
    let grants = told
        .iter()
        .filter(|told| told["type"] == "received")
        .count();
    ensure!(
        grants == usize::from(paid > 0),
        "granted {grants} times: {file}"
    );
    ensure!(told.iter().all(|told| told["is_told"] == true), "{file}");
    let credits = shop.credits(&offer.purchase.payer).await?;
    ensure!(
        credits == i64::from(paid > 0 && returned < paid),
        "{credits} credits: {file}"
    );
    Ok(paid - returned)
}

/// Moves time until the next comparison with Stripe has run, and been worked on.
async fn is_reconciled(place: &Place) -> Result<()> {
    place.advance(Duration::from_secs(16 * 60)).await
}

/// The payment of a link names the order on its page alone: what is told of its refund names none.
#[tokio::test]
async fn flags_end_when_the_refund_of_their_payment_names_no_order() -> Result<()> {
    let place = Place::local().await?;
    let shop = Shop::at(&place);
    let (offer, _) = shop.sells("studio.lite", "usr_1").await?;
    let payment = json!({ "amount": PRICE, "currency": "usd", "by": "payment_link",
        "client_reference_id": offer.order_id.to_string() });
    let second = place.post("/api/stripe/payments", &payment).await?;
    let second = second["session"].as_str().context("a session")?;
    let flags = || async {
        let file = shop.books(&format!("orders/{}", offer.order_id)).await?;
        anyhow::Ok(
            file["order"]["flags"]
                .as_object()
                .map(|flags| flags.len())
                .unwrap_or_default(),
        )
    };
    eventually(|| async {
        ensure!(flags().await? == 1, "there is no flag");
        Ok(())
    })
    .await?;
    is_reconciled(&place).await?;
    place
        .post(&format!("/api/stripe/payments/{second}/refund"), &json!({}))
        .await?;
    eventually(|| async {
        is_reconciled(&place).await?;
        tokio::time::sleep(Duration::from_millis(300)).await;
        ensure!(flags().await? == 0, "the flag does not end");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn logs_hold_no_personal_data_and_no_secrets() -> Result<()> {
    let place = Place::local().await?;
    let shop = Shop::at(&place);
    let offer = shop.offer_to_number("studio.standard", "usr_1", "972525550188")?;
    shop.takes(&offer).await?;
    let trigger = json!({ "EntityID": 7, "Properties": { "Property_M-5": ["972525550188"],
        "Property_M-10": ["Dana Discreet"], "Property_M-3": [{ "Name": "Standard" }] } });
    for path in ["payment-secret-path", "wrong"] {
        let address = format!("{}/payment-received/{path}", place.gateway);
        place
            .http
            .post(address)
            .body(trigger.to_string())
            .send()
            .await?;
    }
    shop.comes_to(offer.order_id, "paid").await?;
    // Failures are logged in whole: there must be some.
    place
        .put(
            "/api/stripe/faults",
            &json!({ "calls": [{ "http": 500, "times": 2 }] }),
        )
        .await?;
    shop.asks_to_pay(&shop.offer("studio.lite", "usr_2"))
        .await?;
    let lines = place.get("/api/logs?limit=2000").await?.to_string();
    assert!(lines.contains("stripe_busy"), "{lines}");
    for private in [
        "Dana",
        "Discreet",
        "5550188",
        "whsec_",
        "sk_test",
        "payment-secret-path",
        "seal-secret",
        "last4",
    ] {
        assert!(!lines.contains(private), "{private} is in the log");
    }
    Ok(())
}
