//! The worker of the status queue: notes what became of a message of ours.

use std::sync::Arc;

use confab_kernel::{Result, messaging::Stage};
use confab_lambda::{Job as Delivery, metrics};
use studio_domain::StatusJob;

use crate::Follower;

pub async fn handle(deps: Arc<Follower>, delivery: Delivery<StatusJob>) -> Result<()> {
    let StatusJob::V1 { status } = delivery.body;
    let is_news = deps.store.follow(&status).await?;
    if is_news && status.stage == Stage::Failed {
        // Providers take most messages first and refuse them afterwards; nobody else will notice.
        metrics::count("MessageRefused", "provider");
    }
    Ok(())
}
