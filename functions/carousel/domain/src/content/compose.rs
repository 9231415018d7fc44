//! Writes slides without a model: by rules, from texts of our own and the person's words.
//!
//! A topic stands only where no grammar can break: before a colon, or in quotation marks.

mod frames;
mod outlines;
mod own_text;
mod pack;
mod packs;
mod rank;
mod titles;

use super::{
    Answer, AnswerSlide, Brief, Detection, RequestText, Shelf, Task, Verse, Written, accept,
    answer::clean_hashtag,
    detect,
    text::{ellipsis, first_graphemes},
};
use crate::{Draft, Language, MAX_HASHTAGS, MAX_TITLE, MAX_TOPIC, Slide, SlideKind};
use frames::Frame;
use own_text::OwnText;
use pack::{Pack, TopicDeck};
use titles::Titles;

/// Composes what a brief asks for, the same for the same seed.
///
/// A carousel always comes out; in a language without a pack it is in English, and a person's own text keeps its
/// language. `None` for a slide when nothing new is left to say.
pub fn compose(brief: &Brief, seed: u64) -> Option<Written> {
    // Titles to avoid are a wish: the outlines come to an end. A slide is in the language of its carousel.
    let language = match &brief.task {
        Task::Deck { .. } => brief.language,
        Task::Slide { deck, .. } => deck.language,
    };
    let wishes = Brief {
        avoid_titles: Vec::new(),
        language,
        ..brief.clone()
    };
    let seed = usize::try_from(seed % (1 << 31)).unwrap_or_default();
    if let RequestText::Text(text) = &brief.subject
        && let Some(language) = language_of(text.as_str(), language)
    {
        let brief = Brief {
            language,
            ..wishes.clone()
        };
        let answer = compose_text(&brief, text.as_str(), seed);
        if let Some(written) = answer.and_then(|answer| accept(answer, &brief).ok()) {
            return Some(written);
        }
    }
    compose_topic(wishes, &brief.avoid_titles, seed)
}

/// Composes a slide with one verse: the best for a topic, or any. `None` in a language without an edition.
pub fn compose_wisdom(
    topic: Option<&str>,
    language: Language,
    shelf: &Shelf,
    seed: u64,
) -> Option<Draft> {
    /// The verses that fit best take turns.
    const TURNS: u64 = 3;
    let topic = topic.unwrap_or_default();
    let mut found = shelf.candidates(topic, language);
    found.retain(|verse| verse.is_about(topic, language));
    let turns = TURNS.min(found.len() as u64).max(1);
    let at = usize::try_from(seed % turns).unwrap_or_default();
    let verse = found
        .get(at)
        .cloned()
        .or_else(|| shelf.any(language, seed))?;
    Some(draft_of_verse(verse, language))
}

fn draft_of_verse(verse: Verse, language: Language) -> Draft {
    let source = verse.source();
    let title = ellipsis(&verse.reference, MAX_TITLE);
    let hashtags = verse
        .tags
        .iter()
        .map(|tag| clean_hashtag(tag))
        .take(MAX_HASHTAGS)
        .collect();
    let slide = Slide {
        kind: SlideKind::Quote,
        kicker: Frame::of(language).thought.to_owned(),
        title: title.clone(),
        alt: format!("{} ({source})", verse.text),
        body: verse.text.clone(),
        source: Some(source.clone()),
    };
    let caption = format!("{}\n\n{source}", verse.text);
    Draft {
        language,
        title,
        caption,
        hashtags,
        slides: vec![slide],
    }
}

/// Returns the language that a person's text can be shown in: rules do not translate.
fn language_of(text: &str, wanted: Language) -> Option<Language> {
    match detect(text, wanted) {
        Detection::Language(found) if found.script() != wanted.script() => Some(found),
        Detection::Language(_) | Detection::NoLetters => Some(wanted),
        Detection::Japanese | Detection::Korean | Detection::Unsupported => None,
    }
}

/// Composes slides of a text's sentences. Where it has too few, ideas of the pack fill in; `None` without one.
fn compose_text(brief: &Brief, text: &str, seed: usize) -> Option<Answer> {
    let own = OwnText::read(text, brief.language);
    let frame = Frame::of(brief.language);
    match &brief.task {
        Task::Deck { count } => text_deck(brief, &own, &frame, *count, seed),
        Task::Slide { number, deck } => {
            let mut titles = Titles::of(brief.taken_titles());
            let used: Vec<&str> = deck
                .slides
                .iter()
                .flat_map(|slide| [slide.title.as_str(), slide.body.as_str()])
                .collect();
            let mut slide = own.another(&used, seed, &frame, &mut titles)?;
            slide.kind = brief.required_kind(0).unwrap_or(slide.kind);
            slide.alt = frame.alt(*number, deck.slides.len(), &slide.title, &slide.body);
            Some(Answer {
                slides: vec![slide],
                ..Answer::default()
            })
        }
    }
}

fn text_deck(
    brief: &Brief,
    own: &OwnText,
    frame: &Frame,
    count: usize,
    seed: usize,
) -> Option<Answer> {
    let mut slides = vec![own.cover(frame)];
    let mut titles = Titles::of([own.title().as_str()].into_iter());
    let pack = Pack::of(brief.language);
    if count > 1 {
        let wanted = count.saturating_sub(2);
        let missing = wanted.saturating_sub(own.ideas());
        let summary = own.summary(wanted > 0, frame, &mut titles);
        slides.extend(own.middle_slides(wanted - missing, frame, &mut titles));
        if missing > 0 {
            slides.extend(pack?.ideas(seed, missing, &mut titles));
        }
        slides.push(summary);
    }
    let mut hashtags = own.hashtags();
    if hashtags.is_empty() {
        hashtags.push(clean_hashtag(frame.thought));
    }
    describe(&mut slides, frame);
    Some(Answer {
        title: own.title(),
        caption: own.caption(),
        hashtags,
        slides,
    })
}

fn compose_topic(brief: Brief, avoid: &[String], seed: usize) -> Option<Written> {
    let pack = match (Pack::of(brief.language), &brief.task) {
        (Some(pack), _) => pack,
        (None, Task::Deck { .. }) => Pack::english(),
        (None, Task::Slide { .. }) => return None,
    };
    let topic = first_graphemes(brief.subject.as_str(), MAX_TOPIC);
    let subject = RequestText::topic(topic).unwrap_or_else(|_| brief.subject.clone());
    let mut verses = brief.verses.clone();
    verses.retain(|verse| pack.language == brief.language && verse.is_about(topic, pack.language));
    let brief = Brief {
        subject,
        verses,
        language: pack.language,
        ..brief
    };
    let deck = TopicDeck::new(pack, &brief, avoid, seed);
    let frame = Frame::of(pack.language);
    let answer = match &brief.task {
        Task::Deck { count } => {
            let mut answer = deck.deck(*count);
            describe(&mut answer.slides, &frame);
            answer
        }
        Task::Slide { number, deck: old } => {
            let mut slide = deck.slide(brief.required_kind(0), brief.replaced_slide())?;
            slide.alt = frame.alt(*number, old.slides.len(), &slide.title, &slide.body);
            Answer {
                slides: vec![slide],
                ..Answer::default()
            }
        }
    };
    accept(answer, &brief).ok()
}

fn describe(slides: &mut [AnswerSlide], frame: &Frame) {
    let total = slides.len();
    for (index, slide) in slides.iter_mut().enumerate() {
        slide.alt = frame.alt(index + 1, total, &slide.title, &slide.body);
    }
}

fn slide(kind: SlideKind, kicker: &str, title: String, body: String) -> AnswerSlide {
    let kicker = kicker.to_owned();
    AnswerSlide {
        kind,
        kicker,
        title,
        body,
        verse_id: None,
        alt: String::new(),
    }
}

#[cfg(test)]
mod tests;
