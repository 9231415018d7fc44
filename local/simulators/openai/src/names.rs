//! Names for a picture, and what is said of it: the same ones each time, and other ones for another picture.

use serde_json::{Value, json};

use crate::{
    hash::hash,
    sight::Sight,
    vocabulary::{GATHERINGS, Word, ground, lines, mood, shades, sky},
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Language {
    English,
    Hebrew,
}

impl Language {
    /// The one that is asked for.
    pub(crate) fn asked_for(words: &str) -> Self {
        if words.contains("Hebrew") || words.contains("עברית") {
            Self::Hebrew
        } else {
            Self::English
        }
    }

    fn of(self, said: Said) -> String {
        match self {
            Self::English => said.en,
            Self::Hebrew => said.he,
        }
    }
}

/// The same in both languages.
struct Said {
    en: String,
    he: String,
}

/// `{"suggestions":[{"name","key","description"}],"caption":{"title","category","visible_text","caption"}}`. Nothing is read.
pub(crate) fn described(sight: &Sight, language: Language) -> Value {
    let coarse = format!("{:?} {:?}", sight.grid, sight.lines);
    let pick = |what: &str, of: usize| (hash(&format!("{what} {coarse}")) % of as u64) as usize;
    let ground = ground(sight.below);
    let first = pick("place", 4);
    let (place, other_place) = (
        ground.places[first],
        ground.places[(first + 1 + pick("other place", 3)) % 4],
    );
    let first = pick("gathering", 8);
    let gatherings = [first, (first + 1 + pick("other gathering", 7)) % 8].map(|at| GATHERINGS[at]);
    let [one, two, three] = tones(sight, pick("shade", 3));
    let (sky, mood, lines) = (sky(sight.above), mood(sight), lines(sight.lines));

    let (at, the, en) = (place.at, place.the, place.name.en);
    let said = |en: String, he: String| Said { en, he };
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

/// Words for the three colours that there is most of; where there are fewer, other words for the same.
fn tones(sight: &Sight, first: usize) -> [Word; 3] {
    let colour = |at: usize| {
        sight
            .colours
            .get(at)
            .or(sight.colours.first())
            .copied()
            .unwrap_or(sight.above)
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
    use crate::sight::look;
    use confab_simulator_base::photo;

    /// Somewhere, with a sky of one colour over a ground of another, and things standing around.
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

    fn words(described: &Value) -> Vec<&str> {
        let suggestions = described["suggestions"].as_array().unwrap();
        suggestions
            .iter()
            .map(|suggestion| suggestion["name"].as_str().unwrap())
            .collect()
    }

    #[test]
    fn a_picture_has_ten_names_that_fit_in_each_language() {
        for number in 0..60 {
            for language in [Language::English, Language::Hebrew] {
                let described = described(&look(&scene(number)), language);
                let names = words(&described);
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
                let keys: BTreeSet<_> = described["suggestions"]
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
    fn other_pictures_have_other_names() {
        let all: Vec<Value> = (0..60)
            .map(|number| described(&look(&scene(number)), Language::English))
            .collect();
        let titles: BTreeSet<_> = all.iter().map(|described| words(described)[0]).collect();
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
        // Of ten names two pictures share less than one and a half, such as what the sky is.
        assert!(shared < 60 * 59 / 2 * 3 / 2, "{shared}");
    }

    #[test]
    fn a_smaller_copy_that_was_compressed_again_has_mostly_the_same_names() {
        let mut same = 0;
        for number in 0..30 {
            let picture = scene(number);
            let mut bytes = Cursor::new(Vec::new());
            picture.write_to(&mut bytes, ImageFormat::Jpeg).unwrap();
            let copy = photo::small(&photo::read(bytes.get_ref()).unwrap(), 120);
            let [one, other] =
                [&picture, &copy].map(|picture| described(&look(picture), Language::English));
            same += u32::from(one == other);
        }
        // The others have a colour that lies on the border of two.
        assert!(same >= 22, "{same}");
    }
}
