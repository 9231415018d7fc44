//! Sites that may embed a bot.
//!
//! A pattern is an exact origin, or `https://*.example.com`, which stands for one label. The public suffix list is not
//! known here: `https://*.co.uk` is the admin's mistake.

use std::fmt;

use serde::{Deserialize, Serialize};

const MAX_HOST_BYTES: usize = 253;
const WILDCARD: &str = "*.";

/// A web origin: scheme, host and port. Browsers send it with each request across sites.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Origin {
    is_https: bool,
    /// In lower case; an IPv6 address has its brackets.
    host: String,
    port: u16,
}

impl Origin {
    /// Parses an `Origin` header. `null` and anything with a path or a user is none.
    pub fn parse(text: &str) -> Option<Self> {
        let (is_https, rest) = match text.split_once("://")? {
            (scheme, rest) if scheme.eq_ignore_ascii_case("https") => (true, rest),
            (scheme, rest) if scheme.eq_ignore_ascii_case("http") => (false, rest),
            _ => return None,
        };
        let default_port = if is_https { 443 } else { 80 };
        let is_in_brackets = rest.starts_with('[');
        let (host, port) = match rest.rsplit_once(':') {
            Some((host, port)) if !is_in_brackets || host.ends_with(']') => (host, Some(port)),
            _ => (rest, None),
        };
        let port = port.map_or(Some(default_port), parse_port)?;
        let host = host.to_ascii_lowercase();
        is_host(&host).then_some(Self {
            is_https,
            host,
            port,
        })
    }

    /// Whether the origin is this computer, for tests of a site.
    fn is_loopback(&self) -> bool {
        matches!(self.host.as_str(), "localhost" | "127.0.0.1" | "[::1]")
    }
}

fn parse_port(text: &str) -> Option<u16> {
    let is_plain = !text.starts_with('0') && text.bytes().all(|b| b.is_ascii_digit());
    text.parse().ok().filter(|_| is_plain)
}

/// International names come as `xn--` labels: browsers send them so.
fn is_host(host: &str) -> bool {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    host == "[::1]" || (host.len() <= MAX_HOST_BYTES && host.split('.').all(is_label))
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scheme, default_port) = if self.is_https {
            ("https", 443)
        } else {
            ("http", 80)
        };
        write!(f, "{scheme}://{}", self.host)?;
        if self.port == default_port {
            Ok(())
        } else {
            write!(f, ":{}", self.port)
        }
    }
}

/// An entry of a bot's list of origins.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct OriginPattern {
    origin: Origin,
    /// One label stands before the host.
    is_wildcard: bool,
}

#[cfg(feature = "contract")]
confab_core::describe_as_string!(OriginPattern, "^[a-z]+://");

impl OriginPattern {
    /// Parses an entry. Only this computer may be without HTTPS, and a wildcard stands before at least two labels.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let text = text.strip_suffix('/').unwrap_or(text);
        let (scheme, rest) = text.split_once("://")?;
        let wildcard = rest.strip_prefix(WILDCARD);
        let origin = Origin::parse(&format!("{scheme}://{}", wildcard.unwrap_or(rest)))?;
        let pattern = Self {
            is_wildcard: wildcard.is_some(),
            origin,
        };
        let has_two_labels = pattern.origin.host.contains('.');
        let is_address = pattern
            .origin
            .host
            .split('.')
            .all(|label| label.parse::<u8>().is_ok());
        let is_wildcard_allowed = has_two_labels && !is_address && pattern.origin.is_https;
        let is_safe = pattern.origin.is_https || pattern.origin.is_loopback();
        (is_safe && (!pattern.is_wildcard || is_wildcard_allowed)).then_some(pattern)
    }

    /// Whether a site may embed the bot: scheme, port and each label of the host agree.
    pub fn matches(&self, site: &Origin) -> bool {
        if self.origin.is_https != site.is_https || self.origin.port != site.port {
            return false;
        }
        if !self.is_wildcard {
            return self.origin.host == site.host;
        }
        let label_and_host = site.host.split_once('.');
        label_and_host.is_some_and(|(_, host)| host == self.origin.host)
    }
}

impl fmt::Display for OriginPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.origin.to_string();
        match text.split_once("://") {
            Some((scheme, rest)) if self.is_wildcard => write!(f, "{scheme}://{WILDCARD}{rest}"),
            _ => f.write_str(&text),
        }
    }
}

impl TryFrom<String> for OriginPattern {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, &'static str> {
        Self::parse(&text)
            .ok_or("an origin such as https://shop.example or https://*.shop.example is expected")
    }
}

impl From<OriginPattern> for String {
    fn from(pattern: OriginPattern) -> Self {
        pattern.to_string()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn matches(pattern: &str, site: &str) -> bool {
        let pattern = OriginPattern::parse(pattern).unwrap();
        Origin::parse(site).is_some_and(|site| pattern.matches(&site))
    }

    #[test]
    fn exact_origins_match_scheme_host_and_port() {
        for (pattern, site) in [
            ("https://shop.example", "https://shop.example"),
            ("https://Shop.Example/", "https://shop.example"),
            ("https://shop.example:443", "https://shop.example"),
            ("https://shop.example:8443", "https://shop.example:8443"),
            (
                "https://xn--bcher-kva.example",
                "https://xn--bcher-kva.example",
            ),
            ("http://localhost:3000", "http://localhost:3000"),
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
            ("http://[::1]:8080", "http://[::1]:8080"),
        ] {
            assert!(matches(pattern, site), "{pattern} {site}");
        }
        for site in [
            "http://shop.example",
            "https://shop.example:8443",
            "https://www.shop.example",
            "https://shop.example.evil.example",
            "https://evilshop.example",
            "https://shop.example.",
            "https://shop.example/path",
            "https://user@shop.example",
            "https://shop.example\n",
            "https://shop.example:0443",
            "null",
            "",
        ] {
            assert!(!matches("https://shop.example", site), "{site:?}");
        }
    }

    #[test]
    fn wildcard_stands_for_exactly_one_label() {
        assert!(matches(
            "https://*.shop.example",
            "https://www.shop.example"
        ));
        assert!(matches(
            "https://*.shop.example:8443",
            "https://www.shop.example:8443"
        ));
        for site in [
            "https://shop.example",
            "https://a.b.shop.example",
            "https://evilshop.example",
            "http://www.shop.example",
            "https://www.shop.example:8443",
            "https://.shop.example",
            "https://*.shop.example",
        ] {
            assert!(!matches("https://*.shop.example", site), "{site}");
        }
    }

    #[test]
    fn patterns_that_are_too_wide_or_unsafe_are_refused() {
        for text in [
            "*",
            "https://*",
            "https://*.com",
            "https://*.*.example",
            "https://a.*.example",
            "https://*shop.example",
            "https://*.127.0.0.1",
            "http://shop.example",
            "http://*.shop.example",
            "http://localhost.evil.example",
            "http://127.0.0.2",
            "ftp://shop.example",
            "shop.example",
            "https://shop.example/page",
            "https://shop.example:0",
            "https://shop.example:65536",
            "https://shop.example:",
            "https://bücher.example",
            "https://",
            "https://-shop.example",
            "https://[::2]",
            "javascript://localhost",
        ] {
            assert_eq!(OriginPattern::parse(text), None, "{text}");
        }
    }

    #[test]
    fn patterns_are_written_without_default_ports() {
        for (text, written) in [
            ("HTTPS://*.Shop.example:443/", "https://*.shop.example"),
            ("http://localhost:80", "http://localhost"),
            ("http://[::1]:8080", "http://[::1]:8080"),
        ] {
            let pattern = OriginPattern::parse(text).unwrap();
            assert_eq!(pattern.to_string(), written);
            assert_eq!(OriginPattern::parse(written), Some(pattern));
        }
    }

    proptest! {
        #[test]
        fn parsers_never_panic(text in "(https?://)?[\\PC]{0,40}") {
            if let Some(origin) = Origin::parse(&text) {
                prop_assert_eq!(Origin::parse(&origin.to_string()), Some(origin));
            }
            if let Some(pattern) = OriginPattern::parse(&text) {
                prop_assert_eq!(OriginPattern::parse(&pattern.to_string()), Some(pattern));
            }
        }
    }
}
