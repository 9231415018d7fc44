//! Messages and taps, by their intent.

use confab_core::clip;
use confab_messaging::{Body, Content, Inbound};

use super::{Action, Turn};
use crate::{
    AwaitedReply, Conversation, Language, OrderStatus, Stage,
    intent::{Intent, parse_intent},
    photo::MIN_SELFIES,
    replies,
};

/// Maximum characters of a profile name.
const MAX_NAME_CHARS: usize = 40;

impl Turn<'_> {
    pub(super) fn receive_message(&mut self, message: &Inbound, is_new: bool) {
        self.remove_expired_faces();
        self.update_profile(message, is_new);
        let intent = parse_intent(&self.user, &message.content);
        if !matches!(intent, Intent::SendPhotos(_)) {
            self.conversation().refused_photo_at = None;
        }
        self.send_held_messages();
        if is_new && intent.is_small_talk() {
            return self.greet();
        }
        match (intent, self.user.conversation.awaited_reply) {
            (Intent::FreeText(text), Some(awaited)) => self.save_reply(awaited, text),
            (intent, _) => {
                if intent.is_new_topic() {
                    self.conversation().awaited_reply = None;
                }
                self.handle_intent(intent, message);
            }
        }
    }

    fn update_profile(&mut self, message: &Inbound, is_new: bool) {
        // A late delivery must not reopen the messaging window.
        let sent_at = message.sent_at.min(self.now());
        self.user.last_message_at = if is_new {
            sent_at
        } else {
            self.user.last_message_at.max(sent_at)
        };
        self.user.address = Some(message.from.clone());
        self.conversation().is_reminded = false;
        if let Some(name) = &message.name {
            self.user.name = Some(clip(name.as_str().trim(), MAX_NAME_CHARS).into());
        }
        if let (true, Content::Text { text }) = (is_new, &message.content) {
            self.user.language = Language::of(text.as_str()).unwrap_or_default();
        }
    }

    fn handle_intent(&mut self, intent: Intent, message: &Inbound) {
        let texts = self.texts();
        match intent {
            Intent::Ignore => {}
            Intent::Greeting => self.greet(),
            Intent::Help => self.send_text(texts.how_it_works),
            Intent::ChooseLanguage => self.send(replies::languages(texts)),
            Intent::SetLanguage(language) => {
                self.user.language = language;
                let texts = self.texts();
                self.send(replies::menu(texts, texts.language_changed));
            }
            Intent::SendPhotos(items) => self.receive_photos(items, message),
            Intent::Start => self.request_selfies(),
            Intent::StartOver => {
                self.conversation().start_over();
                self.send_text(
                    texts
                        .send_photos
                        .replace("{enough}", &MIN_SELFIES.to_string()),
                );
            }
            Intent::AddPhotos => self.request_more_selfies(),
            Intent::ShowExamples => self.send(replies::menu(texts, texts.examples)),
            Intent::ShowTiers => self.send_tiers(),
            Intent::ShowPacks(tier, page) => self.send_packs(tier, page),
            Intent::ShowSamples(pack) => self.send_samples(pack),
            Intent::ChoosePack(pack) => self.choose_pack(pack),
            Intent::ConfirmSecondOrder(pack) => self.create_offer(pack),
            Intent::SetClass(class) => {
                self.conversation().class = Some(class);
                self.send_tiers();
            }
            Intent::ReuseModel => self.reuse_model(),
            Intent::RateOrder(stars) => self.save_rating(stars),
            Intent::ShowStatus => self.send_status(),
            Intent::Cancel => self.cancel(),
            Intent::ContactSupport => {
                self.conversation().awaited_reply = Some(AwaitedReply::Question);
                self.send_text(texts.support);
            }
            Intent::RequestErasure => {
                self.send(replies::ask_erase(texts, &self.erasure_refund_note()));
            }
            Intent::ConfirmErasure => self.erase_user(),
            Intent::FreeText(_) | Intent::Unknown => {
                self.send(replies::menu(texts, texts.not_understood));
            }
            Intent::Unsupported => self.send_text(texts.unsupported),
        }
    }

    /// Erases the user. Paid orders are not made any more, and their money is refunded.
    fn erase_user(&mut self) {
        self.send_text(format!(
            "{}{}",
            self.texts().erased,
            self.erasure_refund_note()
        ));
        let mut orders = Vec::new();
        for order in &self.user.conversation.orders {
            if order.is_in_progress() || order.status == OrderStatus::PaymentPending {
                self.actions.push(Action::Refund { order: order.id });
            }
            orders.push(order.id);
        }
        self.actions.push(Action::EraseUser { orders });
        self.user.conversation = Conversation::default();
    }

    /// Says which payments an erasure refunds. Empty when there are none.
    fn erasure_refund_note(&self) -> String {
        let (texts, conversation) = (self.texts(), &self.user.conversation);
        let has_paid_order = conversation
            .orders
            .iter()
            .any(|order| order.is_in_progress() || order.status == OrderStatus::RefundRequested);
        let mut note = String::new();
        if has_paid_order {
            note.push_str(texts.refund_with_erasure);
        }
        if conversation.pending_order().is_some() {
            note.push_str(texts.refund_with_erasure_later);
        }
        note
    }

    fn greet(&mut self) {
        let texts = self.texts();
        let text = texts.greeting.replace("{name}", &self.user.spaced_name());
        self.send(replies::menu(texts, &text));
    }

    fn save_rating(&mut self, stars: u8) {
        let texts = self.texts();
        let last = self.user.conversation.last_delivered_order();
        let Some(id) = last.map(|order| order.id) else {
            return self.send(replies::menu(texts, texts.not_understood));
        };
        if let Some(order) = self.conversation().order_mut(id) {
            order.stars = Some(stars);
        }
        self.actions.push(Action::SaveRating { order: id, stars });
        if stars < 4 {
            self.conversation().awaited_reply = Some(AwaitedReply::Feedback);
            return self.send_text(texts.ask_feedback);
        }
        self.send(replies::menu(texts, texts.thanks_for_rating));
    }

    fn save_reply(&mut self, awaited: AwaitedReply, text: String) {
        let texts = self.texts();
        self.conversation().awaited_reply = None;
        let action = match (awaited, self.user.conversation.last_delivered_order()) {
            (AwaitedReply::Feedback, Some(order)) => Action::SaveFeedback {
                order: order.id,
                text,
            },
            _ => Action::ForwardQuestion { text },
        };
        self.actions.push(action);
        self.send(replies::menu(texts, texts.thanks_for_feedback));
    }

    fn send_status(&mut self) {
        let texts = self.texts();
        let conversation = &self.user.conversation;
        if conversation.order_in_progress().is_some() {
            return self.send_text(texts.in_progress);
        }
        if let Some(pending) = conversation.pending_order() {
            return self.send_text(texts.payment_pending.replace("{pack}", &pending.title));
        }
        let body: Body = match conversation.stage {
            Stage::Collecting => replies::progress(texts, &conversation.photos),
            Stage::Choosing | Stage::Paying => {
                replies::enough(texts, &conversation.photos, texts.choose_next)
            }
            Stage::New | Stage::PaymentPending | Stage::Training | Stage::Ready => {
                replies::menu(texts, texts.nothing_in_progress)
            }
        };
        self.send(body);
    }

    /// Drops unpaid offers from sight. A paid order goes on, and the answer says so.
    fn cancel(&mut self) {
        let texts = self.texts();
        if self.user.conversation.order_in_progress().is_some() {
            return self.send_text(texts.too_late_to_cancel);
        }
        if let Some(pending) = self.user.conversation.pending_order() {
            let text = texts
                .too_late_to_cancel_payment
                .replace("{pack}", &pending.title);
            return self.send_text(text);
        }
        self.reset_stage();
        // A user who cancelled gets no reminder.
        self.conversation().is_reminded = true;
        self.send(replies::menu(texts, texts.cancelled));
    }
}
