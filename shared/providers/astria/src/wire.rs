//! Encodes requests as Astria's JSON.

use std::{collections::BTreeMap, fmt};

use reqwest::Url;
use serde_json::{Value, json};

use crate::Tune;

/// A purchase: training on photos with a pack's pictures, or only the pictures of existing tunes.
#[derive(Clone, PartialEq, Eq)]
pub struct NewTune {
    /// Our id of the tune, used to find it: one for each order, without personal data.
    pub title: String,
    /// A class that the pack supports, such as `woman`.
    pub class: String,
    /// URLs from which Astria fetches the photos; anyone with a URL can do so.
    pub image_urls: Vec<String>,
    /// The person's characteristics, such as `eye_color`: `brown eyes`.
    pub characteristics: BTreeMap<String, String>,
    /// Tunes to reuse instead of photos. No tune with this title is created then.
    pub tune_ids: Vec<i64>,
    /// Called once when training finishes.
    pub callback: Option<Url>,
    /// Called once when all pictures are generated.
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
    /// Returns a reused tune as far as it is known, for responses that do not contain it.
    pub(super) fn existing_tune(&self, id: i64) -> Tune {
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
        let mut set = |name: &str, is_present: bool, value: Value| {
            if is_present {
                tune[name] = value;
            }
        };
        set(
            "image_urls",
            !self.image_urls.is_empty(),
            json!(self.image_urls),
        );
        set(
            "characteristics",
            !self.characteristics.is_empty(),
            json!(self.characteristics),
        );
        set("tune_ids", !self.tune_ids.is_empty(), json!(self.tune_ids));
        let callback_url = |callback: &Option<Url>| json!(callback.as_ref().map(Url::as_str));
        set(
            "callback",
            self.callback.is_some(),
            callback_url(&self.callback),
        );
        set(
            "prompts_callback",
            self.prompts_callback.is_some(),
            callback_url(&self.prompts_callback),
        );
        let prompt_attributes = json!({ "callback": callback_url(&self.prompt_callback) });
        set(
            "prompt_attributes",
            self.prompt_callback.is_some(),
            prompt_attributes,
        );
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
    fn request_contains_only_the_given_fields() {
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
    fn debug_output_contains_no_photo_url_no_characteristic_and_no_ticket() {
        let shown = format!("{:?}", new_tune());
        assert!(shown.contains("ord_1"), "{shown}");
        for private in ["s3cret", "brown", "t1cket"] {
            assert!(!shown.contains(private), "{shown}");
        }
    }
}
