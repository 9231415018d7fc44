//! The language of a text: by its script, and by letters and frequent words where languages share one.

use unicode_segmentation::UnicodeSegmentation;

use super::{stop_words::stop_words, text::fold};
use crate::{Language, Script};

/// What a text is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detection {
    Language(Language),
    /// Chinese glyph forms would be wrong for Japanese.
    Japanese,
    Korean,
    /// Most letters are of a script without fonts.
    Unsupported,
    /// No letters, such as emoji alone.
    NoLetters,
}

impl Detection {
    /// Returns the language to write in. `None` for a text that is to be refused.
    pub fn language_or(self, fallback: Language) -> Option<Language> {
        match self {
            Self::Language(language) => Some(language),
            Self::NoLetters => Some(fallback),
            Self::Japanese | Self::Korean | Self::Unsupported => None,
        }
    }
}

/// Detects the language of a text. Where the script leaves several and the words decide nothing, it is
/// `hint`, such as the language that the person speaks with us.
pub fn detect(text: &str, hint: Language) -> Detection {
    let counts = LetterCounts::of(text);
    if counts.kana > 0 && counts.kana * 10 >= counts.kana + counts.of_script(Script::Han) {
        let east_asian = counts.kana + counts.of_script(Script::Han);
        if east_asian * 2 > counts.total {
            return Detection::Japanese;
        }
    }
    if counts.hangul * 2 > counts.total {
        return Detection::Korean;
    }
    let Some(script) = counts.dominant() else {
        return if counts.total == 0 {
            Detection::NoLetters
        } else {
            Detection::Unsupported
        };
    };
    Detection::Language(language_in(script, text, hint))
}

/// Returns the script of most letters, if there is one that slides can be set in.
pub(super) fn dominant_script(text: &str) -> Option<Script> {
    LetterCounts::of(text).dominant()
}

const SCRIPTS: [Script; 7] = [
    Script::Latin,
    Script::Cyrillic,
    Script::Greek,
    Script::Hebrew,
    Script::Devanagari,
    Script::Arabic,
    Script::Han,
];

#[derive(Default)]
struct LetterCounts {
    scripts: [usize; SCRIPTS.len()],
    kana: usize,
    hangul: usize,
    total: usize,
}

impl LetterCounts {
    fn of(text: &str) -> Self {
        let mut counts = Self::default();
        for c in text.chars().filter(|c| c.is_alphabetic()) {
            counts.total += 1;
            match c {
                '\u{3040}'..='\u{30ff}' | '\u{31f0}'..='\u{31ff}' | '\u{ff66}'..='\u{ff9d}' => {
                    counts.kana += 1
                }
                '\u{1100}'..='\u{11ff}' | '\u{3130}'..='\u{318f}' | '\u{ac00}'..='\u{d7af}' => {
                    counts.hangul += 1
                }
                c => {
                    let script = Script::of(c);
                    if let Some(at) = SCRIPTS.iter().position(|known| Some(*known) == script) {
                        counts.scripts[at] += 1;
                    }
                }
            }
        }
        counts
    }

    fn of_script(&self, script: Script) -> usize {
        let known = SCRIPTS.iter().zip(self.scripts);
        known
            .filter(|(of, _)| **of == script)
            .map(|(_, count)| count)
            .sum()
    }

    /// The first of equals, so that ties do not depend on an iteration order.
    fn dominant(&self) -> Option<Script> {
        let most = self
            .scripts
            .iter()
            .max()
            .copied()
            .filter(|most| *most > 0)?;
        let known: usize = self.scripts.iter().sum();
        let at = self.scripts.iter().position(|count| *count == most)?;
        (known * 2 >= self.total).then_some(SCRIPTS[at])
    }
}

fn language_in(script: Script, text: &str, hint: Language) -> Language {
    let candidates: Vec<Language> = Language::ALL
        .into_iter()
        .filter(|it| it.script() == script)
        .collect();
    let default = if hint.script() == script {
        hint
    } else {
        default_of(script)
    };
    if candidates.len() == 1 {
        return default;
    }
    let folded = fold(text);
    let words: Vec<&str> = folded.unicode_words().collect();
    let score = |language: Language| {
        let frequent = words
            .iter()
            .filter(|word| stop_words(language).contains(word))
            .count();
        let letters = folded
            .chars()
            .filter(|c| own_letters(language).contains(*c))
            .count();
        2 * frequent + 3 * letters
    };
    let best = candidates
        .iter()
        .map(|language| score(*language))
        .max()
        .unwrap_or_default();
    if score(default) == best {
        return default;
    }
    candidates
        .into_iter()
        .find(|language| score(*language) == best)
        .unwrap_or(default)
}

fn default_of(script: Script) -> Language {
    match script {
        Script::Latin => Language::En,
        Script::Cyrillic => Language::Ru,
        Script::Greek => Language::El,
        Script::Hebrew => Language::He,
        Script::Devanagari => Language::Hi,
        Script::Arabic => Language::Ar,
        Script::Han => Language::Zh,
    }
}

/// Letters that the other languages of the script do not use.
fn own_letters(language: Language) -> &'static str {
    match language {
        Language::De => "ßäö",
        Language::Es => "ñ¿¡",
        Language::Pt => "ãõ",
        Language::Fr => "œêëîûç",
        Language::It => "ìò",
        Language::Uk => "іїєґ",
        Language::Ru => "ыэъё",
        Language::Ar => "ةىإأيك",
        Language::Fa => "چژگپ",
        Language::Ur => "ٹڈڑںےہھ",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn language_follows_script_letters_and_frequent_words() {
        for (text, expected) in [
            ("How to rest when the week is full", Language::En),
            ("Wie man mit der Angst lebt und nicht aufgibt", Language::De),
            ("Cómo descansar cuando la semana está llena", Language::Es),
            (
                "Comment se reposer quand la semaine est pleine",
                Language::Fr,
            ),
            (
                "Come riposare quando la settimana è piena di impegni",
                Language::It,
            ),
            ("Como descansar quando a semana não dá trégua", Language::Pt),
            ("Как отдыхать, если неделя занята", Language::Ru),
            ("Як відпочивати, коли тиждень зайнятий", Language::Uk),
            ("איך לנוח כשהשבוע עמוס", Language::He),
            ("आराम कैसे करें", Language::Hi),
            ("كيف ترتاح عندما يكون الأسبوع مزدحمًا", Language::Ar),
            ("چگونه در هفته شلوغ استراحت کنیم", Language::Fa),
            ("مصروف ہفتے میں آرام کیسے کریں", Language::Ur),
            ("Πώς να ξεκουραστείς", Language::El),
            ("如何在忙碌的一周里休息", Language::Zh),
            ("Python и React для начинающих", Language::Ru),
        ] {
            assert_eq!(
                detect(text, Language::En),
                Detection::Language(expected),
                "{text}"
            );
        }
    }

    #[test]
    fn short_topics_are_in_the_language_of_the_hint_when_its_script_fits() {
        assert_eq!(
            detect("Yoga", Language::De),
            Detection::Language(Language::De)
        );
        assert_eq!(
            detect("Yoga", Language::Ru),
            Detection::Language(Language::En)
        );
        assert_eq!(
            detect("योग", Language::Sa),
            Detection::Language(Language::Sa)
        );
        assert_eq!(
            detect("Привіт", Language::Ru),
            Detection::Language(Language::Uk)
        );
    }

    #[test]
    fn japanese_and_korean_are_told_apart_and_have_no_language() {
        for (text, expected) in [
            ("小さな習慣の力", Detection::Japanese),
            ("カタカナ", Detection::Japanese),
            ("작은 습관의 힘", Detection::Korean),
            ("นิสัยเล็กๆ", Detection::Unsupported),
            ("🔥 123", Detection::NoLetters),
            ("", Detection::NoLetters),
        ] {
            assert_eq!(detect(text, Language::En), expected, "{text}");
        }
        assert_eq!(
            detect("The word カ in English texts", Language::En),
            Detection::Language(Language::En)
        );
        assert_eq!(Detection::Japanese.language_or(Language::Ru), None);
        assert_eq!(
            Detection::NoLetters.language_or(Language::Ru),
            Some(Language::Ru)
        );
    }

    proptest! {
        #[test]
        fn detected_language_has_the_script_of_some_letter(text in "\\PC{0,80}") {
            if let Detection::Language(language) = detect(&text, Language::Fr) {
                prop_assert!(text.chars().any(|c| Script::of(c) == Some(language.script())));
            }
        }
    }
}
