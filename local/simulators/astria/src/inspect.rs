//! `POST /images/inspect`: judges a photo by its pixels. docs/simulators.md lists the rules.

use serde_json::{Map, Value, json};

use crate::{
    api_error::ApiError,
    figure::digest,
    measure::{MeasureError, Measures, measure},
};

/// Maximum spread of the light of a photo that is almost one colour.
const MAX_BLANK_SPREAD: f32 = 7.0;
const MIN_SHARPNESS: f32 = 22.0;
/// Sunglasses: maximum light of the upper third relative to the rest.
const SUNGLASSES: f32 = 0.3;
const LIT: f32 = 50.0;
const GROUP: f32 = 1.7;
const HAT: f32 = 0.85;
const HAT_BELOW: f32 = 0.3;
const GREEN: f32 = 40.0;
const GREENISH: f32 = 0.8;
/// Minimum share of the colour of a class.
const DOMINANT: f32 = 0.5;
const MIN_SIDE_PIXELS: u32 = 256;
const CLASSES: [&str; 7] = ["man", "woman", "boy", "girl", "baby", "cat", "dog"];

/// Inspects a photo. `given` is the class that the app expects.
pub(crate) fn inspect(bytes: &[u8], given: &str) -> Result<Value, ApiError> {
    let measures = measure(bytes).map_err(|error| match error {
        MeasureError::Unreadable => ApiError::field("file", "is not an image"),
        MeasureError::TooSmall => ApiError::field("file", "is too small"),
    })?;
    let mut answer = flags(&measures, given);
    // The photo alone decides which traits are missing.
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

fn flags(measures: &Measures, given: &str) -> Map<String, Value> {
    let Measures { width, height, .. } = *measures;
    let shows_person = measures.spread > MAX_BLANK_SPREAD;
    let is_group = width as f32 / height as f32 > GROUP;
    let is_dark_above =
        measures.lower_light > LIT && measures.upper_light < SUNGLASSES * measures.lower_light;
    let has_band = measures.band > HAT && measures.band_below < HAT_BELOW;
    let is_green = measures.green > GREEN && measures.greenish > GREENISH;
    let flags = [
        ("blurry", measures.sharpness < MIN_SHARPNESS),
        ("funny_face", is_green),
        ("wearing_sunglasses", is_dark_above),
        ("wearing_hat", has_band),
        ("includes_multiple_people", is_group),
        ("full_body_image_or_longshot", height > 2 * width),
        ("selfie", height > width),
    ];
    let characteristics = characteristics(measures);
    let mut answer =
        Map::from_iter(flags.map(|(name, flag)| (name.to_owned(), json!(shows_person && flag))));
    for (name, value) in characteristics {
        answer.insert(
            name.to_owned(),
            if shows_person { value } else { "" }.into(),
        );
    }
    let name = if shows_person {
        name(measures, given)
    } else {
        ""
    };
    answer.insert("name".into(), name.into());
    for (name, is) in [
        ("low_resolution", width.min(height) < MIN_SIDE_PIXELS),
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

/// Derives traits from colours and light. They are invented, and similar photos share most of them.
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
        selfies::{SelfieKind, draw},
    };

    fn seen(kind: SelfieKind, person: &str, class: Class, number: u32) -> Value {
        inspect(&draw(kind, person, class, number), "person").unwrap()
    }

    /// Returns the flags that are set, and the class.
    fn summary(answer: &Value) -> (Vec<&str>, &str) {
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
    fn sample_photos_get_their_flags_for_every_person() {
        let people = ["dana", "שרה"];
        for (number, person) in (1..).zip(people) {
            let class = Class::ALL[number as usize % 2];
            for (kind, flags) in [
                (SelfieKind::Good, vec![]),
                (SelfieKind::Blurry, vec!["blurry"]),
                (SelfieKind::Sunglasses, vec!["wearing_sunglasses"]),
                (SelfieKind::Group, vec!["includes_multiple_people"]),
                (SelfieKind::Hat, vec!["wearing_hat"]),
                (SelfieKind::Funny, vec!["funny_face"]),
                (SelfieKind::NoFace, vec![]),
            ] {
                let answer = seen(kind, person, class, number);
                let (set, name) = summary(&answer);
                assert_eq!(set, flags, "{kind:?} {person} {class:?} {number} {answer}");
                match kind {
                    SelfieKind::NoFace => assert_eq!(name, ""),
                    SelfieKind::Good | SelfieKind::Blurry | SelfieKind::Group => {
                        assert_eq!(name, class.name(), "{kind:?} {person}")
                    }
                    SelfieKind::Sunglasses | SelfieKind::Hat | SelfieKind::Funny => {
                        assert_ne!(name, "", "{kind:?} {person}")
                    }
                }
            }
        }
    }

    #[test]
    fn files_that_are_no_photo_are_refused() {
        let photo = draw(SelfieKind::Good, "dana", Class::Woman, 1);
        for bytes in [&b"GIF89a"[..], b"", &photo[..200], b"<svg/>"] {
            assert_eq!(inspect(bytes, "man").unwrap_err().status, 422);
        }
    }
}
