//! A worker is a pure decision inside an idempotent shell. This is the shell, over ports.
//!
//! The transaction that saves the decision is the claim: nothing touches the outside world before it, so of two copies
//! of an event that are decided at once one is saved and the other finds it saved. The saved decision carries a lease,
//! so that its effects are carried out by one worker at a time; a worker that dies leaves the lease to expire.

use std::{future::Future, time::Duration};

use confab_core::{Clock, EffectId, Entropy, Error, Result, Timestamp};

#[derive(Debug, Clone, PartialEq)]
pub struct Effect<E> {
    pub id: EffectId,
    pub what: E,
    /// In the world, or given up for good. Until then an attempt may have begun, whatever its outcome was.
    pub settled: bool,
}

/// What the ledger has of an event.
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
    /// The state or the event was saved by another worker since it was read.
    Conflict,
}

/// What an attempt came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EffectOutcome {
    Done {
        receipt: String,
    },
    /// The other side said no, and will say no again.
    Refused {
        code: i64,
        title: String,
    },
    /// Certainly not done; trying again later is right.
    Later {
        code: i64,
        title: String,
    },
    /// It may or may not have happened.
    Unknown {
        reason: String,
    },
}

/// What can be found out about an attempt whose outcome is not known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Evidence {
    Happened { receipt: String },
    DidNotHappen,
    NotYetClear,
}

/// Where decisions are kept. `Event` is what the worker was given, with its own id.
pub trait DecisionStore<Event>: Sync {
    type State: Send + Sync;
    type Effect: Send + Sync;

    fn open(
        &self,
        event: &Event,
        read: Consistency,
    ) -> impl Future<Output = Result<InboxState<Self::State, Self::Effect>>> + Send;

    /// Saves state, effects and the event's entry in one transaction, or nothing.
    fn save(
        &self,
        event: &Event,
        state: &Self::State,
        effects: &[Effect<Self::Effect>],
        lease_until: Timestamp,
    ) -> impl Future<Output = Result<SaveOutcome>> + Send;

    /// Takes an expired lease; false when somebody else was faster.
    fn take_over(
        &self,
        event: &Event,
        expired: Timestamp,
        lease_until: Timestamp,
    ) -> impl Future<Output = Result<bool>> + Send;

    fn settle(
        &self,
        event: &Event,
        effect: &Effect<Self::Effect>,
        outcome: &EffectOutcome,
    ) -> impl Future<Output = Result<()>> + Send;
}

/// Where effects happen.
pub trait EffectRunner<E>: Sync {
    fn perform(&self, effect: &Effect<E>) -> impl Future<Output = EffectOutcome> + Send;
    /// Did an attempt arrive? All of them ended by `attempts_ended`.
    fn look_for(
        &self,
        effect: &Effect<E>,
        attempts_ended: Timestamp,
    ) -> impl Future<Output = Result<Evidence>> + Send;
}

/// What the shell takes from the invocation.
#[derive(Clone, Copy)]
pub struct WorkerContext<'a> {
    pub clock: &'a dyn Clock,
    pub entropy: &'a dyn Entropy,
    /// How long this invocation may still take: no lease is shorter.
    pub time_left: Duration,
}

impl std::fmt::Debug for WorkerContext<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Shift({:?})", self.time_left)
    }
}

/// Races are lost to other events of the same state; more than this many in a row is a hot spot, left to redelivery.
const RACES: usize = 4;

/// Does an event once, however often it comes and wherever an earlier attempt died.
pub async fn work<Event, L, W>(
    event: &Event,
    ledger: &L,
    world: &W,
    shift: WorkerContext<'_>,
    decide: impl Fn(L::State) -> Decision<L::State, L::Effect> + Send,
) -> Result<()>
where
    Event: Sync,
    L: DecisionStore<Event>,
    W: EffectRunner<L::Effect>,
{
    let mut read = Consistency::Eventual;
    for _ in 0..RACES {
        match ledger.open(event, read).await? {
            InboxState::New(state) => {
                let decision = decide(state);
                let effects = begun(decision.effects, shift);
                let saved = ledger
                    .save(event, &decision.state, &effects, lease(shift))
                    .await?;
                if saved == SaveOutcome::Saved {
                    return carry_out(event, ledger, world, &effects).await;
                }
                read = Consistency::Strong;
            }
            InboxState::Decided {
                effects,
                lease_until,
            } => {
                let open: Vec<_> = effects.into_iter().filter(|e| !e.settled).collect();
                if open.is_empty() {
                    return Ok(());
                }
                if lease_until > shift.clock.now()
                    || !ledger.take_over(event, lease_until, lease(shift)).await?
                {
                    return Err(Error::unavailable(
                        "in_progress",
                        "another worker holds the lease",
                    ));
                }
                return resume(event, ledger, world, &open, lease_until).await;
            }
        }
    }
    Err(Error::unavailable(
        "contended",
        "the state changed at each attempt to save it",
    ))
}

fn begun<E>(effects: Vec<E>, shift: WorkerContext<'_>) -> Vec<Effect<E>> {
    let now = shift.clock.now();
    effects
        .into_iter()
        .map(|what| Effect {
            id: EffectId::new(now, shift.entropy),
            what,
            settled: false,
        })
        .collect()
}

fn lease(shift: WorkerContext<'_>) -> Timestamp {
    let now = shift.clock.now();
    now.checked_add(shift.time_left).unwrap_or(now)
}

async fn resume<Event, L, W>(
    event: &Event,
    ledger: &L,
    world: &W,
    open: &[Effect<L::Effect>],
    attempts_ended: Timestamp,
) -> Result<()>
where
    Event: Sync,
    L: DecisionStore<Event>,
    W: EffectRunner<L::Effect>,
{
    for effect in open {
        match world.look_for(effect, attempts_ended).await? {
            Evidence::Happened { receipt } => {
                ledger
                    .settle(event, effect, &EffectOutcome::Done { receipt })
                    .await?;
            }
            Evidence::DidNotHappen => attempt(event, ledger, world, effect).await?,
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

/// Effects go out in order: the first that must wait ends the work, and redelivery goes on from it.
async fn carry_out<Event, L, W>(
    event: &Event,
    ledger: &L,
    world: &W,
    effects: &[Effect<L::Effect>],
) -> Result<()>
where
    Event: Sync,
    L: DecisionStore<Event>,
    W: EffectRunner<L::Effect>,
{
    for effect in effects {
        attempt(event, ledger, world, effect).await?;
    }
    Ok(())
}

async fn attempt<Event, L, W>(
    event: &Event,
    ledger: &L,
    world: &W,
    effect: &Effect<L::Effect>,
) -> Result<()>
where
    Event: Sync,
    L: DecisionStore<Event>,
    W: EffectRunner<L::Effect>,
{
    let outcome = world.perform(effect).await;
    match &outcome {
        EffectOutcome::Done { .. } | EffectOutcome::Refused { .. } => {
            ledger.settle(event, effect, &outcome).await
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
