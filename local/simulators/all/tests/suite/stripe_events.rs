//! Stripe's events reach the app, or are found in its list.

use std::{collections::HashSet, time::Duration};

use axum::http::StatusCode;
use confab_core::Timestamp;
use confab_stripe::{CheckoutPayment, EventQuery};
use serde_json::{Value, json};

use crate::{stripe::order, world::World};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

impl World {
    async fn behave(&self, settings: Value) {
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
async fn an_event_is_delivered_until_it_is_taken_and_no_other_waits_for_it() {
    let world = World::start().await;
    world
        .app
        .answers
        .lock()
        .unwrap()
        .extend([StatusCode::INTERNAL_SERVER_ERROR; 4]);
    world.paid("ord_1").await;
    world.until(async || world.app.kinds().len() == 3).await;
    world.settled().await;
    assert_eq!(world.app.calls().len(), 7);
    assert_eq!(world.undelivered().await, 0);
}

#[tokio::test]
async fn copies_and_another_order() {
    let world = World::start().await;
    world.behave(json!({"copies": 2, "reorder": true})).await;
    for n in 0..10 {
        world.paid(&format!("ord_{n}")).await;
    }
    world.settled().await;
    let notices = world.app.notices();
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
async fn a_delay_holds_events_back_and_each_posting_is_signed_anew() {
    let world = World::start().await;
    world.behave(json!({"delay_ms": 3_600_000})).await;
    world.paid("ord_1").await;
    tokio::time::sleep(Duration::from_millis(400)).await;
    assert!(world.app.calls().is_empty());
    world.pass(Duration::from_secs(3_600));
    world.settled().await;
    assert!(
        world
            .app
            .calls()
            .iter()
            .all(|status| *status == StatusCode::OK)
    );
    assert_eq!(world.app.kinds().len(), 3);
}

#[tokio::test]
async fn a_bad_signature_is_refused_until_it_is_good_again() {
    let world = World::start().await;
    world.behave(json!({"signature": "bad"})).await;
    world.paid("ord_1").await;
    world.until(async || world.app.calls().len() >= 3).await;
    assert!(
        world
            .app
            .calls()
            .iter()
            .all(|status| *status == StatusCode::UNAUTHORIZED)
    );
    world.behave(json!({"signature": "good"})).await;
    world.settled().await;
    assert_eq!(world.app.kinds().len(), 3);
}

#[tokio::test]
async fn what_is_dropped_is_found_among_the_undelivered_and_can_be_sent_again() {
    let world = World::start().await;
    world.paid("ord_0").await;
    world.settled().await;
    world.behave(json!({"drop_percent": 100})).await;
    let from = Timestamp::now();
    world.paid("ord_1").await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(
        (world.app.kinds().len(), world.undelivered().await),
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
    let page = world.stripe().events(&missed).await.unwrap();
    assert_eq!((page.items.len(), page.has_more), (1, false));
    assert_eq!(page.items[0].order_id.as_deref(), Some("ord_1"));
    world
        .api(
            "POST",
            &format!("stripe/events/{}/resend", page.items[0].id),
            json!({}),
        )
        .await;
    world.settled().await;
    assert_eq!(world.app.notices().last().unwrap().0, page.items[0]);
    assert_eq!(world.undelivered().await, 2);
    assert!(
        world
            .stripe()
            .events(&missed)
            .await
            .unwrap()
            .items
            .is_empty()
    );
}

#[tokio::test]
async fn after_three_days_an_event_is_given_up_and_stays_undelivered() {
    let world = World::start().await;
    world
        .app
        .answers
        .lock()
        .unwrap()
        .extend([StatusCode::SERVICE_UNAVAILABLE; 6]);
    world.paid("ord_1").await;
    world.until(async || world.app.calls().len() == 3).await;
    world.pass(3 * DAY + Duration::from_secs(1));
    world.settled().await;
    assert_eq!(
        (world.app.kinds().len(), world.undelivered().await),
        (0, json!(3))
    );
    let missed = EventQuery {
        undelivered: true,
        ..all(100)
    };
    assert_eq!(world.list(missed.clone()).await.0.len(), 3);
    world.pass(28 * DAY);
    assert!(
        world.list(missed).await.0.is_empty(),
        "events are kept for thirty days"
    );
}

#[tokio::test]
async fn the_list_goes_page_by_page_in_both_directions() {
    let world = World::start().await;
    for n in 0..3 {
        world.paid(&format!("ord_{n}")).await;
    }
    let (newest_first, more) = world.list(all(100)).await;
    assert_eq!((newest_first.len(), more), (9, false));
    assert_eq!(world.list(all(4)).await, (newest_first[..4].to_vec(), true));
    let after = |at: usize| EventQuery {
        starting_after: Some(newest_first[at].clone()),
        ..all(4)
    };
    assert_eq!(
        world.list(after(3)).await,
        (newest_first[4..8].to_vec(), true)
    );
    assert_eq!(
        world.list(after(7)).await,
        (newest_first[8..].to_vec(), false)
    );
    let before = async |at: usize| {
        let page = world
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
        world
            .stripe()
            .events(&unknown)
            .await
            .unwrap_err()
            .is_missing()
    );
    assert!(
        !world
            .stripe()
            .events(&all(0))
            .await
            .unwrap_err()
            .may_try_again()
    );
}

#[tokio::test]
async fn what_was_answered_survives_and_what_is_owed_goes_out_after_the_next_start() {
    let world = World::start().await;
    world
        .behave(json!({"delay_ms": 500, "settle_ms": 1_000}))
        .await;
    let paid = world.paid("ord_1").await;
    let slow = world.checkout("ord_2").await;
    world.pay(&slow, "async_success").await;
    let open = world.checkout("ord_3").await;
    let refund = world
        .stripe()
        .create_refund(&paid, None, "k")
        .await
        .unwrap();
    let world = world.killed_and_started_again().await;
    assert_eq!(
        world.api("GET", "stripe/settings", Value::Null).await["settle_ms"],
        1_000
    );
    assert_eq!(
        world
            .stripe()
            .create_refund(&paid, None, "k")
            .await
            .unwrap()
            .id,
        refund.id
    );
    assert_eq!(
        world
            .stripe()
            .create_checkout(&order("ord_3"), "ord_3:checkout")
            .await
            .unwrap()
            .id,
        open.id
    );
    world.until(async || world.app.kinds().len() == 10).await;
    assert_eq!(
        world
            .stripe()
            .checkout(&slow.id)
            .await
            .unwrap()
            .payment_status,
        CheckoutPayment::Paid
    );
    let ids: HashSet<_> = world
        .app
        .notices()
        .into_iter()
        .map(|(notice, _)| notice.id)
        .collect();
    assert_eq!((ids.len(), world.undelivered().await), (10, json!(0)));
}

#[tokio::test]
async fn payments_and_messages_do_not_wait_for_each_other() {
    let world = World::start().await;
    world.put("settings", json!({"delay_ms": 3_600_000})).await;
    let person = world.person("meta").await;
    world.text(&person, "hi").await;
    world.paid("ord_1").await;
    world.settled().await;
    assert_eq!((world.app.kinds().len(), world.app.texts().len()), (3, 0));
    assert_eq!(world.get("pending").await["webhooks"], 1);
}
