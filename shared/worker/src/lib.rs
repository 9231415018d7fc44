//! The idempotent worker: a pure decision inside a shell that tolerates copies, crashes and unknown outcomes, over ports.
//!
//! The transaction that saves the decision is the claim. Nothing outside is touched before it, so that of two copies of
//! a trigger one is saved and the other finds it saved. The saved decision carries a lease, so that one worker at a time
//! performs its effects; a worker that dies leaves the lease to expire.

use std::{future::Future, time::Duration};

use confab_core::{Clock, EffectId, Entropy, Error, Result, Timestamp};

#[derive(Debug, Clone, PartialEq)]
pub struct Effect<E> {
    pub id: EffectId,
    pub what: E,
    /// Performed, or refused for good. Until then an attempt may have begun, with an unknown outcome.
    pub settled: bool,
}

/// What the decision store has of a trigger.
#[derive(Debug)]
pub enum InboxState<S, E> {
    New(S),
    Decided {
        effects: Vec<Effect<E>>,
        lease_until: Timestamp,
    },
}

#[derive(Debug)]
pub struct Decision<S, E> {
    pub state: S,
    pub effects: Vec<E>,
}

/// How much a read may lag behind the last write. A stale read is cheaper and safe, because saving checks versions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Consistency {
    Eventual,
    Strong,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SaveOutcome {
    Saved,
    /// The state or the trigger was saved by another worker since it was read.
    Conflict,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EffectOutcome {
    Done {
        receipt: String,
    },
    /// The provider said no, and will say no again.
    Refused {
        code: i64,
        title: String,
    },
    /// Certainly not done; a later attempt may succeed.
    Later {
        code: i64,
        title: String,
    },
    /// The request may have been carried out, so that sending it again could double it.
    Unknown {
        reason: String,
    },
}

/// Whether an attempt with an unknown outcome was carried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Evidence {
    Happened { receipt: String },
    DidNotHappen,
    NotYetClear,
}

/// Stores decisions. `Trigger` is what the worker was given, with an id of its own.
pub trait DecisionStore<Trigger>: Sync {
    type State: Send + Sync;
    type Effect: Send + Sync;

    fn open(
        &self,
        trigger: &Trigger,
        consistency: Consistency,
    ) -> impl Future<Output = Result<InboxState<Self::State, Self::Effect>>> + Send;

    /// Saves state, effects and the trigger's inbox entry in one transaction, or nothing.
    fn save(
        &self,
        trigger: &Trigger,
        state: &Self::State,
        effects: &[Effect<Self::Effect>],
        lease_until: Timestamp,
    ) -> impl Future<Output = Result<SaveOutcome>> + Send;

    /// Takes over an expired lease. Returns `false` when another worker was faster.
    fn take_over(
        &self,
        trigger: &Trigger,
        expired: Timestamp,
        lease_until: Timestamp,
    ) -> impl Future<Output = Result<bool>> + Send;

    /// Marks an effect as done or refused.
    fn settle(
        &self,
        trigger: &Trigger,
        effect: &Effect<Self::Effect>,
        outcome: &EffectOutcome,
    ) -> impl Future<Output = Result<()>> + Send;
}

/// Performs effects at providers, queues and the bus.
pub trait EffectRunner<E>: Sync {
    fn perform(&self, effect: &Effect<E>) -> impl Future<Output = EffectOutcome> + Send;
    /// Looks up whether an earlier attempt was carried out. All attempts ended by `attempts_ended`.
    fn look_for(
        &self,
        effect: &Effect<E>,
        attempts_ended: Timestamp,
    ) -> impl Future<Output = Result<Evidence>> + Send;
}

/// What the worker takes from its invocation.
#[derive(Clone, Copy)]
pub struct WorkerContext<'a> {
    pub clock: &'a dyn Clock,
    pub entropy: &'a dyn Entropy,
    /// How long this invocation may still take: no lease is shorter.
    pub time_left: Duration,
}

impl std::fmt::Debug for WorkerContext<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "WorkerContext({:?})", self.time_left)
    }
}

impl WorkerContext<'_> {
    fn lease_until(&self) -> Timestamp {
        let now = self.clock.now();
        now.checked_add(self.time_left).unwrap_or(now)
    }

    fn effects<E>(&self, decided: Vec<E>) -> Vec<Effect<E>> {
        let now = self.clock.now();
        let effect = |what| Effect {
            id: EffectId::new(now, self.entropy),
            what,
            settled: false,
        };
        decided.into_iter().map(effect).collect()
    }
}

/// Attempts to save a decision. More conflicts in a row are a hot spot, left to redelivery.
const MAX_SAVE_ATTEMPTS: usize = 4;

/// Handles a trigger once, however often it is delivered and wherever an earlier attempt died.
pub async fn work<Trigger, D, R>(
    trigger: &Trigger,
    store: &D,
    runner: &R,
    context: WorkerContext<'_>,
    decide: impl Fn(D::State) -> Decision<D::State, D::Effect> + Send,
) -> Result<()>
where
    Trigger: Sync,
    D: DecisionStore<Trigger>,
    R: EffectRunner<D::Effect>,
{
    let mut consistency = Consistency::Eventual;
    for _ in 0..MAX_SAVE_ATTEMPTS {
        match store.open(trigger, consistency).await? {
            InboxState::New(state) => {
                let decision = decide(state);
                let effects = context.effects(decision.effects);
                let lease_until = context.lease_until();
                let saved = store.save(trigger, &decision.state, &effects, lease_until);
                if saved.await? == SaveOutcome::Saved {
                    return perform_all(trigger, store, runner, &effects).await;
                }
                consistency = Consistency::Strong;
            }
            InboxState::Decided {
                effects,
                lease_until,
            } => {
                let open: Vec<_> = effects.into_iter().filter(|e| !e.settled).collect();
                if open.is_empty() {
                    return Ok(());
                }
                let in_progress =
                    || Error::unavailable("in_progress", "another worker holds the lease");
                if lease_until > context.clock.now() {
                    return Err(in_progress());
                }
                if !store
                    .take_over(trigger, lease_until, context.lease_until())
                    .await?
                {
                    return Err(in_progress());
                }
                return resume(trigger, store, runner, &open, lease_until).await;
            }
        }
    }
    Err(Error::unavailable(
        "contended",
        "the state changed at each attempt to save it",
    ))
}

/// Finishes the effects of a worker that died.
async fn resume<Trigger, D, R>(
    trigger: &Trigger,
    store: &D,
    runner: &R,
    open: &[Effect<D::Effect>],
    attempts_ended: Timestamp,
) -> Result<()>
where
    Trigger: Sync,
    D: DecisionStore<Trigger>,
    R: EffectRunner<D::Effect>,
{
    for effect in open {
        match runner.look_for(effect, attempts_ended).await? {
            Evidence::Happened { receipt } => {
                let outcome = EffectOutcome::Done { receipt };
                store.settle(trigger, effect, &outcome).await?;
            }
            Evidence::DidNotHappen => perform(trigger, store, runner, effect).await?,
            Evidence::NotYetClear => {
                return Err(Error::unavailable(
                    "outcome_unclear",
                    "an earlier attempt may still arrive",
                ));
            }
        }
    }
    Ok(())
}

/// Performs effects in order. The first that must wait ends the work, and redelivery continues from it.
async fn perform_all<Trigger, D, R>(
    trigger: &Trigger,
    store: &D,
    runner: &R,
    effects: &[Effect<D::Effect>],
) -> Result<()>
where
    Trigger: Sync,
    D: DecisionStore<Trigger>,
    R: EffectRunner<D::Effect>,
{
    for effect in effects {
        perform(trigger, store, runner, effect).await?;
    }
    Ok(())
}

async fn perform<Trigger, D, R>(
    trigger: &Trigger,
    store: &D,
    runner: &R,
    effect: &Effect<D::Effect>,
) -> Result<()>
where
    Trigger: Sync,
    D: DecisionStore<Trigger>,
    R: EffectRunner<D::Effect>,
{
    let outcome = runner.perform(effect).await;
    match &outcome {
        EffectOutcome::Done { .. } | EffectOutcome::Refused { .. } => {
            store.settle(trigger, effect, &outcome).await
        }
        EffectOutcome::Later { code, title } => Err(Error::unavailable(
            "provider_busy",
            format!("{code} {title}"),
        )),
        EffectOutcome::Unknown { reason } => {
            Err(Error::unavailable("outcome_unknown", reason.clone()))
        }
    }
}

#[cfg(test)]
mod tests;
