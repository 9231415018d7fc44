//! Passwords that are guessed first: common words, sequences and repetitions.
//!
//! Lists of breached passwords consist of few words with digits and marks around them. So a password is priced by the
//! cheapest way to put it together, and a cheap one is refused.

mod words;

use words::WORDS;

/// Passwords that cost less are refused.
const MIN_COST: u32 = 8;
const WORD_COST: u32 = 3;
/// Of a run such as `3456`, `gfed`, `qwert` or `aaa`.
const RUN_COST: u32 = 2;
const YEAR_COST: u32 = 1;
const LETTER_COST: u32 = 2;
const DIGIT_OR_MARK_COST: u32 = 1;
const MIN_RUN: usize = 3;
/// Shorter numbers are phone numbers and dates.
const MIN_DIGITS: usize = 16;

/// Rows of characters in a known order: alphabets, digits, and keyboards along their rows and columns.
const ROWS: [&str; 12] = [
    "abcdefghijklmnopqrstuvwxyz",
    "01234567890",
    "qwertyuiop[]",
    "asdfghjkl;'",
    "zxcvbnm,./",
    "qwertzuiopü",
    "azertyuiop",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik,9ol.0p;/",
    "qazwsxedcrfvtgbyhnujmikolp",
    "1q2w3e4r5t6y7u8i9o0p",
    "йцукенгшщзхъфывапролджэячсмитьбю",
    "אבגדהוזחטיכלמנסעפצקרשת",
];

/// Returns whether a password is among those that are guessed first.
pub(super) fn is_guessable(password: &str) -> bool {
    let typed: Vec<char> = password.chars().flat_map(char::to_lowercase).collect();
    let is_number = typed.iter().all(|c| c.is_numeric());
    if is_number && typed.len() < MIN_DIGITS {
        return true;
    }
    cost(unit(&typed)) < MIN_COST
}

/// Returns the part whose repetition a text is, or the whole text.
fn unit(typed: &[char]) -> &[char] {
    let is_repeated = |length: &usize| {
        typed
            .iter()
            .skip(*length)
            .eq(&typed[..typed.len() - length])
    };
    let length = (1..=typed.len() / 2).find(is_repeated);
    &typed[..length.unwrap_or(typed.len())]
}

/// Returns the cost of the cheapest way to put a text together.
fn cost(typed: &[char]) -> u32 {
    let mut costs = vec![u32::MAX; typed.len() + 1];
    costs[0] = 0;
    for start in 0..typed.len() {
        let (cost, rest) = (costs[start], &typed[start..]);
        let mut offer = |length: usize, price: u32| {
            let end = &mut costs[start + length];
            *end = (*end).min(cost.saturating_add(price));
        };
        let is_letter = rest[0].is_alphabetic();
        offer(
            1,
            if is_letter {
                LETTER_COST
            } else {
                DIGIT_OR_MARK_COST
            },
        );
        if is_year(rest) {
            offer(4, YEAR_COST);
        }
        for length in MIN_RUN..=run_at(rest) {
            offer(length, RUN_COST);
        }
        for word in WORDS.split_whitespace() {
            if let Some(length) = word_at(rest, word) {
                offer(length, WORD_COST);
            }
        }
    }
    costs[typed.len()]
}

/// Returns the length of a word that a text begins with, in letters or in the digits and marks that look like them.
fn word_at(rest: &[char], word: &str) -> Option<usize> {
    let mut length = 0;
    for letter in word.chars() {
        let typed = *rest.get(length)?;
        if typed != letter && !looks_like(typed, letter) {
            return None;
        }
        length += 1;
    }
    Some(length)
}

fn looks_like(typed: char, letter: char) -> bool {
    matches!(
        (typed, letter),
        ('0', 'o')
            | ('1' | '!' | '|', 'i' | 'l')
            | ('3' | '€', 'e')
            | ('4' | '@', 'a')
            | ('5' | '$', 's')
            | ('6' | '9', 'g')
            | ('7' | '+', 't')
            | ('8', 'b')
    )
}

/// Returns the length of the run that a text begins with: one character again and again, or a part of a row in either
/// direction.
fn run_at(rest: &[char]) -> usize {
    let repeated = rest.iter().take_while(|c| **c == rest[0]).count();
    let in_rows = ROWS.iter().map(|row| {
        let row: Vec<char> = row.chars().collect();
        let back: Vec<char> = row.iter().rev().copied().collect();
        common_length(rest, &row).max(common_length(rest, &back))
    });
    in_rows.max().unwrap_or_default().max(repeated)
}

/// Returns how many characters of a text are next to each other in a row. A character may be in it twice.
fn common_length(rest: &[char], row: &[char]) -> usize {
    let starts = (0..row.len()).filter(|start| row[*start] == rest[0]);
    let lengths = starts.map(|start| {
        let pairs = row[start..].iter().zip(rest);
        pairs.take_while(|(one, other)| one == other).count()
    });
    lengths.max().unwrap_or_default()
}

/// Whether a text begins with a year of the last or of this century.
fn is_year(rest: &[char]) -> bool {
    let digits: String = rest.iter().take(4).collect();
    matches!(digits.parse::<u32>(), Ok(1900..=2099))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn words_with_digits_and_marks_are_guessable() {
        for password in [
            "password12345",
            "Password2024!",
            "p@ssw0rd123",
            "Summer2026!!",
            "iloveyou1234",
            "welcome-2025",
            "Monkey dragon",
            "football!!!!",
            "Admin@12345",
            "qwerty123456",
            "letmein2024",
            "dragon7391",
            "passwort123",
            "пароль12345",
            "סיסמה12345",
        ] {
            assert!(is_guessable(password), "{password}");
        }
    }

    #[test]
    fn sequences_and_repetitions_are_guessable() {
        for password in [
            "1234567890",
            "0987654321",
            "qwertyuiop",
            "QWERTYUIOP2",
            "asdfghjkl;",
            "1qaz2wsx3edc",
            "1q2w3e4r5t",
            "abcdefghij",
            "zyxwvutsrq",
            "aaaaaaaaaa",
            "!!!!!!!!!!?",
            "abcabcabcabc",
            "ab12ab12ab12",
            "0541234567",
            "8302915746",
            "12/05/1990",
        ] {
            assert!(is_guessable(password), "{password}");
        }
    }

    #[test]
    fn phrases_and_random_passwords_are_accepted() {
        for password in [
            "correct ho",
            "correct horse battery",
            "dana cohen levi 7",
            "café au lait",
            "kV7#mQ2xPz",
            "8f3Lq-92hT",
            "מרק ירקות חם",
            "8302915746820193",
            "tulip under stairs",
        ] {
            assert!(!is_guessable(password), "{password}");
        }
    }

    #[test]
    fn words_are_lowercase_letters_and_listed_once() {
        let words: Vec<_> = WORDS.split_whitespace().collect();
        let distinct: std::collections::BTreeSet<_> = words.iter().collect();
        assert_eq!(distinct.len(), words.len());
        for word in words {
            assert!(word.chars().count() >= 3, "{word}");
            assert_eq!(word, word.to_lowercase());
        }
    }

    proptest! {
        #[test]
        fn no_text_breaks_the_check(text in ".{0,130}") {
            is_guessable(&text);
        }

        #[test]
        fn digits_around_a_word_do_not_help(word in "(password|welcome|sunshine)", digits in "[0-9]{0,4}") {
            for password in [format!("{word}{digits}"), format!("{digits}{word}")] {
                prop_assert!(is_guessable(&password), "{}", password);
            }
        }
    }
}
