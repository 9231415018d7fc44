//! The list of contacts: those of whom something is known, by their last visit.

use confab_aws::Table;
use confab_core::Result;
use confab_worker::Consistency;
use desk_domain::{Contact, VisitorId};

use super::{
    Tenant,
    conversation_lists::sort_key,
    conversations::{CONTACT, visitor_part},
};

const PEOPLE: &str = "PEOPLE";
/// DynamoDB's limit of keys in one batch.
const GET_BATCH: usize = 100;

/// A contact, and its place in the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ListedContact {
    pub(crate) place: String,
    pub(crate) contact: Contact,
}

/// A part of the list.
#[derive(Debug)]
pub(crate) struct ContactPage {
    pub(crate) contacts: Vec<ListedContact>,
    /// How many keys were read, those of contacts that are gone included.
    pub(crate) read: usize,
    /// The last place that was read.
    pub(crate) last: Option<String>,
}

impl Tenant<'_> {
    /// Returns contacts after a place in the list, the last seen first.
    pub(crate) async fn list_contacts(
        &self,
        after: Option<String>,
        most: u16,
    ) -> Result<ContactPage> {
        let rows = self.list_index(PEOPLE, after, most).await?;
        let (keys_read, last) = (rows.len(), rows.last().map(|row| sort_key(row).to_owned()));
        let places: Vec<_> = rows
            .iter()
            .filter_map(|row| Some((sort_key(row).to_owned(), visitor_of(sort_key(row))?)))
            .collect();
        let mut contacts = Vec::new();
        for places in places.chunks(GET_BATCH) {
            let keys = places
                .iter()
                .map(|(_, id)| self.key(visitor_part(*id), CONTACT));
            let read = Consistency::Eventual;
            let rows = self.table().batch_get(keys.collect(), read).await?;
            for row in rows {
                contacts.push(Table::from_row::<Contact>(row)?);
            }
        }
        let listed = places.into_iter().filter_map(|(place, id)| {
            let contact = contacts.iter().find(|contact| contact.id == id)?.clone();
            Some(ListedContact { place, contact })
        });
        Ok(ContactPage {
            contacts: listed.collect(),
            read: keys_read,
            last,
        })
    }
}

/// The sort key of a contact is a time and an id.
fn visitor_of(sort_key: &str) -> Option<VisitorId> {
    let (_, id) = sort_key.split_once('#')?;
    id.parse().ok()
}
