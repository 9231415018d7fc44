//! What the studio answers to one message.

use confab_kernel::{
    Timestamp, UserId, clip,
    messaging::{Body, Button, Content, Inbound},
    worker::Decision,
};

use crate::{Language, Texts, User, texts};

/// Ids of choices, as providers hand them back. `3_he` is choice 3 with the data `he`.
const HOW_IT_WORKS: &str = "2";
const CHANGE_LANGUAGE: &str = "3";

/// A name longer than this is not what anybody calls a person.
const NAME: usize = 40;

enum Wish {
    Greeting,
    Help,
    ChooseLanguage,
    Speak(Language),
    Unclear,
    Photo,
    Unreadable,
    Nothing,
}

/// `known` is the person as we knew them; `new_id` is theirs if we did not.
pub fn converse(known: Option<User>, new_id: UserId, message: &Inbound, now: Timestamp) -> Decision<User, Body> {
    let is_new = known.is_none();
    let mut user = known.unwrap_or_else(|| User::new(new_id, now));
    user.last_message_at = now;
    if let Some(name) = &message.name {
        user.name = Some(clip(name.as_str().trim(), NAME).into());
    }
    if let (true, Content::Text { text }) = (is_new, &message.content) {
        user.language = Language::of(text.as_str()).unwrap_or_default();
    }
    let wish = match wish(&user, &message.content) {
        Wish::Nothing => Wish::Nothing,
        Wish::Speak(language) => Wish::Speak(language),
        // Whatever the first words were, they are met with a greeting.
        _ if is_new => Wish::Greeting,
        wish => wish,
    };
    let effects: Vec<_> = answer(&mut user, wish).into_iter().collect();
    if let Some(last) = effects.last() {
        user.offered = last.choices();
    }
    Decision { state: user, effects }
}

fn wish(user: &User, content: &Content) -> Wish {
    match content {
        Content::Text { text } => wish_of_text(user, text.as_str()),
        Content::Choice { id, .. } => wish_of_choice(id),
        Content::Media { .. } => Wish::Photo,
        Content::Reaction { .. } | Content::NumberChanged { .. } => Wish::Nothing,
        Content::Unsupported { .. } => Wish::Unreadable,
    }
}

fn wish_of_choice(id: &str) -> Wish {
    match id.split_once('_').map_or((id, ""), |parts| parts) {
        (HOW_IT_WORKS, _) => Wish::Help,
        (CHANGE_LANGUAGE, code) => Language::from_code(code).map_or(Wish::ChooseLanguage, Wish::Speak),
        _ => Wish::Unclear,
    }
}

fn wish_of_text(user: &User, text: &str) -> Wish {
    let said = text.trim_matches(|c: char| c.is_whitespace() || matches!(c, '!' | '.' | ',' | '👋')).to_lowercase();
    if let Some(button) = offered(user, &said) {
        return wish_of_choice(&button.id);
    }
    if let Some(language) = Language::ALL.into_iter().find(|l| texts(*l).language_name.to_lowercase() == said) {
        return Wish::Speak(language);
    }
    // A person may write in a language other than the one that we speak with them.
    let says = |words: fn(&Texts) -> &'static [&'static str]| {
        Language::ALL.into_iter().any(|language| words(texts(language)).contains(&said.as_str()))
    };
    if says(|t| t.words_greeting) {
        Wish::Greeting
    } else if says(|t| t.words_help) {
        Wish::Help
    } else if says(|t| t.words_language) {
        Wish::ChooseLanguage
    } else {
        Wish::Unclear
    }
}

fn offered<'a>(user: &'a User, said: &str) -> Option<&'a Button> {
    let by_number = said.parse::<usize>().ok().and_then(|number| user.offered.get(number.checked_sub(1)?));
    by_number.or_else(|| user.offered.iter().find(|button| button.title.to_lowercase() == said))
}

fn answer(user: &mut User, wish: Wish) -> Option<Body> {
    if let Wish::Speak(language) = wish {
        user.language = language;
    }
    let texts = texts(user.language);
    Some(match wish {
        Wish::Nothing => return None,
        Wish::Greeting => menu(texts, &greeting(texts, user)),
        Wish::Help => Body::Text { text: texts.how_it_works.to_owned() },
        Wish::ChooseLanguage => languages(texts),
        Wish::Speak(_) => menu(texts, texts.language_changed),
        Wish::Unclear => menu(texts, texts.not_understood),
        Wish::Photo => Body::Text { text: texts.photos_not_yet.to_owned() },
        Wish::Unreadable => Body::Text { text: texts.cannot_read.to_owned() },
    })
}

fn greeting(texts: &Texts, user: &User) -> String {
    texts.greeting.replace("{name}", &user.spaced_name())
}

/// A text, and what the person may do next.
pub fn menu(texts: &Texts, text: &str) -> Body {
    Body::Buttons {
        text: text.to_owned(),
        footer: None,
        buttons: vec![
            Button { id: HOW_IT_WORKS.into(), title: texts.button_how_it_works.into() },
            Button { id: CHANGE_LANGUAGE.into(), title: texts.button_language.into() },
        ],
    }
}

fn languages(current: &Texts) -> Body {
    Body::Buttons {
        text: current.choose_language.to_owned(),
        footer: None,
        buttons: Language::ALL
            .into_iter()
            .map(|language| Button {
                id: format!("{CHANGE_LANGUAGE}_{}", language.code()),
                title: texts(language).language_name.into(),
            })
            .collect(),
    }
}

#[cfg(test)]
mod tests;
