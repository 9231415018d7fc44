//! Commands.

use confab_core::clip;

use super::{Turn, keyboard};
use crate::{
    Button, Command, Keyboard, MAX_TOPIC, RichText, SagaTrigger, Source, Span, Tap, TapAction,
    Update, content::clean_line, split_count,
};

impl Turn<'_> {
    pub(super) fn commanded(&mut self, update: &Update, command: Command<'_>) {
        let texts = self.texts();
        let is_private = !self.chat.is_group;
        // A command is a new topic.
        let had_question = self.chat.question.take().is_some();
        match command.name.to_ascii_lowercase().as_str() {
            "start" => self.send_text(texts.greeting),
            "help" => self.send_text(texts.help),
            "carousel" => {
                let (count, text) = split_count(command.rest);
                self.submit(update, text, count);
            }
            "wisdom" => self.wisdom(update, command.rest),
            "language" => self.choose_language(),
            "my" if is_private => self.list_carousels(),
            "cancel" => self.cancel(update, had_question),
            "privacy" => self.privacy(),
            "myid" => {
                let id = Span::Code(update.user.to_string());
                self.send(RichText::plain(texts.my_id).with(id), None);
            }
            "brand" if is_private => self.show_brand(),
            "series" if is_private => self.show_series(None),
            "brand" | "series" | "my" => self.send_text(texts.private_only),
            _ if is_private => self.send_text(texts.not_understood),
            _ => {}
        }
    }

    fn wisdom(&mut self, update: &Update, topic: &str) {
        let topic = clip(&clean_line(topic), MAX_TOPIC);
        let topic = Some(topic).filter(|topic| !topic.is_empty());
        self.request_by_message(update, Source::Wisdom(topic.map(Into::into)), 1);
    }

    /// Stops what the person has running, and the question that is open. In a group, others' work
    /// goes on.
    fn cancel(&mut self, update: &Update, had_question: bool) {
        let had_draft = self.chat.series_draft.take().is_some();
        let owner = update.user.to_string();
        let own = self.sagas.values().filter(|saga| saga.owner == owner);
        let running: Vec<_> = own
            .filter(|saga| saga.is_running())
            .map(|saga| saga.id)
            .collect();
        let mut cancelled = 0;
        for id in &running {
            cancelled += usize::from(self.step_carousel(*id, &SagaTrigger::Cancel).is_ok());
        }
        let texts = self.texts();
        let text = if cancelled > 0 || had_question || had_draft {
            texts.cancelled_all
        } else if running.is_empty() {
            texts.nothing_to_cancel
        } else {
            texts.too_late_to_cancel
        };
        self.send_text(text);
    }

    fn list_carousels(&mut self) {
        let texts = self.texts();
        if self.chat.recent.is_empty() {
            return self.send_text(texts.my_none);
        }
        let recent = self.chat.recent.iter();
        let rows = recent.map(|recent| {
            let tap = Tap {
                action: TapAction::Open,
                carousel: Some(recent.id),
                revision: 0,
            };
            vec![Button::Tap {
                label: recent.label.as_str().to_owned(),
                data: tap.encode(),
            }]
        });
        let keyboard = Keyboard(rows.collect());
        self.send(RichText::plain(texts.my_title), Some(keyboard));
    }

    fn privacy(&mut self) {
        let texts = self.texts();
        let button = vec![vec![(texts.button_erase.to_owned(), TapAction::Erase)]];
        let buttons = (!self.chat.is_group).then(|| keyboard(button));
        self.send(RichText::plain(texts.privacy), buttons);
    }
}
