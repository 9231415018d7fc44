//! What is to be written, for the model and for the composer alike.

use super::{RequestText, Verse};
use crate::{Draft, Language, Slide, SlideKind};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Brief {
    pub subject: RequestText,
    pub language: Language,
    pub task: Task,
    /// The verses that may be quoted, the best first.
    pub verses: Vec<Verse>,
    /// Titles that the person has seen and did not want.
    pub avoid_titles: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Task {
    /// All slides of a carousel.
    Deck { count: usize },
    /// One slide of a carousel again. Numbers count from 1.
    Slide { number: usize, deck: Box<Draft> },
}

impl Brief {
    /// Returns how many slides the answer has.
    pub fn slides(&self) -> usize {
        match self.task {
            Task::Deck { count } => count,
            Task::Slide { .. } => 1,
        }
    }

    pub fn is_deck(&self) -> bool {
        matches!(self.task, Task::Deck { .. })
    }

    /// Returns the kind that the answer's slide must have. `None` for any kind of the middle.
    pub(super) fn required_kind(&self, index: usize) -> Option<SlideKind> {
        let (index, count) = match &self.task {
            Task::Deck { count } => (index, *count),
            Task::Slide { number, deck } => (number.saturating_sub(1), deck.slides.len()),
        };
        match index {
            0 => Some(SlideKind::Title),
            last if last + 1 == count => Some(SlideKind::Summary),
            _ => None,
        }
    }

    /// The slide to write again.
    pub(super) fn replaced_slide(&self) -> Option<&Slide> {
        match &self.task {
            Task::Deck { .. } => None,
            Task::Slide { number, deck } => deck.slides.get(number.checked_sub(1)?),
        }
    }

    /// Titles that no slide of the answer may have.
    pub(super) fn taken_titles(&self) -> impl Iterator<Item = &str> {
        let deck = match &self.task {
            Task::Deck { .. } => &[][..],
            Task::Slide { deck, .. } => &deck.slides[..],
        };
        let avoided = self.avoid_titles.iter().map(String::as_str);
        avoided.chain(deck.iter().map(|slide| slide.title.as_str()))
    }

    pub(super) fn verse(&self, id: &str) -> Option<&Verse> {
        self.verses.iter().find(|verse| verse.id == id)
    }
}
