//! What a writing system asks of typography: line heights, letter spacing, and the isolation of runs that read from
//! left to right within text that does not.

use carousel_domain::Script;

const LRI: char = '\u{2066}';
const PDI: char = '\u{2069}';

/// Texts of fewer Chinese characters are not balanced over lines.
const MIN_BALANCED_HAN: usize = 8;

/// Returns the line height of a text, in hundredths: the template's, or more where marks would collide.
pub(crate) fn line_height(wanted: u32, texts: &[&str], language: Script) -> u32 {
    let characters = || texts.iter().flat_map(|text| text.chars());
    let has = |script: Script| {
        language == script || characters().any(|character| Script::of(character) == Some(script))
    };
    let mut height = wanted;
    if has(Script::Arabic) {
        height = height.max(if characters().any(is_harakah) {
            150
        } else {
            136
        });
    }
    if has(Script::Devanagari) {
        height = height.max(134);
    }
    if has(Script::Han) {
        height = height.max(135);
    }
    if characters().any(is_niqqud) {
        height = height.max(138);
    }
    height
}

/// Returns the letter spacing, in thousandths of an em. Joined scripts have none.
pub(crate) fn letter_spacing(wanted: i32, text: &str, language: Script) -> i32 {
    let joined = |script: Script| matches!(script, Script::Arabic | Script::Devanagari);
    if joined(language) || text.chars().filter_map(Script::of).any(joined) {
        0
    } else {
        wanted
    }
}

pub(crate) fn is_balanced(text: &str) -> bool {
    let han = text
        .chars()
        .filter(|&character| Script::of(character) == Some(Script::Han))
        .count();
    han == 0 || han >= MIN_BALANCED_HAN
}

fn is_niqqud(character: char) -> bool {
    matches!(character, '\u{591}'..='\u{5bd}' | '\u{5bf}' | '\u{5c1}'..='\u{5c2}' | '\u{5c4}'..='\u{5c7}')
}

fn is_harakah(character: char) -> bool {
    matches!(character, '\u{64b}'..='\u{655}' | '\u{670}')
}

/// Wraps words and numbers that read from left to right in isolates, so that `@handle`, `3/8` and `C++` keep their
/// order in right-to-left text.
pub(crate) fn isolate(text: &str) -> String {
    let characters: Vec<char> = text.chars().collect();
    let mut isolated = String::with_capacity(text.len());
    let mut at = 0;
    while at < characters.len() {
        let end = run_end(&characters, at);
        if end > at {
            isolated.push(LRI);
            isolated.extend(&characters[at..end]);
            isolated.push(PDI);
            at = end;
        } else {
            isolated.push(characters[at]);
            at += 1;
        }
    }
    isolated
}

/// Returns where a left-to-right run that starts here ends, or `start` when none does.
fn run_end(characters: &[char], start: usize) -> usize {
    let is_core = |at: usize| {
        characters
            .get(at)
            .is_some_and(|&character| is_left_to_right(character))
    };
    let opens = matches!(characters[start], '@' | '#') && is_core(start + 1);
    if !opens && !is_core(start) {
        return start;
    }
    let mut end = start + usize::from(opens);
    while let Some(&character) = characters.get(end) {
        let joins = is_joiner(character) && is_core(end + 1);
        let spaced = character == ' '
            && is_letter(characters.get(end + 1))
            && is_letter(characters.get(end - 1));
        let divided = character == ' ' && is_division(&characters[end..]);
        if is_core(end) || joins || spaced {
            end += 1;
        } else if divided {
            end += 3;
        } else {
            break;
        }
    }
    end + characters[end..]
        .iter()
        .take_while(|&&character| is_tail(character))
        .count()
}

fn is_letter(character: Option<&char>) -> bool {
    character.is_some_and(|&character| {
        matches!(
            Script::of(character),
            Some(Script::Latin | Script::Cyrillic | Script::Greek)
        )
    })
}

fn is_left_to_right(character: char) -> bool {
    character.is_ascii_digit() || is_letter(Some(&character))
}

fn is_joiner(character: char) -> bool {
    matches!(
        character,
        '.' | ',' | '_' | '-' | '/' | ':' | '+' | '&' | '@' | '\'' | '’' | '×'
    )
}

fn is_tail(character: char) -> bool {
    matches!(character, '+' | '#' | '%' | '×' | '°')
}

/// Whether ` / 8` follows.
fn is_division(rest: &[char]) -> bool {
    matches!(rest, [' ', '/', ' ', digit, ..] if digit.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn assert_isolated(text: &str, marked: &str) {
        let expected: String = marked
            .chars()
            .map(|character| match character {
                '[' => LRI,
                ']' => PDI,
                other => other,
            })
            .collect();
        assert_eq!(isolate(text), expected, "{text}");
    }

    #[test]
    fn isolates_hold_handles_numbers_and_latin_words() {
        assert_isolated("הרצף ב־Telegram.", "הרצף ב־[Telegram].");
        assert_isolated("@quiet_engineer", "[@quiet_engineer]");
        assert_isolated("פי 37× בשנה", "פי [37×] בשנה");
        assert_isolated("עמוד 3 / 8", "עמוד [3 / 8]");
        assert_isolated(
            "כתבו C++, או Visual Studio Code!",
            "כתבו [C++], או [Visual Studio Code]!",
        );
        assert_isolated("שלום, עולם", "שלום, עולם");
    }

    #[test]
    fn text_without_left_to_right_runs_stays() {
        assert_isolated("الخطوات الصغيرة ١٢:١٩", "الخطوات الصغيرة ١٢:١٩");
        assert_isolated("", "");
        assert_isolated("@ # …", "@ # …");
    }

    #[test]
    fn joined_scripts_have_no_letter_spacing() {
        assert_eq!(letter_spacing(-30, "الخطوات", Script::Arabic), 0);
        assert_eq!(letter_spacing(-30, "कदम in English", Script::Latin), 0);
        assert_eq!(letter_spacing(-30, "Steps", Script::Latin), -30);
    }

    #[test]
    fn marks_raise_the_line_height() {
        assert_eq!(line_height(100, &["steps"], Script::Latin), 100);
        assert_eq!(line_height(100, &["שְׂפַת"], Script::Hebrew), 138);
        assert_eq!(line_height(100, &["शब्द"], Script::Latin), 134);
        assert!(line_height(100, &["خطوة"], Script::Arabic) >= 130);
        assert_eq!(line_height(150, &["每天"], Script::Han), 150);
    }

    #[test]
    fn short_chinese_is_not_balanced() {
        assert!(!is_balanced("每天一小步"));
        assert!(is_balanced("每天一小步胜过一时"));
        assert!(is_balanced("Small steps"));
    }
}
