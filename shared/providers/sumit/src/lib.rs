//! SUMIT's trigger: the payment page of an Israeli CRM tells that somebody bought something. It is not signed.

use confab_core::{Error, Phone, Private, Result};
use serde::Deserialize;
use serde_json::value::RawValue;

use confab_provider_base::{
    lenient::{Lenient, LenientString, LenientVec},
    parsed::{id, line, text},
};

/// A purchase, as far as it was told. Nothing in it is proven: the address that it came to is its only secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trigger {
    /// The row in the CRM: the same in every copy.
    pub entity_id: String,
    pub phone: Option<Phone>,
    pub name: Option<Private<String>>,
    /// What was bought, by its title there.
    pub product: Option<String>,
}

pub fn parse(raw_body: &[u8]) -> Result<Trigger> {
    let not_json = || Error::invalid("bad_json", "The body is not a JSON object.");
    let body = std::str::from_utf8(raw_body).map_err(|error| not_json().with_source(error))?;
    if !body.trim_ascii_start().starts_with('{') {
        return Err(not_json());
    }
    let wire: Wire<'_> =
        serde_json::from_str(body).map_err(|error| not_json().with_source(error))?;
    let entity_id = wire
        .entity_id
        .get()
        .and_then(id)
        .ok_or_else(|| Error::invalid("no_entity", "There is no entity id."))?;
    let properties = wire.properties.0.unwrap_or_default();
    let first = |property: Option<&RawValue>| property.and_then(words);
    Ok(Trigger {
        entity_id,
        phone: first(properties.phone).and_then(|phone| Phone::parse(&phone).ok()),
        name: first(properties.name).map(|name| text(&name)),
        product: first(properties.product).map(|product| line(&product)),
    })
}

#[derive(Deserialize)]
struct Wire<'a> {
    #[serde(rename = "EntityID", default)]
    entity_id: LenientString,
    #[serde(rename = "Properties", default, borrow)]
    properties: Lenient<Properties<'a>>,
}

/// Named by their place in the CRM's form.
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

/// A property is a list, of texts or of things with a name; one alone may come without the list.
fn words(property: &RawValue) -> Option<String> {
    let property = property.get();
    let listed: Option<LenientVec<Word>> = property
        .starts_with('[')
        .then(|| serde_json::from_str(property).ok())
        .flatten();
    let words = match listed {
        Some(many) => many.items,
        None => serde_json::from_str(property).into_iter().collect(),
    };
    words
        .into_iter()
        .filter_map(|Word(word)| word)
        .find(|word| !word.trim().is_empty())
}

struct Word(Option<String>);

impl<'de> Deserialize<'de> for Word {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize, Default)]
        #[serde(default, rename_all = "PascalCase")]
        struct Thing {
            name: LenientString,
        }
        let raw = <&RawValue>::deserialize(deserializer)?.get();
        let word = match raw.starts_with('{') {
            true => serde_json::from_str(raw).map(|Thing { name }| name),
            false => serde_json::from_str(raw),
        };
        Ok(Self(
            word.ok().and_then(|word| word.get().map(str::to_owned)),
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use confab_core::Kind;

    fn read(body: &str) -> Trigger {
        parse(body.as_bytes()).unwrap()
    }

    #[test]
    fn a_purchase() {
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
    fn the_sample_is_read() {
        let trigger = parse(&confab_testkit::samples::payment("sumit").body).unwrap();
        assert_eq!(
            (trigger.entity_id.as_str(), trigger.product.as_deref()),
            ("123456789", Some("Standard"))
        );
        assert_eq!(trigger.phone, Phone::parse("16505550100").ok());
    }

    #[test]
    fn other_shapes_are_read_and_what_is_broken_is_absent() {
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
    fn what_is_no_trigger_is_refused() {
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
