//! The audit of a tenant and of the platform: who did what. Entries are added and never changed.

use std::net::IpAddr;

use aws_sdk_dynamodb::types::TransactWriteItem;
use confab_aws::{Condition, Row, Table, text};
use confab_core::{CorrelationId, Error, Result, Timestamp, UserId, clip, hex};
use confab_worker::Consistency;
use desk_domain::{ApiKeyId, Role, UsageMonth};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{Store, Tenant, members::member_sk, to_attribute};
use crate::auth::{Access, Caller};

/// Milliseconds in which repeated requests of an operator are one entry.
const VISIT_INTERVAL_MS: i64 = 60_000;
const MAX_NOTE_CHARS: usize = 500;

/// Who did it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
#[serde(tag = "kind", content = "id", rename_all = "snake_case")]
pub(crate) enum AuditActor {
    Person(UserId),
    Key(ApiKeyId),
    /// An operator of the platform.
    Platform(UserId),
    /// An operator with a command, by the name that they give.
    Operator(String),
    /// A worker, by its function's name.
    System(String),
}

impl AuditActor {
    pub(crate) fn of(caller: &Caller) -> Self {
        match caller {
            Caller::Member { user, .. } => Self::Person(*user),
            Caller::Key(key) => Self::Key(key.id),
            Caller::Platform { user } => Self::Platform(*user),
        }
    }

    fn id(&self) -> String {
        match self {
            Self::Person(user) | Self::Platform(user) => user.to_string(),
            Self::Key(key) => key.to_string(),
            Self::Operator(name) | Self::System(name) => name.clone(),
        }
    }

    /// Whether a filter names this actor by id.
    pub(crate) fn has_id(&self, id: &str) -> bool {
        self.id() == id
    }

    /// Hides which operator gave a command.
    pub(crate) fn without_name(self) -> Self {
        match self {
            Self::Operator(_) => Self::Operator("operator".to_owned()),
            other => other,
        }
    }
}

/// A member on whose role an act depends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Authority {
    pub(crate) user: UserId,
    pub(crate) role: Role,
}

/// An act that changes something of a tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AuditEntry {
    pub(crate) actor: AuditActor,
    /// Such as `member.removed`.
    pub(crate) action: &'static str,
    /// What was changed, such as an id.
    pub(crate) target: String,
    /// Hash of the changed thing before and after.
    pub(crate) before: Option<String>,
    pub(crate) after: Option<String>,
    pub(crate) source: Option<IpAddr>,
    /// Why, if the actor has said so.
    pub(crate) note: Option<String>,
    /// Who has to have which role when the act is written. It is not stored.
    pub(crate) authority: Option<Authority>,
    pub(crate) correlation_id: CorrelationId,
}

impl AuditEntry {
    /// Makes the entry of an authenticated caller.
    pub(crate) fn new(
        access: &Access,
        action: &'static str,
        target: impl ToString,
        correlation_id: CorrelationId,
    ) -> Self {
        let actor = AuditActor::of(&access.caller);
        Self::of_actor(actor, action, target, correlation_id)
            .with_source(access.source)
            .with_authority(access.authority())
    }

    /// Makes the entry of an actor without a place in the tenant, such as a worker or a new member.
    pub(crate) fn of_actor(
        actor: AuditActor,
        action: &'static str,
        target: impl ToString,
        correlation_id: CorrelationId,
    ) -> Self {
        Self {
            actor,
            action,
            target: target.to_string(),
            before: None,
            after: None,
            source: None,
            note: None,
            authority: None,
            correlation_id,
        }
    }

    #[must_use]
    pub(crate) fn with_authority(mut self, authority: Option<Authority>) -> Self {
        self.authority = authority;
        self
    }

    /// Adds why it was done. A long reason is clipped.
    #[must_use]
    pub(crate) fn with_note(mut self, note: &str) -> Self {
        self.note = Some(clip(note.trim(), MAX_NOTE_CHARS)).filter(|note| !note.is_empty());
        self
    }

    #[must_use]
    pub(crate) fn with_source(mut self, source: Option<IpAddr>) -> Self {
        self.source = source;
        self
    }

    /// Adds the hashes of the changed thing. `None` is one that did not exist, or does not any more.
    pub(crate) fn with_change<T: Serialize>(
        mut self,
        before: Option<&T>,
        after: Option<&T>,
    ) -> Result<Self> {
        self.before = before.map(hash_of).transpose()?;
        self.after = after.map(hash_of).transpose()?;
        Ok(self)
    }
}

impl AuditEntry {
    fn row_id(&self) -> String {
        format!("{}#{}#{}", self.correlation_id, self.action, self.target)
    }

    fn record(&self, now: Timestamp) -> AuditRecord {
        AuditRecord {
            at: now,
            actor: self.actor.clone(),
            action: self.action.to_owned(),
            target: self.target.clone(),
            before: self.before.clone(),
            after: self.after.clone(),
            source: self.source,
            note: self.note.clone(),
            correlation_id: self.correlation_id,
        }
    }
}

fn hash_of<T: Serialize>(value: &T) -> Result<String> {
    let json = serde_json::to_vec(value).map_err(|e| Error::internal("render_failed", e))?;
    Ok(hex(&Sha256::digest(json)))
}

/// A stored entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema), ts(rename = "AuditEntry"), schema(as = AuditEntry))]
pub(crate) struct AuditRecord {
    pub(crate) at: Timestamp,
    pub(crate) actor: AuditActor,
    pub(crate) action: String,
    pub(crate) target: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub(crate) before: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub(crate) after: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional), schema(value_type = Option<String>))]
    pub(crate) source: Option<IpAddr>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub(crate) note: Option<String>,
    pub(crate) correlation_id: CorrelationId,
}

/// A request or command of an operator of the platform in a tenant of others.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OperatorVisit<'a> {
    pub(crate) actor: &'a AuditActor,
    /// The key of the route, or the command.
    pub(crate) route: &'a str,
    pub(crate) source: Option<IpAddr>,
    pub(crate) correlation_id: CorrelationId,
}

impl OperatorVisit<'_> {
    fn minute(&self, now: Timestamp) -> Timestamp {
        let ms = now.as_millisecond();
        let minute = Timestamp::from_millisecond(ms - ms.rem_euclid(VISIT_INTERVAL_MS));
        minute.unwrap_or(now)
    }

    fn id(&self) -> String {
        format!("{}#{}", self.actor.id(), self.route)
    }

    fn record(&self, now: Timestamp) -> AuditRecord {
        AuditRecord {
            at: now,
            actor: self.actor.clone(),
            action: "platform.request".to_owned(),
            target: self.route.to_owned(),
            before: None,
            after: None,
            source: self.source,
            note: None,
            correlation_id: self.correlation_id,
        }
    }
}

impl Store {
    /// Records that an operator has read the list of tenants, once a minute.
    pub(crate) async fn record_list_visit(
        &self,
        visit: &OperatorVisit<'_>,
        now: Timestamp,
    ) -> Result<()> {
        let row = platform_row(visit.minute(now), &visit.id(), &visit.record(now))?;
        self.table.put(row, Condition::not_exists()).await?;
        Ok(())
    }

    /// The part of a transaction that adds an entry about no tenant.
    pub(super) fn platform_audit(
        &self,
        entry: &AuditEntry,
        now: Timestamp,
    ) -> Result<TransactWriteItem> {
        let row = platform_row(now, &entry.row_id(), &entry.record(now))?;
        self.table.transact_put(row, Condition::not_exists())
    }
}

impl Tenant<'_> {
    /// The part of a transaction that checks that the member who acts still has the role that the decision was made for.
    /// A transaction that writes the row of that member has its version as a condition, and no room for another one.
    pub(super) fn authority_check(
        &self,
        entry: &AuditEntry,
        written: Option<UserId>,
    ) -> Result<Option<TransactWriteItem>> {
        let authority = entry.authority;
        let Some(Authority { user, role }) = authority.filter(|one| written != Some(one.user))
        else {
            return Ok(None);
        };
        let has_role = Condition::expression("#role = :role")
            .name_attribute("#role", "role")
            .value(":role", to_attribute(&role)?);
        let member = self.key("", member_sk(user));
        self.table().transact_check(member, has_role).map(Some)
    }

    /// The part of a transaction that adds an entry.
    pub(crate) fn audit(&self, entry: &AuditEntry, now: Timestamp) -> Result<TransactWriteItem> {
        let row = self.audit_row(now, &entry.row_id(), &entry.record(now))?;
        self.table().transact_put(row, Condition::not_exists())
    }

    /// Records that an operator was here, once a minute for each route.
    pub(crate) async fn record_visit(
        &self,
        visit: &OperatorVisit<'_>,
        now: Timestamp,
    ) -> Result<()> {
        let row = self.audit_row(visit.minute(now), &visit.id(), &visit.record(now))?;
        self.table().put(row, Condition::not_exists()).await?;
        Ok(())
    }

    fn audit_row(&self, at: Timestamp, id: &str, record: &AuditRecord) -> Result<Row> {
        self.row(part_of(UsageMonth::of(at)), sort_key(at, id), record)
    }

    /// Reads up to `most` entries of a month that are older than a sort key, newest first, each with its sort key. None
    /// is the end of the month.
    pub(crate) async fn audit_page(
        &self,
        month: UsageMonth,
        before: Option<&str>,
        most: u16,
    ) -> Result<Vec<(String, AuditRecord)>> {
        let keys = match before {
            Some(before) => {
                Condition::expression("pk = :pk AND sk < :before").value(":before", text(before))
            }
            None => Condition::expression("pk = :pk"),
        };
        let keys = keys.value(":pk", text(self.pk(part_of(month))));
        let rows = self
            .table()
            .query_descending(keys, most.into(), Consistency::Strong)
            .await?;
        let records = rows.into_iter().map(|row| {
            let sort_key = Table::sort_key(&row).to_owned();
            Ok((sort_key, Table::from_row(row)?))
        });
        records.collect()
    }
}

fn platform_row(at: Timestamp, id: &str, record: &AuditRecord) -> Result<Row> {
    let pk = format!("P#{}", part_of(UsageMonth::of(at)));
    Table::to_row(pk, sort_key(at, id), record)
}

/// The partition of a month's entries.
pub(super) fn part_of(month: UsageMonth) -> String {
    format!("AUDIT#{month}")
}

fn sort_key(at: Timestamp, id: &str) -> String {
    format!("{:013}#{id}", at.as_millisecond().max(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user() -> UserId {
        UserId::new(Timestamp::UNIX_EPOCH, &|| [1; 10])
    }

    fn entry() -> AuditEntry {
        let correlation_id = CorrelationId::new(Timestamp::UNIX_EPOCH, &|| [2; 10]);
        AuditEntry::of_actor(
            AuditActor::Person(user()),
            "team.created",
            "x",
            correlation_id,
        )
    }

    #[test]
    fn entries_are_sorted_by_time() {
        let at = |text: &str| sort_key(text.parse().unwrap(), "id");
        assert!(at("2026-11-29T12:00:00Z") < at("2026-11-29T12:00:00.001Z"));
        assert!(at("1970-01-01T00:00:00Z") < at("2026-11-29T12:00:00Z"));
    }

    #[test]
    fn change_has_the_hash_of_each_side_that_exists() {
        let created = entry().with_change(None, Some(&"new")).unwrap();
        assert_eq!(created.before, None);
        let changed = entry().with_change(Some(&"new"), Some(&"newer")).unwrap();
        assert_eq!(changed.before, created.after);
        assert_ne!(changed.before, changed.after);
    }

    #[test]
    fn actors_keep_their_stored_form_and_are_found_by_id() {
        let actor = AuditActor::Person(user());
        let json = serde_json::to_value(&actor).unwrap();
        assert_eq!(json, serde_json::json!({ "kind": "person", "id": user() }));
        assert!(actor.has_id(&user().to_string()) && !actor.has_id("usr_"));
        assert!(AuditActor::System("desk-provision".into()).has_id("desk-provision"));
        let operator = AuditActor::Operator("arn:aws:iam::1:user/olga".into());
        let shown = serde_json::to_value(operator.without_name()).unwrap();
        assert_eq!(
            shown,
            serde_json::json!({ "kind": "operator", "id": "operator" })
        );
    }
}
