//! Tunes, batches of prompts and prompts: as stored, and as the API renders them.

use confab_core::{CorrelationId, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::{figure::Class, settings::TrainingOutcome};

/// A person learned from photos.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Tune {
    pub(crate) id: i64,
    pub(crate) title: String,
    pub(crate) class: Class,
    pub(crate) pack: i64,
    pub(crate) characteristics: Map<String, Value>,
    pub(crate) callback: Option<String>,
    pub(crate) stage: Stage,
    pub(crate) fate: TrainingOutcome,
    pub(crate) created_at: i64,
    pub(crate) updated_at: i64,
    /// When the training ends.
    pub(crate) eta: i64,
    pub(crate) trained_at: Option<i64>,
    /// The seed that the person is drawn from.
    pub(crate) person: String,
    /// The file names of the photos.
    pub(crate) originals: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Stage {
    Training,
    Trained,
    Failed,
}

/// All prompts of one request: a pack for a tune.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Batch {
    pub(crate) id: i64,
    pub(crate) tune: i64,
    pub(crate) title: String,
    pub(crate) pack: i64,
    pub(crate) class: Class,
    /// The requested prompts of the pack.
    pub(crate) templates: Vec<i64>,
    pub(crate) characteristics: Map<String, Value>,
    pub(crate) person: String,
    pub(crate) prompts_callback: Option<String>,
    pub(crate) prompt_callback: Option<String>,
    pub(crate) created_at: i64,
    pub(crate) begun_at: Option<i64>,
    pub(crate) done_at: Option<i64>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Prompt {
    pub(crate) id: i64,
    pub(crate) tune: i64,
    pub(crate) batch: Option<i64>,
    /// The prompt of the pack, if the text comes from one.
    pub(crate) template: Option<i64>,
    pub(crate) class: Class,
    pub(crate) person: String,
    pub(crate) text: String,
    pub(crate) negative_prompt: String,
    pub(crate) seed: Option<i64>,
    pub(crate) num_images: u32,
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) callback: Option<String>,
    pub(crate) created_at: i64,
    pub(crate) updated_at: i64,
    pub(crate) started_at: Option<i64>,
    /// `None` until the training ends.
    pub(crate) due_at: Option<i64>,
    pub(crate) trained_at: Option<i64>,
    /// The file names of the pictures.
    pub(crate) images: Vec<String>,
    /// Why there are no pictures.
    pub(crate) failure: Option<String>,
    pub(crate) likes: u32,
}

/// How long files are kept after the training.
const FILE_TTL_MS: i64 = 30 * 24 * 60 * 60 * 1_000;

impl Tune {
    pub(crate) fn due_at(&self) -> Option<i64> {
        (self.stage == Stage::Training && self.fate != TrainingOutcome::Hangs).then_some(self.eta)
    }

    pub(crate) fn expires_at(&self) -> Option<i64> {
        self.trained_at.map(|at| at + FILE_TTL_MS)
    }

    pub(crate) fn is_expired(&self, now: i64) -> bool {
        self.expires_at().is_some_and(|at| at <= now)
    }

    pub(crate) fn wire(&self, base_url: &str) -> Value {
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

    /// Prompts have no images before they are done.
    pub(crate) fn wire(&self, base_url: &str) -> Value {
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

pub(crate) fn urls(keys: &[String], base_url: &str) -> Vec<String> {
    keys.iter()
        .map(|key| format!("{base_url}/astria/media/{key}"))
        .collect()
}

/// Returns the correlation id in the query of a callback address.
pub(crate) fn correlation(url: &str) -> Option<String> {
    let url: reqwest::Url = url.parse().ok()?;
    let found = url
        .query_pairs()
        .find_map(|(_, value)| value.parse::<CorrelationId>().ok());
    found.map(|id| id.to_string())
}

/// Formats a time like `2026-10-02T14:32:40.363Z`.
fn stamp(ms: i64) -> String {
    Timestamp::from_millisecond(ms)
        .map(|at| format!("{at:.3}"))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_rendered_with_milliseconds() {
        assert_eq!(stamp(1_696_257_160_000), "2023-10-02T14:32:40.000Z");
        assert_eq!(stamp(1_696_257_160_363), "2023-10-02T14:32:40.363Z");
    }

    #[test]
    fn correlation_ids_are_found_anywhere_in_the_query() {
        let id = "cor_01jx8qkm9h0000000000000000";
        assert_eq!(
            correlation(&format!("http://a.example/x?order=ord_1&c={id}")).as_deref(),
            Some(id)
        );
        assert_eq!(correlation("http://a.example/x?order=ord_1"), None);
    }
}
