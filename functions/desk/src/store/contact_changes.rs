//! Changes of contacts by members, each with its entry in the audit.

use confab_core::{Result, Timestamp};
use confab_worker::SaveOutcome;
use desk_domain::{Contact, ContactMerge};

use super::{AuditEntry, Tenant};
use crate::live_channels::{Party, SocketEnd};

impl Tenant<'_> {
    /// Writes a changed contact of the version that was read.
    pub(crate) async fn save_changed_contact(
        &self,
        contact: &Contact,
        version: u64,
        audit: &AuditEntry,
        now: Timestamp,
    ) -> Result<SaveOutcome> {
        let writes = vec![
            self.contact_write(contact, version)?,
            self.audit(audit, now)?,
        ];
        self.table().transact(writes).await
    }

    /// Writes both contacts of a merge, of the versions that were read.
    pub(crate) async fn save_merge(
        &self,
        merge: &ContactMerge,
        versions: (u64, u64),
        audit: &AuditEntry,
        now: Timestamp,
    ) -> Result<SaveOutcome> {
        let mut writes = Vec::from(self.merge_writes(merge, versions)?);
        writes.push(self.audit(audit, now)?);
        self.table().transact(writes).await
    }

    /// Writes a contact that is blocked or not any more. The sockets of a blocked visitor are closed by the next
    /// broadcast, even if the process dies before it publishes that.
    pub(crate) async fn save_block(
        &self,
        contact: &Contact,
        version: u64,
        audit: &AuditEntry,
        now: Timestamp,
    ) -> Result<SaveOutcome> {
        let mut writes = vec![
            self.contact_write(contact, version)?,
            self.audit(audit, now)?,
        ];
        if contact.is_blocked() {
            let party = Party::Visitor(contact.id);
            let removals = &self.store.removals;
            let channel = party.channel(self.id());
            writes.push(removals.write_user(&channel, &party, SocketEnd::Blocked, false)?);
        }
        self.table().transact(writes).await
    }
}
