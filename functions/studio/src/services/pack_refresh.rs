//! Refreshes of the packs: when one begins, and how often.

use std::time::Duration;

use confab_aws::Entry;
use confab_core::{CorrelationId, EventId, Result, after};
use studio_domain::{PackJob, PackTask};

use crate::{state::State, store::Refresh};

/// Age at which the packs are refreshed.
const REFRESH_INTERVAL: Duration = Duration::from_secs(24 * 3600);
/// Age at which a refresh whose list never arrived is repeated.
const LIST_TIMEOUT: Duration = Duration::from_secs(15 * 60);

/// Begins a refresh. The latest one wins: its sheets replace those of earlier ones.
pub(crate) async fn begin_refresh(
    state: &State,
    id: EventId,
    correlation_id: CorrelationId,
) -> Result<()> {
    let job = PackJob::V1 {
        refresh: id,
        task: PackTask::List,
    };
    // Sent before it is saved: a saved refresh that was never sent would block others for a day.
    let entry = Entry::standard(&job, correlation_id)?;
    state.pack_queue()?.send(&[entry]).await?;
    let refresh = Refresh {
        id,
        began_at: id.made_at(),
        packs: None,
    };
    state.store()?.begin_refresh(&refresh).await
}

/// Begins a refresh, unless the latest one is young enough.
pub(crate) async fn refresh_if_stale(
    state: &State,
    id: EventId,
    correlation_id: CorrelationId,
) -> Result<()> {
    if let Some(latest) = state.store()?.latest_refresh().await? {
        let max_age = if latest.packs.is_some() {
            REFRESH_INTERVAL
        } else {
            LIST_TIMEOUT
        };
        if id.made_at() < after(latest.began_at, max_age) {
            return Ok(());
        }
    }
    begin_refresh(state, id, correlation_id).await
}
