//! Carousels that were asked for outside of Telegram, by their idempotency keys.

use std::time::Duration;

use carousel_domain::CarouselId;
use confab_aws::{Condition, RateLimit, Row, Table};
use confab_core::{CorrelationId, Error, Result, Timestamp, hex};
use confab_worker::SaveOutcome;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{Store, chat_pk};

/// Longer than any client repeats a request.
const REQUEST_TTL_SECONDS: i64 = 8 * 24 * 3600;

/// A request that was accepted. Copies of it get the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RequestRecord {
    pub(crate) carousel: CarouselId,
    pub(crate) requested_at: Timestamp,
    pub(crate) correlation_id: CorrelationId,
    /// Hash of what was asked for.
    pub(crate) digest: String,
}

#[derive(Serialize, Deserialize)]
pub(super) struct RequestRow {
    #[serde(flatten)]
    pub(super) request: RequestRecord,
    expires_at: i64,
}

/// Returns the key of the chat that a carousel has for itself, outside of Telegram.
pub(crate) fn page_chat(carousel: CarouselId) -> String {
    format!("page:{carousel}")
}

pub(super) fn request_key(carousel: CarouselId) -> Row {
    Table::key(chat_pk(&page_chat(carousel)), "REQUEST")
}

/// Tests of all callers together: they spend the budgets of everyone.
const TESTS: RateLimit = RateLimit {
    burst: 20,
    every: Duration::from_secs(60),
};

impl Store {
    /// Counts a request that anyone may make, or refuses it.
    pub(crate) async fn count_test(&self) -> Result<()> {
        TESTS
            .take(&self.table, "test-carousel", self.clock.now())
            .await
    }

    /// Saves a request under its idempotency key. Returns the first one with this key.
    pub(crate) async fn save_request(
        &self,
        key: &str,
        request: RequestRecord,
    ) -> Result<RequestRecord> {
        let pk = format!("REQUEST#{}", hex(&Sha256::digest(key.as_bytes())));
        let saved: Option<RequestRow> = self.table.get(Table::key(&pk, "REQUEST")).await?;
        if let Some(saved) = saved {
            return Ok(saved.request);
        }
        let row = RequestRow {
            expires_at: request.requested_at.as_second() + REQUEST_TTL_SECONDS,
            request,
        };
        let page_pk = chat_pk(&page_chat(row.request.carousel));
        let (by_key, by_carousel) = (
            Table::to_row(&pk, "REQUEST", &row)?,
            Table::to_row(page_pk, "REQUEST", &row)?,
        );
        let writes = vec![
            self.table.transact_put(by_key, Condition::not_exists())?,
            self.table.transact_put(by_carousel, Condition::none())?,
        ];
        if self.table.transact(writes).await? == SaveOutcome::Saved {
            return Ok(row.request);
        }
        let saved: Option<RequestRow> = self.table.get(Table::key(&pk, "REQUEST")).await?;
        let saved = saved.ok_or_else(|| Error::unavailable("request_contended", pk))?;
        Ok(saved.request)
    }
}
