//! The carousel's rules: what a request becomes, what its slides may say, and what they look like.
//!
//! Architecture invariant: pure. No AWS, no network, no clock; time and ids are arguments.

mod language;
mod look;
mod slide;

pub use language::{Language, Script, UiLanguage};
pub use look::{Brand, Color, FontPair, Format, Look, Template};
pub use slide::{
    Draft, MAX_BODY, MAX_CAPTION, MAX_HASHTAGS, MAX_KICKER, MAX_SLIDES, MAX_SOURCE, MAX_TITLE,
    MAX_TOPIC, MAX_VERSE, Slide, SlideKind,
};
