//! Bugs that the enumeration must catch: copies of the conversation's worker with one mistake.

use std::panic::AssertUnwindSafe;

use confab_aws::{Bus, Condition, Inbox, Table};
use confab_contracts::{Event, studio::UserMessageReceived};
use confab_core::{CorrelationId, EffectId, Error, EventId, MessageId, Result, Timestamp, UserId};
use confab_lambda::OsEntropy;
use confab_messaging::{Body, Inbound, Outbound, Reference};
use confab_meta::{Meta, MetaConfig};
use confab_testkit::{Enumeration, Faults, Scenario, enumerate};
use confab_worker::{
    Consistency, Decision, DecisionStore, Effect, EffectOutcome, EffectRunner, Evidence,
    InboxState, SaveOutcome, WorkerContext, work,
};
use futures::FutureExt;
use serde_json::json;
use studio_domain::{Job, PRODUCT, inbox_id};

use crate::{
    invariants::{self, statuses_of_concurrent_copies},
    world::{Person, World},
};

/// Whether the copy of the worker takes the lease of a decision before it performs the effects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lease {
    Taken,
    /// Effects are performed without a claim, whatever another copy has begun or done.
    NeverTaken,
}

/// Answers each message with "pong", in the rows of the studio.
struct Worker<'a> {
    world: &'a World,
    message: &'a Inbound,
    user_id: UserId,
    lease: Lease,
}

impl Worker<'_> {
    fn table(&self) -> Table {
        let env = self.world.cloud.env("studio-conversation");
        let aws = self.world.cloud.aws("studio-conversation");
        Table::new(aws.dynamodb(), env.required("CONFAB_TABLE").unwrap())
    }

    async fn handle(&self) -> Result<()> {
        let trigger = inbox_id(self.message);
        let context = WorkerContext {
            clock: &self.world.clock(),
            entropy: &OsEntropy,
            time_left: std::time::Duration::from_secs(60),
        };
        let decide = |()| Decision {
            state: (),
            effects: vec![()],
        };
        Box::pin(work(&trigger, self, self, context, decide)).await?;
        self.publish().await
    }

    async fn publish(&self) -> Result<()> {
        let env = self.world.cloud.env("studio-conversation");
        let aws = self.world.cloud.aws("studio-conversation");
        let bus = Bus::new(&aws, env.required("CONFAB_EVENT_BUS").unwrap());
        let trigger = inbox_id(self.message);
        let data = UserMessageReceived {
            user_id: self.user_id,
            message_id: self.message.id.clone(),
            channel: self.message.from.channel,
            kind: "text".to_owned(),
        };
        let id = EventId::of_event(&trigger);
        let at = self.message.sent_at;
        let event = Event::new(id, at, PRODUCT, self.correlation_id(), trigger, data);
        bus.publish(&[event]).await
    }

    fn effect_sk(id: EffectId) -> String {
        format!("MSG#{:013}#{id}", id.made_at().as_millisecond())
    }

    fn pk(&self) -> String {
        format!("USER#{}", self.user_id)
    }

    fn correlation_id(&self) -> CorrelationId {
        CorrelationId::of_event(&inbox_id(self.message))
    }
}

impl DecisionStore<String> for Worker<'_> {
    type State = ();
    type Effect = ();

    async fn open(&self, trigger: &String, _: Consistency) -> Result<InboxState<(), ()>> {
        let entry: Option<Inbox> = self.table().get(Inbox::key(trigger)).await?;
        let Some(entry) = entry else {
            return Ok(InboxState::New(()));
        };
        let mut effects = Vec::new();
        for id in entry.effects.iter().copied() {
            let key = Table::key(self.pk(), Self::effect_sk(id));
            let row: Option<serde_json::Value> = self.table().get(key).await?;
            effects.push(Effect {
                id,
                what: (),
                settled: self.lease == Lease::Taken
                    && row.is_some_and(|row| row["stage"] != "sending"),
            });
        }
        let lease_until = match self.lease {
            Lease::Taken => entry.lease_until(),
            Lease::NeverTaken => Timestamp::UNIX_EPOCH,
        };
        Ok(InboxState::Decided {
            effects,
            lease_until,
        })
    }

    async fn save(
        &self,
        trigger: &String,
        (): &(),
        effects: &[Effect<()>],
        lease_until: Timestamp,
    ) -> Result<SaveOutcome> {
        let (table, now) = (self.table(), self.world.now());
        let ids = effects.iter().map(|effect| effect.id).collect();
        let entry = Inbox::new(self.user_id.to_string(), ids, lease_until, now);
        let mut writes = vec![entry.claim(&table, trigger, now)?];
        let id = MessageId::new(now, &OsEntropy);
        let message = json!({
            "direction": "in", "id": id, "provider_id": self.message.id, "from": self.message.from,
        });
        let sk = format!("MSG#{:013}#{id}", now.as_millisecond());
        let row = Table::to_row(self.pk(), sk, &message)?;
        writes.push(table.transact_put(row, Condition::none())?);
        for effect in effects {
            let pong = json!({ "action": "say", "body": { "type": "text", "text": "pong" } });
            let row = json!({
                "direction": "out", "id": effect.id, "user_id": self.user_id, "action": pong,
                "stage": "sending", "stage_rank": 0, "correlation_id": self.correlation_id(),
                "expires_at": now.as_second() + 3_600,
            });
            let row = Table::to_row(self.pk(), Self::effect_sk(effect.id), &row)?;
            writes.push(table.transact_put(row, Condition::none())?);
        }
        table.transact(writes).await
    }

    async fn move_lease(
        &self,
        trigger: &String,
        from: Timestamp,
        until: Timestamp,
    ) -> Result<bool> {
        match self.lease {
            Lease::Taken => Inbox::move_lease(&self.table(), trigger, from, until).await,
            Lease::NeverTaken => Ok(true),
        }
    }

    async fn settle(&self, _: &String, effect: &Effect<()>, _: &EffectOutcome) -> Result<()> {
        let key = Table::key(self.pk(), Self::effect_sk(effect.id));
        let sent = Condition::none()
            .value(":sent", confab_aws::text("sent"))
            .value(":rank", confab_aws::number(1));
        let set = "SET stage = :sent, stage_rank = :rank";
        self.table().update(key, set, sent).await.map(drop)
    }
}

impl EffectRunner<()> for Worker<'_> {
    async fn perform(&self, effect: &Effect<()>) -> EffectOutcome {
        let env = self.world.cloud.env("studio-conversation");
        let meta = Meta::new(
            confab_provider_base::http_client().unwrap(),
            MetaConfig {
                api_url: env.required("META_API_URL").unwrap().to_owned(),
                version: "v24.0".to_owned(),
                phone_number_id: self.message.from.business.clone(),
                token: "access-token".to_owned().into(),
                media_origins: Vec::new(),
            },
        );
        let outbound = Outbound {
            to: self.message.from.clone(),
            reference: Reference {
                user_id: self.user_id,
                effect_id: effect.id,
                correlation_id: self.correlation_id(),
            },
            reply_to: None,
            body: Body::Text {
                text: "pong".to_owned(),
            },
        };
        match meta.send(&outbound).await {
            Ok(accepted) => EffectOutcome::Done {
                receipt: accepted.message_id,
            },
            Err(error) => EffectOutcome::Unknown {
                reason: error.to_string(),
            },
        }
    }

    async fn look_for(&self, _: &Effect<()>, _: Timestamp) -> Result<Evidence> {
        Ok(Evidence::DidNotHappen)
    }
}

/// Two copies of a message at the same time, handled by a copy of the worker.
struct Copies {
    world: World,
    person: Person,
    user_id: UserId,
    message: Inbound,
    lease: Lease,
}

impl Copies {
    async fn with(lease: Lease) -> Self {
        let world = World::with_pack().await;
        let person = world.person("meta").await;
        let ping = json!({ "type": "text", "text": "ping" });
        let Job::V1 { message } = world.job_of(&person, ping).await else {
            panic!("not a message");
        };
        let user_id = UserId::new(world.now(), &OsEntropy);
        world.state("studio-status").await;
        Self {
            world,
            person,
            user_id,
            message,
            lease,
        }
    }

    async fn handle_copies(&self) -> Result<(), Error> {
        self.world.begin_delivery().await;
        let worker = Worker {
            world: &self.world,
            message: &self.message,
            user_id: self.user_id,
            lease: self.lease,
        };
        let (first, second) = tokio::join!(worker.handle(), worker.handle());
        // SQS keeps a copy that found the other one at work.
        first.or(second)
    }

    async fn check_copies(&self, story: &str) {
        let received = self.world.received(&self.person);
        assert!(!received.is_empty(), "{story}: no answer");
        let statuses = statuses_of_concurrent_copies(story);
        invariants::check_with(&self.world, statuses, story).await;
    }
}

/// Copies that are handled at once, by a worker that takes its lease or not.
struct Handling<const TAKES_LEASE: bool>(Copies);

impl<const TAKES_LEASE: bool> Scenario for Handling<TAKES_LEASE> {
    async fn arrange() -> Self {
        let lease = if TAKES_LEASE {
            Lease::Taken
        } else {
            Lease::NeverTaken
        };
        Self(Copies::with(lease).await)
    }

    fn faults(&self) -> &Faults {
        self.0.world.cloud.faults()
    }

    async fn act(&self) -> Result<(), Error> {
        self.0.handle_copies().await
    }

    async fn check(&self, story: &str) {
        self.0.check_copies(story).await;
    }
}

#[tokio::test]
async fn checker_accepts_the_copy_of_the_worker_that_takes_its_lease() {
    let Enumeration { calls, .. } = enumerate::<Handling<true>>().await;
    assert!(calls >= 6, "{calls}");
}

#[tokio::test]
async fn checker_reports_messages_that_are_sent_twice_when_no_lease_is_taken() {
    let caught = AssertUnwindSafe(enumerate::<Handling<false>>()).catch_unwind();
    let panic = caught.await.unwrap_err();
    let text = panic.downcast_ref::<String>().unwrap();
    assert!(text.contains("was sent 2 times"), "{text}");
}
