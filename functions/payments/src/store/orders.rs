//! Orders: versioned rows, and the lists that they are in.

use aws_sdk_dynamodb::types::TransactWriteItem;
use confab_aws::{Condition, Table, store_error, text};
use confab_core::{Error, OrderId, Result, Timestamp};
use confab_worker::SaveOutcome;
use payments_domain::{Order, Provider};
use serde::{Deserialize, Serialize};

use super::{
    MAX_CAS_ATTEMPTS, OrderPointer, Store, day_of, order_key, order_pk, payer_key, payment_key,
};

const PAGE_SIZE: i32 = 50;

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct OrderRow {
    version: u64,
    #[serde(flatten)]
    pub(crate) order: Order,
}

/// An order with the attributes of its indexes.
#[derive(Serialize)]
struct IndexedRow<'a> {
    #[serde(flatten)]
    row: &'a OrderRow,
    day: String,
    created: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    open: Option<&'static str>,
}

#[derive(Debug)]
pub(crate) struct OrderPage {
    pub(crate) orders: Vec<OrderRow>,
    /// Keys of rows that cannot be decoded. They do not hide the others.
    pub(crate) unreadable: Vec<String>,
    /// The cursor of the next page.
    pub(crate) next: Option<String>,
}

/// A list of orders: an index and the value of its partition key.
struct List<'a> {
    index: &'static str,
    attribute: &'static str,
    value: &'a str,
    is_ascending: bool,
}

impl OrderRow {
    /// Returns the row that replaces this one, under the same version.
    pub(super) fn with(&self, order: Order) -> Self {
        Self {
            version: self.version,
            order,
        }
    }
}

impl Store {
    pub(crate) async fn order(&self, id: OrderId) -> Result<Option<OrderRow>> {
        self.table.get(order_key(id)).await
    }

    /// Returns the order that a payment at Stripe was booked for.
    pub(crate) async fn order_paid_by(&self, payment: &str) -> Result<Option<OrderId>> {
        let key = payment_key(Provider::Stripe, payment);
        let row = self.table.get::<OrderPointer>(key).await?;
        Ok(row.map(|row| row.order_id))
    }

    /// Creates an order, or returns the one that exists.
    pub(crate) async fn create_order(
        &self,
        order: &Order,
        payer: Option<&str>,
    ) -> Result<OrderRow> {
        let row = OrderRow {
            version: 0,
            order: order.clone(),
        };
        let mut writes = vec![self.put_order(&row)?];
        if let Some(payer) = payer {
            let mut pointer = Table::to_row("", "", &OrderPointer { order_id: order.id })?;
            pointer.extend(payer_key(payer, &order.purchase.item));
            writes.push(self.table.transact_put(pointer, Condition::none())?);
        }
        match self.table.transact(writes).await? {
            SaveOutcome::Saved => Ok(OrderRow { version: 1, ..row }),
            SaveOutcome::Conflict => {
                let contended = || Error::unavailable("store_busy", "the order was being written");
                self.order(order.id).await?.ok_or_else(contended)
            }
        }
    }

    /// Saves the checkout page of an order. A conflict is ignored: a copy of the request saved the
    /// same page, or the payment was booked already.
    pub(crate) async fn save_checkout(&self, row: &OrderRow, order: &Order) -> Result<()> {
        let write = self.put_order(&row.with(order.clone()))?;
        self.table.transact(vec![write]).await.map(drop)
    }

    /// Applies a step to an order, and again to its new version after each conflict. Returns the
    /// order, and whether the step has flagged a payment.
    pub(crate) async fn update_order(
        &self,
        mut row: OrderRow,
        notice_id: &str,
        step: impl Fn(Order) -> Order,
    ) -> Result<(Order, bool)> {
        for attempt in 0..MAX_CAS_ATTEMPTS {
            let order = step(row.order.clone());
            if order == row.order {
                return Ok((order, false));
            }
            let mut writes = vec![self.put_order(&row.with(order.clone()))?];
            let new_flag = order.newly_flagged(&row.order);
            if let Some((payment, flag)) = new_flag {
                let now = self.clock.now();
                writes.push(self.put_flag(flag, payment, notice_id, Some(order.id), now)?);
            }
            let is_flagged = new_flag.is_some();
            if self.table.transact(writes).await? == SaveOutcome::Saved {
                return Ok((order, is_flagged));
            }
            self.back_off(attempt).await;
            let missing = || Error::internal("order_is_gone", order.id.to_string());
            row = self.order(order.id).await?.ok_or_else(missing)?;
        }
        Err(Error::unavailable(
            "contended",
            "the order was changed at each attempt",
        ))
    }

    /// Returns the write of an order under the next version, if its version is still the one that
    /// was read.
    pub(super) fn put_order(&self, row: &OrderRow) -> Result<TransactWriteItem> {
        let next = OrderRow {
            version: row.version + 1,
            ..row.clone()
        };
        let (id, created) = (row.order.id, row.order.created_at);
        let open = if row.order.state.is_settled() {
            None
        } else {
            Some("open")
        };
        let indexed = IndexedRow {
            row: &next,
            day: day_of(created),
            created: format!("{:013}#{id}", created.as_millisecond()),
            open,
        };
        self.table.transact_put(
            Table::to_row(order_pk(id), "ORDER", &indexed)?,
            Condition::version(row.version),
        )
    }

    /// Lists the orders of a day, newest first.
    pub(crate) async fn orders_of(&self, day: &str, after: Option<&str>) -> Result<OrderPage> {
        let list = List {
            index: "ByDay",
            attribute: "day",
            value: day,
            is_ascending: false,
        };
        self.list_orders(list, after).await
    }

    /// Lists the unsettled orders that were created before a moment, oldest first.
    pub(crate) async fn open_orders(
        &self,
        created_before: Timestamp,
        after: Option<&str>,
    ) -> Result<OrderPage> {
        let list = List {
            index: "Open",
            attribute: "open",
            value: "open",
            is_ascending: true,
        };
        let mut page = self.list_orders(list, after).await?;
        let first_younger = page
            .orders
            .iter()
            .position(|row| row.order.created_at >= created_before);
        if let Some(first_younger) = first_younger {
            page.orders.truncate(first_younger);
            page.next = None;
        }
        Ok(page)
    }

    async fn list_orders(&self, list: List<'_>, after: Option<&str>) -> Result<OrderPage> {
        let condition = match (after, list.is_ascending) {
            (None, _) => "#list = :list",
            (Some(_), true) => "#list = :list AND created > :after",
            (Some(_), false) => "#list = :list AND created < :after",
        };
        let mut query = self
            .table
            .client
            .query()
            .table_name(&self.table.name)
            .index_name(list.index)
            .key_condition_expression(condition)
            .expression_attribute_names("#list", list.attribute)
            .expression_attribute_values(":list", text(list.value))
            .scan_index_forward(list.is_ascending)
            .limit(PAGE_SIZE);
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
}
