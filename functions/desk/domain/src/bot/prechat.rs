//! The form before a chat.

use std::collections::{BTreeMap, BTreeSet};

use confab_core::{Error, Private, Result, length};
use serde::{Deserialize, Serialize};

use super::checker::Checker;
use crate::{EmailAddress, text::clean_line};

pub(super) const MAX_FIELDS: usize = 8;
const MAX_KEY_BYTES: usize = 32;
const MAX_LABEL_CHARS: usize = 80;
const MAX_OPTIONS: usize = 20;
const MAX_ANSWER_CHARS: usize = 200;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "contract", derive(ts_rs::TS, utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum PrechatType {
    Text,
    Email,
    Select,
    Checkbox,
}

/// A field of the form. The keys `name` and `email` fill the contact too.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "contract", derive(ts_rs::TS, utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct PrechatField {
    pub key: String,
    pub label: String,
    #[serde(rename = "type")]
    pub kind: PrechatType,
    /// A required checkbox must be ticked, as for consent.
    #[serde(default)]
    pub required: bool,
    /// Of a select field.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<String>,
}

/// Checked answers by the field's key. A ticked checkbox has the answer `true`; unticked ones have none.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "contract", derive(ts_rs::TS, utoipa::ToSchema))]
#[serde(transparent)]
pub struct PrechatAnswers(pub(crate) BTreeMap<String, Private<String>>);

impl PrechatAnswers {
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the answer to a field.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(Private::as_str)
    }

    pub fn name(&self) -> Option<&str> {
        self.get("name")
    }

    pub fn email(&self) -> Option<EmailAddress> {
        EmailAddress::parse(self.get("email")?).ok()
    }
}

/// Cleans the fields of a form and notes what is wrong.
pub(super) fn check_fields(fields: &mut [PrechatField], checker: &mut Checker) {
    checker.count("prechat", fields.len(), MAX_FIELDS);
    let mut keys = BTreeSet::new();
    for (index, field) in fields.iter_mut().enumerate() {
        let path = format!("prechat[{index}]");
        let is_plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
        if !(1..=MAX_KEY_BYTES).contains(&field.key.len()) || !field.key.bytes().all(is_plain) {
            let message = "A key has 1 to 32 lower-case letters, digits or underscores.";
            checker.refuse(format!("{path}.key"), "bad_key", message);
        } else if !keys.insert(field.key.clone()) {
            checker.refuse(
                format!("{path}.key"),
                "duplicate",
                "Two fields have this key.",
            );
        }
        checker.line(
            &format!("{path}.label"),
            &mut field.label,
            1,
            MAX_LABEL_CHARS,
        );
        let options = format!("{path}.options");
        checker.lines(&options, &mut field.options, MAX_OPTIONS, MAX_LABEL_CHARS);
        let is_select = field.kind == PrechatType::Select;
        if is_select && field.options.len() < 2 {
            checker.refuse(options, "required", "A list needs at least two options.");
        } else if !is_select && !field.options.is_empty() {
            checker.refuse(options, "not_a_list", "Only a list has options.");
        }
    }
}

/// Checks the answers to a form. Unknown keys are refused.
pub fn check_answers(
    fields: &[PrechatField],
    answers: &BTreeMap<String, Private<String>>,
) -> Result<PrechatAnswers> {
    if answers
        .keys()
        .any(|key| fields.iter().all(|field| field.key != *key))
    {
        return Err(Error::invalid("bad_prechat", "The form has no such field."));
    }
    let mut checked = BTreeMap::new();
    for field in fields {
        let answer = answers.get(&field.key).map_or("", Private::as_str);
        match field.check(&clean_line(answer))? {
            Some(answer) => {
                checked.insert(field.key.clone(), Private(answer));
            }
            None if field.required => {
                let message = format!("Fill in the field {}.", field.label);
                return Err(Error::invalid("prechat_required", message));
            }
            None => {}
        }
    }
    Ok(PrechatAnswers(checked))
}

impl PrechatField {
    /// Returns `None` for an empty answer.
    fn check(&self, answer: &str) -> Result<Option<String>> {
        if answer.is_empty() {
            return Ok(None);
        }
        let refused = |problem: &str| {
            let message = format!("{}: {problem}", self.label);
            Err(Error::invalid("bad_prechat", message))
        };
        match self.kind {
            PrechatType::Text if length(answer) > MAX_ANSWER_CHARS => {
                refused("At most 200 characters.")
            }
            PrechatType::Text => Ok(Some(answer.to_owned())),
            PrechatType::Email => Ok(Some(EmailAddress::parse(answer)?.as_str().to_owned())),
            PrechatType::Select if self.options.iter().any(|option| option == answer) => {
                Ok(Some(answer.to_owned()))
            }
            PrechatType::Select => refused("Choose one of the options."),
            PrechatType::Checkbox => match answer {
                "true" => Ok(Some(answer.to_owned())),
                "false" => Ok(None),
                _ => refused("The answer is true or false."),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(key: &str, kind: PrechatType, required: bool) -> PrechatField {
        let options = match kind {
            PrechatType::Select => vec!["Sales".to_owned(), "Support".to_owned()],
            _ => vec![],
        };
        PrechatField {
            key: key.into(),
            label: key.to_uppercase(),
            kind,
            required,
            options,
        }
    }

    fn form() -> Vec<PrechatField> {
        vec![
            field("name", PrechatType::Text, true),
            field("email", PrechatType::Email, false),
            field("topic", PrechatType::Select, false),
            field("consent", PrechatType::Checkbox, true),
        ]
    }

    fn answers(pairs: &[(&str, &str)]) -> BTreeMap<String, Private<String>> {
        pairs
            .iter()
            .map(|(key, answer)| ((*key).to_owned(), (*answer).into()))
            .collect()
    }

    fn code(pairs: &[(&str, &str)]) -> String {
        check_answers(&form(), &answers(pairs))
            .unwrap_err()
            .code()
            .to_owned()
    }

    fn errors(fields: &mut [PrechatField]) -> Vec<String> {
        let mut checker = Checker::default();
        check_fields(fields, &mut checker);
        let invalid = checker
            .finish()
            .err()
            .map(|invalid| invalid.0)
            .unwrap_or_default();
        invalid
            .into_iter()
            .map(|error| format!("{} {}", error.field, error.code))
            .collect()
    }

    #[test]
    fn answers_are_cleaned_and_empty_ones_dropped() {
        let given = [
            ("name", " Dana\u{202e} "),
            ("email", "dana@SHOP.example"),
            ("topic", "Sales"),
            ("consent", "true"),
        ];
        let checked = check_answers(&form(), &answers(&given)).unwrap();
        assert_eq!(checked.name(), Some("Dana"));
        assert_eq!(checked.email().unwrap().as_str(), "dana@shop.example");
        let least = check_answers(
            &form(),
            &answers(&[("name", "D"), ("consent", "true"), ("email", " ")]),
        );
        assert_eq!(least.unwrap().0.len(), 2);
    }

    #[test]
    fn wrong_answers_are_refused() {
        assert_eq!(code(&[]), "prechat_required");
        assert_eq!(
            code(&[("name", "\u{200b}"), ("consent", "true")]),
            "prechat_required"
        );
        assert_eq!(
            code(&[("name", "D"), ("consent", "false")]),
            "prechat_required"
        );
        assert_eq!(code(&[("name", "D"), ("consent", "yes")]), "bad_prechat");
        assert_eq!(
            code(&[("name", "D"), ("consent", "true"), ("topic", "Other")]),
            "bad_prechat"
        );
        assert_eq!(
            code(&[("name", "D"), ("consent", "true"), ("email", "dana")]),
            "bad_email"
        );
        assert_eq!(
            code(&[("name", "D"), ("consent", "true"), ("role", "admin")]),
            "bad_prechat"
        );
        assert_eq!(
            code(&[("name", &"x".repeat(201)), ("consent", "true")]),
            "bad_prechat"
        );
    }

    #[test]
    fn malformed_forms_are_refused_with_all_their_errors() {
        assert!(errors(&mut form()).is_empty());
        let mut fields = vec![
            field("Name", PrechatType::Text, false),
            field("a", PrechatType::Text, false),
            field("a", PrechatType::Select, false),
        ];
        fields[1].label = " ".into();
        fields[2].options = vec!["One".into(), " One ".into()];
        assert_eq!(
            errors(&mut fields),
            [
                "prechat[0].key bad_key",
                "prechat[1].label required",
                "prechat[2].key duplicate",
                "prechat[2].options required"
            ]
        );
        let mut many: Vec<_> = (0..9)
            .map(|n| field(&format!("f{n}"), PrechatType::Text, false))
            .collect();
        assert_eq!(errors(&mut many), ["prechat too_many"]);
        let mut text = [field("a", PrechatType::Text, false)];
        text[0].options = vec!["One".into()];
        assert_eq!(errors(&mut text), ["prechat[0].options not_a_list"]);
    }
}
