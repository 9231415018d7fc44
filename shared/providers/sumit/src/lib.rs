//! Parses SUMIT's purchase trigger: an unsigned webhook of an Israeli CRM's payment page.

use confab_core::{Error, Phone, Private, Result};
use confab_provider_base::{
    lenient::{Lenient, LenientString, LenientVec},
    parsed::{id, line, text},
};
use serde::Deserialize;
use serde_json::value::RawValue;

/// A reported purchase. Nothing in it is authenticated: the callback URL is its only secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trigger {
    /// The id of the CRM's row, the same in every redelivery.
    pub entity_id: String,
    pub phone: Option<Phone>,
    pub name: Option<Private<String>>,
    /// The title of the product in the CRM.
    pub product: Option<String>,
}

/// Parses a trigger; properties that are malformed count as absent.
pub fn parse(raw_body: &[u8]) -> Result<Trigger> {
    let not_json = || Error::invalid("bad_json", "The body is not a JSON object.");
    let body = std::str::from_utf8(raw_body).map_err(|error| not_json().with_source(error))?;
    if !body.trim_ascii_start().starts_with('{') {
        return Err(not_json());
    }
    let wire: TriggerBody<'_> =
        serde_json::from_str(body).map_err(|error| not_json().with_source(error))?;
    let entity_id = wire
        .entity_id
        .get()
        .and_then(id)
        .ok_or_else(|| Error::invalid("no_entity", "The entity id is missing."))?;
    let properties = wire.properties.0.unwrap_or_default();
    Ok(Trigger {
        entity_id,
        phone: properties
            .phone
            .and_then(first_text)
            .and_then(|phone| Phone::parse(&phone).ok()),
        name: properties.name.and_then(first_text).map(|name| text(&name)),
        product: properties
            .product
            .and_then(first_text)
            .map(|product| line(&product)),
    })
}

#[derive(Deserialize)]
struct TriggerBody<'a> {
    #[serde(rename = "EntityID", default)]
    entity_id: LenientString,
    #[serde(rename = "Properties", default, borrow)]
    properties: Lenient<Properties<'a>>,
}

/// The CRM names properties by their position in its form.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Properties<'a> {
    #[serde(rename = "Property_M-5", borrow)]
    phone: Option<&'a RawValue>,
    #[serde(rename = "Property_M-10", borrow)]
    name: Option<&'a RawValue>,
    #[serde(rename = "Property_M-3", borrow)]
    product: Option<&'a RawValue>,
}

/// Returns the first text of a property: a list of strings or of objects with a name, or one of
/// these alone.
fn first_text(property: &RawValue) -> Option<String> {
    let property = property.get();
    let texts: Vec<PropertyText> = match parse_list(property) {
        Some(list) => list.items,
        None => serde_json::from_str(property).into_iter().collect(),
    };
    texts
        .into_iter()
        .filter_map(|PropertyText(text)| text)
        .find(|text| !text.trim().is_empty())
}

fn parse_list(property: &str) -> Option<LenientVec<PropertyText>> {
    if !property.starts_with('[') {
        return None;
    }
    serde_json::from_str(property).ok()
}

struct PropertyText(Option<String>);

impl<'de> Deserialize<'de> for PropertyText {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize, Default)]
        #[serde(default, rename_all = "PascalCase")]
        struct NamedObject {
            name: LenientString,
        }
        let raw = <&RawValue>::deserialize(deserializer)?.get();
        let text = if raw.starts_with('{') {
            serde_json::from_str(raw).map(|NamedObject { name }| name)
        } else {
            serde_json::from_str(raw)
        };
        Ok(Self(
            text.ok().and_then(|text| text.get().map(str::to_owned)),
        ))
    }
}

#[cfg(test)]
mod tests;
