//! Tunes, batches of prompts and prompts, as they are kept, and as Astria writes them.

use confab_core::{CorrelationId, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{behaviour::Fate, figure::Class};

/// A person as Astria learned them from photos.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Tune {
    pub(crate) id: i64,
    pub(crate) title: String,
    pub(super) class: Class,
    pub(super) pack: i64,
    pub(super) characteristics: Map<String, Value>,
    pub(super) callback: Option<String>,
    pub(super) stage: Stage,
    pub(super) fate: Fate,
    pub(super) created_at: i64,
    pub(super) updated_at: i64,
    /// When the training is to be over.
    pub(super) eta: i64,
    pub(super) trained_at: Option<i64>,
    /// What the person is drawn from.
    pub(super) person: String,
    /// The names of its photos.
    pub(super) originals: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Stage {
    Training,
    Trained,
    Failed,
}

/// What was asked for at once: a pack for a tune.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Batch {
    pub(crate) id: i64,
    pub(crate) tune: i64,
    pub(crate) title: String,
    pub(super) pack: i64,
    pub(super) class: Class,
    /// Those prompts of the pack that are wanted.
    pub(super) templates: Vec<i64>,
    pub(super) characteristics: Map<String, Value>,
    pub(super) person: String,
    pub(super) prompts_callback: Option<String>,
    pub(super) prompt_callback: Option<String>,
    pub(super) created_at: i64,
    pub(super) begun_at: Option<i64>,
    pub(super) done_at: Option<i64>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Prompt {
    pub(crate) id: i64,
    pub(crate) tune: i64,
    pub(crate) batch: Option<i64>,
    /// That of the pack.
    pub(super) template: Option<i64>,
    pub(super) class: Class,
    pub(super) person: String,
    pub(super) text: String,
    pub(super) negative_prompt: String,
    pub(super) seed: Option<i64>,
    pub(super) num_images: u32,
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) callback: Option<String>,
    pub(super) created_at: i64,
    pub(super) updated_at: i64,
    pub(super) started_at: Option<i64>,
    /// None while it waits for the training.
    pub(crate) due_at: Option<i64>,
    pub(super) trained_at: Option<i64>,
    /// The names of its pictures.
    pub(super) images: Vec<String>,
    /// Why it has none.
    pub(super) failure: Option<String>,
    pub(super) likes: u32,
}

/// Files are kept as long after the training.
const KEPT_MS: i64 = 30 * 24 * 60 * 60 * 1_000;

impl Tune {
    pub(crate) fn due_at(&self) -> Option<i64> {
        (self.stage == Stage::Training && self.fate != Fate::Hangs).then_some(self.eta)
    }

    pub(super) fn expires_at(&self) -> Option<i64> {
        self.trained_at.map(|at| at + KEPT_MS)
    }

    pub(super) fn is_gone(&self, now: i64) -> bool {
        self.expires_at().is_some_and(|at| at <= now)
    }

    pub(super) fn wire(&self, base_url: &str) -> Value {
        json!({
            "id": self.id, "title": self.title, "name": self.class.name(), "token": "ohwx",
            "base_tune_id": 1_504_944, "base_pack_id": self.pack, "branch": "flux1", "model_type": "lora",
            "args": null, "steps": null, "face_crop": true, "characteristics": self.characteristics,
            "eta": stamp(self.eta), "trained_at": self.trained_at.map(stamp),
            "started_training_at": stamp(self.created_at), "expires_at": self.expires_at().map(stamp),
            "created_at": stamp(self.created_at), "updated_at": stamp(self.updated_at),
            "url": format!("{base_url}/astria/tunes/{}.json", self.id),
            "orig_images": urls(&self.originals, base_url),
        })
    }
}

impl Prompt {
    pub(crate) fn is_done(&self) -> bool {
        self.trained_at.is_some()
    }

    /// There are no images before they are done.
    pub(super) fn wire(&self, base_url: &str) -> Value {
        let mut prompt = json!({
            "id": self.id, "callback": self.callback, "text": self.text, "negative_prompt": self.negative_prompt,
            "cfg_scale": null, "steps": null, "seed": self.seed, "trained_at": self.trained_at.map(stamp),
            "started_training_at": self.started_at.map(stamp), "created_at": stamp(self.created_at),
            "updated_at": stamp(self.updated_at), "tune_id": self.tune, "orig_prompt_id": self.template,
            "user_error": self.failure,
            "url": format!("{base_url}/astria/tunes/{}/prompts/{}.json", self.tune, self.id),
        });
        if self.is_done() {
            prompt["images"] = urls(&self.images, base_url).into();
        }
        prompt
    }
}

pub(super) fn urls(keys: &[String], base_url: &str) -> Vec<String> {
    keys.iter()
        .map(|key| format!("{base_url}/astria/media/{key}"))
        .collect()
}

/// What the app attached to an address that it wants to be called at.
pub(super) fn correlation(url: &str) -> Option<String> {
    let url: reqwest::Url = url.parse().ok()?;
    let found = url
        .query_pairs()
        .find_map(|(_, value)| value.parse::<CorrelationId>().ok());
    found.map(|id| id.to_string())
}

/// `2026-10-02T14:32:40.363Z`
fn stamp(ms: i64) -> String {
    Timestamp::from_millisecond(ms)
        .map(|at| format!("{at:.3}"))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_milliseconds() {
        assert_eq!(stamp(1_696_257_160_000), "2023-10-02T14:32:40.000Z");
        assert_eq!(stamp(1_696_257_160_363), "2023-10-02T14:32:40.363Z");
    }

    #[test]
    fn a_correlation_is_found_wherever_it_is_in_the_query() {
        let id = "cor_01jx8qkm9h0000000000000000";
        assert_eq!(
            correlation(&format!("http://a.example/x?order=ord_1&c={id}")).as_deref(),
            Some(id)
        );
        assert_eq!(correlation("http://a.example/x?order=ord_1"), None);
    }
}
