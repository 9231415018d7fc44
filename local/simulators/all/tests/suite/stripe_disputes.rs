//! Disputes and inquiries.

use confab_stripe::DisputeStatus;
use serde_json::{Value, json};

use crate::{
    fixture::Fixture,
    stripe::{code, usd},
};

impl Fixture {
    async fn disputed(&self, payment: &str, how: Value) -> String {
        let dispute = self
            .api("POST", &format!("stripe/payments/{payment}/dispute"), how)
            .await;
        dispute["id"].as_str().unwrap().to_owned()
    }

    async fn change_dispute(&self, dispute: &str, how: &str, body: Value) -> Value {
        self.api("POST", &format!("stripe/disputes/{dispute}/{how}"), body)
            .await
    }

    async fn is_refused(&self, path: &str, body: Value) {
        let (status, answer) = self
            .ask("POST", &format!("/api/stripe/{path}"), &body)
            .await;
        assert_eq!(
            (status, &answer["error"]["code"]),
            (400, &json!("invalid")),
            "{path} {body} {answer}"
        );
    }

    /// Returns the disputed, lost and withheld amounts and the fee of the only order.
    async fn dispute_totals(&self) -> [i64; 4] {
        let totals = self.api("GET", "stripe/totals", Value::Null).await;
        ["disputed", "lost", "withheld", "dispute_fees"]
            .map(|name| totals[0][name].as_i64().unwrap())
    }
}

/// Lists amount, fee, net, type and category of each movement.
fn movements(dispute: &Value) -> Vec<(i64, i64, i64, &str, &str)> {
    let list = dispute["balance_transactions"].as_array().unwrap().iter();
    list.map(|movement| {
        assert_eq!(
            (&movement["object"], &movement["currency"]),
            (&json!("balance_transaction"), &json!("usd"))
        );
        assert!(
            movement["id"].as_str().unwrap().starts_with("txn_") && movement["created"].is_i64()
        );
        let [amount, fee, net] =
            ["amount", "fee", "net"].map(|name| movement[name].as_i64().unwrap());
        let [kind, category] =
            ["type", "reporting_category"].map(|name| movement[name].as_str().unwrap());
        (amount, fee, net, kind, category)
    })
    .collect()
}

const TAKEN: (i64, i64, i64, &str, &str) = (-4_900, 1_500, -6_400, "adjustment", "dispute");

fn back(amount: i64) -> (i64, i64, i64, &'static str, &'static str) {
    (amount, 0, amount, "adjustment", "dispute_reversal")
}

#[tokio::test]
async fn disputes_hold_the_money_until_they_are_won() {
    let fixture = Fixture::start().await;
    let payment = fixture.paid("ord_1").await;
    let id = fixture.disputed(&payment, json!({})).await;
    let open = fixture.read(&format!("disputes/{id}")).await;
    assert_eq!(
        (&open["status"], &open["is_charge_refundable"]),
        (&json!("needs_response"), &json!(false))
    );
    assert_eq!(movements(&open), [TAKEN]);
    assert_eq!(fixture.dispute_totals().await, [4_900, 0, 4_900, 1_500]);
    let stripe = fixture.stripe();
    assert_eq!(
        code(stripe.create_refund(&payment, None, "a").await.unwrap_err()),
        "charge_disputed"
    );

    let sent = fixture.change_dispute(&id, "respond", Value::Null).await;
    assert_eq!(
        (
            &sent["status"],
            &sent["evidence_details"]["submission_count"]
        ),
        (&json!("under_review"), &json!(1))
    );
    fixture
        .is_refused(&format!("disputes/{id}/respond"), Value::Null)
        .await;
    assert_eq!(fixture.dispute_totals().await, [4_900, 0, 4_900, 1_500]);
    let won = fixture
        .change_dispute(&id, "close", json!({"won": true}))
        .await;
    assert_eq!(
        (&won["status"], movements(&won)),
        (&json!("won"), vec![TAKEN, back(4_900)])
    );
    assert_eq!(fixture.dispute_totals().await, [0, 0, 0, 1_500]);
    fixture
        .is_refused(&format!("disputes/{id}/close"), json!({"won": true}))
        .await;
    let read = stripe.disputes(&payment).await.unwrap();
    assert_eq!(
        (read[0].status, read[0].amount),
        (DisputeStatus::Won, usd(4_900))
    );
    fixture.settled().await;
    for (kind, before) in [
        ("created", Value::Null),
        ("funds_withdrawn", Value::Null),
        ("updated", json!("needs_response")),
        ("funds_reinstated", Value::Null),
        ("closed", json!("under_review")),
    ] {
        let kind = format!("charge.dispute.{kind}");
        let told = fixture
            .app
            .notices()
            .into_iter()
            .find(|(notice, _)| notice.kind == kind);
        let (notice, event) = told.unwrap_or_else(|| panic!("no {kind}"));
        assert_eq!(notice.payment_intent.as_ref(), Some(&payment));
        assert_eq!(
            event["data"]["previous_attributes"]["status"], before,
            "{kind}"
        );
    }
    stripe.create_refund(&payment, None, "b").await.unwrap();
}

#[tokio::test]
async fn lost_disputes_return_nothing_or_a_part() {
    for (returned, withheld) in [(None, 4_900), (Some(900), 4_000)] {
        let fixture = Fixture::start().await;
        let payment = fixture.paid("ord_1").await;
        let id = fixture
            .disputed(&payment, json!({"reason": "duplicate"}))
            .await;
        for (won, returned) in [
            (Value::Null, 1),
            (json!(true), 1),
            (json!(false), 0),
            (json!(false), 4_900),
        ] {
            fixture
                .is_refused(
                    &format!("disputes/{id}/close"),
                    json!({"won": won, "returned": returned}),
                )
                .await;
        }
        fixture
            .is_refused(&format!("disputes/{id}/close"), json!({}))
            .await;
        let lost = fixture
            .change_dispute(&id, "close", json!({"won": false, "returned": returned}))
            .await;
        assert_eq!(
            (&lost["status"], &lost["reason"]),
            (&json!("lost"), &json!("duplicate"))
        );
        let moved: Vec<_> = std::iter::once(TAKEN).chain(returned.map(back)).collect();
        assert_eq!(movements(&lost), moved);
        assert_eq!(
            fixture.dispute_totals().await,
            [4_900, 4_900, withheld, 1_500]
        );
        assert_eq!(
            code(
                fixture
                    .stripe()
                    .create_refund(&payment, None, "a")
                    .await
                    .unwrap_err()
            ),
            "charge_disputed"
        );
        fixture.settled().await;
        assert_eq!(
            fixture.times("charge.dispute.funds_reinstated"),
            usize::from(returned.is_some())
        );
        assert_eq!(fixture.times("charge.dispute.closed"), 1);
    }
}

#[tokio::test]
async fn disputes_withdraw_the_whole_charge_even_if_refunded() {
    let fixture = Fixture::start().await;
    for (order, refunded) in [("ord_1", Some(900)), ("ord_2", None)] {
        let payment = fixture.paid(order).await;
        fixture
            .stripe()
            .create_refund(&payment, refunded.and_then(usd), order)
            .await
            .unwrap();
        let id = fixture.disputed(&payment, json!({})).await;
        assert_eq!(
            movements(&fixture.read(&format!("disputes/{id}")).await),
            [TAKEN]
        );
    }
    let totals = fixture.api("GET", "stripe/totals", Value::Null).await;
    let of = |row: usize| {
        ["paid", "refunded", "disputed", "withheld"].map(|name| totals[row][name].as_i64().unwrap())
    };
    assert_eq!(
        (of(0), of(1)),
        ([4_900, 900, 4_900, 4_900], [4_900, 4_900, 4_900, 4_900])
    );
}

#[tokio::test]
async fn charges_can_be_disputed_twice() {
    let fixture = Fixture::start().await;
    let payment = fixture.paid("ord_1").await;
    for amount in [-1, 0, 4_901] {
        fixture
            .is_refused(
                &format!("payments/{payment}/dispute"),
                json!({"amount": amount}),
            )
            .await;
    }
    let first = fixture.disputed(&payment, json!({"amount": 1_000})).await;
    let second = fixture.disputed(&payment, json!({"amount": 2_000})).await;
    assert_eq!(fixture.dispute_totals().await, [3_000, 0, 3_000, 3_000]);
    fixture
        .change_dispute(&first, "close", json!({"won": true}))
        .await;
    let refund = fixture.stripe().create_refund(&payment, None, "a").await;
    assert_eq!(
        code(refund.unwrap_err()),
        "charge_disputed",
        "the other one is open"
    );
    fixture
        .change_dispute(&second, "close", json!({"won": false, "returned": 500}))
        .await;
    assert_eq!(fixture.dispute_totals().await, [2_000, 2_000, 1_500, 3_000]);
    let ids: Vec<_> = fixture
        .stripe()
        .disputes(&payment)
        .await
        .unwrap()
        .into_iter()
        .map(|dispute| dispute.id)
        .collect();
    assert_eq!(ids, [second, first]);
}

#[tokio::test]
async fn inquiries_withdraw_money_only_when_escalated() {
    let fixture = Fixture::start().await;
    let payment = fixture.paid("ord_1").await;
    let [quiet, loud] = [
        json!({"inquiry": true}),
        json!({"inquiry": true, "amount": 900}),
    ];
    let (quiet, loud) = (
        fixture.disputed(&payment, quiet).await,
        fixture.disputed(&payment, loud).await,
    );
    let asked = fixture.read(&format!("disputes/{quiet}")).await;
    assert_eq!(
        (&asked["status"], movements(&asked)),
        (&json!("warning_needs_response"), vec![])
    );
    assert_eq!(asked["is_charge_refundable"], true);
    assert_eq!(fixture.charge_of(&payment).await["disputed"], true);
    assert_eq!(fixture.dispute_totals().await, [0, 0, 0, 0]);
    fixture
        .stripe()
        .create_refund(&payment, usd(100), "a")
        .await
        .unwrap();

    assert_eq!(
        fixture.change_dispute(&quiet, "respond", Value::Null).await["status"],
        "warning_under_review"
    );
    fixture
        .is_refused(&format!("disputes/{quiet}/close"), json!({"won": true}))
        .await;
    assert_eq!(
        fixture.change_dispute(&quiet, "close", json!({})).await["status"],
        "warning_closed"
    );
    fixture
        .is_refused(&format!("disputes/{quiet}/escalate"), Value::Null)
        .await;
    fixture.settled().await;
    assert_eq!(
        (
            fixture.times("charge.dispute.created"),
            fixture.times("charge.dispute.closed")
        ),
        (2, 1)
    );
    assert_eq!(
        (
            fixture.times("charge.dispute.updated"),
            fixture.times("charge.dispute.funds_withdrawn")
        ),
        (1, 0)
    );

    let taken = fixture.change_dispute(&loud, "escalate", Value::Null).await;
    assert_eq!(
        (&taken["status"], movements(&taken)[0].0),
        (&json!("needs_response"), -900)
    );
    assert_eq!(fixture.dispute_totals().await, [900, 0, 900, 1_500]);
    fixture
        .is_refused(&format!("disputes/{loud}/escalate"), Value::Null)
        .await;
    fixture.settled().await;
    assert_eq!(
        (
            fixture.times("charge.dispute.updated"),
            fixture.times("charge.dispute.funds_withdrawn")
        ),
        (2, 1)
    );
}
