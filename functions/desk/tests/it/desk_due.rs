//! `desk-due`: does one thing that is due.

use std::time::Duration;

use confab_core::{Result, after};
use confab_testkit::{Faults, Scenario, enumerate, invocation};
use desk::workers::desk_due;
use desk_domain::LifecycleEvent;
use serde_json::{Value, json};

use crate::{
    talk::Talk,
    world::{DUE_QUEUE, text},
};

const HOUR: Duration = Duration::from_secs(3_600);
const DAY_SECONDS: u64 = 86_400;

impl Talk {
    /// Does what a job says.
    pub(crate) async fn run_due(&self, job: &Value) -> Result<()> {
        let state = self.world.state("desk-due").await;
        invocation(desk_due::handle(state, self.world.message(job))).await
    }

    /// Starts a conversation that an agent snoozes for an hour.
    pub(crate) async fn snoozed(&self) -> String {
        let (visitor, agent) = (self.visitor().await, self.agent().await);
        let id = self.start_with_people(&visitor).await;
        let until = after(self.world.now(), HOUR);
        let snoozed = self
            .patch(&agent.token, &id, json!({ "snooze_until": until }))
            .await;
        assert_eq!(snoozed.status, 200, "{snoozed:?}");
        id
    }

    pub(crate) fn due_job(&self, id: &str) -> Value {
        json!({
            "tenant": self.workspace.id,
            "subject": { "kind": "conversation", "id": id },
            "due_at": self.world.now(),
        })
    }
}

#[tokio::test]
async fn snoozed_conversation_wakes_once_when_it_is_due() {
    let talk = Talk::open().await;
    let id = talk.snoozed().await;
    let before = talk.head(&id).await;
    assert!(!text(&before, "dpk").is_empty(), "{before}");
    let early = talk.due_job(&id);
    talk.run_due(&early).await.unwrap();
    assert_eq!(talk.head(&id).await["status"], "snoozed");
    talk.world.advance(3_600);
    let job = talk.due_job(&id);
    for _ in 0..2 {
        talk.run_due(&job).await.unwrap();
    }
    let head = talk.head(&id).await;
    assert_eq!(head["status"], "open");
    assert!(head["dpk"].is_null(), "it is due no more: {head}");
    assert_eq!(
        head["last_seq"].as_u64(),
        before["last_seq"].as_u64().map(|seq| seq + 1)
    );
    talk.check(&id, "a wake").await;
}

#[tokio::test]
async fn idle_conversation_ends_once_a_day_after_its_last_message() {
    let talk = Talk::open().await;
    let visitor = talk.visitor().await;
    let id = talk.start(&visitor, None).await;
    let before = talk.head(&id).await;
    assert!(!text(&before, "dpk").is_empty(), "{before}");
    talk.world.advance(DAY_SECONDS - 1);
    talk.run_due(&talk.due_job(&id)).await.unwrap();
    assert_eq!(talk.head(&id).await["status"], "bot", "it is early");
    talk.world.advance(1);
    let job = talk.due_job(&id);
    for _ in 0..2 {
        talk.run_due(&job).await.unwrap();
    }
    let head = talk.head(&id).await;
    assert_eq!(head["status"], "closed");
    assert_eq!(head["ended"]["reason"], "no_reply");
    assert!(head["dpk"].is_null(), "it is due no more: {head}");
    assert_eq!(
        head["last_seq"].as_u64(),
        before["last_seq"].as_u64().map(|seq| seq + 1)
    );
    talk.check(&id, "an idle end").await;
    talk.say(&visitor.token, &id, "I am back").await;
    assert_eq!(talk.head(&id).await["status"], "bot");
}

#[tokio::test]
async fn conversation_whose_visitor_waits_for_a_person_never_ends_by_itself() {
    let talk = Talk::open().await;
    let visitor = talk.visitor().await;
    let id = talk.start_with_people(&visitor).await;
    let head = talk.head(&id).await;
    assert!(head["dpk"].is_null(), "{head}");
    talk.world.advance(9 * DAY_SECONDS);
    talk.run_due(&talk.due_job(&id)).await.unwrap();
    assert_eq!(talk.head(&id).await, head);
    // The answer of a person starts the time, and the next question stops it.
    let agent = talk.agent().await;
    talk.say(&agent.token, &id, "How can I help?").await;
    assert!(!text(&talk.head(&id).await, "dpk").is_empty());
    talk.say(&visitor.token, &id, "One more question").await;
    talk.world.advance(9 * DAY_SECONDS);
    talk.run_due(&talk.due_job(&id)).await.unwrap();
    assert_eq!(talk.head(&id).await["status"], "open");
}

#[tokio::test]
async fn message_that_arrives_before_the_end_of_an_idle_conversation_wins() {
    let talk = Talk::open().await;
    let visitor = talk.visitor().await;
    let id = talk.start(&visitor, None).await;
    talk.world.advance(DAY_SECONDS);
    let job = talk.due_job(&id);
    talk.say(&visitor.token, &id, "Are you open today?").await;
    let written = talk.head(&id).await;
    talk.run_due(&job).await.unwrap();
    assert_eq!(talk.head(&id).await, written);
    // At once: the message is there in each order, and the conversation goes on.
    talk.world.advance(DAY_SECONDS);
    let job = talk.due_job(&id);
    let (_, ended) = tokio::join!(
        talk.say(&visitor.token, &id, "And tomorrow?"),
        talk.run_due(&job)
    );
    ended.unwrap();
    assert_ne!(talk.head(&id).await["status"], "closed");
    talk.check(&id, "a message at the idle end").await;
}

#[tokio::test]
async fn jobs_of_things_that_are_gone_do_nothing() {
    let talk = Talk::open().await;
    let before = talk.world.rows().await;
    let gone = talk.due_job("cnv_00000000000000000000000000");
    talk.run_due(&gone).await.unwrap();
    let upload = json!({
        "kind": "upload",
        "conversation": "cnv_00000000000000000000000000",
        "id": "upl_00000000000000000000000000",
    });
    let upload = json!({
        "tenant": talk.workspace.id, "subject": upload, "due_at": talk.world.now(),
    });
    talk.run_due(&upload).await.unwrap();
    assert_eq!(talk.world.rows().await, before);
}

#[tokio::test]
async fn trial_ends_when_it_is_over() {
    let talk = Talk::open().await;
    talk.world.advance(14 * 86_400);
    let job = json!({
        "tenant": talk.workspace.id, "subject": { "kind": "tenant" },
        "due_at": talk.world.now(),
    });
    for _ in 0..2 {
        talk.run_due(&job).await.unwrap();
    }
    let tenant = talk.world.row(&talk.workspace.pk(""), "TENANT").await;
    assert!(
        tenant["lifecycle"]["holds"]["trial_ended"].is_object(),
        "{tenant}"
    );
}

#[tokio::test]
async fn deleted_workspace_is_erased_after_its_grace_and_no_other() {
    let talk = Talk::open().await;
    let visitor = talk.visitor().await;
    talk.start_with_people(&visitor).await;
    let other = talk.world.workspace().await;
    let now = talk.world.now();
    let delete = |tenant: &desk_domain::Tenant| tenant.apply(&LifecycleEvent::Delete, now).unwrap();
    talk.world.change_workspace(&talk.workspace, delete).await;
    talk.world.advance(30 * 86_400);
    let mut job = json!({
        "tenant": talk.workspace.id, "subject": { "kind": "tenant" },
        "due_at": talk.world.now(),
    });
    // What does not fit into the time of one job goes on in another one.
    for _ in 0..20 {
        talk.run_due(&job).await.unwrap();
        match talk.world.take(DUE_QUEUE).pop() {
            Some(rest) => job = rest,
            None => break,
        }
    }
    let rows = talk.world.rows_without_limits().await;
    let own = talk.workspace.pk("");
    let left: Vec<_> = rows
        .iter()
        .filter(|row| text(row, "pk").starts_with(&own))
        .collect();
    assert!(left.is_empty(), "{left:?}");
    let kept = talk.world.row(&other.pk(""), "TENANT").await;
    assert!(!kept.is_null());
}

struct Wake(Talk, String, Value);

impl Scenario for Wake {
    async fn arrange() -> Self {
        let talk = Talk::open().await;
        let id = talk.snoozed().await;
        talk.world.advance(3_600);
        let job = talk.due_job(&id);
        talk.world.state("desk-due").await;
        Self(talk, id, job)
    }

    fn faults(&self) -> &Faults {
        self.0.world.cloud.faults()
    }

    async fn act(&self) -> Result<()> {
        self.0.run_due(&self.2).await
    }

    async fn check(&self, story: &str) {
        let head = self.0.head(&self.1).await;
        assert_eq!(head["status"], "open", "{story}");
        let heads = self.0.updates("inbox", "head_changed");
        let is_told = heads
            .iter()
            .any(|update| update["head"]["version"] == head["version"]);
        assert!(is_told, "{story}: the inbox was told");
    }
}

#[tokio::test]
async fn conversation_wakes_once_whatever_call_fails() {
    let ran = enumerate::<Wake>().await;
    assert!(ran.calls >= 3, "{ran:?}");
}

struct IdleEnd(Talk, String, Value);

impl Scenario for IdleEnd {
    async fn arrange() -> Self {
        let talk = Talk::open().await;
        let visitor = talk.visitor().await;
        let id = talk.start(&visitor, None).await;
        talk.world.advance(DAY_SECONDS);
        let job = talk.due_job(&id);
        talk.world.state("desk-due").await;
        Self(talk, id, job)
    }

    fn faults(&self) -> &Faults {
        self.0.world.cloud.faults()
    }

    async fn act(&self) -> Result<()> {
        self.0.run_due(&self.2).await
    }

    async fn check(&self, story: &str) {
        let Self(talk, id, _) = self;
        let head = talk.head(id).await;
        assert_eq!(head["ended"]["reason"], "no_reply", "{story}");
        let messages = talk.rows_with(id, "MSG#").await;
        let ends = messages
            .iter()
            .filter(|row| row["event"]["type"] == "ended");
        assert_eq!(ends.count(), 1, "{story}");
        let ends = talk.updates("conversation", "ended");
        assert!(!ends.is_empty(), "{story}: its sockets were told");
        let heads = talk.updates("inbox", "head_changed");
        let is_told = heads
            .iter()
            .any(|update| update["head"]["version"] == head["version"]);
        assert!(is_told, "{story}: the inbox was told");
    }
}

#[tokio::test]
async fn idle_conversation_ends_once_whatever_call_fails() {
    let ran = enumerate::<IdleEnd>().await;
    assert!(ran.calls >= 3, "{ran:?}");
}
