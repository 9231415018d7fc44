//! One carousel from the request to the chat: a trigger comes in, the new row and the effects come
//! out.
//!
//! Architecture invariant: pure and total, and safe under copies, losses and any order.
//!
//! | state | entered by | effects | events | deadline |
//! |---|---|---|---|---|
//! | Requested | `begin`, `write_again`, `retry` | quota reserved, status message, write job | generate requested, content requested | 45 s: once more; 45 s: composer; 45 s: Failed |
//! | (written) | `Written` with a draft | title and outline in the status message | analysis completed, content analyzed, slides generated | - |
//! | Rendering | at once; `edit_slide`, `restyle` | a job for each page without a file | edited | 30 s: missing pages again, three times; then Failed |
//! | (rendered) | the last missing `Rendered` | PDF job of a first delivery | images rendered | - |
//! | Delivering | at once | albums one by one, then the message with buttons; of a change, photos in place | - | 10 min without a receipt: Unknown; 24 h without an answer: Failed |
//! | Delivered | the last receipt | status message deleted, quota used | delivered, completed | - |
//! | Failed | refusal, deadlines | quota returned, one sentence and a button | failed | - |
//! | Cancelled | `Cancel`, `Unreachable` | quota returned | cancelled | - |
//!
//! A change that fails or is cancelled ends in Delivered again, with what the chat shows.
//! `guard` decides whether a trigger counts; a transition begins with its first effect.

mod board;
mod change;
mod delivery;
mod files;
mod guard;
mod receipts;
mod rendering;
mod row;
mod schema;
mod stop;
mod trigger;
mod writing;

use std::time::Duration;

use confab_core::{Timestamp, after};
use confab_worker::Decision;

pub use delivery::split_album;
pub use row::{
    AlbumPart, Board, Content, Edit, Line, Note, Pending, PendingSend, Posted, PostedSlide,
    Reservation, Saga, SagaState, Timing, WriterUsage,
};
pub use schema::StoredSaga;
pub use trigger::{Refusal, Restyle, SagaTrigger, SendOutcome, SentMessage};
pub use writing::Request;

use crate::{Call, CarouselEvent, CostKind, Effect, Page, PriceList, Subject, Ticket, Usage};

/// Inputs that the rules cannot compute.
#[derive(Clone, Copy)]
pub struct StepContext<'a> {
    pub now: Timestamp,
    pub prices: &'a PriceList,
    /// Names a page's files by its content: `page_hash` of the deployed renderer.
    pub hash_page: &'a (dyn Fn(&Page) -> String + Sync),
}

impl std::fmt::Debug for StepContext<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "StepContext({})", self.now)
    }
}

struct Step<'a> {
    saga: Saga,
    context: StepContext<'a>,
    effects: Vec<Effect>,
}

/// Begins a carousel.
pub fn begin(request: Request, context: StepContext<'_>) -> Decision<Saga, Effect> {
    let mut step = Step {
        saga: request.into_saga(context.now),
        context,
        effects: Vec::new(),
    };
    step.begin();
    step.finish()
}

/// Decides a trigger. One that does not count changes nothing, except that the money of the model is spent.
pub fn step(saga: Saga, trigger: &SagaTrigger, context: StepContext<'_>) -> Decision<Saga, Effect> {
    let counts = saga.check(trigger, context.now).is_ok();
    let mut step = Step {
        saga,
        context,
        effects: Vec::new(),
    };
    if let SagaTrigger::Written {
        revision, usage, ..
    } = trigger
    {
        step.charge_writer(*revision, usage);
    }
    if counts {
        step.apply(trigger);
    }
    step.finish()
}

impl Step<'_> {
    fn apply(&mut self, trigger: &SagaTrigger) {
        match trigger {
            SagaTrigger::Written { result, .. } => self.written(result),
            SagaTrigger::Rendered {
                hash, file, usage, ..
            } => {
                self.charge(usage);
                self.slide_rendered(hash, file);
            }
            SagaTrigger::PdfRendered { file, usage } => {
                self.charge(usage);
                self.pdf_rendered(file);
            }
            SagaTrigger::Settled { send, outcome } => self.settled(*send, outcome),
            SagaTrigger::DeadlinePassed => self.deadline_passed(),
            SagaTrigger::Unreachable => self.unreachable(),
            SagaTrigger::Cancel => self.cancel(),
            SagaTrigger::EditSlide { number, text, .. } => self.edit_slide(*number, text),
            SagaTrigger::Restyle { change, .. } => self.restyle(change),
            SagaTrigger::WriteAgain { number, .. } => self.write_again(*number),
            SagaTrigger::Retry { .. } => self.retry(),
            SagaTrigger::SendAgain { .. } => self.send_again(),
            SagaTrigger::ConfirmArrival { .. } => self.confirm_arrival(),
            SagaTrigger::SendPdf { .. } => self.send_pdf(),
            SagaTrigger::DrawPdf { .. } => self.draw_pdf(),
            SagaTrigger::SendFiles { .. } => self.send_files(),
            SagaTrigger::Open => self.open(),
        }
    }

    fn finish(mut self) -> Decision<Saga, Effect> {
        self.flush_board();
        self.charge_calls();
        Decision {
            state: self.saga,
            effects: self.effects,
        }
    }

    fn now(&self) -> Timestamp {
        self.context.now
    }

    fn due_in(&mut self, delay: Duration) {
        self.saga.due_at = Some(after(self.context.now, delay));
    }

    fn call(&mut self, call: Call) {
        self.effects.push(Effect::Call { call });
    }

    fn publish(&mut self, event: CarouselEvent) {
        self.effects.push(Effect::Publish { event });
    }

    fn charge(&mut self, usage: &[Usage]) {
        for usage in usage {
            self.saga.cost.add(*usage, self.context.prices);
        }
    }

    /// Counts the calls to Telegram. They are free, and worth knowing.
    fn charge_calls(&mut self) {
        let is_call = |effect: &&Effect| matches!(effect, Effect::Call { .. });
        let calls = self.effects.iter().filter(is_call).count();
        let usage = Usage {
            kind: CostKind::TelegramCalls,
            units: u64::try_from(calls).unwrap_or(u64::MAX),
        };
        self.charge(&[usage]);
    }

    fn subject(&self) -> Subject {
        Subject {
            carousel: self.saga.id.to_string(),
            revision: self.saga.revision,
            owner: self.saga.owner.clone(),
        }
    }

    /// Numbers a send, so that its outcome counts once.
    fn ticket(&mut self, what: Pending) -> Ticket {
        self.saga.sends = self.saga.sends.saturating_add(1);
        let send = self.saga.sends;
        self.saga.pending.push(PendingSend { send, what });
        Ticket {
            carousel: self.saga.id,
            send,
        }
    }
}

/// Returns the milliseconds between two moments, and 0 if the clock went back.
fn millis_between(from: Timestamp, to: Timestamp) -> u64 {
    u64::try_from(to.as_millisecond().saturating_sub(from.as_millisecond())).unwrap_or(0)
}

#[cfg(test)]
mod tests;
