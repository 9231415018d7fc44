//! Injected faults, which the next matching calls use up in order.

use serde::{Deserialize, Serialize};

use crate::delivery_settings::check_range;

pub trait Fault: Clone {
    /// How many more calls the fault applies to.
    fn times(&mut self) -> &mut u32;

    /// The status that calls are refused with, if any.
    fn status(&self) -> Option<u16>;

    /// Checks what only this kind of fault has.
    fn check(&self) -> Result<(), String> {
        Ok(())
    }
}

/// Faults of the next calls, used up in order.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CallFaults<F> {
    pub calls: Vec<F>,
}

impl<F: Fault> CallFaults<F> {
    pub fn check(&self) -> Result<(), String> {
        check_statuses(&self.calls)?;
        self.calls.iter().try_for_each(Fault::check)
    }

    /// Takes the first fault that matches the call.
    pub fn take(&mut self, matches: impl Fn(&F) -> bool) -> Option<F> {
        take_fault(&mut self.calls, matches)
    }
}

/// Takes the first fault that matches, and removes it after its last use.
pub fn take_fault<F: Fault>(faults: &mut Vec<F>, matches: impl Fn(&F) -> bool) -> Option<F> {
    let at = faults
        .iter_mut()
        .position(|fault| *fault.times() > 0 && matches(fault))?;
    let fault = faults[at].clone();
    *faults[at].times() -= 1;
    faults.retain_mut(|fault| *fault.times() > 0);
    Some(fault)
}

/// Fails unless every status is one of an error.
pub fn check_statuses<F: Fault>(faults: &[F]) -> Result<(), String> {
    let is_error = |fault: &F| {
        fault
            .status()
            .is_none_or(|status| (400..=599).contains(&status))
    };
    check_range("http", faults.iter().all(is_error), "400 to 599")
}
