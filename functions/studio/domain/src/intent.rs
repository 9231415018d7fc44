//! What a person wants, by what they wrote or tapped.

use confab_messaging::{Button, Content, Media};

use crate::{Class, Language, Texts, Tier, User, texts};

/// Ids of choices, as providers hand them back. `3_he` is choice 3 with the data `he`; any other number is a pack.
pub(crate) mod choice {
    pub(crate) const BEGIN: &str = "1";
    pub(crate) const HOW_IT_WORKS: &str = "2";
    pub(crate) const CHANGE_LANGUAGE: &str = "3";
    pub(crate) const SEND_PACKS: &str = "5";
    pub(crate) const STAR_RATING: &str = "6";
    pub(crate) const READY_FOR_IMAGE_UPLOAD: &str = "11";
    pub(crate) const UPLOAD_MORE: &str = "12";
    pub(crate) const SHOW_EXAMPLES: &str = "13";
    pub(crate) const SHOW_PACK_IMAGES: &str = "14";
    pub(crate) const OVERRIDE_TUNE: &str = "15";
    pub(crate) const SEND_TUNES: &str = "16";
    pub(crate) const SET_TUNE: &str = "17";
    pub(crate) const GET_PAYMENT_LINK: &str = "18";
    pub(crate) const CONTACT_SUPPORT: &str = "19";
    pub(crate) const LITE_PACK: &str = "20";
    pub(crate) const STANDARD_PACK: &str = "21";
    pub(crate) const PREMIUM_PACK: &str = "22";
    pub(crate) const ERASE: &str = "31";
    pub(crate) const KEEP: &str = "32";
    pub(crate) const CLASS: &str = "33";
    pub(crate) const ANOTHER_ORDER: &str = "34";
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Wish {
    Nothing,
    Greeting,
    Help,
    ChooseLanguage,
    Speak(Language),
    Photos(Vec<Media>),
    Begin,
    /// New selfies, for a new model.
    Anew,
    More,
    Examples,
    Tiers,
    Packs(Tier, usize),
    Sheet(i64),
    Pack(i64),
    /// One more order, though a payment is on its way.
    AnotherOrder(i64),
    Class(Class),
    UseModel,
    Stars(u8),
    Status,
    Cancel,
    Support,
    AskErase,
    Erase,
    /// Words that are no wish of these: feedback, when we asked for it.
    Words(String),
    Unclear,
    Unreadable,
}

impl Wish {
    /// Whoever wants this does not answer what we asked before.
    pub(crate) fn is_another_matter(&self) -> bool {
        !matches!(
            self,
            Self::Nothing | Self::Stars(_) | Self::Unreadable | Self::Words(_)
        )
    }

    /// It asks for nothing yet.
    pub(crate) fn is_small_talk(&self) -> bool {
        matches!(
            self,
            Self::Greeting | Self::Words(_) | Self::Unclear | Self::Help | Self::Unreadable
        )
    }
}

pub(crate) fn wish(user: &User, content: &Content) -> Wish {
    match content {
        Content::Text { text } => of_text(user, text.as_str()),
        Content::Choice { id, .. } => of_choice(id),
        Content::Media { items, .. } => Wish::Photos(items.clone()),
        Content::Reaction { .. } | Content::NumberChanged { .. } => Wish::Nothing,
        Content::Unsupported { .. } => Wish::Unreadable,
    }
}

fn of_choice(id: &str) -> Wish {
    let (id, data) = id.split_once('_').unwrap_or((id, ""));
    let page = || data.parse().unwrap_or(0);
    let pack = |with: fn(i64) -> Wish| data.parse().map_or(Wish::Tiers, with);
    match id {
        choice::BEGIN | choice::READY_FOR_IMAGE_UPLOAD => Wish::Begin,
        choice::HOW_IT_WORKS => Wish::Help,
        choice::CHANGE_LANGUAGE => {
            Language::from_code(data).map_or(Wish::ChooseLanguage, Wish::Speak)
        }
        choice::SEND_PACKS => Wish::Tiers,
        choice::STAR_RATING => data
            .parse()
            .ok()
            .filter(|stars| (1..=5).contains(stars))
            .map_or(Wish::Unclear, Wish::Stars),
        choice::UPLOAD_MORE => Wish::More,
        choice::SHOW_EXAMPLES => Wish::Examples,
        choice::SHOW_PACK_IMAGES => pack(Wish::Sheet),
        choice::OVERRIDE_TUNE => Wish::Anew,
        choice::SEND_TUNES | choice::SET_TUNE => Wish::UseModel,
        choice::GET_PAYMENT_LINK => pack(Wish::Pack),
        choice::ANOTHER_ORDER => pack(Wish::AnotherOrder),
        choice::CONTACT_SUPPORT => Wish::Support,
        choice::LITE_PACK => Wish::Packs(Tier::Lite, page()),
        choice::STANDARD_PACK => Wish::Packs(Tier::Standard, page()),
        choice::PREMIUM_PACK => Wish::Packs(Tier::Premium, page()),
        choice::ERASE => Wish::Erase,
        choice::KEEP => Wish::Status,
        choice::CLASS => Class::from_name(data).map_or(Wish::Unclear, Wish::Class),
        other => other.parse().map_or(Wish::Unclear, Wish::Pack),
    }
}

/// The words of a language for one wish.
type Words = fn(&Texts) -> &'static [&'static str];

fn of_text(user: &User, text: &str) -> Wish {
    let said = plain(text);
    if let Some(button) = offered(user, &said) {
        return of_choice(&button.id);
    }
    if let Some(language) = Language::ALL
        .into_iter()
        .find(|l| plain(texts(*l).language_name) == said)
    {
        return Wish::Speak(language);
    }
    // A person may write in a language other than the one that we speak with them.
    let says = |words: Words| {
        Language::ALL
            .into_iter()
            .any(|language| words(texts(language)).contains(&said.as_str()))
    };
    let known: [(Words, Wish); 10] = [
        (|t| t.words_greeting, Wish::Greeting),
        (|t| t.words_help, Wish::Help),
        (|t| t.words_language, Wish::ChooseLanguage),
        (|t| t.words_begin, Wish::Begin),
        (|t| t.words_status, Wish::Status),
        (|t| t.words_cancel, Wish::Cancel),
        (|t| t.words_anew, Wish::Anew),
        (|t| t.words_support, Wish::Support),
        (|t| t.words_examples, Wish::Examples),
        (|t| t.words_erase, Wish::AskErase),
    ];
    match known.into_iter().find(|(words, _)| says(*words)) {
        Some((_, wish)) => wish,
        None if said.is_empty() => Wish::Unclear,
        None => Wish::Words(text.trim().to_owned()),
    }
}

fn offered<'a>(user: &'a User, said: &str) -> Option<&'a Button> {
    let by_number = said
        .parse::<usize>()
        .ok()
        .and_then(|number| user.offered.get(number.checked_sub(1)?));
    by_number.or_else(|| {
        user.offered
            .iter()
            .find(|button| plain(&button.title) == said)
    })
}

/// Marks that show nothing and that keyboards add by themselves: zero-width characters and directions of text.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}')
}

/// The words of a text in lower case, without what stands around them. A text without a letter or digit is its signs.
fn plain(text: &str) -> String {
    let visible: String = text.chars().filter(|c| !is_invisible(*c)).collect();
    let words = visible.trim_matches(|c: char| !c.is_alphanumeric());
    let kept = if words.is_empty() {
        visible.as_str()
    } else {
        words
    };
    kept.split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .to_lowercase()
}

#[cfg(test)]
mod tests {
    use confab_core::{Timestamp, UserId};
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn text_is_plain_without_punctuation_case_and_invisible_marks() {
        for text in [
            "status",
            "Status?",
            "status!!",
            "«status»",
            "(status)",
            "¿status?",
            "status…",
            "status。",
            "status؟",
            " status\u{200b}",
            "\u{202b}status\u{202c}",
            "\u{2067}status?\u{2069}",
            "\u{feff}status",
            "status 👍🏽",
            "*status*",
        ] {
            assert_eq!(plain(text), "status", "{text:?}");
        }
        assert_eq!(
            plain("\u{200f}איפה  התמונות שלי?\u{200e}"),
            "איפה התמונות שלי"
        );
        assert_eq!(plain("⭐⭐⭐"), "⭐⭐⭐", "signs alone are what was said");
        assert_eq!(
            (plain(" ? ").as_str(), plain("\u{200b} ").as_str()),
            ("?", "")
        );
    }

    proptest! {
        #[test]
        fn known_words_are_understood_whatever_stands_around_them(
            before in "[\\p{P}\\p{Z}👍❤🙏\u{200b}\u{200e}\u{200f}\u{202a}-\u{202e}\u{2066}-\u{2069}]{0,4}",
            after in "[\\p{P}\\p{Z}👍❤🙏\u{200b}\u{200e}\u{200f}\u{202a}-\u{202e}\u{2066}-\u{2069}]{0,4}",
        ) {
            let user = User::new(UserId::new(Timestamp::UNIX_EPOCH, &|| [1; 10]), Timestamp::UNIX_EPOCH);
            for language in Language::ALL {
                for (words, wish) in [
                    (texts(language).words_status, Wish::Status),
                    (texts(language).words_support, Wish::Support),
                    (texts(language).words_erase, Wish::AskErase),
                ] {
                    for word in words {
                        prop_assert_eq!(of_text(&user, &format!("{before}{word}{after}")), wish.clone());
                    }
                }
            }
        }
    }
}
