//! What holds of the carousel after every story that was handled to its end.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::world::{Person, World};

/// Each slide of a carousel is in the chat at most once, or the person was asked whether it is there.
pub(crate) async fn check(world: &World, person: &Person, slides: usize, story: &str) {
    let photos = world.photos(person).await;
    let texts = world.texts(person).await;
    let was_asked = texts.iter().any(|text| text.contains("not sure"));
    assert!(
        photos <= slides,
        "{story}: {photos} photos of {slides} slides"
    );
    assert!(
        photos == slides || was_asked,
        "{story}: {photos} photos, {texts:?}"
    );
    let mut rendered = BTreeMap::<String, usize>::new();
    for event in world.cloud.events() {
        if event["type"] == "carousel.images.rendered" {
            // Copies of an event have its id.
            rendered.insert(event["id"].to_string(), 1);
        }
    }
    assert!(rendered.len() <= 1, "{story}: rendered more than once");
    let violations = world
        .control("GET", "/api/telegram/violations", &Value::Null)
        .await;
    assert_eq!(violations, serde_json::json!([]), "{story}");
}
