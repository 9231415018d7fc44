//! Names and captions of a picture. They depend on the picture alone.

use serde_json::{Value, json};

use crate::{
    features::ImageFeatures,
    hash::hash,
    vocabulary::{GATHERINGS, Word, ground, lines, mood, shades, sky},
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Language {
    English,
    Hebrew,
}

impl Language {
    /// Finds the language that the prompt asks for.
    pub(crate) fn requested(words: &str) -> Self {
        if words.contains("Hebrew") || words.contains("עברית") {
            Self::Hebrew
        } else {
            Self::English
        }
    }

    fn of(self, said: Bilingual) -> String {
        match self {
            Self::English => said.en,
            Self::Hebrew => said.he,
        }
    }
}

/// One text in both languages.
struct Bilingual {
    en: String,
    he: String,
}

/// Builds
/// `{"suggestions":[{"name","key","description"}],"caption":{"title","category","visible_text","caption"}}`.
pub(crate) fn describe(features: &ImageFeatures, language: Language) -> Value {
    let coarse = format!("{:?} {:?}", features.grid, features.lines);
    let pick = |what: &str, of: usize| (hash(&format!("{what} {coarse}")) % of as u64) as usize;
    let ground = ground(features.below);
    let first = pick("place", 4);
    let (place, other_place) = (
        ground.places[first],
        ground.places[(first + 1 + pick("other place", 3)) % 4],
    );
    let first = pick("gathering", 8);
    let gatherings = [first, (first + 1 + pick("other gathering", 7)) % 8].map(|at| GATHERINGS[at]);
    let [one, two, three] = tones(features, pick("shade", 3));
    let (sky, mood, lines) = (sky(features.above), mood(features), lines(features.lines));

    let (at, the, en) = (place.at, place.the, place.name.en);
    let said = |en: String, he: String| Bilingual { en, he };
    let names = [
        said(
            format!("{} {en}", one.en),
            format!("{} בגווני {}", place.name.he, one.he),
        ),
        said(format!("{} {en} Locals", mood.en), format!("החבר׳ה {at}")),
        said(
            format!("Under the {}", sky.name.en),
            format!("מתחת {}", sky.to),
        ),
        said(
            format!("{} & {} Friends", one.en, two.en),
            format!("חברים של {} ו{}", one.he, two.he),
        ),
        said(
            format!("{} Hour at the {en}", mood.en),
            format!("שעת {} {at}", mood.he),
        ),
        said(
            format!("Fans of {}", lines.en),
            format!("חובבי {}", lines.he),
        ),
        said(
            format!("{en} {}", gatherings[0].en),
            format!("{} {at}", gatherings[0].he),
        ),
        said(
            format!("{} {}", three.en, gatherings[1].en),
            format!("{} בגווני {}", gatherings[1].he, three.he),
        ),
        said(
            format!("From {en} to {}", other_place.name.en),
            format!("מ{the} אל {}", other_place.the),
        ),
        said(format!("Here and Now: {en}"), format!("כאן ועכשיו {at}")),
    ];
    let descriptions = [
        said(
            format!("What is going on at the {} right now.", en.to_lowercase()),
            format!("מה קורה עכשיו {at}."),
        ),
        said(
            format!(
                "Tips, photos and small talk from the {}.",
                en.to_lowercase()
            ),
            format!("טיפים, תמונות ושיחה קלה {at}."),
        ),
        said(
            format!("For people who like {}.", lines.en.to_lowercase()),
            format!("למי שאוהב {}.", lines.he),
        ),
    ]
    .map(|said| language.of(said));
    let title = language.of(said(names[0].en.clone(), names[0].he.clone()));
    let suggestions =
        names
            .into_iter()
            .zip(descriptions.iter().cycle())
            .map(|(name, description)| {
                let key = kebab(&name.en);
                json!({"name": language.of(name), "key": key, "description": description})
            });
    let english = format!(
        " {} view of the {en} in {} and {}, with {} above and {} all around.",
        mood.en, one.en, two.en, sky.name.en, lines.en
    );
    let caption = said(
        format!("A{}", english.to_lowercase()),
        format!(
            "מבט {at} בגווני {} ו{}: {} למעלה, {} מסביב, שעת {}.",
            one.he, two.he, sky.name.he, lines.he, mood.he
        ),
    );
    json!({
        "suggestions": suggestions.collect::<Vec<_>>(),
        "caption": {
            "title": title,
            "category": language.of(said(ground.category.en.to_owned(), ground.category.he.to_owned())),
            "visible_text": "",
            "caption": language.of(caption),
        },
    })
}

/// Returns words for the three most common colours, with synonyms if there are fewer.
fn tones(features: &ImageFeatures, first: usize) -> [Word; 3] {
    let colour = |at: usize| {
        features
            .colours
            .get(at)
            .or(features.colours.first())
            .copied()
            .unwrap_or(features.above)
    };
    [0, 1, 2].map(|at| shades(colour(at))[(first + at) % 3])
}

fn kebab(name: &str) -> String {
    let plain = name.replace('é', "e").to_ascii_lowercase();
    plain
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join("-")
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, io::Cursor};

    use image::{ImageFormat, Rgb, RgbImage};

    use super::*;
    use crate::features::extract_features;
    use confab_simulator_base::photo;

    /// Draws a sky over a ground of another colour, with a few objects.
    fn scene(number: u64) -> RgbImage {
        let part = |what: &str| (hash(&format!("{what} {number}")) % 256) as u8;
        let colour = |what: &str| ["r", "g", "b"].map(|side| part(&format!("{what} {side}")));
        let (sky, ground, thing) = (colour("sky"), colour("ground"), colour("thing"));
        let horizon = 30 + u32::from(part("horizon")) / 4;
        let (left, wide) = (u32::from(part("left")) / 2, 5 + u32::from(part("wide")) / 8);
        RgbImage::from_fn(160, 120, |x, y| {
            let is_thing =
                (left..left + wide).contains(&x) && (horizon - 25..horizon + 10).contains(&y);
            let shade = (x / 8 + y / 8) as u8 % 8;
            let base = if is_thing {
                thing
            } else if y < horizon {
                sky
            } else {
                ground
            };
            Rgb(base.map(|part| part.saturating_add(shade)))
        })
    }

    fn words(describe: &Value) -> Vec<&str> {
        let suggestions = describe["suggestions"].as_array().unwrap();
        suggestions
            .iter()
            .map(|suggestion| suggestion["name"].as_str().unwrap())
            .collect()
    }

    #[test]
    fn pictures_have_ten_names_within_the_limits_in_each_language() {
        for number in 0..60 {
            for language in [Language::English, Language::Hebrew] {
                let describe = describe(&extract_features(&scene(number)), language);
                let names = words(&describe);
                assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), 10, "{names:?}");
                assert!(
                    names
                        .iter()
                        .all(|name| (2..=40).contains(&name.chars().count())),
                    "{names:?}"
                );
                let is_hebrew = |name: &&str| {
                    name.contains(|c| ('א'..='ת').contains(&c))
                        && !name.contains(|c: char| c.is_ascii_alphabetic())
                };
                assert_eq!(
                    names.iter().all(is_hebrew),
                    language == Language::Hebrew,
                    "{names:?}"
                );
                let keys: BTreeSet<_> = describe["suggestions"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|room| room["key"].as_str().unwrap())
                    .collect();
                assert!(
                    keys.len() == 10
                        && keys.iter().all(|key| kebab(key) == **key && key.is_ascii()),
                    "{keys:?}"
                );
            }
        }
    }

    #[test]
    fn different_pictures_have_different_names() {
        let all: Vec<Value> = (0..60)
            .map(|number| describe(&extract_features(&scene(number)), Language::English))
            .collect();
        let titles: BTreeSet<_> = all.iter().map(|describe| words(describe)[0]).collect();
        assert!(titles.len() > 40, "{titles:?}");
        let mut shared = 0;
        for (at, one) in all.iter().enumerate() {
            for other in &all[at + 1..] {
                let one: BTreeSet<_> = words(one).into_iter().collect();
                shared += words(other)
                    .into_iter()
                    .filter(|name| one.contains(name))
                    .count();
            }
        }
        // Of ten names, two pictures share fewer than one and a half, such as the name of the sky.
        assert!(shared < 60 * 59 / 2 * 3 / 2, "{shared}");
    }

    #[test]
    fn recompressed_copies_keep_most_names() {
        let mut same = 0;
        for number in 0..30 {
            let picture = scene(number);
            let mut bytes = Cursor::new(Vec::new());
            picture.write_to(&mut bytes, ImageFormat::Jpeg).unwrap();
            let copy = photo::small(&photo::read(bytes.get_ref()).unwrap(), 120);
            let [one, other] = [&picture, &copy]
                .map(|picture| describe(&extract_features(picture), Language::English));
            same += u32::from(one == other);
        }
        // The remaining pictures have a colour on the border of two.
        assert!(same >= 22, "{same}");
    }
}
