//! The shell around a decision: save, then perform, and resume what a dead worker left.

use std::time::Duration;

use confab_core::{Clock, EffectId, Entropy, Error, Result, Timestamp};

use crate::ports::{
    Consistency, Decision, DecisionStore, Effect, EffectOutcome, EffectRunner, Evidence,
    InboxState, SaveOutcome,
};

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
                    let performed = perform_all(trigger, store, runner, &effects).await;
                    return release_for_retry(trigger, store, lease_until, context, performed)
                        .await;
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
                let new_lease = context.lease_until();
                if !store.move_lease(trigger, lease_until, new_lease).await? {
                    return Err(in_progress());
                }
                let resumed = resume(trigger, store, runner, &open, lease_until).await;
                return release_for_retry(trigger, store, new_lease, context, resumed).await;
            }
        }
    }
    Err(Error::unavailable(
        "contended",
        "the state changed at each attempt to save it",
    ))
}

/// Releases the lease when a provider said how long to wait: nothing is under way, and the next attempt may come before
/// the lease would have ended.
async fn release_for_retry<Trigger, D>(
    trigger: &Trigger,
    store: &D,
    lease_until: Timestamp,
    context: WorkerContext<'_>,
    outcome: Result<()>,
) -> Result<()>
where
    Trigger: Sync,
    D: DecisionStore<Trigger>,
{
    let delay = outcome.as_ref().err().and_then(Error::delay);
    if delay.is_some() {
        let now = context.clock.now();
        let released = store.move_lease(trigger, lease_until, now).await;
        released.map_err(|error| error.with_delay(delay))?;
    }
    outcome
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
        EffectOutcome::Later { code, title, delay } => {
            let error = Error::unavailable("provider_busy", format!("{code} {title}"));
            Err(error.with_delay(*delay))
        }
        EffectOutcome::Unknown { reason } => {
            Err(Error::unavailable("outcome_unknown", reason.clone()))
        }
    }
}
