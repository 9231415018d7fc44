//! Delivery of Stripe's events, and their list.

use std::{collections::HashSet, time::Duration};

use axum::http::StatusCode;
use confab_core::Timestamp;
use confab_stripe::{CheckoutPayment, EventQuery};
use serde_json::{Value, json};

use crate::{fixture::Fixture, stripe::order};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

impl Fixture {
    async fn set_stripe(&self, settings: Value) {
        self.api("PUT", "stripe/settings", settings).await;
    }

    async fn undelivered(&self) -> Value {
        self.api("GET", "stripe/pending", Value::Null).await["undelivered_events"].clone()
    }

    async fn list(&self, query: EventQuery) -> (Vec<String>, bool) {
        let page = self.stripe().events(&query).await.unwrap();
        assert_eq!(page.broken, 0);
        (
            page.items.into_iter().map(|notice| notice.id).collect(),
            page.has_more,
        )
    }
}

fn all(limit: u8) -> EventQuery {
    EventQuery {
        limit,
        ..EventQuery::default()
    }
}

#[tokio::test]
async fn events_are_retried_without_blocking_others() {
    let fixture = Fixture::start().await;
    fixture
        .app
        .answers
        .lock()
        .unwrap()
        .extend([StatusCode::INTERNAL_SERVER_ERROR; 4]);
    fixture.paid("ord_1").await;
    fixture.until(async || fixture.app.kinds().len() == 3).await;
    fixture.settled().await;
    assert_eq!(fixture.app.calls().len(), 7);
    assert_eq!(fixture.undelivered().await, 0);
}

#[tokio::test]
async fn events_are_copied_and_reordered_by_settings() {
    let fixture = Fixture::start().await;
    fixture
        .set_stripe(json!({"copies": 2, "reorder": true}))
        .await;
    for n in 0..10 {
        fixture.paid(&format!("ord_{n}")).await;
    }
    fixture.settled().await;
    let notices = fixture.app.notices();
    let ids: HashSet<_> = notices.iter().map(|(notice, _)| &notice.id).collect();
    assert_eq!((notices.len(), ids.len()), (60, 30));
    let of = |order: &str| {
        let own = notices
            .iter()
            .filter(|(notice, _)| notice.order_id.as_deref() == Some(order));
        own.map(|(notice, _)| notice.kind.clone())
            .collect::<Vec<_>>()
    };
    let orders: HashSet<_> = (0..10).map(|n| of(&format!("ord_{n}"))).collect();
    assert!(orders.len() > 1, "{orders:?}");
}

#[tokio::test]
async fn delayed_events_are_signed_at_delivery() {
    let fixture = Fixture::start().await;
    fixture.set_stripe(json!({"delay_ms": 3_600_000})).await;
    fixture.paid("ord_1").await;
    tokio::time::sleep(Duration::from_millis(400)).await;
    assert!(fixture.app.calls().is_empty());
    fixture.advance_clock(Duration::from_secs(3_600));
    fixture.settled().await;
    assert!(
        fixture
            .app
            .calls()
            .iter()
            .all(|status| *status == StatusCode::OK)
    );
    assert_eq!(fixture.app.kinds().len(), 3);
}

#[tokio::test]
async fn invalid_signatures_are_refused_until_they_are_valid_again() {
    let fixture = Fixture::start().await;
    fixture.set_stripe(json!({"signature": "bad"})).await;
    fixture.paid("ord_1").await;
    fixture.until(async || fixture.app.calls().len() >= 3).await;
    assert!(
        fixture
            .app
            .calls()
            .iter()
            .all(|status| *status == StatusCode::UNAUTHORIZED)
    );
    fixture.set_stripe(json!({"signature": "good"})).await;
    fixture.settled().await;
    assert_eq!(fixture.app.kinds().len(), 3);
}

#[tokio::test]
async fn dropped_events_are_listed_and_can_be_resent() {
    let fixture = Fixture::start().await;
    fixture.paid("ord_0").await;
    fixture.settled().await;
    fixture.set_stripe(json!({"drop_percent": 100})).await;
    let from = Timestamp::now();
    fixture.paid("ord_1").await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(
        (fixture.app.kinds().len(), fixture.undelivered().await),
        (3, json!(3))
    );
    let missed = EventQuery {
        kinds: vec![
            "checkout.session.completed".into(),
            "charge.refunded".into(),
        ],
        undelivered: true,
        created_from: Some(from - Duration::from_secs(1)),
        ..all(100)
    };
    let page = fixture.stripe().events(&missed).await.unwrap();
    assert_eq!((page.items.len(), page.has_more), (1, false));
    assert_eq!(page.items[0].order_id.as_deref(), Some("ord_1"));
    fixture
        .api(
            "POST",
            &format!("stripe/events/{}/resend", page.items[0].id),
            json!({}),
        )
        .await;
    fixture.settled().await;
    assert_eq!(fixture.app.notices().last().unwrap().0, page.items[0]);
    assert_eq!(fixture.undelivered().await, 2);
    assert!(
        fixture
            .stripe()
            .events(&missed)
            .await
            .unwrap()
            .items
            .is_empty()
    );
}

#[tokio::test]
async fn events_are_abandoned_after_three_days() {
    let fixture = Fixture::start().await;
    fixture
        .app
        .answers
        .lock()
        .unwrap()
        .extend([StatusCode::SERVICE_UNAVAILABLE; 6]);
    fixture.paid("ord_1").await;
    fixture.until(async || fixture.app.calls().len() == 3).await;
    fixture.advance_clock(3 * DAY + Duration::from_secs(1));
    fixture.settled().await;
    assert_eq!(
        (fixture.app.kinds().len(), fixture.undelivered().await),
        (0, json!(3))
    );
    let missed = EventQuery {
        undelivered: true,
        ..all(100)
    };
    assert_eq!(fixture.list(missed.clone()).await.0.len(), 3);
    fixture.advance_clock(28 * DAY);
    assert!(
        fixture.list(missed).await.0.is_empty(),
        "events are kept for thirty days"
    );
}

#[tokio::test]
async fn event_lists_are_paged_in_both_directions() {
    let fixture = Fixture::start().await;
    for n in 0..3 {
        fixture.paid(&format!("ord_{n}")).await;
    }
    let (newest_first, more) = fixture.list(all(100)).await;
    assert_eq!((newest_first.len(), more), (9, false));
    assert_eq!(
        fixture.list(all(4)).await,
        (newest_first[..4].to_vec(), true)
    );
    let after = |at: usize| EventQuery {
        starting_after: Some(newest_first[at].clone()),
        ..all(4)
    };
    assert_eq!(
        fixture.list(after(3)).await,
        (newest_first[4..8].to_vec(), true)
    );
    assert_eq!(
        fixture.list(after(7)).await,
        (newest_first[8..].to_vec(), false)
    );
    let before = async |at: usize| {
        let page = fixture
            .read(&format!(
                "events?limit=4&ending_before={}",
                newest_first[at]
            ))
            .await;
        let events = page["data"].as_array().unwrap().iter();
        let ids: Vec<_> = events
            .map(|event| event["id"].as_str().unwrap().to_owned())
            .collect();
        (ids, page["has_more"] == true)
    };
    assert_eq!(before(8).await, (newest_first[4..8].to_vec(), true));
    assert_eq!(before(2).await, (newest_first[..2].to_vec(), false));
    let unknown = EventQuery {
        starting_after: Some("evt_none".into()),
        ..all(4)
    };
    assert!(
        fixture
            .stripe()
            .events(&unknown)
            .await
            .unwrap_err()
            .is_missing()
    );
    assert!(
        !fixture
            .stripe()
            .events(&all(0))
            .await
            .unwrap_err()
            .may_try_again()
    );
}

#[tokio::test]
async fn objects_and_owed_events_survive_a_restart() {
    let fixture = Fixture::start().await;
    fixture
        .set_stripe(json!({"delay_ms": 500, "settle_ms": 1_000}))
        .await;
    let paid = fixture.paid("ord_1").await;
    let slow = fixture.checkout("ord_2").await;
    fixture.pay(&slow, "async_success").await;
    let open = fixture.checkout("ord_3").await;
    let refund = fixture
        .stripe()
        .create_refund(&paid, None, "k")
        .await
        .unwrap();
    let fixture = fixture.restart_after_kill().await;
    assert_eq!(
        fixture.api("GET", "stripe/settings", Value::Null).await["settle_ms"],
        1_000
    );
    assert_eq!(
        fixture
            .stripe()
            .create_refund(&paid, None, "k")
            .await
            .unwrap()
            .id,
        refund.id
    );
    assert_eq!(
        fixture
            .stripe()
            .create_checkout(&order("ord_3"), "ord_3:checkout")
            .await
            .unwrap()
            .id,
        open.id
    );
    fixture
        .until(async || fixture.app.kinds().len() == 10)
        .await;
    assert_eq!(
        fixture
            .stripe()
            .checkout(&slow.id)
            .await
            .unwrap()
            .payment_status,
        CheckoutPayment::Paid
    );
    let ids: HashSet<_> = fixture
        .app
        .notices()
        .into_iter()
        .map(|(notice, _)| notice.id)
        .collect();
    assert_eq!((ids.len(), fixture.undelivered().await), (10, json!(0)));
}

#[tokio::test]
async fn events_and_messages_do_not_wait_for_each_other() {
    let fixture = Fixture::start().await;
    fixture
        .put("settings", json!({"delay_ms": 3_600_000}))
        .await;
    let person = fixture.person("meta").await;
    fixture.text(&person, "hi").await;
    fixture.paid("ord_1").await;
    fixture.settled().await;
    assert_eq!(
        (fixture.app.kinds().len(), fixture.app.texts().len()),
        (3, 0)
    );
    assert_eq!(fixture.get("pending").await["webhooks"], 1);
}
