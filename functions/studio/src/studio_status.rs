//! The worker of the status queue: notes what became of a message of ours.

use std::sync::Arc;

use confab_kernel::Result;
use confab_lambda::Job as Delivery;
use studio_domain::StatusJob;

use crate::Follower;

pub async fn handle(deps: Arc<Follower>, delivery: Delivery<StatusJob>) -> Result<()> {
    let StatusJob::V1 { status } = delivery.body;
    deps.store.follow(&status).await
}
