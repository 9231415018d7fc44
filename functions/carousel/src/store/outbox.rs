//! Calls for a chat without an address. They are kept for the caller.

use carousel_domain::Call;
use confab_aws::{Condition, Table};
use confab_core::{EffectId, Result, Timestamp};
use serde::Serialize;

use super::{Store, chat_pk};

/// The outbox of a test is read within the hour.
const OUTBOX_TTL_SECONDS: i64 = 24 * 3600;

#[derive(Serialize)]
struct OutboxRow<'a> {
    call: &'a Call,
    at: Timestamp,
    expires_at: i64,
}

impl Store {
    /// Keeps a call that no provider performs.
    pub(crate) async fn keep_call(&self, chat: &str, id: EffectId, call: &Call) -> Result<()> {
        let at = self.clock.now();
        let row = OutboxRow {
            call,
            at,
            expires_at: at.as_second() + OUTBOX_TTL_SECONDS,
        };
        let row = Table::to_row(chat_pk(chat), format!("OUT#{id}"), &row)?;
        self.table.put(row, Condition::none()).await.map(drop)
    }
}
