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
    Pdf(PdfJob),
    Logo {
        id: String,
        chat: String,
        file_id: String,
    },
}

/// Returns the prefixes of all files of a chat, by which they are erased.
pub(crate) fn prefixes(chat: &str) -> [String; 2] {
    [format!("carousel/{chat}/"), format!("logo/{chat}/")]
}

/// Returns the key of a logo. Unlike other files it is kept until the chat is erased.
pub(crate) fn logo_key(chat: &str, hash: &str) -> String {
    format!("logo/{chat}/{hash}.png")
}

/// Returns the key of a file that is kept for 90 days.
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
