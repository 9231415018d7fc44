//! What people write: commands, topics, replies, photos; and what becomes of the chat itself.

use confab_contracts::carousel;
use confab_core::{Private, after};

use super::{QUESTION_TTL, Turn, carousels::Wish};
use crate::{
    CarouselEvent, Command, Effect, MAX_SOURCE, MAX_TOPIC, Origin, Question, SendOutcome, Source,
    TelegramId, Update, UpdateContent,
    content::{clean_paragraphs, grapheme_count},
};

impl Turn<'_> {
    pub(super) fn update_received(&mut self, update: &Update) {
        match &update.content {
            UpdateContent::Membership { can_write } => {
                return self.membership_changed(*can_write);
            }
            UpdateContent::Migrated { to } => return self.migrated(*to),
            _ => {}
        }
        self.reachable();
        if !self.is_for_us(update) {
            return;
        }
        if !matches!(update.content, UpdateContent::Tap { .. }) {
            self.publish(CarouselEvent::MessageReceived(carousel::MessageReceived {
                owner: update.user.to_string(),
                kind: update.content.kind().to_owned(),
            }));
        }
        match &update.content {
            UpdateContent::Text { text, .. } => self.text_received(update, text.as_str()),
            UpdateContent::Photo {
                file_id, caption, ..
            } => {
                let caption = caption.as_ref().map(Private::as_str).unwrap_or_default();
                self.photo_received(update, file_id, caption);
            }
            UpdateContent::Tap {
                callback,
                data,
                message,
            } => self.tapped(update.user, callback, data, *message),
            _ => self.send_text(self.texts().not_understood),
        }
    }

    /// In a group, only commands, taps and replies to our question are meant for us.
    fn is_for_us(&self, update: &Update) -> bool {
        if !self.chat.is_group {
            return true;
        }
        match &update.content {
            UpdateContent::Text { text, .. } => {
                let command = Command::parse(text.as_str(), self.context.bot);
                command.is_some() || self.question_for(update).is_some()
            }
            UpdateContent::Tap { .. } => true,
            _ => false,
        }
    }

    /// Returns the open question that an update answers. In a group, it is a reply to it by the
    /// person who was asked.
    fn question_for(&self, update: &Update) -> Option<Question> {
        let question = self.chat.question.as_ref()?;
        let reply_to = match &update.content {
            UpdateContent::Text { reply_to, .. } | UpdateContent::Photo { reply_to, .. } => {
                *reply_to
            }
            _ => return None,
        };
        let is_open = self.context.now < after(question.asked_at, QUESTION_TTL);
        let is_reply = match (reply_to, question.message) {
            (Some(reply_to), Some(message)) => reply_to == message,
            (Some(_), None) => true,
            (None, _) => !self.chat.is_group,
        };
        let is_asked = question.user == update.user;
        (is_open && is_reply && is_asked).then(|| question.what.clone())
    }

    fn text_received(&mut self, update: &Update, text: &str) {
        let question = self.question_for(update);
        if let Some(command) = Command::parse(text, self.context.bot) {
            return self.commanded(update, command);
        }
        match question {
            Some(question) => self.answered(update, question, text),
            // A command to another bot.
            None if text.trim_start().starts_with('/') => {}
            None => self.submit(update, text, None),
        }
    }

    /// Takes a reply. One that does not fit leaves the question open.
    fn answered(&mut self, update: &Update, question: Question, text: &str) {
        match question {
            Question::Topic => {
                self.chat.question = None;
                self.submit(update, text, None);
            }
            Question::Slide {
                carousel,
                revision,
                number,
            } => self.slide_answered(carousel, revision, number, text),
            Question::BrandName => self.brand_name_answered(text),
            Question::BrandHandle => self.brand_handle_answered(text),
            Question::BrandColor => self.brand_color_answered(text),
            Question::BrandLogo => self.send_text(self.texts().ask_brand_logo),
            Question::SeriesTopic => self.series_topic_answered(text),
            Question::Zone => self.zone_answered(text),
        }
    }

    /// Makes a carousel of a topic or of the person's own text.
    pub(super) fn submit(&mut self, update: &Update, text: &str, count: Option<u8>) {
        let texts = self.texts();
        let text = clean_paragraphs(text);
        let length = grapheme_count(&text);
        if length == 0 {
            return self.ask(
                Question::Topic,
                update.user,
                texts.ask_topic,
                texts.hint_topic,
            );
        }
        if length > MAX_SOURCE {
            return self.send_text(texts.fill(
                texts.source_too_long,
                &[
                    ("length", length.to_string()),
                    ("limit", MAX_SOURCE.to_string()),
                ],
            ));
        }
        if is_japanese_or_korean(&text) {
            return self.send_text(texts.japanese_korean);
        }
        let source = if length > MAX_TOPIC || text.contains('\n') {
            Source::Text(text.into())
        } else {
            Source::Topic(text.into())
        };
        let count = count.unwrap_or(self.context.limits.slides);
        self.request_by_message(update, source, count);
    }

    pub(super) fn request_by_message(&mut self, update: &Update, source: Source, count: u8) {
        self.request_carousel(Wish {
            key: &update.id,
            at: update.sent_at,
            owner: update.user.to_string(),
            origin: Origin::Message,
            source,
            count,
        });
    }

    /// A photo is a logo if it was asked for, or says so.
    fn photo_received(&mut self, update: &Update, file_id: &str, caption: &str) {
        let is_asked_for = self.question_for(update) == Some(Question::BrandLogo);
        if !is_asked_for && !caption.trim().eq_ignore_ascii_case("logo") {
            return self.send_text(self.texts().not_understood);
        }
        if is_asked_for {
            self.chat.question = None;
        }
        self.effects.push(Effect::StoreLogo {
            file_id: file_id.to_owned(),
            owner: update.user.to_string(),
        });
        self.send_text(self.texts().logo_received);
    }

    pub(super) fn question_sent(&mut self, number: u32, outcome: &SendOutcome) {
        if *outcome == SendOutcome::Unreachable {
            return self.unreachable();
        }
        let SendOutcome::Done { messages } = outcome else {
            return;
        };
        if let Some(question) = &mut self.chat.question
            && question.number == number
        {
            question.message = messages.first().map(|sent| sent.message);
        }
    }

    /// A group that removed the bot is forgotten. A person who blocked it may come back.
    fn membership_changed(&mut self, can_write: bool) {
        if can_write {
            return self.reachable();
        }
        self.unreachable();
        if self.chat.is_group {
            self.erase();
        }
    }

    fn migrated(&mut self, to: TelegramId) {
        if self.chat.address != Some(to) {
            self.chat.address = Some(to);
            self.effects.push(Effect::SaveAlias { chat: to });
        }
    }
}

/// A single letter is enough: the fonts have none.
fn is_japanese_or_korean(text: &str) -> bool {
    let is_kana_or_hangul = |letter: char| {
        matches!(letter, '\u{3041}'..='\u{30ff}' | '\u{1100}'..='\u{11ff}' | '\u{3130}'..='\u{318f}'
            | '\u{ac00}'..='\u{d7af}')
    };
    text.chars().any(is_kana_or_hangul)
}
