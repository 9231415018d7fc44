//! Performs the steps of setups, one a message, in the order of each tenant.

use std::sync::Arc;

use confab_core::Result;
use confab_lambda::QueueMessage;

pub use crate::services::provisioning::ProvisionJob;
use crate::{
    auth::TenantGrant,
    services::setup::perform_step,
    state::{Part, State},
};

pub const PARTS: &[Part] = &[
    Part::Store,
    Part::Provisioning,
    Part::DynamoDbConnection,
    Part::SqsConnection,
];

/// Tries one step. A copy of a message that was handled asks for the current step again, and changes nothing.
pub async fn handle(state: Arc<State>, job: QueueMessage<ProvisionJob>) -> Result<()> {
    let grant = TenantGrant::of_job(&job.body);
    perform_step(&state, grant, job.body.step, job.correlation_id).await
}
