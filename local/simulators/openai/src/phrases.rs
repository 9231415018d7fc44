//! Sentences of carousels in five languages. The subject stands in quotation marks or before a colon, where no grammar
//! can break.

mod arabic;
mod english;
mod hebrew;
mod hindi;
mod russian;

pub(crate) use english::ENGLISH;
pub(crate) use russian::RUSSIAN;

use arabic::ARABIC;
use hebrew::HEBREW;
use hindi::HINDI;

/// The sentences of a language. `{topic}` is the subject.
#[derive(Debug)]
pub(crate) struct Phrases {
    /// Code points of the language's letters.
    letters: (char, char),
    /// Names a text that cannot be named by its own words.
    pub(crate) text: &'static str,
    /// Begins a title whose words are taken.
    pub(crate) again: &'static str,
    /// Of covers, principles, concepts, quotations and summaries.
    kickers: [&'static str; 5],
    /// A title and a body.
    pub(crate) cover: (&'static str, &'static str),
    pub(crate) ideas: [(&'static str, &'static str); 14],
    pub(crate) quote: &'static str,
    pub(crate) summary: (&'static str, &'static str),
    pub(crate) caption: &'static str,
    pub(crate) hashtags: [&'static str; 3],
}

impl Phrases {
    pub(crate) fn kicker(&self, kind: &str) -> &'static str {
        let kinds = ["title", "principle", "concept", "quote", "summary"];
        let at = kinds.iter().position(|known| *known == kind);
        self.kickers[at.unwrap_or(0)]
    }

    /// Tells whether most letters of a text are of the language's script.
    pub(crate) fn is_script_of(&self, text: &str) -> bool {
        let (first, last) = self.letters;
        let letters = text.chars().filter(|c| c.is_alphabetic());
        let (own, other): (Vec<char>, Vec<char>) =
            letters.partition(|c| (first..=last).contains(c));
        own.len() >= other.len()
    }
}

/// Returns the sentences of a language, or of one with the same script. Other languages get English.
pub(crate) fn phrases(code: &str) -> &'static Phrases {
    match code {
        "ru" | "uk" => &RUSSIAN,
        "he" => &HEBREW,
        "hi" | "sa" => &HINDI,
        "ar" | "fa" | "ur" => &ARABIC,
        _ => &ENGLISH,
    }
}
