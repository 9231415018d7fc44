//! Result of a photo inspection: whether it is fit for training, and the person's characteristics.

use std::{collections::BTreeMap, fmt};

use confab_provider_base::parsed::{label, line};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

#[derive(Clone, Default, PartialEq, Eq)]
pub struct Inspection {
    /// The class of the person, such as `man`; absent when none is detected with confidence.
    pub name: Option<String>,
    pub funny_face: bool,
    pub blurry: bool,
    pub wearing_sunglasses: bool,
    pub includes_multiple_people: bool,
    pub wearing_hat: bool,
    pub full_body_image_or_longshot: bool,
    pub selfie: bool,
    pub low_resolution: bool,
    pub low_quality: bool,
    /// Characteristics by name, such as `eye_color`, worded to fit into a prompt.
    pub characteristics: BTreeMap<String, String>,
}

impl Inspection {
    fn flags(&mut self) -> [(&'static str, &mut bool); 9] {
        [
            ("funny_face", &mut self.funny_face),
            ("blurry", &mut self.blurry),
            ("wearing_sunglasses", &mut self.wearing_sunglasses),
            (
                "includes_multiple_people",
                &mut self.includes_multiple_people,
            ),
            ("wearing_hat", &mut self.wearing_hat),
            (
                "full_body_image_or_longshot",
                &mut self.full_body_image_or_longshot,
            ),
            ("selfie", &mut self.selfie),
            ("low_resolution", &mut self.low_resolution),
            ("low_quality", &mut self.low_quality),
        ]
    }
}

/// Keeps a person's characteristics out of the log.
impl fmt::Debug for Inspection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut copy = self.clone();
        let flags: Vec<_> = copy
            .flags()
            .into_iter()
            .filter(|(_, is_set)| **is_set)
            .map(|(flag, _)| flag)
            .collect();
        let characteristics = self.characteristics.len();
        write!(
            f,
            "Inspection({:?}, {flags:?}, {characteristics} characteristics)",
            self.name
        )
    }
}

const CHARACTERISTICS: [&str; 6] = [
    "age",
    "ethnicity",
    "eye_color",
    "glasses",
    "facial_hair",
    "is_bald",
];
const MAX_CHARACTERISTICS: usize = 32;

fn is_characteristic(name: &str) -> bool {
    CHARACTERISTICS.contains(&name) || (name.starts_with("hair_") && label(name) == name)
}

impl<'de> Deserialize<'de> for Inspection {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let fields = BTreeMap::<String, &RawValue>::deserialize(deserializer)?;
        let word = |name: &str| fields.get(name).and_then(|raw| word(raw.get()));
        let mut inspection = Self {
            name: word("name").map(|name| label(&name)),
            ..Self::default()
        };
        inspection.name.take_if(|name| name.is_empty());
        let mut has_known_field = fields.contains_key("name");
        for (name, flag) in inspection.flags() {
            *flag = word(name).is_some_and(|word| word.eq_ignore_ascii_case("true"));
            has_known_field |= fields.contains_key(name);
        }
        let names = fields
            .keys()
            .filter(|name| is_characteristic(name))
            .take(MAX_CHARACTERISTICS);
        for name in names {
            has_known_field = true;
            inspection
                .characteristics
                .extend(word(name).map(|word| (name.clone(), line(&word))));
        }
        // An error body with a success status must not pass for a photo without a person.
        if !has_known_field {
            return Err(serde::de::Error::custom("no field of an inspection"));
        }
        Ok(inspection)
    }
}

/// Reads a string, number or boolean as text. Empty strings and `none` count as absent.
fn word(raw: &str) -> Option<String> {
    let word = match raw.as_bytes().first()? {
        b'"' => serde_json::from_str(raw).ok()?,
        b'-' | b'0'..=b'9' | b't' | b'f' => raw.to_owned(),
        _ => return None,
    };
    let word = word.trim();
    if word.is_empty() || word.eq_ignore_ascii_case("none") {
        return None;
    }
    Some(word.to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn read(fields: &Value) -> Inspection {
        serde_json::from_str(&fields.to_string()).unwrap()
    }

    /// The documented example.
    fn documented() -> Value {
        json!({"age": "20 yo", "blurry": false, "ethnicity": "caucasian", "eye_color": "brown eyes", "facial_hair": "",
            "full_body_image_or_longshot": false, "funny_face": false, "glasses": "", "hair_color": "brunette",
            "hair_length": "medium hair", "hair_style": "wavy hair", "includes_multiple_people": false, "is_bald": "",
            "name": "woman", "selfie": true, "wearing_hat": false, "wearing_sunglasses": false})
    }

    #[test]
    fn documented_inspection_is_parsed() {
        let inspection = read(&documented());
        let characteristics = [
            ("age", "20 yo"),
            ("ethnicity", "caucasian"),
            ("eye_color", "brown eyes"),
            ("hair_color", "brunette"),
            ("hair_length", "medium hair"),
            ("hair_style", "wavy hair"),
        ];
        let expected = Inspection {
            name: Some("woman".into()),
            selfie: true,
            characteristics: characteristics
                .map(|(name, word)| (name.to_owned(), word.to_owned()))
                .into(),
            ..Inspection::default()
        };
        assert_eq!(inspection, expected);
        let shown = format!("{inspection:?}");
        assert_eq!(
            shown,
            "Inspection(Some(\"woman\"), [\"selfie\"], 6 characteristics)"
        );
    }

    #[test]
    fn flag_is_set_only_by_its_own_field() {
        let mut none = Inspection::default();
        let names = none.flags().map(|(name, _)| name);
        for name in names {
            for yes in [json!(true), json!("true"), json!("True")] {
                let mut inspection = read(&json!({ name: yes }));
                let set: Vec<_> = inspection
                    .flags()
                    .into_iter()
                    .filter(|(_, is_set)| **is_set)
                    .collect();
                assert_eq!(set.len(), 1, "{name}");
                assert_eq!(set[0].0, name);
            }
            for no in [
                json!(false),
                json!("false"),
                json!(""),
                json!("NONE"),
                Value::Null,
                json!(1),
                json!({}),
            ] {
                assert!(
                    read(&json!({ name: no }))
                        .flags()
                        .into_iter()
                        .all(|(_, is_set)| !*is_set),
                    "{name}"
                );
            }
        }
    }

    #[test]
    fn characteristics_accept_scalars_and_drop_empty_values() {
        let inspection = read(
            &json!({"name": "NONE", "age": 30, "is_bald": true, "glasses": "NONE", "eye_color": "none",
            "hair_color": " ", "hair_style": null, "hair_length": ["long"], "ethnicity": {"a": 1},
            "facial_hair": " beard ", "hair_part": "left", "hair_ b": "x", "gender": "woman", "new": "thing"}),
        );
        assert_eq!(inspection.name, None);
        let characteristics: Vec<_> = inspection
            .characteristics
            .iter()
            .map(|(name, word)| (name.as_str(), word.as_str()))
            .collect();
        assert_eq!(
            characteristics,
            [
                ("age", "30"),
                ("facial_hair", "beard"),
                ("hair_part", "left"),
                ("is_bald", "true")
            ]
        );
        assert_eq!(read(&json!({"name": ""})).name, None);
    }

    #[test]
    fn body_without_inspection_fields_is_an_error() {
        for fields in [
            "{}",
            r#"{"error":"try again"}"#,
            "[]",
            "null",
            "7",
            "\"x\"",
            "{",
        ] {
            assert!(
                serde_json::from_str::<Inspection>(fields).is_err(),
                "{fields}"
            );
        }
        let deep = format!(
            r#"{{"name":"man","x":{}{}}}"#,
            "[".repeat(100_000),
            "]".repeat(100_000)
        );
        assert_eq!(
            serde_json::from_str::<Inspection>(&deep)
                .unwrap()
                .name
                .as_deref(),
            Some("man")
        );
    }
}
