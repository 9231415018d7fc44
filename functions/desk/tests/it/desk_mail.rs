//! `desk-mail`: each delivery of a job sends its mail once, in the language of the person.

use std::{sync::Arc, time::Duration};

use confab_core::{Clock, CorrelationId, Kind, Result};
use confab_lambda::{OsEntropy, QueueMessage};
use confab_testkit::{
    Cloud, Enumeration, Fault, Faults, Scenario, StoredMail, enumerate, invocation,
};
use desk::{State, workers::desk_mail};
use serde_json::{Value, json};

const FROM: &str = "Desk <desk@example.com>";
const LINK: &str = "https://console.example/verify#token=abc";

/// A cloud with the worker.
struct MailWorld {
    cloud: Cloud,
    state: Arc<State>,
}

impl MailWorld {
    async fn open() -> Self {
        let sender = [
            ("DeskMailFrom", FROM),
            ("DeskMailIdentity", "desk@example.com"),
        ];
        let cloud = Cloud::open_with(&sender, &[]).await;
        let platform = cloud.platform("desk-mail");
        let state = State::new(platform, desk_mail::PARTS).await.unwrap();
        let state = Arc::new(state);
        Self { cloud, state }
    }

    /// Handles a job once.
    async fn handle(&self, job: &Value) -> Result<()> {
        let message = QueueMessage {
            body: serde_json::from_value(job.clone()).unwrap(),
            correlation_id: CorrelationId::new(self.cloud.clock().now(), &OsEntropy),
            receives: 1,
            time_left: Duration::from_secs(25),
        };
        invocation(desk_mail::handle(self.state.clone(), message)).await
    }

    /// Handles a job that is sent. Returns the mail.
    async fn send(&self, job: &Value) -> StoredMail {
        let before = self.cloud.mails().len();
        self.handle(job).await.unwrap();
        let mut mails = self.cloud.mails();
        assert_eq!(mails.len(), before + 1, "{job}");
        mails.pop().unwrap()
    }
}

fn job(language: &str, content: &Value) -> Value {
    let mut job = content.clone();
    job["to"] = json!("Dana.Levi@shop.example");
    job["language"] = json!(language);
    job
}

fn verify() -> Value {
    job("en", &json!({ "kind": "verify", "link": LINK }))
}

#[tokio::test]
async fn mail_is_sent_in_the_language_of_the_person() {
    let world = MailWorld::open().await;
    let content = json!({ "kind": "reset_password", "link": LINK });
    let english = world.send(&job("en-GB", &content)).await;
    assert_eq!(english.summary.subject, "Reset your password");
    assert_eq!(english.summary.to, ["Dana.Levi@shop.example"]);
    assert_eq!(english.summary.from, FROM);
    let text = english.text.unwrap();
    assert!(text.lines().any(|line| line == LINK), "{text}");
    let hebrew = world.send(&job("he", &content)).await;
    assert_eq!(hebrew.summary.subject, "איפוס הסיסמה שלך");
    assert!(hebrew.html.unwrap().contains(r#"dir="rtl""#));
    let mut unknown = job("en", &content);
    unknown["language"] = Value::Null;
    let unknown = world.send(&unknown).await;
    assert_eq!(unknown.summary.subject, english.summary.subject);
}

#[tokio::test]
async fn mails_of_every_kind_are_sent() {
    let world = MailWorld::open().await;
    for content in [
        json!({ "kind": "verify", "link": LINK }),
        json!({ "kind": "already_registered", "link": LINK }),
        json!({ "kind": "reset_password", "link": LINK }),
        json!({ "kind": "password_changed" }),
        json!({ "kind": "session_reused", "device": "Firefox" }),
        json!({ "kind": "invite", "link": LINK, "tenant_name": "Shop", "inviter_name": "Dana" }),
        json!({ "kind": "transcript", "tenant_name": "Shop", "text": "Hi!\n".repeat(20_000) }),
    ] {
        let mail = world.send(&job("he", &content)).await;
        assert!(!mail.summary.subject.is_empty(), "{content}");
        let has_link = mail.text.unwrap().contains(LINK);
        assert_eq!(has_link, content["link"].is_string(), "{content}");
    }
}

#[tokio::test]
async fn address_that_ses_refuses_is_dropped() {
    let world = MailWorld::open().await;
    let mut refused = verify();
    refused["to"] = json!("דנה@shop.example");
    world.handle(&refused).await.unwrap();
    assert_eq!(world.cloud.mails(), []);
}

#[tokio::test]
async fn jobs_of_unknown_kinds_and_malformed_addresses_are_not_read() {
    let read = |job: &Value| serde_json::from_value::<desk_mail::MailJob>(job.clone());
    assert!(read(&verify()).is_ok());
    assert!(read(&job("en", &json!({ "kind": "greeting" }))).is_err());
    assert!(read(&job("en", &json!({ "kind": "verify" }))).is_err());
    let mut malformed = verify();
    malformed["to"] = json!("dana@shop.example\r\nBcc: eve@evil.example");
    assert!(read(&malformed).is_err());
}

#[tokio::test]
async fn mail_whose_answer_was_lost_is_sent_by_the_next_delivery_alone() {
    let world = MailWorld::open().await;
    for deliveries in 1..=3 {
        world.cloud.faults().plan(0, Fault::ReplyLost);
        let lost = world.handle(&verify()).await.unwrap_err();
        // A fault of its own ends in the dead-letter queue after five deliveries.
        assert_eq!(
            (lost.code(), lost.kind()),
            ("mail_outcome_unknown", Kind::Internal)
        );
        assert_eq!(world.cloud.mails().len(), deliveries);
        assert_eq!(world.cloud.faults().calls().len(), 1);
    }
    world.cloud.faults().plan(0, Fault::Throttled);
    let waits = world.handle(&verify()).await.unwrap_err();
    assert_eq!(
        (waits.code(), waits.kind()),
        ("mail_failed", Kind::Unavailable)
    );
    world.cloud.faults().clear();
}

/// A mail is sent while the call of SES fails.
struct Sending(MailWorld);

impl Scenario for Sending {
    async fn arrange() -> Self {
        Self(MailWorld::open().await)
    }

    fn faults(&self) -> &Faults {
        self.0.cloud.faults()
    }

    async fn act(&self) -> Result<()> {
        self.0.handle(&verify()).await
    }

    async fn check(&self, story: &str) {
        let mails = self.0.cloud.mails();
        assert!((1..=3).contains(&mails.len()), "{story}: {mails:?}");
        for mail in mails {
            assert_eq!(mail.summary.subject, "Confirm your email address");
        }
    }
}

#[tokio::test]
async fn mail_is_never_lost_whatever_call_fails() {
    let Enumeration { calls, runs } = enumerate::<Sending>().await;
    assert!((calls, runs) >= (1, 5), "{calls} calls, {runs} runs");
}
