//! Contacts: visitors of sites, and the aliases under which verified ones are found.

use aws_sdk_dynamodb::types::TransactWriteItem;
use confab_aws::{Condition, Row, Table, text};
use confab_core::Result;
use confab_worker::{Consistency, SaveOutcome};
use desk_domain::{Contact, ContactAlias, ContactMerge, ConversationId, VisitorId};
use serde::{Deserialize, Serialize};

use super::Tenant;

const VISITOR: &str = "VISITOR";
const CONVERSATION_PREFIX: &str = "CONV#";
/// The partition of the index in which contacts are listed.
pub(super) const PEOPLE: &str = "PEOPLE";
/// The partition of the other contacts and of all aliases, by which an erasure finds them.
pub(super) const VISITORS: &str = "VISITORS";

/// The contact that an alias leads to.
#[derive(Serialize, Deserialize)]
struct AliasRow {
    visitor: VisitorId,
}

fn visitor_part(id: VisitorId) -> String {
    format!("VIS#{id}")
}

fn alias_part(alias: &ContactAlias) -> String {
    format!("ALIAS#{}", alias.as_str())
}

impl Tenant<'_> {
    pub(crate) async fn find_contact(&self, id: VisitorId) -> Result<Option<Contact>> {
        self.get(visitor_part(id), VISITOR).await
    }

    /// Writes a contact, if the version that was read is still the current one; version 0 is a new contact.
    pub(crate) async fn save_contact(
        &self,
        contact: &Contact,
        version: u64,
    ) -> Result<SaveOutcome> {
        let row = self.contact_row(contact)?;
        let is_saved = self.table().put(row, Condition::version(version)).await?;
        Ok(if is_saved {
            SaveOutcome::Saved
        } else {
            SaveOutcome::Conflict
        })
    }

    /// The part of a transaction that writes a contact like `save_contact`.
    pub(crate) fn contact_write(
        &self,
        contact: &Contact,
        version: u64,
    ) -> Result<TransactWriteItem> {
        let row = self.contact_row(contact)?;
        self.table().transact_put(row, Condition::version(version))
    }

    /// The parts of a transaction that joins two contacts of the versions that were read.
    pub(crate) fn merge_writes(
        &self,
        merge: &ContactMerge,
        (from, into): (u64, u64),
    ) -> Result<[TransactWriteItem; 2]> {
        Ok([
            self.contact_write(&merge.from, from)?,
            self.contact_write(&merge.into, into)?,
        ])
    }

    pub(crate) async fn find_alias(&self, alias: &ContactAlias) -> Result<Option<VisitorId>> {
        let row: Option<AliasRow> = self.get(alias_part(alias), VISITOR).await?;
        Ok(row.map(|row| row.visitor))
    }

    /// Creates a verified contact and its alias. `known` is where the alias led, to a contact that was erased. Of two
    /// sessions that come at once, one gets a conflict, and finds the contact of the other.
    pub(crate) async fn create_verified_contact(
        &self,
        contact: &Contact,
        alias: &ContactAlias,
        known: Option<VisitorId>,
    ) -> Result<SaveOutcome> {
        let row = AliasRow {
            visitor: contact.id,
        };
        let mut row = self.row(alias_part(alias), VISITOR, &row)?;
        row.insert("gpk".to_owned(), text(self.pk(VISITORS)));
        row.insert("gsk".to_owned(), text(alias.as_str()));
        let unchanged = match known {
            None => Condition::not_exists(),
            Some(visitor) => Condition::expression("visitor = :visitor")
                .value(":visitor", text(visitor.to_string())),
        };
        let writes = vec![
            self.table().transact_put(row, unchanged)?,
            self.contact_write(contact, 0)?,
        ];
        self.table().transact(writes).await
    }

    /// Returns the latest conversation of a visitor.
    pub(crate) async fn latest_conversation(
        &self,
        visitor: VisitorId,
    ) -> Result<Option<ConversationId>> {
        let keys = self.rows_with(visitor_part(visitor), CONVERSATION_PREFIX);
        let rows = self
            .table()
            .query_descending(keys, 1, Consistency::Strong)
            .await?;
        let latest = rows.first().map(Table::sort_key);
        let id = latest.and_then(|sk| sk.strip_prefix(CONVERSATION_PREFIX));
        Ok(id.and_then(|id| id.parse().ok()))
    }

    /// Renders a contact with its place in the list of agents, or in that of the others.
    fn contact_row(&self, contact: &Contact) -> Result<Row> {
        let mut row = self.row(visitor_part(contact.id), VISITOR, contact)?;
        row.retain(|_, value| !value.is_null());
        let seconds = contact.last_seen_at.as_second().max(0);
        let (list, place) = if contact.is_listed() {
            (PEOPLE, format!("{seconds:012}#{}", contact.id))
        } else {
            // Without the time, so that a visit does not write the index.
            (VISITORS, contact.id.to_string())
        };
        row.insert("gpk".to_owned(), text(self.pk(list)));
        row.insert("gsk".to_owned(), text(place));
        Ok(row)
    }
}
