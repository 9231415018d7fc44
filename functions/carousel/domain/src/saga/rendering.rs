//! Drawing: a job for each page without a file, and the barrier behind them.

use std::{collections::BTreeSet, time::Duration};

use super::{Line, SagaState, Step, millis_between};
use crate::{CarouselEvent, Effect, FailReason, PdfJob, RenderJob, SlideFile};

/// Patience with the renderer, which needs a tenth of a second for a slide.
const RENDER_TIMEOUT: Duration = Duration::from_secs(30);
const MAX_RENDER_REPEATS: u8 = 3;
/// Maximum files that a carousel remembers: earlier looks come back without a render.
const MAX_FILES: usize = 60;

impl Step<'_> {
    /// Names the pages of the present content. News of any other page no longer count.
    pub(super) fn hash_pages(&mut self) {
        let pages = self.saga.content.pages(self.saga.language);
        let hash_page = self.context.hash_page;
        self.saga.hashes = pages.iter().map(hash_page).collect();
    }

    /// RENDERING, or at once what follows it if every page has a file.
    pub(super) fn start_rendering(&mut self) {
        self.saga.state = SagaState::Rendering;
        self.saga.attempts = 0;
        self.saga.reused = self.saga.drawn();
        self.saga.timing.drawing_at = Some(self.now());
        self.saga.timing.first_slide_at = None;
        self.forget_old_files();
        if self.saga.is_drawn() {
            return self.rendered();
        }
        self.show_drawing();
        self.send_render_jobs();
    }

    fn forget_old_files(&mut self) {
        let saga = &mut self.saga;
        if saga.files.len() + saga.hashes.len() > MAX_FILES {
            let is_current = |hash: &String| saga.hashes.contains(hash);
            saga.files.retain(|hash, _| is_current(hash));
        }
    }

    /// One job for each missing file, with the same ids in every attempt.
    fn send_render_jobs(&mut self) {
        let mut asked_for = BTreeSet::new();
        let pages = self.saga.content.pages(self.saga.language);
        for (page, hash) in pages.into_iter().zip(&self.saga.hashes) {
            if self.saga.files.contains_key(hash) || !asked_for.insert(hash) {
                continue;
            }
            let job = RenderJob {
                carousel: self.saga.id,
                owner: self.saga.owner.clone(),
                revision: self.saga.revision,
                hash: hash.clone(),
                page,
            };
            self.effects.push(Effect::Render { job: Box::new(job) });
        }
        self.due_in(RENDER_TIMEOUT);
    }

    pub(super) fn slide_rendered(&mut self, hash: &str, file: &SlideFile) {
        self.saga.files.insert(hash.to_owned(), file.clone());
        self.saga
            .timing
            .first_slide_at
            .get_or_insert(self.context.now);
        if self.saga.is_drawn() {
            return self.rendered();
        }
        self.show_drawing();
    }

    /// The deadline of RENDERING: the missing slides again, then FAILED.
    pub(super) fn render_overdue(&mut self) {
        if self.saga.attempts >= MAX_RENDER_REPEATS {
            return self.fail(FailReason::Rendering);
        }
        self.saga.attempts += 1;
        self.send_render_jobs();
    }

    /// RENDERED, once for each revision: the state is left in the same transition.
    fn rendered(&mut self) {
        let now = self.now();
        self.saga.timing.rendered_at = Some(now);
        let began_at = self.saga.timing.drawing_at.unwrap_or(now);
        let first_at = self.saga.timing.first_slide_at.unwrap_or(now);
        let event = CarouselEvent::ImagesRendered {
            subject: self.subject(),
            rendered: self.saga.content.count().saturating_sub(self.saga.reused),
            reused: self.saga.reused,
            first_millis: millis_between(began_at, first_at),
            millis: millis_between(began_at, now),
        };
        self.publish(event);
        if !self.saga.is_change() {
            self.request_pdf();
        }
        self.deliver();
    }

    pub(super) fn request_pdf(&mut self) {
        let saga = &self.saga;
        let Some(draft) = &saga.content.draft else {
            return;
        };
        let job = PdfJob {
            carousel: saga.id,
            owner: saga.owner.clone(),
            revision: saga.revision,
            title: draft.title.clone(),
            language: saga.language,
            look: saga.content.look.clone(),
            slides: saga.content.slides(),
            written: draft.slides.clone(),
        };
        self.effects.push(Effect::RenderPdf { job: Box::new(job) });
    }

    fn show_drawing(&mut self) {
        let line = if self.saga.is_change() {
            self.updating()
        } else {
            Line::Drawing {
                done: self.saga.drawn(),
                total: self.saga.content.count(),
            }
        };
        self.show(line);
    }

    pub(super) fn updating(&self) -> Line {
        Line::Updating {
            revision: self.saga.revision,
        }
    }
}
