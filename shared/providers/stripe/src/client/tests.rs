use std::time::Duration;

use confab_core::{CorrelationId, Currency};
use confab_testkit::servers;
use serde_json::{Value, json};
use wiremock::{
    Mock, MockServer, ResponseTemplate,
    matchers::{body_string_contains, header, method, path, query_param, query_param_is_missing},
};

use super::*;
use crate::{Again, CheckoutStatus, RefundStatus};

const KEY: &str = "sk_test_secret";

fn stripe(api_url: &str) -> Stripe {
    stripe_with(confab_provider_base::http_client().unwrap(), api_url)
}

fn stripe_with(http: Client, api_url: &str) -> Stripe {
    let config = StripeConfig {
        api_url: api_url.to_owned(),
        version: "2026-10-28.endive".into(),
        secret_key: KEY.to_owned().into(),
    };
    Stripe::new(http, config)
}

fn new_checkout() -> NewCheckout {
    NewCheckout {
        order_id: "ord_1".into(),
        correlation_id: CorrelationId::of_digest([7; 16]),
        title: "Portraits".into(),
        amount: Money::new(4_900, Currency::Usd),
        success_url: "https://a.example/paid?session={CHECKOUT_SESSION_ID}".into(),
        cancel_url: "https://a.example/".into(),
        expires_at: None,
        metadata: vec![],
    }
}

async fn server_responding(template: ResponseTemplate) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(header("authorization", format!("Bearer {KEY}").as_str()))
        .respond_with(template)
        .mount(&server)
        .await;
    server
}

fn ok(object: Value) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(object)
}

#[tokio::test]
async fn checkout_is_created_under_its_idempotency_key() {
    let server = MockServer::start().await;
    let session = json!({"id": "cs_1", "object": "checkout.session", "status": "open", "payment_status": "unpaid",
        "url": "https://checkout.example/c/1", "amount_total": 4_900, "currency": "usd", "metadata": {"order_id": "ord_1"}});
    Mock::given(method("POST"))
        .and(path("/v1/checkout/sessions"))
        .and(header("authorization", format!("Bearer {KEY}").as_str()))
        .and(header("stripe-version", "2026-10-28.endive"))
        .and(header("idempotency-key", "evt_1:checkout"))
        .and(header("content-type", "application/x-www-form-urlencoded"))
        .and(body_string_contains("metadata%5Border_id%5D=ord_1"))
        .and(body_string_contains("session%3D%7BCHECKOUT_SESSION_ID%7D"))
        .respond_with(ok(session))
        .expect(1)
        .mount(&server)
        .await;
    let stripe = stripe(&format!("{}/", server.uri()));
    let checkout = stripe
        .create_checkout(&new_checkout(), "evt_1:checkout")
        .await
        .unwrap();
    assert_eq!(
        (checkout.id.as_str(), checkout.status),
        ("cs_1", CheckoutStatus::Open)
    );
    assert_eq!(
        checkout.url.unwrap().as_str(),
        "https://checkout.example/c/1"
    );
    assert_eq!(checkout.order_id.as_deref(), Some("ord_1"));
}

#[tokio::test]
async fn objects_are_fetched_by_id_with_their_expansions() {
    let server = MockServer::start().await;
    let get = |at: &str, expand: &str, object: Value| {
        let mock = Mock::given(method("GET"))
            .and(path(at))
            .and(query_param("expand[]", expand));
        mock.respond_with(ok(object)).expect(1)
    };
    let charge = "latest_charge.balance_transaction";
    let whole = format!("payment_intent.{charge}");
    get("/v1/checkout/sessions/cs_1", &whole, json!({"id": "cs_1"}))
        .mount(&server)
        .await;
    get("/v1/payment_intents/pi_1", charge, json!({"id": "pi_1"}))
        .mount(&server)
        .await;
    let stripe = stripe(&server.uri());
    assert_eq!(stripe.checkout("cs_1").await.unwrap().id, "cs_1");
    assert_eq!(stripe.payment_intent("pi_1").await.unwrap().id, "pi_1");
    for id in ["", "../refunds", "cs_1/expire", "cs_1?x=1", "cs%2f1", "é"] {
        let error = stripe.checkout(id).await.unwrap_err();
        assert!(
            matches!(&error, StripeError::Refused { code, .. } if code == "not_asked"),
            "{id} {error}"
        );
    }
}

#[tokio::test]
async fn refund_covers_the_whole_payment_or_an_amount() {
    let server = MockServer::start().await;
    for (body, key) in [
        ("payment_intent=pi_1", "a"),
        ("payment_intent=pi_1&amount=1000", "b"),
    ] {
        Mock::given(method("POST"))
            .and(path("/v1/refunds"))
            .and(header("idempotency-key", key))
            .and(wiremock::matchers::body_string(body))
            .respond_with(ok(
                json!({"id": "re_1", "status": "succeeded", "amount": 1_000, "currency": "usd"}),
            ))
            .expect(1)
            .mount(&server)
            .await;
    }
    let part = Money::new(1_000, Currency::Usd);
    stripe(&server.uri())
        .create_refund("pi_1", None, "a")
        .await
        .unwrap();
    let refund = stripe(&server.uri())
        .create_refund("pi_1", Some(part), "b")
        .await
        .unwrap();
    assert_eq!(
        (refund.status, refund.amount),
        (RefundStatus::Succeeded, Some(part))
    );
}

#[tokio::test]
async fn open_checkout_can_be_expired() {
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .and(path("/v1/checkout/sessions/cs_1/expire"))
        .and(header("idempotency-key", "k"))
        .respond_with(ok(json!({"id": "cs_1", "status": "expired", "url": null})))
        .expect(1)
        .mount(&server)
        .await;
    let checkout = stripe(&server.uri())
        .expire_checkout("cs_1", "k")
        .await
        .unwrap();
    assert_eq!(
        (checkout.status, checkout.url),
        (CheckoutStatus::Expired, None)
    );
}

#[tokio::test]
async fn list_is_read_through_its_last_page() {
    let server = MockServer::start().await;
    let page = |ids: &[&str], has_more: bool| {
        let data: Vec<Value> = ids
            .iter()
            .map(|id| json!({"id": id, "amount": 1, "currency": "usd"}))
            .collect();
        ok(json!({"object": "list", "data": data, "has_more": has_more, "url": "/v1/disputes"}))
    };
    let list = || {
        Mock::given(method("GET"))
            .and(path("/v1/disputes"))
            .and(query_param("payment_intent", "pi_1"))
    };
    list()
        .and(query_param_is_missing("starting_after"))
        .respond_with(page(&["dp_3", "dp_2"], true))
        .mount(&server)
        .await;
    list()
        .and(query_param("starting_after", "dp_2"))
        .respond_with(page(&["dp_1"], false))
        .mount(&server)
        .await;
    let disputes = stripe(&server.uri()).disputes("pi_1").await.unwrap();
    assert_eq!(
        disputes
            .iter()
            .map(|dispute| dispute.id.as_str())
            .collect::<Vec<_>>(),
        ["dp_3", "dp_2", "dp_1"]
    );
}

#[tokio::test]
async fn partial_list_is_an_error() {
    let item = json!({"id": "dp_1"});
    for answer in [
        json!({"object": "list", "data": [item, {"no": "id"}], "has_more": false}),
        json!({"object": "list", "data": [item], "has_more": true}),
        json!({"data": [item]}),
        json!({"object": "dispute", "id": "dp_1"}),
        json!([]),
    ] {
        let server = server_responding(ok(answer.clone())).await;
        let error = stripe(&server.uri()).disputes("pi_1").await.unwrap_err();
        assert!(error.may_try_again(), "{answer} {error}");
    }
}

#[tokio::test]
async fn event_query_selects_undelivered_events() {
    let server = MockServer::start().await;
    let event = json!({"id": "evt_1", "object": "event", "type": "charge.refunded", "created": 5,
        "data": {"object": {"id": "ch_1", "object": "charge", "payment_intent": "pi_1"}}});
    Mock::given(method("GET"))
        .and(path("/v1/events"))
        .and(query_param("delivery_success", "false"))
        .and(query_param("created[gte]", "1000"))
        .and(query_param("created[lt]", "2000"))
        .and(query_param("limit", "50"))
        .respond_with(ok(
            json!({"object": "list", "data": [event, 7], "has_more": true, "url": "/v1/events"}),
        ))
        .mount(&server)
        .await;
    let query = EventQuery {
        kinds: vec!["charge.refunded".into(), "refund.created".into()],
        undelivered: true,
        created_from: Timestamp::from_second(1_000).ok(),
        created_before: Timestamp::from_second(2_000).ok(),
        limit: 50,
        ..EventQuery::default()
    };
    let page = stripe(&server.uri()).events(&query).await.unwrap();
    assert_eq!((page.broken, page.has_more), (1, true));
    assert_eq!(page.items[0].payment_intent.as_deref(), Some("pi_1"));
    let asked = &server.received_requests().await.unwrap()[0];
    let asked: Vec<_> = asked
        .url
        .query_pairs()
        .filter(|(name, _)| name == "types[]")
        .map(|(_, kind)| kind)
        .collect();
    assert_eq!(asked, ["charge.refunded", "refund.created"]);
}

#[tokio::test]
async fn status_and_code_decide_whether_a_request_is_retried() {
    for (status, kind, code, again) in [
        (
            400,
            "invalid_request_error",
            Some("parameter_missing"),
            false,
        ),
        (400, "idempotency_error", None, false),
        (402, "card_error", Some("card_declined"), false),
        (403, "invalid_request_error", None, false),
        (
            404,
            "invalid_request_error",
            Some("resource_missing"),
            false,
        ),
        (401, "invalid_request_error", None, true),
        (
            409,
            "idempotency_error",
            Some("idempotency_key_in_use"),
            true,
        ),
        (429, "invalid_request_error", Some("rate_limit"), true),
        (429, "invalid_request_error", Some("lock_timeout"), true),
        (500, "api_error", None, true),
        (503, "api_error", None, true),
    ] {
        let error = json!({"error": {"type": kind, "code": code, "message": "No such customer: dana@example.com"}});
        let server = server_responding(ResponseTemplate::new(status).set_body_json(error)).await;
        let error = stripe(&server.uri())
            .create_checkout(&new_checkout(), "k")
            .await
            .unwrap_err();
        let code = code.unwrap_or(kind);
        let expected = if again {
            StripeError::Busy {
                reason: format!("HTTP {status} {code}"),
                again: if status == 409 {
                    Again::WhenTheOtherEnds
                } else {
                    Again::Later
                },
            }
        } else {
            StripeError::Refused {
                code: code.into(),
                message: "No such customer: …".into(),
            }
        };
        assert_eq!(error, expected, "{status}");
        assert_eq!(
            (error.may_try_again(), error.is_missing()),
            (again, code == "resource_missing")
        );
    }
}

#[tokio::test]
async fn replayed_server_error_asks_for_another_key() {
    for (status, replayed, again) in [
        (500, "true", Again::UnderAnotherKey),
        (500, "false", Again::Later),
    ] {
        let server = server_responding(
            ResponseTemplate::new(status).insert_header("idempotent-replayed", replayed),
        )
        .await;
        let error = stripe(&server.uri())
            .create_checkout(&new_checkout(), "k")
            .await
            .unwrap_err();
        assert!(
            matches!(error, StripeError::Busy { again: actual, .. } if actual == again),
            "{error:?}"
        );
    }
}

#[tokio::test]
async fn status_alone_classifies_a_response_without_an_error_body() {
    for (status, body, again) in [
        (500, "", true),
        (502, "<html>Bad gateway</html>", true),
        (200, "{}", true),
        (200, "<html>", true),
        (302, "", false),
        (404, "<html>", false),
        (400, r#"{"error":"x"}"#, false),
    ] {
        let server = server_responding(ResponseTemplate::new(status).set_body_string(body)).await;
        let error = stripe(&server.uri())
            .payment_intent("pi_1")
            .await
            .unwrap_err();
        assert_eq!(error.may_try_again(), again, "{status} {body} {error}");
        if !again {
            assert!(
                matches!(error, StripeError::Refused { code, .. } if code == status.to_string())
            );
        }
    }
}

#[tokio::test]
async fn transport_failures_are_retryable_and_bad_requests_are_not() {
    for address in [
        servers::refusing().await,
        "http://no-such-host.invalid".into(),
    ] {
        let error = stripe(&address).payment_intent("pi_1").await.unwrap_err();
        assert!(matches!(error, StripeError::NotReached(_)), "{error}");
    }
    for server in [servers::closing().await, servers::truncating().await] {
        let error = stripe(&server)
            .create_refund("pi_1", None, "k")
            .await
            .unwrap_err();
        assert!(matches!(error, StripeError::Busy { .. }), "{error}");
    }
    drop(rustls::crypto::ring::default_provider().install_default());
    let http = Client::builder()
        .timeout(Duration::from_millis(200))
        .no_proxy()
        .build()
        .unwrap();
    let error = stripe_with(http, &servers::hanging().await)
        .payment_intent("pi_1")
        .await
        .unwrap_err();
    assert!(matches!(error, StripeError::Busy { .. }), "{error}");
    let error = stripe(&servers::endless().await)
        .payment_intent("pi_1")
        .await
        .unwrap_err();
    assert!(matches!(error, StripeError::Busy { .. }), "{error}");
    for (api_url, key) in [("not an address", "k"), ("http://127.0.0.1:1", "bad\nkey")] {
        let error = stripe(api_url)
            .create_refund("pi_1", None, key)
            .await
            .unwrap_err();
        assert!(matches!(error, StripeError::Refused { .. }), "{error}");
    }
}

#[tokio::test]
async fn debug_output_contains_no_secret_key() {
    let stripe = stripe("http://127.0.0.1:1");
    let error = stripe.payment_intent("pi_1").await.unwrap_err();
    let shown = format!("{stripe:?} {error:?} {error}");
    assert!(!shown.contains(KEY), "{shown}");
}
