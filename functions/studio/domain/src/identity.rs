//! Who writes: numbers and scoped ids are aliases that lead to a person, and both change hands.
//!
//! A scoped id belongs to one person and one number of theirs for ever. A number passes on to strangers, who must not
//! find somebody else's conversation under it: so a number remembers the scoped id that was last seen with it.

use std::collections::BTreeSet;

use confab_core::{Phone, Private, UserId};
use confab_messaging::{Channel, Content, Identity, Inbound};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Alias {
    Phone(Phone),
    Scoped(Channel, Private<String>),
}

/// What an alias leads to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Lead {
    pub user_id: UserId,
    /// Of a number: the scoped id that was last seen with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scoped_id: Option<Private<String>>,
}

/// An alias that from now on leads to the person, and where it led before.
#[derive(Debug, Clone, PartialEq)]
pub struct Link {
    pub alias: Alias,
    pub scoped_id: Option<Private<String>>,
    pub was: Option<Lead>,
}

/// What a message's aliases say of who wrote it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Recognised {
    /// None: somebody new.
    pub person: Option<UserId>,
    /// The same person, whom we took for others.
    pub also: BTreeSet<UserId>,
    pub links: Vec<Link>,
    /// The number that the person gave up, and where it led.
    pub release: Option<(Alias, Lead)>,
}

/// The scoped id comes first: it is in every webhook of a person, a number may not be.
fn aliases_of(channel: Channel, identity: &Identity) -> impl Iterator<Item = Alias> {
    let scoped = identity
        .scoped_id
        .clone()
        .map(|id| Alias::Scoped(channel, id));
    scoped
        .into_iter()
        .chain(identity.phone.clone().map(Alias::Phone))
}

/// Whom to look up to know who wrote a message.
pub fn aliases(message: &Inbound) -> Vec<Alias> {
    let channel = message.from.channel;
    let mut aliases: Vec<_> = aliases_of(channel, &message.from.person).collect();
    if let Content::NumberChanged { new } = &message.content {
        aliases.extend(
            aliases_of(channel, new)
                .filter(|alias| !aliases.contains(alias))
                .collect::<Vec<_>>(),
        );
    }
    aliases
}

/// `lead` is what is known of an alias, and `merged` the id that a person goes by since two were found to be one.
pub fn recognise(
    message: &Inbound,
    lead: impl Fn(&Alias) -> Option<Lead>,
    merged: impl Fn(UserId) -> UserId,
) -> Recognised {
    let channel = message.from.channel;
    let wrote_as = &message.from.person;
    let is_now = match &message.content {
        Content::NumberChanged { new } => new,
        _ => wrote_as,
    };
    let whose = |identity: &Identity, alias: &Alias| {
        let found = lead(alias).filter(|found| is_of(found, identity));
        found.map(|found| merged(found.user_id))
    };
    let mut people: BTreeSet<_> = aliases_of(channel, wrote_as)
        .filter_map(|alias| whose(wrote_as, &alias))
        .collect();
    // Whoever wrote under the new number since the change is the same person; an earlier owner of it is not.
    let is_newcomer = people.is_empty();
    let is_same = |alias: &Alias, id: &UserId| {
        is_newcomer || matches!(alias, Alias::Scoped(..)) || id.made_at() >= message.sent_at
    };
    people.extend(
        aliases_of(channel, is_now)
            .filter_map(|alias| whose(is_now, &alias).filter(|id| is_same(&alias, id))),
    );
    // The oldest id has the longest history.
    let person = people.pop_first();
    let leads_right = |lead: &Lead| Some(merged(lead.user_id)) == person;
    let links = aliases_of(channel, is_now).filter_map(|alias| {
        let was = lead(&alias);
        let remembered = was
            .clone()
            .filter(leads_right)
            .and_then(|lead| lead.scoped_id);
        let scoped_id = match &alias {
            Alias::Phone(_) => is_now.scoped_id.clone().or(remembered),
            Alias::Scoped(..) => None,
        };
        let is_right = was
            .as_ref()
            .is_some_and(|was| Some(was.user_id) == person && was.scoped_id == scoped_id);
        (!is_right).then_some(Link {
            alias,
            scoped_id,
            was,
        })
    });
    let given_up = wrote_as
        .phone
        .clone()
        .filter(|phone| is_now.phone.as_ref() != Some(phone))
        .map(Alias::Phone);
    // Whoever of them it led to: the next one under this number is a stranger.
    let led_here = |lead: &Lead| leads_right(lead) || people.contains(&merged(lead.user_id));
    let release =
        given_up.and_then(|alias| lead(&alias).filter(led_here).map(|lead| (alias, lead)));
    let links = links.collect();
    Recognised {
        person,
        links,
        release,
        also: people,
    }
}

/// A number that was last seen with another scoped id has passed on.
fn is_of(found: &Lead, identity: &Identity) -> bool {
    match (&found.scoped_id, &identity.scoped_id) {
        (Some(last_seen), Some(now)) => last_seen == now,
        _ => true,
    }
}

#[cfg(test)]
mod tests;
