//! How the model is used: version, cache and token limits.

use std::time::Duration;

use confab_core::hex;
use sha2::{Digest, Sha256};

use super::{Brief, RequestText, Task};
use crate::{Language, Script};

/// Names instructions, schema and checks. Answers to other versions are not reused.
pub const PROMPT_VERSION: &str = "carousel-1";
/// How long an answer is kept for the person who asked.
pub const CACHE_TTL: Duration = Duration::from_hours(24);

/// Returns the calls for a brief: for a carousel the request and one repair, and for one slide the request.
pub fn max_model_calls(brief: &Brief) -> u32 {
    match brief.task {
        Task::Deck { .. } => 2,
        Task::Slide { .. } => 1,
    }
}

/// Returns the cache key of a brief, within the person's own cache. `None` for briefs that want something
/// new, and for a person's own text.
pub fn cache_key(brief: &Brief) -> Option<String> {
    let (Task::Deck { count }, RequestText::Topic(topic)) = (&brief.task, &brief.subject) else {
        return None;
    };
    if !brief.avoid_titles.is_empty() {
        return None;
    }
    let count = count.to_string();
    let mut hash = Sha256::new();
    for part in [
        PROMPT_VERSION,
        topic.as_str(),
        brief.language.code(),
        &count,
    ] {
        // The length before each part keeps parts from flowing into each other.
        hash.update(part.len().to_be_bytes());
        hash.update(part.as_bytes());
    }
    Some(hex(&hash.finalize()))
}

/// Returns the completion's token limit: about twice what the slides need, since models differ.
pub fn max_tokens(slides: usize, language: Language) -> u32 {
    const OF_CAROUSEL: u32 = 500;
    const OF_SLIDE: u32 = 260;
    let slides = u32::try_from(slides).unwrap_or(u32::MAX);
    let words = OF_SLIDE.saturating_mul(slides).saturating_add(OF_CAROUSEL);
    match language.script() {
        Script::Latin => words,
        // Tokenizers split other scripts into more and shorter tokens.
        _ => words.saturating_mul(2),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn brief(topic: &str, language: Language, count: usize) -> Brief {
        Brief {
            subject: RequestText::topic(topic).unwrap(),
            language,
            task: Task::Deck { count },
            verses: Vec::new(),
            avoid_titles: Vec::new(),
        }
    }

    #[test]
    fn cache_key_is_equal_for_equal_topics_languages_and_counts_only() {
        let key = |topic, language, count| cache_key(&brief(topic, language, count)).unwrap();
        assert_eq!(
            key("rest", Language::En, 7),
            key("  rest ", Language::En, 7)
        );
        let keys = [
            key("rest", Language::En, 7),
            key("rest", Language::De, 7),
            key("rest", Language::En, 8),
            key("reste", Language::En, 7),
            key("resten", Language::En, 7),
        ];
        assert_eq!(keys.iter().collect::<HashSet<_>>().len(), keys.len());
    }

    #[test]
    fn new_ideas_and_own_texts_are_not_cached() {
        let again = Brief {
            avoid_titles: vec!["Rest".into()],
            ..brief("rest", Language::En, 7)
        };
        assert_eq!(cache_key(&again), None);
        let subject = RequestText::text("My own words.").unwrap();
        assert_eq!(
            cache_key(&Brief {
                subject,
                ..brief("rest", Language::En, 7)
            }),
            None
        );
    }

    #[test]
    fn token_limit_grows_with_slides_and_is_higher_outside_latin() {
        assert!(max_tokens(7, Language::En) < max_tokens(8, Language::En));
        assert_eq!(max_tokens(7, Language::Ru), 2 * max_tokens(7, Language::En));
        assert_eq!(max_tokens(usize::MAX, Language::Hi), u32::MAX);
    }
}
