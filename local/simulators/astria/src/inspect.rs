//! `POST /images/inspect`: what Astria says of a photo. It looks at the photo itself; API.md of `local` tells how.

use serde_json::{Map, Value, json};

use crate::{
    api_error::ApiError,
    figure::digest,
    measure::{Measures, Unseen, measure},
};

/// As good as one colour: there is nobody.
const NOBODY: f32 = 7.0;
const BLURRY: f32 = 22.0;
/// The upper third has less of the light of the rest than this.
const SUNGLASSES: f32 = 0.3;
const LIT: f32 = 50.0;
const GROUP: f32 = 1.7;
const HAT: f32 = 0.85;
const HAT_BELOW: f32 = 0.3;
const GREEN: f32 = 40.0;
const GREENISH: f32 = 0.8;
/// More of all colour than this is one of them.
const DOMINANT: f32 = 0.5;
const LOW_RESOLUTION: u32 = 256;
const CLASSES: [&str; 7] = ["man", "woman", "boy", "girl", "baby", "cat", "dog"];

/// `given` is the class that the app believes to see.
pub(crate) fn inspect(bytes: &[u8], given: &str) -> Result<Value, ApiError> {
    let measures = measure(bytes).map_err(|unseen| match unseen {
        Unseen::Unreadable => ApiError::field("file", "is not an image"),
        Unseen::TooSmall => ApiError::field("file", "is too small"),
    })?;
    let mut answer = judged(&measures, given);
    // Which ones are missing depends on nothing that the app knows.
    let left_out = usize::from(digest(&format!("{:?}", measures.middle))[0]) % 6;
    if let Some(name) = [
        "hair_style",
        "glasses",
        "facial_hair",
        "is_bald",
        "hair_length",
    ]
    .get(left_out)
    {
        answer.remove(*name);
    }
    Ok(answer.into())
}

fn judged(measures: &Measures, given: &str) -> Map<String, Value> {
    let Measures { width, height, .. } = *measures;
    let is_somebody = measures.spread > NOBODY;
    let is_group = width as f32 / height as f32 > GROUP;
    let is_dark_above =
        measures.lower_light > LIT && measures.upper_light < SUNGLASSES * measures.lower_light;
    let has_band = measures.band > HAT && measures.band_below < HAT_BELOW;
    let is_green = measures.green > GREEN && measures.greenish > GREENISH;
    let flags = [
        ("blurry", measures.sharpness < BLURRY),
        ("funny_face", is_green),
        ("wearing_sunglasses", is_dark_above),
        ("wearing_hat", has_band),
        ("includes_multiple_people", is_group),
        ("full_body_image_or_longshot", height > 2 * width),
        ("selfie", height > width),
    ];
    let characteristics = characteristics(measures);
    let mut answer =
        Map::from_iter(flags.map(|(name, flag)| (name.to_owned(), json!(is_somebody && flag))));
    for (name, value) in characteristics {
        answer.insert(name.to_owned(), if is_somebody { value } else { "" }.into());
    }
    let name = if is_somebody {
        name(measures, given)
    } else {
        ""
    };
    answer.insert("name".into(), name.into());
    for (name, is) in [
        ("low_resolution", width.min(height) < LOW_RESOLUTION),
        (
            "low_quality",
            measures.light < 30.0 || measures.light > 235.0,
        ),
    ] {
        if is {
            answer.insert(name.into(), true.into());
        }
    }
    answer
}

fn name<'a>(measures: &Measures, given: &'a str) -> &'a str {
    match measures {
        measures if measures.blue > DOMINANT => "man",
        measures if measures.red > DOMINANT => "woman",
        _ if CLASSES.contains(&given) => given,
        measures if measures.cold > measures.warm => "man",
        _ => "woman",
    }
}

/// Nothing of this is true of anybody. Photos that look alike have much of it in common.
fn characteristics(measures: &Measures) -> [(&'static str, &'static str); 9] {
    let coarse = measures.middle.map(|value| (value / 48.0) as usize);
    let pick = |list: &[&'static str], salt: usize| {
        list[(coarse[0] * 3 + coarse[1] * 5 + coarse[2] * 7 + salt) % list.len()]
    };
    let hair_color = match measures.hair_light {
        light if light < 60.0 => "black hair",
        light if light < 110.0 => "brunette",
        light if light < 150.0 => "red hair",
        _ => "blonde",
    };
    let age = match measures.spread {
        spread if spread < 45.0 => "20 yo",
        spread if spread < 60.0 => "30 yo",
        _ => "40 yo",
    };
    let ethnicities = [
        "caucasian",
        "black",
        "hispanic",
        "korean",
        "japanese",
        "chinese",
        "philippine",
    ];
    [
        ("age", age),
        ("ethnicity", pick(&ethnicities, 1)),
        (
            "eye_color",
            pick(
                &[
                    "blue eyes",
                    "brown eyes",
                    "green eyes",
                    "gray eyes",
                    "black eyes",
                ],
                0,
            ),
        ),
        ("hair_color", hair_color),
        (
            "hair_length",
            pick(&["short hair", "medium hair", "long hair"], 2),
        ),
        (
            "hair_style",
            pick(&["straight hair", "curly hair", "wavy hair"], 1),
        ),
        ("glasses", pick(&["", "", "", "glasses"], 0)),
        ("facial_hair", pick(&["", "", "", "", "beard"], 3)),
        ("is_bald", ""),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        figure::Class,
        selfies::{Kind, draw},
    };

    fn seen(kind: Kind, person: &str, class: Class, number: u32) -> Value {
        inspect(&draw(kind, person, class, number), "person").unwrap()
    }

    /// Those flags that are set, and who it is.
    fn told(answer: &Value) -> (Vec<&str>, &str) {
        let flags = answer
            .as_object()
            .unwrap()
            .iter()
            .filter(|(name, value)| **value == true && *name != "selfie");
        (
            flags.map(|(name, _)| name.as_str()).collect(),
            answer["name"].as_str().unwrap(),
        )
    }

    #[test]
    fn each_kind_of_photo_is_what_it_is_for_everybody() {
        let people = ["dana", "שרה"];
        for (number, person) in (1..).zip(people) {
            let class = Class::ALL[number as usize % 2];
            for (kind, flags) in [
                (Kind::Good, vec![]),
                (Kind::Blurry, vec!["blurry"]),
                (Kind::Sunglasses, vec!["wearing_sunglasses"]),
                (Kind::Group, vec!["includes_multiple_people"]),
                (Kind::Hat, vec!["wearing_hat"]),
                (Kind::Funny, vec!["funny_face"]),
                (Kind::Nobody, vec![]),
            ] {
                let answer = seen(kind, person, class, number);
                let (set, name) = told(&answer);
                assert_eq!(set, flags, "{kind:?} {person} {class:?} {number} {answer}");
                match kind {
                    Kind::Nobody => assert_eq!(name, ""),
                    Kind::Good | Kind::Blurry | Kind::Group => {
                        assert_eq!(name, class.name(), "{kind:?} {person}")
                    }
                    Kind::Sunglasses | Kind::Hat | Kind::Funny => {
                        assert_ne!(name, "", "{kind:?} {person}")
                    }
                }
            }
        }
    }

    #[test]
    fn what_is_no_photo_is_refused() {
        let photo = draw(Kind::Good, "dana", Class::Woman, 1);
        for bytes in [&b"GIF89a"[..], b"", &photo[..200], b"<svg/>"] {
            assert_eq!(inspect(bytes, "man").unwrap_err().status, 422);
        }
    }
}
