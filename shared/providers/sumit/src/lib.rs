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
mod tests {
    use confab_core::Kind;

    use super::*;

    fn read(body: &str) -> Trigger {
        parse(body.as_bytes()).unwrap()
    }

    #[test]
    fn trigger_carries_the_buyer_and_the_product() {
        let trigger = read(
            r#"{"EntityID":123,"Folder":"9","Properties":{"Property_M-5":["972525550100"],"Property_M-10":["Dana Sample"],
            "Property_M-3":[{"ID":7,"Name":"Standard"}],"Property_9":null}}"#,
        );
        assert_eq!(trigger.entity_id, "123");
        assert_eq!(trigger.phone, Phone::parse("972525550100").ok());
        assert_eq!(trigger.name, Some("Dana Sample".into()));
        assert_eq!(trigger.product.as_deref(), Some("Standard"));
        let shown = format!("{trigger:?}");
        assert!(
            !shown.contains("Dana") && !shown.contains("5550100"),
            "{shown}"
        );
    }

    #[test]
    fn sample_parses() {
        let trigger = parse(&confab_testkit::samples::payment("sumit").body).unwrap();
        assert_eq!(
            (trigger.entity_id.as_str(), trigger.product.as_deref()),
            ("123456789", Some("Standard"))
        );
        assert_eq!(trigger.phone, Phone::parse("16505550100").ok());
    }

    #[test]
    fn property_of_any_shape_is_parsed_or_counts_as_absent() {
        let trigger = read(
            r#"{"EntityID":"e-1","Properties":{"Property_M-5":972525550100,"Property_M-10":[null,"",{"Name":"Dana"}],
            "Property_M-3":{"Name":"Lite"}}}"#,
        );
        assert_eq!(
            (trigger.entity_id.as_str(), trigger.phone.is_some()),
            ("e-1", true)
        );
        assert_eq!(
            (trigger.name, trigger.product.as_deref()),
            (Some("Dana".into()), Some("Lite"))
        );
        for properties in [
            "null",
            "[]",
            "7",
            r#"{"Property_M-5":["x"],"Property_M-10":[[["deep"]]],"Property_M-3":[]}"#,
        ] {
            let trigger = read(&format!(r#"{{"EntityID":1,"Properties":{properties}}}"#));
            assert!(
                trigger.phone.is_none() && trigger.name.is_none() && trigger.product.is_none(),
                "{properties}"
            );
        }
    }

    #[test]
    fn body_that_is_no_trigger_is_invalid() {
        let deep = format!(
            r#"{{"EntityID":{}1{}}}"#,
            "[".repeat(100_000),
            "]".repeat(100_000)
        );
        for body in [
            "",
            "null",
            "[]",
            "{",
            r#"{"EntityID":null}"#,
            r#"{"EntityID":""}"#,
            deep.as_str(),
        ] {
            assert_eq!(parse(body.as_bytes()).unwrap_err().kind(), Kind::Invalid);
        }
        assert!(parse(b"\xff\xfe").is_err());
    }
}
