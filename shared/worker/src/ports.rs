//! What the worker stands on: a store of decisions and a runner of effects.

use std::{future::Future, time::Duration};

use confab_core::{EffectId, Result, Timestamp};

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
        /// How long the provider wants to be left alone.
        delay: Option<Duration>,
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

    /// Moves the end of a lease: later to take it over, earlier to release it. Returns `false` when it does not end at
    /// `from`, since another worker has taken it over.
    fn move_lease(
        &self,
        trigger: &Trigger,
        from: Timestamp,
        until: Timestamp,
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
