//! BM25 over short documents whose tags weigh more than their words.

use std::collections::{BTreeSet, HashMap};

use unicode_segmentation::UnicodeSegmentation;

use super::{stop_words::stop_words, text::fold};
use crate::{Language, Script};

const K1: f64 = 1.2;
const B: f64 = 0.75;
/// A tag counts as this many words.
const TAG_WEIGHT: usize = 3;
/// Endings of inflected languages are cut off from here.
const STEM_CHARS: usize = 5;

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Index {
    language: Language,
    documents: Vec<Document>,
    /// How many documents have a term.
    frequencies: HashMap<String, usize>,
    average_length: f64,
}

#[derive(Debug, Clone, PartialEq)]
struct Document {
    terms: HashMap<String, usize>,
    length: usize,
}

impl Index {
    /// Indexes documents of tags and text.
    pub(super) fn new<'a>(
        language: Language,
        texts: impl Iterator<Item = (&'a [String], &'a str)>,
    ) -> Self {
        let documents: Vec<Document> = texts
            .map(|(tags, text)| Document::new(language, tags, text))
            .collect();
        let mut frequencies = HashMap::new();
        for term in documents.iter().flat_map(|document| document.terms.keys()) {
            *frequencies.entry(term.clone()).or_default() += 1;
        }
        let total: usize = documents.iter().map(|document| document.length).sum();
        let average_length = total as f64 / documents.len().max(1) as f64;
        Self {
            language,
            documents,
            frequencies,
            average_length,
        }
    }

    /// Returns the positions of the best documents with their scores, the best first. Equals keep their order.
    pub(super) fn search(&self, query: &str, limit: usize) -> Vec<(usize, f64)> {
        // Ordered, so that the sums of floats do not depend on a hash.
        let terms: BTreeSet<String> = terms_of(self.language, query).collect();
        let scored = self
            .documents
            .iter()
            .map(|document| self.score(document, &terms))
            .enumerate();
        let mut hits: Vec<(usize, f64)> = scored.filter(|(_, score)| *score > 0.0).collect();
        hits.sort_by(|one, other| other.1.total_cmp(&one.1).then(one.0.cmp(&other.0)));
        hits.truncate(limit);
        hits
    }

    fn score(&self, document: &Document, query: &BTreeSet<String>) -> f64 {
        let count = self.documents.len() as f64;
        let norm = K1 * (1.0 - B + B * document.length as f64 / self.average_length);
        let score_of = |term: &String| {
            let occurrences = document.terms.get(term).copied()? as f64;
            let with_term = self.frequencies.get(term).copied()? as f64;
            let rarity = (1.0 + (count - with_term + 0.5) / (with_term + 0.5)).ln();
            Some(rarity * occurrences * (K1 + 1.0) / (occurrences + norm))
        };
        query.iter().filter_map(score_of).sum()
    }
}

impl Document {
    fn new(language: Language, tags: &[String], text: &str) -> Self {
        let mut terms = HashMap::new();
        let mut length = 0;
        let tags = tags
            .iter()
            .flat_map(|tag| terms_of(language, tag))
            .map(|term| (term, TAG_WEIGHT));
        for (term, weight) in tags.chain(terms_of(language, text).map(|term| (term, 1))) {
            *terms.entry(term).or_default() += weight;
            length += weight;
        }
        Self { terms, length }
    }
}

pub(super) fn terms_of(language: Language, text: &str) -> impl Iterator<Item = String> {
    let words: Vec<String> = text.unicode_words().map(fold).collect();
    let carries_meaning = move |word: &String| !stop_words(language).contains(&word.as_str());
    words
        .into_iter()
        .filter(carries_meaning)
        .map(|word| stem(&word))
}

/// Brings forms of a word together: plurals in Latin, endings in Cyrillic and Greek, vowel points in Hebrew and
/// Arabic.
fn stem(word: &str) -> String {
    let plain: String = word.chars().filter(|c| !is_vowel_point(*c)).collect();
    let script = plain.chars().next().and_then(Script::of);
    match script {
        Some(Script::Latin) if plain.len() > 4 && plain.ends_with("ies") => {
            format!("{}y", &plain[..plain.len() - 3])
        }
        Some(Script::Latin)
            if plain.len() > 3 && plain.ends_with('s') && !plain.ends_with("ss") =>
        {
            plain[..plain.len() - 1].to_owned()
        }
        Some(Script::Cyrillic | Script::Greek) => plain.chars().take(STEM_CHARS).collect(),
        _ => plain,
    }
}

fn is_vowel_point(c: char) -> bool {
    matches!(c, '\u{591}'..='\u{5bd}' | '\u{5bf}' | '\u{5c1}' | '\u{5c2}' | '\u{5c4}' | '\u{5c5}' | '\u{5c7}'
        | '\u{64b}'..='\u{652}' | '\u{670}' | '\u{640}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn index(language: Language, documents: &[(&str, &str)]) -> Index {
        let tagged: Vec<(Vec<String>, &str)> = documents
            .iter()
            .map(|(tags, text)| (tags.split(' ').map(str::to_owned).collect(), *text))
            .collect();
        Index::new(
            language,
            tagged.iter().map(|(tags, text)| (&tags[..], *text)),
        )
    }

    fn order(index: &Index, query: &str) -> Vec<usize> {
        index
            .search(query, 12)
            .into_iter()
            .map(|(at, _)| at)
            .collect()
    }

    #[test]
    fn scores_are_those_of_the_formula() {
        // Three documents of four, four and eight terms; "rest" is a tag of the first and a word of the last.
        let index = index(
            Language::En,
            &[
                ("rest", "quiet"),
                ("work", "hands"),
                ("sea", "wind waves rest boats birds"),
            ],
        );
        let hits = index.search("the rest", 12);
        let rarity = (1.0_f64 + 1.5 / 2.5).ln();
        let average = 16.0 / 3.0;
        let expected = |count: f64, length: f64| {
            rarity * count * 2.2 / (count + 1.2 * (0.25 + 0.75 * length / average))
        };
        assert_eq!(hits.len(), 2);
        for ((at, score), (place, wanted)) in hits
            .iter()
            .zip([(0, expected(3.0, 4.0)), (2, expected(1.0, 8.0))])
        {
            assert_eq!(*at, place);
            assert!((score - wanted).abs() < 1e-12, "{score} {wanted}");
        }
    }

    #[test]
    fn tags_outweigh_words_and_rare_terms_outweigh_frequent_ones() {
        let index = index(
            Language::En,
            &[
                ("hope", "rest for the weary"),
                ("rest", "hope in the morning"),
                ("hope", "light"),
                ("hope", "day"),
            ],
        );
        assert_eq!(order(&index, "Rest!")[0], 1);
        assert_eq!(order(&index, "hope and rest")[0], 1);
        assert_eq!(order(&index, "the of and"), [0_usize; 0]);
        assert_eq!(order(&index, "hopes").len(), 4);
    }

    #[test]
    fn forms_of_a_word_meet_in_every_language() {
        for (language, tag, query) in [
            (Language::En, "habits", "a small habit"),
            (Language::Ru, "привычка", "полезные привычки"),
            (Language::He, "שלום", "שָׁלוֹם"),
            (Language::Ar, "سلام", "سَلَام"),
            (Language::Hi, "शांति", "मन की शांति"),
        ] {
            assert_eq!(
                order(&index(language, &[(tag, ""), ("x", "")]), query),
                [0],
                "{query}"
            );
        }
    }

    proptest! {
        #[test]
        fn any_query_finds_at_most_the_limit_in_falling_order(query in "\\PC{0,200}", limit in 0_usize..5) {
            let index = index(Language::En, &[("a", "one two"), ("b c", "two three"), ("d", "three one"), ("e", "")]);
            let hits = index.search(&query, limit);
            prop_assert!(hits.len() <= limit && hits.is_sorted_by(|one, other| one.1 >= other.1));
        }
    }
}
