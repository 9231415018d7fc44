use std::collections::HashSet;

use super::*;
use crate::{MAX_KICKER, content::check::title_key, content::compose::packs::PACKS};

fn letters_are_in_script(pack: &Pack, text: &str) -> bool {
    let letters = text.chars().filter(|c| c.is_alphabetic());
    letters.clone().count() > 0
        && letters
            .clone()
            .all(|c| Script::of(c) == Some(pack.language.script()))
}

#[test]
fn packs_are_of_the_languages_of_the_bot() {
    let languages: HashSet<Language> = PACKS.iter().map(|pack| pack.language).collect();
    assert_eq!(languages, crate::UiLanguage::ALL.map(Language::from).into());
}

#[test]
fn texts_of_packs_are_within_their_limits_and_in_their_script() {
    for pack in PACKS {
        let covers = pack
            .covers
            .iter()
            .map(|cover| (cover.kicker, cover.angle, cover.body));
        let ideas = pack
            .ideas
            .iter()
            .chain(&pack.closings)
            .map(|(title, body)| (pack.closing_kicker, *title, *body));
        for (kicker, title, body) in covers.chain(ideas) {
            assert!(grapheme_count(kicker) <= MAX_KICKER, "{kicker}");
            // Half of a title is left for a topic.
            assert!(grapheme_count(title) <= MAX_TITLE / 2, "{title}");
            assert!(
                grapheme_count(body) <= 130,
                "{} {body}",
                grapheme_count(body)
            );
            assert!(
                [kicker, title, body]
                    .iter()
                    .all(|text| letters_are_in_script(pack, text)),
                "{title} {body}"
            );
            assert!(body.ends_with(['.', '?', '।']), "{body}");
            assert!(!title.ends_with(['.', '?', '।']), "{title}");
        }
        for kicker in pack.sections.iter().chain([&pack.quote_kicker]) {
            assert!(grapheme_count(kicker) <= MAX_KICKER, "{kicker}");
        }
        assert!(pack.hashtags.iter().all(|tag| clean_hashtag(tag) == *tag));
    }
}

#[test]
fn titles_and_texts_of_a_pack_are_all_different() {
    for pack in PACKS {
        let titles = pack.covers.iter().map(|cover| cover.angle);
        let titles = titles
            .chain(pack.ideas.iter().chain(&pack.closings).map(|idea| idea.0))
            .chain(pack.quote_titles);
        let bodies = pack
            .covers
            .iter()
            .map(|cover| cover.body)
            .chain(pack.ideas.iter().chain(&pack.closings).map(|idea| idea.1));
        for texts in [titles.collect::<Vec<_>>(), bodies.collect()] {
            let mut seen = HashSet::new();
            for text in texts {
                assert!(seen.insert(title_key(text)), "{:?} {text}", pack.language);
            }
        }
    }
}

#[test]
fn hashtags_are_words_of_the_topic_and_the_packs_own() {
    let brief = |topic: &str| Brief {
        subject: crate::content::RequestText::topic(topic).unwrap(),
        language: Language::En,
        task: crate::content::Task::Deck { count: 3 },
        verses: Vec::new(),
        avoid_titles: Vec::new(),
    };
    let tags = |topic: &str| TopicDeck::new(Pack::english(), &brief(topic), &[], 0).hashtags();
    assert_eq!(
        tags("The small habits of learning"),
        ["small", "habits", "ideas", "learning", "everyday"]
    );
    assert_eq!(
        tags("Learning, learning"),
        ["learning", "ideas", "everyday"]
    );
    assert_eq!(tags("🔥 42"), ["ideas", "learning", "everyday"]);
}
