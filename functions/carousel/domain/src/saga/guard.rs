//! Whether a trigger counts in the state that the carousel is in.

use confab_core::Timestamp;

use super::{
    row::{Pending, Saga, SagaState},
    trigger::{Refusal, SagaTrigger, SendOutcome},
};

/// Maximum times the model is asked again about one carousel.
const MAX_REWRITES: u8 = 20;

type Check = Result<(), Refusal>;

fn require(condition: bool, refusal: Refusal) -> Check {
    if condition { Ok(()) } else { Err(refusal) }
}

impl Saga {
    /// Says whether a trigger changes the carousel, and if not, why. The conversation asks before
    /// it answers a tap; `step` asks always.
    pub fn check(&self, trigger: &SagaTrigger, now: Timestamp) -> Result<(), Refusal> {
        match trigger {
            SagaTrigger::Written { revision, .. } => {
                self.require_news(SagaState::Requested, *revision)
            }
            SagaTrigger::Rendered {
                revision,
                number,
                hash,
                ..
            } => self.check_rendered(*revision, *number, hash),
            SagaTrigger::PdfRendered { file, .. } => {
                let is_done = self
                    .pdf
                    .as_ref()
                    .is_some_and(|pdf| pdf.revision == file.revision);
                require(file.revision == self.revision && !is_done, Refusal::NotNow)
            }
            SagaTrigger::Settled { send, outcome } => {
                let is_pending = self.pending.iter().any(|pending| pending.send == *send);
                require(
                    is_pending && *outcome != SendOutcome::Later,
                    Refusal::NotNow,
                )
            }
            SagaTrigger::DeadlinePassed => {
                let is_due = self.due_at.is_some_and(|due_at| due_at <= now);
                require(is_due, Refusal::NotNow)
            }
            SagaTrigger::Unreachable => Ok(()),
            SagaTrigger::Cancel => self.check_cancel(),
            SagaTrigger::EditSlide {
                revision, number, ..
            } => self.check_change(*revision, Some(*number)),
            SagaTrigger::Restyle { revision, .. } | SagaTrigger::DrawPdf { revision } => {
                self.check_change(*revision, None)
            }
            SagaTrigger::WriteAgain { revision, number } => {
                self.check_change(*revision, *number)?;
                require(self.rewrites < MAX_REWRITES, Refusal::TooManyRewrites)
            }
            SagaTrigger::Retry { revision } => {
                self.require_revision(*revision)?;
                let is_over = matches!(self.state, SagaState::Failed | SagaState::Cancelled);
                require(is_over, Refusal::NotNow)
            }
            SagaTrigger::SendAgain { revision } | SagaTrigger::ConfirmArrival { revision } => {
                self.require_revision(*revision)?;
                require(self.is_unsure(), Refusal::NotNow)
            }
            SagaTrigger::SendPdf { revision } | SagaTrigger::SendFiles { revision } => {
                self.check_change(*revision, None)?;
                require(!self.is_sending_files(), Refusal::Busy)
            }
            SagaTrigger::Open => self.check_open(),
        }
    }

    fn require_revision(&self, revision: u32) -> Check {
        require(revision == self.revision, Refusal::OlderVersion)
    }

    fn require_news(&self, state: SagaState, revision: u32) -> Check {
        let counts = self.state == state && self.revision == revision;
        require(counts, Refusal::NotNow)
    }

    /// The barrier: a slide counts once, and only with the hash that was asked for.
    fn check_rendered(&self, revision: u32, number: u8, hash: &String) -> Check {
        self.require_news(SagaState::Rendering, revision)?;
        let is_asked_for = self.hash_of(number) == Some(hash);
        require(
            is_asked_for && !self.files.contains_key(hash),
            Refusal::NotNow,
        )
    }

    /// A change in place is a matter of a second and cannot be left half done.
    fn check_cancel(&self) -> Check {
        require(self.is_running(), Refusal::NotNow)?;
        let is_in_place = self.state == SagaState::Delivering && self.is_change();
        require(!is_in_place, Refusal::TooLateToCancel)
    }

    /// Whether a delivered carousel, or one of its slides, may be changed now.
    pub fn check_change(&self, revision: u32, number: Option<u8>) -> Result<(), Refusal> {
        self.require_revision(revision)?;
        require(!self.is_running(), Refusal::Busy)?;
        require(self.state == SagaState::Delivered, Refusal::NotNow)?;
        let exists = number.is_none_or(|number| (1..=self.content.count()).contains(&number));
        require(exists, Refusal::NotNow)
    }

    fn check_open(&self) -> Check {
        require(self.state == SagaState::Delivered, Refusal::Busy)?;
        let is_opening = self
            .pending
            .iter()
            .any(|send| matches!(send.what, Pending::Final { .. }));
        require(!is_opening, Refusal::Busy)
    }
}
