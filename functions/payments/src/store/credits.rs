//! Credits: the balance of a payer at a product, and spends.

use aws_sdk_dynamodb::types::TransactWriteItem;
use confab_aws::{Condition, Row, Table, WriteConflict, number};
use confab_contracts::payments::Spend;
use confab_core::{Error, Result, RowId, SpendId};
use payments_domain::{Account, EntryKind, Order};
use serde::{Deserialize, Serialize};

use super::{LedgerRow, MAX_CAS_ATTEMPTS, OrderRow, Store, credits_pk};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SpendOutcome {
    Spent,
    /// An earlier copy of the spend took the credits.
    Duplicate,
    TooFewCredits,
    /// The order was changed since it was read.
    OrderChanged,
}

#[derive(Serialize)]
struct SpendRow {
    id: SpendId,
    taken: u32,
}

/// Reads the outcome of a spend from its conflicts, which are in the order of the writes. Returns
/// `None` while another transaction, perhaps a copy of this spend, has not ended.
fn spend_outcome(conflicts: Option<&[WriteConflict]>, has_order: bool) -> Option<SpendOutcome> {
    match conflicts {
        None => Some(SpendOutcome::Spent),
        Some([WriteConflict::ConditionFailed, ..]) => Some(SpendOutcome::Duplicate),
        Some(conflicts) if conflicts.contains(&WriteConflict::TransactionConflict) => None,
        Some([.., WriteConflict::ConditionFailed]) if has_order => Some(SpendOutcome::OrderChanged),
        Some(_) => Some(SpendOutcome::TooFewCredits),
    }
}

fn balance_key(product: &str, payer: &str) -> Row {
    Table::key(credits_pk(product, payer), "BALANCE")
}

impl Store {
    pub(crate) async fn credits(&self, product: &str, payer: &str) -> Result<i64> {
        #[derive(Deserialize)]
        struct Balance {
            credits: i64,
        }
        let key = balance_key(product, payer);
        let balance = self.table.get::<Balance>(key).await?;
        Ok(balance.map_or(0, |balance| balance.credits))
    }

    /// Returns the write that changes a balance, on the condition that it is at least `floor`
    /// before.
    pub(super) fn add_credits(
        &self,
        product: &str,
        payer: &str,
        credits: i64,
        floor: Option<u32>,
    ) -> Result<TransactWriteItem> {
        let condition = match floor {
            Some(floor) => {
                Condition::expression("credits >= :floor").value(":floor", number(floor))
            }
            None => Condition::none(),
        };
        self.table.transact_update(
            balance_key(product, payer),
            "ADD credits :change",
            condition.value(":change", number(credits)),
        )
    }

    /// Takes credits once, and returns the balance after it. With an order, the credits are taken
    /// only if it is unchanged, and it is marked as used. Nothing is read before the transaction:
    /// its conflicts tell what happened.
    pub(crate) async fn spend(
        &self,
        spend: &Spend,
        of_order: Option<&OrderRow>,
    ) -> Result<(SpendOutcome, i64)> {
        let entry = self.spend_entry(spend, of_order);
        for attempt in 0..MAX_CAS_ATTEMPTS {
            let writes = self.spend_writes(spend, of_order, &entry)?;
            let conflicts = self.table.try_transact(writes).await?;
            if let Some(outcome) = spend_outcome(conflicts.as_deref(), of_order.is_some()) {
                return Ok((outcome, self.credits(&spend.product, &spend.payer).await?));
            }
            self.back_off(attempt).await;
        }
        Err(Error::unavailable(
            "contended",
            "the balance was changed at each attempt",
        ))
    }

    fn spend_entry(&self, spend: &Spend, of_order: Option<&OrderRow>) -> LedgerRow {
        let now = self.clock.now();
        LedgerRow {
            id: RowId::new(now, &*self.entropy),
            kind: EntryKind::Spend,
            account: Account::Credits {
                product: spend.product.clone(),
                payer: spend.payer.clone(),
            },
            amount: -i64::from(spend.credits),
            currency: None,
            order_id: of_order.map(|row| row.order.id),
            at: now,
        }
    }

    /// Returns the writes of a spend: its row, the balance, the ledger entry and the order, in this
    /// order.
    fn spend_writes(
        &self,
        spend: &Spend,
        of_order: Option<&OrderRow>,
        entry: &LedgerRow,
    ) -> Result<Vec<TransactWriteItem>> {
        let Spend { product, payer, .. } = spend;
        let pk = credits_pk(product, payer);
        let made = SpendRow {
            id: spend.id,
            taken: spend.credits,
        };
        let row = Table::to_row(pk.as_str(), format!("SPEND#{}", spend.id), &made)?;
        let mut writes = vec![
            self.table.transact_put(row, Condition::not_exists())?,
            self.add_credits(product, payer, entry.amount, Some(spend.credits))?,
            self.put_entry(&pk, entry)?,
        ];
        if let Some(row) = of_order {
            let order = Order {
                is_used: true,
                ..row.order.clone()
            };
            writes.push(self.put_order(&row.with(order))?);
        }
        Ok(writes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conflicts_tell_the_outcome_of_a_spend() {
        use WriteConflict::{ConditionFailed as Failed, None as Passed, TransactionConflict};
        assert_eq!(spend_outcome(None, false), Some(SpendOutcome::Spent));
        for (conflicts, has_order, outcome) in [
            (
                [Failed, Passed, Passed, Passed],
                true,
                Some(SpendOutcome::Duplicate),
            ),
            (
                [Passed, Failed, Passed, Passed],
                true,
                Some(SpendOutcome::TooFewCredits),
            ),
            (
                [Passed, Passed, Passed, Failed],
                true,
                Some(SpendOutcome::OrderChanged),
            ),
            ([Passed, TransactionConflict, Passed, Passed], true, None),
        ] {
            assert_eq!(spend_outcome(Some(&conflicts), has_order), outcome);
        }
        let without_order = spend_outcome(Some(&[Passed, Failed, Passed]), false);
        assert_eq!(without_order, Some(SpendOutcome::TooFewCredits));
    }
}
