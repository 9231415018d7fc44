use proptest::prelude::*;

use super::*;

#[test]
fn cleaned_lines_have_no_hidden_characters_and_single_spaces() {
    for (text, expected) in [
        ("  small\t\r\n habits\u{a0} ", "small habits"),
        ("\u{202e}evil\u{202c} \u{2067}x\u{2069}\u{200f}", "evil x"),
        ("ig\u{200b}nore\u{feff} \u{ad}all\0\u{7}", "ignore all"),
        ("a\u{200d}b \u{200c}c\u{200d} d", "ab c d"),
        ("hi\u{e0049}\u{e0067}\u{e006e}", "hi"),
        ("Cafe\u{301}", "Café"),
        ("שָׁלוֹם\u{200e}", "שָׁלוֹם"),
        ("می\u{200c}خواهم", "می\u{200c}خواهم"),
        ("क्\u{200d}ष", "क्\u{200d}ष"),
        (
            "👩\u{200d}💻 ❤\u{fe0f} 1\u{fe0f}\u{20e3}",
            "👩\u{200d}💻 ❤\u{fe0f} 1\u{fe0f}\u{20e3}",
        ),
    ] {
        let expected: String = expected.nfc().collect();
        assert_eq!(clean_line(text), expected, "{text:?}");
    }
}

#[test]
fn towers_of_marks_and_chains_of_joiners_are_bounded() {
    let tower = format!("a{}", "\u{33c}".repeat(10_000));
    assert_eq!(clean_line(&tower).chars().count(), 1 + MAX_MARKS);
    let chain = "👩\u{200d}".repeat(10_000);
    assert!(clean_line(&chain).chars().count() <= MAX_GRAPHEME_CHARS);
}

#[test]
fn texts_are_cut_at_the_last_sentence_that_fits() {
    let text = "One step. Two steps! Three?";
    assert_eq!(cut_at_sentence(text, 20), Some("One step. Two steps!"));
    assert_eq!(cut_at_sentence(text, 19), Some("One step."));
    assert_eq!(cut_at_sentence(text, 8), None);
    assert_eq!(
        cut_at_sentence("पहला कदम। दूसरा कदम।", 12),
        Some("पहला कदम।")
    );
    assert_eq!(cut_at_sentence("هل نبدأ؟ نعم.", 9), Some("هل نبدأ؟"));
}

#[test]
fn shortened_texts_end_with_a_word_and_an_ellipsis() {
    assert_eq!(ellipsis("short", 5), "short");
    assert_eq!(ellipsis("small habits, that stick", 14), "small habits…");
    assert_eq!(
        ellipsis(&"x".repeat(100), 10),
        format!("{}…", "x".repeat(9))
    );
    assert_eq!(ellipsis("小习惯改变生活", 5), "小习惯改…");
}

proptest! {
    #[test]
    fn cleaning_is_idempotent_and_hides_nothing(
        text in "\\PC{0,60}|.{0,60}|[a-c\u{200b}-\u{200f}\u{fe0e}\u{fe0f}\u{300}-\u{303}א-ג\u{5b0}-\u{5b4}क-घ\u{94d}👩❤ \n]{0,60}"
    ) {
        let line = clean_line(&text);
        prop_assert!(!line.contains(is_hidden) && !line.contains("  ") && !line.contains('\n'));
        prop_assert_eq!(clean_line(&line), line.clone());
        let paragraphs = clean_paragraphs(&text);
        prop_assert_eq!(clean_paragraphs(&paragraphs), paragraphs.clone());
        prop_assert_eq!(clean_line(&paragraphs), line);
    }

    #[test]
    fn cuts_are_beginnings_within_the_limit(text in "[a-zא-ת .!?\u{301}👩\u{200d}]{0,80}", limit in 1_usize..40) {
        for cut in [cut_at_sentence(&text, limit), cut_at_word(&text, limit), Some(first_graphemes(&text, limit))] {
            let cut = cut.unwrap_or_default();
            prop_assert!(text.starts_with(cut) && grapheme_count(cut) <= limit, "{cut:?}");
        }
        prop_assert!(grapheme_count(&ellipsis(&text, limit)) <= limit);
    }
}
