//! What Stripe keeps, and payments that nobody asked for.

use std::time::Duration;

use confab_stripe::{CheckoutPayment, CheckoutStatus};
use serde_json::{Value, json};

use crate::world::World;

#[tokio::test]
async fn a_charge_has_a_fee_that_is_shown_when_it_is_asked_for() {
    let world = World::start().await;
    let payment = world.paid("ord_1").await;
    let charge = world.charge_of(&payment).await;
    let movement = &charge["balance_transaction"];
    assert_eq!(
        (&movement["object"], &movement["type"]),
        (&json!("balance_transaction"), &json!("charge"))
    );
    assert_eq!(
        (&movement["source"], &movement["reporting_category"]),
        (&charge["id"], &json!("charge"))
    );
    // 2.9 percent and 30 cents.
    assert_eq!(
        [&movement["amount"], &movement["fee"], &movement["net"]],
        [4_900, 172, 4_728].map(|n| json!(n)).each_ref()
    );
    assert_eq!(movement["fee_details"][0]["amount"], 172);
    let id = world
        .read(&format!("charges/{}", charge["id"].as_str().unwrap()))
        .await["balance_transaction"]
        .take();
    assert_eq!(id, movement["id"]);
    assert_eq!(
        world
            .read(&format!("balance_transactions/{}", id.as_str().unwrap()))
            .await,
        *movement
    );
    assert_eq!(
        world.api("GET", "stripe/totals", Value::Null).await[0]["fees"],
        172
    );
    world
        .api(
            "POST",
            &format!("stripe/payments/{payment}/refund"),
            json!({}),
        )
        .await;
    assert_eq!(
        world.api("GET", "stripe/totals", Value::Null).await[0]["fees"],
        172,
        "Stripe keeps its fee"
    );
    world
        .api(
            "PUT",
            "stripe/settings",
            json!({"fee_basis_points": 150, "fee_fixed": 0, "dispute_fee": 700}),
        )
        .await;
    let payment = world.paid("ord_2").await;
    assert_eq!(
        world.charge_of(&payment).await["balance_transaction"]["fee"],
        74
    );
    world
        .api(
            "POST",
            &format!("stripe/payments/{payment}/dispute"),
            json!({}),
        )
        .await;
    let total = world.api("GET", "stripe/totals", Value::Null).await[1].take();
    assert_eq!(
        (&total["fees"], &total["dispute_fees"]),
        (&json!(774), &json!(700))
    );
}

#[tokio::test]
async fn the_fee_may_be_known_later() {
    let world = World::start().await;
    world
        .api("PUT", "stripe/settings", json!({"balance_ms": 60_000}))
        .await;
    let payment = world.paid("ord_1").await;
    assert_eq!(
        world.charge_of(&payment).await["balance_transaction"],
        Value::Null
    );
    assert_eq!(
        world.api("GET", "stripe/totals", Value::Null).await[0]["fees"],
        0
    );
    world.pass(Duration::from_secs(61));
    world
        .until(async || world.times("charge.updated") == 1)
        .await;
    assert_eq!(
        world.charge_of(&payment).await["balance_transaction"]["fee"],
        172
    );
    let (_, event) = world
        .app
        .notices()
        .into_iter()
        .find(|(notice, _)| notice.kind == "charge.updated")
        .unwrap();
    assert_eq!(
        event["data"]["previous_attributes"],
        json!({"balance_transaction": null})
    );
    let failed = world.checkout("ord_2").await;
    world.pay(&failed, "declined").await;
    let charges = world.read("charges").await;
    assert_eq!(
        (
            &charges["data"][0]["status"],
            &charges["data"][0]["balance_transaction"]
        ),
        (&json!("failed"), &Value::Null)
    );
}

#[tokio::test]
async fn a_payment_link_makes_a_session_that_we_did_not_open() {
    let world = World::start().await;
    let new = json!({"amount": 1_234, "currency": "ils", "client_reference_id": "ord_9", "metadata": {"campaign": "x"},
        "payment_metadata": {"order_id": "ord_8"}});
    let row = world.api("POST", "stripe/payments", new).await;
    assert_eq!(
        (&row["order_id"], &row["amount"], &row["payment_status"]),
        (&json!("ord_9"), &json!(1_234), &json!("paid"))
    );
    let session = world
        .stripe()
        .checkout(row["session"].as_str().unwrap())
        .await
        .unwrap();
    assert_eq!(
        (session.status, session.payment_status),
        (CheckoutStatus::Complete, CheckoutPayment::Paid)
    );
    assert_eq!(session.order_id.as_deref(), Some("ord_9"));
    assert_eq!(session.payment.unwrap().order_id.as_deref(), Some("ord_8"));
    let read = world
        .read(&format!("checkout/sessions/{}", session.id))
        .await;
    assert!(read["payment_link"].as_str().unwrap().starts_with("plink_"));
    assert_eq!(read["metadata"], json!({"campaign": "x"}));
    world.settled().await;
    let mut told: Vec<_> = world
        .app
        .notices()
        .into_iter()
        .map(|(notice, _)| (notice.kind, notice.order_id.unwrap()))
        .collect();
    told.sort();
    let expected = [
        ("charge.succeeded", "ord_8"),
        ("checkout.session.completed", "ord_9"),
        ("payment_intent.succeeded", "ord_8"),
    ];
    assert_eq!(
        told,
        expected.map(|(kind, order)| (kind.to_owned(), order.to_owned()))
    );
}

#[tokio::test]
async fn a_payment_from_the_dashboard_has_no_session() {
    let world = World::start().await;
    world.paid("ord_1").await;
    world.settled().await;
    let new = json!({"by": "dashboard", "amount": 700, "currency": "jpy", "metadata": {"order_id": "ord_1"}});
    let row = world.api("POST", "stripe/payments", new).await;
    assert_eq!(
        (&row["session"], &row["order_id"]),
        (&Value::Null, &json!("ord_1"))
    );
    let payment = row["payment_intent"].as_str().unwrap();
    let intent = world.read(&format!("payment_intents/{payment}")).await;
    assert_eq!(
        (&intent["amount_received"], &intent["currency"]),
        (&json!(700), &json!("jpy"))
    );
    let listed = world.api("GET", "stripe/payments", Value::Null).await;
    assert!(listed.as_array().unwrap().contains(&row), "{listed}");
    assert_eq!(listed.as_array().unwrap().len(), 2);
    world.settled().await;
    assert_eq!(
        (
            world.app.kinds().len(),
            world.times("checkout.session.completed")
        ),
        (5, 1)
    );
    let totals = world.api("GET", "stripe/totals", Value::Null).await;
    assert_eq!(
        (&totals[0]["currency"], &totals[0]["paid"]),
        (&json!("jpy"), &json!(700))
    );
    world
        .api(
            "POST",
            &format!("stripe/payments/{payment}/refund"),
            json!({"amount": 300}),
        )
        .await;
    world
        .api(
            "POST",
            &format!("stripe/payments/{payment}/dispute"),
            json!({}),
        )
        .await;
    for new in [
        json!({"amount": 0}),
        json!({"amount": 1, "currency": "USD"}),
        json!({"amount": 1, "by": "dashboard", "client_reference_id": "ord_1"}),
        json!({"amount": 1, "by": "dashboard", "payment_metadata": {"order_id": "ord_1"}}),
        json!({"amount": 1, "by": "carrier pigeon"}),
        json!({"currency": "usd"}),
    ] {
        assert_eq!(
            world.ask("POST", "/api/stripe/payments", &new).await.0,
            400,
            "{new}"
        );
    }
}

#[tokio::test]
async fn nothing_is_live() {
    let world = World::start().await;
    let payment = world.paid("ord_1").await;
    world
        .api("POST", "stripe/payments", json!({"amount": 700}))
        .await;
    world
        .api(
            "POST",
            &format!("stripe/payments/{payment}/refund"),
            json!({"amount": 700, "fate": "waits"}),
        )
        .await;
    world
        .api(
            "POST",
            &format!("stripe/payments/{payment}/dispute"),
            json!({"amount": 900}),
        )
        .await;
    world.settled().await;
    for path in [
        "checkout/sessions",
        "payment_intents",
        "charges",
        "disputes",
        "events",
    ] {
        let list = world.read(&format!("{path}?limit=100")).await;
        let found = list["data"].as_array().unwrap();
        assert!(
            !found.is_empty() && found.iter().all(|object| object["livemode"] == false),
            "{path} {list}"
        );
    }
    for (_, event) in world.app.notices() {
        assert!(!event.to_string().contains(r#""livemode":true"#), "{event}");
    }
}
