//! Completions of carousels: slides about the subject in five languages, always the same for the same request, and
//! answers with the defects that models have.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    hash::hash,
    phrases::{ENGLISH, Phrases, RUSSIAN, phrases},
    settings::AnswerMode,
};

/// Limits in characters: shorter than an app would check.
const MAX_TOPIC_CHARS: usize = 36;
const MAX_TITLE_CHARS: usize = 60;
const MAX_BODY_CHARS: usize = 200;
/// The place of a quotation among the slides.
const QUOTE_INDEX: usize = 2;

/// The user message of a request for a carousel or for one of its slides.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct CarouselRequest {
    subject: Subject,
    language: Language,
    count: usize,
    #[serde(default)]
    avoid_titles: Vec<String>,
    #[serde(default)]
    verses: Vec<Verse>,
    #[serde(default)]
    brevity: String,
    /// The slide to write again.
    slide: Option<OneSlide>,
    #[serde(default)]
    deck: Vec<DeckSlide>,
}

#[derive(Debug, Clone, Deserialize)]
struct Subject {
    kind: String,
    text: String,
}

#[derive(Debug, Clone, Deserialize)]
struct Language {
    code: String,
}

#[derive(Debug, Clone, Deserialize)]
struct Verse {
    id: String,
}

#[derive(Debug, Clone, Deserialize)]
struct OneSlide {
    #[serde(rename = "type")]
    kind: String,
}

#[derive(Debug, Clone, Deserialize)]
struct DeckSlide {
    title: String,
}

impl CarouselRequest {
    /// Recognizes a request by the form of its message.
    pub(crate) fn parse(message: &str) -> Option<Self> {
        serde_json::from_str(message).ok()
    }

    /// Answers in the form that the request's schema asks for.
    pub(crate) fn answer(&self, mode: AnswerMode) -> Value {
        let mut writer = Writer::new(self, mode);
        let mut answer = match &self.slide {
            Some(slide) => json!({"slide": writer.one(&slide.kind)}),
            None => writer.deck(),
        };
        spoil(&mut answer, mode, &self.subject.text);
        answer
    }
}

struct Writer<'a> {
    request: &'a CarouselRequest,
    phrases: &'static Phrases,
    /// How the subject is named in a sentence.
    topic: String,
    /// Sentences of a person's own text, in order.
    sentences: Vec<String>,
    taken: Vec<String>,
    next_idea: usize,
}

impl<'a> Writer<'a> {
    fn new(request: &'a CarouselRequest, mode: AnswerMode) -> Self {
        let code = request.language.code.as_str();
        let phrases = match (mode, code) {
            (AnswerMode::WrongLanguage, "en") => &RUSSIAN,
            (AnswerMode::WrongLanguage, _) => &ENGLISH,
            (_, code) => phrases(code),
        };
        let subject = &request.subject.text;
        let is_text = request.subject.kind == "text";
        let is_readable = !is_text || phrases.is_script_of(subject);
        let topic = if is_readable {
            // What follows the first sentence of a topic may be meant for the model.
            let first = sentences(subject).into_iter().next();
            let first = first.unwrap_or_else(|| subject.clone());
            let is_end = |c: char| !c.is_alphanumeric();
            words_within(&first, MAX_TOPIC_CHARS)
                .trim_end_matches(is_end)
                .to_owned()
        } else {
            phrases.text.to_owned()
        };
        let sentences = if is_text && is_readable {
            sentences(subject)
        } else {
            Vec::new()
        };
        let deck = request.deck.iter().map(|slide| slide.title.clone());
        Self {
            request,
            phrases,
            topic,
            sentences,
            taken: request.avoid_titles.iter().cloned().chain(deck).collect(),
            next_idea: (hash(subject) % phrases.ideas.len() as u64) as usize,
        }
    }

    fn deck(&mut self) -> Value {
        let count = self.request.count;
        let last = count.saturating_sub(1);
        let slides = (0..count).map(|index| match index {
            0 => self.cover(),
            QUOTE_INDEX if count > QUOTE_INDEX + 2 && !self.request.verses.is_empty() => {
                self.quote()
            }
            index if index == last => self.summary(),
            _ => self.idea(),
        });
        let slides: Vec<Value> = slides.collect();
        json!({
            "title": self.filled(self.phrases.cover.0),
            "caption": self.filled(self.phrases.caption),
            "hashtags": self.phrases.hashtags,
            "slides": slides,
        })
    }

    fn one(&mut self, kind: &str) -> Value {
        match kind {
            "title" => self.cover(),
            "summary" => self.summary(),
            _ => self.idea(),
        }
    }

    fn cover(&mut self) -> Value {
        let (title, body) = self.phrases.cover;
        self.slide("title", title, body)
    }

    fn summary(&mut self) -> Value {
        let (title, body) = self.phrases.summary;
        self.slide("summary", title, body)
    }

    fn idea(&mut self) -> Value {
        let ideas = &self.phrases.ideas;
        let number = self.next_idea;
        self.next_idea += 1;
        let (title, body) = ideas[number % ideas.len()];
        let kind = if number.is_multiple_of(2) {
            "principle"
        } else {
            "concept"
        };
        if self.sentences.is_empty() {
            return self.slide(kind, title, body);
        }
        let sentence = self.sentences.remove(0);
        self.slide(kind, title, &sentence)
    }

    fn quote(&mut self) -> Value {
        let mut slide = self.slide("quote", self.phrases.quote, "");
        slide["verse_id"] = self.request.verses[0].id.as_str().into();
        slide
    }

    fn slide(&mut self, kind: &str, title: &str, body: &str) -> Value {
        let title = self.free_title(self.filled(title));
        let mut body = self.filled(body);
        if self.request.brevity == "short" {
            body = sentences(&body).into_iter().next().unwrap_or(body);
        }
        let alt = format!("{title}. {body}");
        json!({"type": kind, "kicker": self.phrases.kicker(kind), "title": title, "body": body, "verse_id": null,
            "alt": alt.trim_end()})
    }

    /// Returns a title that no other slide has, with a prefix where its words are taken.
    fn free_title(&mut self, title: String) -> String {
        let mut free = title.clone();
        let mut round = 1;
        while self.taken.contains(&free) {
            let prefix = self.phrases.again;
            free = match round {
                1 => format!("{prefix}: {title}"),
                _ => format!("{prefix} {round}: {title}"),
            };
            round += 1;
        }
        self.taken.push(free.clone());
        free
    }

    fn filled(&self, text: &str) -> String {
        text.replace("{topic}", &self.topic)
    }
}

/// Builds the defect of a mode into a good answer.
fn spoil(answer: &mut Value, mode: AnswerMode, subject: &str) {
    let slides = match answer.get_mut("slides").and_then(Value::as_array_mut) {
        Some(slides) => slides.iter_mut().collect(),
        None => vec![&mut answer["slide"]],
    };
    match mode {
        AnswerMode::TooLong => {
            for slide in slides {
                // One sentence without an end: it cannot be cut.
                let title = slide["title"].as_str().unwrap_or_default().repeat(20);
                slide["title"] = title.into();
            }
        }
        AnswerMode::Flagged => {
            if let Some(slide) = slides.into_iter().next() {
                let body = slide["body"].as_str().unwrap_or_default();
                slide["body"] = format!("flagme {body}").into();
            }
        }
        AnswerMode::UnknownVerse => {
            if let Some(slide) = slides.into_iter().nth(1) {
                slide["type"] = "quote".into();
                slide["verse_id"] = "psalm-999-1".into();
            }
        }
        AnswerMode::Obedient => {
            let planted = words_within(subject, MAX_BODY_CHARS);
            let title = planted_title(subject);
            for slide in slides.into_iter().skip(1) {
                slide["body"] = planted.as_str().into();
                slide["title"] = title.as_str().into();
            }
            if answer.get("caption").is_some() {
                answer["caption"] = planted.into();
            }
        }
        AnswerMode::WrongCount => {
            if let Some(slides) = answer.get_mut("slides").and_then(Value::as_array_mut) {
                slides.pop();
            }
        }
        _ => {}
    }
}

/// Returns the addresses and handles in a subject, or its beginning.
fn planted_title(subject: &str) -> String {
    let is_reference = |word: &&str| word.contains("://") || word.contains('@');
    let references: Vec<&str> = subject.split_whitespace().filter(is_reference).collect();
    if references.is_empty() {
        return words_within(subject, MAX_TITLE_CHARS);
    }
    words_within(&references.join(" "), MAX_TITLE_CHARS)
}

/// Returns the first words that fit, or as much of the first word as fits.
fn words_within(text: &str, limit: usize) -> String {
    let mut kept = String::new();
    for word in text.split_whitespace() {
        let length = kept.chars().count() + 1 + word.chars().count();
        if !kept.is_empty() && length > limit {
            break;
        }
        if !kept.is_empty() {
            kept.push(' ');
        }
        kept.push_str(word);
    }
    kept.chars().take(limit).collect()
}

fn sentences(text: &str) -> Vec<String> {
    let ends = |c: char| matches!(c, '.' | '!' | '?' | '।' | '؟' | '\n');
    let sentences = text.split_inclusive(ends).map(str::trim);
    let spoken = sentences.filter(|sentence| sentence.chars().any(char::is_alphabetic));
    spoken
        .map(|sentence| words_within(sentence, MAX_BODY_CHARS))
        .collect()
}

#[cfg(test)]
mod tests;
