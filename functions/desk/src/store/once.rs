//! Answers that an `Idempotency-Key` got.

use confab_aws::{Condition, Row, Table, number};
use confab_core::{Result, Timestamp, UserId, hex};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{Store, to_attribute};
use crate::auth::TenantGrant;

/// Whose keys they are.
#[derive(Debug, Clone, Copy)]
pub(crate) enum OnceScope {
    Tenant(TenantGrant),
    /// A person, outside of a tenant.
    Person(UserId),
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct OnceAnswer {
    pub(crate) status: u16,
    /// JSON; empty for an answer without a body.
    pub(crate) body: String,
}

/// A request that is answered once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct OnceRecord {
    /// Hash of the request. Another request with the same key is refused.
    pub(crate) request: String,
    /// Time and random bytes of the first attempt, from which all attempts make the same ids.
    pub(crate) started_at: Timestamp,
    pub(crate) seed: [u8; 10],
    /// Until then one attempt is at work.
    pub(crate) locked_until: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) answer: Option<OnceAnswer>,
    /// For TTL, in Unix seconds.
    pub(crate) expires_at: i64,
}

/// The key of a record, and the record.
#[derive(Debug, Clone)]
pub(crate) struct OnceClaim {
    key: Row,
    pub(crate) record: OnceRecord,
}

impl OnceClaim {
    pub(crate) fn new(
        store: &Store,
        scope: OnceScope,
        route: &str,
        idempotency_key: &str,
        record: OnceRecord,
    ) -> Self {
        let id = format!("{route}#{}", hex(&Sha256::digest(idempotency_key)));
        let key = match scope {
            OnceScope::Tenant(grant) => store.tenant(grant).key("ONCE", id),
            OnceScope::Person(user) => Table::key(format!("U#{user}"), format!("ONCE#{id}")),
        };
        Self { key, record }
    }
}

impl Store {
    /// Begins the first attempt. Returns `false` if there is a record that has not expired.
    pub(crate) async fn begin_once(&self, claim: &OnceClaim, now: Timestamp) -> Result<bool> {
        let mut row = Table::to_row("", "", &claim.record)?;
        row.extend(claim.key.clone());
        let is_free = Condition::expression("attribute_not_exists(pk) OR expires_at <= :now")
            .value(":now", number(now.as_second()));
        self.table.put(row, is_free).await
    }

    pub(crate) async fn find_once(&self, claim: &OnceClaim) -> Result<Option<OnceRecord>> {
        self.table.get(claim.key.clone()).await
    }

    /// Takes over or gives up the lock of an attempt that ends at `from`. Returns `false` if it does not end there.
    pub(crate) async fn move_once_lock(
        &self,
        claim: &OnceClaim,
        from: Timestamp,
        until: Timestamp,
    ) -> Result<bool> {
        let is_same =
            Condition::expression("locked_until = :from AND attribute_not_exists(answer)")
                .value(":from", to_attribute(&from)?)
                .value(":until", to_attribute(&until)?);
        let set = "SET locked_until = :until";
        let moved = self.table.update(claim.key.clone(), set, is_same).await?;
        Ok(moved.is_some())
    }

    /// Stores the answer, unless another attempt has stored one.
    pub(crate) async fn answer_once(&self, claim: &OnceClaim, answer: &OnceAnswer) -> Result<()> {
        let is_open =
            Condition::expression("attribute_exists(pk) AND attribute_not_exists(answer)")
                .value(":answer", to_attribute(answer)?);
        let set = "SET answer = :answer";
        let stored = self.table.update(claim.key.clone(), set, is_open).await;
        stored.map(drop)
    }
}
