//! Everything that the studio says, one pack a language. Tests hold each text to the channels' limits.

mod english;
mod hebrew;

use crate::Language;

#[derive(Debug)]
pub struct Texts {
    /// `{name}` becomes ` Dana`, or nothing.
    pub greeting: &'static str,
    pub how_it_works: &'static str,
    pub choose_language: &'static str,
    pub language_changed: &'static str,
    pub not_understood: &'static str,
    pub cannot_read: &'static str,
    pub photos_not_yet: &'static str,
    pub button_how_it_works: &'static str,
    pub button_language: &'static str,
    pub language_name: &'static str,
    pub words_greeting: &'static [&'static str],
    pub words_help: &'static [&'static str],
    pub words_language: &'static [&'static str],
}

pub fn texts(language: Language) -> &'static Texts {
    match language {
        Language::English => &english::TEXTS,
        Language::Hebrew => &hebrew::TEXTS,
    }
}
