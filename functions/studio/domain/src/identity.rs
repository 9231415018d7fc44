//! Identity resolution: phone numbers and scoped ids are aliases of a user, and both change hands.
//!
//! A scoped id belongs to one user and one of their numbers for ever. A number passes on to
//! strangers, who must not see the earlier owner's conversation: so the alias of a number stores
//! the scoped id that was last seen with it.

use std::collections::BTreeSet;

use confab_core::{Phone, Private, UserId};
use confab_messaging::{Channel, Content, Identity, Inbound};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Alias {
    Phone(Phone),
    Scoped(Channel, Private<String>),
}

/// The user that an alias resolves to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AliasTarget {
    pub user_id: UserId,
    /// The scoped id that was last seen with a number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scoped_id: Option<Private<String>>,
}

/// An alias to point to the resolved user, if it still has its previous target.
#[derive(Debug, Clone, PartialEq)]
pub struct AliasUpdate {
    pub alias: Alias,
    pub scoped_id: Option<Private<String>>,
    pub previous: Option<AliasTarget>,
}

/// The user that a message's aliases resolve to, and the changes of aliases that follow.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ResolvedIdentity {
    /// `None` for a new user.
    pub user_id: Option<UserId>,
    /// Other ids of the same user, to be merged.
    pub duplicates: BTreeSet<UserId>,
    pub alias_updates: Vec<AliasUpdate>,
    /// The number that the user gave up, and its target.
    pub released_alias: Option<(Alias, AliasTarget)>,
}

/// The scoped id comes first: every webhook has it, while the number may be hidden.
fn aliases_of(channel: Channel, identity: &Identity) -> impl Iterator<Item = Alias> {
    let scoped_id = identity.scoped_id.clone();
    let phone = identity.phone.clone();
    scoped_id
        .map(|id| Alias::Scoped(channel, id))
        .into_iter()
        .chain(phone.map(Alias::Phone))
}

/// Returns the aliases to look up for a message.
pub fn aliases(message: &Inbound) -> Vec<Alias> {
    let channel = message.from.channel;
    let mut aliases: Vec<_> = aliases_of(channel, &message.from.person).collect();
    if let Content::NumberChanged { new } = &message.content {
        for alias in aliases_of(channel, new) {
            if !aliases.contains(&alias) {
                aliases.push(alias);
            }
        }
    }
    aliases
}

/// Resolves a message's sender. `target_of` looks up an alias, and `merged_id` the id that an id
/// was merged into.
pub fn resolve_identity(
    message: &Inbound,
    target_of: impl Fn(&Alias) -> Option<AliasTarget>,
    merged_id: impl Fn(UserId) -> UserId,
) -> ResolvedIdentity {
    let channel = message.from.channel;
    let sender = &message.from.person;
    let current = match &message.content {
        Content::NumberChanged { new } => new,
        _ => sender,
    };
    let owner_of = |identity: &Identity, alias: &Alias| {
        let target = target_of(alias).filter(|target| belongs_to(target, identity));
        target.map(|target| merged_id(target.user_id))
    };
    let mut users: BTreeSet<_> = aliases_of(channel, sender)
        .filter_map(|alias| owner_of(sender, &alias))
        .collect();
    // An id under the new number that is younger than the change is the same user. An older one is
    // an earlier owner.
    let is_unknown = users.is_empty();
    for alias in aliases_of(channel, current) {
        if let Some(id) = owner_of(current, &alias) {
            let is_scoped = matches!(alias, Alias::Scoped(..));
            if is_unknown || is_scoped || id.made_at() >= message.sent_at {
                users.insert(id);
            }
        }
    }
    // The oldest id wins: it has the longest history.
    let user_id = users.pop_first();
    let resolves_to_user = |target: &AliasTarget| Some(merged_id(target.user_id)) == user_id;
    let alias_updates = aliases_of(channel, current)
        .filter_map(|alias| {
            let previous = target_of(&alias);
            let scoped_id = match &alias {
                Alias::Phone(_) => current.scoped_id.clone().or_else(|| {
                    let known = previous.clone().filter(resolves_to_user);
                    known.and_then(|target| target.scoped_id)
                }),
                Alias::Scoped(..) => None,
            };
            let is_current = previous.as_ref().is_some_and(|target| {
                Some(target.user_id) == user_id && target.scoped_id == scoped_id
            });
            (!is_current).then_some(AliasUpdate {
                alias,
                scoped_id,
                previous,
            })
        })
        .collect();
    // The number's next owner is a stranger, so its alias is released whichever of the merged ids
    // it has.
    let is_users = |target: &AliasTarget| {
        resolves_to_user(target) || users.contains(&merged_id(target.user_id))
    };
    let abandoned = sender
        .phone
        .clone()
        .filter(|phone| current.phone.as_ref() != Some(phone))
        .map(Alias::Phone);
    let released_alias = abandoned.and_then(|alias| {
        let target = target_of(&alias).filter(is_users)?;
        Some((alias, target))
    });
    ResolvedIdentity {
        user_id,
        alias_updates,
        released_alias,
        duplicates: users,
    }
}

/// Whether a number's target is the identity's own. A number that was last seen with another scoped
/// id has passed on.
fn belongs_to(target: &AliasTarget, identity: &Identity) -> bool {
    match (&target.scoped_id, &identity.scoped_id) {
        (Some(last_seen), Some(current)) => last_seen == current,
        _ => true,
    }
}

#[cfg(test)]
mod tests;
