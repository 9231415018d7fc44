//! Does one thing that is due: wakes a conversation or ends an idle one, deletes a file without a message, ends a trial,
//! erases a tenant.
//!
//! A job that comes early, late or twice changes nothing: the row says what is due.

use std::{sync::Arc, time::Duration};

use confab_core::{Result, Timestamp};
use confab_lambda::QueueMessage;
use confab_worker::Consistency;
use desk_domain::{ConversationId, UploadId};
use tokio::time::Instant;

use crate::{
    auth::TenantGrant,
    services::{
        attachments::delete_file, conversations::settle_due, due_jobs::DueJob,
        erasure::run_due_tenant,
    },
    state::{Part, State},
    store::{DueSubject, Tenant},
};

pub const PARTS: &[Part] = &[
    Part::Store,
    Part::Objects,
    Part::Broadcasts,
    Part::DueJobs,
    Part::Provisioning,
    Part::DynamoDbConnection,
];

/// Time of an invocation that is left for the last calls.
const RESERVED_TIME: Duration = Duration::from_secs(5);

pub async fn handle(state: Arc<State>, job: QueueMessage<DueJob>) -> Result<()> {
    let due = job.body;
    let tenant = state.store()?.tenant(TenantGrant::of_job(&due));
    match due.subject {
        DueSubject::Conversation { id } => {
            let Some(head) = tenant.find_head(id, Consistency::Strong).await? else {
                return Ok(());
            };
            settle_due(&state, tenant, head, due.due_at, job.correlation_id).await?;
            Ok(())
        }
        DueSubject::Upload { conversation, id } => {
            delete_expired(&state, tenant, conversation, id, due.due_at).await
        }
        DueSubject::Tenant => run_tenant(&state, &due, &job).await,
    }
}

/// Does what is due for a tenant. What does not fit into the time goes on in another job.
async fn run_tenant(state: &State, due: &DueJob, job: &QueueMessage<DueJob>) -> Result<()> {
    let grant = TenantGrant::of_job(due);
    let deadline = Instant::now() + job.time_left.saturating_sub(RESERVED_TIME);
    let is_done = Box::pin(run_due_tenant(state, grant, deadline, job.correlation_id)).await?;
    if is_done {
        return Ok(());
    }
    let rest = [due.rest()];
    state.due_jobs()?.send(&rest, job.correlation_id).await
}

/// Deletes a file that no message has, once its time is over.
async fn delete_expired(
    state: &State,
    tenant: Tenant<'_>,
    conversation: ConversationId,
    id: UploadId,
    due_at: Timestamp,
) -> Result<()> {
    let now = state.clock.now().max(due_at);
    let Some(upload) = tenant.find_upload(conversation, id).await? else {
        return Ok(());
    };
    match upload.expires_at() {
        Some(at) if at <= now => delete_file(state.objects()?, tenant, conversation, id).await,
        _ => Ok(()),
    }
}
