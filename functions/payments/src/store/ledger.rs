//! Ledger entries, and the reads of the operator: by query, never by scan.

use aws_sdk_dynamodb::types::TransactWriteItem;
use confab_aws::{Condition, Table};
use confab_core::{Currency, Error, OrderId, Result, RowId, Timestamp};
use payments_domain::{Account, EntryKind, LedgerEntry, Order};
use serde::{Deserialize, Serialize};

use super::{OrderRow, OutboxRow, Store, credits_pk, order_pk, read_all};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LedgerRow {
    pub(crate) id: RowId,
    pub(crate) kind: EntryKind,
    #[serde(flatten)]
    pub(crate) account: Account,
    pub(crate) amount: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) currency: Option<Currency>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) order_id: Option<OrderId>,
    pub(crate) at: Timestamp,
}

/// All rows of one order.
#[derive(Debug)]
pub(crate) struct OrderFile {
    pub(crate) order: OrderRow,
    pub(crate) entries: Vec<LedgerRow>,
    pub(crate) outbox: Vec<OutboxRow>,
}

impl Store {
    /// Returns the write of an entry that a booking added.
    pub(super) fn put_booked_entry(
        &self,
        order: &Order,
        entry: &LedgerEntry,
        now: Timestamp,
    ) -> Result<TransactWriteItem> {
        let currency = match entry {
            LedgerEntry::Money { amount, .. } => Some(amount.currency),
            LedgerEntry::Credits { .. } => None,
        };
        let row = LedgerRow {
            id: RowId::new(now, &*self.entropy),
            kind: entry.kind(),
            account: entry.account(),
            amount: entry.amount(),
            currency,
            order_id: Some(order.id),
            at: now,
        };
        let pk = match &row.account {
            Account::Order | Account::Fees => order_pk(order.id),
            Account::Credits { product, payer } => credits_pk(product, payer),
        };
        self.put_entry(&pk, &row)
    }

    pub(super) fn put_entry(&self, pk: &str, row: &LedgerRow) -> Result<TransactWriteItem> {
        let row = Table::to_row(pk, format!("ROW#{}", row.id), row)?;
        self.table.transact_put(row, Condition::not_exists())
    }

    pub(crate) async fn order_file(&self, id: OrderId) -> Result<Option<OrderFile>> {
        let (mut order, mut entries, mut outbox) = (None, Vec::new(), Vec::new());
        for row in self.partition(&order_pk(id), None).await? {
            let sk = row.get("sk").and_then(|sk| sk.as_s().ok());
            match sk.map(String::as_str) {
                Some("ORDER") => order = Some(Table::from_row(row)?),
                Some(sk) if sk.starts_with("ROW#") => entries.push(Table::from_row(row)?),
                Some(sk) if sk.starts_with("TELL#") => outbox.push(Table::from_row(row)?),
                _ => {
                    return Err(Error::internal(
                        "unreadable_row",
                        "an order has a row of an unknown kind",
                    ));
                }
            }
        }
        Ok(order.map(|order| OrderFile {
            order,
            entries,
            outbox,
        }))
    }

    /// Returns the credits of a payer, and the entries that add up to them, oldest first.
    pub(crate) async fn account(
        &self,
        product: &str,
        payer: &str,
    ) -> Result<(i64, Vec<LedgerRow>)> {
        let pk = credits_pk(product, payer);
        let rows = self.partition(&pk, Some("ROW#")).await?;
        Ok((self.credits(product, payer).await?, read_all(rows)?))
    }
}
