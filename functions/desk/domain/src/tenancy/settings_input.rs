//! The body of `PUT /tenants/{id}`, and its bounds.

use std::collections::BTreeSet;

use confab_core::{Error, Result, length};
use serde::Deserialize;

use super::settings::{
    AiBudget, Branding, MAX_TENANT_NAME_CHARS, Privacy, Security, TenantSettings,
};
use crate::{
    Color, IpRange, LanguageTag, LoginMethod, TimeZoneName,
    text::{parse_name, parse_paragraphs},
};

const MIN_RETENTION_DAYS: u16 = 30;
const MAX_RETENTION_DAYS: u16 = 3_650;
const MAX_CONSENT_CHARS: usize = 1_000;
const MAX_SESSION_HOURS: u16 = 30 * 24;
const MAX_IP_RANGES: usize = 50;
const MAX_URL_CHARS: usize = 500;
/// A million dollars: beyond, it is a typing error.
const MAX_BUDGET_MICROS: u64 = 1_000_000_000_000;

/// The whole object, with the version that it was made from.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "contract", derive(ts_rs::TS, utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct TenantSettingsInput {
    pub version: u64,
    pub name: String,
    pub locale: String,
    pub timezone: String,
    pub branding: BrandingInput,
    pub privacy: PrivacyInput,
    pub security: SecurityInput,
    pub ai: AiBudget,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[cfg_attr(
    feature = "contract",
    derive(ts_rs::TS, utoipa::ToSchema),
    ts(optional_fields = nullable)
)]
#[serde(deny_unknown_fields)]
pub struct BrandingInput {
    #[serde(default)]
    pub color: Option<String>,
    #[serde(default)]
    pub logo_url: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[cfg_attr(
    feature = "contract",
    derive(ts_rs::TS, utoipa::ToSchema),
    ts(optional_fields = nullable)
)]
#[serde(deny_unknown_fields)]
pub struct PrivacyInput {
    pub retention_days: u16,
    pub mask_ip: bool,
    #[serde(default)]
    pub consent_text: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[cfg_attr(
    feature = "contract",
    derive(ts_rs::TS, utoipa::ToSchema),
    ts(optional_fields)
)]
#[serde(deny_unknown_fields)]
pub struct SecurityInput {
    pub mfa_required: bool,
    pub session_hours: u16,
    pub methods: BTreeSet<LoginMethod>,
    #[serde(default)]
    #[cfg_attr(feature = "contract", ts(as = "Option<Vec<String>>"))]
    pub ip_allow: Vec<String>,
}

impl TenantSettingsInput {
    /// Checks every bound that needs no plan. The result has the version of the request.
    pub fn parse(&self) -> Result<TenantSettings> {
        if self.ai.budget_micros > MAX_BUDGET_MICROS {
            return Err(Error::invalid("bad_budget", "The AI budget is too large."));
        }
        Ok(TenantSettings {
            version: self.version,
            name: parse_name(&self.name, MAX_TENANT_NAME_CHARS)?,
            locale: LanguageTag::parse(&self.locale)?,
            timezone: TimeZoneName::parse(&self.timezone)?,
            branding: self.branding.parse()?,
            privacy: self.privacy.parse()?,
            security: self.security.parse()?,
            ai: self.ai,
        })
    }
}

impl BrandingInput {
    fn parse(&self) -> Result<Branding> {
        let color = self.color.as_deref().map(|color| {
            let message = "A color such as #1a73e8 is expected.";
            Color::parse(color).ok_or_else(|| Error::invalid("bad_color", message))
        });
        if !self.logo_url.as_deref().is_none_or(is_https_url) {
            let message = "The address of the logo begins with https://.";
            return Err(Error::invalid("bad_logo_url", message));
        }
        Ok(Branding {
            color: color.transpose()?,
            logo_url: self.logo_url.clone(),
        })
    }
}

/// Accepts what is safe in an attribute and in a style. The address is shown and never fetched by us.
fn is_https_url(text: &str) -> bool {
    let rest = text.strip_prefix("https://").unwrap_or_default();
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let is_safe = |byte: u8| byte.is_ascii_graphic() && !b"\"'()<>\\`".contains(&byte);
    length(text) <= MAX_URL_CHARS
        && host.contains('.')
        && !host.contains('@')
        && text.bytes().all(is_safe)
}

impl PrivacyInput {
    fn parse(&self) -> Result<Privacy> {
        if !(MIN_RETENTION_DAYS..=MAX_RETENTION_DAYS).contains(&self.retention_days) {
            let message = format!(
                "Conversations are kept for {MIN_RETENTION_DAYS} to {MAX_RETENTION_DAYS} days."
            );
            return Err(Error::invalid("bad_retention", message));
        }
        let consent = self.consent_text.as_deref().unwrap_or_default();
        Ok(Privacy {
            retention_days: self.retention_days,
            mask_ip: self.mask_ip,
            consent_text: parse_paragraphs(consent, MAX_CONSENT_CHARS)?,
        })
    }
}

impl SecurityInput {
    fn parse(&self) -> Result<Security> {
        if !(1..=MAX_SESSION_HOURS).contains(&self.session_hours) {
            let message = format!("A session lasts 1 to {MAX_SESSION_HOURS} hours.");
            return Err(Error::invalid("bad_session_hours", message));
        }
        if self.methods.is_empty() {
            let message = "Choose at least one way to sign in.";
            return Err(Error::invalid("bad_methods", message));
        }
        Ok(Security {
            mfa_required: self.mfa_required,
            session_hours: self.session_hours,
            methods: self.methods.clone(),
            ip_allow: self.ranges()?,
        })
    }

    fn ranges(&self) -> Result<BTreeSet<IpRange>> {
        let refused = || {
            let message =
                format!("List at most {MAX_IP_RANGES} addresses or ranges such as 203.0.113.0/24.");
            Error::invalid("bad_ip_allow", message)
        };
        if self.ip_allow.len() > MAX_IP_RANGES {
            return Err(refused());
        }
        let ranges = self.ip_allow.iter().map(|text| text.parse());
        ranges.collect::<Result<_, _>>().map_err(|_| refused())
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in super::super) fn input() -> TenantSettingsInput {
        serde_json::from_value(serde_json::json!({
            "version": 1, "name": "Flowers", "locale": "en", "timezone": "UTC",
            "branding": { "color": null },
            "privacy": { "retention_days": 30, "mask_ip": true },
            "security": { "mfa_required": false, "session_hours": 720, "methods": ["password"] },
            "ai": { "budget_micros": 0, "on_budget": "handoff" },
        }))
        .unwrap()
    }

    fn code(change: impl FnOnce(&mut TenantSettingsInput)) -> String {
        let mut input = input();
        change(&mut input);
        match input.parse() {
            Ok(_) => "accepted".to_owned(),
            Err(error) => error.code().to_owned(),
        }
    }

    #[test]
    fn settings_of_a_new_tenant_are_valid() {
        let new = TenantSettings::new("Flowers".into(), LanguageTag::english());
        assert_eq!(input().parse().unwrap(), new);
        let json = serde_json::to_value(&new).unwrap();
        assert_eq!(serde_json::from_value::<TenantSettings>(json).unwrap(), new);
    }

    #[test]
    fn values_out_of_bounds_are_refused_with_a_code_of_their_field() {
        assert_eq!(code(|i| i.name = " ".into()), "bad_name");
        assert_eq!(code(|i| i.name = "x".repeat(81)), "bad_name");
        assert_eq!(code(|i| i.locale = "english".into()), "bad_language");
        assert_eq!(code(|i| i.timezone = "Mars".into()), "bad_timezone");
        assert_eq!(
            code(|i| i.ai.budget_micros = MAX_BUDGET_MICROS + 1),
            "bad_budget"
        );
        for (days, expected) in [
            (29, "bad_retention"),
            (30, "accepted"),
            (3_650, "accepted"),
            (3_651, "bad_retention"),
        ] {
            assert_eq!(
                code(|i| i.privacy.retention_days = days),
                expected,
                "{days}"
            );
        }
        assert_eq!(
            code(|i| i.privacy.consent_text = Some("x".repeat(1_001))),
            "text_too_long"
        );
        for (hours, expected) in [
            (0, "bad_session_hours"),
            (1, "accepted"),
            (720, "accepted"),
            (721, "bad_session_hours"),
        ] {
            assert_eq!(
                code(|i| i.security.session_hours = hours),
                expected,
                "{hours}"
            );
        }
        assert_eq!(code(|i| i.security.methods.clear()), "bad_methods");
        assert_eq!(
            code(|i| i.security.ip_allow = vec!["office".into()]),
            "bad_ip_allow"
        );
        assert_eq!(
            code(|i| i.security.ip_allow = vec!["::1".into(); 51]),
            "bad_ip_allow"
        );
    }

    #[test]
    fn branding_is_a_color_and_an_https_address() {
        for (color, expected) in [
            ("#1A73e8", "accepted"),
            ("1a73e8", "bad_color"),
            ("#1a73e", "bad_color"),
            ("red", "bad_color"),
        ] {
            assert_eq!(
                code(|i| i.branding.color = Some(color.into())),
                expected,
                "{color}"
            );
        }
        for url in [
            "https://cdn.example.com/logo.png?v=2#a",
            "https://example.com",
        ] {
            assert_eq!(
                code(|i| i.branding.logo_url = Some(url.into())),
                "accepted",
                "{url}"
            );
        }
        for url in [
            "",
            "http://example.com",
            "https://",
            "https://localhost/a",
            "javascript:alert(1)//.",
            "https://a@b.com/",
            "https://example.com/\"onload=",
            "https://example.com/a b",
            "https://example.com/a)",
            &format!("https://example.com/{}", "x".repeat(500)),
        ] {
            assert_eq!(
                code(|i| i.branding.logo_url = Some(url.into())),
                "bad_logo_url",
                "{url}"
            );
        }
    }

    #[test]
    fn unknown_fields_and_ways_to_sign_in_are_refused() {
        let json = r#"{"retention_days":30,"mask_ip":true,"sell":true}"#;
        assert!(serde_json::from_str::<PrivacyInput>(json).is_err());
        let json = r#"{"mfa_required":true,"session_hours":1,"methods":["smoke"]}"#;
        assert!(serde_json::from_str::<SecurityInput>(json).is_err());
    }
}
