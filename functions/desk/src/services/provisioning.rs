//! Steps of setups that wait to be performed: one FIFO group a tenant.

use confab_aws::{Entry, Queue};
use confab_core::{CorrelationId, Result, TenantId};
use desk_domain::{ProvisionRunId, ProvisionStep, StepRequest};
use serde::{Deserialize, Serialize};

use crate::auth::TenantJob;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProvisionJob {
    pub(crate) tenant: TenantId,
    pub(crate) run: ProvisionRunId,
    pub(crate) step: ProvisionStep,
    pub(crate) round: u32,
}

impl TenantJob for ProvisionJob {
    fn tenant(&self) -> TenantId {
        self.tenant
    }
}

#[derive(Debug)]
pub(crate) struct ProvisionQueue(Queue);

impl ProvisionQueue {
    pub(crate) fn new(queue: Queue) -> Self {
        Self(queue)
    }

    /// Asks for steps. Copies of a request are dropped within five minutes.
    pub(crate) async fn send(
        &self,
        tenant: TenantId,
        requests: &[StepRequest],
        correlation_id: CorrelationId,
    ) -> Result<()> {
        let entries = requests.iter().map(|request| {
            let job = ProvisionJob {
                tenant,
                run: request.run,
                step: request.step,
                round: request.round,
            };
            let group = tenant.to_string();
            Entry::fifo(&group, &request.deduplication_key(), &job, correlation_id)
        });
        self.0.send(&entries.collect::<Result<Vec<_>>>()?).await
    }

    pub(crate) async fn depth(&self) -> Result<u64> {
        self.0.depth().await
    }
}
