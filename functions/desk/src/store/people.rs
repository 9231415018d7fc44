//! The rows of people, the pointers from their addresses, and their places in workspaces.

use std::{collections::HashMap, time::Duration};

use aws_sdk_dynamodb::types::TransactWriteItem;
use confab_aws::{Condition, Row, Table, number, text};
use confab_core::{Result, TenantId, UserId, after};
use confab_worker::{Consistency, SaveOutcome};
use desk_domain::{EmailKey, Membership, Person};
use serde::{Deserialize, Serialize};

use super::{AuditEntry, Store, Tenant};
use crate::auth::TenantGrant;

/// People who never verify their address are forgotten. Their link is valid for a day.
const UNVERIFIED_TTL: Duration = Duration::from_secs(7 * 86_400);
/// Half of DynamoDB's limit of keys in one batch: a membership has two rows.
const MEMBERSHIP_BATCH: usize = 50;

/// The pointer from an address to its person.
#[derive(Serialize, Deserialize)]
struct AddressRow {
    user_id: UserId,
}

pub(super) fn person_pk(user: UserId) -> String {
    format!("U#{user}")
}

fn address_pk(email: &EmailKey) -> String {
    format!("E#{}", email.as_str())
}

impl Store {
    pub(crate) async fn find_person(&self, user: UserId) -> Result<Option<Person>> {
        self.table.get(Table::key(person_pk(user), "PERSON")).await
    }

    /// Finds the person with an address. An unknown address takes the reads of a known one, so that the time of an
    /// answer does not tell them apart.
    pub(crate) async fn find_person_by_email(&self, email: &EmailKey) -> Result<Option<Person>> {
        let key = Table::key(address_pk(email), "PERSON");
        let row: Option<AddressRow> = self.table.get(key).await?;
        let user = match row {
            Some(row) => row.user_id,
            None => UserId::new(self.clock.now(), &|| [0; 10]),
        };
        let person = self.find_person(user).await?;
        Ok(person.filter(|person| person.email.key() == *email))
    }

    /// Saves a person with the pointer from their address, if the person has the version that was read; 0 is a new
    /// person. Conflicts when another person has verified the address.
    pub(crate) async fn save_person(
        &self,
        person: &Person,
        read_version: u64,
    ) -> Result<SaveOutcome> {
        let writes = vec![
            self.person_write(person, read_version)?,
            self.address_write(person)?,
        ];
        self.table.transact(writes).await
    }

    /// Saves a person whose role on the platform has changed, if the person has the version that was read.
    pub(crate) async fn save_platform_role(
        &self,
        person: &Person,
        read_version: u64,
        audit: &AuditEntry,
    ) -> Result<SaveOutcome> {
        let writes = vec![
            self.person_write(person, read_version)?,
            self.platform_audit(audit, self.clock.now())?,
        ];
        self.table.transact(writes).await
    }

    /// The part of a transaction that saves a person whose address stays.
    pub(crate) fn person_write(
        &self,
        person: &Person,
        read_version: u64,
    ) -> Result<TransactWriteItem> {
        let mut row = Table::to_row(person_pk(person.id), "PERSON", person)?;
        self.expire_unverified(person, &mut row);
        self.table
            .transact_put(row, Condition::version(read_version))
    }

    /// The part of a transaction that points from an address to its person. A pointer that will expire belongs to a
    /// sign-up without a verification, and a later sign-up or a verified person takes it over.
    pub(super) fn address_write(&self, person: &Person) -> Result<TransactWriteItem> {
        let pointer = AddressRow { user_id: person.id };
        let mut row = Table::to_row(address_pk(&person.email.key()), "PERSON", &pointer)?;
        self.expire_unverified(person, &mut row);
        let is_free = Condition::expression(
            "attribute_not_exists(pk) OR user_id = :me OR attribute_exists(expires_at)",
        )
        .value(":me", text(person.id.to_string()));
        self.table.transact_put(row, is_free)
    }

    fn expire_unverified(&self, person: &Person, row: &mut Row) {
        if !person.is_verified() {
            let at = after(self.clock.now(), UNVERIFIED_TTL).as_second();
            row.insert("expires_at".to_owned(), number(at));
        }
    }

    /// Writes a row that is never read, so that an answer which stores nothing takes as long as one that does.
    pub(crate) async fn write_decoy(&self, email: &EmailKey) -> Result<()> {
        let mut row = Table::key(format!("RATE#decoy#{}", email.as_str()), "RATE");
        let at = self.clock.now().as_second();
        row.insert("expires_at".to_owned(), number(at));
        self.table.put(row, Condition::none()).await.map(drop)
    }

    /// Returns the workspaces of a person with their place in each, the oldest first.
    pub(crate) async fn list_memberships(&self, person: &Person) -> Result<Vec<Membership>> {
        let tenants = person.tenants.iter();
        let grants = tenants.filter_map(|tenant| TenantGrant::of_membership(person, *tenant));
        let tenants: Vec<_> = grants.map(|grant| self.tenant(grant)).collect();
        let mut memberships = Vec::with_capacity(tenants.len());
        for tenants in tenants.chunks(MEMBERSHIP_BATCH) {
            memberships.extend(self.read_memberships(person.id, tenants).await?);
        }
        Ok(memberships)
    }

    /// Returns the place of a person in one of their workspaces.
    pub(crate) async fn find_membership(
        &self,
        person: &Person,
        tenant: TenantId,
    ) -> Result<Option<Membership>> {
        let Some(grant) = TenantGrant::of_membership(person, tenant) else {
            return Ok(None);
        };
        let tenants = [self.tenant(grant)];
        let mut memberships = self.read_memberships(person.id, &tenants).await?;
        Ok(memberships.pop())
    }

    async fn read_memberships(
        &self,
        user: UserId,
        tenants: &[Tenant<'_>],
    ) -> Result<Vec<Membership>> {
        let member_sk = format!("MEMBER#{user}");
        let keys = tenants.iter().flat_map(|tenant| {
            let tenant_key = tenant.key("", "TENANT");
            [tenant_key, tenant.key("", member_sk.as_str())]
        });
        let rows = self.table.batch_get(keys.collect(), Consistency::Strong);
        let rows = rows.await?.into_iter();
        let mut rows: HashMap<_, _> = rows.map(|row| (name_of(&row), row)).collect();
        let mut memberships = Vec::with_capacity(tenants.len());
        for tenant in tenants {
            let mut take = |sk: &str| rows.remove(&(tenant.pk(""), sk.to_owned()));
            // A membership that is being removed has lost one of its rows.
            if let (Some(tenant), Some(member)) = (take("TENANT"), take(&member_sk)) {
                memberships.push(Membership {
                    tenant: Table::from_row(tenant)?,
                    member: Table::from_row(member)?,
                });
            }
        }
        Ok(memberships)
    }
}

fn name_of(row: &Row) -> (String, String) {
    (Table::partition(row), Table::sort_key(row).to_owned())
}
