//! What the operator's pages and the reconciler read: by query, page by page, never by scan.

use aws_sdk_dynamodb::types::AttributeValue;
use confab_aws::{Condition, Row, Table, store_error, text};
use confab_core::{Currency, Error, OrderId, Result, RowId, Timestamp};
use payments_domain::{Account, Flag, Kind, Notice, Provider};
use serde::{
    Deserialize, Serialize,
    de::{DeserializeOwned, IgnoredAny},
};

use crate::workers::payments_reconcile::Suspect;

use super::{LeadsTo, OrderRow, Store, TellRow, credits_pk, day_of, order_pk, payment_key};

const PAGE: i32 = 50;
const RECONCILED: &str = "RECONCILED";
const DIFFERENCES: &str = "DIFFERENCES";

#[derive(Serialize, Deserialize)]
struct Difference {
    #[serde(flatten)]
    suspect: Suspect,
    at: Timestamp,
}

#[derive(Serialize, Deserialize)]
struct Reconciled {
    until: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LedgerRow {
    pub(crate) id: RowId,
    pub(crate) kind: Kind,
    #[serde(flatten)]
    pub(crate) account: Account,
    pub(crate) amount: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) currency: Option<Currency>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) order_id: Option<OrderId>,
    pub(crate) at: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FlagView {
    pub(crate) flag: Flag,
    /// The provider's id of the payment; empty when no order is known.
    #[serde(default)]
    pub(crate) payment: String,
    pub(crate) event: String,
    pub(crate) order_id: Option<OrderId>,
    pub(crate) at: Timestamp,
}

#[derive(Debug)]
pub(crate) struct OrderPage {
    pub(crate) orders: Vec<OrderRow>,
    /// The keys of rows that cannot be read: they do not hide the others.
    pub(crate) unreadable: Vec<String>,
    /// Where the next page begins.
    pub(crate) next: Option<String>,
}

/// One order in whole: its row, its money and what the products were told.
#[derive(Debug)]
pub(crate) struct OrderFile {
    pub(crate) order: OrderRow,
    pub(crate) rows: Vec<LedgerRow>,
    pub(crate) told: Vec<TellRow>,
}

impl Store {
    /// The orders of a day, newest first.
    pub(crate) async fn orders_of(&self, day: &str, after: Option<&str>) -> Result<OrderPage> {
        self.listed("ByDay", "day", day, after, false).await
    }

    /// The orders that are not settled, oldest first, created before a moment.
    pub(crate) async fn open_orders(
        &self,
        before: Timestamp,
        after: Option<&str>,
    ) -> Result<OrderPage> {
        let mut page = self.listed("Open", "open", "open", after, true).await?;
        let young = page
            .orders
            .iter()
            .position(|row| row.order.created_at >= before);
        if let Some(young) = young {
            page.orders.truncate(young);
            page.next = None;
        }
        Ok(page)
    }

    async fn listed(
        &self,
        index: &str,
        attribute: &str,
        value: &str,
        after: Option<&str>,
        forward: bool,
    ) -> Result<OrderPage> {
        let condition = match (after, forward) {
            (None, _) => "#list = :list",
            (Some(_), true) => "#list = :list AND created > :after",
            (Some(_), false) => "#list = :list AND created < :after",
        };
        let mut query = self
            .table
            .client
            .query()
            .table_name(&self.table.name)
            .index_name(index)
            .key_condition_expression(condition)
            .expression_attribute_names("#list", attribute)
            .expression_attribute_values(":list", text(value))
            .scan_index_forward(forward)
            .limit(PAGE);
        if let Some(after) = after {
            query = query.expression_attribute_values(":after", text(after));
        }
        let got = query.send().await.map_err(store_error)?;
        let next = got
            .last_evaluated_key
            .as_ref()
            .and_then(|key| key.get("created")?.as_s().ok())
            .cloned();
        let (mut orders, mut unreadable) = (Vec::new(), Vec::new());
        for row in got.items.unwrap_or_default() {
            let key = Table::partition(&row);
            match Table::from_row(row) {
                Ok(order) => orders.push(order),
                Err(_) => unreadable.push(key),
            }
        }
        Ok(OrderPage {
            orders,
            unreadable,
            next,
        })
    }

    pub(crate) async fn file_of(&self, id: OrderId) -> Result<Option<OrderFile>> {
        let mut file: (Option<OrderRow>, Vec<LedgerRow>, Vec<TellRow>) = Default::default();
        for row in self.partition(&order_pk(id), None).await? {
            match row
                .get("sk")
                .and_then(|sk| sk.as_s().ok())
                .map(String::as_str)
            {
                Some("ORDER") => file.0 = Some(Table::from_row(row)?),
                Some(sk) if sk.starts_with("ROW#") => file.1.push(Table::from_row(row)?),
                Some(sk) if sk.starts_with("TELL#") => file.2.push(Table::from_row(row)?),
                _ => {
                    return Err(Error::internal(
                        "unreadable_row",
                        "an order has a row of no known kind",
                    ));
                }
            }
        }
        let (order, rows, told) = file;
        Ok(order.map(|order| OrderFile { order, rows, told }))
    }

    /// The balance of a person's credits, and the rows that it is the sum of, oldest first.
    pub(crate) async fn account(
        &self,
        product: &str,
        payer: &str,
    ) -> Result<(i64, Vec<LedgerRow>)> {
        let pk = credits_pk(product, payer);
        let rows = self.partition(&pk, Some("ROW#")).await?;
        Ok((self.credits(product, payer).await?, read_all(rows)?))
    }

    /// What a person has to look at, of one day, oldest first.
    pub(crate) async fn flags_of(&self, day: &str) -> Result<Vec<FlagView>> {
        read_all(self.partition(&format!("FLAGS#{day}"), None).await?)
    }

    pub(crate) fn today(&self) -> String {
        day_of(self.clock.now())
    }

    /// Up to when the provider and the ledger were compared.
    pub(crate) async fn reconciled(&self) -> Result<Option<Timestamp>> {
        let row = self
            .table
            .get::<Reconciled>(Table::key(RECONCILED, RECONCILED))
            .await?;
        Ok(row.map(|row| row.until))
    }

    pub(crate) async fn has_reconciled(&self, until: Timestamp) -> Result<()> {
        let row = Table::to_row(RECONCILED, RECONCILED, &Reconciled { until })?;
        self.table.put(row, Condition::none()).await.map(drop)
    }

    /// The order that a payment at Stripe was booked for.
    pub(crate) async fn order_paid_by(&self, payment: &str) -> Result<Option<OrderId>> {
        let row = self
            .table
            .get::<LeadsTo>(payment_key(Provider::Stripe, payment))
            .await?;
        Ok(row.map(|row| row.order_id))
    }

    pub(crate) async fn differs(&self, suspect: &Suspect, at: Timestamp) -> Result<()> {
        let row = Difference {
            suspect: suspect.clone(),
            at,
        };
        self.table
            .put(
                Table::to_row(DIFFERENCES, suspect.key(), &row)?,
                Condition::none(),
            )
            .await
            .map(drop)
    }

    /// The payments that differed when they were last compared. A row in an older form names an order alone.
    pub(crate) async fn differences(&self) -> Result<Vec<Suspect>> {
        let rows = self.partition(DIFFERENCES, None).await?;
        let suspect = |row: Row| {
            let order_id = row.get("sk").and_then(|sk| sk.as_s().ok()?.parse().ok());
            let known = Table::from_row::<Difference>(row).map(|difference| difference.suspect);
            known.ok().or(order_id.map(|order_id| Suspect {
                notice: Notice::Check { order_id },
            }))
        };
        Ok(rows.into_iter().filter_map(suspect).collect())
    }

    pub(crate) async fn is_the_same(&self, suspect: &Suspect) -> Result<()> {
        let key = Table::key(DIFFERENCES, suspect.key());
        if self.table.get::<IgnoredAny>(key.clone()).await?.is_some() {
            self.table.delete(key).await?;
        }
        Ok(())
    }

    async fn partition(&self, pk: &str, prefix: Option<&str>) -> Result<Vec<Row>> {
        let condition = match prefix {
            Some(_) => "pk = :pk AND begins_with(sk, :prefix)",
            None => "pk = :pk",
        };
        let mut rows = Vec::new();
        let mut from = None;
        loop {
            let mut query = self
                .table
                .client
                .query()
                .table_name(&self.table.name)
                .key_condition_expression(condition)
                .expression_attribute_values(":pk", AttributeValue::S(pk.to_owned()))
                .consistent_read(true)
                .set_exclusive_start_key(from);
            if let Some(prefix) = prefix {
                query = query.expression_attribute_values(":prefix", text(prefix));
            }
            let got = query.send().await.map_err(store_error)?;
            rows.extend(got.items.unwrap_or_default());
            from = got.last_evaluated_key;
            if from.is_none() {
                return Ok(rows);
            }
        }
    }
}

fn read_all<T: DeserializeOwned>(rows: Vec<Row>) -> Result<Vec<T>> {
    rows.into_iter().map(Table::from_row).collect()
}
