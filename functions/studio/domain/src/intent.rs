//! Intents: what a message or tap asks for.

use confab_messaging::{Button, Content, Media};

use crate::{Class, Language, Texts, Tier, User, texts};

/// Ids of choices, as providers return them. `3_he` is choice 3 with the data `he`; any other
/// number is a pack.
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
pub(crate) enum Intent {
    Ignore,
    Greeting,
    Help,
    ChooseLanguage,
    SetLanguage(Language),
    SendPhotos(Vec<Media>),
    Start,
    /// Drops the selfies and begins a new album.
    StartOver,
    AddPhotos,
    ShowExamples,
    ShowTiers,
    ShowPacks(Tier, usize),
    ShowSamples(i64),
    ChoosePack(i64),
    /// Orders another pack while a payment is pending.
    ConfirmSecondOrder(i64),
    SetClass(Class),
    ReuseModel,
    RateOrder(u8),
    ShowStatus,
    Cancel,
    ContactSupport,
    RequestErasure,
    ConfirmErasure,
    /// A text without a known intent: a reply, when one is awaited.
    FreeText(String),
    Unknown,
    Unsupported,
}

impl Intent {
    /// Whether the intent cancels an awaited reply.
    pub(crate) fn is_new_topic(&self) -> bool {
        !matches!(
            self,
            Self::Ignore | Self::RateOrder(_) | Self::Unsupported | Self::FreeText(_)
        )
    }

    /// Whether a new user gets a greeting instead of an answer.
    pub(crate) fn is_small_talk(&self) -> bool {
        matches!(
            self,
            Self::Greeting | Self::FreeText(_) | Self::Unknown | Self::Help | Self::Unsupported
        )
    }
}

pub(crate) fn parse_intent(user: &User, content: &Content) -> Intent {
    match content {
        Content::Text { text } => from_text(user, text.as_str()),
        Content::Choice { id, .. } => from_choice(id),
        Content::Media { items, .. } => Intent::SendPhotos(items.clone()),
        Content::Reaction { .. } | Content::NumberChanged { .. } => Intent::Ignore,
        Content::Unsupported { .. } => Intent::Unsupported,
    }
}

fn from_choice(id: &str) -> Intent {
    let (id, data) = id.split_once('_').unwrap_or((id, ""));
    let page = || data.parse().unwrap_or(0);
    let pack = |with: fn(i64) -> Intent| data.parse().map_or(Intent::ShowTiers, with);
    match id {
        choice::BEGIN | choice::READY_FOR_IMAGE_UPLOAD => Intent::Start,
        choice::HOW_IT_WORKS => Intent::Help,
        choice::CHANGE_LANGUAGE => {
            Language::from_code(data).map_or(Intent::ChooseLanguage, Intent::SetLanguage)
        }
        choice::SEND_PACKS => Intent::ShowTiers,
        choice::STAR_RATING => data
            .parse()
            .ok()
            .filter(|stars| (1..=5).contains(stars))
            .map_or(Intent::Unknown, Intent::RateOrder),
        choice::UPLOAD_MORE => Intent::AddPhotos,
        choice::SHOW_EXAMPLES => Intent::ShowExamples,
        choice::SHOW_PACK_IMAGES => pack(Intent::ShowSamples),
        choice::OVERRIDE_TUNE => Intent::StartOver,
        choice::SEND_TUNES | choice::SET_TUNE => Intent::ReuseModel,
        choice::GET_PAYMENT_LINK => pack(Intent::ChoosePack),
        choice::ANOTHER_ORDER => pack(Intent::ConfirmSecondOrder),
        choice::CONTACT_SUPPORT => Intent::ContactSupport,
        choice::LITE_PACK => Intent::ShowPacks(Tier::Lite, page()),
        choice::STANDARD_PACK => Intent::ShowPacks(Tier::Standard, page()),
        choice::PREMIUM_PACK => Intent::ShowPacks(Tier::Premium, page()),
        choice::ERASE => Intent::ConfirmErasure,
        choice::KEEP => Intent::ShowStatus,
        choice::CLASS => Class::from_name(data).map_or(Intent::Unknown, Intent::SetClass),
        other => other.parse().map_or(Intent::Unknown, Intent::ChoosePack),
    }
}

/// Selects the words for one intent in a language.
type Words = fn(&Texts) -> &'static [&'static str];

fn from_text(user: &User, text: &str) -> Intent {
    let text_key = normalize(text);
    if let Some(button) = chosen_button(user, &text_key) {
        return from_choice(&button.id);
    }
    if let Some(language) = Language::ALL
        .into_iter()
        .find(|l| normalize(texts(*l).language_name) == text_key)
    {
        return Intent::SetLanguage(language);
    }
    // Users may write in another language than the one that we answer in.
    let is_one_of = |words: Words| {
        Language::ALL
            .into_iter()
            .any(|language| words(texts(language)).contains(&text_key.as_str()))
    };
    let known: [(Words, Intent); 10] = [
        (|t| t.words_greeting, Intent::Greeting),
        (|t| t.words_help, Intent::Help),
        (|t| t.words_language, Intent::ChooseLanguage),
        (|t| t.words_begin, Intent::Start),
        (|t| t.words_status, Intent::ShowStatus),
        (|t| t.words_cancel, Intent::Cancel),
        (|t| t.words_start_over, Intent::StartOver),
        (|t| t.words_support, Intent::ContactSupport),
        (|t| t.words_examples, Intent::ShowExamples),
        (|t| t.words_erase, Intent::RequestErasure),
    ];
    match known.into_iter().find(|(words, _)| is_one_of(*words)) {
        Some((_, intent)) => intent,
        None if text_key.is_empty() => Intent::Unknown,
        None => Intent::FreeText(text.trim().to_owned()),
    }
}

fn chosen_button<'a>(user: &'a User, text_key: &str) -> Option<&'a Button> {
    let by_number = text_key
        .parse::<usize>()
        .ok()
        .and_then(|number| user.last_choices.get(number.checked_sub(1)?));
    by_number.or_else(|| {
        user.last_choices
            .iter()
            .find(|button| normalize(&button.title) == text_key)
    })
}

/// Invisible marks that keyboards add: zero-width characters and text directions.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}')
}

/// Normalizes a text: lower case, single spaces, no surrounding punctuation. A text of punctuation
/// alone stays as it is.
fn normalize(text: &str) -> String {
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
    fn normalized_text_has_no_punctuation_case_or_invisible_marks() {
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
            assert_eq!(normalize(text), "status", "{text:?}");
        }
        assert_eq!(
            normalize("\u{200f}איפה  התמונות שלי?\u{200e}"),
            "איפה התמונות שלי"
        );
        assert_eq!(normalize("⭐⭐⭐"), "⭐⭐⭐", "punctuation alone is kept");
        assert_eq!(
            (normalize(" ? ").as_str(), normalize("\u{200b} ").as_str()),
            ("?", "")
        );
    }

    proptest! {
        #[test]
        fn known_words_are_recognized_within_punctuation_and_emoji(
            before in "[\\p{P}\\p{Z}👍❤🙏\u{200b}\u{200e}\u{200f}\u{202a}-\u{202e}\u{2066}-\u{2069}]{0,4}",
            after in "[\\p{P}\\p{Z}👍❤🙏\u{200b}\u{200e}\u{200f}\u{202a}-\u{202e}\u{2066}-\u{2069}]{0,4}",
        ) {
            let user = User::new(UserId::new(Timestamp::UNIX_EPOCH, &|| [1; 10]), Timestamp::UNIX_EPOCH);
            for language in Language::ALL {
                for (words, intent) in [
                    (texts(language).words_status, Intent::ShowStatus),
                    (texts(language).words_support, Intent::ContactSupport),
                    (texts(language).words_erase, Intent::RequestErasure),
                ] {
                    for word in words {
                        prop_assert_eq!(from_text(&user, &format!("{before}{word}{after}")), intent.clone());
                    }
                }
            }
        }
    }
}
