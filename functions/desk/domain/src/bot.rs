//! Chatbots: a draft that admins edit, and immutable numbered deployments that visitors meet.

mod access;
mod appearance;
mod built_in;
mod checker;
mod deployment;
mod identity_secrets;
mod key;
mod origin;
mod phrases;
mod prechat;
mod rule;
mod settings;
mod template;
mod texts;
mod update;
mod widget;

use confab_core::{Error, Result, Timestamp};
use serde::{Deserialize, Serialize};

use crate::BotId;

pub use appearance::{
    Appearance, Color, LauncherIcon, MIN_CONTRAST, Position, TextColor, Theme, contrast,
};
pub use built_in::BUILT_IN_LANGUAGES;
pub use checker::{FieldError, InvalidSettings};
pub use deployment::{
    DeployOutcome, DeployRequest, Deployment, DeploymentSummary, KEY_OVERLAP, LiveDeployment,
    RetiredKey, content_hash,
};
pub use identity_secrets::{IDENTITY_SECRET_OVERLAP, IdentitySecrets};
pub use key::DeploymentKey;
pub use origin::{Origin, OriginPattern};
pub use prechat::{PrechatAnswers, PrechatField, PrechatType, check_answers};
pub use rule::{Rule, RuleCondition, RuleEffect};
pub use settings::{
    AnswerMode, AnswerSettings, BotSettings, HandoffHours, HandoffSettings, IdentitySettings,
    QuickReplies,
};
pub use template::BotTemplate;
pub use texts::{BotText, WidgetTexts};
pub use update::BotUpdate;
pub use widget::{MAX_WIDGET_BYTES, WidgetConfig, snippet};

/// A chatbot with its draft.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Bot {
    pub id: BotId,
    pub settings: BotSettings,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    /// A deleted bot is not found any more. Its conversations stay.
    #[serde(default)]
    pub deleted_at: Option<Timestamp>,
    pub version: u64,
}

impl Bot {
    pub fn new(id: BotId, settings: BotSettings, now: Timestamp) -> Result<Self> {
        Ok(Self {
            id,
            settings: settings.validated()?,
            created_at: now,
            updated_at: now,
            deleted_at: None,
            version: 1,
        })
    }

    /// Replaces the draft if the admin saw the current version. The same settings again are accepted with any version,
    /// because a lost answer is retried.
    pub fn with_update(&self, update: BotUpdate, now: Timestamp) -> Result<Self> {
        let settings = update.settings.validated()?;
        if settings == self.settings && self.deleted_at.is_none() {
            return Ok(self.clone());
        }
        self.require(update.version)?;
        Ok(Self {
            settings,
            updated_at: now,
            version: self.version + 1,
            ..self.clone()
        })
    }

    /// Deletes the bot. Again, nothing changes.
    pub fn deleted(&self, now: Timestamp) -> Self {
        if self.deleted_at.is_some() {
            return self.clone();
        }
        Self {
            deleted_at: Some(now),
            updated_at: now,
            version: self.version + 1,
            ..self.clone()
        }
    }

    /// Checks that the bot exists and has the version that the caller saw.
    fn require(&self, version: u64) -> Result<()> {
        if self.deleted_at.is_some() {
            return Err(Error::not_found("chatbot"));
        }
        if version != self.version {
            let message = "The chatbot has been changed meanwhile.";
            return Err(Error::conflict("changed_meanwhile", message));
        }
        Ok(())
    }
}

#[cfg(test)]
mod deployment_tests;
#[cfg(test)]
pub(crate) mod tests;
