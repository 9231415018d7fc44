//! The studio's rows on DynamoDB. The only file that knows the key layout:
//!
//! | pk | sk | what |
//! |---|---|---|
//! | `USER#usr_..` | `USER` | the person, with a version; indexes `Due` by `due_in` and `due_at`, `Known` by `known_in` and `pk` |
//! | `USER#usr_..` | `MSG#<ms>#msg_..` | a message of theirs |
//! | `USER#usr_..` | `MSG#<ms>#eff_..` | what we did, such as a message of ours, and what became of it |
//! | `ALIAS#phone#1650..`, `ALIAS#meta#US.1..` | `ALIAS` | who writes under this number or name |
//! | `INBOX#meta#wamid..` | `INBOX` | the inbox, see `confab_aws::Inbox` |
//! | `MAKE#ord_..` | `MAKE` | how far the making of an order's photos is |
//! | `PACKS` | `PACK#<id>` | a pack, and its pictures |
//! | `PACKS` | `REFRESH` | when the packs were asked for last |
//! | `CLEANUPS` | `evt_..` | what was found that nobody needs any more |
//! | `RATING#<month>` | `ord_..` | what a person thinks of an order's photos |
//! | `QUESTION#<month>` | `eff_..` | what a person wants somebody of the studio to read |

mod cleanups;
mod decisions;
mod effects;
mod generations;
mod packs;
mod ratings;
mod timers;

use std::{
    collections::{BTreeSet, HashMap},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use confab_aws::{Row, Table};
use confab_core::{Clock, CorrelationId, EffectId, Entropy, Timestamp, UserId};
use confab_messaging::{Address, Body, Outbound, Reference};
use serde::{Deserialize, Serialize};
use studio_domain::{Action, Alias, Recognised, User};

pub(crate) use cleanups::Report;
pub(crate) use generations::{Attempt, Making};
pub(crate) use packs::Refresh;
pub(crate) use ratings::{Question, Rating};

/// Messages are history, not records: two weeks, as the weekly cleanup promises.
const MESSAGES_KEPT: Duration = Duration::from_secs(14 * 24 * 3600);

#[derive(Clone)]
pub(crate) struct Store {
    table: Table,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    met: Met,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.table.fmt(f)
    }
}

/// Whom this process met under which alias: a guess, with which a person's row is read along with the alias that leads
/// to it. The alias is what is believed.
#[derive(Clone, Default)]
struct Met(Arc<Mutex<HashMap<Alias, UserId>>>);

/// A conversation's messages follow each other closely, so only the latest people matter.
const MOST_MET: usize = 1_000;

impl Met {
    fn guess(&self, aliases: &[Alias]) -> Option<UserId> {
        let met = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        aliases.iter().find_map(|alias| met.get(alias).copied())
    }

    fn remember(&self, aliases: Vec<Alias>, id: UserId) {
        let mut met = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if met.len() >= MOST_MET {
            met.clear();
        }
        met.extend(aliases.into_iter().map(|alias| (alias, id)));
    }
}

/// Something that happened to a person, and the trace that it belongs to.
#[derive(Debug)]
pub(crate) struct Event {
    /// The same in every copy.
    pub(crate) id: String,
    /// Whom it is about, unless its message says so.
    pub(crate) person: Option<UserId>,
    pub(crate) what: studio_domain::Event,
    pub(crate) correlation_id: CorrelationId,
}

/// Who it is about, as far as we know.
#[derive(Debug, Clone)]
pub(crate) struct Person {
    pub(crate) user: Option<User>,
    /// The version of the user's row; 0 without one.
    version: u64,
    /// All names that ever led here.
    names: BTreeSet<String>,
    /// Other ids that the person was known under.
    also: BTreeSet<UserId>,
    recognised: Recognised,
    /// Rows of the same person under other ids, to be marked as such.
    merged: Vec<UserRow>,
}

impl Person {
    /// Whom the aliases lead to, whether or not there is a row of theirs.
    pub(crate) fn id(&self) -> Option<UserId> {
        self.recognised.person
    }
}

/// Something to do for a person, before it has an id.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Deed {
    pub(crate) user_id: UserId,
    pub(crate) correlation_id: CorrelationId,
    /// Where the person is written to; nowhere when nobody is known.
    pub(crate) to: Option<Address>,
    pub(crate) action: Action,
}

impl Deed {
    pub(crate) fn outbound(&self, effect_id: EffectId, to: Address, body: Body) -> Outbound {
        let reference = Reference {
            user_id: self.user_id,
            effect_id,
            correlation_id: self.correlation_id,
        };
        Outbound {
            to,
            reference,
            reply_to: None,
            body,
        }
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct UserRow {
    version: u64,
    /// The same person, who is known under this id from now on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    merged_into: Option<UserId>,
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    names: BTreeSet<String>,
    /// Other ids that the person was known under: what lies under them is theirs.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    also: BTreeSet<UserId>,
    /// With it the row is in the index `Due`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    due_in: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    due_at: Option<i64>,
    /// With it the row is in the index `Known`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    known_in: Option<String>,
    #[serde(flatten)]
    user: User,
}

impl UserRow {
    fn new(person: &Person, user: &User) -> Self {
        let due_at = user.due.map(Timestamp::as_millisecond);
        Self {
            version: person.version,
            merged_into: None,
            names: person.names.clone(),
            also: person.also.clone(),
            due_in: due_at.map(|_| timers::ALL.to_owned()),
            due_at,
            known_in: Some(cleanups::EVERYBODY.to_owned()),
            user: user.clone(),
        }
    }

    /// What a decision does not change.
    fn kept(&self) -> (u64, BTreeSet<String>, BTreeSet<UserId>) {
        (self.version, self.names.clone(), self.also.clone())
    }

    fn merged_into(&self, id: UserId) -> Self {
        Self {
            merged_into: Some(id),
            due_in: None,
            due_at: None,
            ..self.clone()
        }
    }
}

fn user_pk(id: UserId) -> String {
    format!("USER#{id}")
}

fn user_key(id: UserId) -> Row {
    Table::key(user_pk(id), "USER")
}

fn message_sk(at: Timestamp, id: impl std::fmt::Display) -> String {
    format!("MSG#{:013}#{id}", at.as_millisecond())
}

fn sent_key(user_id: UserId, effect_id: EffectId) -> Row {
    Table::key(user_pk(user_id), message_sk(effect_id.made_at(), effect_id))
}

fn alias_pk(alias: &Alias) -> String {
    match alias {
        Alias::Phone(phone) => format!("ALIAS#phone#{}", phone.digits()),
        Alias::Scoped(channel, id) => format!("ALIAS#{}#{}", channel.name(), id.as_str()),
    }
}

fn alias_key(alias: &Alias) -> Row {
    Table::key(alias_pk(alias), "ALIAS")
}

impl Store {
    pub(crate) fn new(table: Table, clock: Arc<dyn Clock>, entropy: Arc<dyn Entropy>) -> Self {
        Self {
            table,
            clock,
            entropy,
            met: Met::default(),
        }
    }
}

fn expiry(now: Timestamp) -> i64 {
    now.as_second() + MESSAGES_KEPT.as_secs().cast_signed()
}

#[cfg(test)]
mod tests;
