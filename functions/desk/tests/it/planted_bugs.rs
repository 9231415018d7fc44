//! Copies of a route that posts messages and of a worker that ends setups, some of them with a bug. The enumeration must
//! report it.

use std::{
    marker::PhantomData,
    sync::atomic::{AtomicBool, Ordering},
};

use confab_aws::{Condition, Entry, Queue, Row, Table};
use confab_core::{CorrelationId, Error, Result};
use confab_lambda::OsEntropy;
use confab_testkit::{Faults, Scenario, enumerate};
use confab_worker::SaveOutcome;
use desk_domain::{
    Author, Command, Head, Message, MessageDraft, ProvisionEvent, ProvisionRun, ProvisionStep,
    Tenant, Transition, apply_commands, decide_provision,
};
use serde_json::{Value, json};

use crate::{
    desk_provision::{arrange_step, check_ready},
    talk::Talk,
    tenants::Colleague,
    world::{World, text},
};

/// The bug of a route or a worker.
trait Bug {
    const PUBLISHES_BEFORE_IT_SAVES: bool = false;
    const DROPS_THE_ERROR_OF_A_SEND: bool = false;
    const NEVER_CLAIMS: bool = false;
}

struct NoBug;
impl Bug for NoBug {}

struct EffectBeforeCommit;
impl Bug for EffectBeforeCommit {
    const PUBLISHES_BEFORE_IT_SAVES: bool = true;
}

struct DroppedError;
impl Bug for DroppedError {
    const DROPS_THE_ERROR_OF_A_SEND: bool = true;
}

struct NoClaim;
impl Bug for NoClaim {
    const NEVER_CLAIMS: bool = true;
}

fn contended() -> Error {
    Error::unavailable("contended", "the row was changed")
}

/// A client of the copy, which posts an agent's message until it is answered.
struct Posting<B> {
    talk: Talk,
    id: String,
    author: Author,
    draft: MessageDraft,
    table: Table,
    queue: Queue,
    is_answered: AtomicBool,
    bug: PhantomData<B>,
}

impl<B: Bug> Posting<B> {
    /// The route: stores the message once, and publishes it also when it was stored before.
    async fn post(&self) -> Result<()> {
        let head: Head = self.table.get(self.key("HEAD")).await?.unwrap();
        let said: Option<Value> = self.table.get(self.key(&self.said_sk())).await?;
        if let Some(said) = said {
            let sk = message_sk(said["seq"].as_u64().unwrap());
            let message: Message = self.table.get(self.key(&sk)).await?.unwrap();
            return self.publish(&head, &[message]).await;
        }
        let command = Command::Post(self.draft.clone());
        let now = self.talk.world.now();
        let posted = apply_commands(&head, &[command], &self.author, now)?;
        if B::PUBLISHES_BEFORE_IT_SAVES {
            self.publish(&posted.head, &posted.entries).await?;
            return self.save(head.version, &posted).await;
        }
        self.save(head.version, &posted).await?;
        let published = self.publish(&posted.head, &posted.entries).await;
        if B::DROPS_THE_ERROR_OF_A_SEND {
            return Ok(());
        }
        published
    }

    fn key(&self, sk: &str) -> Row {
        Table::key(self.talk.conversation_pk(&self.id), sk)
    }

    fn said_sk(&self) -> String {
        let client_id = self.draft.client_msg_id.as_str();
        format!("SAID#{}#{client_id}", self.author.key())
    }

    async fn save(&self, version: u64, posted: &Transition) -> Result<()> {
        let (table, pk) = (&self.table, self.talk.conversation_pk(&self.id));
        let head = Table::to_row(&pk, "HEAD", &posted.head)?;
        let said = json!({ "seq": posted.head.last_seq });
        let said = Table::to_row(&pk, self.said_sk(), &said)?;
        let mut writes = vec![
            table.transact_put(head, Condition::version(version))?,
            table.transact_put(said, Condition::not_exists())?,
        ];
        for entry in &posted.entries {
            let row = Table::to_row(&pk, message_sk(entry.seq), entry)?;
            writes.push(table.transact_put(row, Condition::not_exists())?);
        }
        match table.transact(writes).await? {
            SaveOutcome::Saved => Ok(()),
            SaveOutcome::Conflict => Err(contended()),
        }
    }

    async fn publish(&self, head: &Head, entries: &[Message]) -> Result<()> {
        let (tenant, now) = (self.talk.workspace.id, self.talk.world.now());
        let channel = json!({ "kind": "conversation", "tenant": tenant, "conversation": head.id });
        let update = json!({ "kind": "appended", "conversation": head.id, "entries": entries });
        let appended = json!({ "version": "1", "room": channel, "at": now, "news": [update] });
        let channel = json!({ "kind": "inbox", "tenant": tenant });
        let update = json!({ "kind": "head_changed", "head": head });
        let changed = json!({ "version": "1", "room": channel, "at": now, "news": [update] });
        let correlation_id = CorrelationId::of_event("test");
        let said_key = format!("said#{}#{}", head.id, head.last_seq);
        let head_key = format!("head#{}#{}", head.id, head.version);
        let entries = [
            Entry::fifo(&self.id, &said_key, &appended, correlation_id)?,
            Entry::fifo("inbox", &head_key, &changed, correlation_id)?,
        ];
        self.queue.send(&entries).await
    }
}

fn message_sk(seq: u64) -> String {
    format!("MSG#{seq:012}")
}

impl<B: Bug> Scenario for Posting<B> {
    async fn arrange() -> Self {
        let talk = Talk::open().await;
        let (visitor, agent) = (talk.visitor().await, talk.agent().await);
        let id = talk.start_with_people(&visitor).await;
        let author = Author::Agent {
            id: agent.id,
            name: "Noa".into(),
        };
        let env = talk.world.cloud.env("desk-messages");
        let url = env.required("CONFAB_BROADCAST_QUEUE_URL").unwrap();
        Self {
            table: talk.world.table(),
            queue: Queue::new(&talk.world.cloud.aws("outside"), url),
            talk,
            id,
            author,
            draft: MessageDraft::parse("message-0001", "hello").unwrap(),
            is_answered: AtomicBool::new(false),
            bug: PhantomData,
        }
    }

    fn faults(&self) -> &Faults {
        self.talk.world.cloud.faults()
    }

    async fn act(&self) -> Result<()> {
        if !self.is_answered.load(Ordering::Relaxed) {
            self.talk.world.advance(1);
            self.post().await?;
            self.is_answered.store(true, Ordering::Relaxed);
        }
        Ok(())
    }

    async fn check(&self, story: &str) {
        self.talk.check(&self.id, story).await;
    }
}

#[tokio::test]
async fn routes_without_a_bug_pass_the_enumeration() {
    let ran = enumerate::<Posting<NoBug>>().await;
    assert_eq!(ran.calls, 4, "head, earlier attempt, message, broadcasts");
}

#[tokio::test]
#[should_panic(expected = "was published without its row")]
async fn updates_before_their_row_are_found() {
    enumerate::<Posting<EffectBeforeCommit>>().await;
}

#[tokio::test]
#[should_panic(expected = "the last entry was published")]
async fn dropped_errors_of_a_send_are_found() {
    enumerate::<Posting<DroppedError>>().await;
}

/// The last step of a setup, whose message comes again until a copy of the worker has handled it.
struct Ending<B> {
    world: World,
    owner: Colleague,
    table: Table,
    bug: PhantomData<B>,
}

impl<B: Bug> Ending<B> {
    async fn handle(&self) -> Result<()> {
        let step = ProvisionStep::Ready;
        let keys = Condition::expression("pk = :pk");
        let keys = keys.value(":pk", confab_aws::text(self.owner.pk("#RUN")));
        let row = self.table.query_consistent(keys, 1).await?.pop().unwrap();
        let run: ProvisionRun = Table::from_row(row)?;
        let run = self
            .advance(&run, &ProvisionEvent::TryStarted { step })
            .await?;
        if !run.awaits(step) {
            return Ok(());
        }
        self.finish().await?;
        let done = ProvisionEvent::StepDone { step };
        self.advance(&run, &done).await.map(drop)
    }

    async fn advance(&self, run: &ProvisionRun, event: &ProvisionEvent) -> Result<ProvisionRun> {
        let (next, _) = decide_provision(Some(run), event, self.world.now())?;
        let row = Table::to_row(self.owner.pk("#RUN"), next.id.to_string(), &next)?;
        let is_saved = next == *run || self.table.put(row, Condition::version(run.version)).await?;
        if is_saved { Ok(next) } else { Err(contended()) }
    }

    /// Records that the workspace is ready. The version of its row is the claim to do so.
    async fn finish(&self) -> Result<()> {
        let (table, pk, now) = (&self.table, self.owner.pk(""), self.world.now());
        let before: Tenant = table.get(Table::key(&pk, "TENANT")).await?.unwrap();
        let ready = before.with_setup(true, now);
        if ready == before && !B::NEVER_CLAIMS {
            return Ok(());
        }
        let claim = if B::NEVER_CLAIMS {
            Condition::none()
        } else {
            Condition::version(before.version)
        };
        let correlation_id = CorrelationId::new(now, &OsEntropy);
        let entry = json!({
            "at": now, "actor": { "kind": "system", "id": "desk-provision" },
            "action": "tenant.ready", "target": self.owner.tenant, "correlation_id": correlation_id,
        });
        let month = &now.to_string()[..7];
        let sk = format!("{:013}#{correlation_id}", now.as_millisecond());
        let audit = Table::to_row(self.owner.pk(&format!("#AUDIT#{month}")), sk, &entry)?;
        let writes = vec![
            table.transact_put(Table::to_row(&pk, "TENANT", &ready)?, claim)?,
            table.transact_put(audit, Condition::not_exists())?,
        ];
        match table.transact(writes).await? {
            SaveOutcome::Saved => Ok(()),
            SaveOutcome::Conflict => Err(contended()),
        }
    }
}

impl<B: Bug> Scenario for Ending<B> {
    async fn arrange() -> Self {
        let (world, owner, job) = arrange_step(4).await;
        assert_eq!(text(&job, "step"), "ready");
        Self {
            table: world.table(),
            world,
            owner,
            bug: PhantomData,
        }
    }

    fn faults(&self) -> &Faults {
        self.world.cloud.faults()
    }

    async fn act(&self) -> Result<()> {
        self.handle().await
    }

    async fn check(&self, story: &str) {
        check_ready(&self.world, &self.owner, story).await;
    }
}

#[tokio::test]
async fn workers_without_a_bug_pass_the_enumeration() {
    let ran = enumerate::<Ending<NoBug>>().await;
    assert_eq!(ran.calls, 5, "run, try, workspace, its claim, end");
}

#[tokio::test]
#[should_panic(expected = ": tenant.ready")]
async fn claims_that_are_never_taken_are_found() {
    enumerate::<Ending<NoClaim>>().await;
}
