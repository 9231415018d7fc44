use super::Texts;

pub(super) const TEXTS: Texts = Texts {
    greeting: "Hello{name}! 👋\nThis is the photo studio. Good photos of you, made from a few selfies, right here in the chat.",
    how_it_works: "📸 You send about ten selfies.\n🎨 You pick a style.\n✨ We make a set of photos of you in it and send them here.\n\nWrite *help* to see this again, or *language* to change the language.",
    choose_language: "Which language shall we speak?",
    language_changed: "We speak English now.",
    not_understood: "I did not get that. Here is what I can do:",
    cannot_read: "I cannot read this kind of message. Please write it as text.",
    photos_not_yet: "Thank you for the photo. The studio does not take photos yet, so I did not keep it.",
    button_how_it_works: "How it works",
    button_language: "Language · שפה",
    language_name: "English",
    words_greeting: &["hi", "hello", "hey", "start", "good morning", "good evening"],
    words_help: &["help", "?", "how", "how it works", "info"],
    words_language: &["language", "change language"],
};
