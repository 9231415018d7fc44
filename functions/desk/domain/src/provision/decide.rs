//! What a run becomes by an event, and which step is asked for next.

use confab_core::{Error, Kind, Result, TenantId, Timestamp, UserId};

use super::run::{CompletedStep, MAX_STEP_TRIES, ProvisionRun, ProvisionState, ProvisionStep};
use crate::{Isolation, ProvisionRunId};

/// Isolations that can be set up.
const AVAILABLE: [Isolation; 1] = [Isolation::Pooled];
/// The code of a step whose tries never came to an answer.
const NO_ANSWER: &str = "no_answer";

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProvisionEvent {
    /// A person asks to set the tenant up, or to continue.
    Requested {
        /// The id of the run, if this is the first request.
        id: ProvisionRunId,
        tenant: TenantId,
        isolation: Isolation,
        by: UserId,
    },
    /// A worker is about to perform a step. It counts as a try, so that a try that dies counts too.
    TryStarted {
        step: ProvisionStep,
    },
    StepDone {
        step: ProvisionStep,
    },
    StepFailed {
        step: ProvisionStep,
        code: String,
        /// No other try can succeed.
        is_permanent: bool,
    },
}

/// A message to the worker: perform this step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StepRequest {
    pub run: ProvisionRunId,
    pub step: ProvisionStep,
    /// Distinguishes the requests of a continued run.
    pub round: u32,
}

impl StepRequest {
    /// Returns the key by which the queue drops copies.
    pub fn deduplication_key(&self) -> String {
        format!("{}-{}-{:?}", self.run, self.round, self.step).to_lowercase()
    }
}

/// Decides. The run is saved under its version before the steps are sent. A process that dies between leaves a
/// delivery that comes again, and each event of a step that is over asks for the current step again.
pub fn decide_provision(
    run: Option<&ProvisionRun>,
    event: &ProvisionEvent,
    now: Timestamp,
) -> Result<(ProvisionRun, Vec<StepRequest>)> {
    let Some(run) = run else {
        let run = begin(event, now)?;
        let steps = request_current(&run);
        return Ok((run, steps));
    };
    let mut next = run.clone();
    let steps = match event {
        ProvisionEvent::Requested { isolation, .. } => next.request(*isolation)?,
        ProvisionEvent::TryStarted { step } => next.start_try(*step),
        ProvisionEvent::StepDone { step } => next.complete(*step, now),
        ProvisionEvent::StepFailed {
            step,
            code,
            is_permanent,
        } => next.record_failure(*step, code, *is_permanent),
    };
    if next != *run {
        next.updated_at = now;
        next.version += 1;
    }
    Ok((next, steps))
}

fn begin(event: &ProvisionEvent, now: Timestamp) -> Result<ProvisionRun> {
    let ProvisionEvent::Requested {
        id,
        tenant,
        isolation,
        by,
    } = event
    else {
        return Err(Error::not_found("run"));
    };
    if !AVAILABLE.contains(isolation) {
        let message = "This isolation is not available yet.";
        return Err(Error::new(
            Kind::Unprocessable,
            "isolation_unavailable",
            message,
        ));
    }
    Ok(ProvisionRun {
        id: *id,
        tenant: *tenant,
        isolation: *isolation,
        state: ProvisionState::Running,
        step: ProvisionStep::first(),
        tries: 0,
        round: 0,
        last_code: None,
        completed: Vec::new(),
        requested_by: *by,
        created_at: now,
        updated_at: now,
        version: 1,
    })
}

fn request_current(run: &ProvisionRun) -> Vec<StepRequest> {
    let request = StepRequest {
        run: run.id,
        step: run.step,
        round: run.round,
    };
    if run.state == ProvisionState::Running {
        vec![request]
    } else {
        Vec::new()
    }
}

impl ProvisionRun {
    fn request(&mut self, isolation: Isolation) -> Result<Vec<StepRequest>> {
        if isolation != self.isolation {
            let message = "The workspace is set up with another isolation.";
            return Err(Error::conflict("isolation_differs", message));
        }
        if matches!(self.state, ProvisionState::Failed { .. }) {
            self.state = ProvisionState::Running;
            self.tries = 0;
            self.last_code = None;
            self.round += 1;
        }
        Ok(request_current(self))
    }

    fn start_try(&mut self, step: ProvisionStep) -> Vec<StepRequest> {
        if !self.awaits(step) {
            return self.request_after(step);
        }
        if self.tries >= MAX_STEP_TRIES {
            let code = self.last_code.clone();
            self.fail(code.unwrap_or_else(|| NO_ANSWER.to_owned()));
        } else {
            self.tries += 1;
        }
        Vec::new()
    }

    /// A step may succeed after it was given up, when a slow try ends. What is done counts, and the run continues.
    fn complete(&mut self, step: ProvisionStep, now: Timestamp) -> Vec<StepRequest> {
        if step != self.step || self.state == ProvisionState::Ready {
            return self.request_after(step);
        }
        self.completed.push(CompletedStep { step, at: now });
        self.tries = 0;
        self.last_code = None;
        match step.next(self.isolation) {
            Some(next) => {
                self.step = next;
                self.state = ProvisionState::Running;
            }
            None => self.state = ProvisionState::Ready,
        }
        request_current(self)
    }

    fn record_failure(
        &mut self,
        step: ProvisionStep,
        code: &str,
        is_permanent: bool,
    ) -> Vec<StepRequest> {
        if !self.awaits(step) {
            return self.request_after(step);
        }
        self.last_code = Some(code.to_owned());
        if is_permanent || self.tries >= MAX_STEP_TRIES {
            self.fail(code.to_owned());
        }
        // The failed delivery comes again after its visibility timeout: that is the next try.
        Vec::new()
    }

    fn fail(&mut self, code: String) {
        self.state = ProvisionState::Failed { code };
    }

    /// Asks for the current step again, if the event is about a step that is over: the request may have been lost.
    fn request_after(&self, step: ProvisionStep) -> Vec<StepRequest> {
        if self.has_completed(step) {
            request_current(self)
        } else {
            Vec::new()
        }
    }
}

#[cfg(test)]
mod tests;
