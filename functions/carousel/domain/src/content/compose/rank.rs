//! TextRank: sentences that share words with many others matter most.

use std::collections::BTreeSet;

use crate::{Language, content::bm25::terms_of};

/// Sentences that are compared with each other. Later ones keep the lowest score.
const MAX_SENTENCES: usize = 160;
const DAMPING: f64 = 0.85;
const ROUNDS: usize = 30;

/// Returns a score for each sentence.
pub(super) fn rank(language: Language, sentences: &[String]) -> Vec<f64> {
    let terms: Vec<BTreeSet<String>> = sentences
        .iter()
        .take(MAX_SENTENCES)
        .map(|sentence| terms_of(language, sentence).collect())
        .collect();
    let weights = similarities(&terms);
    let totals: Vec<f64> = weights.iter().map(|row| row.iter().sum()).collect();
    let mut scores = vec![1.0; terms.len()];
    for _ in 0..ROUNDS {
        scores = (0..terms.len())
            .map(|to| score_of(to, &scores, &weights, &totals))
            .collect();
    }
    scores.resize(sentences.len(), 0.0);
    scores
}

fn score_of(to: usize, scores: &[f64], weights: &[Vec<f64>], totals: &[f64]) -> f64 {
    let votes = (0..scores.len()).filter(|from| totals[*from] > 0.0);
    let received: f64 = votes
        .map(|from| scores[from] * weights[from][to] / totals[from])
        .sum();
    1.0 - DAMPING + DAMPING * received
}

/// Common terms in relation to the lengths of both sentences.
fn similarities(terms: &[BTreeSet<String>]) -> Vec<Vec<f64>> {
    let mut weights = vec![vec![0.0; terms.len()]; terms.len()];
    for (one, of_one) in terms.iter().enumerate() {
        for (other, of_other) in terms.iter().enumerate().skip(one + 1) {
            let common = of_one.intersection(of_other).count() as f64;
            // One more than the length, since a single word has the logarithm zero.
            let lengths = ((of_one.len() + 1) as f64).ln() + ((of_other.len() + 1) as f64).ln();
            let weight = if common > 0.0 { common / lengths } else { 0.0 };
            weights[one][other] = weight;
            weights[other][one] = weight;
        }
    }
    weights
}

/// Returns the position of the highest score among some, the first of equals.
pub(super) fn best(scores: &[f64], among: impl Iterator<Item = usize>) -> Option<usize> {
    among.reduce(|best, at| if scores[at] > scores[best] { at } else { best })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(sentences: &[&str]) -> Vec<String> {
        sentences
            .iter()
            .map(|sentence| (*sentence).to_owned())
            .collect()
    }

    #[test]
    fn sentence_that_shares_words_with_most_others_ranks_highest() {
        let sentences = texts(&[
            "Bees live in a hive.",
            "Bees and flowers need each other in the garden.",
            "Flowers open in the morning.",
            "A garden needs water.",
            "Trains were late yesterday.",
        ]);
        let scores = rank(Language::En, &sentences);
        assert_eq!(best(&scores, 0..5), Some(1));
        assert!(
            (scores[4] - (1.0 - DAMPING)).abs() < 1e-9,
            "a stranger gets no votes"
        );
    }

    #[test]
    fn equal_and_empty_texts_rank_without_a_winner() {
        assert!(rank(Language::En, &[]).is_empty());
        let scores = rank(
            Language::En,
            &texts(&["Same words.", "Same words.", "Same words."]),
        );
        assert_eq!(best(&scores, 0..3), Some(0));
        assert!(
            rank(Language::En, &texts(&["🔥", "…"]))
                .iter()
                .all(|score| score.is_finite())
        );
        assert_eq!(
            rank(Language::En, &vec!["Again.".to_owned(); 4_000]).len(),
            4_000
        );
    }
}
