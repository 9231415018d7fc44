//! `studio-make`: an order's photos are requested from Astria once, and delivered when they are there.

use confab_core::{Error, UserId};
use confab_testkit::{Enumeration, Faults, Scenario, enumerate};
use serde_json::json;
use studio_domain::{Job, Order, OrderStatus, Source, Trigger};

use crate::{
    invariants,
    world::{CONVERSATION_QUEUE, DAY, REDELIVERY_DELAY, World, check, start},
};

/// The triggers that were queued for the conversation, without the messages of people.
fn triggers(world: &World) -> Vec<Trigger> {
    let jobs = world.jobs::<Job>(CONVERSATION_QUEUE).into_iter();
    jobs.filter_map(|job| match job {
        Job::V2 { trigger, .. } => Some(trigger),
        _ => None,
    })
    .collect()
}

async fn paid_order(world: &World) -> (UserId, Order) {
    let (_, user) = world.new_user("meta").await;
    (user, world.add_paid_order(user).await)
}

#[tokio::test]
async fn paid_order_is_requested_and_announced() {
    let world = World::with_pack().await;
    let (user, order) = paid_order(&world).await;
    world.make(start(user, &order)).await.unwrap();
    let tunes = world.tunes_of(order.id).await;
    assert_eq!(tunes.len(), 1);
    let tune = &tunes[0];
    assert_eq!(
        (&tune["class"], &tune["photos"]),
        (&json!("woman"), &json!(4))
    );
    assert_eq!(tune["characteristics"]["eye_color"], "brown eyes");
    let callback = tune["callback"].as_str().unwrap();
    assert!(callback.starts_with("https://studio.example/pack-tune-received?ticket="));
    assert!(matches!(
        triggers(&world).as_slice(),
        [Trigger::GenerationStarted { order: id, tune: number, .. }]
            if *id == order.id && tune["id"] == *number
    ));
    let event = &world.events("tune_created")[0];
    assert_eq!(event["data"]["order_id"], json!(order.id));
    invariants::check(&world, "requested").await;
}

#[tokio::test]
async fn repeated_requests_of_an_order_create_one_tune() {
    let world = World::with_pack().await;
    let (user, order) = paid_order(&world).await;
    for _ in 0..3 {
        world.make(start(user, &order)).await.unwrap();
        world.clock().advance(REDELIVERY_DELAY);
    }
    assert_eq!(world.tunes_of(order.id).await.len(), 1);
    invariants::check(&world, "repeated").await;
}

#[tokio::test]
async fn concurrent_requests_of_an_order_create_one_tune() {
    let world = World::with_pack().await;
    let (user, order) = paid_order(&world).await;
    let (first, second) = tokio::join!(
        world.make(start(user, &order)),
        world.make(start(user, &order))
    );
    let codes = [first, second].map(|outcome| outcome.err().map(|error| error.code().to_owned()));
    // The other one is refused, unless the first is done by then.
    let busy = Some("in_progress".to_owned());
    let is_fine = |code: &Option<String>| code.is_none() || *code == busy;
    assert!(
        codes.contains(&None) && codes.iter().all(is_fine),
        "{codes:?}"
    );
    world.clock().advance(REDELIVERY_DELAY);
    world.make(start(user, &order)).await.unwrap();
    assert_eq!(world.tunes_of(order.id).await.len(), 1);
    invariants::check(&world, "concurrent").await;
}

#[tokio::test]
async fn returning_users_order_from_their_model() {
    let world = World::with_pack().await;
    let (_, user) = world.new_user("meta").await;
    let first = world.add_made_order(user).await;
    let tune = world.tunes_of(first.id).await[0]["id"].as_i64().unwrap();
    let paid_at = world.now();
    let source = Source::Model { tune };
    let status = OrderStatus::Requested { paid_at };
    let second = world.add_order_from(user, source, status).await;
    world.make(start(user, &second)).await.unwrap();
    world.finish_tunes().await;
    let tunes = world.simulators.tunes().await;
    assert_eq!(tunes.len(), 1, "no other model is trained");
    assert_eq!(tunes[0]["batches"].as_array().map(Vec::len), Some(2));
    world.make(check(second.id)).await.unwrap();
    let Some(Trigger::ImagesReady {
        order,
        images,
        is_last,
    }) = triggers(&world).pop()
    else {
        panic!("no photos");
    };
    assert_eq!((order, images.len(), is_last), (second.id, 4, true));
    let prompts = tunes[0]["prompts"].as_array().unwrap();
    for image in images {
        let prompt = image.name.split('-').next().unwrap();
        let known = prompts
            .iter()
            .find(|known| prompt.parse().is_ok_and(|id: i64| known["id"] == id));
        let batch = &tunes[0]["batches"][1]["id"];
        assert_eq!(
            &known.unwrap()["batch"],
            batch,
            "{image:?} is of the first order"
        );
    }
    invariants::check(&world, "returning").await;
}

#[tokio::test]
async fn orders_that_are_late_refunded_or_of_others_are_not_requested() {
    let world = World::with_pack().await;
    let (user, order) = paid_order(&world).await;
    let (_, stranger) = world.new_user("meta").await;
    world.make(start(stranger, &order)).await.unwrap();
    assert!(world.simulators.tunes().await.is_empty(), "not their order");
    world
        .edit(user, |user| {
            let order = &mut user.conversation.orders[0];
            order.status = OrderStatus::RefundRequested;
        })
        .await;
    world.make(start(user, &order)).await.unwrap();
    let (user, order) = paid_order(&world).await;
    world.clock().advance(DAY / 4);
    world.make(start(user, &order)).await.unwrap();
    assert!(world.simulators.tunes().await.is_empty(), "overdue");
    assert!(triggers(&world).is_empty());
    invariants::check(&world, "not requested").await;
}

#[tokio::test]
async fn orders_that_astria_rejects_are_reported_once() {
    let world = World::with_pack().await;
    let (user, order) = paid_order(&world).await;
    let rejection = json!([{ "path": "p/", "http": 422, "times": 1 }]);
    world.simulators.fail_astria(rejection).await;
    world.make(start(user, &order)).await.unwrap();
    let expected = Trigger::GenerationFailed { order: order.id };
    assert_eq!(triggers(&world), [expected]);
    assert!(world.simulators.tunes().await.is_empty());
    invariants::check(&world, "rejected").await;
}

#[tokio::test]
async fn orders_wait_while_astria_is_busy_or_our_account_is_empty() {
    let world = World::with_pack().await;
    let (user, order) = paid_order(&world).await;
    for status in [402, 429, 401] {
        let busy = json!([{ "path": "p/", "http": status, "times": 1 }]);
        world.simulators.fail_astria(busy).await;
        let error = world.make(start(user, &order)).await.unwrap_err();
        assert_eq!(error.kind(), confab_core::Kind::Unavailable, "{status}");
    }
    assert!(triggers(&world).is_empty());
    // A refusal releases the claim, so that the next delivery need not wait for its end.
    world.make(start(user, &order)).await.unwrap();
    assert_eq!(world.tunes_of(order.id).await.len(), 1);
    invariants::check(&world, "waited").await;
}

#[tokio::test]
async fn tune_whose_response_was_lost_is_found_and_not_bought_again() {
    let world = World::with_pack().await;
    let (user, order) = paid_order(&world).await;
    let lost = json!([{ "path": "p/", "drop_after": true, "times": 1 }]);
    world.simulators.fail_astria(lost).await;
    world.make(start(user, &order)).await.unwrap_err();
    let error = world.make(start(user, &order)).await.unwrap_err();
    assert_eq!(error.code(), "in_progress", "the claim holds");
    world.clock().advance(REDELIVERY_DELAY);
    world.make(start(user, &order)).await.unwrap();
    assert_eq!(world.tunes_of(order.id).await.len(), 1);
    invariants::check(&world, "found").await;
}

#[tokio::test]
async fn model_of_a_user_who_was_erased_meanwhile_is_deleted() {
    let world = World::with_pack().await;
    let (person, user) = world.new_user("meta").await;
    let order = world.add_paid_order(user).await;
    let lost = json!([{ "path": "p/", "drop_after": true, "times": 1 }]);
    world.simulators.fail_astria(lost).await;
    world.make(start(user, &order)).await.unwrap_err();
    assert_eq!(world.tunes_of(order.id).await.len(), 1);
    world.tap(&person, "31").await;
    let erase = world.last_job(crate::world::ERASE_QUEUE);
    world.erase(erase).await.unwrap();
    world.clock().advance(REDELIVERY_DELAY);
    world.make(start(user, &order)).await.unwrap();
    assert!(world.tunes_of(order.id).await.is_empty());
    invariants::check(&world, "erased").await;
}

#[tokio::test]
async fn photos_are_stored_and_handed_to_the_conversation_once_for_each_state() {
    let world = World::with_pack().await;
    let (_, user) = world.new_user("meta").await;
    let order = world.add_made_order(user).await;
    let before = triggers(&world).len();
    for _ in 0..2 {
        world.make(check(order.id)).await.unwrap();
    }
    let made = triggers(&world).split_off(before);
    let [
        Trigger::ImagesReady {
            images, is_last, ..
        },
    ] = made.as_slice()
    else {
        panic!("{made:?}");
    };
    assert!(*is_last);
    for image in images {
        assert!(
            image
                .object
                .starts_with(&format!("people/{user}/orders/{}/", order.id))
        );
        let stored = world.objects().get(&image.object).await.unwrap();
        assert!(stored.is_some_and(|bytes| bytes.len() > 1_000), "{image:?}");
    }
    invariants::check(&world, "made").await;
}

#[tokio::test]
async fn checks_of_unknown_and_running_orders_deliver_nothing() {
    let world = World::with_pack().await;
    let unknown = confab_core::OrderId::new(world.now(), &confab_lambda::OsEntropy);
    world.make(check(unknown)).await.unwrap();
    let (user, order) = paid_order(&world).await;
    world.make(start(user, &order)).await.unwrap();
    world.make(check(order.id)).await.unwrap();
    let queued = triggers(&world);
    assert!(
        matches!(queued.as_slice(), [Trigger::GenerationStarted { .. }]),
        "{queued:?}"
    );
    invariants::check(&world, "nothing").await;
}

#[tokio::test]
async fn order_whose_photos_all_failed_or_whose_model_is_gone_is_reported() {
    let world = World::with_pack().await;
    world
        .simulators
        .call(
            "PUT",
            "/api/astria/settings",
            &json!({ "fail_percent": 100 }),
        )
        .await;
    let (_, user) = world.new_user("meta").await;
    let order = world.add_made_order(user).await;
    world.make(check(order.id)).await.unwrap();
    let expected = Trigger::GenerationFailed { order: order.id };
    assert_eq!(triggers(&world).pop(), Some(expected.clone()));
    let tune = &world.tunes_of(order.id).await[0]["id"];
    let delete = json!([{ "path": format!("tunes/{tune}"), "http": 404, "times": 2 }]);
    world.simulators.fail_astria(delete).await;
    let error = world.make(check(order.id)).await.unwrap_err();
    assert_eq!(error.kind(), confab_core::Kind::Unavailable, "may be late");
    world.clock().advance(DAY / 12);
    world.make(check(order.id)).await.unwrap();
    assert_eq!(triggers(&world).pop(), Some(expected));
}

#[tokio::test]
async fn photo_that_cannot_be_fetched_delays_no_other() {
    let world = World::with_pack().await;
    let (_, user) = world.new_user("meta").await;
    let order = world.add_made_order(user).await;
    let lost = json!([{ "path": "media/", "http": 500, "times": 1 }]);
    world.simulators.fail_astria(lost).await;
    world.make(check(order.id)).await.unwrap_err();
    let Some(Trigger::ImagesReady {
        images, is_last, ..
    }) = triggers(&world).pop()
    else {
        panic!("no photos");
    };
    assert_eq!((images.len(), is_last), (3, false));
    world.make(check(order.id)).await.unwrap();
    let Some(Trigger::ImagesReady {
        images, is_last, ..
    }) = triggers(&world).pop()
    else {
        panic!("no photos");
    };
    assert_eq!((images.len(), is_last), (4, true));
    invariants::check(&world, "delayed").await;
}

/// A paid order that is requested until Astria makes it.
struct Starting {
    world: World,
    user: UserId,
    order: Order,
}

impl Scenario for Starting {
    async fn arrange() -> Self {
        let world = World::open().await;
        let (user, order) = paid_order(&world).await;
        world.state("studio-make").await;
        Self { world, user, order }
    }

    fn faults(&self) -> &Faults {
        self.world.cloud.faults()
    }

    async fn act(&self) -> Result<(), Error> {
        self.world.begin_delivery_without_statuses();
        self.world.make(start(self.user, &self.order)).await
    }

    async fn check(&self, story: &str) {
        let tunes = self.world.tunes_of(self.order.id).await;
        assert_eq!(tunes.len(), 1, "{story}: {} tunes", tunes.len());
        let started = triggers(&self.world);
        assert!(!started.is_empty(), "{story}: no start is reported");
        for trigger in started {
            assert!(
                matches!(&trigger, Trigger::GenerationStarted { order, tune, .. }
                    if *order == self.order.id && tunes[0]["id"] == *tune),
                "{story}: {trigger:?}"
            );
        }
        invariants::check(&self.world, story).await;
    }
}

#[tokio::test]
async fn paid_orders_get_one_tune_whatever_call_fails() {
    let Enumeration { calls, .. } = enumerate::<Starting>().await;
    assert!(calls >= 7, "{calls}");
}

/// An order of a returning user that is requested until Astria makes it.
struct StartingFromModel {
    world: World,
    user: UserId,
    order: Order,
}

impl Scenario for StartingFromModel {
    async fn arrange() -> Self {
        let world = World::open().await;
        let (_, user) = world.new_user("meta").await;
        let first = world.add_made_order(user).await;
        let tune = world.tunes_of(first.id).await[0]["id"].as_i64().unwrap();
        let paid_at = world.now();
        let source = Source::Model { tune };
        let status = OrderStatus::Requested { paid_at };
        let order = world.add_order_from(user, source, status).await;
        Self { world, user, order }
    }

    fn faults(&self) -> &Faults {
        self.world.cloud.faults()
    }

    async fn act(&self) -> Result<(), Error> {
        self.world.begin_delivery_without_statuses();
        self.world.make(start(self.user, &self.order)).await
    }

    async fn check(&self, story: &str) {
        let tunes = self.world.simulators.tunes().await;
        let batches = tunes[0]["batches"].as_array().map(Vec::len);
        assert_eq!((tunes.len(), batches), (1, Some(2)), "{story}");
        invariants::check(&self.world, story).await;
    }
}

#[tokio::test]
async fn orders_from_a_model_are_requested_once_whatever_call_fails() {
    let Enumeration { calls, .. } = enumerate::<StartingFromModel>().await;
    assert!(calls >= 7, "{calls}");
}

/// A made order whose photos are fetched until they are handed on.
struct Checking {
    world: World,
    order: Order,
    known: usize,
}

impl Scenario for Checking {
    async fn arrange() -> Self {
        let world = World::open().await;
        let (_, user) = world.new_user("meta").await;
        let order = world.add_made_order(user).await;
        let known = triggers(&world).len();
        Self {
            world,
            order,
            known,
        }
    }

    fn faults(&self) -> &Faults {
        self.world.cloud.faults()
    }

    async fn act(&self) -> Result<(), Error> {
        self.world.begin_delivery_without_statuses();
        self.world.make(check(self.order.id)).await
    }

    async fn check(&self, story: &str) {
        let made = triggers(&self.world).split_off(self.known);
        let mut is_complete = false;
        for trigger in made {
            let Trigger::ImagesReady {
                order,
                images,
                is_last,
            } = trigger
            else {
                panic!("{story}: {trigger:?}");
            };
            assert_eq!(order, self.order.id, "{story}");
            assert_eq!(is_last, images.len() == 4, "{story}: {images:?}");
            is_complete |= is_last;
        }
        assert!(is_complete, "{story}: the order does not end");
        invariants::check(&self.world, story).await;
    }
}

#[tokio::test]
async fn made_photos_are_handed_on_whatever_call_fails() {
    let Enumeration { calls, .. } = enumerate::<Checking>().await;
    assert!(calls >= 12, "{calls}");
}
