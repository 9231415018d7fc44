//! Addresses of mails, as far as SES reads them.

use std::fmt;

/// The address of `Name <local@domain>`, or of `local@domain` alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Address<'a> {
    local: &'a str,
    pub(crate) domain: &'a str,
}

impl<'a> Address<'a> {
    /// Fails with the message of SES. It takes no addresses outside ASCII.
    pub(crate) fn parse(text: &'a str) -> Result<Self, &'static str> {
        let text = text.trim();
        if text.contains(char::is_control) {
            return Err("Address contains control characters");
        }
        let address = match text.rsplit_once('<') {
            Some((_, rest)) => rest.strip_suffix('>').ok_or("Missing '>'")?,
            None => text,
        };
        let (local, domain) = address.rsplit_once('@').ok_or("Missing final '@domain'")?;
        if local.is_empty() {
            return Err("User name is missing");
        }
        let is_plain = |c: char| c.is_ascii_graphic() && !"()<>[]:;,\\\"@".contains(c);
        if !local.chars().all(is_plain) {
            return Err("Local address contains control or whitespace");
        }
        let is_label = |label: &str| {
            let is_letter = |c: char| c.is_ascii_alphanumeric() || c == '-';
            !label.is_empty() && label.chars().all(is_letter)
        };
        if !domain.contains('.') || !domain.split('.').all(is_label) {
            return Err("Domain contains illegal character");
        }
        Ok(Self { local, domain })
    }
}

impl fmt::Display for Address<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.local, self.domain)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_found_behind_names() {
        for text in [
            "dana@shop.example",
            " Dana Levi <dana@shop.example> ",
            "\"D <x\" <dana@shop.example>",
        ] {
            assert_eq!(
                Address::parse(text).unwrap().to_string(),
                "dana@shop.example"
            );
        }
    }

    #[test]
    fn malformed_addresses_are_refused() {
        for text in [
            "",
            "dana",
            "@shop.example",
            "dana@",
            "dana@shop",
            "dana@shop..example",
            "da na@shop.example",
            "dana@shop.example\r\nBcc: eve@evil.example",
            "Dana\r\nBcc: eve@evil.example <dana@shop.example>",
            "dana@shop.example, eve@evil.example",
            "dana@shop.example>",
            "Dana <dana@shop.example",
            "דנה@shop.example",
            "dana@חנות.example",
        ] {
            assert!(Address::parse(text).is_err(), "{text}");
        }
    }
}
