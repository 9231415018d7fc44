//! The idempotent worker: a pure decision inside a shell that tolerates copies, crashes and unknown outcomes, over ports.
//!
//! The transaction that saves the decision is the claim. Nothing outside is touched before it, so that of two copies of
//! a trigger one is saved and the other finds it saved. The saved decision carries a lease, so that one worker at a time
//! performs its effects; a worker that dies leaves the lease to expire.

mod ports;
mod work;

pub use ports::{
    Consistency, Decision, DecisionStore, Effect, EffectOutcome, EffectRunner, Evidence,
    InboxState, SaveOutcome,
};
pub use work::{WorkerContext, work};

#[cfg(test)]
mod tests;
