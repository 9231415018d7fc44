//! Rules for an answer, whether a model or the composer wrote it.

use std::collections::HashSet;

use serde::Serialize;
use unicode_segmentation::UnicodeSegmentation;

use super::{
    Answer, AnswerSlide, Brief, RequestText,
    detect::dominant_script,
    reference::{addresses, core_of, is_mark},
    text::{fold, grapheme_count},
};
use crate::{
    MAX_BODY, MAX_CAPTION, MAX_HASHTAGS, MAX_KICKER, MAX_TITLE, MAX_VERSE, Script, SlideKind,
};

pub(super) const MAX_ALT: usize = 400;
pub(super) const MAX_HASHTAG: usize = 30;
/// In percent of the letters of a text.
const MIN_SCRIPT_SHARE: usize = 70;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Field {
    Title,
    Caption,
    Hashtags,
    Kicker,
    Body,
    Alt,
}

/// A defect of an answer, in the form in which the model is asked to repair it. Slides count from 1; texts
/// of the whole carousel have none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "violation", rename_all = "snake_case")]
pub enum Violation {
    WrongCount {
        expected: usize,
        found: usize,
    },
    WrongType {
        slide: usize,
        expected: &'static str,
    },
    Empty {
        slide: Option<usize>,
        field: Field,
    },
    TooLong {
        slide: Option<usize>,
        field: Field,
        limit: usize,
        found: usize,
    },
    /// Fewer than 70 % of the letters are in the script of the language.
    WrongLanguage {
        slide: Option<usize>,
        expected: &'static str,
    },
    /// An address, `@` or `#` that the person did not give.
    ForeignReference {
        slide: Option<usize>,
        field: Field,
    },
    /// The text does what the subject asks of the model.
    Obedience {
        slide: Option<usize>,
        field: Field,
    },
    SameTitle {
        slide: usize,
        other: usize,
    },
    /// The title is one of those to avoid, or stands on another slide of the carousel.
    TakenTitle {
        slide: usize,
    },
    QuoteWithoutVerse {
        slide: usize,
    },
    VerseWithoutQuote {
        slide: usize,
    },
    UnknownVerse {
        slide: usize,
    },
    RepeatedVerse {
        slide: usize,
    },
}

/// Returns what is wrong with an answer.
pub fn check(answer: &Answer, brief: &Brief) -> Vec<Violation> {
    let mut checks = Checks {
        brief,
        given: Given::of(brief),
        violations: Vec::new(),
    };
    if brief.is_deck() {
        checks.deck(answer);
    }
    let (expected, found) = (brief.slides(), answer.slides.len());
    if expected != found {
        checks
            .violations
            .push(Violation::WrongCount { expected, found });
    }
    for (index, slide) in answer.slides.iter().enumerate() {
        checks.slide(index, slide);
    }
    checks.titles(&answer.slides);
    checks.violations
}

/// What the person wrote, folded.
struct Given {
    text: String,
    /// Words of the person may be in any script where they are named or retold, but a text in another
    /// language is to be translated.
    excuses_script: bool,
}

impl Given {
    fn of(brief: &Brief) -> Self {
        let excuses_script = match &brief.subject {
            RequestText::Topic(_) => true,
            RequestText::Text(text) => {
                dominant_script(text.as_str()) == Some(brief.language.script())
            }
        };
        Self {
            text: fold(brief.subject.as_str()),
            excuses_script,
        }
    }

    fn has(&self, word: &str) -> bool {
        self.text.contains(&fold(word))
    }
}

struct Checks<'a> {
    brief: &'a Brief,
    given: Given,
    violations: Vec<Violation>,
}

impl Checks<'_> {
    fn deck(&mut self, answer: &Answer) {
        self.text(None, Field::Title, &answer.title, MAX_TITLE);
        self.text(None, Field::Caption, &answer.caption, MAX_CAPTION);
        self.script(None, &[&answer.title, &answer.caption]);
        let (slide, field) = (None, Field::Hashtags);
        if answer.hashtags.len() > MAX_HASHTAGS {
            let (limit, found) = (MAX_HASHTAGS, answer.hashtags.len());
            self.violations.push(Violation::TooLong {
                slide,
                field,
                limit,
                found,
            });
        }
        if answer.hashtags.is_empty() {
            self.violations.push(Violation::Empty { slide, field });
        }
        for tag in &answer.hashtags {
            self.text(None, field, tag, MAX_HASHTAG);
        }
    }

    fn slide(&mut self, index: usize, slide: &AnswerSlide) {
        let number = index + 1;
        let expected = match self.brief.required_kind(index) {
            Some(kind) => (kind != slide.kind).then(|| kind_name(kind)),
            None => matches!(slide.kind, SlideKind::Title | SlideKind::Summary)
                .then_some("principle, concept or quote"),
        };
        if let Some(expected) = expected {
            self.violations.push(Violation::WrongType {
                slide: number,
                expected,
            });
        }
        self.text(Some(number), Field::Kicker, &slide.kicker, MAX_KICKER);
        self.text(Some(number), Field::Title, &slide.title, MAX_TITLE);
        self.script(
            Some(number),
            &[&slide.kicker, &slide.title, &slide.body, &slide.alt],
        );
        if slide.kind == SlideKind::Quote {
            self.quote(number, slide);
            return;
        }
        self.text(Some(number), Field::Body, &slide.body, MAX_BODY);
        self.text(Some(number), Field::Alt, &slide.alt, MAX_ALT);
        if slide.verse_id.is_some() {
            self.violations
                .push(Violation::VerseWithoutQuote { slide: number });
        }
    }

    fn quote(&mut self, slide: usize, texts: &AnswerSlide) {
        let Some(id) = texts.verse_id.as_deref() else {
            self.violations.push(Violation::QuoteWithoutVerse { slide });
            return;
        };
        match self.brief.verse(id) {
            None => self.violations.push(Violation::UnknownVerse { slide }),
            Some(verse) => {
                let (limit, found) = (MAX_VERSE, grapheme_count(&verse.text));
                if found > limit {
                    let (slide, field) = (Some(slide), Field::Body);
                    self.violations.push(Violation::TooLong {
                        slide,
                        field,
                        limit,
                        found,
                    });
                }
            }
        }
    }

    fn text(&mut self, slide: Option<usize>, field: Field, text: &str, limit: usize) {
        let found = grapheme_count(text);
        if found == 0 {
            self.violations.push(Violation::Empty { slide, field });
        }
        if found > limit {
            self.violations.push(Violation::TooLong {
                slide,
                field,
                limit,
                found,
            });
        }
        let is_foreign = |word: &str| {
            (is_mark(word) && !self.given.has(core_of(word)))
                || addresses(word).any(|address| !self.given.has(address))
        };
        if text.split_whitespace().any(is_foreign) {
            self.violations
                .push(Violation::ForeignReference { slide, field });
        }
    }

    /// Measures the letters of the words that the person did not give.
    fn script(&mut self, slide: Option<usize>, texts: &[&str]) {
        let script = self.brief.language.script();
        // A mark after a space is a word with that space.
        let words = texts
            .iter()
            .flat_map(|text| text.unicode_words())
            .map(str::trim);
        let counted = words.filter(|word| !(self.given.excuses_script && self.given.has(word)));
        let (mut own, mut total) = (0, 0);
        for letter in counted.flat_map(str::chars).filter(|c| c.is_alphabetic()) {
            total += 1;
            own += usize::from(Script::of(letter) == Some(script));
        }
        if own * 100 < total * MIN_SCRIPT_SHARE {
            let expected = self.brief.language.code();
            self.violations
                .push(Violation::WrongLanguage { slide, expected });
        }
    }

    fn titles(&mut self, slides: &[AnswerSlide]) {
        let taken: HashSet<String> = self.brief.taken_titles().map(title_key).collect();
        let keys: Vec<String> = slides.iter().map(|slide| title_key(&slide.title)).collect();
        for (index, key) in keys.iter().enumerate() {
            let slide = index + 1;
            if taken.contains(key) {
                self.violations.push(Violation::TakenTitle { slide });
            }
            if let Some(other) = keys[..index].iter().position(|before| before == key) {
                self.violations.push(Violation::SameTitle {
                    slide,
                    other: other + 1,
                });
            }
            let verse = slides[index].verse_id.as_ref();
            if verse.is_some()
                && slides[..index]
                    .iter()
                    .any(|before| before.verse_id.as_ref() == verse)
            {
                self.violations.push(Violation::RepeatedVerse { slide });
            }
        }
    }
}

pub(super) fn kind_name(kind: SlideKind) -> &'static str {
    match kind {
        SlideKind::Title => "title",
        SlideKind::Principle => "principle",
        SlideKind::Quote => "quote",
        SlideKind::Concept => "concept",
        SlideKind::Summary => "summary",
    }
}

/// Returns what two titles have in common that a reader would take for the same.
pub(super) fn title_key(title: &str) -> String {
    let key: String = fold(title)
        .chars()
        .filter(|c| c.is_alphanumeric())
        .collect();
    if key.is_empty() {
        title.to_owned()
    } else {
        key
    }
}

#[cfg(test)]
mod tests;
