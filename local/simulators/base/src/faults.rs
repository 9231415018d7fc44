//! Injected faults, which the next matching calls use up in order.

use crate::delivery_settings::check_range;

pub trait Fault: Clone {
    /// How many more calls the fault applies to.
    fn times(&mut self) -> &mut u32;

    /// The status that calls are refused with, if any.
    fn status(&self) -> Option<u16>;
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
