//! `sms-received`: webhooks of Meta and Twilio are verified, queued and answered.

use confab_core::Error;
use confab_messaging::{Content, DeliveryStatus};
use confab_simulator_base::SignatureMode;
use confab_testkit::{Enumeration, Faults, Scenario, enumerate, samples::sample};
use serde_json::json;
use studio::routes::sms_received;
use studio_domain::{Job, StatusJob};

use crate::{
    simulators::Webhook,
    world::{CONVERSATION_QUEUE, Person, STATUS_QUEUE, World, receive},
};

const HUB_SIGNATURE: &str = "x-hub-signature-256";
const TWILIO_SIGNATURE: &str = "x-twilio-signature";

fn hello() -> serde_json::Value {
    json!({ "type": "text", "text": "hello 👋" })
}

/// A webhook of Meta from the samples, which the app secret of the simulators signed.
fn sample_of_meta(case: &str) -> Webhook {
    let sample = sample(case);
    let signature = sample.header(HUB_SIGNATURE).unwrap_or_default().to_owned();
    Webhook {
        method: "POST",
        path: "/SmsReceived".to_owned(),
        headers: vec![(HUB_SIGNATURE.to_owned(), signature)],
        body: sample.body,
    }
}

fn text_of(job: &Job) -> &str {
    match job {
        Job::V1 { message } => match &message.content {
            Content::Text { text } => text.as_str(),
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
}

fn assert_nothing_queued(world: &World, cause: &str) {
    assert!(world.cloud.queued(CONVERSATION_QUEUE).is_empty(), "{cause}");
    assert!(world.cloud.queued(STATUS_QUEUE).is_empty(), "{cause}");
}

#[tokio::test]
async fn messages_of_both_channels_are_queued_and_acknowledged() {
    for (channel, answer) in [("meta", ""), ("twilio", "<Response")] {
        let world = World::open().await;
        let person = world.person(channel).await;
        let webhook = world.write(&person, hello()).await;
        let (status, body) = world.receive(&webhook).await;
        assert_eq!(status, 200, "{channel}: {body}");
        assert_eq!(body.contains("<Response"), !answer.is_empty(), "{channel}");
        let jobs = world.jobs::<Job>(CONVERSATION_QUEUE);
        assert_eq!(jobs.len(), 1, "{channel}");
        assert_eq!(text_of(&jobs[0]), "hello 👋", "{channel}");
    }
}

#[tokio::test]
async fn copies_of_a_webhook_are_queued_once() {
    let world = World::open().await;
    let person = world.person("meta").await;
    let webhook = world.write(&person, hello()).await;
    for _ in 0..3 {
        assert_eq!(world.receive(&webhook).await.0, 200);
    }
    assert_eq!(world.cloud.queued(CONVERSATION_QUEUE).len(), 1);
}

#[tokio::test]
async fn every_message_and_status_of_a_batch_is_queued() {
    let world = World::open().await;
    assert_eq!(world.receive(&sample_of_meta("batch")).await.0, 200);
    let messages = world.jobs::<Job>(CONVERSATION_QUEUE).len();
    let statuses = world.jobs::<StatusJob>(STATUS_QUEUE).len();
    assert!(messages >= 2, "{messages} messages, {statuses} statuses");
}

#[tokio::test]
async fn statuses_are_queued_apart_from_messages() {
    let world = World::open().await;
    let (_, id) = world.new_user("meta").await;
    let jobs = world.jobs::<StatusJob>(STATUS_QUEUE);
    let stages: Vec<_> = jobs
        .iter()
        .map(|StatusJob::V1 { status }| {
            assert_eq!(status.reference.unwrap().user_id, id);
            status.stage
        })
        .collect();
    assert_eq!(stages, [DeliveryStatus::Sent, DeliveryStatus::Delivered]);
    assert_eq!(world.cloud.queued(CONVERSATION_QUEUE).len(), 1);
}

#[tokio::test]
async fn fields_and_objects_of_others_are_acknowledged_and_ignored() {
    let world = World::open().await;
    for case in ["other-field", "empty"] {
        let (status, body) = world.receive(&sample_of_meta(case)).await;
        assert_eq!(status, 200, "{case}: {body}");
        assert_nothing_queued(&world, case);
    }
}

#[tokio::test]
async fn webhooks_with_a_wrong_signature_are_refused() {
    let world = World::open().await;
    let (of_meta, of_twilio) = (world.person("meta").await, world.person("twilio").await);
    let signed_by_others = async |person: &Person| {
        let path = format!("/api/phone/people/{}/messages", person.id);
        world.simulators.call("POST", &path, &hello()).await;
        let forged = SignatureMode::Invalid;
        let mut webhooks = world.simulators.take_webhooks_signed(forged);
        webhooks.pop().unwrap()
    };
    let meta = world.write(&of_meta, hello()).await;
    let twilio = world.write(&of_twilio, hello()).await;
    let elsewhere = Webhook {
        path: format!("{}?to=elsewhere", twilio.path),
        ..twilio.clone()
    };
    let mut changed = meta.clone();
    changed.body.push(b' ');
    let mut changed_form = twilio.clone();
    changed_form.body.extend(b"&Body=other");
    let cases = [
        ("another secret", signed_by_others(&of_meta).await),
        ("another token", signed_by_others(&of_twilio).await),
        ("no signature", meta.clone().without_header(HUB_SIGNATURE)),
        ("no hex", meta.clone().header(HUB_SIGNATURE, "sha256=zz")),
        ("a changed body", changed),
        ("a changed form", changed_form),
        ("another address", elsewhere),
        (
            "a signature of the other channel",
            meta.header(TWILIO_SIGNATURE, "AAAA"),
        ),
    ];
    for (cause, webhook) in cases {
        let (status, body) = world.receive(&webhook).await;
        assert_eq!(status, 401, "{cause}: {body}");
        assert!(
            body.contains(r#""code":"unauthenticated""#),
            "{cause}: {body}"
        );
        assert_nothing_queued(&world, cause);
    }
}

#[tokio::test]
async fn unreadable_and_huge_webhooks_are_refused() {
    let world = World::open().await;
    let (status, body) = world.receive(&sample_of_meta("broken-json")).await;
    assert_eq!(status, 400, "{body}");
    assert!(body.contains(r#""code":"bad_json""#), "{body}");
    let mut huge = sample_of_meta("text");
    huge.body.resize(4 * 1024 * 1024 + 1, b' ');
    let (status, body) = world.receive(&huge).await;
    assert_eq!(status, 413, "{body}");
    assert!(body.contains(r#""code":"too_large""#), "{body}");
    assert_nothing_queued(&world, "refused");
}

#[tokio::test]
async fn addresses_are_verified_by_their_token() {
    let world = World::open().await;
    let verify = async |query: &str| {
        let webhook = Webhook {
            method: "GET",
            path: format!("/SmsReceived?{query}"),
            headers: Vec::new(),
            body: Vec::new(),
        };
        world.receive(&webhook).await
    };
    let challenge = "hub.mode=subscribe&hub.challenge=1158201444";
    let verified = verify(&format!("{challenge}&hub.verify_token=verify-token")).await;
    assert_eq!(verified, (200, "1158201444".to_owned()));
    for query in [
        format!("{challenge}&hub.verify_token=other"),
        challenge.to_owned(),
        "hub.mode=subscribe&hub.verify_token=verify-token".to_owned(),
        "hub.mode=unsubscribe&hub.challenge=1&hub.verify_token=verify-token".to_owned(),
        "hub.mode=subscribe&hub.challenge=%3Cscript%3E&hub.verify_token=verify-token".to_owned(),
    ] {
        let (status, body) = verify(&query).await;
        assert_eq!(status, 403, "{query}: {body}");
        assert!(!body.contains("<script>"), "{body}");
    }
}

#[tokio::test]
async fn studio_without_accounts_refuses_every_webhook() {
    let mut world = World::open().await;
    let webhooks = [
        world.write(&world.person("meta").await, hello()).await,
        world.write(&world.person("twilio").await, hello()).await,
    ];
    world.cloud.set_variable("META_PHONE_NUMBER_ID", "");
    world.cloud.set_variable("TWILIO_ACCOUNT_SID", "");
    let state = world.new_state("sms-received", sms_received::PARTS);
    let state = state.await.unwrap();
    for webhook in webhooks {
        let clock = world.clock();
        let routes = sms_received::routes();
        let (status, body) = receive(&state, &routes, &clock, &webhook).await;
        assert_eq!(status, 401, "{body}");
    }
    assert_nothing_queued(&world, "no account");
}

/// Providers repeat two webhooks, of a message and of a status, until they are taken.
struct Receiving {
    world: World,
    webhooks: Vec<Webhook>,
}

impl Scenario for Receiving {
    async fn arrange() -> Self {
        let world = World::open().await;
        let person = world.person("meta").await;
        let message = world.write(&person, hello()).await;
        let webhooks = vec![message, sample_of_meta("batch"), sample_of_meta("status")];
        world.state("sms-received").await;
        Self { world, webhooks }
    }

    fn faults(&self) -> &Faults {
        self.world.cloud.faults()
    }

    async fn act(&self) -> Result<(), Error> {
        for webhook in &self.webhooks {
            let (status, body) = self.world.receive(webhook).await;
            match status {
                200 => {}
                503 => return Err(Error::unavailable("not_taken", body)),
                status => panic!("providers give up at {status}: {body}"),
            }
        }
        Ok(())
    }

    async fn check(&self, story: &str) {
        let messages = self.world.jobs::<Job>(CONVERSATION_QUEUE);
        let mut ids: Vec<_> = messages
            .iter()
            .map(|job| match job {
                Job::V1 { message } => message.id.clone(),
                other => panic!("{story}: {other:?}"),
            })
            .collect();
        let count = ids.len();
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), count, "{story}: a message is queued twice");
        assert!(count >= 3, "{story}: {count} messages");
        let statuses = self.world.jobs::<StatusJob>(STATUS_QUEUE);
        assert!(!statuses.is_empty(), "{story}: no status is queued");
    }
}

#[tokio::test]
async fn webhooks_are_queued_once_whatever_call_fails() {
    let Enumeration { calls, .. } = enumerate::<Receiving>().await;
    assert!(calls >= 3, "{calls}");
}
