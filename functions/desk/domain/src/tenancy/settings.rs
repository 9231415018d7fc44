//! The settings of a tenant, under a version of their own.

use core::net::IpAddr;
use std::{collections::BTreeSet, time::Duration};

use serde::{Deserialize, Serialize};

use super::entitlements::Entitlements;
use crate::{Color, IpRange, LanguageTag, LoginMethod, TimeZoneName};

/// Retention that every plan includes, in days.
const DEFAULT_RETENTION_DAYS: u16 = 30;
pub(crate) const MAX_TENANT_NAME_CHARS: usize = 80;
const DEFAULT_SESSION_HOURS: u16 = 30 * 24;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TenantSettings {
    /// Grows by one with each change.
    pub version: u64,
    pub name: String,
    pub locale: LanguageTag,
    pub timezone: TimeZoneName,
    #[serde(default)]
    pub branding: Branding,
    #[serde(default)]
    pub privacy: Privacy,
    #[serde(default)]
    pub security: Security,
    #[serde(default)]
    pub ai: AiBudget,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "contract", derive(ts_rs::TS, utoipa::ToSchema))]
pub struct Branding {
    pub color: Option<Color>,
    /// An `https` address.
    pub logo_url: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "contract", derive(ts_rs::TS, utoipa::ToSchema))]
pub struct Privacy {
    pub retention_days: u16,
    /// Whether addresses of visitors are stored without their last part.
    pub mask_ip: bool,
    /// Visitors agree to it before they write; `None` asks nothing.
    pub consent_text: Option<String>,
}

impl Default for Privacy {
    fn default() -> Self {
        Self {
            retention_days: DEFAULT_RETENTION_DAYS,
            mask_ip: true,
            consent_text: None,
        }
    }
}

impl Privacy {
    /// Returns the retention that holds. After a downgrade it is that of the plan.
    pub fn effective_retention_days(&self, entitlements: &Entitlements) -> u16 {
        self.retention_days.min(entitlements.max_retention_days)
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "contract", derive(ts_rs::TS, utoipa::ToSchema))]
pub struct Security {
    /// Whether a second factor is asked for.
    pub mfa_required: bool,
    /// Hours from a sign-in to the next one.
    pub session_hours: u16,
    /// How members sign in.
    pub methods: BTreeSet<LoginMethod>,
    /// The addresses from which members may work; none is all of them.
    pub ip_allow: BTreeSet<IpRange>,
}

impl Default for Security {
    fn default() -> Self {
        Self {
            mfa_required: false,
            session_hours: DEFAULT_SESSION_HOURS,
            methods: [LoginMethod::Password].into(),
            ip_allow: BTreeSet::new(),
        }
    }
}

impl Security {
    /// Returns whether a member may work from an address. An unknown one is refused if there is a list.
    pub fn allows_source(&self, source: Option<IpAddr>) -> bool {
        let is_listed = |ip: IpAddr| self.ip_allow.iter().any(|range| range.contains(ip));
        self.ip_allow.is_empty() || source.is_some_and(is_listed)
    }

    pub fn session_length(&self) -> Duration {
        Duration::from_secs(u64::from(self.session_hours) * 3_600)
    }
}

/// What bots do when the AI budget is spent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "contract", derive(ts_rs::TS, utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum OnBudget {
    #[default]
    Handoff,
    /// Shows passages of documents, without a model.
    Extract,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "contract", derive(ts_rs::TS, utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct AiBudget {
    /// Micro-dollars a month.
    pub budget_micros: u64,
    pub on_budget: OnBudget,
}

impl TenantSettings {
    /// Returns the settings of a new tenant.
    pub fn new(name: String, locale: LanguageTag) -> Self {
        Self {
            version: 1,
            name,
            locale,
            timezone: TimeZoneName::default(),
            branding: Branding::default(),
            privacy: Privacy::default(),
            security: Security::default(),
            ai: AiBudget::default(),
        }
    }
}
