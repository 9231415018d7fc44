//! A person's own text on slides: its own sentences, one idea a slide.

use std::collections::HashMap;

use unicode_segmentation::UnicodeSegmentation;

use super::{
    frames::Frame,
    rank::{best, rank},
    slide,
    titles::Titles,
};
use crate::{
    Language, MAX_BODY, MAX_TITLE, SlideKind,
    content::{
        AnswerSlide,
        answer::clean_hashtag,
        check::MAX_HASHTAG,
        reference::is_reference,
        stop_words::stop_words,
        text::{cut_at_word, ellipsis, first_graphemes, fold, grapheme_count},
    },
};

/// Hashtags of the text's own words.
const MAX_OWN_HASHTAGS: usize = 4;
const MIN_HASHTAG_CHARS: usize = 4;

/// A text, read.
pub(super) struct OwnText {
    language: Language,
    /// A first line that is no sentence.
    heading: Option<String>,
    /// In order, each within the limit of a body.
    pub(super) sentences: Vec<String>,
    scores: Vec<f64>,
}

impl OwnText {
    pub(super) fn read(text: &str, language: Language) -> Self {
        let (heading, rest) = split_heading(text);
        let bounds = rest.lines().flat_map(|line| line.split_sentence_bounds());
        let trimmed = bounds
            .map(str::trim)
            .filter(|sentence| !sentence.is_empty());
        let sentences: Vec<String> = trimmed.flat_map(pieces).collect();
        let scores = rank(language, &sentences);
        Self {
            language,
            heading: heading.map(str::to_owned),
            sentences,
            scores,
        }
    }

    /// Returns how many sentences are left for the slides between the first and the last.
    pub(super) fn ideas(&self) -> usize {
        let middle = self.middle(true);
        middle.end - middle.start
    }

    pub(super) fn title(&self) -> String {
        let first = self.heading.as_ref().or(self.sentences.first());
        first
            .map(|title| ellipsis(as_title(title), MAX_TITLE))
            .unwrap_or_default()
    }

    /// Returns the first slide: the heading or the first sentence, in full below if it had to be shortened.
    pub(super) fn cover(&self, frame: &Frame) -> AnswerSlide {
        let title = self.title();
        let first = self
            .sentences
            .first()
            .filter(|first| self.heading.is_none() && as_title(first) != title);
        let body = first.map_or(frame.lead, String::as_str);
        slide(SlideKind::Title, frame.thought, title, body.to_owned())
    }

    /// Returns `count` slides of consecutive sentences each, where there are that many sentences.
    pub(super) fn middle_slides(
        &self,
        count: usize,
        frame: &Frame,
        titles: &mut Titles,
    ) -> Vec<AnswerSlide> {
        let middle = self.middle(true);
        let length = middle.end - middle.start;
        let count = count.min(length);
        let bound = |part: usize| middle.start + part * length / count.max(1);
        let segments = (0..count).map(|part| bound(part)..bound(part + 1));
        segments
            .map(|segment| self.idea_of(segment, frame, titles))
            .collect()
    }

    /// Returns the last slide: the last sentence that is not the first, else the best.
    pub(super) fn summary(
        &self,
        has_middle: bool,
        frame: &Frame,
        titles: &mut Titles,
    ) -> AnswerSlide {
        let last = self.middle(has_middle).end;
        let at = if has_middle && last < self.sentences.len() {
            Some(last)
        } else {
            self.best_sentence()
        };
        let body = at.map_or(frame.lead, |at| self.sentences[at].as_str());
        let title = titles.first_free([frame.summary.to_owned()], frame.thought);
        slide(SlideKind::Summary, frame.thought, title, body.to_owned())
    }

    /// Returns a slide of a sentence that none of these texts has.
    pub(super) fn another(
        &self,
        used: &[&str],
        seed: usize,
        frame: &Frame,
        titles: &mut Titles,
    ) -> Option<AnswerSlide> {
        let is_new = |at: &usize| {
            !used
                .iter()
                .any(|text| text.contains(self.sentences[*at].as_str()))
        };
        let fresh: Vec<usize> = (0..self.sentences.len()).filter(is_new).collect();
        let at = *fresh.get(seed % fresh.len().max(1))?;
        Some(self.idea_of(at..at + 1, frame, titles))
    }

    /// Returns the best sentences in order, as a caption.
    pub(super) fn caption(&self) -> String {
        const SENTENCES: usize = 3;
        let mut order: Vec<usize> = (0..self.sentences.len()).collect();
        order.sort_by(|one, other| self.scores[*other].total_cmp(&self.scores[*one]));
        order.truncate(SENTENCES);
        order.sort_unstable();
        let title = self.title();
        let rest = self.join(
            order
                .into_iter()
                .filter(|at| as_title(&self.sentences[*at]) != title),
        );
        format!("{title}\n\n{rest}").trim_end().to_owned()
    }

    /// Returns the most frequent words that carry meaning.
    pub(super) fn hashtags(&self) -> Vec<String> {
        let mut counts: HashMap<String, (usize, usize)> = HashMap::new();
        let texts = self.heading.iter().chain(&self.sentences);
        for (place, word) in texts.flat_map(|text| text.unicode_words()).enumerate() {
            let tag = fold(&clean_hashtag(word));
            let is_long =
                tag.chars().count() >= MIN_HASHTAG_CHARS && tag.contains(char::is_alphabetic);
            if is_long
                && grapheme_count(&tag) <= MAX_HASHTAG
                && !stop_words(self.language).contains(&&*tag)
            {
                counts.entry(tag).or_insert((0, place)).0 += 1;
            }
        }
        let mut tags: Vec<(String, (usize, usize))> = counts.into_iter().collect();
        tags.sort_by(|(_, one), (_, other)| other.0.cmp(&one.0).then(one.1.cmp(&other.1)));
        tags.into_iter()
            .take(MAX_OWN_HASHTAGS)
            .map(|(tag, _)| tag)
            .collect()
    }

    /// The sentences that neither the first nor the last slide needs.
    fn middle(&self, with_last: bool) -> std::ops::Range<usize> {
        let start = usize::from(self.heading.is_none()).min(self.sentences.len());
        let left = self.sentences.len() - start;
        let last = usize::from(with_last && left > 1);
        start..self.sentences.len() - last
    }

    fn best_sentence(&self) -> Option<usize> {
        best(&self.scores, 0..self.sentences.len())
    }

    /// Titles the slide by a short and important sentence, if others are left for the body.
    fn idea_of(
        &self,
        segment: std::ops::Range<usize>,
        frame: &Frame,
        titles: &mut Titles,
    ) -> AnswerSlide {
        let is_title = |at: &usize| {
            grapheme_count(&self.sentences[*at]) <= MAX_TITLE
                && titles.is_free(&self.sentences[*at])
        };
        let short =
            best(&self.scores, segment.clone().filter(is_title)).filter(|_| segment.len() > 1);
        let wanted = short.map(|at| as_title(&self.sentences[at]).to_owned());
        let title = titles.first_free(wanted, frame.thought);
        let body = self.body_of(segment.filter(|at| Some(*at) != short));
        slide(SlideKind::Concept, frame.thought, title, body)
    }

    /// Joins the most important sentences that fit, in their order.
    fn body_of(&self, sentences: impl Iterator<Item = usize>) -> String {
        let mut order: Vec<usize> = sentences.collect();
        order.sort_by(|one, other| self.scores[*other].total_cmp(&self.scores[*one]));
        let mut chosen: Vec<usize> = Vec::new();
        let mut length = 0;
        for at in order {
            let with = length + grapheme_count(&self.sentences[at]) + 1;
            if with <= MAX_BODY + 1 {
                length = with;
                chosen.push(at);
            }
        }
        chosen.sort_unstable();
        self.join(chosen.into_iter())
    }

    /// Joins sentences, in Chinese without spaces between them.
    fn join(&self, sentences: impl Iterator<Item = usize>) -> String {
        let parts: Vec<&str> = sentences.map(|at| self.sentences[at].as_str()).collect();
        let has_reference = parts
            .iter()
            .any(|part| part.split_whitespace().any(is_reference));
        let space = if self.language == Language::Zh && !has_reference {
            ""
        } else {
            " "
        };
        parts.join(space)
    }
}

/// Splits a first line off that is short and does not end as a sentence does.
fn split_heading(text: &str) -> (Option<&str>, &str) {
    let Some((first, rest)) = text.split_once('\n') else {
        return (None, text);
    };
    let ends = first.ends_with(['.', ',', ';', '…', '।', '。', '،', '؛']);
    let is_heading = !ends && grapheme_count(first) <= MAX_TITLE && !rest.trim().is_empty();
    if is_heading {
        (Some(first), rest.trim())
    } else {
        (None, text)
    }
}

/// Returns a sentence without its full stop, which titles do not have.
fn as_title(sentence: &str) -> &str {
    let bare = sentence.strip_suffix(['.', '।', '。']).unwrap_or(sentence);
    if bare.is_empty() || bare.ends_with('.') {
        sentence
    } else {
        bare
    }
}

/// Splits a sentence into parts that fit a body, between words where there are any.
fn pieces(sentence: &str) -> Vec<String> {
    let mut parts = Vec::new();
    let mut rest = sentence;
    while grapheme_count(rest) > MAX_BODY {
        let room = MAX_BODY - 1;
        let part = cut_at_word(rest, room).unwrap_or_else(|| first_graphemes(rest, room));
        parts.push(format!("{part}…"));
        rest = rest[part.len()..].trim_start();
    }
    if !rest.is_empty() {
        parts.push(rest.to_owned());
    }
    parts
}

#[cfg(test)]
mod tests;
