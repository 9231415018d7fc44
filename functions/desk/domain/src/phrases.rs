//! Words and phrases in texts of people.

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// Returns the words of a text in lower case, without punctuation.
pub(crate) fn words_of(text: &str) -> Vec<String> {
    let lower = text.nfkc().collect::<String>().to_lowercase();
    let is_separator = |c: char| !(c.is_alphanumeric() || is_combining_mark(c) || c == '\'');
    let words = lower
        .split(is_separator)
        .map(|word| word.trim_matches('\''));
    words
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

/// Whether the words of a phrase appear in a text next to each other.
pub(crate) fn contains_phrase(words: &[String], phrase: &str) -> bool {
    let phrase = words_of(phrase);
    !phrase.is_empty() && words.windows(phrase.len()).any(|part| part == phrase)
}

/// Words of a search that are compared.
const MAX_QUERY_WORDS: usize = 8;

/// Whether each word of a search begins a word of a text.
pub(crate) fn fits_query(query: &str, text: &str) -> bool {
    let (words, wanted) = (words_of(text), words_of(query));
    let mut wanted = wanted.iter().take(MAX_QUERY_WORDS);
    wanted.all(|start| words.iter().any(|word| word.starts_with(start.as_str())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phrases_are_found_as_whole_words() {
        let words = words_of("Can I talk to a HUMAN, please?");
        assert!(contains_phrase(&words, "human"));
        assert!(contains_phrase(&words, "Talk to a human!"));
        assert!(!contains_phrase(&words, "hum"));
        assert!(!contains_phrase(&words, "a talk"));
        assert!(!contains_phrase(&words, " ?! "));
        assert!(contains_phrase(&words_of("אני רוצה נציג"), "נציג"));
    }
}
