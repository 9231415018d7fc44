//! Drawing: a job for each page without a file, and the barrier behind them.

use std::{collections::BTreeSet, time::Duration};

use confab_contracts::carousel;
use confab_core::{Timestamp, after};

use super::{Line, Saga, SagaState, Step, millis_between};
use crate::{CarouselEvent, Effect, FailReason, Page, PdfJob, RenderJob, SlideFile, SlideText};

/// Patience with the renderer, which needs a tenth of a second for a slide.
const RENDER_TIMEOUT: Duration = Duration::from_secs(30);
const MAX_RENDER_REPEATS: u8 = 3;
/// Maximum files that a carousel remembers: earlier looks come back without a render.
const MAX_FILES: usize = 60;

/// Files are deleted after 90 days; a call may be under way for some.
const FILE_LIFETIME: Duration = Duration::from_secs(85 * 24 * 3600);

/// Whether a file that was drawn then is still there.
pub(super) fn is_kept(drawn_at: Option<Timestamp>, now: Timestamp) -> bool {
    drawn_at.is_none_or(|drawn_at| now < after(drawn_at, FILE_LIFETIME))
}

impl Step<'_> {
    /// Names the pages of the present content. News of any other page no longer count.
    pub(super) fn hash_pages(&mut self) {
        let pages = self.saga.content.pages(self.saga.language);
        let hash_page = self.context.hash_page;
        self.saga.hashes = pages.iter().map(hash_page).collect();
    }

    /// RENDERING, or at once what follows it if every page has a file.
    pub(super) fn start_rendering(&mut self) {
        self.forget_deleted_files();
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

    /// Files are deleted after 90 days. A photo that was sent is sent again by Telegram's name for it.
    fn forget_deleted_files(&mut self) {
        let now = self.now();
        let files = &mut self.saga.files;
        files.retain(|_, file| file.photo_id.is_some() || is_kept(file.drawn_at, now));
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
        let saga = &self.saga;
        for (number, hash) in (1..=u8::MAX).zip(&saga.hashes) {
            if !saga.files.contains_key(hash) && asked_for.insert(hash) {
                self.effects.push(Effect::Render {
                    carousel: saga.id,
                    revision: saga.revision,
                    number,
                    hash: hash.clone(),
                });
            }
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
        let event = CarouselEvent::ImagesRendered(carousel::ImagesRendered {
            subject: self.subject(),
            rendered: self.saga.content.count().saturating_sub(self.saga.reused),
            reused: self.saga.reused,
            first_millis: millis_between(began_at, first_at),
            millis: millis_between(began_at, now),
        });
        self.publish(event);
        if !self.saga.is_change() {
            self.request_pdf();
        }
        self.deliver();
    }

    pub(super) fn request_pdf(&mut self) {
        self.effects.push(Effect::RenderPdf {
            carousel: self.saga.id,
            revision: self.saga.revision,
        });
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

impl Saga {
    /// Returns the job that draws a slide of this revision.
    pub fn render_job(&self, number: u8) -> Option<RenderJob> {
        let pages = self.content.pages(self.language);
        let page = pages.into_iter().find(|page| page.number == number)?;
        let hash = self.hash_of(number)?.clone();
        Some(self.job_of(page, hash, self.revision))
    }

    fn job_of(&self, page: Page, hash: String, revision: u32) -> RenderJob {
        RenderJob {
            carousel: self.id,
            chat: self.chat.clone(),
            owner: self.owner.clone(),
            revision,
            hash,
            page,
        }
    }

    /// Returns the job that draws a slide with other words, as an edit of it would. No revision
    /// waits for it. The chat hears of it all the same: one that was erased meanwhile deletes the file.
    pub fn preview_job(
        &self,
        number: u8,
        text: &SlideText,
        hash_page: impl Fn(&Page) -> String,
    ) -> Option<RenderJob> {
        let pages = self.content.pages(self.language);
        let mut page = pages.into_iter().find(|page| page.number == number)?;
        page.slide = page.slide.with_text(text);
        let hash = hash_page(&page);
        Some(self.job_of(page, hash, 0))
    }

    /// Returns the job that draws the document of this revision.
    pub fn pdf_job(&self) -> Option<PdfJob> {
        let draft = self.content.draft.as_ref()?;
        Some(PdfJob {
            carousel: self.id,
            chat: self.chat.clone(),
            owner: self.owner.clone(),
            revision: self.revision,
            title: draft.title.clone(),
            language: self.language,
            look: self.content.look.clone(),
            slides: self.content.slides(),
            written: draft.slides.clone(),
        })
    }
}
