//! The studio's rows in DynamoDB. Only this module knows the key layout:
//!
//! | pk | sk | row |
//! |---|---|---|
//! | `USER#usr_..` | `USER` | a user, with a version; indexes `Due` by `due_in` and `due_at`, `Known` by `known_in` and `pk` |
//! | `USER#usr_..` | `MSG#<ms>#msg_..` | a message of the user |
//! | `USER#usr_..` | `MSG#<ms>#eff_..` | an effect, such as a message to the user, and its delivery status |
//! | `ALIAS#phone#1650..`, `ALIAS#meta#US.1..` | `ALIAS` | the user of a number or scoped id |
//! | `INBOX#meta#wamid..` | `INBOX` | an inbox entry, see `confab_aws::Inbox` |
//! | `MAKE#ord_..` | `MAKE` | the generation of an order's photos |
//! | `PACKS` | `PACK#<id>` | a pack, and its sample sheets |
//! | `PACKS` | `REFRESH` | the latest refresh of the packs |
//! | `CLEANUPS` | `evt_..` | a cleanup's report |
//! | `RATING#<month>` | `ord_..` | an order's rating and feedback |
//! | `QUESTION#<month>` | `eff_..` | a user's question to the operator |

mod cleanups;
mod decisions;
mod effects;
mod generations;
mod packs;
mod ratings;
mod timers;
mod users;

use std::{
    collections::{BTreeSet, HashMap},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use confab_aws::{Row, Table};
use confab_core::{Clock, CorrelationId, EffectId, Entropy, Result, Timestamp, UserId};
use confab_messaging::{Address, Body, Outbound, Reference};
use serde::{Deserialize, Serialize};
use studio_domain::{Action, Alias, ResolvedIdentity, Trigger, User};

pub(crate) use cleanups::CleanupReport;
pub(crate) use generations::{Generation, GenerationClaim};
pub(crate) use packs::Refresh;
pub(crate) use ratings::{Question, Rating};

/// Messages are deleted at this age.
const MESSAGE_TTL: Duration = Duration::from_secs(14 * 24 * 3600);

#[derive(Clone)]
pub(crate) struct Store {
    table: Table,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    alias_cache: AliasCache,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.table.fmt(f)
    }
}

/// Users by alias, as a hint: it saves a read, and the alias row that is read along with it
/// decides.
#[derive(Clone, Default)]
struct AliasCache(Arc<Mutex<HashMap<Alias, UserId>>>);

/// Maximum cached aliases. Messages of a conversation follow each other closely, so a small cache
/// is enough.
const MAX_CACHED_ALIASES: usize = 1_000;

impl AliasCache {
    fn get(&self, aliases: &[Alias]) -> Option<UserId> {
        let cached = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        aliases.iter().find_map(|alias| cached.get(alias).copied())
    }

    fn insert(&self, aliases: Vec<Alias>, id: UserId) {
        let mut cached = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if cached.len() >= MAX_CACHED_ALIASES {
            cached.clear();
        }
        cached.extend(aliases.into_iter().map(|alias| (alias, id)));
    }
}

/// A trigger, with its idempotency key and trace.
#[derive(Debug)]
pub(crate) struct UserTrigger {
    /// The same in every copy.
    pub(crate) id: String,
    /// `None` for a message, whose aliases tell the user.
    pub(crate) user_id: Option<UserId>,
    pub(crate) trigger: Trigger,
    pub(crate) correlation_id: CorrelationId,
}

/// A user as loaded for a decision, with everything that saving it needs.
#[derive(Debug, Clone)]
pub(crate) struct UserRecord {
    /// `None` for a new or erased user.
    pub(crate) user: Option<User>,
    /// Version of the user's row; 0 without one.
    version: u64,
    /// Keys of all aliases that the user ever had.
    alias_keys: BTreeSet<String>,
    /// Other ids that the user had.
    former_ids: BTreeSet<UserId>,
    identity: ResolvedIdentity,
    /// Rows of the same user under other ids, to be marked as merged.
    merged_rows: Vec<UserRow>,
}

impl UserRecord {
    /// Returns the id that the aliases resolve to, whether or not the user has a row.
    pub(crate) fn id(&self) -> Option<UserId> {
        self.identity.user_id
    }
}

/// An action for a user, with its address and trace.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct UserAction {
    pub(crate) user_id: UserId,
    pub(crate) correlation_id: CorrelationId,
    /// `None` for an unknown user.
    pub(crate) to: Option<Address>,
    pub(crate) action: Action,
}

impl UserAction {
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
    /// The id that the user goes by since a merge.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    merged_into: Option<UserId>,
    #[serde(default, rename = "names", skip_serializing_if = "BTreeSet::is_empty")]
    alias_keys: BTreeSet<String>,
    /// Other ids that the user had: their rows belong to the user.
    #[serde(default, rename = "also", skip_serializing_if = "BTreeSet::is_empty")]
    former_ids: BTreeSet<UserId>,
    /// Puts the row into the index `Due`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    due_in: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    due_at: Option<i64>,
    /// Puts the row into the index `Known`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    known_in: Option<String>,
    #[serde(flatten)]
    user: User,
}

impl UserRow {
    fn new(record: &UserRecord, user: &User) -> Self {
        let due_at = user.next_timer_at.map(Timestamp::as_millisecond);
        Self {
            version: record.version,
            merged_into: None,
            alias_keys: record.alias_keys.clone(),
            former_ids: record.former_ids.clone(),
            due_in: due_at.map(|_| timers::INDEX_PARTITION.to_owned()),
            due_at,
            known_in: Some(cleanups::INDEX_PARTITION.to_owned()),
            user: user.clone(),
        }
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

fn effect_key(user_id: UserId, effect_id: EffectId) -> Row {
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
            alias_cache: AliasCache::default(),
        }
    }

    /// Checks that the table answers.
    pub(crate) async fn check(&self) -> Result<()> {
        self.table.check().await
    }
}

fn message_expiry(now: Timestamp) -> i64 {
    now.as_second() + MESSAGE_TTL.as_secs().cast_signed()
}

#[cfg(test)]
mod tests;
