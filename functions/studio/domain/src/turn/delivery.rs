//! Photos that are made for an order.

use confab_core::{OrderId, Timestamp};
use confab_messaging::Body;

use super::{Action, Attending, Image};
use crate::{Model, Photos, Source, Stage, Step, replies};

impl Attending<'_> {
    pub(super) fn begun(&mut self, id: OrderId, tune: i64, eta: Option<Timestamp>) {
        let now = self.now();
        let Some(order) = self.visit().order_mut(id) else {
            return;
        };
        if let Step::Asked { paid_at } = order.step {
            order.goes_to(Step::Making { paid_at, tune }, now, eta);
        }
    }

    pub(super) fn made(&mut self, id: OrderId, images: &[Image], is_all: bool) {
        let (now, texts) = (self.now(), self.texts());
        let Some(order) = self.visit().order_mut(id) else {
            return;
        };
        let Some(_) = order.paid_at() else { return };
        let news: Vec<_> = images
            .iter()
            .filter(|image| order.delivered.insert(image.name.clone()))
            .cloned()
            .collect();
        let is_first = order.delivered.len() == news.len();
        order.was_looked_at(now);
        if is_first && !news.is_empty() {
            self.say_text(texts.here_they_are);
        }
        for image in news {
            self.say(Body::Image {
                url: replies::of_object(&image.object),
                caption: None,
            });
        }
        if is_all {
            self.ends(id);
        }
    }

    /// There will be no more photos of it than there are.
    pub(super) fn ends(&mut self, id: OrderId) {
        let (now, texts) = (self.now(), self.texts());
        let Some(order) = self
            .visit()
            .order_mut(id)
            .filter(|order| order.is_in_work())
        else {
            return;
        };
        if !order.is_mostly_delivered() {
            return self.gives_up(id);
        }
        let (count, images) = (order.delivered.len(), order.images);
        let model = match (&order.from, &order.step) {
            (Source::Photos { .. }, Step::Making { tune, .. }) => Some(Model {
                tune: *tune,
                class: order.class,
                trained_at: now,
            }),
            _ => None,
        };
        order.goes_to(Step::Done, now, None);
        self.actions.push(Action::UseCredit { order: id });
        if model.is_some() {
            self.visit().model = model;
            // The next photos are made from the model, until there are new selfies.
            self.visit().photos = Photos::default();
        }
        if count < usize::try_from(images).unwrap_or(usize::MAX) {
            self.say(replies::not_all(texts, count, images));
        }
        self.rests();
        self.wakes_others();
        self.say(replies::ask_stars(texts));
    }

    /// It is sent once more, or waits until the person writes.
    pub(super) fn not_shown(&mut self, object: &str, is_too_late: bool) {
        if !self.visit().sent_again.insert(object.to_owned()) {
            return;
        }
        let body = Body::Image {
            url: replies::of_object(object),
            caption: None,
        };
        if is_too_late {
            self.holds_back(body)
        } else {
            self.say(body)
        }
    }

    pub(super) fn gives_up(&mut self, id: OrderId) {
        let (now, texts) = (self.now(), self.texts());
        let Some(order) = self
            .visit()
            .order_mut(id)
            .filter(|order| order.is_in_work())
        else {
            return;
        };
        order.goes_to(Step::Returning, now, None);
        self.actions.push(Action::Refund { order: id });
        self.rests();
        self.wakes_others();
        self.say_text(texts.cannot_be_made);
    }

    /// Where the person is when nothing is in work any more.
    pub(super) fn rests(&mut self) {
        let visit = self.visit();
        visit.stage = if visit.in_work().is_some() {
            Stage::Training
        } else if visit.pending().is_some() {
            Stage::PaymentPending
        } else if visit.photos.are_enough() {
            Stage::Choosing
        } else if !visit.photos.0.is_empty() {
            Stage::Collecting
        } else if visit.delivered().is_some() {
            Stage::Ready
        } else {
            Stage::New
        };
    }
}
