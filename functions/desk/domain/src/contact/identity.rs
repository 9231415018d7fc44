//! Identities that a site's server vouches for. The caller verifies the token's signature.

use std::time::Duration;

use confab_core::{Error, Private, Result, Timestamp, after, length};
use serde::{Deserialize, Serialize};

use super::{Contact, parse_name};
use crate::{BotId, EmailAddress, VisitorId, digest::sha256_hex, text::clean_line};

/// How long a token may be valid.
pub const MAX_IDENTITY_TTL: Duration = Duration::from_secs(24 * 3_600);
/// How far the clock of a site may differ from ours.
const CLOCK_SKEW: Duration = Duration::from_secs(60);
const MAX_SUBJECT_CHARS: usize = 128;

/// The claims of an identity token. Sites may add claims of their own.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct IdentityClaims {
    pub sub: Private<String>,
    #[serde(default)]
    pub email: Option<Private<String>>,
    #[serde(default)]
    pub name: Option<Private<String>>,
    /// Seconds since 1970.
    pub exp: i64,
}

/// An identity whose token has been checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedIdentity {
    pub subject: Private<String>,
    pub email: Option<EmailAddress>,
    pub name: Option<Private<String>>,
}

/// Leads from an external id to a contact. Its hash is the key of a row.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ContactAlias(String);

impl ContactAlias {
    fn of(kind: &str, bot: BotId, value: &str) -> Self {
        Self(sha256_hex(format!("{kind}\n{bot}\n{value}")))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl IdentityClaims {
    /// Parses the payload of a token whose signature was verified.
    pub fn parse(payload: &[u8]) -> Result<Self> {
        // serde's error may quote personal data.
        serde_json::from_slice(payload)
            .map_err(|_| refused("The identity token has no valid claims."))
    }

    /// Checks the times and the form of the claims.
    pub fn verified(&self, now: Timestamp) -> Result<VerifiedIdentity> {
        let expires_at = Timestamp::from_second(self.exp);
        let expires_at =
            expires_at.map_err(|_| refused("The identity token's exp is not a time."))?;
        if after(expires_at, CLOCK_SKEW) <= now {
            return Err(refused("The identity token has expired."));
        }
        if expires_at > after(after(now, MAX_IDENTITY_TTL), CLOCK_SKEW) {
            return Err(refused(
                "An identity token can be valid for at most 24 hours.",
            ));
        }
        let subject = self.sub.as_str();
        // An id that cleaning would change could collide with another one.
        if !(1..=MAX_SUBJECT_CHARS).contains(&length(subject)) || clean_line(subject) != subject {
            return Err(refused(
                "The identity token's sub has 1 to 128 visible characters.",
            ));
        }
        let email = self
            .email
            .as_ref()
            .filter(|email| !email.as_str().is_empty());
        let email = email
            .map(|email| EmailAddress::parse(email.as_str()))
            .transpose();
        let name = self
            .name
            .as_ref()
            .map(|name| parse_name(name.as_str()))
            .transpose();
        Ok(VerifiedIdentity {
            subject: self.sub.clone(),
            email: email.map_err(|_| refused("The identity token's email is not an address."))?,
            name: name
                .map_err(|_| refused("The identity token's name is too long."))?
                .flatten(),
        })
    }
}

fn refused(message: &'static str) -> Error {
    Error::new(confab_core::Kind::Unauthenticated, "bad_identity", message)
}

impl VerifiedIdentity {
    /// The key under which the contact of a bot's visitor is found. Another bot may stand on another site, where the same
    /// id is another person's. Email addresses change owners, so they identify no contact.
    pub fn alias(&self, bot: BotId) -> ContactAlias {
        ContactAlias::of("sub", bot, self.subject.as_str())
    }
}

/// The contact of a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IdentificationOutcome {
    /// The session goes on as a contact that exists.
    Known(Contact),
    /// The contact is created, for a verified identity together with its alias.
    Created(Contact),
}

impl IdentificationOutcome {
    pub fn contact(&self) -> &Contact {
        match self {
            Self::Known(contact) | Self::Created(contact) => contact,
        }
    }
}

/// Finds the contact of a verified identity. The device's unverified history stays apart: it may be another person's
/// who used the device before. An agent may merge it.
pub fn identify_contact(
    known: Option<&Contact>,
    identity: &VerifiedIdentity,
    new_id: VisitorId,
    now: Timestamp,
) -> IdentificationOutcome {
    let known = known.filter(|contact| contact.is_verified);
    let before = known.cloned().unwrap_or_else(|| Contact {
        is_verified: true,
        subject: Some(identity.subject.clone()),
        ..Contact::unverified(new_id, now)
    });
    let mut contact = before.clone();
    contact.last_seen_at = before.with_visit(now).last_seen_at;
    contact.email = identity.email.clone().or(contact.email);
    contact.name = identity.name.clone().or(contact.name);
    if known.is_none() {
        return IdentificationOutcome::Created(contact);
    }
    IdentificationOutcome::Known(contact.with_next_version_after(&before))
}

/// Returns the contact with which a session without an identity goes on. `known` is that of the visitor's token. A
/// verified contact is never touched: its history is for sessions with an identity.
pub fn resume_contact(
    known: Option<&Contact>,
    new_id: VisitorId,
    now: Timestamp,
) -> IdentificationOutcome {
    match known.filter(|contact| !contact.is_verified) {
        Some(contact) => IdentificationOutcome::Known(contact.with_visit(now)),
        None => IdentificationOutcome::Created(Contact::unverified(new_id, now)),
    }
}
