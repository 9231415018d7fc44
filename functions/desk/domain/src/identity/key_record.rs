//! The stored record of an API key, and whether the key may be used.

use core::net::IpAddr;
use std::{collections::BTreeSet, time::Duration};

use confab_core::{Error, Result, Timestamp, UserId, after};
use serde::{Deserialize, Serialize};

use super::{
    api_key::{ApiKey, ApiKeyHash, prefix_of},
    network::IpRange,
    scope::{Scope, Scopes},
};
use crate::{ApiKeyId, BotId, text::parse_name};

/// Maximum keys of a tenant. An expired one counts until it is deleted.
pub const MAX_API_KEYS: usize = 50;
/// Longest life of a key that has an end.
pub const MAX_API_KEY_TTL: Duration = Duration::from_secs(2 * 365 * 86_400);
const MAX_KEY_NAME_CHARS: usize = 80;
const MAX_BOTS_PER_KEY: usize = 50;
const MAX_RANGES_PER_KEY: usize = 20;
/// Least time between two writes of the last use.
const USE_INTERVAL: Duration = Duration::from_secs(3_600);

/// The body of `POST /auth/api-keys`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(
    feature = "contract",
    derive(ts_rs::TS, utoipa::ToSchema),
    ts(optional_fields)
)]
#[serde(deny_unknown_fields)]
pub struct ApiKeyRequest {
    pub name: String,
    pub scopes: Vec<String>,
    /// The bots that the key reaches; none is all of them.
    #[serde(default)]
    #[cfg_attr(feature = "contract", ts(as = "Option<BTreeSet<BotId>>"))]
    pub bot_ids: BTreeSet<BotId>,
    #[serde(default)]
    pub expires_at: Option<Timestamp>,
    /// The addresses that may use the key; none is all of them.
    #[serde(default)]
    #[cfg_attr(feature = "contract", ts(as = "Option<Vec<String>>"))]
    pub allowed_ips: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiKeyRecord {
    pub id: ApiKeyId,
    pub name: String,
    pub hash: ApiKeyHash,
    pub scopes: Scopes,
    pub bot_ids: BTreeSet<BotId>,
    pub allowed_ips: BTreeSet<IpRange>,
    pub created_by: UserId,
    pub created_at: Timestamp,
    pub expires_at: Option<Timestamp>,
    pub last_used_at: Option<Timestamp>,
    pub last_ip: Option<IpAddr>,
}

/// Why a genuine key is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ApiKeyRefusal {
    Expired,
    /// The key may not be used from this address.
    WrongSource,
}

impl From<ApiKeyRefusal> for Error {
    fn from(refusal: ApiKeyRefusal) -> Self {
        Self::unauthenticated(match refusal {
            ApiKeyRefusal::Expired => "This API key has expired.",
            ApiKeyRefusal::WrongSource => "This API key may not be used from this network address.",
        })
    }
}

impl ApiKeyRequest {
    /// Makes the record of a new key.
    pub fn record(&self, key: &ApiKey, by: UserId, now: Timestamp) -> Result<ApiKeyRecord> {
        let scopes = Scopes::parse(&self.scopes)?;
        self.check_bots(&scopes)?;
        self.check_expiry(now)?;
        Ok(ApiKeyRecord {
            id: key.id(),
            name: parse_name(&self.name, MAX_KEY_NAME_CHARS)?,
            hash: key.hash(),
            scopes,
            bot_ids: self.bot_ids.clone(),
            allowed_ips: self.ranges()?,
            created_by: by,
            created_at: now,
            expires_at: self.expires_at,
            last_used_at: None,
            last_ip: None,
        })
    }

    /// A key of some bots may not have scopes that reach the whole tenant.
    fn check_bots(&self, scopes: &Scopes) -> Result<()> {
        if self.bot_ids.len() > MAX_BOTS_PER_KEY {
            let message = format!("A key names at most {MAX_BOTS_PER_KEY} chatbots.");
            return Err(Error::invalid("too_many_bots", message));
        }
        let wide = scopes.iter().find(|scope| !scope.is_of_bots());
        match wide {
            Some(scope) if !self.bot_ids.is_empty() => Err(Error::invalid(
                "scope_not_of_bots",
                format!("The scope {scope} cannot be limited to chatbots."),
            )),
            _ => Ok(()),
        }
    }

    fn check_expiry(&self, now: Timestamp) -> Result<()> {
        let latest = after(now, MAX_API_KEY_TTL);
        let is_within = |at: Timestamp| now < at && at <= latest;
        if self.expires_at.is_none_or(is_within) {
            return Ok(());
        }
        let message = "A key expires in the future, and within two years.";
        Err(Error::invalid("bad_expires_at", message))
    }

    fn ranges(&self) -> Result<BTreeSet<IpRange>> {
        let refused = || {
            let message = format!(
                "A key has at most {MAX_RANGES_PER_KEY} addresses or ranges such as 203.0.113.0/24."
            );
            Error::invalid("bad_allowed_ips", message)
        };
        if self.allowed_ips.len() > MAX_RANGES_PER_KEY {
            return Err(refused());
        }
        let ranges = self.allowed_ips.iter().map(|text| text.parse());
        ranges.collect::<Result<_, _>>().map_err(|_| refused())
    }
}

impl ApiKeyRecord {
    /// Checks a key whose hash the caller has compared. An unknown source is refused if the key names sources.
    pub fn check(&self, source: Option<IpAddr>, now: Timestamp) -> Result<(), ApiKeyRefusal> {
        if self.is_expired(now) {
            return Err(ApiKeyRefusal::Expired);
        }
        let is_known = |ip: IpAddr| self.allowed_ips.iter().any(|range| range.contains(ip));
        if self.allowed_ips.is_empty() || source.is_some_and(is_known) {
            return Ok(());
        }
        Err(ApiKeyRefusal::WrongSource)
    }

    pub fn is_expired(&self, now: Timestamp) -> bool {
        self.expires_at.is_some_and(|at| at <= now)
    }

    /// Returns whether the key reaches a bot.
    pub fn reaches(&self, bot: BotId) -> bool {
        self.bot_ids.is_empty() || self.bot_ids.contains(&bot)
    }

    /// Returns the bots that a list for this key is limited to; `None` is all.
    pub fn bots(&self) -> Option<&BTreeSet<BotId>> {
        Some(&self.bot_ids).filter(|bots| !bots.is_empty())
    }

    /// Returns the beginning of the key, by which people recognize it.
    pub fn prefix(&self) -> String {
        prefix_of(self.id)
    }

    /// Records a use at most hourly, so that a busy key does not write with each request. `None` is nothing to write.
    pub fn record_use(&self, source: Option<IpAddr>, now: Timestamp) -> Option<Self> {
        let is_recent = self
            .last_used_at
            .is_some_and(|at| now < after(at, USE_INTERVAL));
        if is_recent {
            return None;
        }
        Some(Self {
            last_used_at: Some(now),
            last_ip: source,
            ..self.clone()
        })
    }

    /// Returns whether the key has a scope.
    pub fn has(&self, scope: Scope) -> bool {
        self.scopes.contains(scope)
    }
}

#[cfg(test)]
mod tests;
