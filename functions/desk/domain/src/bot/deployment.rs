//! Deployments: numbered, immutable copies of a bot's draft, and the one that visitors meet.

use std::time::Duration;

use confab_core::{Error, Result, Timestamp, UserId, after, length};
use serde::{Deserialize, Serialize};

use super::{Bot, BotSettings, DeploymentKey, WidgetConfig};
use crate::{BotId, digest::sha256_hex, text::clean_line};

/// How long a key is valid after a new one has taken its place: sites need time to change their pages.
pub const KEY_OVERLAP: Duration = Duration::from_secs(24 * 3_600);
/// Keys that may be valid beside the current one.
const MAX_RETIRED_KEYS: usize = 3;
const MAX_NOTE_CHARS: usize = 200;

/// A copy of the draft. It never changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deployment {
    pub bot_id: BotId,
    pub number: u32,
    pub content_hash: String,
    pub settings: BotSettings,
    pub note: Option<String>,
    pub deployed_at: Timestamp,
    pub deployed_by: UserId,
}

/// What a list shows of a deployment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "contract", derive(ts_rs::TS, utoipa::ToSchema))]
pub struct DeploymentSummary {
    pub number: u32,
    pub content_hash: String,
    pub note: Option<String>,
    pub deployed_at: Timestamp,
    pub deployed_by: UserId,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RetiredKey {
    pub key: DeploymentKey,
    pub valid_until: Timestamp,
}

/// The deployment that visitors meet, and the keys that lead to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LiveDeployment {
    pub number: u32,
    /// The highest number that was given out.
    pub last_number: u32,
    /// `None` once the bot has been deleted.
    pub key: Option<DeploymentKey>,
    #[serde(default)]
    pub retired_keys: Vec<RetiredKey>,
    pub version: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[cfg_attr(
    feature = "contract",
    derive(ts_rs::TS, utoipa::ToSchema),
    ts(optional_fields)
)]
#[serde(deny_unknown_fields)]
pub struct DeployRequest {
    /// The version of the draft that the admin saw.
    pub version: u64,
    #[serde(default)]
    pub note: Option<String>,
    #[serde(default)]
    #[cfg_attr(feature = "contract", ts(as = "Option<bool>"))]
    pub rotate_key: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeployOutcome {
    pub live: LiveDeployment,
    /// `None` if this draft has been deployed before: its number is live again.
    pub created: Option<Deployment>,
}

/// Returns the hash of what a draft says. Equal drafts have equal hashes.
pub fn content_hash(settings: &BotSettings) -> Result<String> {
    let bytes = serde_json::to_vec(settings).map_err(|e| Error::internal("render_failed", e))?;
    Ok(sha256_hex(bytes))
}

impl Bot {
    /// Deploys the draft. `live` and `earlier` are the bot's deployments so far; `new_key` is for a first deployment or
    /// a rotation.
    pub fn deploy(
        &self,
        live: Option<&LiveDeployment>,
        earlier: &[DeploymentSummary],
        request: &DeployRequest,
        new_key: DeploymentKey,
        by: UserId,
        now: Timestamp,
    ) -> Result<DeployOutcome> {
        self.require(request.version)?;
        if self.settings.origins.is_empty() {
            let message = "Add the address of your site first.";
            return Err(Error::conflict("no_origins", message));
        }
        let note = request.note.as_deref().map(parse_note).transpose()?;
        let content_hash = content_hash(&self.settings)?;
        let last_number = live.map_or(0, |live| live.last_number);
        let same = earlier
            .iter()
            .rev()
            .find(|deployment| deployment.content_hash == content_hash);
        let created = match same {
            Some(_) => None,
            None => Some(Deployment {
                bot_id: self.id,
                number: last_number + 1,
                content_hash,
                settings: self.settings.clone(),
                note,
                deployed_at: now,
                deployed_by: by,
            }),
        };
        if let Some(deployment) = &created {
            WidgetConfig::of(deployment).render()?;
        }
        let number = same.map_or(last_number + 1, |deployment| deployment.number);
        let before = live.cloned().unwrap_or(LiveDeployment {
            number,
            last_number,
            key: None,
            retired_keys: Vec::new(),
            version: 0,
        });
        let mut next = before.clone();
        next.number = number;
        next.last_number = number.max(last_number);
        // A repeated attempt brings the key that it has made current already.
        let is_rotated = next.key.as_ref() == Some(&new_key);
        if next.key.is_none() {
            next.key = Some(new_key);
        } else if request.rotate_key && !is_rotated {
            next.rotate_key(new_key, now)?;
        }
        Ok(DeployOutcome {
            live: next.with_next_version_after(&before),
            created,
        })
    }
}

impl LiveDeployment {
    /// Makes an earlier deployment live. Again, nothing changes.
    pub fn activate(&self, number: u32, earlier: &[DeploymentSummary]) -> Result<Self> {
        if self.key.is_none() || earlier.iter().all(|deployment| deployment.number != number) {
            return Err(Error::not_found("deployment"));
        }
        Ok(Self {
            number,
            ..self.clone()
        }
        .with_next_version_after(self))
    }

    /// Ends every key at once, because the bot is deleted.
    pub fn without_keys(&self) -> Self {
        let ended = Self {
            key: None,
            retired_keys: Vec::new(),
            ..self.clone()
        };
        ended.with_next_version_after(self)
    }

    /// Whether a key leads to this bot now.
    pub fn accepts(&self, key: &DeploymentKey, now: Timestamp) -> bool {
        let is_retired = |retired: &RetiredKey| retired.key == *key && now < retired.valid_until;
        self.key.as_ref() == Some(key) || self.retired_keys.iter().any(is_retired)
    }

    fn rotate_key(&mut self, new_key: DeploymentKey, now: Timestamp) -> Result<()> {
        self.retired_keys
            .retain(|retired| now < retired.valid_until);
        if self.retired_keys.len() >= MAX_RETIRED_KEYS {
            let message = "The key has been rotated three times today. Try again tomorrow.";
            return Err(Error::conflict("too_many_rotations", message));
        }
        if let Some(key) = self.key.replace(new_key) {
            self.retired_keys.push(RetiredKey {
                key,
                valid_until: after(now, KEY_OVERLAP),
            });
        }
        Ok(())
    }

    fn with_next_version_after(mut self, before: &Self) -> Self {
        if self != *before {
            self.version = before.version + 1;
        }
        self
    }
}

impl Deployment {
    pub fn summary(&self) -> DeploymentSummary {
        DeploymentSummary {
            number: self.number,
            content_hash: self.content_hash.clone(),
            note: self.note.clone(),
            deployed_at: self.deployed_at,
            deployed_by: self.deployed_by,
        }
    }
}

fn parse_note(text: &str) -> Result<String> {
    let note = clean_line(text);
    if length(&note) > MAX_NOTE_CHARS {
        return Err(Error::invalid(
            "too_long",
            "A note can have at most 200 characters.",
        ));
    }
    Ok(note)
}
