//! The state of the reconciliation: its cursor, and the payments that differ.

use confab_aws::{Condition, Row, Table};
use confab_core::{Result, Timestamp};
use payments_domain::Notice;
use serde::{Deserialize, Serialize, de::IgnoredAny};

use super::Store;

const CURSOR: &str = "RECONCILED";
const DIFFERENCES: &str = "DIFFERENCES";

#[derive(Serialize, Deserialize)]
struct Cursor {
    until: Timestamp,
}

/// A payment that differs, as the notice that it is found by.
#[derive(Serialize, Deserialize)]
struct Difference {
    notice: Notice,
    at: Timestamp,
}

impl Store {
    /// Returns the time up to which Stripe and the ledger were compared.
    pub(crate) async fn reconciled_until(&self) -> Result<Option<Timestamp>> {
        let row = self.table.get::<Cursor>(Table::key(CURSOR, CURSOR)).await?;
        Ok(row.map(|row| row.until))
    }

    pub(crate) async fn set_reconciled_until(&self, until: Timestamp) -> Result<()> {
        let row = Table::to_row(CURSOR, CURSOR, &Cursor { until })?;
        self.table.put(row, Condition::none()).await.map(drop)
    }

    /// Returns the payments that differed when they were last compared. A row that cannot be
    /// decoded, such as one of an older format, is read as its order.
    pub(crate) async fn differences(&self) -> Result<Vec<Notice>> {
        let rows = self.partition(DIFFERENCES, None).await?;
        Ok(rows.into_iter().filter_map(differing_payment).collect())
    }

    pub(crate) async fn add_difference(&self, payment: &Notice, at: Timestamp) -> Result<()> {
        let difference = Difference {
            notice: payment.clone(),
            at,
        };
        let row = Table::to_row(DIFFERENCES, payment.payment_key(), &difference)?;
        self.table.put(row, Condition::none()).await.map(drop)
    }

    pub(crate) async fn remove_difference(&self, payment: &Notice) -> Result<()> {
        let key = Table::key(DIFFERENCES, payment.payment_key());
        if self.table.get::<IgnoredAny>(key.clone()).await?.is_some() {
            self.table.delete(key).await?;
        }
        Ok(())
    }
}

fn differing_payment(row: Row) -> Option<Notice> {
    let order_id = row.get("sk").and_then(|sk| sk.as_s().ok()?.parse().ok());
    match Table::from_row::<Difference>(row) {
        Ok(difference) => Some(difference.notice),
        Err(_) => order_id.map(|order_id| Notice::Check { order_id }),
    }
}

#[cfg(test)]
mod tests {
    use confab_aws::text;
    use confab_core::OrderId;

    use super::*;

    #[test]
    fn differences_of_any_format_are_read() {
        let now = Timestamp::UNIX_EPOCH;
        let order_id = OrderId::new(now, &|| [1; 10]);
        let notice = Notice::Stripe {
            order_id: Some(order_id),
            checkout: None,
            payment: Some("pi_1".into()),
        };
        let difference = Difference {
            notice: notice.clone(),
            at: now,
        };
        let row = Table::to_row(DIFFERENCES, notice.payment_key(), &difference).unwrap();
        assert_eq!(differing_payment(row), Some(notice));
        let older = Table::key(DIFFERENCES, order_id.to_string());
        assert_eq!(differing_payment(older), Some(Notice::Check { order_id }));
        let broken = Row::from([("sk".to_owned(), text("no order"))]);
        assert_eq!(differing_payment(broken), None);
    }
}
