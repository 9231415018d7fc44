//! Fees, and payments without the app's checkout.

use std::time::Duration;

use confab_stripe::{CheckoutPayment, CheckoutStatus};
use serde_json::{Value, json};

use crate::fixture::Fixture;

#[tokio::test]
async fn fees_of_charges_are_shown_when_expanded() {
    let fixture = Fixture::start().await;
    let payment = fixture.paid("ord_1").await;
    let charge = fixture.charge_of(&payment).await;
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
    let id = fixture
        .read(&format!("charges/{}", charge["id"].as_str().unwrap()))
        .await["balance_transaction"]
        .take();
    assert_eq!(id, movement["id"]);
    assert_eq!(
        fixture
            .read(&format!("balance_transactions/{}", id.as_str().unwrap()))
            .await,
        *movement
    );
    assert_eq!(
        fixture.api("GET", "stripe/totals", Value::Null).await[0]["fees"],
        172
    );
    fixture
        .api(
            "POST",
            &format!("stripe/payments/{payment}/refund"),
            json!({}),
        )
        .await;
    assert_eq!(
        fixture.api("GET", "stripe/totals", Value::Null).await[0]["fees"],
        172,
        "Stripe keeps its fee"
    );
    fixture
        .api(
            "PUT",
            "stripe/settings",
            json!({"fee_basis_points": 150, "fee_fixed": 0, "dispute_fee": 700}),
        )
        .await;
    let payment = fixture.paid("ord_2").await;
    assert_eq!(
        fixture.charge_of(&payment).await["balance_transaction"]["fee"],
        74
    );
    fixture
        .api(
            "POST",
            &format!("stripe/payments/{payment}/dispute"),
            json!({}),
        )
        .await;
    let total = fixture.api("GET", "stripe/totals", Value::Null).await[1].take();
    assert_eq!(
        (&total["fees"], &total["dispute_fees"]),
        (&json!(774), &json!(700))
    );
}

#[tokio::test]
async fn fees_are_known_later_when_delayed() {
    let fixture = Fixture::start().await;
    fixture
        .api("PUT", "stripe/settings", json!({"balance_ms": 60_000}))
        .await;
    let payment = fixture.paid("ord_1").await;
    assert_eq!(
        fixture.charge_of(&payment).await["balance_transaction"],
        Value::Null
    );
    assert_eq!(
        fixture.api("GET", "stripe/totals", Value::Null).await[0]["fees"],
        0
    );
    fixture.advance_clock(Duration::from_secs(61));
    fixture
        .until(async || fixture.times("charge.updated") == 1)
        .await;
    assert_eq!(
        fixture.charge_of(&payment).await["balance_transaction"]["fee"],
        172
    );
    let (_, event) = fixture
        .app
        .notices()
        .into_iter()
        .find(|(notice, _)| notice.kind == "charge.updated")
        .unwrap();
    assert_eq!(
        event["data"]["previous_attributes"],
        json!({"balance_transaction": null})
    );
    let failed = fixture.checkout("ord_2").await;
    fixture.pay(&failed, "declined").await;
    let charges = fixture.read("charges").await;
    assert_eq!(
        (
            &charges["data"][0]["status"],
            &charges["data"][0]["balance_transaction"]
        ),
        (&json!("failed"), &Value::Null)
    );
}

#[tokio::test]
async fn payment_links_create_sessions() {
    let fixture = Fixture::start().await;
    let new = json!({"amount": 1_234, "currency": "ils", "client_reference_id": "ord_9", "metadata": {"campaign": "x"},
        "payment_metadata": {"order_id": "ord_8"}});
    let row = fixture.api("POST", "stripe/payments", new).await;
    assert_eq!(
        (&row["order_id"], &row["amount"], &row["payment_status"]),
        (&json!("ord_9"), &json!(1_234), &json!("paid"))
    );
    let session = fixture
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
    let read = fixture
        .read(&format!("checkout/sessions/{}", session.id))
        .await;
    assert!(read["payment_link"].as_str().unwrap().starts_with("plink_"));
    assert_eq!(read["metadata"], json!({"campaign": "x"}));
    fixture.settled().await;
    let mut told: Vec<_> = fixture
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
async fn dashboard_payments_have_no_session() {
    let fixture = Fixture::start().await;
    fixture.paid("ord_1").await;
    fixture.settled().await;
    let new = json!({"by": "dashboard", "amount": 700, "currency": "jpy", "metadata": {"order_id": "ord_1"}});
    let row = fixture.api("POST", "stripe/payments", new).await;
    assert_eq!(
        (&row["session"], &row["order_id"]),
        (&Value::Null, &json!("ord_1"))
    );
    let payment = row["payment_intent"].as_str().unwrap();
    let intent = fixture.read(&format!("payment_intents/{payment}")).await;
    assert_eq!(
        (&intent["amount_received"], &intent["currency"]),
        (&json!(700), &json!("jpy"))
    );
    let listed = fixture.api("GET", "stripe/payments", Value::Null).await;
    assert!(listed.as_array().unwrap().contains(&row), "{listed}");
    assert_eq!(listed.as_array().unwrap().len(), 2);
    fixture.settled().await;
    assert_eq!(
        (
            fixture.app.kinds().len(),
            fixture.times("checkout.session.completed")
        ),
        (5, 1)
    );
    let totals = fixture.api("GET", "stripe/totals", Value::Null).await;
    assert_eq!(
        (&totals[0]["currency"], &totals[0]["paid"]),
        (&json!("jpy"), &json!(700))
    );
    fixture
        .api(
            "POST",
            &format!("stripe/payments/{payment}/refund"),
            json!({"amount": 300}),
        )
        .await;
    fixture
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
            fixture.ask("POST", "/api/stripe/payments", &new).await.0,
            400,
            "{new}"
        );
    }
}

#[tokio::test]
async fn objects_are_in_test_mode() {
    let fixture = Fixture::start().await;
    let payment = fixture.paid("ord_1").await;
    fixture
        .api("POST", "stripe/payments", json!({"amount": 700}))
        .await;
    fixture
        .api(
            "POST",
            &format!("stripe/payments/{payment}/refund"),
            json!({"amount": 700, "fate": "waits"}),
        )
        .await;
    fixture
        .api(
            "POST",
            &format!("stripe/payments/{payment}/dispute"),
            json!({"amount": 900}),
        )
        .await;
    fixture.settled().await;
    for path in [
        "checkout/sessions",
        "payment_intents",
        "charges",
        "disputes",
        "events",
    ] {
        let list = fixture.read(&format!("{path}?limit=100")).await;
        let found = list["data"].as_array().unwrap();
        assert!(
            !found.is_empty() && found.iter().all(|object| object["livemode"] == false),
            "{path} {list}"
        );
    }
    for (_, event) in fixture.app.notices() {
        assert!(!event.to_string().contains(r#""livemode":true"#), "{event}");
    }
}
