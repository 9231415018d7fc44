//! Merging contacts: agents join two records of one person.

use confab_core::{Error, Result};

use super::Contact;

/// Visitors that one contact can hold; bounds the row and the history's queries.
pub const MAX_MERGED_VISITORS: usize = 50;

/// Both records after a merge. They are written together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContactMerge {
    pub from: Contact,
    pub into: Contact,
}

/// Merges one contact into another, because an agent says so. A verified contact is never merged into an unverified
/// one, nor into another verified one: the site says that they are two people.
pub fn merge_contacts(from: &Contact, into: &Contact) -> Result<ContactMerge> {
    if from.merged_into == Some(into.id) {
        return Ok(ContactMerge {
            from: from.clone(),
            into: into.clone(),
        });
    }
    if from.id == into.id {
        return Err(Error::conflict(
            "same_contact",
            "A contact cannot be merged into itself.",
        ));
    }
    if from.merged_into.is_some() || into.merged_into.is_some() {
        return Err(Error::conflict(
            "already_merged",
            "This contact has been merged already.",
        ));
    }
    if from.is_verified {
        let message = "A verified contact cannot be merged into another one.";
        return Err(Error::conflict("verified_contact", message));
    }
    let mut merged = into.clone();
    merged.merged.insert(from.id);
    merged.merged.extend(&from.merged);
    if merged.merged.len() > MAX_MERGED_VISITORS {
        let message = "A contact can hold at most 50 visitors.";
        return Err(Error::conflict("too_many_merged", message));
    }
    merged.name = merged.name.or_else(|| from.name.clone());
    merged.phone = merged.phone.or_else(|| from.phone.clone());
    merged.language = merged.language.or_else(|| from.language.clone());
    // An address that was typed into a form does not become the address of a verified person.
    if !into.is_verified {
        merged.email = merged.email.or_else(|| from.email.clone());
    }
    merged.created_at = into.created_at.min(from.created_at);
    merged.last_seen_at = into.last_seen_at.max(from.last_seen_at);
    merged.blocked_at = into.blocked_at.or(from.blocked_at);
    let mut source = from.clone();
    source.merged_into = Some(into.id);
    source.merged.clear();
    Ok(ContactMerge {
        from: source.with_next_version_after(from),
        into: merged.with_next_version_after(into),
    })
}
