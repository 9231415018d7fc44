//! What we ask of Astria -> its JSON.

use std::{collections::BTreeMap, fmt};

use reqwest::Url;
use serde_json::{Value, json};

use super::Tune;

/// A person to learn from photos with the pictures of a pack to make, or those pictures alone of people known already.
#[derive(Clone, PartialEq, Eq)]
pub struct NewTune {
    /// Our id of it, by which it is found again: one for each order, and nothing about the person.
    pub title: String,
    /// Such as `woman`; the pack must have it.
    pub class: String,
    /// Where Astria fetches the photos. Whoever has the addresses may.
    pub image_urls: Vec<String>,
    /// How the person looks, such as `eye_color`: `brown eyes`.
    pub characteristics: BTreeMap<String, String>,
    /// Tunes to use instead of photos. No tune is made then, and none with the title is found.
    pub tune_ids: Vec<i64>,
    /// Called once when the person is learned, never again.
    pub callback: Option<Url>,
    /// Called once when all pictures are made.
    pub prompts_callback: Option<Url>,
    /// Called once for each prompt.
    pub prompt_callback: Option<Url>,
}

impl fmt::Debug for NewTune {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewTune")
            .field("title", &self.title)
            .field("class", &self.class)
            .field("images", &self.image_urls.len())
            .field("tune_ids", &self.tune_ids)
            .finish_non_exhaustive()
    }
}

impl NewTune {
    /// The tune that was to be used, when Astria does not show it.
    pub(super) fn known_as(&self, id: i64) -> Tune {
        let (title, class) = (self.title.clone(), Some(self.class.clone()));
        Tune {
            id,
            title,
            class,
            eta: None,
            trained_at: None,
            created_at: None,
            expires_at: None,
        }
    }

    pub(super) fn json(&self) -> Value {
        let mut tune = json!({ "title": self.title, "name": self.class });
        let mut put = |name: &str, is_there: bool, value: Value| {
            if is_there {
                tune[name] = value;
            }
        };
        put(
            "image_urls",
            !self.image_urls.is_empty(),
            json!(self.image_urls),
        );
        put(
            "characteristics",
            !self.characteristics.is_empty(),
            json!(self.characteristics),
        );
        put("tune_ids", !self.tune_ids.is_empty(), json!(self.tune_ids));
        let address = |callback: &Option<Url>| json!(callback.as_ref().map(Url::as_str));
        put("callback", self.callback.is_some(), address(&self.callback));
        put(
            "prompts_callback",
            self.prompts_callback.is_some(),
            address(&self.prompts_callback),
        );
        let each = json!({ "callback": address(&self.prompt_callback) });
        put("prompt_attributes", self.prompt_callback.is_some(), each);
        json!({ "tune": tune })
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(crate) fn new_tune() -> NewTune {
        NewTune {
            title: "ord_1".into(),
            class: "woman".into(),
            image_urls: vec!["https://photos.example/1.jpg?signature=s3cret".into()],
            characteristics: [("eye_color".to_owned(), "brown eyes".to_owned())].into(),
            tune_ids: vec![],
            callback: Url::parse("https://a.example/pack-tune-received?ticket=t1cket").ok(),
            prompts_callback: None,
            prompt_callback: None,
        }
    }

    #[test]
    fn what_is_there_is_told_and_nothing_else() {
        let photos = new_tune();
        let expected = json!({"tune": {"title": "ord_1", "name": "woman",
            "image_urls": ["https://photos.example/1.jpg?signature=s3cret"],
            "characteristics": {"eye_color": "brown eyes"},
            "callback": "https://a.example/pack-tune-received?ticket=t1cket"}});
        assert_eq!(photos.json(), expected);

        let again = NewTune {
            image_urls: vec![],
            characteristics: BTreeMap::new(),
            tune_ids: vec![89],
            callback: None,
            prompts_callback: Url::parse("https://a.example/all?x=1&y=2").ok(),
            prompt_callback: Url::parse("https://a.example/each").ok(),
            ..photos
        };
        let expected = json!({"tune": {"title": "ord_1", "name": "woman", "tune_ids": [89],
            "prompts_callback": "https://a.example/all?x=1&y=2",
            "prompt_attributes": {"callback": "https://a.example/each"}}});
        assert_eq!(again.json(), expected);
    }

    #[test]
    fn no_log_line_has_the_photos_the_person_or_the_ticket() {
        let shown = format!("{:?}", new_tune());
        assert!(shown.contains("ord_1"), "{shown}");
        for private in ["s3cret", "brown", "t1cket"] {
            assert!(!shown.contains(private), "{shown}");
        }
    }
}
