//! `studio-conversation`: a trigger is decided once, and its effects are performed once.

use std::marker::PhantomData;

use confab_core::{Error, OrderId};
use confab_lambda::OsEntropy;
use confab_testkit::{Enumeration, Faults, Scenario, enumerate};
use serde_json::{Value, json};
use studio_domain::{EraseJob, GenerationJob, Job, OrderStatus, PhotoJob, Trigger};

use crate::{
    invariants::{self, Statuses, statuses_of_concurrent_copies},
    world::{
        CONVERSATION_QUEUE, DAY, ERASE_QUEUE, GENERATION_QUEUE, PACK, PACK_QUEUE, PHOTO_QUEUE,
        Payment, Person, World, check, tap, to_json,
    },
};

const GREETING: &str = "Welcome to the photo studio";
const PAID: &str = "we've received your payment";
const LINK: &str = "photos of you for";
const ERASED: &str = "Everything is being deleted";

fn hi() -> Value {
    json!({ "type": "text", "text": "hi" })
}

fn photo() -> Value {
    json!({ "type": "image", "data": "/9j/", "mime_type": "image/jpeg" })
}

/// How many messages with these words a person has received.
fn count(world: &World, person: &Person, words: &str) -> usize {
    let received = world.received(person).into_iter();
    received.filter(|text| text.contains(words)).count()
}

fn trigger(user_id: confab_core::UserId, id: &str, trigger: Trigger) -> Job {
    let id = id.to_owned();
    Job::V2 {
        id,
        user_id,
        trigger,
    }
}

#[tokio::test]
async fn first_message_of_a_person_is_greeted_on_its_channel() {
    for channel in ["meta", "twilio"] {
        let world = World::with_pack().await;
        let (person, user) = world.new_user(channel).await;
        assert_eq!(count(&world, &person, GREETING), 1, "{channel}");
        let event = &world.events("user_message_received")[0];
        assert_eq!(event["data"]["user_id"], json!(user));
        assert_eq!(event["data"]["channel"], channel);
        invariants::check(&world, channel).await;
    }
}

#[tokio::test]
async fn repeated_messages_are_answered_once() {
    let world = World::with_pack().await;
    let person = world.person("meta").await;
    let job = world.job_of(&person, hi()).await;
    for _ in 0..3 {
        world.conversation(job.clone()).await.unwrap();
    }
    assert_eq!(count(&world, &person, GREETING), 1);
    let ids: Vec<_> = world.events("user_message_received");
    assert!(ids.iter().all(|event| event["id"] == ids[0]["id"]));
    invariants::check(&world, "repeated").await;
}

#[tokio::test]
async fn concurrent_copies_of_a_message_are_answered_once() {
    let world = World::with_pack().await;
    let person = world.person("meta").await;
    let job = world.job_of(&person, hi()).await;
    let (first, second) = tokio::join!(
        world.conversation(job.clone()),
        world.conversation(job.clone())
    );
    let outcomes =
        [first, second].map(|outcome| outcome.err().map(|error| error.code().to_owned()));
    // The other one is refused, unless the first is done by then.
    let busy = Some("in_progress".to_owned());
    let is_fine = |outcome: &Option<String>| outcome.is_none() || *outcome == busy;
    assert!(
        outcomes.contains(&None) && outcomes.iter().all(is_fine),
        "{outcomes:?}"
    );
    assert_eq!(count(&world, &person, GREETING), 1);
    invariants::check(&world, "concurrent").await;
}

#[tokio::test]
async fn messages_that_arrive_late_and_out_of_order_are_answered() {
    let world = World::with_pack().await;
    let (person, user) = world.new_user("meta").await;
    let late = world.job_of(&person, hi()).await;
    world.clock().advance(DAY / 2);
    world.text(&person, "help").await;
    let last_message_at = world.user(user).await.unwrap().last_message_at;
    world.conversation(late).await.unwrap();
    let user = world.user(user).await.unwrap();
    assert_eq!(user.last_message_at, last_message_at, "time goes forward");
    assert_eq!(count(&world, &person, GREETING), 2);
    invariants::check(&world, "late").await;
}

#[tokio::test]
async fn photos_are_sent_to_review_and_other_media_is_refused() {
    let world = World::with_pack().await;
    let (person, user) = world.new_user("meta").await;
    world.say(&person, photo()).await;
    let jobs = world.jobs::<PhotoJob>(PHOTO_QUEUE);
    let [PhotoJob::V1 { user_id, photo, .. }] = jobs.as_slice() else {
        panic!("{jobs:?}");
    };
    let album = world.user(user).await.unwrap().conversation.photos;
    assert_eq!((*user_id, *photo), (user, album.0[0].id));
    let gif = json!({ "type": "raw", "fields": { "type": "video", "video": { "id": "1", "mime_type": "video/mp4" } } });
    world.say(&person, gif).await;
    assert_eq!(world.cloud.queued(PHOTO_QUEUE).len(), 1);
    invariants::check(&world, "photos").await;
}

#[tokio::test]
async fn chosen_pack_is_offered_with_one_link_however_often_it_is_chosen() {
    let world = World::with_pack().await;
    let (person, user) = world.user_with_selfies("meta").await;
    for _ in 0..2 {
        world.tap(&person, &format!("18_{PACK}")).await;
    }
    let offers = world.simulators.offers();
    assert_eq!(offers.len(), 1, "one order");
    assert_eq!(offers[0].purchase.payer, user.to_string());
    assert_eq!(offers[0].purchase.item, "studio.lite");
    assert_eq!(count(&world, &person, LINK), 2);
    invariants::check(&world, "offered").await;
}

#[tokio::test]
async fn paid_orders_are_requested_once_and_by_their_payer_only() {
    let world = World::with_pack().await;
    let (person, user) = world.new_user("meta").await;
    let (other, stranger) = world.new_user("meta").await;
    let order = world.add_order(user, OrderStatus::Offered).await;
    let of_another_product = world.payment_job_of("rooms", user, order.id, Payment::Received);
    world.conversation(of_another_product).await.unwrap();
    assert!(world.cloud.queued(GENERATION_QUEUE).is_empty());
    let paid = world.payment_job(user, order.id, Payment::Received);
    for _ in 0..2 {
        world.conversation(paid.clone()).await.unwrap();
    }
    world.deliver_statuses().await;
    assert_eq!(world.jobs::<GenerationJob>(GENERATION_QUEUE).len(), 1);
    assert_eq!(count(&world, &person, PAID), 1);
    // Money of another user for the same order is not theirs.
    let elsewhere = world.payment_job(stranger, order.id, Payment::Failed);
    world.conversation(elsewhere).await.unwrap();
    let status = world.user(user).await.unwrap().conversation.orders[0]
        .status
        .clone();
    assert!(
        matches!(status, OrderStatus::Requested { .. }),
        "{status:?}"
    );
    assert_eq!(world.received(&other).len(), 1, "only the greeting");
    invariants::check(&world, "paid").await;
}

#[tokio::test]
async fn money_for_unknown_orders_and_users_is_refunded() {
    let world = World::with_pack().await;
    let (person, user) = world.new_user("meta").await;
    let stranger = confab_core::UserId::new(world.now(), &OsEntropy);
    let orders = [(); 2].map(|()| OrderId::new(world.now(), &OsEntropy));
    for (payer, order) in [user, stranger].into_iter().zip(orders) {
        let paid = world.payment_job(payer, order, Payment::Received);
        world.conversation(paid).await.unwrap();
    }
    let refunds = world.events("refund_requested");
    let refunded: Vec<_> = refunds
        .iter()
        .map(|event| event["data"]["order_id"].clone())
        .collect();
    assert_eq!(refunded, orders.map(|order| json!(order)));
    assert_eq!(count(&world, &person, "no longer exists"), 1);
    assert!(world.user(stranger).await.is_none(), "nothing is created");
    invariants::check(&world, "refunded").await;
}

#[tokio::test]
async fn payments_that_are_pending_fail_or_are_refunded_are_told() {
    let world = World::with_pack().await;
    let (person, user) = world.new_user("meta").await;
    let order = world.add_order(user, OrderStatus::Offered).await;
    let step = async |payment| {
        let job = world.payment_job(user, order.id, payment);
        world.conversation(job).await.unwrap();
        world.user(user).await.unwrap().conversation.orders[0]
            .status
            .clone()
    };
    assert_eq!(step(Payment::Pending).await, OrderStatus::PaymentPending);
    assert_eq!(count(&world, &person, "is on its way"), 1);
    assert_eq!(step(Payment::Failed).await, OrderStatus::Offered);
    assert_eq!(count(&world, &person, "didn't complete"), 1);
    assert_eq!(step(Payment::Refunded).await, OrderStatus::Refunded);
    assert_eq!(count(&world, &person, "has been refunded"), 1);
    let late = step(Payment::Pending).await;
    assert_eq!(late, OrderStatus::Refunded, "a late event changes nothing");
    invariants::check(&world, "told").await;
}

#[tokio::test]
async fn made_photos_are_delivered_once_and_the_order_ends() {
    let world = World::with_pack().await;
    let (person, user) = world.new_user("meta").await;
    let order = world.add_made_order(user).await;
    world.make(check(order.id)).await.unwrap();
    let made: Job = world.last_job(CONVERSATION_QUEUE);
    for _ in 0..2 {
        world.conversation(made.clone()).await.unwrap();
    }
    world.deliver_statuses().await;
    assert_eq!(world.pictures(&person), 4);
    let received = world.received(&person);
    let place = |words: &str| received.iter().position(|text| text.contains(words));
    assert!(place("Here are your photos") < place("How do you like them"));
    assert_eq!(world.events("credit_used").len(), 1);
    let user = world.user(user).await.unwrap();
    assert_eq!(user.conversation.orders[0].status, OrderStatus::Delivered);
    invariants::check(&world, "made").await;
}

#[tokio::test]
async fn erasures_remove_the_aliases_at_once_and_a_later_message_is_of_a_new_user() {
    let world = World::with_pack().await;
    let (person, user) = world.new_user("meta").await;
    let order = world.add_paid_order(user).await;
    world.text(&person, "delete my data").await;
    assert!(
        world.cloud.queued(ERASE_QUEUE).is_empty(),
        "not confirmed yet"
    );
    world.tap(&person, "31").await;
    assert_eq!(count(&world, &person, ERASED), 1);
    assert_eq!(world.events("refund_requested").len(), 1);
    let EraseJob::V1 { user_id, orders } = world.last_job(ERASE_QUEUE);
    assert_eq!((user_id, orders), (user, vec![order.id]));
    assert_eq!(world.user_id(&person).await, None);
    world.text(&person, "hi").await;
    let new = world.user_id(&person).await.unwrap();
    assert_ne!(new, user);
    // The worker of erasures comes late, and takes nothing of the new user.
    world.erase(world.last_job(ERASE_QUEUE)).await.unwrap();
    assert!(world.user(new).await.is_some());
    assert_eq!(world.user_id(&person).await, Some(new));
    invariants::check(&world, "erased").await;
}

#[tokio::test]
async fn refused_messages_are_settled_and_not_sent_again() {
    let world = World::with_pack().await;
    let (person, _) = world.new_user("meta").await;
    let job = world.job_of(&person, hi()).await;
    let window = json!([{ "http": 400, "code": 131_047 }]);
    world.simulators.fail_sends(window).await;
    for _ in 0..2 {
        world.conversation(job.clone()).await.unwrap();
    }
    assert_eq!(count(&world, &person, GREETING), 1, "the first one only");
    let rows = world.rows().await;
    let failed = rows.iter().find(|row| row["stage"] == "failed").unwrap();
    assert_eq!(failed["error"]["code"], 131_047);
    invariants::check(&world, "refused").await;
}

#[tokio::test]
async fn busy_providers_are_tried_again_after_the_lease() {
    let world = World::with_pack().await;
    let (person, _) = world.new_user("meta").await;
    let job = world.job_of(&person, hi()).await;
    let busy = json!([{ "http": 400, "code": 130_429 }]);
    world.simulators.fail_sends(busy).await;
    let error = world.conversation(job.clone()).await.unwrap_err();
    assert_eq!(error.code(), "provider_busy");
    let error = world.conversation(job.clone()).await.unwrap_err();
    assert_eq!(error.code(), "in_progress", "the lease holds");
    world.clock().advance(DAY / 24);
    world.conversation(job).await.unwrap();
    assert_eq!(count(&world, &person, GREETING), 2);
    invariants::check(&world, "busy").await;
}

#[tokio::test]
async fn sends_with_an_unknown_outcome_wait_for_their_status() {
    let world = World::with_pack().await;
    let (person, _) = world.new_user("meta").await;
    let job = world.job_of(&person, hi()).await;
    let lost = json!([{ "drop_after_accept": true }]);
    world.simulators.fail_sends(lost).await;
    let error = world.conversation(job.clone()).await.unwrap_err();
    assert_eq!(error.code(), "outcome_unknown");
    // The lease has ended, and the status is not late yet.
    world.clock().advance(std::time::Duration::from_secs(61));
    let error = world.conversation(job.clone()).await.unwrap_err();
    assert_eq!(error.code(), "outcome_unclear");
    world.deliver_statuses().await;
    world.conversation(job).await.unwrap();
    assert_eq!(count(&world, &person, GREETING), 2, "not sent again");
    invariants::check(&world, "unknown").await;
}

#[tokio::test]
async fn new_studio_begins_a_refresh_of_its_packs() {
    let world = World::open().await;
    let (person, _) = world.new_user("meta").await;
    assert_eq!(count(&world, &person, GREETING), 1);
    assert_eq!(world.cloud.queued(PACK_QUEUE).len(), 1);
    world.text(&person, "hi").await;
    assert_eq!(world.cloud.queued(PACK_QUEUE).len(), 1, "it has begun");
}

#[tokio::test]
async fn triggers_of_unknown_users_create_nothing() {
    let world = World::with_pack().await;
    let stranger = confab_core::UserId::new(world.now(), &OsEntropy);
    let order = OrderId::new(world.now(), &OsEntropy);
    for (id, event) in [
        ("due#1", Trigger::TimerFired),
        ("refused#1", Trigger::GenerationFailed { order }),
        ("paid#1", Trigger::PaymentFailed { order }),
    ] {
        let job = trigger(stranger, id, event);
        world.conversation(job).await.unwrap();
    }
    let rows = world.rows().await;
    let of_stranger = |row: &&Value| row["pk"] == format!("USER#{stranger}");
    assert_eq!(rows.iter().filter(of_stranger).count(), 0);
    invariants::check(&world, "unknown").await;
}

#[tokio::test]
async fn longest_messages_are_answered() {
    let world = World::with_pack().await;
    let person = world.person("meta").await;
    let text = "א".repeat(4_096);
    world.text(&person, &text).await;
    assert_eq!(world.received(&person).len(), 1);
    let name = json!({ "type": "raw", "fields": { "type": "order", "order": {} } });
    world.say(&person, name).await;
    assert_eq!(world.received(&person).len(), 2);
    invariants::check(&world, "long").await;
}

/// A trigger, and what it must have led to.
trait Case: Sized {
    async fn arrange(world: &World) -> (Person, Job);
    async fn check(world: &World, person: &Person, story: &str);
}

/// A trigger that is delivered until it is handled.
struct Deciding<C> {
    world: World,
    person: Person,
    job: Job,
    case: PhantomData<C>,
}

impl<C: Case> Scenario for Deciding<C> {
    async fn arrange() -> Self {
        let world = World::with_pack().await;
        let (person, job) = C::arrange(&world).await;
        world.state("studio-conversation").await;
        let case = PhantomData;
        Self {
            world,
            person,
            job,
            case,
        }
    }

    fn faults(&self) -> &Faults {
        self.world.cloud.faults()
    }

    async fn act(&self) -> Result<(), Error> {
        self.world.begin_delivery().await;
        self.world.conversation(self.job.clone()).await
    }

    async fn check(&self, story: &str) {
        C::check(&self.world, &self.person, story).await;
        invariants::check(&self.world, story).await;
    }
}

async fn enumerate_case<C: Case>(min_calls: usize) {
    let Enumeration { calls, .. } = enumerate::<Deciding<C>>().await;
    assert!(calls >= min_calls, "{calls}");
}

struct Greeting;

impl Case for Greeting {
    async fn arrange(world: &World) -> (Person, Job) {
        let person = world.person("meta").await;
        let job = world.job_of(&person, hi()).await;
        (person, job)
    }

    async fn check(world: &World, person: &Person, story: &str) {
        assert_eq!(count(world, person, GREETING), 1, "{story}");
    }
}

#[tokio::test]
async fn greetings_are_sent_once_whatever_call_fails() {
    enumerate_case::<Greeting>(4).await;
}

struct GreetingOfTwilio;

impl Case for GreetingOfTwilio {
    async fn arrange(world: &World) -> (Person, Job) {
        let person = world.person("twilio").await;
        let job = world.job_of(&person, hi()).await;
        (person, job)
    }

    async fn check(world: &World, person: &Person, story: &str) {
        assert_eq!(count(world, person, GREETING), 1, "{story}");
    }
}

#[tokio::test]
async fn greetings_of_twilio_are_sent_once_whatever_call_fails() {
    enumerate_case::<GreetingOfTwilio>(4).await;
}

struct ChosenPack;

impl Case for ChosenPack {
    async fn arrange(world: &World) -> (Person, Job) {
        let (person, _) = world.user_with_selfies("meta").await;
        let job = world.job_of(&person, tap(&format!("18_{PACK}"))).await;
        (person, job)
    }

    async fn check(world: &World, person: &Person, story: &str) {
        assert_eq!(world.simulators.offers().len(), 1, "{story}");
        assert_eq!(count(world, person, LINK), 1, "{story}");
    }
}

#[tokio::test]
async fn offers_are_made_once_whatever_call_fails() {
    enumerate_case::<ChosenPack>(6).await;
}

struct NewPhoto;

impl Case for NewPhoto {
    async fn arrange(world: &World) -> (Person, Job) {
        let (person, _) = world.new_user("meta").await;
        let job = world.job_of(&person, photo()).await;
        (person, job)
    }

    async fn check(world: &World, person: &Person, story: &str) {
        let user = world.user_id(person).await.unwrap();
        let album = world.user(user).await.unwrap().conversation.photos;
        assert_eq!(album.0.len(), 1, "{story}");
    }
}

#[tokio::test]
async fn photos_enter_the_album_once_whatever_call_fails() {
    enumerate_case::<NewPhoto>(4).await;
}

struct Paid;

impl Case for Paid {
    async fn arrange(world: &World) -> (Person, Job) {
        let (person, user) = world.new_user("meta").await;
        let order = world.add_order(user, OrderStatus::Offered).await;
        let job = world.payment_job(user, order.id, Payment::Received);
        (person, job)
    }

    async fn check(world: &World, person: &Person, story: &str) {
        assert_eq!(count(world, person, PAID), 1, "{story}");
        let jobs = world.jobs::<GenerationJob>(GENERATION_QUEUE);
        assert!(!jobs.is_empty(), "{story}: nothing is requested");
        assert!(jobs.iter().all(|job| *job == jobs[0]), "{story}");
    }
}

#[tokio::test]
async fn paid_orders_are_requested_whatever_call_fails() {
    enumerate_case::<Paid>(6).await;
}

struct Erasure;

impl Case for Erasure {
    async fn arrange(world: &World) -> (Person, Job) {
        let (person, user) = world.new_user("meta").await;
        world.add_paid_order(user).await;
        let job = world.job_of(&person, tap("31")).await;
        (person, job)
    }

    async fn check(world: &World, person: &Person, story: &str) {
        assert_eq!(count(world, person, ERASED), 1, "{story}");
        assert_eq!(world.user_id(person).await, None, "{story}");
        let jobs = world.jobs::<EraseJob>(ERASE_QUEUE);
        assert!(jobs.iter().all(|job| *job == jobs[0]), "{story}");
        for job in jobs {
            world.erase(job).await.unwrap();
        }
    }
}

#[tokio::test]
async fn erasures_are_begun_whatever_call_fails() {
    enumerate_case::<Erasure>(8).await;
}

struct LowRating;

impl Case for LowRating {
    async fn arrange(world: &World) -> (Person, Job) {
        let (person, user) = world.new_user("meta").await;
        world.add_order(user, OrderStatus::Delivered).await;
        let job = world.job_of(&person, tap("6_2")).await;
        (person, job)
    }

    async fn check(world: &World, person: &Person, story: &str) {
        assert_eq!(count(world, person, "What could be better"), 1, "{story}");
        let rows = world.rows().await;
        let ratings: Vec<_> = rows.iter().filter(|row| row["stars"] == 2).collect();
        assert_eq!(ratings.len(), 1, "{story}");
    }
}

#[tokio::test]
async fn ratings_are_saved_once_whatever_call_fails() {
    enumerate_case::<LowRating>(6).await;
}

struct MadePhotos;

impl Case for MadePhotos {
    async fn arrange(world: &World) -> (Person, Job) {
        let (person, user) = world.new_user("meta").await;
        let order = world.add_made_order(user).await;
        world.make(check(order.id)).await.unwrap();
        (person, world.last_job(CONVERSATION_QUEUE))
    }

    async fn check(world: &World, person: &Person, story: &str) {
        assert_eq!(world.pictures(person), 4, "{story}");
        assert_eq!(count(world, person, "How do you like them"), 1, "{story}");
    }
}

#[tokio::test]
async fn made_photos_are_delivered_once_whatever_call_fails() {
    enumerate_case::<MadePhotos>(16).await;
}

/// Two copies of a message that SQS delivers at the same time.
struct ConcurrentGreetings(Deciding<Greeting>);

impl Scenario for ConcurrentGreetings {
    async fn arrange() -> Self {
        Self(Deciding::arrange().await)
    }

    fn faults(&self) -> &Faults {
        self.0.faults()
    }

    async fn act(&self) -> Result<(), Error> {
        let Deciding { world, job, .. } = &self.0;
        world.begin_delivery().await;
        let (first, second) = tokio::join!(
            world.conversation(job.clone()),
            world.conversation(job.clone())
        );
        // SQS keeps a copy that found the other one at work.
        first.or(second)
    }

    async fn check(&self, story: &str) {
        let Deciding { world, person, .. } = &self.0;
        let statuses = statuses_of_concurrent_copies(story);
        let most = if statuses == Statuses::AreLost { 2 } else { 1 };
        let greetings = count(world, person, GREETING);
        assert!((1..=most).contains(&greetings), "{story}: {greetings}");
        invariants::check_with(world, statuses, story).await;
    }
}

#[tokio::test]
async fn concurrent_copies_are_answered_once_whatever_call_fails() {
    let Enumeration { calls, .. } = enumerate::<ConcurrentGreetings>().await;
    assert!(calls >= 8, "{calls}");
}

/// A message whose statuses never arrive.
struct GreetingWithoutStatuses {
    world: World,
    job: Job,
}

impl Scenario for GreetingWithoutStatuses {
    async fn arrange() -> Self {
        let world = World::with_pack().await;
        let person = world.person("meta").await;
        let job = world.job_of(&person, hi()).await;
        world.state("studio-conversation").await;
        Self { world, job }
    }

    fn faults(&self) -> &Faults {
        self.world.cloud.faults()
    }

    async fn act(&self) -> Result<(), Error> {
        self.world.begin_delivery_without_statuses();
        self.world.conversation(self.job.clone()).await
    }

    async fn check(&self, story: &str) {
        let sends = self.world.simulators.sent().len();
        // Only an accepted message whose answer was lost is sent again.
        let is_unknown = story.starts_with("ReplyLost") || story.starts_with("DiesAfter");
        let is_unsettled = story.starts_with("LostBefore") || story.starts_with("Dies");
        let is_settle = story.contains("UpdateItem") && is_unsettled;
        let is_send = story.contains("/messages") && is_unknown;
        let is_throttled_settle = story.contains("UpdateItem") && story.starts_with("Throttled");
        let most = if is_send || is_settle || is_throttled_settle {
            2
        } else {
            1
        };
        assert!((1..=most).contains(&sends), "{story}: sent {sends} times");
        invariants::check_with(&self.world, Statuses::AreLost, story).await;
    }
}

#[tokio::test]
async fn messages_are_sent_again_without_statuses_only_if_their_outcome_is_unknown() {
    let Enumeration { calls, .. } = enumerate::<GreetingWithoutStatuses>().await;
    assert!(calls >= 4, "{calls}");
}

#[test]
fn jobs_of_the_conversation_keep_their_form() {
    let user = confab_core::UserId::new(confab_core::Timestamp::UNIX_EPOCH, &|| [0; 10]);
    let job = to_json(&trigger(user, "due#1", Trigger::TimerFired));
    let expected =
        json!({ "version": "2", "id": "due#1", "person": user, "event": { "event": "due" } });
    assert_eq!(job, expected);
}
