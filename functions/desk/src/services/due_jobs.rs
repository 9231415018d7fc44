//! Jobs of what is due: one thing of one tenant each. The sweep finds keys of many tenants, and touches none of them.

use confab_aws::{Entry, Queue};
use confab_core::{CorrelationId, Result, TenantId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{
    auth::TenantJob,
    store::{DueKey, DueSubject},
};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct DueJob {
    pub(crate) tenant: TenantId,
    pub(crate) subject: DueSubject,
    /// When it became due.
    pub(crate) due_at: Timestamp,
    /// Counts the jobs of something that takes longer than an invocation.
    #[serde(default)]
    pub(crate) part: u32,
}

impl TenantJob for DueJob {
    fn tenant(&self) -> TenantId {
        self.tenant
    }
}

impl DueJob {
    /// Makes the queue's message: one FIFO group a tenant, so that none delays the others. SQS drops copies within five
    /// minutes; what stays due comes again then.
    fn entry(&self, correlation_id: CorrelationId) -> Result<Entry> {
        let subject = match self.subject {
            DueSubject::Conversation { id } => id.to_string(),
            DueSubject::Upload { conversation, id } => format!("{conversation}#{id}"),
            DueSubject::Tenant => "tenant".to_owned(),
        };
        let (tenant, part) = (self.tenant.to_string(), self.part);
        let key = format!("due#{tenant}#{subject}#{}#{part}", self.due_at.as_second());
        Entry::fifo(&tenant, &key, self, correlation_id)
    }

    /// Returns the job that goes on with what this one has begun.
    pub(crate) fn rest(&self) -> Self {
        Self {
            part: self.part + 1,
            ..*self
        }
    }
}

impl From<DueKey> for DueJob {
    fn from(key: DueKey) -> Self {
        Self {
            tenant: key.tenant,
            subject: key.subject,
            due_at: key.due_at,
            part: 0,
        }
    }
}

#[derive(Debug)]
pub(crate) struct DueJobs(Queue);

impl DueJobs {
    pub(crate) fn new(queue: Queue) -> Self {
        Self(queue)
    }

    pub(crate) async fn send(&self, jobs: &[DueJob], correlation_id: CorrelationId) -> Result<()> {
        let entries = jobs.iter().map(|job| job.entry(correlation_id));
        self.0.send(&entries.collect::<Result<Vec<_>>>()?).await
    }
}
