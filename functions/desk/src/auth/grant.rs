//! Permission to read and write the rows of one tenant.

use confab_core::TenantId;
use desk_domain::{DeploymentKey, InviteToken};
use serde::{Deserialize, Serialize};

use super::operator::CommandOperator;

/// The permission. Its constructors name what proves it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TenantGrant(TenantId);

/// The tenant of a message on one of our queues. Only functions with the permission to send write one.
pub(crate) trait TenantJob {
    fn tenant(&self) -> TenantId;
}

/// The tenant that a global row points to. Rows are written by us.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TenantPointer {
    pub(crate) tenant: TenantId,
}

impl TenantGrant {
    pub(crate) fn id(self) -> TenantId {
        self.0
    }

    /// For a principal, visitor or ticket that was verified.
    pub(super) fn verified(tenant: TenantId) -> Self {
        Self(tenant)
    }

    /// For a worker's job.
    pub(crate) fn of_job(job: &impl TenantJob) -> Self {
        Self(job.tenant())
    }

    /// For an operator's command, which only who may invoke the function can give.
    pub(crate) fn of_command(_: &CommandOperator, tenant: TenantId) -> Self {
        Self(tenant)
    }

    /// For the tenant that a person is creating, under a new id.
    pub(crate) fn of_new_tenant(tenant: TenantId) -> Self {
        Self(tenant)
    }

    /// For whom a genuine link invites.
    pub(crate) fn of_invitation(token: &InviteToken) -> Self {
        Self(token.tenant)
    }

    /// For a site that names a deployment key, whose row has the tenant.
    pub(crate) fn of_deployment(_: &DeploymentKey, pointer: TenantPointer) -> Self {
        Self(pointer.tenant)
    }

    /// For a person, of whose tenants this is one: the row of the person names it.
    pub(crate) fn of_membership(person: &desk_domain::Person, tenant: TenantId) -> Option<Self> {
        person.tenants.contains(&tenant).then_some(Self(tenant))
    }
}
