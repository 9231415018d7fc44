use super::*;
use crate::{
    MAX_SOURCE,
    content::{Brief, RequestText, Task, Written, compose},
};

const TEXT: &str = "How bees find home\n\
    Bees remember the way to their hive. They use the sun as a compass. When clouds hide the sun, they read the light \
    of the sky. A young bee learns the way on short flights around the hive. Each flight is a little longer. \
    After a week, it knows every tree. That is how small steps become a map.";

fn deck(text: &str, language: Language, count: usize) -> crate::Draft {
    let brief = Brief {
        subject: RequestText::text(text).unwrap(),
        language,
        task: Task::Deck { count },
        verses: Vec::new(),
        avoid_titles: Vec::new(),
    };
    let Some(Written::Deck(draft)) = compose(&brief, 7) else {
        panic!()
    };
    draft
}

#[test]
fn heading_is_the_title_and_the_last_sentence_the_summary() {
    let draft = deck(TEXT, Language::En, 5);
    assert_eq!(draft.title, "How bees find home");
    assert_eq!(
        draft.slides[4].body,
        "That is how small steps become a map."
    );
    assert_eq!(draft.slides[4].title, "In short");
    assert!(
        draft.hashtags.contains(&"bees".to_owned()),
        "{:?}",
        draft.hashtags
    );
}

#[test]
fn slides_use_the_persons_sentences_in_their_order_and_each_once() {
    let draft = deck(TEXT, Language::En, 5);
    let mut from = 0;
    for slide in &draft.slides[1..4] {
        let text = TEXT.replace('\n', " ");
        let sentence = slide.body.split_sentence_bounds().next().unwrap().trim();
        let at = text.find(sentence).unwrap();
        assert!(at >= from, "{sentence}");
        from = at;
        assert!(!slide.body.contains(&slide.title), "{slide:?}");
    }
}

#[test]
fn text_keeps_its_language_whatever_was_asked_for() {
    for (text, language) in [
        (
            "Пчёлы помнят дорогу. Солнце им помогает. Так они возвращаются домой.",
            Language::Ru,
        ),
        (
            "מכירים את הדרך. השמש עוזרת להן. כך הן חוזרות הביתה.",
            Language::He,
        ),
        (
            "मधुमक्खियाँ रास्ता याद रखती हैं। सूरज उनकी मदद करता है। ऐसे वे घर लौटती हैं।",
            Language::Hi,
        ),
        (
            "النحل يتذكر الطريق. الشمس تساعده. هكذا يعود إلى البيت.",
            Language::Ar,
        ),
        (
            "Οι μέλισσες θυμούνται τον δρόμο. Ο ήλιος τις βοηθά. Έτσι γυρίζουν σπίτι.",
            Language::El,
        ),
        (
            "蜜蜂记得回家的路。太阳帮助它们。它们就这样回家。",
            Language::Zh,
        ),
    ] {
        let draft = deck(text, Language::En, 3);
        assert_eq!(draft.language, language);
        assert!(
            draft.slides.iter().all(|slide| !slide.body.is_empty()),
            "{draft:?}"
        );
        assert!(text.contains(&draft.slides[1].body), "{draft:?}");
    }
}

#[test]
fn short_texts_are_filled_with_ideas_and_without_a_pack_become_a_topic() {
    let draft = deck("Bees remember the way.", Language::En, 7);
    assert_eq!(
        (draft.slides.len(), draft.title.as_str()),
        (7, "Bees remember the way")
    );
    let greek = deck("Οι μέλισσες θυμούνται.", Language::El, 7);
    assert_eq!((greek.slides.len(), greek.language), (7, Language::En));
    assert!(greek.title.starts_with("Οι μέλισσες θυμούνται: "));
}

#[test]
fn texts_without_sentences_are_split_between_words() {
    let words = "слово ".repeat(680);
    let own = OwnText::read(words.trim(), Language::Ru);
    assert!(own.sentences.len() > 15);
    for sentence in &own.sentences {
        assert!(grapheme_count(sentence) <= MAX_BODY);
        assert!(
            sentence
                .trim_end_matches('…')
                .split(' ')
                .all(|word| word == "слово"),
            "{sentence}"
        );
    }
    let endless = "x".repeat(MAX_SOURCE);
    assert_eq!(deck(&endless, Language::En, 15).slides.len(), 15);
}

#[test]
fn equal_sentences_have_different_titles() {
    let draft = deck(&"Bees fly home. ".repeat(60), Language::En, 15);
    let titles: std::collections::HashSet<_> =
        draft.slides.iter().map(|slide| &slide.title).collect();
    assert_eq!(titles.len(), 15);
}
