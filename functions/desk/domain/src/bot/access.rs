//! Which sites may embed a bot, and which visitors may chat with it.

use confab_core::{Error, Kind, Result};

use super::{BotSettings, Origin, OriginPattern};

impl BotSettings {
    /// Checks the `Origin` header of the page that asks for the widget. A page without one is no site.
    pub fn authorize_origin(&self, origin: Option<&str>) -> Result<()> {
        let site = origin.and_then(Origin::parse);
        let is_allowed =
            site.is_some_and(|site| self.origins.iter().any(|pattern| pattern.matches(&site)));
        if is_allowed {
            return Ok(());
        }
        let message = "This chatbot does not run on this site.";
        Err(Error::new(Kind::Forbidden, "origin_not_allowed", message))
    }

    /// Returns the sources of the directive `frame-ancestors`. A wildcard stands for more labels there than here, so
    /// the check of the origin decides.
    pub fn frame_ancestors(&self) -> String {
        if self.origins.is_empty() {
            return "'none'".to_owned();
        }
        let origins: Vec<_> = self.origins.iter().map(OriginPattern::to_string).collect();
        origins.join(" ")
    }

    /// Checks that a visitor may start or go on, before a form is taken.
    pub fn authorize_visitor(&self, is_verified: bool) -> Result<()> {
        if is_verified || !self.identity.required {
            return Ok(());
        }
        let message = "Sign in on this site to chat.";
        Err(Error::new(Kind::Forbidden, "identity_required", message))
    }
}

#[cfg(test)]
mod tests {
    use crate::bot::{OriginPattern, tests::settings};

    #[test]
    fn widget_runs_on_listed_sites_only() {
        let mut settings = settings();
        settings
            .origins
            .extend(OriginPattern::parse("https://*.shop.example"));
        for site in ["https://shop.example", "https://www.shop.example"] {
            assert!(settings.authorize_origin(Some(site)).is_ok(), "{site}");
        }
        for site in [
            None,
            Some("null"),
            Some("https://evil.example"),
            Some("https://a.b.shop.example"),
        ] {
            assert_eq!(
                settings.authorize_origin(site).unwrap_err().code(),
                "origin_not_allowed"
            );
        }
        assert_eq!(
            settings.frame_ancestors(),
            "https://shop.example https://*.shop.example"
        );
        settings.origins.clear();
        assert_eq!(settings.frame_ancestors(), "'none'");
        assert!(
            settings
                .authorize_origin(Some("https://shop.example"))
                .is_err()
        );
    }

    #[test]
    fn bots_that_require_an_identity_refuse_unverified_visitors() {
        let mut settings = settings();
        assert!(settings.authorize_visitor(false).is_ok());
        settings.identity.required = true;
        assert_eq!(
            settings.authorize_visitor(false).unwrap_err().code(),
            "identity_required"
        );
        assert!(settings.authorize_visitor(true).is_ok());
    }
}
