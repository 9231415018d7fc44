//! What agents have typed and not yet sent, so that it is there on another device.

use std::time::Duration;

use confab_aws::Condition;
use confab_core::{Private, Result, Timestamp, UserId, after};
use desk_domain::{ConversationId, MessageText};
use serde::{Deserialize, Serialize};

use super::{Tenant, conversations::conversation_part};

const DRAFT_TTL: Duration = Duration::from_secs(90 * 86_400);

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
pub(crate) struct SavedDraft {
    pub(crate) text: Private<String>,
    pub(crate) saved_at: Timestamp,
}

#[derive(Serialize)]
struct DraftRow {
    #[serde(flatten)]
    draft: SavedDraft,
    /// For TTL, in Unix seconds.
    expires_at: i64,
}

fn draft_sk(user: UserId) -> String {
    format!("DRAFT#{user}")
}

impl Tenant<'_> {
    pub(crate) async fn find_draft(
        &self,
        id: ConversationId,
        user: UserId,
    ) -> Result<Option<SavedDraft>> {
        self.get(conversation_part(id), draft_sk(user)).await
    }

    /// Replaces an agent's draft. The last one that is written stays.
    pub(crate) async fn save_draft(
        &self,
        id: ConversationId,
        user: UserId,
        text: &MessageText,
        now: Timestamp,
    ) -> Result<SavedDraft> {
        let draft = SavedDraft {
            text: text.as_str().into(),
            saved_at: now,
        };
        let row = DraftRow {
            draft: draft.clone(),
            expires_at: after(now, DRAFT_TTL).as_second(),
        };
        let row = self.row(conversation_part(id), draft_sk(user), &row)?;
        self.table().put(row, Condition::none()).await?;
        Ok(draft)
    }

    pub(crate) async fn delete_draft(&self, id: ConversationId, user: UserId) -> Result<()> {
        let key = self.key(conversation_part(id), draft_sk(user));
        self.table().delete(key).await
    }
}
