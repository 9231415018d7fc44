//! The configuration that a widget loads. It is public: no instructions, rules, words or origins.

use std::collections::BTreeMap;

use confab_core::{Error, Kind, Result};
use serde::Serialize;

use super::{Deployment, DeploymentKey, LauncherIcon, Position, PrechatField, Theme, WidgetTexts};
use crate::{AvatarId, BotId, LanguageTag, digest::sha256_hex};

pub const MAX_WIDGET_BYTES: usize = 8 * 1024;
/// Letters of the hash in an ETag.
const ETAG_LETTERS: usize = 32;

#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "contract", derive(ts_rs::TS, utoipa::ToSchema))]
pub struct WidgetConfig<'a> {
    pub bot_id: BotId,
    pub number: u32,
    pub name: &'a str,
    pub languages: &'a [LanguageTag],
    pub theme: Theme,
    pub position: Position,
    pub launcher: LauncherIcon,
    pub strings: &'a BTreeMap<LanguageTag, WidgetTexts>,
    pub prechat: &'a [PrechatField],
    pub quick_replies: &'a [String],
    pub asks_csat: bool,
    pub requires_identity: bool,
    pub avatar_id: Option<AvatarId>,
    /// The tenant is read-only: the widget says that the team is away, and opens no session.
    pub is_away: bool,
}

impl<'a> WidgetConfig<'a> {
    pub fn of(deployment: &'a Deployment) -> Self {
        let settings = &deployment.settings;
        Self {
            bot_id: deployment.bot_id,
            number: deployment.number,
            name: &settings.name,
            languages: &settings.languages,
            theme: Theme::of(settings.appearance.color),
            position: settings.appearance.position,
            launcher: settings.appearance.launcher,
            strings: &settings.appearance.strings,
            prechat: &settings.prechat,
            quick_replies: &settings.quick_replies.opening,
            asks_csat: settings.csat,
            requires_identity: settings.identity.required,
            avatar_id: settings.avatar_id,
            is_away: false,
        }
    }

    #[must_use]
    pub fn with_away(mut self, is_away: bool) -> Self {
        self.is_away = is_away;
        self
    }

    /// Renders the body of the answer.
    pub fn render(&self) -> Result<Vec<u8>> {
        let body = serde_json::to_vec(self).map_err(|e| Error::internal("render_failed", e))?;
        if body.len() > MAX_WIDGET_BYTES {
            let message =
                "The widget's texts, form and quick replies have more than 8 KB together.";
            return Err(Error::new(Kind::Unprocessable, "widget_too_large", message));
        }
        Ok(body)
    }

    /// Returns the ETag of a rendered body, with its quotes.
    pub fn etag(body: &[u8]) -> String {
        let mut hash = sha256_hex(body);
        hash.truncate(ETAG_LETTERS);
        format!("\"{hash}\"")
    }
}

/// Returns what an admin pastes into a page. `base` is the address that serves the loader.
pub fn snippet(base: &str, key: &DeploymentKey) -> String {
    format!(r#"<script async src="{base}/w.js" data-key="{key}"></script>"#)
}
