//! Members of a tenant, and the pointers of people to their tenants.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::TransactWriteItem;
use confab_aws::{Condition, Table, WriteConflict, number, text};
use confab_core::{Result, Timestamp, UserId};
use confab_worker::{Consistency, SaveOutcome};
use desk_domain::{LimitName, Member, MembershipChange, Person};

use super::{AuditEntry, Store, Tenant, tenants::TENANT};
use crate::live_channels::{Party, SocketEnd};

const PREFIX: &str = "MEMBER#";
/// After every id in a sort key.
const LAST: char = '~';
/// DynamoDB's limit of keys in one batch.
const GET_BATCH: usize = 100;

/// A change of a membership, and who made it.
#[derive(Debug)]
pub(crate) struct MembershipWrite<'a> {
    pub(crate) before: &'a Member,
    pub(crate) change: &'a MembershipChange,
    pub(crate) audit: &'a AuditEntry,
    /// Whether the sockets of the member are closed.
    pub(crate) ends_sockets: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MemberOutcome {
    Saved,
    /// There would be no owner any more.
    LastOwner,
    /// The member, the person or the role of the one who acts was changed since they were read.
    Conflict,
}

pub(super) fn member_sk(user: UserId) -> String {
    format!("{PREFIX}{user}")
}

impl Store {
    /// Reads people by their ids, strongly consistent.
    pub(crate) async fn people_by_id(&self, users: &[UserId]) -> Result<BTreeMap<UserId, Person>> {
        let mut people = BTreeMap::new();
        for users in users.chunks(GET_BATCH) {
            let keys = users
                .iter()
                .map(|user| Table::key(format!("U#{user}"), "PERSON"));
            let rows = self.table.batch_get(keys.collect(), Consistency::Strong);
            for row in rows.await? {
                let person: Person = Table::from_row(row)?;
                people.insert(person.id, person);
            }
        }
        Ok(people)
    }
}

impl Tenant<'_> {
    pub(crate) async fn find_member(&self, user: UserId) -> Result<Option<Member>> {
        self.get("", member_sk(user)).await
    }

    /// Lists members by their ids, strongly consistent.
    pub(crate) async fn list_members(
        &self,
        after: Option<&str>,
        most: usize,
    ) -> Result<Vec<Member>> {
        let first = match after {
            Some(after) => format!("{PREFIX}{after}{LAST}"),
            None => PREFIX.to_owned(),
        };
        let keys = Condition::expression("pk = :pk AND sk BETWEEN :first AND :last")
            .value(":pk", text(self.pk("")))
            .value(":first", text(first))
            .value(":last", text(format!("{PREFIX}{LAST}")));
        let rows = self.table().query_consistent(keys, most).await?;
        rows.into_iter().map(Table::from_row).collect()
    }

    /// Writes what a member has changed of themselves.
    pub(crate) async fn save_member(&self, before: &Member, after: &Member) -> Result<SaveOutcome> {
        let row = self.row("", member_sk(after.user), after)?;
        let saved = self.table().put(row, Condition::version(before.version));
        Ok(if saved.await? {
            SaveOutcome::Saved
        } else {
            SaveOutcome::Conflict
        })
    }

    /// Gives a member another role, together with the tenant's number of owners.
    pub(crate) async fn save_role(
        &self,
        write: &MembershipWrite<'_>,
        now: Timestamp,
    ) -> Result<MemberOutcome> {
        let Some(member) = &write.change.member else {
            return Ok(MemberOutcome::Conflict);
        };
        let row = self.row("", member_sk(member.user), member)?;
        let unchanged = Condition::version(write.before.version);
        let mut writes = vec![self.table().transact_put(row, unchanged)?];
        writes.extend(self.counts_write(write.change)?);
        writes.push(self.audit(write.audit, now)?);
        writes.extend(self.authority_check(write.audit, Some(member.user))?);
        if write.ends_sockets {
            writes.push(self.sockets_write(member.user)?);
        }
        self.write_member(writes, write.change).await
    }

    /// Removes a member and the person's pointer to the tenant, and gives the seat back.
    pub(crate) async fn remove_member(
        &self,
        write: &MembershipWrite<'_>,
        person: Option<&Person>,
        now: Timestamp,
    ) -> Result<MemberOutcome> {
        let user = write.before.user;
        let unchanged = Condition::version(write.before.version);
        let key = self.key("", member_sk(user));
        let mut writes = vec![self.table().transact_delete(key, unchanged)?];
        writes.extend(self.counts_write(write.change)?);
        writes.push(self.release_limit(LimitName::Seats, 1, now)?);
        writes.push(self.audit(write.audit, now)?);
        writes.extend(self.authority_check(write.audit, Some(user))?);
        if let Some(person) = person {
            let left = person.clone().leave(self.id());
            writes.push(self.store.person_write(&left, person.version)?);
        }
        writes.push(self.sockets_write(user)?);
        self.write_member(writes, write.change).await
    }

    /// Writes the parts of a change: the member's row first, then the counts, if they change.
    async fn write_member(
        &self,
        writes: Vec<TransactWriteItem>,
        change: &MembershipChange,
    ) -> Result<MemberOutcome> {
        let Some(conflicts) = self.table().try_transact(writes).await? else {
            return Ok(MemberOutcome::Saved);
        };
        let failed = |index| conflicts.get(index) == Some(&WriteConflict::ConditionFailed);
        let is_last_owner = change.owner_delta < 0 && !failed(0) && failed(1);
        Ok(if is_last_owner {
            MemberOutcome::LastOwner
        } else {
            MemberOutcome::Conflict
        })
    }

    pub(super) fn member_put(&self, member: &Member) -> Result<TransactWriteItem> {
        let row = self.row("", member_sk(member.user), member)?;
        self.table().transact_put(row, Condition::not_exists())
    }

    /// The part of a transaction that adds a change to the tenant's counts. Its condition is the number of owners, so
    /// that two owners who remove each other at once are not both gone.
    pub(super) fn counts_write(
        &self,
        change: &MembershipChange,
    ) -> Result<Option<TransactWriteItem>> {
        if (change.owner_delta, change.seat_delta) == (0, 0) {
            return Ok(None);
        }
        let has_owners = Condition::expression("attribute_exists(pk) AND #owners >= :least")
            .name_attribute("#owners", "owners")
            .name_attribute("#members", "members")
            .name_attribute("#version", "version")
            .value(":least", number(change.least_owners()))
            .value(":owners", number(change.owner_delta))
            .value(":members", number(change.seat_delta))
            .value(":one", number(1));
        let add = "ADD #owners :owners, #members :members, #version :one";
        let key = self.key("", TENANT);
        self.table().transact_update(key, add, has_owners).map(Some)
    }

    /// The part of a transaction that records that a member's sockets are to be closed.
    fn sockets_write(&self, user: UserId) -> Result<TransactWriteItem> {
        let party = Party::Agent(user);
        let inbox = party.channel(self.id());
        self.store
            .removals
            .write_user(&inbox, &party, SocketEnd::SignedOut, false)
    }
}
