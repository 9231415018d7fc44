//! Stripe's API and its pay page through the app's client.

use std::time::Duration;

use confab_core::{CorrelationId, Currency, Money, Timestamp};
use confab_stripe::{
    Checkout, CheckoutPayment, CheckoutStatus, NewCheckout, PaymentStatus, StripeError, Subject,
};
use serde_json::{Value, json};

use crate::fixture::Fixture;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

pub(crate) fn usd(minor: i64) -> Option<Money> {
    Some(Money::new(minor, Currency::Usd))
}

pub(crate) fn order(id: &str) -> NewCheckout {
    NewCheckout {
        order_id: id.into(),
        correlation_id: CorrelationId::of_digest([7; 16]),
        title: "Portraits & שלום".into(),
        amount: Money::new(4_900, Currency::Usd),
        success_url: "https://shop.example/paid?session={CHECKOUT_SESSION_ID}".into(),
        cancel_url: "https://shop.example/back".into(),
        expires_at: None,
        metadata: vec![("pack".into(), "12".into())],
    }
}

impl Fixture {
    pub(crate) async fn checkout(&self, id: &str) -> Checkout {
        self.stripe()
            .create_checkout(&order(id), &format!("{id}:checkout"))
            .await
            .unwrap()
    }

    pub(crate) async fn api(&self, method: &str, path: &str, body: Value) -> Value {
        let (status, answer) = self.ask(method, &format!("/api/{path}"), &body).await;
        assert_eq!(status, 200, "{path} {answer}");
        answer
    }

    pub(crate) async fn pay(&self, checkout: &Checkout, card: &str) -> Value {
        self.api(
            "POST",
            &format!("pay/{}", checkout.id),
            json!({"card": card}),
        )
        .await
    }

    /// Pays a checkout, and returns the id of the intent.
    pub(crate) async fn paid(&self, id: &str) -> String {
        let checkout = self.checkout(id).await;
        assert_eq!(self.pay(&checkout, "success").await["next"], "done");
        self.stripe()
            .checkout(&checkout.id)
            .await
            .unwrap()
            .payment_intent
            .unwrap()
    }

    /// Waits until all events are delivered.
    pub(crate) async fn settled(&self) {
        self.until(async || self.api("GET", "stripe/pending", Value::Null).await["webhooks"] == 0)
            .await;
    }

    /// Calls Stripe's API without the client.
    pub(crate) async fn read(&self, path: &str) -> Value {
        let request = self
            .http
            .get(format!("{}/stripe/v1/{path}", self.base_url))
            .bearer_auth("sk_test_1");
        let response = request.send().await.unwrap();
        let status = response.status();
        let body = response.json().await.unwrap();
        assert_eq!(status, 200, "{path} {body}");
        body
    }

    /// Lists refunds, newest first.
    pub(crate) async fn refunds(&self, payment: &str) -> Vec<Value> {
        let mut list = self
            .read(&format!("refunds?limit=100&payment_intent={payment}"))
            .await;
        list["data"].as_array_mut().map(std::mem::take).unwrap()
    }

    pub(crate) async fn charge_of(&self, payment: &str) -> Value {
        let path = format!("payment_intents/{payment}?expand[]=latest_charge.balance_transaction");
        self.read(&path).await["latest_charge"].take()
    }

    pub(crate) fn times(&self, kind: &str) -> usize {
        self.app
            .kinds()
            .iter()
            .filter(|found| *found == kind)
            .count()
    }

    async fn refused_with(&self, form: &str, key: &str) -> Value {
        let url = format!("{}/stripe/v1/checkout/sessions", self.base_url);
        let request = self.http.post(url).bearer_auth(key).body(form.to_owned());
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        let mut body: Value = response.json().await.unwrap();
        body["error"]["status"] = status.into();
        body["error"].take()
    }
}

pub(crate) fn code(error: StripeError) -> String {
    match error {
        StripeError::Refused { code, .. } => code,
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn checkouts_are_paid_and_reported() {
    let fixture = Fixture::start().await;
    let checkout = fixture.checkout("ord_1").await;
    assert_eq!(
        (checkout.status, checkout.payment_status),
        (CheckoutStatus::Open, CheckoutPayment::Unpaid)
    );
    assert_eq!((checkout.amount, checkout.livemode), (usd(4_900), false));
    assert_eq!(
        checkout.url.as_ref().unwrap().as_str(),
        format!("{}/pay/{}", fixture.base_url, checkout.id)
    );
    let page = fixture
        .api("GET", &format!("pay/{}", checkout.id), Value::Null)
        .await;
    assert_eq!(
        (page["title"].as_str(), page["amount"].as_i64()),
        (Some("Portraits & שלום"), Some(4_900))
    );
    assert_eq!(
        (page["currency"].as_str(), page["status"].as_str()),
        (Some("usd"), Some("open"))
    );
    assert_eq!(
        (page["cancel_url"].as_str(), &page["success_url"]),
        (Some("https://shop.example/back"), &Value::Null)
    );

    let done = fixture.pay(&checkout, "success").await;
    assert_eq!(
        done["url"],
        format!("https://shop.example/paid?session={}", checkout.id)
    );
    fixture.settled().await;
    let mut kinds = fixture.app.kinds();
    kinds.sort();
    assert_eq!(
        kinds,
        [
            "charge.succeeded",
            "checkout.session.completed",
            "payment_intent.succeeded"
        ]
    );
    let paid = fixture.stripe().checkout(&checkout.id).await.unwrap();
    assert_eq!(
        (paid.status, paid.payment_status),
        (CheckoutStatus::Complete, CheckoutPayment::Paid)
    );
    assert!(paid.url.is_none());
    let payment = paid.payment.unwrap();
    assert_eq!(
        (payment.status, payment.received),
        (PaymentStatus::Succeeded, usd(4_900))
    );
    let charge = payment.charge.unwrap();
    assert_eq!(
        (charge.amount, charge.refunded, charge.disputed),
        (usd(4_900), usd(0), false)
    );
    assert_eq!(
        fixture.read(&format!("charges/{}", charge.id)).await["amount"],
        4_900
    );
    for order_id in [paid.order_id, payment.order_id, charge.order_id] {
        assert_eq!(order_id.as_deref(), Some("ord_1"));
    }
    for (notice, event) in fixture.app.notices() {
        assert_eq!(
            (notice.order_id.as_deref(), notice.payment_intent),
            (Some("ord_1"), Some(payment.id.clone()))
        );
        assert_eq!(
            notice.correlation_id,
            Some(CorrelationId::of_digest([7; 16]))
        );
        assert_eq!(
            (
                &event["object"],
                &event["pending_webhooks"],
                &event["livemode"]
            ),
            (&json!("event"), &json!(1), &json!(false))
        );
        assert!(event["data"]["object"].get("_confab").is_none());
        if let Subject::Checkout(id) = &notice.subject {
            assert_eq!(
                (id, &event["data"]["object"]["metadata"]["pack"]),
                (&checkout.id, &json!("12"))
            );
        }
    }
    let correlation = CorrelationId::of_digest([7; 16]).to_string();
    let seen = fixture.call_records();
    assert!(
        seen.iter().all(|seen| seen.provider == "stripe" && seen.ok),
        "{seen:?}"
    );
    assert!(
        seen.iter()
            .all(|seen| seen.correlation_id.as_deref() == Some(&correlation)),
        "{seen:?}"
    );
    assert!(
        seen.iter()
            .any(|seen| seen.text == "POST checkout/sessions: 200"),
        "{seen:?}"
    );
    assert!(
        seen.iter()
            .any(|seen| seen.text == "checkout.session.completed webhook: 200"),
        "{seen:?}"
    );
}

#[tokio::test]
async fn idempotency_keys_replay_one_request_for_a_day() {
    let fixture = Fixture::start().await;
    let stripe = fixture.stripe();
    let first = stripe
        .create_checkout(&order("ord_1"), "key")
        .await
        .unwrap();
    assert_eq!(
        stripe
            .create_checkout(&order("ord_1"), "key")
            .await
            .unwrap(),
        first
    );
    assert_ne!(
        stripe
            .create_checkout(&order("ord_1"), "other")
            .await
            .unwrap()
            .id,
        first.id
    );
    assert_eq!(
        code(
            stripe
                .create_checkout(&order("ord_2"), "key")
                .await
                .unwrap_err()
        ),
        "idempotency_error"
    );
    assert_eq!(
        code(stripe.expire_checkout(&first.id, "key").await.unwrap_err()),
        "idempotency_error"
    );
    fixture.advance_clock(DAY);
    assert_ne!(
        stripe
            .create_checkout(&order("ord_1"), "key")
            .await
            .unwrap()
            .id,
        first.id
    );
    // Refusals for parameters are not stored under the key, and refusals for the state are.
    assert_eq!(
        code(
            stripe
                .create_refund("pi_none", None, "again")
                .await
                .unwrap_err()
        ),
        "resource_missing"
    );
    let payment = fixture.paid("ord_3").await;
    let refund = stripe.create_refund(&payment, None, "again").await.unwrap();
    assert_eq!(
        code(
            stripe
                .create_refund(&payment, None, "late")
                .await
                .unwrap_err()
        ),
        "charge_already_refunded"
    );
    let other = fixture.paid("ord_4").await;
    assert_eq!(
        code(
            stripe
                .create_refund(&other, None, "late")
                .await
                .unwrap_err()
        ),
        "idempotency_error"
    );
    assert_eq!(
        code(
            stripe
                .create_refund(&payment, None, "late")
                .await
                .unwrap_err()
        ),
        "charge_already_refunded"
    );
    let all = fixture.refunds(&payment).await;
    assert_eq!((all.len(), &all[0]["id"]), (1, &json!(refund.id)));
}

#[tokio::test]
async fn kept_failures_are_replayed_under_their_key() {
    let fixture = Fixture::start().await;
    let payment = fixture.paid("ord_1").await;
    fixture
        .api(
            "PUT",
            "stripe/faults",
            json!({"calls": [{"http": 500, "kept": true}, {"http": 503}]}),
        )
        .await;
    let refund = async |key: &str| fixture.stripe().create_refund(&payment, None, key).await;
    assert!(refund("a").await.unwrap_err().may_try_again());
    assert!(refund("b").await.unwrap_err().may_try_again());
    assert!(refund("a").await.unwrap_err().may_try_again(), "for a day");
    assert!(fixture.refunds(&payment).await.is_empty());
    refund("b").await.unwrap();
}

#[tokio::test]
async fn lost_answers_are_replayed_when_retried() {
    let fixture = Fixture::start().await;
    let payment = fixture.paid("ord_1").await;
    let faults = json!({"calls": [{"path": "refunds", "drop_after": true}, {"path": "refunds", "drop_before": true}]});
    fixture.api("PUT", "stripe/faults", faults).await;
    let refund = async || {
        fixture
            .stripe()
            .create_refund(&payment, Some(usd(1_000).unwrap()), "evt_1:refund")
            .await
    };
    for _ in 0..2 {
        let error = refund().await.unwrap_err();
        assert!(matches!(error, StripeError::Busy { .. }), "{error}");
    }
    let done = refund().await.unwrap();
    let all = fixture.refunds(&payment).await;
    assert_eq!((all.len(), &all[0]["id"]), (1, &json!(done.id)));
    let faults =
        json!({"calls": [{"http": 429}, {"http": 409}, {"http": 500, "times": 2}, {"http": 402}]});
    fixture.api("PUT", "stripe/faults", faults).await;
    for again in [true, true, true, true, false] {
        assert_eq!(
            fixture
                .stripe()
                .payment_intent(&payment)
                .await
                .unwrap_err()
                .may_try_again(),
            again
        );
    }
    assert!(fixture.stripe().payment_intent(&payment).await.is_ok());
}

#[tokio::test]
async fn invalid_requests_get_the_errors_of_stripe() {
    let fixture = Fixture::start().await;
    assert!(
        fixture
            .stripe_with("sk_other")
            .checkout("cs_1")
            .await
            .unwrap_err()
            .may_try_again(),
        "a key can be replaced"
    );
    for error in [
        fixture.stripe().checkout("cs_none").await.unwrap_err(),
        fixture
            .stripe()
            .payment_intent("pi_none")
            .await
            .unwrap_err(),
        fixture
            .stripe()
            .expire_checkout("cs_none", "k")
            .await
            .unwrap_err(),
    ] {
        assert!(error.is_missing(), "{error}");
    }
    let item = "line_items[0][price_data][currency]=usd&line_items[0][price_data][product_data][name]=x&line_items[0][quantity]=1";
    let urls = "mode=payment&success_url=https://a.example/";
    let soon = Timestamp::now().as_second() + 60;
    for (form, code, param) in [
        (String::new(), "parameter_missing", json!("mode")),
        ("mode=subscription".into(), "", json!("mode")),
        (urls.into(), "parameter_missing", json!("line_items")),
        (
            format!("{urls}&{item}"),
            "parameter_missing",
            json!("line_items[0][price_data][unit_amount]"),
        ),
        (
            format!("{urls}&{item}&line_items[0][price_data][unit_amount]=49"),
            "amount_too_small",
            Value::Null,
        ),
        (
            format!("{urls}&{item}&line_items[0][price_data][unit_amount]=-5"),
            "parameter_invalid_integer",
            Value::Null,
        ),
        (
            format!("{urls}&{item}&line_items[0][price_data][unit_amount]=99999999999"),
            "parameter_invalid_integer",
            Value::Null,
        ),
        (
            format!("{urls}&{item}&line_items[0][price_data][unit_amount]=500&expires_at={soon}"),
            "",
            json!("expires_at"),
        ),
        (
            format!("{urls}&{item}&line_items[0][price_data][unit_amount]=500&succes_url=x"),
            "parameter_unknown",
            json!("succes_url"),
        ),
        (
            format!(
                "{item}&line_items[0][price_data][unit_amount]=500&mode=payment&success_url=javascript:alert(1)"
            ),
            "url_invalid",
            json!("success_url"),
        ),
        ("mode[=payment".into(), "", Value::Null),
    ] {
        let error = fixture.refused_with(&form, "sk_test_1").await;
        assert_eq!(
            (error["status"].as_u64(), &error["type"]),
            (Some(400), &json!("invalid_request_error")),
            "{form}"
        );
        assert_eq!(
            (error["code"].as_str().unwrap_or(""), &error["param"]),
            (code, &param),
            "{form} {error}"
        );
    }
    assert_eq!(fixture.refused_with("", "sk_live_x").await["status"], 401);
    let url = format!("{}/stripe/v1/nothing", fixture.base_url);
    assert_eq!(
        fixture
            .http
            .get(url)
            .bearer_auth("sk_test_1")
            .send()
            .await
            .unwrap()
            .status(),
        404
    );
}

#[tokio::test]
async fn declined_cards_leave_the_checkout_open() {
    let fixture = Fixture::start().await;
    let checkout = fixture.checkout("ord_1").await;
    let declined = fixture.pay(&checkout, "declined").await;
    assert_eq!(
        declined,
        json!({"next": "declined", "message": "Your card was declined."})
    );
    let open = fixture.stripe().checkout(&checkout.id).await.unwrap();
    assert_eq!(
        (open.status, open.payment_status),
        (CheckoutStatus::Open, CheckoutPayment::Unpaid)
    );
    let payment = open.payment.unwrap();
    assert_eq!(payment.status, PaymentStatus::RequiresPaymentMethod);
    assert_eq!(payment.failure.as_deref(), Some("generic_decline"));
    assert_eq!(payment.received, usd(0));
    fixture.pay(&checkout, "success").await;
    assert_eq!(
        fixture
            .stripe()
            .payment_intent(&payment.id)
            .await
            .unwrap()
            .status,
        PaymentStatus::Succeeded
    );
    let (status, error) = fixture
        .ask(
            "POST",
            &format!("/api/pay/{}", checkout.id),
            &json!({"card": "success"}),
        )
        .await;
    assert_eq!(
        (status, error["error"]["code"].as_str()),
        (400, Some("invalid")),
        "it is paid once"
    );
    fixture.settled().await;
    assert_eq!(
        fixture
            .app
            .kinds()
            .iter()
            .filter(|kind| *kind == "payment_intent.payment_failed")
            .count(),
        1
    );
    assert_eq!(
        fixture.api("GET", "stripe/totals", Value::Null).await[0]["paid"],
        4_900
    );
}

#[tokio::test]
async fn authentication_is_required_when_the_bank_asks() {
    let fixture = Fixture::start().await;
    let checkout = fixture.checkout("ord_1").await;
    let confirm = async |accept: bool| {
        let path = format!("/api/pay/{}/authenticate", checkout.id);
        fixture.ask("POST", &path, &json!({"accept": accept})).await
    };
    assert_eq!(confirm(true).await.0, 400, "nothing was asked yet");
    assert_eq!(
        fixture.pay(&checkout, "three_d_secure").await,
        json!({"next": "authenticate"})
    );
    let waiting = fixture.stripe().checkout(&checkout.id).await.unwrap();
    assert_eq!(
        waiting.payment.unwrap().status,
        PaymentStatus::RequiresAction
    );
    assert_eq!(confirm(false).await.1["next"], "declined");
    let failed = fixture
        .stripe()
        .checkout(&checkout.id)
        .await
        .unwrap()
        .payment
        .unwrap();
    assert_eq!(
        failed.failure.as_deref(),
        Some("payment_intent_authentication_failure")
    );
    fixture.pay(&checkout, "three_d_secure").await;
    assert_eq!(confirm(true).await.1["next"], "done");
    let paid = fixture.stripe().checkout(&checkout.id).await.unwrap();
    assert_eq!(paid.payment_status, CheckoutPayment::Paid);
}

#[tokio::test]
async fn pending_payments_settle_later() {
    let fixture = Fixture::start().await;
    let (good, bad) = (
        fixture.checkout("ord_1").await,
        fixture.checkout("ord_2").await,
    );
    assert_eq!(fixture.pay(&good, "async_success").await["next"], "done");
    fixture.pay(&bad, "async_failure").await;
    let waiting = fixture.stripe().checkout(&good.id).await.unwrap();
    assert_eq!(
        (waiting.status, waiting.payment_status),
        (CheckoutStatus::Complete, CheckoutPayment::Unpaid)
    );
    assert_eq!(waiting.payment.unwrap().status, PaymentStatus::Processing);
    fixture.settled().await;
    assert_eq!(fixture.app.kinds(), ["checkout.session.completed"; 2]);
    fixture
        .api(
            "POST",
            &format!("stripe/payments/{}/settle", bad.id),
            Value::Null,
        )
        .await;
    fixture.advance_clock(Duration::from_secs(31));
    fixture.until(async || fixture.app.kinds().len() == 7).await;
    for (order_id, expected) in [
        (
            "ord_1",
            [
                "charge.succeeded",
                "checkout.session.async_payment_succeeded",
                "checkout.session.completed",
                "payment_intent.succeeded",
            ]
            .as_slice(),
        ),
        (
            "ord_2",
            &[
                "checkout.session.async_payment_failed",
                "checkout.session.completed",
                "payment_intent.payment_failed",
            ],
        ),
    ] {
        let notices = fixture.app.notices();
        let own = notices
            .iter()
            .filter(|(notice, _)| notice.order_id.as_deref() == Some(order_id));
        let mut kinds: Vec<_> = own.map(|(notice, _)| notice.kind.as_str()).collect();
        kinds.sort_unstable();
        assert_eq!(kinds, expected);
    }
    assert_eq!(
        fixture
            .stripe()
            .checkout(&good.id)
            .await
            .unwrap()
            .payment_status,
        CheckoutPayment::Paid
    );
    assert_eq!(
        fixture
            .stripe()
            .checkout(&bad.id)
            .await
            .unwrap()
            .payment_status,
        CheckoutPayment::Unpaid
    );
    let (status, _) = fixture
        .ask(
            "POST",
            &format!("/api/stripe/payments/{}/settle", bad.id),
            &Value::Null,
        )
        .await;
    assert_eq!(status, 400);
}

#[tokio::test]
async fn checkouts_expire_by_the_clock_or_by_request() {
    let fixture = Fixture::start().await;
    let (old, ended) = (
        fixture.checkout("ord_1").await,
        fixture.checkout("ord_2").await,
    );
    let ending = fixture
        .stripe()
        .expire_checkout(&ended.id, "k")
        .await
        .unwrap();
    assert_eq!((ending.status, ending.url), (CheckoutStatus::Expired, None));
    assert_eq!(
        fixture
            .stripe()
            .expire_checkout(&ended.id, "k")
            .await
            .unwrap()
            .status,
        CheckoutStatus::Expired
    );
    assert!(
        fixture
            .stripe()
            .expire_checkout(&ended.id, "other")
            .await
            .is_err()
    );
    fixture.advance_clock(DAY);
    let (status, _) = fixture
        .ask(
            "POST",
            &format!("/api/pay/{}", old.id),
            &json!({"card": "success"}),
        )
        .await;
    assert_eq!(status, 400);
    fixture.until(async || fixture.app.kinds().len() == 2).await;
    assert_eq!(fixture.app.kinds(), ["checkout.session.expired"; 2]);
    assert_eq!(
        fixture.stripe().checkout(&old.id).await.unwrap().status,
        CheckoutStatus::Expired
    );
    assert_eq!(
        fixture.api("GET", "stripe/totals", Value::Null).await,
        json!([])
    );
}

#[tokio::test]
async fn charges_are_refunded_in_parts_until_nothing_is_left() {
    let fixture = Fixture::start().await;
    let payment = fixture.paid("ord_1").await;
    let stripe = fixture.stripe();
    let part = |minor: i64| Some(Money::new(minor, Currency::Usd));
    let first = stripe
        .create_refund(&payment, part(1_000), "a")
        .await
        .unwrap();
    assert_eq!(
        (first.amount, first.payment_intent.as_deref()),
        (usd(1_000), Some(payment.as_str()))
    );
    let charge = fixture.charge_of(&payment).await;
    assert_eq!(
        (&charge["id"], &charge["amount_refunded"]),
        (&json!(first.charge), &json!(1_000))
    );
    assert_eq!(charge["refunded"], false);
    assert_eq!(
        code(
            stripe
                .create_refund(&payment, part(3_901), "b")
                .await
                .unwrap_err()
        ),
        "amount_too_large"
    );
    assert_eq!(
        code(
            stripe
                .create_refund(&payment, part(0), "c")
                .await
                .unwrap_err()
        ),
        "parameter_invalid_integer"
    );
    let second = fixture
        .api(
            "POST",
            &format!("stripe/payments/{payment}/refund"),
            json!({"amount": 900}),
        )
        .await;
    let rest = stripe.create_refund(&payment, None, "d").await.unwrap();
    assert_eq!(rest.amount, usd(3_000));
    assert_eq!(
        code(stripe.create_refund(&payment, None, "e").await.unwrap_err()),
        "charge_already_refunded"
    );
    let all: Vec<Value> = fixture
        .refunds(&payment)
        .await
        .into_iter()
        .map(|mut refund| refund["id"].take())
        .collect();
    assert_eq!(all, [json!(rest.id), second["id"].clone(), json!(first.id)]);
    assert!(fixture.refunds("pi_other").await.is_empty());
    assert_eq!(fixture.charge_of(&payment).await["refunded"], true);
    fixture.settled().await;
    for kind in ["refund.created", "refund.updated", "charge.refunded"] {
        assert_eq!(fixture.times(kind), 3, "{kind}");
    }
    let notices = fixture.app.notices();
    let created = notices
        .iter()
        .find(|(notice, _)| notice.kind == "refund.created")
        .unwrap();
    assert_eq!(created.0.payment_intent.as_deref(), Some(payment.as_str()));
    let totals = fixture.api("GET", "stripe/totals", Value::Null).await;
    let expected = json!([{"order_id": "ord_1", "currency": "usd", "payments": 1, "paid": 4_900, "refunded": 4_900,
        "disputed": 0, "lost": 0, "withheld": 0, "fees": 172, "dispute_fees": 0}]);
    assert_eq!(totals, expected);
}

#[tokio::test]
async fn dashboard_lists_every_payment() {
    let fixture = Fixture::start().await;
    let open = fixture.checkout("ord_1").await;
    let payment = fixture.paid("ord_2").await;
    fixture
        .api(
            "POST",
            &format!("stripe/payments/{payment}/refund"),
            json!({"amount": 100}),
        )
        .await;
    let rows = fixture.api("GET", "stripe/payments", Value::Null).await;
    assert_eq!(
        (&rows[0]["order_id"], &rows[0]["refunded"]),
        (&json!("ord_2"), &json!(100))
    );
    assert_eq!(
        (&rows[0]["refunds"][0]["amount"], &rows[0]["payment_intent"]),
        (&json!(100), &json!(payment))
    );
    assert_eq!(
        (&rows[1]["session"], &rows[1]["status"]),
        (&json!(open.id), &json!("open"))
    );
    for (method, path, body, status) in [
        ("POST", "stripe/payments/cs_none/refund", json!({}), 404),
        (
            "POST",
            &format!("stripe/payments/{}/refund", open.id),
            json!({}),
            400,
        ),
        (
            "POST",
            &format!("stripe/payments/{payment}/refund"),
            json!({"amonut": 1}),
            400,
        ),
        (
            "POST",
            &format!("stripe/payments/{payment}/refund"),
            json!({"fate": "vanishes"}),
            400,
        ),
        ("POST", "stripe/refunds/re_none/fail", json!({}), 404),
        (
            "POST",
            "stripe/disputes/du_none/close",
            json!({"won": true}),
            404,
        ),
        ("POST", "stripe/events/evt_none/resend", json!({}), 404),
        ("GET", "pay/cs_none", Value::Null, 404),
        (
            "POST",
            &format!("pay/{}", open.id),
            json!({"card": "4242424242424242"}),
            400,
        ),
        (
            "POST",
            &format!("pay/{}", open.id),
            json!({"card": "success", "number": "4242"}),
            400,
        ),
        ("PUT", "stripe/settings", json!({"drop_percent": 101}), 400),
        ("PUT", "stripe/settings", json!({"unknown": 1}), 400),
        (
            "PUT",
            "stripe/settings",
            json!({"fee_basis_points": 10_001}),
            400,
        ),
        ("PUT", "stripe/settings", json!({"refund_ms": -1}), 400),
        (
            "PUT",
            "stripe/settings",
            json!({"api_version": "2026-10-28"}),
            400,
        ),
        (
            "PUT",
            "stripe/faults",
            json!({"calls": [{"http": 200}]}),
            400,
        ),
    ] {
        let (answered, body) = fixture.ask(method, &format!("/api/{path}"), &body).await;
        assert_eq!(answered, status, "{path} {body}");
    }
}
