//! Carousels on a topic, from the texts of a language.

use unicode_segmentation::UnicodeSegmentation;

use super::{
    outlines::{CLOSINGS, CONCEPTS, IDEAS, IDEAS_OF, IDEAS_OF_SECTION, OUTLINES, SECTIONS},
    packs, slide,
    titles::Titles,
};
use crate::{
    Language, MAX_BODY, MAX_HASHTAGS, MAX_TITLE, Script, Slide, SlideKind,
    content::{
        Answer, AnswerSlide, Brief,
        answer::clean_hashtag,
        check::MAX_HASHTAG,
        stop_words::stop_words,
        text::{fold, grapheme_count},
    },
};

/// Titles of quotes. One more than a carousel has quotes.
pub(super) const QUOTE_TITLES: usize = 3;
/// From this many slides between the first and the last on there is a quote, and a second one.
const SLIDES_WITH_QUOTE: usize = 3;
const SLIDES_WITH_TWO_QUOTES: usize = 8;
const MIN_HASHTAG_CHARS: usize = 3;
const TOPIC_HASHTAGS: usize = 2;

/// A title and a body.
pub(super) type Idea = (&'static str, &'static str);

pub(super) struct Cover {
    pub(super) kicker: &'static str,
    /// What follows the topic and a colon, in lower case; alone, it is a title of its own.
    pub(super) angle: &'static str,
    pub(super) body: &'static str,
}

pub(super) struct Pack {
    pub(super) language: Language,
    pub(super) quotation_marks: (&'static str, &'static str),
    /// Stands before a topic in quotation marks.
    pub(super) topic: &'static str,
    /// Kickers of the sections.
    pub(super) sections: [&'static str; SECTIONS],
    pub(super) quote_kicker: &'static str,
    pub(super) quote_titles: [&'static str; QUOTE_TITLES],
    pub(super) closing_kicker: &'static str,
    /// Ends the caption.
    pub(super) caption_end: &'static str,
    pub(super) hashtags: [&'static str; MAX_HASHTAGS - TOPIC_HASHTAGS],
    pub(super) covers: [Cover; OUTLINES],
    pub(super) ideas: [Idea; IDEAS],
    pub(super) closings: [Idea; CLOSINGS],
}

impl Pack {
    pub(super) fn of(language: Language) -> Option<&'static Self> {
        packs::PACKS
            .iter()
            .copied()
            .find(|pack| pack.language == language)
    }

    pub(super) fn english() -> &'static Self {
        &packs::ENGLISH
    }

    /// Returns ideas with free titles: those of the outline first, then others. Fewer, if none is left.
    pub(super) fn ideas(&self, seed: usize, count: usize, titles: &mut Titles) -> Vec<AnswerSlide> {
        let outline = &IDEAS_OF[seed % OUTLINES];
        let others = (0..IDEAS)
            .map(|step| (seed + step) % IDEAS)
            .filter(|idea| !outline.contains(idea));
        let mut slides = Vec::new();
        for at in outline.iter().copied().chain(others) {
            let (title, body) = self.ideas[at];
            if slides.len() < count && titles.is_free(title) {
                titles.take(title);
                let section = at / IDEAS_OF_SECTION;
                let kind = if section == CONCEPTS {
                    SlideKind::Concept
                } else {
                    SlideKind::Principle
                };
                slides.push(slide(
                    kind,
                    self.sections[section],
                    title.to_owned(),
                    body.to_owned(),
                ));
            }
        }
        slides
    }
}

/// A carousel on a topic, in the making.
pub(super) struct TopicDeck<'a> {
    pack: &'static Pack,
    brief: &'a Brief,
    avoid: &'a [String],
    outline: usize,
    seed: usize,
}

impl<'a> TopicDeck<'a> {
    /// Chooses the outline by the seed: the first whose title is free and not to be avoided, if there is one.
    pub(super) fn new(
        pack: &'static Pack,
        brief: &'a Brief,
        avoid: &'a [String],
        seed: usize,
    ) -> Self {
        let mut deck = Self {
            pack,
            brief,
            avoid,
            outline: seed % OUTLINES,
            seed,
        };
        let free = deck.titles();
        let outlines = (0..OUTLINES).map(|step| (seed + step) % OUTLINES);
        let is_free = |outline: &usize| free.is_free(&deck.cover(*outline).title);
        deck.outline = outlines.clone().find(is_free).unwrap_or(deck.outline);
        deck
    }

    pub(super) fn deck(&self, count: usize) -> Answer {
        let cover = self.cover(self.outline);
        let (title, mut slides) = (cover.title.clone(), vec![cover]);
        if count > 1 {
            slides.extend(self.middle(count.saturating_sub(2)));
            slides.extend(self.closing(&mut self.titles()));
        }
        Answer {
            caption: self.caption(&slides),
            hashtags: self.hashtags(),
            title,
            slides,
        }
    }

    /// Returns another slide in the place of one.
    pub(super) fn slide(
        &self,
        required: Option<SlideKind>,
        replaced: Option<&Slide>,
    ) -> Option<AnswerSlide> {
        let mut titles = self.titles();
        match required {
            Some(SlideKind::Title) => Some(self.cover(self.outline)),
            Some(SlideKind::Summary) => self.closing(&mut titles),
            _ => {
                let was_quote = replaced.is_some_and(|slide| slide.kind == SlideKind::Quote);
                let quote = was_quote.then(|| self.another_quote(replaced)).flatten();
                quote.or_else(|| self.ideas(1, &mut titles).pop())
            }
        }
    }

    /// Titles that are not to be used again.
    fn titles(&self) -> Titles {
        Titles::of(
            self.brief
                .taken_titles()
                .chain(self.avoid.iter().map(String::as_str)),
        )
    }

    /// The taken titles without those that are only to be avoided.
    fn forbidden(&self) -> Titles {
        Titles::of(self.brief.taken_titles())
    }

    /// Puts the topic before the angle if both fit, else into quotation marks below.
    fn cover(&self, outline: usize) -> AnswerSlide {
        let Cover {
            kicker,
            angle,
            body,
        } = self.pack.covers[outline];
        let topic = self.brief.subject.as_str();
        let joined = join(topic, angle);
        if grapheme_count(&joined) <= MAX_TITLE {
            return slide(SlideKind::Title, kicker, joined, body.to_owned());
        }
        let (open, close) = self.pack.quotation_marks;
        let about = format!("{} {open}{topic}{close}", self.pack.topic);
        let with_body = format!("{about}. {body}");
        let fits = grapheme_count(&with_body) <= MAX_BODY;
        slide(
            SlideKind::Title,
            kicker,
            capitalize(angle),
            if fits { with_body } else { about },
        )
    }

    fn middle(&self, count: usize) -> Vec<AnswerSlide> {
        let wanted = match count {
            SLIDES_WITH_TWO_QUOTES.. => 2,
            SLIDES_WITH_QUOTE.. => 1,
            _ => 0,
        };
        let quotes = self
            .brief
            .verses
            .iter()
            .take(wanted)
            .zip(self.pack.quote_titles);
        let quotes: Vec<AnswerSlide> = quotes
            .map(|(verse, title)| self.quote(&verse.id, title))
            .collect();
        let mut slides = self.ideas(count - quotes.len(), &mut self.titles());
        let parts = quotes.len() + 1;
        for (index, quote) in quotes.into_iter().enumerate() {
            let at = ((index + 1) * count / parts).min(slides.len());
            slides.insert(at, quote);
        }
        slides
    }

    /// Returns ideas that are not to be avoided, and others when there are not enough.
    fn ideas(&self, count: usize, titles: &mut Titles) -> Vec<AnswerSlide> {
        let mut slides = self.pack.ideas(self.outline, count, titles);
        if slides.len() < count {
            let mut forbidden = self.forbidden();
            slides.iter().for_each(|slide| forbidden.take(&slide.title));
            slides.extend(
                self.pack
                    .ideas(self.outline, count - slides.len(), &mut forbidden),
            );
        }
        slides
    }

    fn closing(&self, titles: &mut Titles) -> Option<AnswerSlide> {
        let order = || (0..CLOSINGS).map(|step| self.pack.closings[(self.seed + step) % CLOSINGS]);
        let free = order().find(|(title, _)| titles.is_free(title));
        let (title, body) =
            free.or_else(|| order().find(|(title, _)| self.forbidden().is_free(title)))?;
        titles.take(title);
        Some(slide(
            SlideKind::Summary,
            self.pack.closing_kicker,
            title.to_owned(),
            body.to_owned(),
        ))
    }

    fn quote(&self, id: &str, title: &str) -> AnswerSlide {
        let quote = slide(
            SlideKind::Quote,
            self.pack.quote_kicker,
            title.to_owned(),
            String::new(),
        );
        AnswerSlide {
            verse_id: Some(id.to_owned()),
            ..quote
        }
    }

    fn another_quote(&self, replaced: Option<&Slide>) -> Option<AnswerSlide> {
        let titles = self.forbidden();
        let title = self
            .pack
            .quote_titles
            .into_iter()
            .find(|title| titles.is_free(title))?;
        let old = replaced.map(|slide| slide.body.as_str());
        let verse = self
            .brief
            .verses
            .iter()
            .find(|verse| Some(verse.text.as_str()) != old)?;
        Some(self.quote(&verse.id, title))
    }

    fn caption(&self, slides: &[AnswerSlide]) -> String {
        let Some((cover, rest)) = slides.split_first() else {
            return String::new();
        };
        let points = rest
            .iter()
            .filter(|slide| matches!(slide.kind, SlideKind::Principle | SlideKind::Concept));
        let points: Vec<String> = points.map(|slide| format!("• {}", slide.title)).collect();
        let parts = [
            cover.title.clone(),
            cover.body.clone(),
            points.join("\n"),
            self.pack.caption_end.to_owned(),
        ];
        parts
            .into_iter()
            .filter(|part| !part.is_empty())
            .collect::<Vec<_>>()
            .join("\n\n")
    }

    /// Returns words of the topic and the pack's own.
    fn hashtags(&self) -> Vec<String> {
        let words = self
            .brief
            .subject
            .as_str()
            .unicode_words()
            .map(|word| fold(&clean_hashtag(word)));
        let carries_topic = |tag: &String| {
            tag.chars().filter(|c| c.is_alphabetic()).count() >= MIN_HASHTAG_CHARS
                && grapheme_count(tag) <= MAX_HASHTAG
                && !stop_words(self.pack.language).contains(&tag.as_str())
        };
        let mut tags: Vec<String> = Vec::new();
        for tag in words.filter(carries_topic).take(TOPIC_HASHTAGS) {
            if !tags.contains(&tag) {
                tags.push(tag);
            }
        }
        let own = self.pack.hashtags.iter().map(|tag| (*tag).to_owned());
        let own: Vec<String> = own.filter(|tag| !tags.contains(tag)).collect();
        tags.extend(own);
        tags
    }
}

/// Joins a topic and an angle: `Small habits: where to begin`, `Why rest? Where to begin`.
fn join(topic: &str, angle: &str) -> String {
    let bare = topic.trim_end_matches(|c: char| {
        c.is_whitespace() || matches!(c, '.' | ':' | ';' | ',' | '،' | '؛' | '।')
    });
    let bare = if bare.is_empty() { topic } else { bare };
    let topic = capitalize(bare);
    if bare.ends_with(['?', '!', '…', '؟', '？', '！']) {
        return format!("{topic} {}", capitalize(angle));
    }
    format!("{topic}: {angle}")
}

/// Begins with a capital letter, unless the first word has its own way, as `iPhone` has.
fn capitalize(text: &str) -> String {
    let first_word = text.split_whitespace().next().unwrap_or_default();
    let mut rest = text.chars();
    let (Some(first), false) = (rest.next(), first_word.chars().any(char::is_uppercase)) else {
        return text.to_owned();
    };
    let has_cases = matches!(
        Script::of(first),
        Some(Script::Latin | Script::Cyrillic | Script::Greek)
    );
    let capital: Vec<char> = first.to_uppercase().collect();
    match capital[..] {
        [capital] if has_cases && capital.to_lowercase().eq([first]) => {
            format!("{capital}{}", rest.as_str())
        }
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests;
