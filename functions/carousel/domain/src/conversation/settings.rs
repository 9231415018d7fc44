//! Settings: languages, brand, and the deletion of everything.

use super::{Turn, keyboard, taps::Answer};
use crate::{
    Brand, BrandField, Call, Chat, Color, Effect, FontPair, Keyboard, Language, Question, RichText,
    SagaTrigger, Span, TapAction, TelegramId, UiLanguage,
    content::{clean_line, grapheme_count},
    texts,
};

const MAX_BRAND_NAME: usize = 40;
const MAX_HANDLE: usize = 32;

impl Turn<'_> {
    pub(super) fn conversation_tapped(
        &mut self,
        user: TelegramId,
        action: TapAction,
        message: Option<TelegramId>,
    ) -> Answer {
        let texts = self.texts();
        match action {
            TapAction::SetLanguage(language) => return self.set_language(language, message),
            TapAction::ChooseSlidesLanguage => self.choose_slides_language(message),
            TapAction::SetSlidesLanguage(language) => self.set_slides_language(language),
            _ if self.chat.is_group => return Answer::Alert(texts.private_only),
            TapAction::EditBrand(field) => self.edit_brand(user, field),
            TapAction::SetFonts(fonts) => {
                self.chat.brand.fonts = fonts;
                self.send_text(texts.brand_saved);
            }
            TapAction::ClearBrand => {
                self.chat.brand = Brand::default();
                self.send_text(texts.brand_cleared);
            }
            TapAction::Erase => {
                let rows = vec![vec![
                    (
                        texts.button_confirm_erase.to_owned(),
                        TapAction::ConfirmErase,
                    ),
                    (texts.button_keep.to_owned(), TapAction::KeepData),
                ]];
                self.send(RichText::plain(texts.ask_erase), Some(keyboard(rows)));
            }
            TapAction::ConfirmErase => {
                self.erase();
                self.send_text(texts.erased);
            }
            TapAction::KeepData => self.send_text(texts.kept),
            action => return self.series_tapped(user, action, message),
        }
        Answer::Silent
    }

    pub(super) fn choose_language(&mut self) {
        let texts = self.texts();
        self.send(
            RichText::plain(texts.choose_language),
            Some(self.language_keyboard()),
        );
    }

    fn language_keyboard(&self) -> Keyboard {
        let chosen = self.texts();
        let button = |language| (texts(language).language_name.to_owned(), language);
        let buttons = UiLanguage::ALL
            .map(button)
            .map(|(name, language)| (name, TapAction::SetLanguage(language)));
        let slides = match self.chat.slides {
            Some(language) => language_name(language),
            None => chosen.slides_language_auto,
        };
        let values = [("language", slides.to_owned())];
        let slides = chosen.fill(chosen.button_slides_language, &values);
        let mut rows: Vec<_> = buttons.chunks(3).map(<[_]>::to_vec).collect();
        rows.push(vec![(slides, TapAction::ChooseSlidesLanguage)]);
        keyboard(rows)
    }

    fn set_language(&mut self, language: UiLanguage, message: Option<TelegramId>) -> Answer {
        self.chat.ui = language;
        let texts = self.texts();
        if let Some(message) = message {
            self.call(Call::EditMessage {
                message,
                text: RichText::plain(texts.choose_language),
                keyboard: Some(self.language_keyboard()),
            });
        }
        Answer::Toast(texts.language_changed)
    }

    fn choose_slides_language(&mut self, message: Option<TelegramId>) {
        let texts = self.texts();
        let button = |language| {
            let action = TapAction::SetSlidesLanguage(Some(language));
            (language_name(language).to_owned(), action)
        };
        let buttons = Language::ALL.map(button);
        let mut rows: Vec<_> = buttons.chunks(4).map(<[_]>::to_vec).collect();
        let auto = TapAction::SetSlidesLanguage(None);
        rows.push(vec![(texts.slides_language_auto.to_owned(), auto)]);
        let text = RichText::plain(texts.choose_slides_language);
        self.show(message, text, keyboard(rows));
    }

    fn set_slides_language(&mut self, language: Option<Language>) {
        self.chat.slides = language;
        let texts = self.texts();
        let name = language.map_or(texts.slides_language_auto, language_name);
        let values = [("language", name.to_owned())];
        self.send_text(texts.fill(texts.slides_language_changed, &values));
    }

    pub(super) fn show_brand(&mut self) {
        let texts = self.texts();
        let brand = &self.chat.brand;
        let mut text = RichText::default().with(Span::Bold(texts.brand_title.to_owned()));
        let mut buttons = Vec::new();
        for field in BrandField::ALL {
            let (label, value) = match field {
                BrandField::Name => (texts.brand_name, brand.name.clone()),
                BrandField::Handle => (texts.brand_handle, brand.handle.clone()),
                BrandField::Color => (texts.brand_color, brand.color.map(String::from)),
                BrandField::Logo => {
                    let is_set = brand.logo.as_ref().map(|_| texts.brand_logo_set.to_owned());
                    (texts.brand_logo, is_set)
                }
                BrandField::Fonts => {
                    let name = texts.font_names[font_index(brand.fonts)];
                    (texts.brand_fonts, Some(name.to_owned()))
                }
            };
            let value = value.unwrap_or_else(|| texts.brand_unset.to_owned());
            let line = texts.fill(
                "\n{label}: {value}",
                &[("label", label.to_owned()), ("value", value)],
            );
            text = text.with(Span::Plain(line));
            buttons.push((label.to_owned(), TapAction::EditBrand(field)));
        }
        buttons.push((texts.button_clear_brand.to_owned(), TapAction::ClearBrand));
        let rows = buttons.chunks(2).map(<[_]>::to_vec).collect();
        self.send(text, Some(keyboard(rows)));
    }

    fn edit_brand(&mut self, user: TelegramId, field: BrandField) {
        let texts = self.texts();
        let (question, text, hint) = match field {
            BrandField::Name => (Question::BrandName, texts.ask_brand_name, texts.brand_name),
            BrandField::Handle => (
                Question::BrandHandle,
                texts.ask_brand_handle,
                texts.brand_handle,
            ),
            BrandField::Color => (
                Question::BrandColor,
                texts.ask_brand_color,
                texts.brand_color,
            ),
            BrandField::Logo => (Question::BrandLogo, texts.ask_brand_logo, texts.brand_logo),
            BrandField::Fonts => {
                let pairs = [FontPair::Template, FontPair::Sans, FontPair::Serif];
                let button = |(pair, name): (FontPair, &str)| {
                    vec![(name.to_owned(), TapAction::SetFonts(pair))]
                };
                let rows = pairs
                    .into_iter()
                    .zip(texts.font_names)
                    .map(button)
                    .collect();
                return self.send(RichText::plain(texts.choose_fonts), Some(keyboard(rows)));
            }
        };
        self.ask(question, user, text, hint);
    }

    pub(super) fn brand_name_answered(&mut self, text: &str) {
        let name = clean_line(text);
        let is_good = (1..=MAX_BRAND_NAME).contains(&grapheme_count(&name));
        let set = |brand: &mut Brand| brand.name = Some(name);
        self.set_brand(is_good, set, self.texts().bad_brand_name, MAX_BRAND_NAME);
    }

    pub(super) fn brand_handle_answered(&mut self, text: &str) {
        let text = clean_line(text);
        let handle = text.trim_start_matches('@');
        let is_letter = |letter: char| letter.is_alphanumeric() || "._".contains(letter);
        let is_short = (1..=MAX_HANDLE).contains(&handle.chars().count());
        let is_good = is_short && handle.chars().all(is_letter);
        let set = |brand: &mut Brand| brand.handle = Some(format!("@{handle}"));
        self.set_brand(is_good, set, self.texts().bad_brand_handle, MAX_HANDLE);
    }

    pub(super) fn brand_color_answered(&mut self, text: &str) {
        let color = Color::parse(&clean_line(text));
        let set = |brand: &mut Brand| brand.color = color;
        self.set_brand(color.is_some(), set, self.texts().bad_brand_color, 0);
    }

    fn set_brand(
        &mut self,
        is_good: bool,
        set: impl FnOnce(&mut Brand),
        bad: &'static str,
        limit: usize,
    ) {
        let texts = self.texts();
        if !is_good {
            return self.send_text(texts.fill(bad, &[("limit", limit.to_string())]));
        }
        self.chat.question = None;
        set(&mut self.chat.brand);
        self.send_text(texts.brand_saved);
    }

    pub(super) fn logo_stored(&mut self, object: Option<&str>) {
        let texts = self.texts();
        match object {
            Some(object) => {
                self.chat.brand.logo = Some(object.to_owned());
                self.send_text(texts.brand_saved);
            }
            None => self.send_text(texts.bad_brand_logo),
        }
    }

    /// Deletes the chat's rows. What runs is stopped without a word.
    pub(super) fn erase(&mut self) {
        self.step_all_running(&SagaTrigger::Unreachable);
        self.sagas.clear();
        let (key, address) = (self.chat.key.clone(), self.chat.address);
        self.chat = Chat::new(key.clone(), address, self.chat.ui);
        self.effects.push(Effect::Erase { chat: key });
        self.is_erased = true;
    }
}

fn font_index(fonts: FontPair) -> usize {
    match fonts {
        FontPair::Template => 0,
        FontPair::Sans => 1,
        FontPair::Serif => 2,
    }
}

/// Returns a language's own name.
fn language_name(language: Language) -> &'static str {
    match language {
        Language::En => "English",
        Language::Ru => "Русский",
        Language::He => "עברית",
        Language::Hi => "हिन्दी",
        Language::Ar => "العربية",
        Language::De => "Deutsch",
        Language::El => "Ελληνικά",
        Language::Es => "Español",
        Language::Fa => "فارسی",
        Language::Fr => "Français",
        Language::It => "Italiano",
        Language::Pt => "Português",
        Language::Sa => "संस्कृतम्",
        Language::Uk => "Українська",
        Language::Ur => "اردو",
        Language::Zh => "简体中文",
    }
}
