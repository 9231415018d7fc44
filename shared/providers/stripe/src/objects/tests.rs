use confab_core::Currency;
use serde_json::{Value, json};

use super::*;

fn read<T: serde::de::DeserializeOwned>(object: &Value) -> T {
    serde_json::from_str(&object.to_string()).unwrap()
}

fn at(second: i64) -> Option<Timestamp> {
    Timestamp::from_second(second).ok()
}

#[test]
fn expanded_checkout_carries_its_payment_and_charge() {
    let charge = json!({"id": "ch_1", "object": "charge", "status": "succeeded", "amount": 4_900, "amount_refunded": 1_000,
        "refunded": false, "disputed": true, "currency": "usd", "payment_intent": "pi_1", "created": 3,
        "billing_details": {"email": "dana@example.com", "name": "Dana Sample"}, "metadata": {"order_id": "ord_1"}});
    let payment = json!({"id": "pi_1", "object": "payment_intent", "status": "succeeded", "amount": 4_900,
        "amount_received": 4_900, "currency": "usd", "latest_charge": charge, "metadata": {"order_id": "ord_1"},
        "last_payment_error": null, "created": 2, "livemode": true});
    let checkout: Checkout = read(
        &json!({"id": "cs_1", "object": "checkout.session", "url": "https://checkout.example/c/1",
        "status": "complete", "payment_status": "paid", "amount_total": 4_900, "currency": "usd", "created": 1,
        "expires_at": 90, "livemode": true, "client_reference_id": "ord_1", "metadata": {}, "payment_intent": payment,
        "customer_details": {"email": "dana@example.com", "name": "Dana Sample"}}),
    );
    let amount = Some(Money::new(4_900, Currency::Usd));
    assert_eq!(
        (checkout.status, checkout.payment_status),
        (CheckoutStatus::Complete, CheckoutPayment::Paid)
    );
    assert_eq!(
        (checkout.amount, checkout.created, checkout.expires_at),
        (amount, at(1), at(90))
    );
    assert_eq!(
        (
            checkout.order_id.as_deref(),
            checkout.payment_intent.as_deref()
        ),
        (Some("ord_1"), Some("pi_1"))
    );
    let payment = checkout.payment.clone().unwrap();
    assert_eq!(
        (payment.status, payment.received, payment.failure),
        (PaymentStatus::Succeeded, amount, None)
    );
    let charge = payment.charge.unwrap();
    assert_eq!(payment.latest_charge.as_deref(), Some("ch_1"));
    assert_eq!(
        (charge.status, charge.amount, charge.disputed),
        (ChargeStatus::Succeeded, amount, true)
    );
    assert_eq!(charge.refunded, Some(Money::new(1_000, Currency::Usd)));
    assert!(!charge.fully_refunded);
    let shown = format!("{checkout:?}");
    for private in ["dana@", "Sample", "checkout.example"] {
        assert!(!shown.contains(private), "{shown}");
    }
}

#[test]
fn unknown_and_missing_fields_are_tolerated() {
    let checkout: Checkout = read(
        &json!({"id": "cs_1", "status": "paused", "payment_status": 7, "currency": "jpy",
        "amount_total": 100, "payment_intent": {"no": "id"}, "metadata": "x", "created": {}, "new_field": [1, 2]}),
    );
    assert_eq!(
        (checkout.status, checkout.payment_status),
        (CheckoutStatus::Other, CheckoutPayment::Other)
    );
    assert_eq!(
        (checkout.amount, checkout.payment_intent, checkout.payment),
        (None, None, None)
    );
    let payment: Payment = read(
        &json!({"id": "pi_1", "latest_charge": "ch_1", "amount": "100", "currency": "eur",
        "last_payment_error": {"code": "card_declined", "decline_code": "insufficient_funds"}}),
    );
    assert_eq!(
        (
            payment.amount,
            payment.charge,
            payment.latest_charge.as_deref()
        ),
        (None, None, Some("ch_1"))
    );
    assert_eq!(payment.failure.as_deref(), Some("insufficient_funds"));
    assert!(serde_json::from_str::<Charge>(r#"{"amount": 1}"#).is_err());
    assert!(serde_json::from_str::<Charge>("[]").is_err());
}

#[test]
fn withheld_amount_is_the_sum_of_balance_transactions() {
    let dispute = |status: &str, moved: Value| -> Dispute {
        read(
            &json!({"id": "dp_1", "status": status, "amount": 500, "currency": "usd", "balance_transactions": moved}),
        )
    };
    let moved = |amount: i64, fee: i64| json!({"amount": amount, "fee": fee, "currency": "usd"});
    let usd = |minor: i64| Some(Money::new(minor, Currency::Usd));
    for (status, movements, taken, fee) in [
        ("needs_response", json!([]), usd(500), None),
        (
            "needs_response",
            json!([moved(-500, 1_500)]),
            usd(500),
            usd(1_500),
        ),
        (
            "won",
            json!([moved(-500, 1_500), moved(500, 0)]),
            usd(0),
            usd(1_500),
        ),
        (
            "lost",
            json!([moved(-500, 1_500), moved(200, 0)]),
            usd(300),
            usd(1_500),
        ),
        // In another currency than the dispute's: the status decides.
        (
            "lost",
            json!([{"amount": -1_800, "fee": 5, "currency": "ils"}]),
            usd(500),
            None,
        ),
        (
            "won",
            json!([{"amount": -1_800, "fee": 5, "currency": "ils"}]),
            usd(0),
            None,
        ),
        ("lost", json!(["txn_1"]), usd(500), None),
        ("lost", json!(null), usd(500), None),
        ("warning_needs_response", json!([]), usd(0), None),
    ] {
        let dispute = dispute(status, movements.clone());
        assert_eq!(
            (dispute.taken, dispute.fee),
            (taken, fee),
            "{status} {movements}"
        );
    }
    let charge: Charge = read(&json!({"id": "ch_1", "balance_transaction": moved(500, 45)}));
    assert_eq!(charge.fee, usd(45));
    assert_eq!(
        read::<Charge>(&json!({"id": "ch_1", "balance_transaction": "txn_1"})).fee,
        None
    );
}

#[test]
fn refunds_and_disputes_link_to_their_payment_and_charge() {
    let refund: Refund = read(
        &json!({"id": "re_1", "status": "requires_action", "amount": 5, "currency": "ILS",
        "payment_intent": {"id": "pi_1", "object": "payment_intent"}, "charge": "ch_1", "created": 9}),
    );
    assert_eq!(
        (refund.status, refund.amount),
        (
            RefundStatus::RequiresAction,
            Some(Money::new(5, Currency::Ils))
        )
    );
    assert_eq!(
        (refund.payment_intent.as_deref(), refund.charge.as_deref()),
        (Some("pi_1"), Some("ch_1"))
    );
    let dispute = |status: &str| -> Dispute {
        read(
            &json!({"id": "dp_1", "status": status, "amount": 5, "currency": "eur", "reason": "fraudulent",
            "payment_intent": "pi_1", "charge": {"id": "ch_1"}, "evidence": {"customer_name": "Dana"}}),
        )
    };
    assert_eq!(
        dispute("needs_response").reason.as_deref(),
        Some("fraudulent")
    );
    assert_eq!(dispute("lost").charge.as_deref(), Some("ch_1"));
    for (word, status) in [
        (
            "warning_needs_response",
            DisputeStatus::WarningNeedsResponse,
        ),
        ("under_review", DisputeStatus::UnderReview),
        ("won", DisputeStatus::Won),
        ("appealed", DisputeStatus::Other),
    ] {
        assert_eq!(dispute(word).status, status);
    }
}
