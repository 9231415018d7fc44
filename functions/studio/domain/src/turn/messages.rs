//! What people write and tap, and what is answered.

use confab_core::clip;
use confab_messaging::{Body, Content, Inbound};

use super::{Action, Attending};
use crate::{
    Asked, Language, Order, Stage, Step, Visit,
    intent::{Wish, wish},
    photo::ENOUGH,
    replies,
};

/// A name longer than this is not what anybody calls a person.
const NAME: usize = 40;

impl Attending<'_> {
    pub(super) fn said(&mut self, message: &Inbound, is_new: bool) {
        self.forgets_faces();
        // What was delivered late opens no window.
        let wrote_at = message.sent_at.min(self.now());
        self.user.last_message_at = if is_new {
            wrote_at
        } else {
            self.user.last_message_at.max(wrote_at)
        };
        self.user.address = Some(message.from.clone());
        self.visit().is_reminded = false;
        if let Some(name) = &message.name {
            self.user.name = Some(clip(name.as_str().trim(), NAME).into());
        }
        if let (true, Content::Text { text }) = (is_new, &message.content) {
            self.user.language = Language::of(text.as_str()).unwrap_or_default();
        }
        let wish = wish(&self.user, &message.content);
        if !matches!(wish, Wish::Photos(_)) {
            self.visit().refused_photo_at = None;
        }
        self.catches_up();
        match (wish, self.user.visit.asked) {
            // Whatever the first words were, they are met with a greeting.
            (wish, _) if is_new && wish.is_small_talk() => self.greet(),
            (Wish::Words(words), Some(asked)) => self.takes_words(asked, words),
            (wish, _) => {
                if wish.is_another_matter() {
                    self.visit().asked = None;
                }
                self.grants(wish, message);
            }
        }
    }

    pub(super) fn grants(&mut self, wish: Wish, message: &Inbound) {
        let texts = self.texts();
        match wish {
            Wish::Nothing => {}
            Wish::Greeting => self.greet(),
            Wish::Help => self.say_text(texts.how_it_works),
            Wish::ChooseLanguage => self.say(replies::languages(texts)),
            Wish::Speak(language) => {
                self.user.language = language;
                let texts = self.texts();
                self.say(replies::menu(texts, texts.language_changed));
            }
            Wish::Photos(items) => self.takes_photos(items, message),
            Wish::Begin => self.asks_for_photos(),
            Wish::Anew => {
                self.visit().begins_anew();
                self.say_text(
                    self.texts()
                        .send_photos
                        .replace("{enough}", &ENOUGH.to_string()),
                );
            }
            Wish::More => self.asks_for_more(),
            Wish::Examples => self.say(replies::menu(texts, texts.examples)),
            Wish::Tiers => self.shows_tiers(),
            Wish::Packs(tier, page) => self.shows_packs(tier, page),
            Wish::Sheet(pack) => self.shows_sheet(pack),
            Wish::Pack(pack) => self.offers(pack),
            Wish::AnotherOrder(pack) => self.makes_offer(pack),
            Wish::Class(class) => {
                self.visit().class = Some(class);
                self.shows_tiers();
            }
            Wish::UseModel => self.uses_model(),
            Wish::Stars(stars) => self.takes_stars(stars),
            Wish::Status => self.tells_status(),
            Wish::Cancel => self.cancels(),
            Wish::Support => {
                self.visit().asked = Some(Asked::Question);
                self.say_text(texts.support);
            }
            Wish::AskErase => self.say(replies::ask_erase(texts, &self.refund_with_erasure())),
            Wish::Erase => {
                self.say_text(format!("{}{}", texts.erased, self.refund_with_erasure()));
                // What is being made is not made any more, and money that comes for it goes back.
                let is_paid =
                    |order: &&Order| order.is_in_work() || order.step == Step::PaymentPending;
                let paid = self.user.visit.orders.iter().filter(is_paid);
                self.actions
                    .extend(paid.map(|order| Action::Refund { order: order.id }));
                let orders = self
                    .user
                    .visit
                    .orders
                    .iter()
                    .map(|order| order.id)
                    .collect();
                self.actions.push(Action::Erase { orders });
                self.user.visit = Visit::default();
            }
            Wish::Words(_) | Wish::Unclear => self.say(replies::menu(texts, texts.not_understood)),
            Wish::Unreadable => self.say_text(texts.cannot_read),
        }
    }

    /// What becomes of the money of orders that end with the person's data; nothing without such orders.
    fn refund_with_erasure(&self) -> String {
        let (texts, orders) = (self.texts(), &self.user.visit.orders);
        let is_unmade = |order: &Order| order.is_in_work() || order.step == Step::Returning;
        let mut told = String::new();
        if orders.iter().any(is_unmade) {
            told.push_str(texts.refund_with_erasure);
        }
        if self.user.visit.pending().is_some() {
            told.push_str(texts.refund_with_erasure_later);
        }
        told
    }

    pub(super) fn greet(&mut self) {
        let texts = self.texts();
        let text = texts.greeting.replace("{name}", &self.user.spaced_name());
        self.say(replies::menu(texts, &text));
    }

    pub(super) fn takes_stars(&mut self, stars: u8) {
        let texts = self.texts();
        let Some(id) = self.user.visit.delivered().map(|order| order.id) else {
            return self.say(replies::menu(texts, texts.not_understood));
        };
        if let Some(order) = self.visit().order_mut(id) {
            order.stars = Some(stars);
        }
        self.actions.push(Action::Rate { order: id, stars });
        if stars < 4 {
            self.visit().asked = Some(Asked::Feedback);
            return self.say_text(texts.what_was_wrong);
        }
        self.say(replies::menu(texts, texts.thanks_for_stars));
    }

    pub(super) fn takes_words(&mut self, asked: Asked, words: String) {
        let texts = self.texts();
        self.visit().asked = None;
        let action = match (asked, self.user.visit.delivered()) {
            (Asked::Feedback, Some(order)) => Action::Note {
                order: order.id,
                words,
            },
            _ => Action::HandOn { words },
        };
        self.actions.push(action);
        self.say(replies::menu(texts, texts.thanks_for_words));
    }

    pub(super) fn tells_status(&mut self) {
        let texts = self.texts();
        let visit = &self.user.visit;
        let body = match (visit.stage, visit.pending()) {
            _ if visit.in_work().is_some() => Body::Text {
                text: texts.in_work.to_owned(),
            },
            (_, Some(pending)) => Body::Text {
                text: texts.payment_pending.replace("{pack}", &pending.title),
            },
            (Stage::Collecting, _) => replies::progress(texts, &visit.photos),
            (Stage::Choosing | Stage::Paying, _) => {
                replies::enough(texts, &visit.photos, texts.choose_next)
            }
            (Stage::New | Stage::PaymentPending | Stage::Training | Stage::Ready, _) => {
                replies::menu(texts, texts.nothing_in_work)
            }
        };
        self.say(body);
    }

    /// What was not paid is forgotten; what was paid goes on, and says so.
    pub(super) fn cancels(&mut self) {
        let texts = self.texts();
        if self.user.visit.in_work().is_some() {
            return self.say_text(texts.too_late_to_cancel);
        }
        if let Some(pending) = self.user.visit.pending() {
            let text = texts
                .too_late_to_cancel_payment
                .replace("{pack}", &pending.title);
            return self.say_text(text);
        }
        self.rests();
        // Whoever says no is not asked again.
        self.visit().is_reminded = true;
        self.say(replies::menu(texts, texts.cancelled));
    }
}
