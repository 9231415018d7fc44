//! The model's answer: parsed, cleaned, cut, and turned into slides.

use serde::Deserialize;
use unicode_normalization::char::is_combining_mark;

use super::{
    Brief, Task, Violation, check,
    check::MAX_ALT,
    text::{clean_line, clean_paragraphs, cut_at_sentence, cut_at_word, grapheme_count},
};
use crate::{
    Draft, Language, MAX_BODY, MAX_CAPTION, MAX_HASHTAGS, MAX_KICKER, MAX_TITLE, Slide, SlideKind,
};

/// An answer of fifteen slides has about ten kilobytes.
const MAX_ANSWER_BYTES: usize = 256 * 1024;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AnswerError {
    TooLarge,
    /// No JSON, JSON that was cut off, or JSON of another schema.
    NotTheSchema,
}

/// Texts for slides. One slide alone has neither title nor caption nor hashtags.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Answer {
    pub title: String,
    pub caption: String,
    pub hashtags: Vec<String>,
    pub slides: Vec<AnswerSlide>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct AnswerSlide {
    #[serde(rename = "type")]
    pub kind: SlideKind,
    pub kicker: String,
    pub title: String,
    /// Not used in quotes, which print their verse.
    pub body: String,
    pub verse_id: Option<String>,
    pub alt: String,
}

/// What came of a [`Task`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Written {
    Deck(Draft),
    Slide(Slide),
}

#[derive(Deserialize)]
struct DeckAnswer {
    title: String,
    caption: String,
    hashtags: Vec<String>,
    slides: Vec<AnswerSlide>,
}

#[derive(Deserialize)]
struct SlideAnswer {
    slide: AnswerSlide,
}

/// Parses an answer to the brief. Its texts are cleaned as a person's texts are.
pub fn parse_answer(json: &str, brief: &Brief) -> Result<Answer, AnswerError> {
    if json.len() > MAX_ANSWER_BYTES {
        return Err(AnswerError::TooLarge);
    }
    let not_the_schema = |_| AnswerError::NotTheSchema;
    let answer = if brief.is_deck() {
        let deck: DeckAnswer = serde_json::from_str(json).map_err(not_the_schema)?;
        Answer {
            title: deck.title,
            caption: deck.caption,
            hashtags: deck.hashtags,
            slides: deck.slides,
        }
    } else {
        let answer: SlideAnswer = serde_json::from_str(json).map_err(not_the_schema)?;
        Answer {
            slides: vec![answer.slide],
            ..Answer::default()
        }
    };
    Ok(answer.cleaned())
}

impl Answer {
    fn cleaned(self) -> Self {
        Self {
            title: clean_line(&self.title),
            caption: clean_paragraphs(&self.caption),
            hashtags: self.hashtags.iter().map(|tag| clean_hashtag(tag)).collect(),
            slides: self.slides.into_iter().map(AnswerSlide::cleaned).collect(),
        }
    }

    /// Cuts what is too long at the ends of sentences, kickers at the ends of words. Texts without such
    /// an end stay as they are.
    fn cut(&mut self) {
        cut_sentences(&mut self.title, MAX_TITLE);
        cut_sentences(&mut self.caption, MAX_CAPTION);
        self.hashtags.truncate(MAX_HASHTAGS);
        for slide in &mut self.slides {
            cut_sentences(&mut slide.title, MAX_TITLE);
            cut_sentences(&mut slide.body, MAX_BODY);
            cut_sentences(&mut slide.alt, MAX_ALT);
            if grapheme_count(&slide.kicker) > MAX_KICKER {
                slide.kicker = cut_at_word(&slide.kicker, MAX_KICKER)
                    .unwrap_or_default()
                    .to_owned();
            }
        }
    }

    fn into_draft(self, brief: &Brief, language: Language) -> Draft {
        Draft {
            language,
            title: self.title,
            caption: self.caption,
            hashtags: self.hashtags,
            slides: self
                .slides
                .into_iter()
                .map(|slide| slide.into_slide(brief))
                .collect(),
        }
    }
}

impl AnswerSlide {
    fn cleaned(self) -> Self {
        Self {
            kind: self.kind,
            kicker: clean_line(&self.kicker),
            title: clean_line(&self.title),
            body: clean_line(&self.body),
            verse_id: self.verse_id,
            alt: clean_line(&self.alt),
        }
    }

    /// Prints a quote's verse byte for byte. Its words and its source are what is to be seen on the slide.
    fn into_slide(self, brief: &Brief) -> Slide {
        let verse = self.verse_id.as_deref().and_then(|id| brief.verse(id));
        let quoted = verse.filter(|_| self.kind == SlideKind::Quote);
        let (body, source, alt) = match quoted {
            Some(verse) => {
                let source = verse.source();
                (
                    verse.text.clone(),
                    Some(source.clone()),
                    format!("{} ({source})", verse.text),
                )
            }
            None => (self.body, None, self.alt),
        };
        Slide {
            kind: self.kind,
            kicker: self.kicker,
            title: self.title,
            body,
            source,
            alt,
        }
    }
}

/// Accepts an answer without violations.
pub fn accept(answer: Answer, brief: &Brief) -> Result<Written, Vec<Violation>> {
    let violations = check(&answer, brief);
    if !violations.is_empty() {
        return Err(violations);
    }
    let draft = answer.into_draft(brief, brief.language);
    match &brief.task {
        Task::Deck { .. } => Ok(Written::Deck(draft)),
        Task::Slide { .. } => {
            let mut slides = draft.slides;
            slides.pop().map(Written::Slide).ok_or_else(Vec::new)
        }
    }
}

/// Accepts an answer that is right once its long texts are cut. For answers that were repaired already.
pub fn accept_with_cuts(mut answer: Answer, brief: &Brief) -> Result<Written, Vec<Violation>> {
    answer.cut();
    accept(answer, brief)
}

fn cut_sentences(text: &mut String, limit: usize) {
    if grapheme_count(text) > limit
        && let Some(cut) = cut_at_sentence(text, limit)
    {
        *text = cut.to_owned();
    }
}

/// Keeps what Telegram and Instagram take for part of a hashtag.
pub(super) fn clean_hashtag(tag: &str) -> String {
    let is_part = |c: &char| c.is_alphanumeric() || is_combining_mark(*c) || *c == '_';
    clean_line(tag).chars().filter(is_part).collect()
}

#[cfg(test)]
mod tests;
