//! Flags for the operator, by the day on which they were raised.

use std::time::Duration;

use aws_sdk_dynamodb::types::TransactWriteItem;
use confab_aws::{Condition, Table};
use confab_core::{OrderId, Result, Timestamp};
use payments_domain::Flag;
use serde::{Deserialize, Serialize};

use super::{Store, day_of, read_all};

/// How long a flag is listed. An open flag stays in its order after that.
const FLAG_TTL: Duration = Duration::from_secs(90 * 24 * 3600);

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FlagRow {
    pub(crate) flag: Flag,
    /// The provider's id of the payment; empty if the order is unknown.
    #[serde(default)]
    pub(crate) payment: String,
    /// The notice that raised it.
    #[serde(rename = "event")]
    pub(crate) notice_id: String,
    pub(crate) order_id: Option<OrderId>,
    pub(crate) at: Timestamp,
}

#[derive(Serialize)]
struct ExpiringFlagRow {
    #[serde(flatten)]
    row: FlagRow,
    expires_at: i64,
}

impl Store {
    pub(super) fn put_flag(
        &self,
        flag: Flag,
        payment: &str,
        notice_id: &str,
        order_id: Option<OrderId>,
        now: Timestamp,
    ) -> Result<TransactWriteItem> {
        let row = ExpiringFlagRow {
            row: FlagRow {
                flag,
                payment: payment.to_owned(),
                notice_id: notice_id.to_owned(),
                order_id,
                at: now,
            },
            expires_at: now.as_second() + FLAG_TTL.as_secs().cast_signed(),
        };
        let sk = format!("{:013}#{notice_id}", now.as_millisecond());
        let row = Table::to_row(format!("FLAGS#{}", day_of(now)), sk, &row)?;
        self.table.transact_put(row, Condition::none())
    }

    /// Lists the flags that were raised on a day, oldest first.
    pub(crate) async fn flags_of(&self, day: &str) -> Result<Vec<FlagRow>> {
        read_all(self.partition(&format!("FLAGS#{day}"), None).await?)
    }
}
