//! A new draft as admins send it. Everything that is wrong with it is said at once.

use confab_core::{Error, Result, clip};
use serde_json::{Value, json};

use super::{BotSettings, Color, FieldError, InvalidSettings, OriginPattern, checker::Checker};
use crate::LanguageTag;

/// Characters of what is said about malformed JSON.
const MAX_PROBLEM_CHARS: usize = 200;
/// Malformed entries of one list that are named.
const MAX_MALFORMED: usize = 20;

/// A new draft, and the version that its author saw.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "contract", derive(ts_rs::TS, utoipa::ToSchema))]
pub struct BotUpdate {
    pub version: u64,
    #[cfg_attr(feature = "contract", serde(flatten))]
    pub settings: BotSettings,
}

impl BotUpdate {
    /// Parses the body of a PUT. Unknown fields are refused at every level.
    pub fn parse(body: &[u8]) -> Result<Self> {
        let refused = || Error::invalid("bad_json", "The chatbot's settings are not valid.");
        let mut body: Value = serde_json::from_slice(body).map_err(|e| refused().with_source(e))?;
        let version = body
            .as_object_mut()
            .and_then(|fields| fields.remove("version"));
        let version = version.as_ref().and_then(Value::as_u64).ok_or_else(|| {
            Error::invalid(
                "version_required",
                "The version that you changed is missing.",
            )
        })?;
        let malformed = take_malformed(&mut body);
        let settings: BotSettings = serde_json::from_value(body).map_err(|e| {
            // Settings are no personal data, and the problem names the wrong field.
            let problem = clip(&e.to_string(), MAX_PROBLEM_CHARS);
            Error::invalid(
                "bad_json",
                format!("The chatbot's settings are not valid: {problem}."),
            )
        })?;
        if malformed.is_empty() {
            return Ok(Self { version, settings });
        }
        let others = settings.validated().err().map(|invalid| invalid.0);
        let errors = malformed.into_iter().chain(others.unwrap_or_default());
        Err(InvalidSettings(errors.collect()).into())
    }
}

/// Takes out texts that people type and that are not of the expected form, so that the rest can be checked too.
fn take_malformed(body: &mut Value) -> Vec<FieldError> {
    let mut checker = Checker::default();
    let message = "An address such as https://shop.example or https://*.shop.example is expected.";
    let is_origin = |text: &str| OriginPattern::parse(text).is_some();
    check_list(
        body,
        "origins",
        is_origin,
        ("bad_origin", message),
        &mut checker,
    );
    let message = "A language is a tag such as en or pt-BR.";
    let is_language = |text: &str| LanguageTag::parse(text).is_ok();
    check_list(
        body,
        "languages",
        is_language,
        ("bad_language", message),
        &mut checker,
    );
    let color = body.pointer_mut("/appearance/color");
    if let Some(color) = color
        && color
            .as_str()
            .is_some_and(|text| Color::parse(text).is_none())
    {
        let message = "A colour such as #1f6feb is expected.";
        checker.refuse("appearance.color", "bad_color", message);
        *color = json!("#000000");
    }
    checker.into_errors()
}

/// Keeps the entries of a list that are well-formed, and those that are no texts.
fn check_list(
    body: &mut Value,
    field: &str,
    is_well_formed: impl Fn(&str) -> bool,
    (code, message): (&'static str, &str),
    checker: &mut Checker,
) {
    let Some(Value::Array(entries)) = body.get_mut(field) else {
        return;
    };
    let is_malformed = |entry: &Value| entry.as_str().is_some_and(|text| !is_well_formed(text));
    let malformed = entries
        .iter()
        .enumerate()
        .filter(|(_, entry)| is_malformed(entry));
    for (index, _) in malformed.take(MAX_MALFORMED) {
        checker.refuse(format!("{field}[{index}]"), code, message);
    }
    entries.retain(|entry| !is_malformed(entry));
}
