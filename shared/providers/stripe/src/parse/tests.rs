use confab_core::Kind;
use serde_json::{Value, json};

use super::*;

fn read(event: &Value) -> Notice {
    parse(event.to_string().as_bytes()).unwrap()
}

fn event(kind: &str, object: Value) -> Value {
    json!({"id": "evt_1", "object": "event", "api_version": "2026-10-28.endive", "created": 1_749_416_383, "type": kind,
        "livemode": true, "pending_webhooks": 1, "request": {"id": "req_1", "idempotency_key": null},
        "data": {"object": object}})
}

fn paid() -> Value {
    event(
        "checkout.session.completed",
        json!({"id": "cs_1", "object": "checkout.session", "client_reference_id": "ord_9", "payment_intent": "pi_1",
            "customer_details": {"email": "dana@example.com", "name": "Dana Sample"}, "payment_status": "paid",
            "metadata": {"order_id": "ord_1", "correlation_id": CorrelationId::of_digest([7; 16]).to_string()}}),
    )
}

#[test]
fn paid_checkout_becomes_a_notice_without_personal_data() {
    let notice = read(&paid());
    let expected = Notice {
        id: "evt_1".into(),
        kind: "checkout.session.completed".into(),
        created: Timestamp::from_second(1_749_416_383).ok(),
        livemode: true,
        subject: Subject::Checkout("cs_1".into()),
        order_id: Some("ord_1".into()),
        correlation_id: Some(CorrelationId::of_digest([7; 16])),
        payment_intent: Some("pi_1".into()),
    };
    assert_eq!(notice, expected);
    let shown = format!("{notice:?}");
    assert!(
        !shown.contains("dana@") && !shown.contains("Sample"),
        "{shown}"
    );
}

#[test]
fn subject_is_found_by_its_object_type_and_carries_its_payment() {
    for (kind, object, subject) in [
        (
            "payment_intent.succeeded",
            "payment_intent",
            Subject::Payment("x_1".into()),
        ),
        ("charge.refunded", "charge", Subject::Charge("x_1".into())),
        (
            "charge.refund.updated",
            "refund",
            Subject::Refund("x_1".into()),
        ),
        ("refund.created", "refund", Subject::Refund("x_1".into())),
        (
            "charge.dispute.closed",
            "dispute",
            Subject::Dispute("x_1".into()),
        ),
        (
            "checkout.session.expired",
            "checkout.session",
            Subject::Checkout("x_1".into()),
        ),
    ] {
        let payment = if object == "payment_intent" {
            "x_1"
        } else {
            "pi_1"
        };
        for link in [
            json!("pi_1"),
            json!({"id": "pi_1", "object": "payment_intent"}),
        ] {
            let notice = read(&event(
                kind,
                json!({"id": "x_1", "object": object, "payment_intent": link}),
            ));
            assert_eq!(
                (&notice.subject, notice.payment_intent.as_deref()),
                (&subject, Some(payment)),
                "{kind}"
            );
            assert_eq!(notice.order_id, None);
        }
    }
}

#[test]
fn order_id_comes_from_the_metadata_or_the_client_reference() {
    let of = |object: Value| read(&event("checkout.session.completed", object)).order_id;
    let session = |metadata: Value, reference: Value| json!({"id": "cs_1", "object": "checkout.session", "metadata": metadata, "client_reference_id": reference});
    assert_eq!(
        of(session(json!({"order_id": "ord_1"}), json!("ord_2"))).as_deref(),
        Some("ord_1")
    );
    assert_eq!(
        of(session(json!({}), json!("ord_2"))).as_deref(),
        Some("ord_2")
    );
    assert_eq!(of(session(json!([]), json!(17))).as_deref(), Some("17"));
    assert_eq!(of(session(json!({"order_id": ""}), Value::Null)), None);
    assert_eq!(of(session(Value::Null, json!("x".repeat(1_000)))), None);
}

#[test]
fn unknown_object_becomes_a_notice_of_other() {
    let customer = event(
        "customer.created",
        json!({"id": "cus_1", "object": "customer", "payment_intent": "pi_1"}),
    );
    let thin = json!({"id": "evt_1", "object": "v2.core.event", "type": "v1.billing.meter.error_report_triggered",
        "livemode": false, "created": "2026-10-28T10:00:00.000Z",
        "related_object": {"id": "mtr_1", "type": "billing.meter", "url": "/v1/billing/meters/mtr_1"}});
    let mut strange = paid();
    for object in [
        Value::Null,
        json!(7),
        json!([]),
        json!("x"),
        json!({"object": "charge"}),
        json!({"id": "ch_1"}),
    ] {
        strange["data"]["object"] = object;
        assert_eq!(read(&strange).subject, Subject::Other);
    }
    strange["data"] = json!("x");
    for event in [customer, thin, strange, json!({"id": 5, "type": "x.y"})] {
        let notice = read(&event);
        assert_eq!(
            (notice.subject, notice.payment_intent),
            (Subject::Other, None),
            "{event}"
        );
    }
    let kind = read(&event("a b\n\"c\"", json!({}))).kind;
    assert_eq!(kind, "abc");
}

#[test]
fn created_is_unix_seconds_or_rfc_3339() {
    let at = |created: Value| {
        let mut event = paid();
        event["created"] = created;
        read(&event).created
    };
    let noon = "2026-10-28T12:00:00Z".parse::<Timestamp>().unwrap();
    assert_eq!(at(json!(noon.as_second())), Some(noon));
    assert_eq!(at(json!(noon.as_second().to_string())), Some(noon));
    assert_eq!(at(json!("2026-10-28T12:00:00.000Z")), Some(noon));
    for nothing in [Value::Null, json!("soon"), json!(1e30), json!({})] {
        assert_eq!(at(nothing), None);
    }
}

#[test]
fn event_is_unwrapped_from_eventbridge_and_event_grid() {
    let bridge = json!({"version": "0", "id": "b7d8", "detail-type": "checkout.session.completed", "region": "us-east-1",
        "source": "aws.partner/stripe.com/ed_test_1", "account": "1", "time": "2026-10-28T10:00:00Z", "resources": [],
        "detail": paid()});
    let grid = json!({"specversion": "1.0", "id": "b7d8", "type": "com.stripe.v1.checkout.session.completed",
        "source": "/stripe", "data": paid()});
    for envelope in [bridge, grid] {
        assert_eq!(read(&envelope), read(&paid()));
    }
    // An event may have a `detail` field itself.
    let mut odd = paid();
    odd["detail"] = event("charge.refunded", json!({"id": "ch_1", "object": "charge"}));
    assert_eq!(read(&odd), read(&paid()));
    // Only one envelope is removed.
    let nested = json!({"id": "outer", "type": "x", "detail": {"detail": paid()}});
    assert_eq!(read(&nested).subject, Subject::Other);
}

#[test]
fn body_that_is_no_event_is_invalid() {
    for body in [
        "",
        "null",
        "[]",
        "7",
        "\"x\"",
        "{",
        "{}",
        r#"{"id":"evt_1"}"#,
        r#"{"type":"x"}"#,
        r#"{"id":"","type":"x"}"#,
    ] {
        assert_eq!(
            parse(body.as_bytes()).unwrap_err().kind(),
            Kind::Invalid,
            "{body}"
        );
    }
    assert_eq!(
        parse(b"{\"id\":\"\xff\"}").unwrap_err().kind(),
        Kind::Invalid
    );
}

#[test]
fn deeply_nested_and_large_bodies_are_parsed_or_refused() {
    let deep = "[".repeat(1_000_000);
    let closed = format!("{deep}{}", "]".repeat(1_000_000));
    for body in [
        deep.clone(),
        format!(r#"{{"a":{deep}"#),
        "{\"detail\":".repeat(200_000),
        "{\"data\":{\"object\":".repeat(100_000),
    ] {
        assert!(parse(body.as_bytes()).is_err());
    }
    let mut event = paid();
    event["data"]["object"]["line_items"] = "DEEP".into();
    let body = event.to_string().replace("\"DEEP\"", &closed);
    assert_eq!(
        parse(body.as_bytes()).unwrap().subject,
        Subject::Checkout("cs_1".into())
    );
    event["data"]["object"]["line_items"] = "x".repeat(6_000_000).into();
    assert_eq!(read(&event).payment_intent.as_deref(), Some("pi_1"));
}

#[test]
fn samples_verify_and_parse() {
    let paid_at = Timestamp::from_second(1_749_430_783).unwrap();
    for (case, kind, subject) in [
        (
            "stripe-paid",
            "checkout.session.completed",
            Subject::Checkout("cs_test_sample1".into()),
        ),
        (
            "stripe-refunded",
            "charge.refunded",
            Subject::Charge("ch_sample1".into()),
        ),
    ] {
        let sample = confab_testkit::samples::payment(case);
        let secrets = ["whsec_local".into()];
        crate::verify(
            &secrets,
            &sample.body,
            sample.header("stripe-signature"),
            paid_at,
        )
        .unwrap();
        let notice = parse(&sample.body).unwrap();
        assert_eq!((notice.kind.as_str(), notice.subject), (kind, subject));
        assert_eq!(
            notice.order_id.as_deref(),
            Some("ord_01jx8qkm9h0000000000000001")
        );
        assert_eq!(notice.payment_intent.as_deref(), Some("pi_sample1"));
        assert!(notice.correlation_id.is_some());
    }
}

proptest::proptest! {
    #[test]
    fn parsing_never_panics_and_accepts_only_whole_bodies(body: Vec<u8>, cut in 0_usize..2_000) {
        drop(parse(&body));
        let whole = paid().to_string();
        let cut = cut.min(whole.len());
        proptest::prop_assert_eq!(parse(&whole.as_bytes()[..cut]).is_ok(), cut == whole.len());
    }
}
