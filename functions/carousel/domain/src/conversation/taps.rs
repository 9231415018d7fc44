//! Taps on buttons. Each is answered exactly once.

use confab_contracts::carousel;

use super::Turn;
use crate::{
    Brand, Call, CarouselEvent, CarouselId, Effect, Format, Keyboard, MAX_BODY, MAX_TITLE,
    Question, Refusal, Restyle, Saga, SagaTrigger, SlideText, SlideTextError, Tap, TapAction,
    TelegramId, Template, Texts,
};

/// What the person sees over the chat.
pub(super) enum Answer {
    Silent,
    Toast(&'static str),
    /// Stays until it is closed.
    Alert(&'static str),
}

impl Turn<'_> {
    pub(super) fn tapped(
        &mut self,
        user: TelegramId,
        callback: &str,
        data: &str,
        message: Option<TelegramId>,
    ) {
        let first = self.effects.len();
        let answer = match Tap::decode(data) {
            Some(tap) => {
                self.publish(CarouselEvent::InteractionTracked(
                    carousel::InteractionTracked {
                        owner: user.to_string(),
                        action: tap.action.name().to_owned(),
                    },
                ));
                match tap.carousel {
                    Some(id) => self.carousel_tapped(user, id, tap, message),
                    None => self.conversation_tapped(user, tap.action, message),
                }
            }
            None => Answer::Toast(self.texts().unknown_button),
        };
        let (text, is_alert) = match answer {
            Answer::Silent => (None, false),
            Answer::Toast(text) => (Some(text.to_owned()), false),
            Answer::Alert(text) => (Some(text.to_owned()), true),
        };
        let call = Call::AnswerCallback {
            callback: callback.to_owned(),
            text,
            is_alert,
        };
        // First, because the button spins until it is answered.
        self.effects.insert(first, Effect::Call { call });
    }

    /// Only the owner may tap, and only buttons of the latest revision.
    fn carousel_tapped(
        &mut self,
        user: TelegramId,
        id: CarouselId,
        tap: Tap,
        message: Option<TelegramId>,
    ) -> Answer {
        let texts = self.texts();
        let saga = self.sagas.get(&id);
        let Some(saga) = saga.filter(|saga| saga.chat == self.chat.key) else {
            return Answer::Toast(texts.unknown_button);
        };
        if saga.owner != user.to_string() {
            return Answer::Alert(texts.not_yours);
        }
        if tap.action != TapAction::Open && tap.revision != saga.revision {
            return Answer::Toast(texts.older_version);
        }
        match tap.action {
            TapAction::ChooseSlide
            | TapAction::ChooseTemplate
            | TapAction::ChooseFormat
            | TapAction::Back => self.menu_tapped(id, tap, message),
            TapAction::EditSlide(number) => self.ask_slide(user, id, tap, number, message),
            TapAction::Retry => self.retry_tapped(id, tap),
            action => match self.trigger_of(action, tap.revision) {
                Ok(trigger) => self.wish(id, &trigger),
                Err(text) => Answer::Alert(text),
            },
        }
    }

    /// Returns what a tap asks the carousel for.
    fn trigger_of(&self, action: TapAction, revision: u32) -> Result<SagaTrigger, &'static str> {
        let restyle = |change| SagaTrigger::Restyle { revision, change };
        Ok(match action {
            TapAction::SetTemplate(template) => restyle(Restyle::Template(template)),
            TapAction::SetFormat(format) => restyle(Restyle::Format(format)),
            TapAction::ApplyBrand if self.chat.brand == Brand::default() => {
                return Err(self.texts().brand_missing);
            }
            TapAction::ApplyBrand => restyle(Restyle::Brand(self.chat.brand.clone())),
            TapAction::Again => SagaTrigger::WriteAgain {
                revision,
                number: None,
            },
            TapAction::RewriteSlide(number) => SagaTrigger::WriteAgain {
                revision,
                number: Some(number),
            },
            TapAction::Pdf => SagaTrigger::SendPdf { revision },
            TapAction::Files => SagaTrigger::SendFiles { revision },
            TapAction::SendAgain => SagaTrigger::SendAgain { revision },
            TapAction::ConfirmArrival => SagaTrigger::ConfirmArrival { revision },
            TapAction::Cancel => SagaTrigger::Cancel,
            TapAction::Open => SagaTrigger::Open,
            _ => return Err(self.texts().unknown_button),
        })
    }

    fn wish(&mut self, id: CarouselId, trigger: &SagaTrigger) -> Answer {
        let texts = self.texts();
        match self.step_carousel(id, trigger) {
            Ok(()) => match trigger {
                SagaTrigger::SendPdf { .. } | SagaTrigger::SendFiles { .. } => {
                    Answer::Toast(texts.preparing_file)
                }
                SagaTrigger::Restyle { .. } | SagaTrigger::WriteAgain { .. } => {
                    self.chat.question = None;
                    Answer::Toast(texts.updating)
                }
                SagaTrigger::Cancel => Answer::Toast(texts.cancelled_all),
                _ => Answer::Silent,
            },
            Err(refusal) => Answer::Toast(self.refusal_text(refusal)),
        }
    }

    fn refusal_text(&self, refusal: Refusal) -> &'static str {
        let texts = self.texts();
        match refusal {
            Refusal::OlderVersion => texts.older_version,
            Refusal::Busy => texts.busy,
            Refusal::TooLateToCancel => texts.too_late_to_cancel,
            Refusal::TooManyRewrites => texts.too_many_rewrites,
            Refusal::NotNow => texts.unknown_button,
        }
    }

    /// A carousel that is begun anew counts as one more.
    fn retry_tapped(&mut self, id: CarouselId, tap: Tap) -> Answer {
        if let Err(text) = self.check_limits() {
            self.send_text(text);
            return Answer::Silent;
        }
        let revision = tap.revision;
        self.wish(id, &SagaTrigger::Retry { revision })
    }

    /// Menus are the buttons of the tapped message; the carousel knows nothing of them.
    fn menu_tapped(&mut self, id: CarouselId, tap: Tap, message: Option<TelegramId>) -> Answer {
        let Some(saga) = self.sagas.get(&id) else {
            return Answer::Silent;
        };
        if let Err(refusal) = saga.check_change(tap.revision, None) {
            return Answer::Toast(self.refusal_text(refusal));
        }
        let keyboard = menu(saga, tap.action, self.texts());
        self.edit_keyboard(message, keyboard);
        Answer::Silent
    }

    pub(super) fn edit_keyboard(&mut self, message: Option<TelegramId>, keyboard: Keyboard) {
        if let Some(message) = message {
            self.call(Call::EditKeyboard {
                message,
                keyboard: Some(keyboard),
            });
        }
    }

    /// Asks for the words of a slide, and offers to have them written.
    fn ask_slide(
        &mut self,
        user: TelegramId,
        id: CarouselId,
        tap: Tap,
        number: u8,
        message: Option<TelegramId>,
    ) -> Answer {
        let Some(saga) = self.sagas.get(&id) else {
            return Answer::Silent;
        };
        if let Err(refusal) = saga.check_change(tap.revision, Some(number)) {
            return Answer::Toast(self.refusal_text(refusal));
        }
        let texts = self.texts();
        let keyboard = saga.keyboard(&[
            &[(texts.button_rewrite, TapAction::RewriteSlide(number))],
            &[(texts.button_back, TapAction::Back)],
        ]);
        self.edit_keyboard(message, keyboard);
        let question = Question::Slide {
            carousel: id,
            revision: tap.revision,
            number,
        };
        let text = texts.fill(texts.ask_slide, &[("number", number.to_string())]);
        self.ask(question, user, text, texts.hint_slide);
        Answer::Silent
    }

    /// Puts the person's words on a slide. Words that do not fit leave the question open.
    pub(super) fn slide_answered(
        &mut self,
        carousel: CarouselId,
        revision: u32,
        number: u8,
        text: &str,
    ) {
        let texts = self.texts();
        let text = text.trim();
        let (title, body) = text.split_once('\n').unwrap_or((text, ""));
        let too_long = |template, length: usize, limit: usize| {
            let values = [("length", length.to_string()), ("limit", limit.to_string())];
            texts.fill(template, &values)
        };
        let text = match SlideText::new(title, body) {
            Ok(text) => text,
            Err(SlideTextError::NoTitle) => return,
            Err(SlideTextError::TitleTooLong { length }) => {
                return self.send_text(too_long(texts.title_too_long, length, MAX_TITLE));
            }
            Err(SlideTextError::BodyTooLong { length }) => {
                return self.send_text(too_long(texts.body_too_long, length, MAX_BODY));
            }
        };
        self.chat.question = None;
        let trigger = SagaTrigger::EditSlide {
            revision,
            number,
            text,
        };
        if let Err(refusal) = self.step_carousel(carousel, &trigger) {
            self.send_text(self.refusal_text(refusal));
        }
    }
}

fn menu(saga: &Saga, action: TapAction, texts: &Texts) -> Keyboard {
    let numbers: Vec<_> = (1..=saga.content.count()).collect();
    let labels: Vec<_> = numbers.iter().map(u8::to_string).collect();
    let (buttons, columns): (Vec<(&str, TapAction)>, usize) = match action {
        TapAction::ChooseSlide => {
            let labels = labels.iter().map(String::as_str);
            let actions = numbers.iter().copied().map(TapAction::EditSlide);
            (labels.zip(actions).collect(), 5)
        }
        TapAction::ChooseTemplate => {
            let actions = Template::ALL.map(TapAction::SetTemplate);
            (texts.template_names.into_iter().zip(actions).collect(), 3)
        }
        TapAction::ChooseFormat => {
            let actions = Format::ALL.map(TapAction::SetFormat);
            (texts.format_names.into_iter().zip(actions).collect(), 3)
        }
        _ => return saga.ready_keyboard(),
    };
    let back = [(texts.button_back, TapAction::Back)];
    let rows: Vec<_> = buttons.chunks(columns).chain([&back[..]]).collect();
    saga.keyboard(&rows)
}
