//! Requests for carousels, and steps of those that exist.

use confab_core::Timestamp;
use confab_worker::Decision;

use super::{PageRequest, Turn};
use crate::{
    CarouselId, Effect, Format, Language, Look, Origin, Refusal, Request, Saga, SagaTrigger,
    SendOutcome, Source, Template, begin, detect, step,
};

/// What a new carousel starts from.
pub(super) struct Wish<'a> {
    /// The idempotency key: copies of a request make one carousel.
    pub(super) key: &'a str,
    pub(super) at: Timestamp,
    pub(super) owner: String,
    pub(super) origin: Origin,
    pub(super) source: Source,
    pub(super) count: u8,
}

impl Turn<'_> {
    /// Begins a carousel, or says why not.
    pub(super) fn request_carousel(&mut self, wish: Wish<'_>) {
        if let Err(text) = self.check_limits() {
            return self.send_text(text);
        }
        let language = self.language_of(&wish.source);
        let template = match wish.source {
            Source::Wisdom(_) => Template::Verse,
            Source::Topic(_) | Source::Text(_) => Template::Essay,
        };
        let look = Look {
            template,
            format: Format::Portrait,
            brand: self.chat.brand.clone(),
        };
        self.begin_carousel(Request {
            id: CarouselId::of_request(wish.key, wish.at),
            chat: self.chat.key.clone(),
            owner: wish.owner,
            origin: wish.origin,
            ui: self.chat.ui,
            language,
            source: wish.source,
            count: wish.count,
            look,
        });
    }

    /// The page and tests check their limits before they answer.
    pub(super) fn page_requested(&mut self, request: &PageRequest) {
        self.begin_carousel(Request {
            id: CarouselId::of_request(&request.id, request.requested_at),
            chat: self.chat.key.clone(),
            owner: request.owner.clone(),
            origin: request.origin,
            ui: request.ui,
            language: request.language,
            source: request.source.clone(),
            count: request.count,
            look: Look {
                template: request.template,
                format: request.format,
                brand: self.chat.brand.clone(),
            },
        });
    }

    fn begin_carousel(&mut self, request: Request) {
        let id = request.id;
        if self.sagas.contains_key(&id) {
            return;
        }
        let label = request.source.text().unwrap_or(request.source.name());
        self.chat.remember(id, label);
        let decision = begin(request, self.step_context());
        self.absorb(decision);
    }

    /// Checks whether one more carousel may be made now.
    pub(super) fn check_limits(&self) -> Result<(), String> {
        let (texts, limits) = (self.texts(), self.context.limits);
        let count = self.chat.running.len();
        if count >= limits.running {
            let values = [("count", count.to_string())];
            return Err(texts.fill(texts.too_many_running, &values));
        }
        if self.chat.used_today(self.context.now) >= limits.carousels_a_day {
            let values = [("limit", limits.carousels_a_day.to_string())];
            return Err(texts.fill(texts.quota_reached, &values));
        }
        Ok(())
    }

    fn language_of(&self, source: &Source) -> Language {
        let text = source.text().unwrap_or_default();
        let spoken = Language::from(self.chat.ui);
        let detected = || detect(text, spoken).language_or(spoken);
        self.chat.slides.or_else(detected).unwrap_or(spoken)
    }

    /// Has a carousel decide a trigger. `Err` says why it does not count.
    pub(super) fn step_carousel(
        &mut self,
        id: CarouselId,
        trigger: &SagaTrigger,
    ) -> Result<(), Refusal> {
        let Some(saga) = self.sagas.remove(&id) else {
            return Err(Refusal::NotNow);
        };
        let checked = saga.check(trigger, self.context.now);
        let decision = step(saga, trigger, self.step_context());
        self.absorb(decision);
        checked
    }

    /// Takes a carousel's decision over. Its quota is a matter of this row.
    fn absorb(&mut self, decision: Decision<Saga, Effect>) {
        let saga = decision.state;
        if saga.is_running() {
            self.chat.running.insert(saga.id);
        } else {
            self.chat.running.remove(&saga.id);
        }
        self.sagas.insert(saga.id, saga);
        for effect in decision.effects {
            match effect {
                Effect::Quota { change } => self.chat.change_quota(change, self.context.now),
                effect => self.effects.push(effect),
            }
        }
    }

    pub(super) fn carousel_news(&mut self, id: CarouselId, trigger: &SagaTrigger) {
        let counts = self.step_carousel(id, trigger).is_ok();
        let is_unreachable = matches!(
            trigger,
            SagaTrigger::Settled {
                outcome: SendOutcome::Unreachable,
                ..
            }
        );
        if counts && is_unreachable {
            self.unreachable();
        }
    }

    pub(super) fn step_all_running(&mut self, trigger: &SagaTrigger) -> usize {
        let running: Vec<_> = self.chat.running.iter().copied().collect();
        let stepped = running
            .into_iter()
            .filter(|id| self.step_carousel(*id, trigger).is_ok());
        stepped.count()
    }

    /// The chat cannot be written to: everything stops, and the series rest.
    pub(super) fn unreachable(&mut self) {
        self.chat.is_unreachable = true;
        self.chat.question = None;
        self.chat.series_draft = None;
        self.chat.pause_all();
        self.step_all_running(&SagaTrigger::Unreachable);
    }

    pub(super) fn reachable(&mut self) {
        if self.chat.is_unreachable {
            self.chat.is_unreachable = false;
            self.chat.resume_all(self.context.now);
        }
    }
}
