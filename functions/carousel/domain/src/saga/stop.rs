//! Failing, cancelling, deadlines and beginning anew.

use confab_contracts::carousel;

use super::{Line, Note, Pending, Posted, SagaState, Step};
use crate::{CancelReason, CarouselEvent, FailReason};

impl Step<'_> {
    pub(super) fn deadline_passed(&mut self) {
        self.saga.due_at = None;
        match self.saga.state {
            SagaState::Requested => self.write_overdue(),
            SagaState::Rendering => self.render_overdue(),
            SagaState::Delivering => self.delivery_overdue(),
            SagaState::Delivered => self.files_overdue(),
            SagaState::Failed | SagaState::Cancelled => {}
        }
    }

    /// FAILED, or back to what the chat shows.
    pub(super) fn fail(&mut self, reason: FailReason) {
        let event = CarouselEvent::Failed(carousel::Failed {
            subject: self.subject(),
            reason,
            spent: self.take_spent(),
        });
        self.publish(event);
        if self.saga.is_change() {
            self.give_up_change();
            return self.show_ready(Some(Note::NotUpdated));
        }
        self.saga.state = SagaState::Failed;
        self.saga.failure = Some(reason);
        self.saga.due_at = None;
        self.return_quota();
        self.show(Line::Failed { reason });
    }

    pub(super) fn cancel(&mut self) {
        self.publish_cancelled(CancelReason::Person);
        if self.saga.is_change() {
            self.give_up_change();
            return self.show_ready(Some(Note::ChangeCancelled));
        }
        self.stop(CancelReason::Person);
        self.show(Line::Cancelled);
    }

    /// Ends what runs, and says nothing more: there is no one to hear it.
    pub(super) fn unreachable(&mut self) {
        if self.saga.is_running() {
            self.publish_cancelled(CancelReason::Unreachable);
            if self.saga.is_change() {
                self.give_up_change();
            } else {
                self.stop(CancelReason::Unreachable);
            }
        }
        self.saga.pending.clear();
        self.saga.due_at = None;
        self.saga.wants_pdf = false;
        self.saga.board.wanted = self.saga.board.shown.clone();
    }

    fn publish_cancelled(&mut self, reason: CancelReason) {
        let event = CarouselEvent::Cancelled(carousel::Cancelled {
            subject: self.subject(),
            reason,
            spent: self.take_spent(),
        });
        self.publish(event);
    }

    /// CANCELLED. The revision is raised, so that late news fall out. The quota is used up once
    /// slides may be in the chat.
    fn stop(&mut self, reason: CancelReason) {
        let parts = &self.saga.album;
        if parts.iter().any(|part| part.posted != Posted::Unsent) {
            self.use_quota();
        } else {
            self.return_quota();
        }
        let saga = &mut self.saga;
        saga.revision = saga.revision.saturating_add(1);
        saga.state = SagaState::Cancelled;
        saga.cancellation = Some(reason);
        saga.due_at = None;
        saga.wants_pdf = false;
        saga.pending.retain(|send| send.what == Pending::Board);
    }

    /// DELIVERED again, with what the chat shows. A change that is on its way into the chat stays.
    fn give_up_change(&mut self) {
        let is_on_its_way = self.saga.state == SagaState::Delivering;
        let saga = &mut self.saga;
        saga.state = SagaState::Delivered;
        saga.replacing.clear();
        saga.album.retain(|part| part.posted == Posted::Sent);
        saga.revision = saga.revision.saturating_add(1);
        let fallback = saga.fallback.take();
        if let Some(content) = fallback.filter(|_| !is_on_its_way) {
            saga.content = content;
            self.hash_pages();
        }
        self.rest();
    }

    /// Begins a failed or cancelled carousel anew. Texts and drawn slides are kept.
    pub(super) fn retry(&mut self) {
        let saga = &mut self.saga;
        saga.revision = saga.revision.saturating_add(1);
        saga.failure = None;
        saga.cancellation = None;
        saga.album.clear();
        saga.final_posted = Posted::Unsent;
        saga.pending.retain(|send| send.what == Pending::Board);
        saga.timing.requested_at = self.context.now;
        if saga.content.draft.is_none() {
            return self.begin();
        }
        self.accept_request();
        self.hash_pages();
        self.start_rendering();
    }
}
