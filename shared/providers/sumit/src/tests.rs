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
