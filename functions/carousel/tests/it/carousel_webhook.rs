//! `carousel-webhook`: the operator's server is told of finished carousels.

use std::time::Duration;

use carousel::workers::carousel_webhook::{self, CompletedMessage};
use confab_core::{Error, Kind, Result};
use confab_lambda::QueueMessage;
use confab_testkit::{
    Cloud, Enumeration, Faults, Scenario, TestRequest, enumerate, sample, servers,
};
use serde_json::{Value, json};

use crate::{
    carousel_conversation::erase,
    receiver::{Delivery, Receiver},
    world::{CONVERSATION_QUEUE, Person, REDELIVERY_DELAY, World},
};

const WEBHOOK_QUEUE: &str = "confab-carousel-webhook";
/// In `service.toml`.
const SECRET: &str = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const OLD_SECRET: &str = "whsec_ZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXp7";
const PATH: &str = "/webhook/carousel?key=7";
const URL_VARIABLE: &str = "CAROUSEL_WEBHOOK_URL";

async fn open_in(cloud: Cloud) -> (World, Receiver) {
    let receiver = Receiver::default();
    let address = cloud.serve(|_| receiver.routes()).await;
    let mut world = World::open_in(cloud, &[("MODEL_API_URL", "")]).await;
    world
        .cloud
        .set_variable(URL_VARIABLE, format!("{address}{PATH}"));
    (world, receiver)
}

async fn open() -> (World, Receiver) {
    open_in(Cloud::open().await).await
}

/// Opens a world where the operator's server is something else.
async fn open_at(address: &str) -> World {
    let mut world = World::open().await;
    world.cloud.set_variable(URL_VARIABLE, address);
    world
}

/// Opens a world whose parameter holds this value.
async fn open_with_secret(value: &str) -> (World, Receiver) {
    let secrets = [("/confab/carousel/webhook-secret", value)];
    open_in(Cloud::open_with(&[], &secrets).await).await
}

/// Returns the latest event of a finished carousel.
fn completed(world: &World) -> Value {
    let is_completed = |event: &Value| event["type"] == "carousel.completed";
    let mut events = world.cloud.events().into_iter();
    events.rfind(is_completed).unwrap()
}

/// Has a carousel of three slides made in a chat. Returns its event.
async fn make(world: &World) -> (Person, Value) {
    make_slides(world, 3).await
}

async fn make_slides(world: &World, count: u8) -> (Person, Value) {
    let dana = world.person("en").await;
    let topic = format!("/carousel {count}: small habits");
    world.say(&dana, &topic).await;
    (dana, completed(world))
}

/// Delivers an event as EventBridge and SQS do.
async fn tell(world: &World, event: &Value, receives: u32) -> Result<()> {
    let body: CompletedMessage = serde_json::from_value(json!({ "detail": event })).unwrap();
    let message = QueueMessage {
        receives,
        ..world.message(body)
    };
    carousel_webhook::handle(world.state("carousel-webhook").await, message).await
}

/// Asserts that a delivery failed and is repeated. Returns the seconds until then.
fn repeated(outcome: Result<()>, code: &str) -> u64 {
    let error = outcome.unwrap_err();
    assert_eq!((error.kind(), error.code()), (Kind::Unavailable, code));
    error.delay().unwrap().as_secs()
}

fn only(receiver: &Receiver) -> Delivery {
    let mut deliveries = receiver.deliveries();
    assert_eq!(deliveries.len(), 1, "{deliveries:?}");
    deliveries.remove(0)
}

#[tokio::test]
async fn finished_carousel_is_told_with_a_signature_and_links() {
    let (mut world, receiver) = open().await;
    world.cloud.serve_links().await;
    let (_, event) = make(&world).await;
    let whole_second = world.now();
    world.clock().advance(Duration::from_millis(900));
    tell(&world, &event, 1).await.unwrap();
    let delivery = only(&receiver);
    delivery.verify(&[SECRET]);
    assert_eq!(delivery.path, PATH);
    assert_eq!(delivery.header("content-type"), "application/json");
    assert_eq!(delivery.header("webhook-id"), event["id"]);
    let at = world.now().as_second().to_string();
    assert_eq!(delivery.header("webhook-timestamp"), at);

    let body = delivery.json();
    assert_eq!(body["type"], "carousel.completed");
    assert_eq!(body["timestamp"], event["occurred_at"]);
    let data = &body["data"];
    assert_eq!(data["id"], event["data"]["subject"]["carousel"]);
    let shown = TestRequest::get(format!("/carousels/{}", data["id"].as_str().unwrap()));
    let shown = world.operate(shown).await.body;
    for key in [
        "revision", "title", "caption", "hashtags", "language", "template", "format",
    ] {
        assert!(!data[key].is_null(), "{key}");
        assert_eq!(data[key], shown[key], "{key}");
    }
    let end = confab_core::after(whole_second, Duration::from_secs(3600));
    assert_eq!(data["linksEndAt"], end.to_string());
    let slides = data["slides"].as_array().unwrap();
    assert_eq!(slides.len(), 3);
    let client = confab_provider_base::http_client().unwrap();
    for (number, slide) in (1..).zip(slides) {
        assert_eq!(slide["number"], number);
        assert!(!slide["alt"].as_str().unwrap().is_empty());
        for (kind, magic) in [
            ("png", b"\x89PNG".as_slice()),
            ("jpg", b"\xff\xd8\xff".as_slice()),
        ] {
            let link = slide[kind].as_str().unwrap();
            let file = client.get(link).send().await.unwrap().bytes().await;
            assert!(file.unwrap().starts_with(magic), "{link}");
        }
    }
}

#[tokio::test]
async fn announcement_names_no_person_and_no_cost() {
    let (world, receiver) = open().await;
    let (dana, event) = make(&world).await;
    tell(&world, &event, 1).await.unwrap();
    let body = only(&receiver).json();
    let keys: Vec<_> = body["data"].as_object().unwrap().keys().collect();
    let expected = [
        "caption",
        "format",
        "hashtags",
        "id",
        "language",
        "linksEndAt",
        "revision",
        "slides",
        "template",
        "title",
    ];
    let mut keys: Vec<_> = keys.into_iter().map(String::as_str).collect();
    keys.sort_unstable();
    assert_eq!(keys, expected);
    let mut without_links = body.clone();
    for slide in without_links["data"]["slides"].as_array_mut().unwrap() {
        let slide = slide.as_object_mut().unwrap();
        assert!(slide.remove("png").is_some() && slide.remove("jpg").is_some());
    }
    // Files are below the chat, so that links have its id.
    assert!(!without_links.to_string().contains(&dana.id.to_string()));
}

#[tokio::test]
async fn every_active_secret_signs_during_a_rotation() {
    let both = json!([SECRET, OLD_SECRET]).to_string();
    let (world, receiver) = open_with_secret(&both).await;
    let (_, event) = make(&world).await;
    tell(&world, &event, 1).await.unwrap();
    only(&receiver).verify(&[SECRET, OLD_SECRET]);
}

#[tokio::test]
async fn copies_have_one_id() {
    let (world, receiver) = open().await;
    let (_, event) = make(&world).await;
    for _ in 0..2 {
        tell(&world, &event, 1).await.unwrap();
        world.clock().advance(Duration::from_secs(90));
    }
    let deliveries = receiver.deliveries();
    assert_eq!(deliveries.len(), 2);
    let times = [0, 1].map(|index: usize| deliveries[index].header("webhook-timestamp"));
    assert_ne!(times[0], times[1]);
    for delivery in &deliveries {
        delivery.verify(&[SECRET]);
        assert_eq!(delivery.header("webhook-id"), event["id"]);
    }
}

#[tokio::test]
async fn failed_deliveries_are_repeated_ever_later_until_one_is_accepted() {
    let (world, receiver) = open().await;
    let (_, event) = make(&world).await;
    for (receives, status, seconds) in [(1, 500, 30), (2, 404, 60), (3, 400, 120), (40, 502, 1800)]
    {
        receiver.answer(status, &[]);
        let outcome = tell(&world, &event, receives).await;
        assert_eq!(repeated(outcome, "webhook_failed"), seconds, "{status}");
    }
    tell(&world, &event, 41).await.unwrap();
    let deliveries = receiver.deliveries();
    assert_eq!(deliveries.len(), 5);
    for delivery in deliveries {
        assert_eq!(delivery.header("webhook-id"), event["id"]);
    }
}

#[tokio::test]
async fn server_says_when_to_come_back() {
    let (world, receiver) = open().await;
    let (_, event) = make(&world).await;
    for (status, retry_after, seconds) in [
        (429, "77", 77),
        (503, "7200", 3600),
        (429, "1", 30),
        (429, "99999999999999999999", 30),
        (429, "-5", 30),
        (429, "Sun, 29 Nov 2026 12:00:00 GMT", 30),
    ] {
        receiver.answer(status, &[("retry-after", retry_after)]);
        let outcome = tell(&world, &event, 1).await;
        assert_eq!(
            repeated(outcome, "webhook_failed"),
            seconds,
            "{retry_after}"
        );
    }
}

#[tokio::test]
async fn server_that_answers_410_is_not_asked_again() {
    let (world, receiver) = open().await;
    let (_, event) = make(&world).await;
    receiver.answer(410, &[("retry-after", "5")]);
    tell(&world, &event, 1).await.unwrap();
    only(&receiver);
}

#[tokio::test]
async fn redirects_are_failures_and_are_not_followed() {
    let (world, receiver) = open().await;
    let (_, event) = make(&world).await;
    for status in [301, 302, 303, 307, 308] {
        let before = receiver.deliveries().len();
        receiver.answer(status, &[("location", "/elsewhere")]);
        let outcome = tell(&world, &event, 1).await;
        repeated(outcome, "webhook_failed");
        assert_eq!(receiver.deliveries().len(), before + 1, "{status}");
    }
}

#[tokio::test]
async fn lost_answers_and_refused_connections_are_repeated() {
    for address in [servers::closing().await, servers::refusing().await] {
        let world = open_at(&address).await;
        let (_, event) = make(&world).await;
        let error = tell(&world, &event, 1).await.unwrap_err();
        assert!(!error.to_string().contains(&address), "{error}");
        assert_eq!(repeated(Err(error), "webhook_failed"), 30);
    }
}

#[tokio::test]
async fn bodies_of_answers_are_not_read() {
    for address in [servers::endless().await, servers::trickling().await] {
        let world = open_at(&address).await;
        let (_, event) = make(&world).await;
        tell(&world, &event, 1).await.unwrap();
    }
}

#[tokio::test]
async fn silent_server_is_given_up_in_time() {
    let world = open_at(&servers::hanging().await).await;
    let (_, event) = make(&world).await;
    world.state("carousel-webhook").await;
    tokio::time::pause();
    let started = tokio::time::Instant::now();
    let outcome = tell(&world, &event, 1).await;
    assert!(started.elapsed() < Duration::from_secs(16));
    assert_eq!(repeated(outcome, "webhook_failed"), 30);
}

#[tokio::test]
async fn erased_carousel_is_not_told() {
    let (world, receiver) = open().await;
    let (dana, event) = make(&world).await;
    erase(&world, &dana).await;
    // The index may lag behind.
    let outcome = tell(&world, &event, 1).await;
    assert_eq!(repeated(outcome, "carousel_not_found"), 60);
    world.clock().advance(Duration::from_secs(61));
    tell(&world, &event, 2).await.unwrap();
    assert_eq!(receiver.deliveries().len(), 0);
}

#[tokio::test]
async fn delivery_waits_while_the_carousel_is_changed() {
    let (world, receiver) = open().await;
    let (_, event) = make(&world).await;
    let id = event["data"]["subject"]["carousel"].as_str().unwrap();
    let edit = json!({ "revision": 1, "title": "My own title", "body": "Mine." });
    let edit = TestRequest::put(format!("/carousels/{id}/slides/2"), edit);
    assert_eq!(world.operate(edit).await.status, 202);
    for job in world.take(CONVERSATION_QUEUE) {
        world.conversation(job).await.unwrap();
    }
    assert_eq!(repeated(tell(&world, &event, 3).await, "busy"), 120);
    assert_eq!(receiver.deliveries().len(), 0);
    world.run().await;
    let changed = completed(&world);
    assert_ne!(changed["id"], event["id"]);
    for event in [&event, &changed] {
        tell(&world, event, 4).await.unwrap();
    }
    for delivery in receiver.deliveries() {
        assert_eq!(
            delivery.json()["data"]["revision"],
            2,
            "each is told as it is now"
        );
    }
}

#[tokio::test]
async fn test_requests_are_not_told() {
    let (world, receiver) = open().await;
    let (_, mut event) = make(&world).await;
    event["data"]["origin"] = json!("test");
    tell(&world, &event, 1).await.unwrap();
    assert_eq!(receiver.deliveries().len(), 0);
}

#[tokio::test]
async fn events_that_cannot_be_read_are_faults_of_their_own() {
    let (world, receiver) = open().await;
    let (_, event) = make(&world).await;
    let mut of_later_version = event.clone();
    of_later_version["version"] = json!(2);
    let mut without_carousel = event.clone();
    without_carousel["data"]["subject"]["carousel"] = json!("../../x");
    for event in [of_later_version, without_carousel] {
        let error = tell(&world, &event, 1).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Internal, "{error}");
    }
    assert_eq!(receiver.deliveries().len(), 0);
}

#[tokio::test]
async fn bad_configuration_stops_the_start_with_its_reason() {
    let start = async |world: &World| {
        let state = world.new_state("carousel-webhook", carousel_webhook::PARTS);
        state.await.map(drop).map_err(|error| error.to_string())
    };
    for url in [
        "",
        "n8n.example/webhook",
        "http://n8n.example/webhook",
        "http://127.0.0.1.example/webhook",
        "ftp://n8n.example",
        "https://",
        "https://user:password@n8n.example/webhook",
        "javascript:0",
    ] {
        let error = start(&open_at(url).await).await.unwrap_err();
        assert!(error.contains(URL_VARIABLE), "{url}: {error}");
        assert!(!error.contains("password"), "{error}");
    }
    for url in ["https://n8n.example:5678/webhook/1?a=b", "http://[::1]:9/"] {
        start(&open_at(url).await).await.unwrap();
    }
    for secret in [
        "secret",
        "whsec_",
        "whsec_c2hvcnQ=",
        &format!("[\"{SECRET}\", \"secret\"]"),
        "[]",
    ] {
        let (world, _) = open_with_secret(secret).await;
        let error = start(&world).await.unwrap_err();
        assert!(error.contains("CAROUSEL_WEBHOOK_SECRET_PARAM"), "{error}");
        assert!(!error.contains(SECRET), "{error}");
    }
    let mut world = open_at("https://n8n.example/").await;
    world
        .cloud
        .set_variable("CAROUSEL_WEBHOOK_SECRET_PARAM", "");
    let error = start(&world).await.unwrap_err();
    assert!(error.contains("CAROUSEL_WEBHOOK_SECRET_PARAM"), "{error}");
}

#[tokio::test]
async fn bus_feeds_the_queue_where_a_server_is_configured() {
    let count = |world: &World| {
        let env = world.cloud.env("carousel-stats");
        let types = env.required("CAROUSEL_SUBSCRIPTIONS").unwrap();
        let completed = types
            .split(',')
            .filter(|name| *name == "carousel.completed");
        completed.count()
    };
    let parameters = [("CarouselWebhookUrl", "https://n8n.example/webhook")];
    let (world, receiver) = open_in(Cloud::open_with(&parameters, &[]).await).await;
    make(&world).await;
    let mut messages: Vec<CompletedMessage> = world.jobs(WEBHOOK_QUEUE);
    assert_eq!((messages.len(), count(&world)), (1, 2));
    let message = world.message(messages.remove(0));
    let state = world.state("carousel-webhook").await;
    carousel_webhook::handle(state, message).await.unwrap();
    only(&receiver).verify(&[SECRET]);

    let (world, _) = open().await;
    make(&world).await;
    assert_eq!(
        (world.cloud.queued(WEBHOOK_QUEUE).len(), count(&world)),
        (0, 1)
    );
}

#[test]
fn carousel_webhook_sample_is_a_message() {
    let sample = sample("carousel", "carousel-webhook.completed");
    let body = sample["Records"][0]["body"].as_str().unwrap();
    serde_json::from_str::<CompletedMessage>(body).unwrap();
}

/// The delivery of one carousel.
struct Telling {
    world: World,
    receiver: Receiver,
    event: Value,
}

impl Scenario for Telling {
    async fn arrange() -> Self {
        let (world, receiver) = open().await;
        let (_, event) = make_slides(&world, 1).await;
        world.state("carousel-webhook").await;
        Self {
            world,
            receiver,
            event,
        }
    }

    fn faults(&self) -> &Faults {
        self.world.cloud.faults()
    }

    async fn act(&self) -> Result<(), Error> {
        self.world.clock().advance(REDELIVERY_DELAY);
        tell(&self.world, &self.event, 1).await
    }

    async fn check(&self, story: &str) {
        let deliveries = self.receiver.deliveries();
        assert!(!deliveries.is_empty(), "{story}");
        for delivery in deliveries {
            delivery.verify(&[SECRET]);
            assert_eq!(delivery.header("webhook-id"), self.event["id"], "{story}");
            assert_eq!(delivery.json()["data"]["revision"], 1, "{story}");
        }
    }
}

#[tokio::test]
async fn carousel_is_told_under_one_id_whatever_call_fails() {
    let Enumeration { calls, .. } = enumerate::<Telling>().await;
    assert_eq!(calls, 4, "rows of a page, index, row, delivery");
}
