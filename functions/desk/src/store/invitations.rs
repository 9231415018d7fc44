//! Invitations. An open one reserves a seat, and its address has a row of its own, so that each address has one.

use aws_sdk_dynamodb::types::TransactWriteItem;
use confab_aws::{Condition, Table, WriteConflict, text};
use confab_core::{Result, Timestamp};
use confab_worker::{Consistency, SaveOutcome};
use desk_domain::{
    EmailKey, Invitation, InvitationId, InvitationState, Limit, LimitName, MembershipChange, Person,
};
use serde::{Deserialize, Serialize};

use super::{AuditEntry, Tenant};

const PREFIX: &str = "INVITE#";
const INVITED_PREFIX: &str = "INVITED#";
/// DynamoDB's limit of keys in one batch.
const GET_BATCH: usize = 100;
/// How long a closed invitation explains itself, in seconds.
const CLOSED_TTL_SECONDS: i64 = 30 * 86_400;

#[derive(Serialize, Deserialize)]
struct InvitationRow {
    invitation: Invitation,
    /// For TTL, in Unix seconds, once the invitation is closed. An open one holds a seat, which has to be given back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expires_at: Option<i64>,
}

#[derive(Serialize, Deserialize)]
struct InvitedRow {
    invitation: InvitationId,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum InvitationOutcome {
    Created,
    /// An earlier attempt has created it.
    Exists,
    /// The address has an open invitation.
    AddressInvited,
    /// The plan has no seat left.
    NoSeat,
    /// The role of the member who acts was changed since it was read.
    Conflict,
}

/// An acceptance and everything that it changes.
#[derive(Debug)]
pub(crate) struct AcceptedInvitation<'a> {
    pub(crate) invitation: &'a Invitation,
    pub(crate) change: &'a MembershipChange,
    /// The person as a member of the tenant.
    pub(crate) person: &'a Person,
    /// The version of the person that was read; 0 is a new one.
    pub(crate) person_version: u64,
    /// Whether the person had no verified address before.
    pub(crate) proves_address: bool,
    pub(crate) audit: &'a AuditEntry,
}

fn invitation_sk(id: InvitationId) -> String {
    format!("{PREFIX}{id}")
}

fn invited_sk(email: &EmailKey) -> String {
    format!("{INVITED_PREFIX}{}", email.as_str())
}

impl Tenant<'_> {
    pub(crate) async fn find_invitation(&self, id: InvitationId) -> Result<Option<Invitation>> {
        let row: Option<InvitationRow> = self.get("", invitation_sk(id)).await?;
        Ok(row.map(|row| row.invitation))
    }

    /// Returns the invitation that an address has, open or not yet closed.
    pub(crate) async fn find_invitation_of(&self, email: &EmailKey) -> Result<Option<Invitation>> {
        let invited: Option<InvitedRow> = self.get("", invited_sk(email)).await?;
        match invited {
            Some(invited) => self.find_invitation(invited.invitation).await,
            None => Ok(None),
        }
    }

    /// Lists the invitations that reserve a seat: open ones, and those that have expired since.
    pub(crate) async fn list_invitations(&self) -> Result<Vec<Invitation>> {
        let pointers = self.rows_with("", INVITED_PREFIX);
        let pointers = self.table().query_consistent(pointers, usize::MAX).await?;
        let mut invitations = Vec::with_capacity(pointers.len());
        for pointers in pointers.chunks(GET_BATCH) {
            let ids = pointers.iter().cloned().map(Table::from_row::<InvitedRow>);
            let ids = ids.collect::<Result<Vec<_>>>()?;
            let keys = ids
                .iter()
                .map(|invited| self.key("", invitation_sk(invited.invitation)));
            let rows = self.table().batch_get(keys.collect(), Consistency::Strong);
            for row in rows.await? {
                let row: InvitationRow = Table::from_row(row)?;
                invitations.push(row.invitation);
            }
        }
        invitations.sort_by_key(|invitation| invitation.id);
        Ok(invitations)
    }

    /// Stores an invitation, and reserves its seat.
    pub(crate) async fn create_invitation(
        &self,
        invitation: &Invitation,
        seats: &Limit,
        audit: &AuditEntry,
        now: Timestamp,
    ) -> Result<InvitationOutcome> {
        let invited = InvitedRow {
            invitation: invitation.id,
        };
        let invited = self.row("", invited_sk(&invitation.email.key()), &invited)?;
        let mut writes = vec![
            self.invitation_write(invitation, Condition::not_exists())?,
            self.table()
                .transact_put(invited, Condition::not_exists())?,
            self.reserve_limit(seats, 1, now)?,
            self.audit(audit, now)?,
        ];
        writes.extend(self.authority_check(audit, None)?);
        let Some(conflicts) = self.table().try_transact(writes).await? else {
            return Ok(InvitationOutcome::Created);
        };
        let failed = |index| conflicts.get(index) == Some(&WriteConflict::ConditionFailed);
        Ok(if failed(0) {
            InvitationOutcome::Exists
        } else if failed(1) {
            InvitationOutcome::AddressInvited
        } else if failed(2) {
            InvitationOutcome::NoSeat
        } else {
            InvitationOutcome::Conflict
        })
    }

    /// Writes an invitation that is revoked or over, and gives its seat back.
    pub(crate) async fn close_invitation(
        &self,
        closed: &Invitation,
        audit: Option<&AuditEntry>,
        now: Timestamp,
    ) -> Result<SaveOutcome> {
        let mut writes = self.closing_writes(closed)?;
        writes.push(self.release_reserved(LimitName::Seats, 1, now)?);
        if let Some(audit) = audit {
            writes.push(self.audit(audit, now)?);
            writes.extend(self.authority_check(audit, None)?);
        }
        self.table().transact(writes).await
    }

    /// Writes an acceptance: the reserved seat becomes the member's, or is given back by one who is a member already.
    pub(crate) async fn accept_invitation(
        &self,
        accepted: &AcceptedInvitation<'_>,
        now: Timestamp,
    ) -> Result<SaveOutcome> {
        let (person, change) = (accepted.person, accepted.change);
        let mut writes = self.closing_writes(accepted.invitation)?;
        if change.seat_delta > 0 {
            writes.push(self.use_reserved(LimitName::Seats, 1, now)?);
            if let Some(member) = &change.member {
                writes.push(self.member_put(member)?);
            }
            writes.extend(self.counts_write(change)?);
        } else {
            writes.push(self.release_reserved(LimitName::Seats, 1, now)?);
        }
        let version = accepted.person_version;
        writes.push(self.store.person_write(person, version)?);
        if accepted.proves_address {
            writes.push(self.store.address_write(person)?);
        }
        writes.push(self.audit(accepted.audit, now)?);
        self.table().transact(writes).await
    }

    /// The parts of a transaction that closes an open invitation.
    fn closing_writes(&self, closed: &Invitation) -> Result<Vec<TransactWriteItem>> {
        let is_open = Condition::expression("#invitation.#state = :pending")
            .name_attribute("#invitation", "invitation")
            .name_attribute("#state", "state")
            .value(":pending", text("pending"));
        let invited = self.key("", invited_sk(&closed.email.key()));
        let is_own = Condition::expression("attribute_not_exists(pk) OR invitation = :invitation")
            .value(":invitation", text(closed.id.to_string()));
        Ok(vec![
            self.invitation_write(closed, is_open)?,
            self.table().transact_delete(invited, is_own)?,
        ])
    }

    fn invitation_write(
        &self,
        invitation: &Invitation,
        when: Condition,
    ) -> Result<TransactWriteItem> {
        let is_pending = invitation.state == InvitationState::Pending;
        let closes_at = invitation.expires_at.as_second() + CLOSED_TTL_SECONDS;
        let row = InvitationRow {
            invitation: invitation.clone(),
            expires_at: (!is_pending).then_some(closes_at),
        };
        let row = self.row("", invitation_sk(invitation.id), &row)?;
        self.table().transact_put(row, when)
    }
}
