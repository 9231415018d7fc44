//! Refunds that are pending, or fail later.

use std::time::Duration;

use serde_json::{Value, json};

use crate::{fixture::Fixture, stripe::usd};

impl Fixture {
    async fn refunded(&self, payment: &str, how: Value) -> String {
        let refund = self
            .api("POST", &format!("stripe/payments/{payment}/refund"), how)
            .await;
        refund["id"].as_str().unwrap().to_owned()
    }

    /// Returns the refunded amount of a charge, and whether that is all of it.
    async fn refunded_amount(&self, payment: &str) -> (i64, bool) {
        let charge = self.charge_of(payment).await;
        (
            charge["amount_refunded"].as_i64().unwrap(),
            charge["refunded"] == true,
        )
    }

    async fn fails(&self, refund: &str, how: Value) -> (u16, Value) {
        self.ask("POST", &format!("/api/stripe/refunds/{refund}/fail"), &how)
            .await
    }
}

#[tokio::test]
async fn failed_refunds_return_the_money() {
    let fixture = Fixture::start().await;
    let payment = fixture.paid("ord_1").await;
    let kept = fixture.refunded(&payment, json!({"amount": 900})).await;
    let lost = fixture.refunded(&payment, json!({})).await;
    assert_eq!(fixture.refunded_amount(&payment).await, (4_900, true));
    assert_eq!(
        fixture.fails(&lost, json!({"reason": "bad_mood"})).await.0,
        400
    );
    let (status, failed) = fixture
        .fails(&lost, json!({"reason": "lost_or_stolen_card"}))
        .await;
    assert_eq!((status, &failed["status"]), (200, &json!("failed")));
    assert_eq!(failed["failure_reason"], "lost_or_stolen_card");
    let movement = |id: &Value| format!("balance_transactions/{}", id.as_str().unwrap());
    let gone = fixture
        .read(&movement(&failed["balance_transaction"]))
        .await;
    let back = fixture
        .read(&movement(&failed["failure_balance_transaction"]))
        .await;
    assert_eq!(
        (&gone["amount"], &gone["type"], &gone["source"]),
        (&json!(-4_000), &json!("refund"), &json!(lost))
    );
    assert_eq!(
        (&back["amount"], &back["type"], &back["source"]),
        (&json!(4_000), &json!("refund_failure"), &json!(lost))
    );
    assert_eq!(fixture.refunded_amount(&payment).await, (900, false));
    assert_eq!(
        fixture.fails(&lost, json!({})).await.0,
        400,
        "it fails once"
    );
    assert_eq!(
        fixture.api("GET", "stripe/totals", Value::Null).await[0]["refunded"],
        900
    );

    let succeeded = fixture.read(&format!("refunds/{kept}")).await;
    assert_eq!(succeeded["status"], "succeeded");
    for name in [
        "failure_reason",
        "failure_balance_transaction",
        "pending_reason",
    ] {
        assert!(succeeded.get(name).is_none(), "{name}");
    }
    fixture.settled().await;
    for kind in ["refund.failed", "charge.refund.updated"] {
        assert_eq!(fixture.times(kind), 1, "{kind}");
    }
    assert_eq!(
        (
            fixture.times("refund.created"),
            fixture.times("refund.updated")
        ),
        (2, 3)
    );
    let (notice, event) = fixture
        .app
        .notices()
        .into_iter()
        .find(|(notice, _)| notice.kind == "refund.failed")
        .unwrap();
    assert_eq!(notice.payment_intent.as_ref(), Some(&payment));
    let before =
        json!({"status": "succeeded", "failure_reason": null, "failure_balance_transaction": null});
    assert_eq!(event["data"]["previous_attributes"], before);
    let again = fixture
        .stripe()
        .create_refund(&payment, None, "again")
        .await
        .unwrap();
    assert_eq!(
        (again.amount, fixture.refunded_amount(&payment).await),
        (usd(4_000), (4_900, true))
    );
}

#[tokio::test]
async fn pending_refunds_end_by_the_clock() {
    let fixture = Fixture::start().await;
    fixture
        .api("PUT", "stripe/settings", json!({"refund_ms": 60_000}))
        .await;
    let mut refunds = Vec::new();
    for (order, fate, first, last) in [
        ("ord_1", "succeeds", "succeeded", "succeeded"),
        ("ord_2", "fails", "succeeded", "failed"),
        ("ord_3", "waits", "pending", "succeeded"),
        ("ord_4", "waits_and_fails", "pending", "failed"),
    ] {
        // The app's refunds behave like those of the dashboard.
        fixture
            .api("PUT", "stripe/settings", json!({"refunds": fate}))
            .await;
        let payment = fixture.paid(order).await;
        let refund = fixture
            .stripe()
            .create_refund(&payment, None, order)
            .await
            .unwrap()
            .id;
        let made = fixture.read(&format!("refunds/{refund}")).await;
        assert_eq!(made["status"], first, "{fate}");
        assert_eq!(
            made["pending_reason"] == "processing",
            first == "pending",
            "{fate}"
        );
        assert_eq!(
            fixture.refunded_amount(&payment).await,
            (4_900, true),
            "{fate}"
        );
        refunds.push((payment, refund, last));
    }
    fixture.settled().await;
    assert_eq!(
        (
            fixture.times("refund.created"),
            fixture.times("refund.updated")
        ),
        (4, 2)
    );
    fixture.advance_clock(Duration::from_secs(61));
    fixture
        .until(async || {
            fixture.times("refund.failed") == 2 && fixture.times("charge.refund.updated") == 3
        })
        .await;
    for (payment, refund, status) in refunds {
        let ended = fixture.read(&format!("refunds/{refund}")).await;
        assert_eq!(
            (&ended["status"], &ended["pending_reason"]),
            (&json!(status), &Value::Null)
        );
        let back = if status == "failed" {
            (0, false)
        } else {
            (4_900, true)
        };
        assert_eq!(fixture.refunded_amount(&payment).await, back);
    }
}

#[tokio::test]
async fn pending_refunds_end_at_once_by_request() {
    let fixture = Fixture::start().await;
    let payment = fixture.paid("ord_1").await;
    let refund = fixture
        .refunded(&payment, json!({"amount": 900, "fate": "waits_and_fails"}))
        .await;
    let path = format!("stripe/refunds/{refund}/succeed");
    assert_eq!(
        fixture.api("POST", &path, Value::Null).await["status"],
        "succeeded"
    );
    assert_eq!(
        fixture
            .ask("POST", &format!("/api/{path}"), &Value::Null)
            .await
            .0,
        400
    );
    fixture.advance_clock(Duration::from_secs(3_600));
    tokio::time::sleep(Duration::from_millis(600)).await;
    assert_eq!(
        fixture.read(&format!("refunds/{refund}")).await["status"],
        "succeeded"
    );
}

#[tokio::test]
async fn disputes_fail_pending_refunds() {
    let fixture = Fixture::start().await;
    let payment = fixture.paid("ord_1").await;
    let refund = fixture
        .refunded(&payment, json!({"amount": 900, "fate": "waits"}))
        .await;
    fixture
        .api(
            "POST",
            &format!("stripe/payments/{payment}/dispute"),
            json!({"inquiry": true}),
        )
        .await;
    assert_eq!(
        fixture.read(&format!("refunds/{refund}")).await["status"],
        "pending"
    );
    fixture
        .api(
            "POST",
            &format!("stripe/payments/{payment}/dispute"),
            json!({}),
        )
        .await;
    let failed = fixture.read(&format!("refunds/{refund}")).await;
    assert_eq!(
        (&failed["status"], &failed["failure_reason"]),
        (
            &json!("failed"),
            &json!("charge_for_pending_refund_disputed")
        )
    );
    assert_eq!(fixture.refunded_amount(&payment).await, (0, false));
    assert_eq!(fixture.charge_of(&payment).await["disputed"], true);
}
