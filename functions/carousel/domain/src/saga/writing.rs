//! From the request to the texts.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use confab_contracts::carousel;
use confab_core::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    Content, Line, Reservation, Saga, SagaState, Step, Timing, millis_between,
    row::{Board, Posted, WriterUsage},
};
use crate::{
    CarouselEvent, CarouselId, ComposedReason, Cost, Draft, Effect, FailReason, Language, Look,
    MAX_SLIDES, Origin, QuotaChange, Slide, Source, UiLanguage, Usage, WriteJob, WriteResult,
    WriteTask,
};

/// Patience with the writer. Its model may take 38 s in all.
const WRITE_TIMEOUT: Duration = Duration::from_secs(45);
/// Revisions whose usage is remembered. Answers to older ones come no more.
const MAX_REVISIONS_OF_USAGE: usize = 8;
/// The attempt from which the model is left out.
const COMPOSER_ATTEMPT: u8 = 2;

/// A wish for a carousel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    pub id: CarouselId,
    pub chat: String,
    pub owner: String,
    pub origin: Origin,
    pub ui: UiLanguage,
    pub language: Language,
    pub source: Source,
    pub count: u8,
    pub look: Look,
}

impl Request {
    pub(super) fn into_saga(self, now: Timestamp) -> Saga {
        let slides = u8::try_from(MAX_SLIDES).unwrap_or(u8::MAX);
        Saga {
            id: self.id,
            chat: self.chat,
            owner: self.owner,
            origin: self.origin,
            ui: self.ui,
            language: self.language,
            source: self.source,
            count: self.count.clamp(1, slides),
            revision: 1,
            state: SagaState::Requested,
            content: Content {
                draft: None,
                edits: Vec::new(),
                is_composed: false,
                composed: None,
                look: self.look,
            },
            fallback: None,
            task: WriteTask::Deck {
                not_these: Vec::new(),
            },
            attempts: 0,
            rewrites: 0,
            hashes: Vec::new(),
            reused: 0,
            files: BTreeMap::new(),
            pdf: None,
            wants_pdf: false,
            board: Board::default(),
            album: Vec::new(),
            final_posted: Posted::Unsent,
            replacing: BTreeSet::new(),
            sends: 0,
            pending: Vec::new(),
            reservation: Reservation::None,
            failure: None,
            cancellation: None,
            due_at: None,
            timing: Timing {
                requested_at: now,
                drawing_at: None,
                first_slide_at: None,
                rendered_at: None,
            },
            cost: Cost::default(),
            writing: Vec::new(),
            reported: carousel::Spent::default(),
        }
    }
}

impl Step<'_> {
    /// REQUESTED, of a new carousel and of one that is tried anew.
    pub(super) fn begin(&mut self) {
        self.accept_request();
        self.show(Line::Writing);
        self.ask_writer(WriteTask::Deck {
            not_these: Vec::new(),
        });
    }

    pub(super) fn accept_request(&mut self) {
        self.reserve_quota();
        let saga = &self.saga;
        let event = CarouselEvent::GenerateRequested(carousel::GenerateRequested {
            subject: self.subject(),
            origin: saga.origin,
            source: saga.source.name().to_owned(),
            language: saga.language.code().to_owned(),
            template: saga.content.look.template.name().to_owned(),
            format: saga.content.look.format.name().to_owned(),
            slides: saga.count,
        });
        self.publish(event);
    }

    /// REQUESTED, whatever is to be written.
    pub(super) fn ask_writer(&mut self, task: WriteTask) {
        self.saga.state = SagaState::Requested;
        self.saga.timing.requested_at = self.now();
        self.saga.task = task;
        self.saga.attempts = 0;
        let event = CarouselEvent::ContentRequested(carousel::ContentRequested {
            subject: self.subject(),
            slides: self.saga.count,
        });
        self.publish(event);
        self.send_write_job();
    }

    fn send_write_job(&mut self) {
        let saga = &self.saga;
        let is_slide = matches!(saga.task, WriteTask::Slide { .. });
        let draft = saga.content.draft.clone().filter(|_| is_slide);
        let job = WriteJob {
            key: format!("{}:{}", saga.id, saga.revision),
            carousel: saga.id,
            chat: saga.chat.clone(),
            owner: saga.owner.clone(),
            revision: saga.revision,
            source: saga.source.clone(),
            language: saga.language,
            count: saga.count,
            task: saga.task.clone(),
            draft: draft.map(|draft| Draft {
                slides: saga.content.slides(),
                ..draft
            }),
            is_composer_only: saga.attempts >= COMPOSER_ATTEMPT,
        };
        self.effects.push(Effect::Write { job: Box::new(job) });
        self.due_in(WRITE_TIMEOUT);
    }

    /// The deadline of REQUESTED: once more, then without the model, then FAILED.
    pub(super) fn write_overdue(&mut self) {
        if self.saga.attempts >= COMPOSER_ATTEMPT {
            return self.fail(FailReason::Writing);
        }
        self.saga.attempts += 1;
        self.send_write_job();
    }

    /// Charges what the model used for a revision. Several answers to one job count the same calls.
    pub(super) fn charge_writer(&mut self, revision: u32, usage: &[Usage]) {
        if usage.is_empty() {
            return;
        }
        let mut charged = self.take_charged(revision);
        let mut new = Vec::new();
        for Usage { kind, units } in usage.iter().copied() {
            let known = charged.iter().position(|known| known.kind == kind);
            let before = known.map_or(0, |at| charged.swap_remove(at).units);
            let add = |units| Usage { kind, units };
            new.push(add(units.saturating_sub(before)));
            charged.push(add(units.max(before)));
        }
        let usage = charged;
        self.saga.writing.push(WriterUsage { revision, usage });
        let surplus = self.saga.writing.len();
        let surplus = surplus.saturating_sub(MAX_REVISIONS_OF_USAGE);
        self.saga.writing.drain(..surplus);
        self.charge(&new);
    }

    fn take_charged(&mut self, revision: u32) -> Vec<Usage> {
        let writing = &mut self.saga.writing;
        let known = writing.iter().position(|row| row.revision == revision);
        known.map_or_else(Vec::new, |at| writing.remove(at).usage)
    }

    pub(super) fn written(&mut self, result: &WriteResult) {
        let is_slide_task = matches!(self.saga.task, WriteTask::Slide { .. });
        match result {
            WriteResult::Deck { draft, composed }
                if !is_slide_task && (1..=MAX_SLIDES).contains(&draft.slides.len()) =>
            {
                self.deck_written(draft, *composed);
            }
            WriteResult::Slide { slide, composed } if is_slide_task => {
                self.slide_written(slide, *composed);
            }
            WriteResult::Refused => self.fail(FailReason::Refused),
            WriteResult::Deck { .. } | WriteResult::Slide { .. } | WriteResult::Failed => {
                self.write_failed();
            }
        }
    }

    /// The writer gave up. The composer needs no deadline to be asked.
    fn write_failed(&mut self) {
        if self.saga.attempts >= COMPOSER_ATTEMPT {
            return self.fail(FailReason::Writing);
        }
        self.saga.attempts = COMPOSER_ATTEMPT;
        self.send_write_job();
    }

    fn deck_written(&mut self, draft: &Draft, composed: Option<ComposedReason>) {
        self.saga.content.draft = Some(draft.clone());
        self.saga.content.edits.clear();
        self.saga.content.is_composed = composed.is_some();
        self.saga.content.composed = composed;
        self.texts_written(composed);
    }

    /// A composed slide says so on the whole carousel. One of the model leaves what is said there.
    fn slide_written(&mut self, slide: &Slide, composed: Option<ComposedReason>) {
        if let WriteTask::Slide { number, .. } = self.saga.task {
            self.saga.content.replace(number, slide.clone());
        }
        if composed.is_some() {
            self.saga.content.is_composed = true;
            self.saga.content.composed = composed;
        }
        self.texts_written(composed);
    }

    /// WRITTEN, and at once RENDERING.
    fn texts_written(&mut self, composed: Option<ComposedReason>) {
        let slides = self.saga.content.count();
        let analysis = CarouselEvent::AnalysisCompleted(carousel::AnalysisCompleted {
            subject: self.subject(),
            is_composed: composed.is_some(),
            millis: millis_between(self.saga.timing.requested_at, self.now()),
        });
        self.publish(analysis);
        let content = CarouselEvent::ContentAnalyzed(carousel::ContentAnalyzed {
            subject: self.subject(),
            language: self.saga.language.code().to_owned(),
            slides,
        });
        self.publish(content);
        self.hash_pages();
        let slides = CarouselEvent::SlidesGenerated(carousel::SlidesGenerated {
            subject: self.subject(),
            hashes: self.saga.hashes.clone(),
        });
        self.publish(slides);
        self.start_rendering();
    }

    pub(super) fn reserve_quota(&mut self) {
        if self.saga.reservation == Reservation::None {
            self.saga.reservation = Reservation::Reserved;
            self.change_quota(QuotaChange::Reserve);
        }
    }

    /// Gives the reserved carousel back, if it was not used.
    pub(super) fn return_quota(&mut self) {
        if self.saga.reservation == Reservation::Reserved {
            self.saga.reservation = Reservation::None;
            self.change_quota(QuotaChange::Return);
        }
    }

    pub(super) fn use_quota(&mut self) {
        if self.saga.reservation == Reservation::Reserved {
            self.saga.reservation = Reservation::Used;
            self.change_quota(QuotaChange::Use);
        }
    }

    fn change_quota(&mut self, change: QuotaChange) {
        self.effects.push(Effect::Quota { change });
    }
}
