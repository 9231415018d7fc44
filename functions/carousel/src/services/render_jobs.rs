//! What the renderer is asked for, and where its files are.

use carousel_domain::{PdfJob, RenderJob};
use confab_aws::{Entry, Queue};
use confab_core::{CorrelationId, Result};
use serde::{Deserialize, Serialize};

/// What the renderer is asked for. Copies write the same bytes to the same keys.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "task", rename_all = "snake_case")]
pub enum RenderTask {
    Slide(RenderJob),
    /// A slide that no revision has yet. The chat is not told.
    Preview(RenderJob),
    Pdf(PdfJob),
    Logo {
        id: String,
        chat: String,
        file_id: String,
    },
}

/// Returns the key of a file. All files of a chat are below one prefix, by which they are erased.
pub(crate) fn object_key(chat: &str, name: &str, ending: &str) -> String {
    format!("carousel/{chat}/{name}.{ending}")
}

/// Sends a job to a standard queue.
pub(crate) async fn send_job<J: Serialize>(
    queue: &Queue,
    job: &J,
    correlation_id: CorrelationId,
) -> Result<()> {
    let entry = Entry::standard(job, correlation_id)?;
    queue.send(&[entry]).await
}
