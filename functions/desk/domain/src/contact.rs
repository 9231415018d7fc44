//! Visitors of sites, whom agents see as contacts, and who may see which history.

mod identity;
mod merge;

use std::{collections::BTreeSet, time::Duration};

use confab_core::{Error, Private, Result, Timestamp, after};
use serde::{Deserialize, Serialize};

use crate::{
    EmailAddress, LanguageTag, VisitorId,
    phrases::fits_query,
    text::{clean_line, parse_optional_name},
};

pub use identity::{
    ContactAlias, IdentificationOutcome, IdentityClaims, MAX_IDENTITY_TTL, VerifiedIdentity,
    identify_contact, resume_contact,
};
pub use merge::{ContactMerge, MAX_MERGED_VISITORS, merge_contacts};

pub(crate) const MAX_NAME_CHARS: usize = 80;
const MAX_PHONE_CHARS: usize = 32;
/// Visits move `last_seen_at` at most once in this time, so that most of them write nothing.
const VISIT_STEP: Duration = Duration::from_secs(3_600);

/// A visitor. `is_verified` says that the site's server has vouched for the identity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "contract", derive(ts_rs::TS, utoipa::ToSchema))]
pub struct Contact {
    pub id: VisitorId,
    pub created_at: Timestamp,
    pub last_seen_at: Timestamp,
    pub is_verified: bool,
    /// The site's id of the person, once verified.
    #[serde(default)]
    pub subject: Option<Private<String>>,
    #[serde(default)]
    pub name: Option<Private<String>>,
    #[serde(default)]
    pub email: Option<EmailAddress>,
    #[serde(default)]
    pub phone: Option<Private<String>>,
    #[serde(default)]
    pub language: Option<LanguageTag>,
    /// Visitors whose history agents have joined to this one.
    #[serde(default)]
    pub merged: BTreeSet<VisitorId>,
    /// The contact that this one was merged into.
    #[serde(default)]
    pub merged_into: Option<VisitorId>,
    #[serde(default)]
    pub blocked_at: Option<Timestamp>,
    pub version: u64,
}

/// What an agent changes about a contact; what is absent stays, and an empty text removes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(
    feature = "contract",
    derive(ts_rs::TS, utoipa::ToSchema),
    ts(optional_fields)
)]
#[serde(deny_unknown_fields, default)]
pub struct ContactChange {
    pub name: Option<String>,
    pub email: Option<String>,
    pub phone: Option<String>,
    pub language: Option<LanguageTag>,
}

impl Contact {
    /// A visitor of whom nothing is known.
    pub fn unverified(id: VisitorId, now: Timestamp) -> Self {
        Self {
            id,
            created_at: now,
            last_seen_at: now,
            is_verified: false,
            subject: None,
            name: None,
            email: None,
            phone: None,
            language: None,
            merged: BTreeSet::new(),
            merged_into: None,
            blocked_at: None,
            version: 1,
        }
    }

    /// Notes that the visitor has come again.
    pub fn with_visit(&self, now: Timestamp) -> Self {
        if now < after(self.last_seen_at, VISIT_STEP) {
            return self.clone();
        }
        Self {
            last_seen_at: now,
            ..self.clone()
        }
        .with_next_version_after(self)
    }

    /// Whether agents find the contact in their list. One of whom nothing is known is found by its conversations alone.
    pub fn is_listed(&self) -> bool {
        let is_known = self.is_verified || self.name.is_some() || self.email.is_some();
        let is_kept = self.phone.is_some() || self.is_blocked() || !self.merged.is_empty();
        self.merged_into.is_none() && (is_known || is_kept)
    }

    /// Whether each word of a search begins a word of what is known of the contact.
    pub fn fits(&self, query: &str) -> bool {
        let name = self.name.as_ref().map_or("", Private::as_str);
        let email = self.email.as_ref().map_or("", EmailAddress::as_str);
        let phone = self.phone.as_ref().map_or("", Private::as_str);
        fits_query(query, &format!("{name} {email} {phone}"))
    }

    pub fn is_blocked(&self) -> bool {
        self.blocked_at.is_some()
    }

    /// Applies an agent's change to the given version. Returns `self` if nothing changes.
    pub fn with_change(&self, version: u64, change: &ContactChange) -> Result<Self> {
        if version != self.version {
            let message = "The contact has been changed meanwhile.";
            return Err(Error::conflict("changed_meanwhile", message));
        }
        let mut contact = self.clone();
        if let Some(name) = &change.name {
            contact.name = parse_name(name)?;
        }
        if let Some(email) = &change.email {
            // The address of a verified contact is the site's to change.
            if self.is_verified && self.email.is_some() {
                return Err(Error::conflict(
                    "verified_email",
                    "This address is verified by the site.",
                ));
            }
            contact.email = parse_optional(email, EmailAddress::parse)?;
        }
        if let Some(phone) = &change.phone {
            contact.phone = parse_optional(phone, parse_phone)?;
        }
        if let Some(language) = &change.language {
            contact.language = Some(language.clone());
        }
        Ok(contact.with_next_version_after(self))
    }

    /// Blocks or unblocks the visitor. Again, nothing changes.
    pub fn with_block(&self, is_blocked: bool, now: Timestamp) -> Self {
        if is_blocked == self.is_blocked() {
            return self.clone();
        }
        let blocked_at = is_blocked.then_some(now);
        Self {
            blocked_at,
            ..self.clone()
        }
        .with_next_version_after(self)
    }

    /// Adds what the visitor typed into a form. What is known stays: a form proves nothing.
    pub fn with_form(&self, name: Option<&str>, email: Option<&EmailAddress>) -> Result<Self> {
        let mut contact = self.clone();
        if contact.name.is_none() {
            contact.name = name.map(parse_name).transpose()?.flatten();
        }
        if contact.email.is_none() && !self.is_verified {
            contact.email = email.cloned();
        }
        Ok(contact.with_next_version_after(self))
    }

    /// Whether a session of this visitor may read conversations of another visitor. A verified session reads what was
    /// joined to its contact; an unverified one reads its own alone, even after agents have merged it.
    pub fn may_read_history_of(&self, owner: VisitorId, is_session_verified: bool) -> bool {
        owner == self.id || self.is_joined(is_session_verified) && self.merged.contains(&owner)
    }

    /// Returns the visitors whose conversations a session may list.
    pub fn readable_visitors(&self, is_session_verified: bool) -> BTreeSet<VisitorId> {
        let mut visitors = BTreeSet::from([self.id]);
        if self.is_joined(is_session_verified) {
            visitors.extend(&self.merged);
        }
        visitors
    }

    /// Returns the visitors whose conversations agents see at this contact.
    pub fn all_visitors(&self) -> BTreeSet<VisitorId> {
        self.merged.iter().copied().chain([self.id]).collect()
    }

    fn is_joined(&self, is_session_verified: bool) -> bool {
        is_session_verified && self.is_verified
    }

    fn with_next_version_after(mut self, before: &Self) -> Self {
        if self != *before {
            self.version = before.version + 1;
        }
        self
    }
}

/// Returns `None` for an empty name.
fn parse_name(text: &str) -> Result<Option<Private<String>>> {
    Ok(parse_optional_name(text, MAX_NAME_CHARS)?.map(Private))
}

fn parse_phone(text: &str) -> Result<Private<String>> {
    let phone = clean_line(text);
    let is_phone = |b: u8| b.is_ascii_digit() || b" +-()./".contains(&b);
    let digits = phone.bytes().filter(u8::is_ascii_digit).count();
    if phone.len() > MAX_PHONE_CHARS || digits < 5 || !phone.bytes().all(is_phone) {
        return Err(Error::invalid(
            "bad_phone",
            "A phone number has 5 to 32 digits.",
        ));
    }
    Ok(phone.into())
}

fn parse_optional<T, E: Into<Error>>(
    text: &str,
    parse: impl Fn(&str) -> std::result::Result<T, E>,
) -> Result<Option<T>> {
    if text.trim().is_empty() {
        Ok(None)
    } else {
        parse(text).map(Some).map_err(Into::into)
    }
}

#[cfg(test)]
mod tests;
